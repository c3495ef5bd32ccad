//! What each command of `gradus` does, with the command line already read.

mod evaluate;
mod list;
mod predict;
mod reproduce;
mod train;
mod trained;

pub use evaluate::evaluate;
pub use list::list;
pub use predict::{Texts, predict};
pub use reproduce::{Reproduce, reproduce};
pub use train::{Train, train};

use crate::train::TrainError;
use anyhow::Context;

/// Runs `f` in a pool of `threads` threads; 0 takes one for each core. Results do not depend on it.
///
/// # Errors
/// Those of `f`, or a system that gives no threads.
pub fn with_threads<R: Send>(
    threads: usize,
    f: impl FnOnce() -> anyhow::Result<R> + Send,
) -> anyhow::Result<R> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.with_context(|| format!("cannot start {threads} threads"))?.install(f)
}

/// The exit code of an error: 130 where somebody pressed Ctrl-C, as shells have it, else 1.
pub fn exit_code(error: &anyhow::Error) -> i32 {
    match error.downcast_ref() {
        Some(TrainError::Interrupted { .. }) => 130,
        _ => 1,
    }
}

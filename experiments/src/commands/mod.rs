//! What each command of `gradus` does, with the command line already read.

mod compare;
pub mod data;
mod devices;
mod evaluate;
mod input;
mod list;
mod predict;
mod report;
mod reproduce;
mod statistics;
mod train;
mod trained;

pub use compare::{Compare, compare};
pub use devices::devices;
pub use evaluate::{Evaluate, evaluate};
pub use input::{Format, Input};
pub use list::list;
pub use predict::{Predict, predict};
pub use report::{Report, report};
pub use reproduce::{Reproduce, reproduce};
pub use train::{Train, train};
pub use trained::Place;

use crate::data::shown::terminal;
use crate::run::RunError;
use anyhow::Context;
use std::io::{ErrorKind, Write};

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

/// Writes lines to standard output.
fn say(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).context("cannot write to standard output")
}

/// The sentence that tells of an error and the exit code: 130 where somebody pressed Ctrl-C, as shells have it, else
/// 1. Whoever reads the output and has read enough causes no error: no sentence and 0.
pub fn told(error: &anyhow::Error) -> (Option<String>, u8) {
    let closed = |e: &std::io::Error| e.kind() == ErrorKind::BrokenPipe;
    if error.downcast_ref::<std::io::Error>().is_some_and(closed) {
        return (None, 0);
    }
    let code = if matches!(error.downcast_ref(), Some(RunError::Interrupted { .. })) { 130 } else { 1 };
    let mut sentence = String::from("error");
    for cause in error.chain().map(|cause| cause.to_string()) {
        // Many errors tell their cause themselves.
        if !sentence.contains(&cause) {
            sentence += &format!(": {cause}");
        }
    }
    let sentence = sentence.split_whitespace().collect::<Vec<_>>().join(" ");
    (Some(terminal(&sentence).into_owned()), code)
}

//! What each command of `gradus` does; `cli` has parsed its arguments.

mod attack;
mod columns;
mod compare;
mod compress;
pub mod data;
mod devices;
mod distil;
mod evaluate;
mod explain;
mod generate;
mod input;
mod json_lines;
mod list;
mod moved;
mod out;
mod predict;
mod prediction_files;
mod report;
mod reproduce;
mod statistics;
mod train;
mod trained;

pub use attack::{Attack, attack};
pub use compare::{Compare, compare};
pub use compress::{Compress, compress};
pub use devices::devices;
pub use distil::{Distil, distil};
pub use evaluate::{Evaluate, evaluate};
pub use explain::{Explain, Form, explain};
pub use generate::{Generate, generate};
pub use input::{Format, Input};
pub use list::{TableFormat, list};
pub use moved::Moved;
pub use predict::{Predict, predict};
pub use report::{Report, report};
pub use reproduce::{Reproduce, reproduce};
pub use train::{Train, train};
pub use trained::{Other, Place};

use crate::data::shown::terminal;
use crate::run::{Cut, RunError, exit_code};
use anyhow::Context;
use std::io::{ErrorKind, Write};

/// Runs `f` in a pool of `threads` threads; 0 means one per core. Results do not depend on the number.
///
/// # Errors
/// Those of `f`; a system that cannot start the threads.
pub fn with_threads<R: Send>(
    threads: usize,
    f: impl FnOnce() -> anyhow::Result<R> + Send,
) -> anyhow::Result<R> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.with_context(|| format!("cannot start {threads} threads"))?.install(f)
}

/// Says on standard error of which texts a model reads only the beginning.
fn note_cuts(cuts: &[Cut]) {
    for cut in cuts.iter().filter(|cut| cut.texts > 0) {
        let _ = writeln!(std::io::stderr(), "note: {}", cut.note());
    }
}

/// Writes text to standard output.
fn print(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).context("cannot write to standard output")
}

/// The message of an error and the exit code of the command: that of the [signal](exit_code) that interrupted it, else 1. There is no message, and
/// the code is 0, if the reader of the output closed it.
pub fn message_and_exit_code(error: &anyhow::Error) -> (Option<String>, u8) {
    let closed = |e: &std::io::Error| e.kind() == ErrorKind::BrokenPipe;
    if error.downcast_ref::<std::io::Error>().is_some_and(closed) {
        return (None, 0);
    }
    let code =
        if matches!(error.downcast_ref(), Some(RunError::Interrupted { .. })) { exit_code() } else { 1 };
    let mut message = String::from("error");
    for cause in error.chain().map(|cause| cause.to_string()) {
        // Many errors include their cause.
        if !message.contains(&cause) {
            message += &format!(": {cause}");
        }
    }
    let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
    (Some(terminal(&message).into_owned()), code)
}

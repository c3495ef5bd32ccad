use super::plan::{Training, title};
use super::work::{Work, stopped};
use crate::commands::with_threads;
use crate::run::interrupted;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Trains all, `jobs` at a time: each job takes the next training when its last one has finished. Each job has a pool of
/// `threads` threads, so that jobs do not compete for them, and results do not depend on the number of jobs. `before` of `all`
/// were trained earlier.
///
/// After an error no further training begins, but running ones are finished, so that their results are not lost.
///
/// # Errors
/// The first error; Ctrl-C.
pub(super) fn take_turns(
    work: &Work,
    trainings: &[&Training],
    (before, all): (usize, usize),
    (jobs, threads): (usize, usize),
) -> anyhow::Result<()> {
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(None));
    let fail = |error: anyhow::Error| {
        failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    };
    let idle = || failed.lock().unwrap_or_else(PoisonError::into_inner).is_some();
    let job = || {
        while !idle() {
            let i = next.fetch_add(1, Ordering::SeqCst);
            let Some(training) = trainings.get(i) else { break };
            let done = match interrupted() {
                true => Err(stopped(0).into()),
                false => work.train(training, &format!("[{}/{all}]", before + i + 1)),
            };
            if let Err(error) = done {
                // Report it now: the other runs may take long.
                if work.side_by_side && !interrupted() {
                    work.print(&format!(
                        "{}: failed; waiting for the other running jobs to finish",
                        title(training.first())
                    ));
                }
                fail(error);
            }
        }
    };
    let in_pool = || {
        if let Err(error) = with_threads(threads, || {
            job();
            Ok(())
        }) {
            fail(error);
        }
    };
    thread::scope(|scope| {
        let jobs: Vec<_> = (0..jobs).map(|_| scope.spawn(in_pool)).collect();
        for job in jobs {
            // The panic has already been reported; continue it in this thread.
            if let Err(fault) = job.join() {
                std::panic::resume_unwind(fault);
            }
        }
    });
    failed.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
}

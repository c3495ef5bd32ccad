use super::plan::{Training, title};
use super::work::{Work, stopped};
use crate::commands::with_threads;
use crate::run::interrupted;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Trains all in so many jobs at once: each takes the next training when it has ended one. Each has so many threads of its
/// own, so that no job works for another, and results do not depend on how many there are.
///
/// After an error no other training begins, but those under way come to their end, so that what they have learnt is not
/// lost.
///
/// # Errors
/// The first that occurred; Ctrl-C.
pub(super) fn take_turns(
    work: &Work,
    trainings: &[Training],
    jobs: usize,
    threads: usize,
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
                false => work.train(training, &format!("[{}/{}]", i + 1, trainings.len())),
            };
            if let Err(error) = done {
                // Who watches the others need not wait for their end to know of it.
                if work.side_by_side && !interrupted() {
                    work.tell(&format!(
                        "{}: failed; the runs under way come to their end",
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
            // A fault of the program has told of itself already; it goes on as if there were one job.
            if let Err(fault) = job.join() {
                std::panic::resume_unwind(fault);
            }
        }
    });
    failed.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
}

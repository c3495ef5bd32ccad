//! Measures one workload at a time with a fixed number of threads.

use crate::clock::{Times, measure, median};
use crate::growth::{self, Series};
use crate::machine::{Build, Machine};
use crate::ops::{self, Run};
use crate::peers::{self, Peer, Python, Timer};
use crate::report::{Report, Row};
use crate::steps::Step;
use crate::translation::Translation;
use crate::work::Work;
use crate::workload::{Kind, Workload};
use crate::{memory, peak, same};
use anyhow::{Context, Result};
use std::thread;
use std::time::Duration;

/// The number of rounds in which Gradus and its peers alternate.
const ROUNDS: usize = 7;
/// A pause after each timing, in which the threads of the engine that was timed can fall asleep.
const SETTLE: Duration = Duration::from_millis(50);

/// The threads, the peers, and the results so far.
pub struct Session {
    pool: rayon::ThreadPool,
    peers: Vec<Box<dyn Peer>>,
    seconds: f64,
    report: Report,
}

impl Session {
    /// A session with `threads` threads (0: one for each core) and `seconds` for each workload, for Gradus and for each peer.
    ///
    /// # Errors
    /// The threads or a peer cannot be started.
    pub fn new(threads: usize, python: Option<Python>, seconds: f64) -> Result<Self> {
        let pool = pool(threads)?;
        let threads = pool.current_num_threads();
        let (machine, build) = (Machine::here(threads)?, Some(Build::here()));
        let report = Report { machine, build, rows: vec![], growth: vec![] };
        Ok(Session { pool, peers: peers::all(python, threads)?, seconds, report })
    }

    /// The results so far.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// Measures a workload: correctness, times of Gradus and its peers, and memory.
    ///
    /// # Errors
    /// A peer's process ended.
    pub fn measure(&mut self, workload: &Workload) -> Result<&Row> {
        let (peers, seconds) = (&mut self.peers, self.seconds);
        // Runs inside the pool, as in training: a call from outside would wake a thread for each operation.
        let row = self.pool.install(|| row(workload, peers, seconds))?;
        self.report.rows.push(row);
        Ok(self.report.rows.last().expect("it was just pushed"))
    }

    /// Measures how cost grows.
    pub fn measure_growth(&mut self) -> &[Series] {
        let seconds = self.seconds / 3.0;
        self.report.growth = self.pool.install(|| growth::measure(seconds));
        &self.report.growth
    }
}

/// A pool of `threads` threads; 0: one for each core.
///
/// # Errors
/// The threads cannot be started.
pub fn pool(threads: usize) -> Result<rayon::ThreadPool> {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().context("the thread pool")
}

fn row(workload: &Workload, peers: &mut [Box<dyn Peer>], seconds: f64) -> Result<Row> {
    let distance = distance(workload, peers)?;
    let same = same_translations(workload, peers)?;
    let threads = rayon::current_num_threads();
    let work = Work::of(&workload.kind);
    let before = peak::of(work);
    let (ours, theirs) = timed(workload, peers, seconds)?;
    let peaks = before.into_iter().chain(peak::of(work)).collect();
    let mut row = Row::new(&workload.name, ours, work, peaks);
    theirs.into_iter().for_each(|(name, times)| row.add(name, times));
    if workload.is_whole() {
        row.speedup = (threads > 1).then(|| speedup(workload, seconds)).transpose()?;
        row.memory_mb = Some(memory::of(workload, threads)?);
        for peer in peers.iter() {
            if let Some(found) = row.peers.iter_mut().find(|row| row.name == peer.name()) {
                found.memory_mb = peer.memory_mb(workload)?;
            }
        }
    }
    match distance {
        Some(distance) => row.judge(distance),
        None => row.same = same,
    }
    Ok(row)
}

/// Whether the first peer that translates finds the same translations; `None` if there is none.
fn same_translations(workload: &Workload, peers: &mut [Box<dyn Peer>]) -> Result<Option<bool>> {
    let Some(translation) = Translation::new(workload) else { return Ok(None) };
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("translations.safetensors");
    for peer in peers {
        if peer.write_translations(workload, &file)? {
            let differing = translation.differing(&file)?;
            if differing > 0 {
                let (name, peer) = (&workload.name, peer.name());
                eprintln!("{name}: {differing} sources have other translations than {peer}'s");
            }
            return Ok(Some(differing == 0));
        }
    }
    Ok(None)
}

/// The distance of three steps from those of the first peer that trains.
fn distance(workload: &Workload, peers: &mut [Box<dyn Peer>]) -> Result<Option<same::Distance>> {
    let Some(step) = Step::new(workload) else { return Ok(None) };
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("steps.safetensors");
    for peer in peers {
        if peer.write_steps(workload, &file)? {
            let distance = same::distance(step.learner(), &file)?;
            if !distance.is_rounding() {
                eprintln!(
                    "{}: three steps end with other weights than {}'s: {distance}",
                    workload.name,
                    peer.name()
                );
            }
            return Ok(Some(distance));
        }
    }
    Ok(None)
}

/// The times of Gradus and of the peers that have this workload, measured alternately.
fn timed(
    workload: &Workload,
    peers: &mut [Box<dyn Peer>],
    seconds: f64,
) -> Result<(Times, Vec<(&'static str, Times)>)> {
    let mut run = runner(workload)?;
    run();
    run();
    let mut sides: Vec<(&'static str, Timer, Vec<Vec<f64>>)> = vec![];
    for peer in peers {
        let name = peer.name();
        match peer.timer(workload) {
            Ok(Some(timer)) => sides.push((name, timer, vec![])),
            Ok(None) => {}
            Err(error) => eprintln!("note: {} is not timed: {error:#}", workload.name),
        }
    }
    let (mut ours, share) = (vec![], seconds / ROUNDS as f64);
    for _ in 0..ROUNDS {
        thread::sleep(SETTLE);
        ours.push(measure(share, 1, &mut run));
        for (_, timer, theirs) in &mut sides {
            thread::sleep(SETTLE);
            theirs.push(timer(share)?);
        }
    }
    let theirs = sides.into_iter().map(|(name, _, times)| (name, Times::new(times))).collect();
    Ok((Times::new(ours), theirs))
}

/// The time of one thread divided by the time of all threads, measured in alternating rounds.
fn speedup(workload: &Workload, seconds: f64) -> Result<f64> {
    let alone = pool(1)?;
    let (mut run, mut ratios, share) = (runner(workload)?, vec![], seconds / ROUNDS as f64);
    run();
    for _ in 0..ROUNDS {
        let together = median(&measure(share, 1, &mut run));
        ratios.push(median(&alone.install(|| measure(share, 1, &mut run))) / together);
    }
    Ok(median(&ratios))
}

/// The operation, the training step, or the reading or translation of a batch, ready to run.
pub(crate) fn runner(workload: &Workload) -> Result<Run> {
    if let Some(translation) = Translation::new(workload) {
        return Ok(Box::new(move || translation.run()));
    }
    match (Step::new(workload), &workload.kind) {
        (Some(step), Kind::Bert(_)) => return Ok(Box::new(move || step.predict())),
        (Some(mut step), _) => return Ok(Box::new(move || step.run())),
        (None, _) => {}
    }
    ops::make(&workload.kind)
        .with_context(|| format!("{}: neither a step, nor a translation, nor an operation", workload.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::{Ids, Layout};

    #[test]
    fn a_small_product_is_measured_with_its_peers() {
        let mut session = Session::new(2, None, 0.001).unwrap();
        let kind = Kind::Gemm { m: 8, k: 8, n: 8, layout: Layout::Tn };
        let workload = Workload { name: "gemm_small".into(), ids: Ids::Uniform, kind };
        let row = session.measure(&workload).unwrap();
        assert_eq!(row.times.rounds_ms.len(), ROUNDS);
        assert_eq!(row.rate.as_ref().unwrap().peaks.len(), 2, "one before and one after");
        assert!(row.peers.iter().any(|peer| peer.name == "matrixmultiply" && peer.ratio > 0.0));
        assert_eq!((session.report().rows.len(), session.report().machine.threads), (1, 2));
    }
}

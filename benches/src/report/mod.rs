//! Results: rows, and a run's report as JSON, as Markdown and as a picture.

mod picture;
mod scaling;
mod table;

use crate::clock::{NOISY, Times};
use crate::growth::Series;
use crate::machine::{Build, Machine};
use crate::same::Distance;
use crate::work::Work;
use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

pub use scaling::scaling;
pub use table::{headings, line};

/// The results of one workload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The workload.
    pub name: String,
    /// The times of Gradus.
    #[serde(flatten)]
    pub times: Times,
    /// The rate of Gradus; `None` for a chain of small dependent steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// Peak megabytes above the empty process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_mb: Option<f64>,
    /// The time of one thread divided by the time of all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speedup: Option<f64>,
    /// The peers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub peers: Vec<PeerRow>,
    /// Whether three training steps ended with the same weights as a peer's; if not, the row is void.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same: Option<bool>,
    /// The distance of their ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distance: Option<Distance>,
    /// Whether the times, or the peaks around them, vary too much for a ratio.
    #[serde(default)]
    pub noisy: bool,
}

/// Work divided by time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rate {
    /// In units of 10⁹ a second.
    pub amount: f64,
    /// `GFLOP/s` or `GB/s`.
    pub unit: String,
    /// The machine's peak in this unit, just before and just after the row; in old results once for the whole run.
    pub peaks: Vec<f64>,
    /// The share of the larger of these peaks; `None` if the rate is effective: not all of the work was done, or the rate
    /// is above the measured peak, which is then not a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<f64>,
}

/// The results of a peer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PeerRow {
    /// The name of the peer.
    pub name: String,
    /// The times of the peer.
    #[serde(flatten)]
    pub times: Times,
    /// The median over the rounds of its median divided by that of Gradus in the same round.
    pub ratio: f64,
    /// Peak megabytes above the empty process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_mb: Option<f64>,
    /// Whether the peer's times vary too much for a ratio.
    #[serde(default)]
    pub noisy: bool,
}

impl Rate {
    /// The rate of some work; `None` for work without a rate.
    pub fn new(work: Work, ms: f64, peaks: Vec<f64>) -> Option<Self> {
        let (amount, unit, of_peak) = match work {
            Work::Flops(n) => (n, "GFLOP/s", true),
            Work::EffectiveFlops(n) => (n, "GFLOP/s", false),
            Work::Bytes { moved, .. } => (moved, "GB/s", true),
            Work::Chain => return None,
        };
        let amount = amount / ms / 1e6;
        let share = amount / peaks.iter().copied().fold(0.0, f64::max);
        let share = Some(share).filter(|share| of_peak && *share <= 1.0);
        Some(Rate { amount, unit: unit.to_owned(), peaks, share })
    }

    /// Whether the peak changed too much during the row.
    fn is_noisy(&self) -> bool {
        let most = self.peaks.iter().copied().fold(0.0, f64::max);
        self.peaks.iter().any(|peak| (most - peak) / most > NOISY)
    }
}

impl Row {
    /// A row from the times of Gradus and the peaks before and after.
    pub fn new(name: &str, times: Times, work: Work, peaks: Vec<f64>) -> Self {
        let rate = Rate::new(work, times.median_ms, peaks);
        Row {
            name: name.to_owned(),
            noisy: times.is_noisy() || rate.as_ref().is_some_and(Rate::is_noisy),
            times,
            rate,
            memory_mb: None,
            speedup: None,
            peers: vec![],
            same: None,
            distance: None,
        }
    }

    /// Adds a peer that was timed in the same rounds.
    pub fn add(&mut self, name: &str, times: Times) {
        let (ratio, noisy) = (self.times.ratio(&times), times.is_noisy());
        self.peers.push(PeerRow { name: name.to_owned(), times, ratio, memory_mb: None, noisy });
    }

    /// Adds the comparison of three steps.
    pub fn judge(&mut self, distance: Distance) {
        self.same = Some(distance.is_rounding());
        self.distance = Some(distance);
    }

    /// The peer's time divided by that of Gradus, or the reason why it may not be published.
    fn ratio(&self, peer: &PeerRow) -> Result<f64, &'static str> {
        match (self.same, self.noisy || peer.noisy) {
            (Some(false), _) => Err("void"),
            (Some(true) | None, true) => Err("noisy"),
            (Some(true) | None, false) => Ok(peer.ratio),
        }
    }
}

/// The results of one run with one number of threads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The machine.
    pub machine: Machine,
    /// The build; `None` in older results.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<Build>,
    /// The workloads.
    pub rows: Vec<Row>,
    /// The growth of cost with size.
    pub growth: Vec<Series>,
}

impl Report {
    /// The report as JSON, one line for each row.
    ///
    /// # Errors
    /// The report cannot be serialised.
    pub fn json(&self) -> Result<String> {
        let lines = |rows: Vec<String>| rows.join(",\n");
        let rows = self.rows.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>()?;
        let growth = self.growth.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>()?;
        let build = match &self.build {
            Some(build) => format!("\"build\":{},\n", serde_json::to_string(build)?),
            None => String::new(),
        };
        let machine = serde_json::to_string(&self.machine)?;
        Ok(format!(
            "{{\"machine\":{machine},\n{build}\"rows\":[\n{}\n],\n\"growth\":[\n{}\n]}}\n",
            lines(rows),
            lines(growth)
        ))
    }

    /// Writes all three files into a folder; returns their paths.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<Vec<PathBuf>> {
        let stem = self.machine.stem();
        let files = [("json", self.json()?), ("md", self.markdown()), ("svg", self.svg())];
        files.into_iter().map(|(ending, text)| write(folder, &format!("{stem}.{ending}"), &text)).collect()
    }
}

/// Writes a file into a folder, which is created if it does not exist; returns its path.
///
/// # Errors
/// The file cannot be written.
pub fn write(folder: &Path, name: &str, text: &str) -> Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    let path = folder.join(name);
    gradus_engine::files::write(&path, |file| file.write_all(text.as_bytes()))?;
    Ok(path)
}

#[cfg(test)]
mod tests;

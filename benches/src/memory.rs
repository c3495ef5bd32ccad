//! The peak resident size of a workload, in a separate process.

use crate::session;
use crate::steps::Step;
use crate::workload::Workload;
use anyhow::{Context, Result};
use gradus_engine::memory::{Report, reset_peak, usage};
use gradus_engine::{Grad, Tensor};
use std::fmt;
use std::process::Command;

/// The peak resident size of this process in megabytes; `None` if the system does not report it.
pub fn peak_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()? / 1024.0)
}

/// Runs a workload several times; returns the megabytes of its peak above the size before. [`of`] starts a process
/// that calls this.
pub fn here(workload: &Workload) -> Result<f64> {
    let base = peak_mb().context("this system does not report the peak size of a process")?;
    let mut run = session::runner(workload)?;
    (0..7).for_each(|_| run());
    Ok(peak_mb().unwrap_or(base) - base)
}

/// The peak in megabytes, above the empty process.
pub fn of(workload: &Workload, threads: usize) -> Result<f64> {
    let program = std::env::current_exe()?;
    let output = Command::new(program)
        .args(["--memory", &workload.name, "--threads", &threads.to_string()])
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim().parse().with_context(|| {
        format!(
            "{}: expected megabytes, found {text:?}; {}",
            workload.name,
            String::from_utf8_lossy(&output.stderr)
        )
    })
}

/// The memory of a training step by use, in bytes.
#[derive(Clone, Debug)]
pub struct Explained {
    /// Parameters.
    pub parameters: usize,
    /// Moments of the optimizer.
    pub moments: usize,
    /// Gradients; of a table only the rows that were read.
    pub gradients: usize,
    /// What each operation saves for backward, including parameters that it reads.
    pub saved: Report,
    /// The peak of live memory, in whole blocks of the pool.
    pub peak: usize,
}

impl Explained {
    /// Measures the third step of a model, when the optimizer has its moments and the pool its blocks.
    pub fn of(step: &mut Step) -> Explained {
        (0..2).for_each(|_| step.run());
        let moments = step.moments().iter().map(bytes).sum();
        reset_peak();
        let loss = step.loss();
        let saved = Report::of(&loss);
        let gradients = loss.backward();
        step.update(&gradients);
        let peak = usage().peak;
        let params = step.learner().module().params();
        let of_gradient = |gradient: &Grad| match gradient {
            Grad::Dense(all) => bytes(all),
            Grad::Rows(rows) => bytes(&rows.values) + bytes(&rows.ids),
        };
        Explained {
            parameters: params.iter().map(|p| bytes(&p.value())).sum(),
            moments,
            gradients: params.iter().filter_map(|p| gradients.of(p)).map(of_gradient).sum(),
            saved,
            peak,
        }
    }

    /// What is live at the peak besides parameters and moments: saved data and gradients.
    pub fn beyond(&self) -> usize {
        self.peak.saturating_sub(self.parameters + self.moments)
    }
}

/// The bytes of all elements.
fn bytes(t: &Tensor) -> usize {
    t.count() * t.dtype().size()
}

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Explained { parameters, moments, gradients, saved, peak } = self;
        for (what, bytes) in [
            ("parameters", parameters),
            ("moments", moments),
            ("gradients", gradients),
            ("peak", peak),
            ("beyond the first two", &self.beyond()),
        ] {
            writeln!(f, "{what:<20} {:>7} {bytes:>12}", "")?;
        }
        write!(f, "{saved}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::{Ids, Kind};

    #[test]
    fn a_small_step_is_explained_to_the_byte() {
        let (vocab, len, embed, hidden) = (12, 6, 8, 4);
        let kind = Kind::TrainBilstm { vocab, batch: 4, len, embed, hidden, layers: 1 };
        let workload = Workload { name: "train_small".into(), ids: Ids::Uniform, kind };
        let explained = Explained::of(&mut Step::new(&workload).unwrap());
        let weights = 2 * (4 * hidden * (embed + hidden) + 2 * 4 * hidden);
        let classes = 2 * 2 * hidden + 2;
        assert_eq!(explained.parameters, 4 * (vocab * embed + weights + classes));
        assert_eq!(explained.moments, 2 * explained.parameters, "AdamW has two");
        assert!((1..=explained.parameters + 8 * vocab).contains(&explained.gradients));
        assert!(explained.saved.by_op["lstm"].bytes > 4 * 4 * len * embed, "its input at least");
        assert!(explained.beyond() > 0 && explained.peak > explained.parameters + explained.moments);
        let text = explained.to_string();
        assert!(text.contains("moments") && text.contains("lstm"), "{text}");
    }
}

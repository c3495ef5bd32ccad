//! Peak resident size of a workload, in a process of its own.

use crate::steps::Step;
use crate::workload::Workload;
use anyhow::{Context, Result, bail};
use std::process::Command;

/// Megabytes that this process had at its peak; `None` where the system does not tell.
pub fn peak_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()? / 1024.0)
}

/// Runs a workload some times; the megabytes that its peak lies above what there was before. This is what
/// [`of`] starts as a process of its own.
pub fn here(workload: &Workload) -> Result<f64> {
    let base = peak_mb().context("this system does not tell a process's peak size")?;
    match Step::new(workload) {
        Some(mut step) => (0..7).for_each(|_| step.run()),
        None => match crate::ops::make(&workload.kind) {
            Some(mut run) => (0..7).for_each(|_| run()),
            None => bail!("{}: no such operation", workload.name),
        },
    }
    Ok(peak_mb().unwrap_or(base) - base)
}

/// Peak megabytes above the empty process.
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

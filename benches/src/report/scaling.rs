//! How times scale with the number of threads.

use super::table::{markdown_row, ms};
use super::{Report, Row};
use anyhow::{Context, Result};

/// A Markdown table of the same workloads with several numbers of threads: the median, and the time with the first number
/// of threads divided by it.
///
/// # Errors
/// The reports have different workloads, or there are none.
pub fn scaling(reports: &[Report]) -> Result<String> {
    let first = reports.first().context("scaling: there is no report")?;
    let threads = |report: &Report| match report.machine.threads {
        1 => "1 thread".to_owned(),
        n => format!("{n} threads"),
    };
    let mut text = format!("# {}: scaling\n\n", first.machine.scaling_stem());
    if let Some(build) = &first.build {
        text += &format!("{build}\n\n");
    }
    text += &format!(
        "Median milliseconds, and in brackets how many times as long {} took; noisy rows have no such number.\n\n",
        threads(first)
    );
    let headings: Vec<String> =
        ["workload".to_owned()].into_iter().chain(reports.iter().map(threads)).collect();
    text += &markdown_row(&headings);
    text += &format!("| --- |{}\n", " ---: |".repeat(reports.len()));
    for alone in &first.rows {
        let same = |report: &Report| report.rows.iter().find(|row| row.name == alone.name).cloned();
        let rows: Option<Vec<Row>> = reports.iter().map(same).collect();
        let rows = rows.with_context(|| format!("scaling: a report lacks {}", alone.name))?;
        let cell = |row: &Row| match alone.noisy || row.noisy {
            true => format!("{} (noisy)", ms(row.times.median_ms)),
            false => {
                format!("{} ({:.2})", ms(row.times.median_ms), alone.times.median_ms / row.times.median_ms)
            }
        };
        let cells: Vec<String> = [alone.name.clone()].into_iter().chain(rows.iter().map(cell)).collect();
        text += &markdown_row(&cells);
    }
    Ok(text)
}

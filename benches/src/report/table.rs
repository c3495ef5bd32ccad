//! The tables, for the terminal and as Markdown.

use super::{PeerRow, Rate, Report, Row};
use crate::clock::{NOISY, Times};
use crate::growth::Series;

/// The columns of the table of Gradus.
const HEADINGS: [&str; 9] =
    ["workload", "median ms", "quartiles", "min", "GFLOP/s", "GB/s", "of peak", "one thread", "MB"];

fn cells(row: &Row) -> [String; 9] {
    let or_nothing = |x: Option<String>| x.unwrap_or_default();
    let rate = |unit| row.rate.as_ref().filter(|rate| rate.unit == unit);
    let share = |rate: &Rate| match rate.share {
        Some(share) => format!("{:.0} %", 100.0 * share),
        None => "effective".to_owned(),
    };
    let speedup = |x: f64| if row.noisy { "noisy".to_owned() } else { format!("{x:.2}") };
    let name = row.name.clone();
    let name = if row.noisy { name + " (noisy)" } else { name };
    [
        if row.same == Some(false) { name + " (void)" } else { name },
        ms(row.times.median_ms),
        quartiles(&row.times),
        or_nothing(row.times.min_ms.map(ms)),
        or_nothing(rate("GFLOP/s").map(|rate| format!("{:.0}", rate.amount))),
        or_nothing(rate("GB/s").map(|rate| format!("{:.0}", rate.amount))),
        or_nothing(row.rate.as_ref().map(share)),
        or_nothing(row.speedup.map(speedup)),
        or_nothing(row.memory_mb.map(|mb| format!("{mb:.0}"))),
    ]
}

fn quartiles(times: &Times) -> String {
    match (times.q1_ms, times.q3_ms) {
        (Some(q1), Some(q3)) => format!("{}–{}", ms(q1), ms(q3)),
        _ => String::new(),
    }
}

pub(super) fn ms(x: f64) -> String {
    match x {
        _ if x < 1.0 => format!("{x:.3}"),
        _ if x < 100.0 => format!("{x:.2}"),
        _ => format!("{x:.0}"),
    }
}

fn ratio(row: &Row, peer: &PeerRow) -> String {
    row.ratio(peer).map_or_else(str::to_owned, |ratio| format!("{ratio:.2}"))
}

/// A row of the table for the terminal, with a line for each peer.
pub fn line(row: &Row) -> String {
    let peer = |p: &PeerRow| {
        let times = format!("{} ms [{}]", ms(p.times.median_ms), quartiles(&p.times));
        format!("\n    {:<16} {times}, by Gradus {}", p.name, ratio(row, p))
    };
    columns(&cells(row)) + &row.peers.iter().map(peer).collect::<String>()
}

/// The headings for the terminal.
pub fn headings() -> String {
    columns(&HEADINGS.map(str::to_owned))
}

fn columns(cells: &[String; 9]) -> String {
    let rest: Vec<String> = cells[1..].iter().map(|cell| format!("{cell:>11}")).collect();
    format!("{:<40} {}", cells[0], rest.join(" ")).trim_end().to_owned()
}

/// A row of a Markdown table.
pub(super) fn markdown_row(cells: &[String]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

impl Report {
    /// The report as Markdown.
    pub fn markdown(&self) -> String {
        let Report { machine, build, rows, growth } = self;
        let mut text = format!("# {machine}\n\n");
        if let Some(build) = build {
            text += &format!("{build}\n\n");
        }
        let compute = rows.iter().filter_map(|row| row.rate.as_ref()).filter(|rate| rate.unit == "GFLOP/s");
        let peaks: Vec<f64> = compute.flat_map(|rate| rate.peaks.iter().copied()).collect();
        if !peaks.is_empty() {
            let least = peaks.iter().copied().fold(f64::INFINITY, f64::min);
            let most = peaks.iter().copied().fold(0.0, f64::max);
            text += &match build {
                Some(_) => format!("The peak around the rows was {least:.0} to {most:.0} GFLOP/s. "),
                None => format!(
                    "The peak, measured once, was {most:.0} GFLOP/s. Single times were not kept yet, so no row is known \
                     to be noisy. "
                ),
            };
        }
        text += &format!(
            "Times are in milliseconds. All sides ran alternately; a ratio is the median over the rounds, and so is that \
             of one thread to all. A row is noisy, and has no ratio, where the middle half of its times spreads over more \
             than {:.0} % of their median, or the peak changed by as much. A training step is void unless three steps \
             without dropout end where PyTorch's do. An effective rate counts work that was left out.\n\n",
            100.0 * NOISY
        );
        text += &markdown_row(&HEADINGS.map(str::to_owned));
        text += &markdown_row(&HEADINGS.map(|h| if h == "workload" { "---" } else { "---:" }.to_owned()));
        rows.iter().for_each(|row| text += &markdown_row(&cells(row)));
        if rows.iter().any(|row| !row.peers.is_empty()) {
            text += "\n| workload | peer | median ms | quartiles | min | peer / Gradus | MB |\n\
                     | --- | --- | ---: | ---: | ---: | ---: | ---: |\n";
        }
        for (row, p) in rows.iter().flat_map(|row| row.peers.iter().map(move |p| (row, p))) {
            text += &markdown_row(&[
                row.name.clone(),
                p.name.clone(),
                ms(p.times.median_ms),
                quartiles(&p.times),
                p.times.min_ms.map(ms).unwrap_or_default(),
                ratio(row, p),
                p.memory_mb.map(|mb| format!("{mb:.0}")).unwrap_or_default(),
            ]);
        }
        if !growth.is_empty() {
            text += "\nHow cost grows, forward and backward:\n\n| what | size | ms | microseconds each |\n\
                     | --- | ---: | ---: | ---: |\n";
        }
        growth.iter().flat_map(Series::rows).for_each(|row| text += &markdown_row(&row));
        text
    }
}

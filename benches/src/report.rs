//! The table: on the screen, as Markdown, as JSON, as a picture.

use crate::clock::median;
use crate::growth::Series;
use crate::peak::Peak;
use crate::same::Distance;
use crate::work::Work;
use serde::Serialize;
use std::fmt::Write;

/// What was measured of one workload.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// The workload.
    pub name: String,
    /// Of Gradus.
    pub median_ms: f64,
    /// Of Gradus.
    pub min_ms: f64,
    /// Calls that were timed.
    pub runs: usize,
    /// 10⁹ floating-point operations a second, and the share of the machine's peak.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gflops: Option<[f64; 2]>,
    /// 10⁹ bytes a second, and the share of what memory gives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gbytes: Option<[f64; 2]>,
    /// Peak megabytes above the empty process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_mb: Option<f64>,
    /// How many times as long one thread takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speedup: Option<f64>,
    /// The others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub peers: Vec<PeerRow>,
    /// Whether three training steps ended where PyTorch's do; where not, the row is void.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same: Option<bool>,
}

/// What was measured of a peer.
#[derive(Clone, Debug, Serialize)]
pub struct PeerRow {
    /// Which.
    pub name: &'static str,
    /// Of all its calls.
    pub median_ms: f64,
    /// The median over the rounds of its median by that of Gradus in the same round.
    pub ratio: f64,
    /// Peak megabytes above the empty process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_mb: Option<f64>,
}

impl Row {
    /// From the milliseconds of each call.
    pub fn new(name: &str, times: &[f64], work: Work, peak: Option<Peak>) -> Self {
        let median_ms = median(times);
        let rate = |amount: f64, most: f64| {
            let rate = amount / median_ms / 1e6;
            [rate, rate / most]
        };
        let (mut gflops, mut gbytes) = (None, None);
        if let Some(peak) = peak {
            match work {
                Work::Flops(n) => gflops = Some(rate(n, peak.gflops)),
                Work::Bytes(n) => gbytes = Some(rate(n, peak.gbytes)),
                Work::Chain => {}
            }
        }
        let min_ms = times.iter().copied().fold(f64::INFINITY, f64::min);
        let (runs, name) = (times.len(), name.to_owned());
        Row {
            name,
            median_ms,
            min_ms,
            runs,
            gflops,
            gbytes,
            memory_mb: None,
            speedup: None,
            peers: vec![],
            same: None,
        }
    }

    /// Takes the verdict over three steps.
    pub fn judged(self, distance: &Distance) -> Self {
        Row { same: Some(distance.is_rounding()), ..self }
    }

    fn peer(&self, name: &str) -> Option<&PeerRow> {
        self.peers.iter().find(|p| p.name == name)
    }
}

/// All that was measured in one run.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Processor, threads, instruction set.
    pub machine: String,
    /// Peak of all threads, 10⁹ floating-point operations a second.
    pub peak_gflops: f64,
    /// What memory gives, 10⁹ bytes a second.
    pub peak_gbytes: f64,
    /// The workloads.
    pub rows: Vec<Row>,
    /// How cost grows.
    pub growth: Vec<Series>,
}

/// Columns of the table.
const HEADINGS: [&str; 10] = [
    "workload",
    "ms",
    "GFLOP/s",
    "GB/s",
    "of peak",
    "one thread",
    "MB",
    "PyTorch ms",
    "PyTorch / Gradus",
    "PyTorch MB",
];

fn cells(row: &Row) -> [String; 10] {
    let or_nothing = |x: Option<String>| x.unwrap_or_default();
    let torch = row.peer("PyTorch");
    let rate = |r: Option<[f64; 2]>| or_nothing(r.map(|r| format!("{:.0}", r[0])));
    let share = row.gflops.or(row.gbytes).map(|r| format!("{:.0} %", 100.0 * r[1]));
    let ratio = |p: &PeerRow| match row.same {
        Some(false) => "void".into(),
        _ => format!("{:.2}", p.ratio),
    };
    [
        row.name.clone(),
        ms(row.median_ms),
        rate(row.gflops),
        rate(row.gbytes),
        or_nothing(share),
        or_nothing(row.speedup.map(|x| format!("{x:.2}"))),
        or_nothing(row.memory_mb.map(|mb| format!("{mb:.0}"))),
        or_nothing(torch.map(|p| ms(p.median_ms))),
        or_nothing(torch.map(ratio)),
        or_nothing(torch.and_then(|p| p.memory_mb).map(|mb| format!("{mb:.0}"))),
    ]
}

fn ms(x: f64) -> String {
    match x {
        _ if x < 1.0 => format!("{x:.3}"),
        _ if x < 100.0 => format!("{x:.2}"),
        _ => format!("{x:.0}"),
    }
}

/// A row of the table on the screen.
pub fn line(row: &Row) -> String {
    let rest = row.peers.iter().filter(|p| p.name != "PyTorch");
    let rest: String = rest.fold(String::new(), |mut text, p| {
        let _ = write!(text, "  {} {} ms, {:.2}", p.name, ms(p.median_ms), p.ratio);
        text
    });
    columns(&cells(row)) + &rest
}

/// The headings on the screen.
pub fn headings() -> String {
    columns(&HEADINGS.map(str::to_owned))
}

fn columns(cells: &[String; 10]) -> String {
    let rest: Vec<String> = cells[1..].iter().map(|cell| format!("{cell:>10}")).collect();
    format!("{:<30} {}", cells[0], rest.join(" ")).trim_end().to_owned()
}

impl Report {
    /// As Markdown.
    pub fn markdown(&self) -> String {
        let Report { machine, peak_gflops, peak_gbytes, rows, growth } = self;
        let mut text = format!(
            "# {machine}\n\nPeak {peak_gflops:.0} GFLOP/s and {peak_gbytes:.0} GB/s, measured in the same run. Medians in \
             milliseconds; PyTorch was run alternately, the ratio is the median over the rounds; so is that of one \
             thread to all. A training step counts \
             only if three steps without dropout end where PyTorch's do.\n\n"
        );
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        text += &line(&HEADINGS.map(str::to_owned));
        text += &line(&HEADINGS.map(|h| if h == "workload" { "---".to_owned() } else { "---:".to_owned() }));
        rows.iter().for_each(|row| text += &line(&cells(row)));
        let others: Vec<&Row> = rows.iter().filter(|r| r.peers.iter().any(|p| p.name != "PyTorch")).collect();
        if !others.is_empty() {
            text += "\n| workload | peer | ms | peer / Gradus |\n| --- | --- | ---: | ---: |\n";
        }
        for (row, p) in others.iter().flat_map(|r| r.peers.iter().map(move |p| (r, p))) {
            if p.name != "PyTorch" {
                text += &line(&[row.name.clone(), p.name.into(), ms(p.median_ms), format!("{:.2}", p.ratio)]);
            }
        }
        if !growth.is_empty() {
            text += "\nHow cost grows, forward and backward:\n\n| what | size | ms | microseconds each |\n\
                     | --- | ---: | ---: | ---: |\n";
        }
        growth.iter().flat_map(Series::rows).for_each(|row| text += &line(&row));
        text
    }

    /// As a picture: a bar for each workload, as long as PyTorch takes times as long.
    pub fn svg(&self) -> String {
        let bars: Vec<(&str, f64)> = self
            .rows
            .iter()
            .filter(|r| r.same != Some(false))
            .filter_map(|r| Some((r.name.as_str(), r.peer("PyTorch")?.ratio)))
            .collect();
        let (left, width, step) = (230.0, 480.0, 20.0);
        let height = 50.0 + step * bars.len() as f64;
        let most = bars.iter().map(|b| b.1).fold(2.0, f64::max).log2();
        let least = bars.iter().map(|b| b.1).fold(0.5, f64::min).log2();
        let x = |ratio: f64| left + width * (ratio.log2() - least) / (most - least);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{height}\" font-family=\"sans-serif\" \
             font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n<text x=\"{left}\" y=\"18\">\
             times as long as Gradus takes PyTorch</text>\n",
            left + width + 70.0
        );
        for (i, (name, ratio)) in bars.iter().enumerate() {
            let y = 30.0 + step * i as f64;
            let (from, to) = (x(1.0).min(x(*ratio)), x(1.0).max(x(*ratio)));
            let colour = if *ratio >= 1.0 { "#2a7" } else { "#c63" };
            let _ = writeln!(
                svg,
                "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{name}</text><rect x=\"{from:.1}\" y=\"{y}\" \
                 width=\"{:.1}\" height=\"14\" fill=\"{colour}\"/><text x=\"{:.1}\" y=\"{}\">{ratio:.2}</text>",
                left - 8.0,
                y + 12.0,
                (to - from).max(1.0),
                to + 6.0,
                y + 12.0
            );
        }
        let one = x(1.0);
        let _ = writeln!(
            svg,
            "<line x1=\"{one:.1}\" x2=\"{one:.1}\" y1=\"26\" y2=\"{}\" stroke=\"#333\"/>",
            height - 16.0
        );
        svg + "</svg>\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_was_measured() {
        let peak = Peak { gflops: 200.0, gbytes: 20.0 };
        let mut row = Row::new("gemm", &[2.0, 1.0, 3.0], Work::Flops(2e8), Some(peak));
        row.peers.push(PeerRow { name: "PyTorch", median_ms: 4.0, ratio: 2.0, memory_mb: None });
        assert_eq!(row.gflops, Some([100.0, 0.5]));
        let void = Row { name: "step".into(), same: Some(false), ..row.clone() };
        let report = Report {
            machine: "M".into(),
            peak_gflops: 200.0,
            peak_gbytes: 20.0,
            rows: vec![row, void],
            growth: vec![],
        };
        let text = report.markdown();
        assert!(text.contains("| gemm | 2.00 | 100 |  | 50 % |  |  | 4.00 | 2.00 |  |"), "{text}");
        assert!(text.contains("| void |"), "{text}");
        assert!(report.svg().contains(">2.00</text>") && !report.svg().contains("step"));
    }
}

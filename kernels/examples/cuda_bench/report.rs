//! The table: on the screen, as Markdown, as JSON.

use crate::Failure;
use crate::bench::Samples;
use gradus_kernels::Precision;
use serde::Serialize;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// What bounds a kernel.
#[derive(Clone, Copy)]
pub enum Work {
    /// Floating-point operations: two for each multiplication.
    Flops(f64),
    /// Bytes read and written, if each array goes through memory once a pass.
    Bytes(f64),
    /// Neither: a chain of small dependent steps.
    Chain,
}

/// What was measured of one kernel.
#[derive(Serialize)]
pub struct Row {
    /// The kernel and its sizes.
    pub name: String,
    /// To what the operands of matmuls are rounded.
    pub precision: String,
    /// Milliseconds of a call: the median over the rounds.
    pub median_ms: f64,
    /// That of the fastest round.
    pub min_ms: f64,
    /// Calls that were timed.
    pub runs: usize,
    /// 10¹² floating-point operations a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tflops: Option<f64>,
    /// 10⁹ bytes a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gbytes: Option<f64>,
    /// The same matmul by cuBLAS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cublas: Option<Peer>,
}

/// What was measured of the peer.
#[derive(Serialize)]
pub struct Peer {
    /// Milliseconds of a call: the median over the rounds.
    pub median_ms: f64,
    /// 10¹² floating-point operations a second.
    pub tflops: Option<f64>,
    /// The median over the rounds of its time by ours.
    pub ratio: f64,
}

impl Row {
    /// From the samples of our side and of the peer's.
    pub fn new(name: &str, precision: Precision, work: Work, ours: &Samples, peer: Option<&Samples>) -> Self {
        let median_ms = median(ours.ms.clone());
        let tflops = |ms: f64| match work {
            Work::Flops(n) => Some(n / ms / 1e9),
            _ => None,
        };
        let gbytes = match work {
            Work::Bytes(n) => Some(n / median_ms / 1e6),
            _ => None,
        };
        let cublas = peer.map(|peer| {
            let median_ms = median(peer.ms.clone());
            let ratio = median(peer.ms.iter().zip(&ours.ms).map(|(peer, ours)| peer / ours).collect());
            Peer { median_ms, tflops: tflops(median_ms), ratio }
        });
        Row {
            name: name.into(),
            precision: precision.to_string(),
            median_ms,
            min_ms: ours.ms.iter().copied().fold(f64::INFINITY, f64::min),
            runs: ours.calls,
            tflops: tflops(median_ms),
            gbytes,
            cublas,
        }
    }

    /// For the screen.
    pub fn line(&self) -> String {
        let Row { name, precision, median_ms, .. } = self;
        let mut line = format!("{name:<36} {precision:<5} {median_ms:>10.4} ms");
        if let Some(tflops) = self.tflops {
            line += &format!(" {tflops:>8.2} TFLOP/s");
        }
        if let Some(gbytes) = self.gbytes {
            line += &format!(" {gbytes:>8.1} GB/s");
        }
        if let Some(Peer { median_ms, ratio, .. }) = &self.cublas {
            line += &format!("   cuBLAS {median_ms:>10.4} ms, {ratio:.2} of it");
        }
        line
    }

    /// For the Markdown table.
    fn cells(&self, with_cublas: bool) -> String {
        let number = |x: Option<f64>, digits: usize| x.map_or(String::new(), |x| format!("{x:.digits$}"));
        let Row { name, precision, median_ms, tflops, gbytes, cublas, .. } = self;
        let (tflops, gbytes) = (number(*tflops, 2), number(*gbytes, 0));
        let mut cells = format!("| {name} | {precision} | {median_ms:.4} | {tflops} | {gbytes} |");
        if with_cublas {
            let of = |part: fn(&Peer) -> Option<f64>| cublas.as_ref().and_then(part);
            let ms = number(of(|peer| Some(peer.median_ms)), 4);
            let (tflops, ratio) = (number(of(|peer| peer.tflops), 2), number(of(|peer| Some(peer.ratio)), 2));
            write!(cells, " {ms} | {tflops} | {ratio} |").expect("text grows");
        }
        cells
    }
}

/// The middle one of an odd number of times; of an even number the upper of the two in the middle.
fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The results file.
#[derive(Serialize)]
pub struct Report {
    /// The device's name.
    pub device: String,
    /// 80 stands for sm_80.
    pub architecture: u32,
    /// Whether the times are the emulator's.
    pub emulated: bool,
    /// The driver's version.
    pub driver: String,
    /// That of the compiler; the emulator needs none.
    pub nvrtc: Option<String>,
    /// That of cuBLAS, where it is.
    pub cublas: Option<String>,
    /// One for each kernel and precision.
    pub rows: Vec<Row>,
}

impl Report {
    /// What was found, on one line.
    pub fn machine(&self) -> String {
        let Report { device, architecture, driver, .. } = self;
        let version = |version: &Option<String>| version.as_deref().unwrap_or("absent").to_owned();
        let (nvrtc, cublas) = (version(&self.nvrtc), version(&self.cublas));
        format!("{device}, sm_{architecture}, driver {driver}, NVRTC {nvrtc}, cuBLAS {cublas}")
    }

    fn markdown(&self) -> String {
        let mut text = format!("# {}\n\n", self.machine());
        if self.emulated {
            text += "These are times of the emulator, and say nothing of a GPU.\n\n";
        }
        text += "Milliseconds of a call on the device, calls queued back to back: the median over rounds. Each matmul was \
                 first compared with the CPU's, number by number.";
        text += match self.cublas {
            Some(_) => {
                " So was cuBLAS's, which was timed alternately; the ratio is the median over the rounds, and above 1 where \
                 Gradus is faster. In f16 cuBLAS reads operands that are rounded already, Gradus rounds them itself.\n\n"
            }
            None => " There was no cuBLAS to be timed beside them.\n\n",
        };
        text += "| kernel | precision | ms | TFLOP/s | GB/s |";
        text += if self.cublas.is_some() { " cuBLAS ms | TFLOP/s | cuBLAS / Gradus |\n" } else { "\n" };
        text += "| --- | --- | ---: | ---: | ---: |";
        text += if self.cublas.is_some() { " ---: | ---: | ---: |\n" } else { "\n" };
        for row in &self.rows {
            text += &row.cells(self.cublas.is_some());
            text.push('\n');
        }
        text
    }

    /// The files' common name: that of the device in small letters, its words joined by hyphens.
    fn stem(&self, folder: &Path) -> PathBuf {
        let name = self.device.to_lowercase();
        let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        folder.join(words.collect::<Vec<_>>().join("-"))
    }

    /// Finds out whether the files can be written.
    pub fn reserve(&self, folder: &Path) -> Result<(), Failure> {
        let path = temporary(&self.stem(folder));
        let tried = fs::create_dir_all(folder).and_then(|()| fs::write(&path, ""));
        tried.and_then(|()| fs::remove_file(&path)).map_err(|why| unwritten(folder, &why))
    }

    /// Writes both files, each to a temporary one beside it first.
    pub fn write(&self, folder: &Path) -> Result<Vec<PathBuf>, Failure> {
        let stem = self.stem(folder);
        let json = serde_json::to_string_pretty(self)? + "\n";
        let mut written = vec![];
        for (ending, text) in [("json", json), ("md", self.markdown())] {
            let (path, temporary) = (stem.with_extension(ending), temporary(&stem));
            let moved = fs::write(&temporary, text).and_then(|()| fs::rename(&temporary, &path));
            moved.map_err(|why| {
                // The half-written file is useless; if it cannot be removed either, the first error is reported.
                let _ = fs::remove_file(&temporary);
                unwritten(folder, &why)
            })?;
            written.push(path);
        }
        Ok(written)
    }
}

fn temporary(stem: &Path) -> PathBuf {
    stem.with_extension(format!("{}.tmp", std::process::id()))
}

fn unwritten(folder: &Path, why: &std::io::Error) -> Failure {
    format!("the results cannot be written to {}: {why}", folder.display()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(cublas: bool) -> Report {
        let [ours, theirs] = [[2.0, 1.0, 3.0], [1.0, 1.0, 6.0]].map(|ms| Samples { ms: ms.into(), calls: 6 });
        let row = Row::new("gemm_8", Precision::Tf32, Work::Flops(4e9), &ours, cublas.then_some(&theirs));
        Report {
            device: "NVIDIA GeForce RTX 4090 (24 GB)".into(),
            architecture: 89,
            emulated: false,
            driver: "12.8".into(),
            nvrtc: Some("12.9".into()),
            cublas: cublas.then(|| "12.8.4".into()),
            rows: vec![row],
        }
    }

    #[test]
    fn the_table_has_a_column_for_a_peer_that_is_there() {
        let text = report(true).markdown();
        assert!(text.contains("| gemm_8 | tf32 | 2.0000 | 2.00 |  | 1.0000 | 4.00 | 1.00 |"), "{text}");
        let text = report(false).markdown();
        assert!(text.ends_with("| ---: |\n| gemm_8 | tf32 | 2.0000 | 2.00 |  |\n"), "{text}");
        assert!(text.contains("There was no cuBLAS") && text.contains("cuBLAS absent"), "{text}");
    }

    #[test]
    fn files_are_named_after_the_device() {
        let stem = report(false).stem(Path::new("results"));
        assert_eq!(stem, Path::new("results/nvidia-geforce-rtx-4090-24-gb"));
    }

    #[test]
    fn a_folder_that_cannot_be_is_named() {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        let why = report(false).reserve(file.path()).expect_err("a file is no folder").to_string();
        assert!(why.starts_with("the results cannot be written to"), "{why}");
    }
}

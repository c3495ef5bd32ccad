//! Times the CUDA kernels on the device itself, matmuls beside cuBLAS, and writes a results file:
//! `kernels/tools/gpu`, or `cargo run -p gradus-kernels --example cuda_bench -- --device cuda --out FOLDER`.
//!
//! Before a matmul is timed its result is checked, on operands for which no precision and no sum rounds: the device, the
//! CPU and cuBLAS must give equal results.

mod bench;
mod convolutions;
mod matmuls;
mod options;
mod report;
mod rows;
mod sequences;

use bench::Bench;
use gradus_kernels::Device;
use gradus_kernels::cuda::{Description, found};
use options::Options;
use report::Report;
use std::error::Error;
use std::process::ExitCode;

/// What went wrong, in one sentence.
type Failure = Box<dyn Error>;

fn main() -> ExitCode {
    match Options::parse(std::env::args().skip(1)).and_then(|options| run(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), Failure> {
    let device = Device::open(&options.device)?;
    let Device::Cuda(number) = device else {
        return Err("--device cpu: expected cuda, cuda:N or cuda-emulated".into());
    };
    let found = found();
    let (driver, devices) = found.driver?;
    let Description { name, architecture, .. } = &devices[number as usize];
    let mut bench = Bench::new(device, *architecture, options)?;
    let report = Report {
        device: name.clone(),
        architecture: *architecture,
        emulated: options.device == "cuda-emulated",
        driver: format!("{}.{}", driver / 1000, driver % 1000 / 10),
        nvrtc: found.compiler.ok().map(|(major, minor)| format!("{major}.{minor}")),
        cublas: bench.cublas_version()?,
        rows: vec![],
    };
    println!("{}", report.machine());
    if options.find {
        return Ok(());
    }
    // What is only part of the table is not written; what is written must have a place before minutes are spent.
    let written = options.only.is_empty();
    if written {
        report.reserve(&options.out)?;
    }
    matmuls::all(&mut bench)?;
    convolutions::all(&mut bench)?;
    sequences::all(&mut bench)?;
    rows::all(&mut bench)?;
    let report = Report { rows: bench.into_rows()?, ..report };
    if written {
        for file in report.write(&options.out)? {
            println!("{}", file.display());
        }
    }
    Ok(())
}

#[cfg(all(test, feature = "cuda-emulator"))]
mod tests {
    use super::*;
    use serde_json::Value;

    /// All that a GPU would do, at sizes for the emulator.
    #[test]
    fn writes_both_files() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let out = folder.path().join("results");
        let out = out.to_str().expect("temporary folders have plain names");
        let given = ["--device", "cuda-emulated", "--small", "--out", out];
        let options = Options::parse(given.map(String::from).into_iter()).expect("options as documented");
        run(&options).expect("every kernel runs on the emulator");
        let read = |ending| {
            std::fs::read_to_string(format!("{out}/cpu-emulator.{ending}")).expect("both are written")
        };
        let json: Value = serde_json::from_str(&read("json")).expect("the results are JSON");
        let rows = json["rows"].as_array().expect("the results have rows");
        for kernel in
            ["gemm", "conv1d", "conv_relu_max", "bilstm", "attention", "crf_nll", "crf_viterbi", "adamw"]
        {
            let named = |row: &&Value| row["name"].as_str().is_some_and(|name| name.starts_with(kernel));
            let row = rows.iter().find(named).unwrap_or_else(|| panic!("no row of {kernel}"));
            assert!(row["median_ms"].as_f64().is_some_and(|ms| ms > 0.0), "{row}");
            assert!(read("md").contains(row["name"].as_str().expect("a name is a text")), "{row}");
        }
    }
}

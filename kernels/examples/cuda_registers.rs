//! Compiles every CUDA kernel for every architecture, with no GPU, and writes registers, shared memory and spills of each as a
//! table: `cargo run -p gradus-kernels --example cuda_registers > kernels/tools/registers.tsv`. With `--check` it compares
//! with that table and fails on a difference; a spill fails always. NVRTC is found as at run time, by `LD_LIBRARY_PATH`.

use gradus_kernels::cuda::Source;
use gradus_kernels::rungs::sources;
use rayon::prelude::*;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

const ARCHITECTURES: [u32; 6] = [75, 80, 86, 89, 90, 100];

/// The assembler's report on a kernel.
struct Kernel {
    name: String,
    registers: u32,
    shared: u32,
    spills: u32,
}

fn main() -> ExitCode {
    match run(std::env::args().any(|arg| arg == "--check")) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(check: bool) -> Result<(), String> {
    let jobs: Vec<(&Source, u32)> =
        sources().flat_map(|source| ARCHITECTURES.map(|architecture| (source, architecture))).collect();
    let start = Instant::now();
    let compiled = jobs.par_iter().map(|&(source, architecture)| compile(source, architecture));
    let mut lines = vec![];
    for ((_, architecture), kernels) in jobs.iter().zip(compiled.collect::<Result<Vec<_>, _>>()?) {
        for Kernel { name, registers, shared, spills } in kernels {
            if spills > 0 {
                return Err(format!("{name} spills {spills} bytes on sm_{architecture}; it must spill none"));
            }
            lines.push(format!("{name}\tsm_{architecture}\t{registers}\t{shared}"));
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    lines.sort();
    lines.insert(0, "kernel\tarchitecture\tregisters\tbytes of static shared memory".into());
    let table = lines.join("\n") + "\n";
    if !check {
        print!("{table}");
        return Ok(());
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tools/registers.tsv");
    let known = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    let missing =
        known.lines().filter(|line| !lines.iter().any(|l| l == line)).map(|line| format!("- {line}"));
    let new = lines.iter().filter(|line| !known.lines().any(|l| l == *line)).map(|line| format!("+ {line}"));
    let differences: Vec<String> = missing.chain(new).collect();
    match differences.is_empty() {
        true => {
            println!(
                "{} kernels on {} architectures are as in the table, compiled in {seconds:.0} s",
                lines.len() / ARCHITECTURES.len(),
                ARCHITECTURES.len()
            );
            Ok(())
        }
        false => Err(format!("registers differ from {}:\n{}", path.display(), differences.join("\n"))),
    }
}

fn compile(source: &Source, architecture: u32) -> Result<Vec<Kernel>, String> {
    let log = source
        .assembled(architecture)
        .map_err(|log| format!("{} for sm_{architecture}: {log}", source.name))?;
    let mut kernels: Vec<Kernel> = vec![];
    for line in log.lines() {
        if let Some((_, rest)) = line.split_once("Compiling entry function '") {
            let name = rest.split('\'').next().unwrap_or_default().to_owned();
            kernels.push(Kernel { name, registers: 0, shared: 0, spills: 0 });
        } else if let Some(kernel) = kernels.last_mut() {
            // "0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads" and
            // "Used 32 registers, used 1 barriers, 1024 bytes smem, 400 bytes cmem[0]".
            kernel.spills += before(line, " bytes spill stores") + before(line, " bytes spill loads");
            kernel.registers += before(line, " registers");
            kernel.shared += before(line, " bytes smem");
        }
    }
    Ok(kernels)
}

/// The number before some words of a line; 0 if they are absent.
fn before(line: &str, words: &str) -> u32 {
    let number = line.split_once(words).and_then(|(left, _)| left.rsplit([' ', ',']).next()?.parse().ok());
    number.unwrap_or(0)
}

//! Times Gradus and its peers on the workloads of `workloads.json`.
#![forbid(unsafe_code)]

use anyhow::{Context, Result, ensure};
use clap::Parser;
use gradus_benches::memory;
use gradus_benches::peers::Python;
use gradus_benches::report::{self, Report};
use gradus_benches::session::{self, Session};
use gradus_benches::steps::Step;
use gradus_benches::workload::{self, Workload};
use std::path::PathBuf;

/// Times Gradus and its peers, and writes benches/results/<machine>-<threads>.{json,md,svg}.
#[derive(Parser)]
#[command(name = "gradus-benches")]
struct Cli {
    /// Runs only workloads whose name contains this text; writes files only with --out.
    #[arg(long, default_value = "")]
    only: String,
    /// Number of threads, for Gradus and for each peer; 0 means one per core. A list such as 1,2,4 gives a report for
    /// each number and a table of how times scale.
    #[arg(long, value_delimiter = ',', default_value = "0")]
    threads: Vec<usize>,
    /// Prints one line of JSON for each workload; writes files only with --out.
    #[arg(long)]
    json: bool,
    /// Path of a Python with torch, transformers, safetensors and pytorch-crf; PyTorch is then timed too, alternately.
    #[arg(long)]
    python: Option<PathBuf>,
    /// Times ONNX Runtime too, where a BERT reads a batch; the Python must have onnx and onnxruntime.
    #[arg(long, requires = "python")]
    onnx: bool,
    /// Times CTranslate2 too, where a Transformer translates; the Python must have ctranslate2.
    #[arg(long, requires = "python")]
    ctranslate2: bool,
    /// Seconds for each workload, for Gradus and for each peer.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// Folder of results; by default benches/results if all workloads are run.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Prints the memory of each chosen training step by use, and times nothing.
    #[arg(long)]
    memory_report: bool,
    /// Prints the peak megabytes of one workload in this process.
    #[arg(long, hide = true)]
    memory: Option<String>,
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    ensure!(cli.seconds > 0.0, "--seconds {}: expected a number above 0", cli.seconds);
    let all = workload::all();
    let first = cli.threads.first().copied().unwrap_or(0);
    if let Some(name) = &cli.memory {
        let workload = all.iter().find(|w| w.name == *name).with_context(|| format!("no workload {name}"))?;
        println!("{}", session::pool(first)?.install(|| memory::here(workload))?);
        return Ok(());
    }
    let chosen: Vec<&Workload> = all.iter().filter(|w| w.name.contains(&cli.only)).collect();
    let names = || all.iter().map(|w| w.name.as_str()).collect::<Vec<_>>().join(", ");
    ensure!(
        !chosen.is_empty(),
        "--only {}: no workload's name contains this; the workloads are {}",
        cli.only,
        names()
    );
    if cli.memory_report {
        return session::pool(first)?.install(|| memory_report(&chosen));
    }
    run(&cli, &chosen)
}

fn run(cli: &Cli, chosen: &[&Workload]) -> Result<()> {
    let python =
        cli.python.as_deref().map(|path| Python { path, onnx: cli.onnx, ctranslate2: cli.ctranslate2 });
    let start = |&threads: &usize| Session::new(threads, python, cli.seconds);
    let mut sessions = cli.threads.iter().map(start).collect::<Result<Vec<_>>>()?;
    if !cli.json {
        sessions.iter().for_each(|session| println!("{}", session.report().machine));
        println!("{}", report::headings());
    }
    for workload in chosen {
        for session in &mut sessions {
            let threads = session.report().machine.threads;
            let row = session.measure(workload)?;
            match cli.json {
                true => {
                    let mut line = serde_json::to_value(row)?;
                    line["threads"] = threads.into();
                    println!("{line}");
                }
                false if cli.threads.len() > 1 => println!("{threads} threads: {}", report::line(row)),
                false => println!("{}", report::line(row)),
            }
        }
    }
    let everything = cli.only.is_empty() && !cli.json;
    if everything {
        for session in &mut sessions {
            session.measure_growth().iter().for_each(|series| println!("{}", series.line()));
        }
    }
    let reports: Vec<Report> = sessions.iter().map(|session| session.report().clone()).collect();
    let scaling = if reports.len() > 1 { Some(report::scaling(&reports)?) } else { None };
    if let (Some(table), false) = (&scaling, cli.json) {
        println!("{table}");
    }
    let usual = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/results"));
    let Some(folder) = cli.out.clone().or(everything.then_some(usual)) else { return Ok(()) };
    let mut paths = vec![];
    for report in &reports {
        paths.extend(report.write(&folder)?);
    }
    if let Some(table) = scaling {
        let name = format!("{}-scaling.md", reports[0].machine.scaling_stem());
        paths.push(report::write(&folder, &name, &table)?);
    }
    paths.iter().for_each(|path| eprintln!("{}", path.display()));
    Ok(())
}

/// Prints the bytes of parameters, moments, gradients, and of what each operation saves for backward.
fn memory_report(chosen: &[&Workload]) -> Result<()> {
    let steps = chosen.iter().filter(|w| w.is_step()).filter_map(|w| Some((&w.name, Step::new(w)?)));
    let mut any = false;
    for (name, mut step) in steps {
        println!("{name}\n{}\n", memory::Explained::of(&mut step));
        any = true;
    }
    ensure!(
        any,
        "--memory-report: no training step is chosen; use --only with a name that begins with train_"
    );
    Ok(())
}

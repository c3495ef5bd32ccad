//! Times Gradus and its peers on the workloads of `workloads.json`.
#![forbid(unsafe_code)]

use anyhow::{Context, Result, ensure};
use clap::Parser;
use gradus_benches::clock::{measure, median};
use gradus_benches::ops::Run;
use gradus_benches::peak::Peak;
use gradus_benches::peers::{self, Torch};
use gradus_benches::report::{self, PeerRow, Report, Row};
use gradus_benches::steps::Step;
use gradus_benches::work::Work;
use gradus_benches::workload::{self, Workload};
use gradus_benches::{growth, memory, ops, same};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

/// Times Gradus beside its peers, and writes benches/results/<machine>.{json,md,svg}.
#[derive(Parser)]
#[command(name = "gradus-benches")]
struct Cli {
    /// Only workloads with this in their name; nothing is written then.
    #[arg(long, default_value = "")]
    only: String,
    /// Threads of every side; 0 takes one for each core.
    #[arg(long, default_value_t = 0)]
    threads: usize,
    /// Prints one line of JSON for each workload, and writes nothing.
    #[arg(long)]
    json: bool,
    /// A Python with torch and pytorch-crf: PyTorch is timed too, pair by pair.
    #[arg(long)]
    python: Option<PathBuf>,
    /// Seconds for each workload and side.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// The folder of results.
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/results"))]
    out: PathBuf,
    /// Prints where the memory of each chosen training step goes, and times nothing.
    #[arg(long)]
    memory_report: bool,
    /// Prints the peak megabytes of one workload in this process.
    #[arg(long, hide = true)]
    memory: Option<String>,
}

/// Rounds in which the sides alternate.
const ROUNDS: usize = 7;
/// Before a side begins, the threads of the one before are given time to fall asleep.
const SETTLE: Duration = Duration::from_millis(50);

fn main() -> Result<()> {
    let cli = Cli::parse();
    ensure!(cli.seconds > 0.0, "--seconds {}: expected a number above 0", cli.seconds);
    rayon::ThreadPoolBuilder::new().num_threads(cli.threads).build_global().context("the thread pool")?;
    // Within the pool, as in training: a call from outside would wake a thread for each operation.
    rayon::scope(|_| run(&cli))
}

fn run(cli: &Cli) -> Result<()> {
    let threads = rayon::current_num_threads();
    let all = workload::all();
    if let Some(name) = &cli.memory {
        let workload = all.iter().find(|w| w.name == *name).with_context(|| format!("no workload {name}"))?;
        println!("{}", memory::here(workload)?);
        return Ok(());
    }
    let chosen: Vec<&Workload> = all.iter().filter(|w| w.name.contains(&cli.only)).collect();
    let names = || all.iter().map(|w| w.name.as_str()).collect::<Vec<_>>().join(", ");
    ensure!(
        !chosen.is_empty(),
        "--only {}: no workload has this in its name; there are {}",
        cli.only,
        names()
    );
    let isa = gradus_engine::instruction_set().map_err(anyhow::Error::msg)?;
    if cli.memory_report {
        return memory_report(&chosen);
    }
    let mut torch = cli.python.as_deref().map(|python| Torch::start(python, threads)).transpose()?;
    let peak = Peak::measure();
    let machine = format!("{}, {threads} threads, {isa}", processor());
    if !cli.json {
        println!(
            "{machine}: peak {:.0} GFLOP/s, {:.0} GB/s\n{}",
            peak.gflops,
            peak.gbytes,
            report::headings()
        );
    }
    let mut rows = vec![];
    for workload in chosen {
        let row = measured(workload, cli, torch.as_mut(), peak, threads)?;
        match cli.json {
            true => println!("{}", serde_json::to_string(&row)?),
            false => println!("{}", report::line(&row)),
        }
        rows.push(row);
    }
    if !cli.json && cli.only.is_empty() {
        let growth = growth::measure(cli.seconds / 3.0);
        growth.iter().for_each(|series| println!("{}", series.line()));
        let report = Report { machine, peak_gflops: peak.gflops, peak_gbytes: peak.gbytes, rows, growth };
        write(&report, &cli.out, threads)?;
    }
    Ok(())
}

/// Parameters, moments, gradients, and what each operation saves for backward.
fn memory_report(chosen: &[&Workload]) -> Result<()> {
    let steps = chosen.iter().filter_map(|w| Some((&w.name, Step::new(w)?)));
    let mut any = false;
    for (name, mut step) in steps {
        println!("{name}\n{}\n", memory::Explained::of(&mut step));
        any = true;
    }
    ensure!(any, "--memory-report: no training step is chosen; their names begin with train_");
    Ok(())
}

/// One workload: whether it is right, how long it and its peers take, how much memory.
fn measured(
    workload: &Workload,
    cli: &Cli,
    mut torch: Option<&mut Torch>,
    peak: Peak,
    threads: usize,
) -> Result<Row> {
    let distance = match (torch.as_deref_mut(), Step::new(workload)) {
        (Some(torch), Some(step)) => {
            let folder = tempfile::tempdir()?;
            let file = folder.path().join("steps.safetensors");
            torch.write_steps(&workload.name, &file)?;
            let distance = same::distance(step.learner(), &file)?;
            if !distance.is_rounding() {
                eprintln!("{}: three steps do not end where PyTorch's do: {distance}", workload.name);
            }
            Some(distance)
        }
        _ => None,
    };
    let (times, mut peers) = timed(workload, cli.seconds, torch.as_deref_mut())?;
    let mut row = Row::new(&workload.name, &times, Work::of(&workload.kind), Some(peak));
    if workload.is_step() {
        row.speedup = (threads > 1).then(|| speedup(workload, cli.seconds)).transpose()?;
        row.memory_mb = Some(memory::of(workload, threads)?);
        if let (Some(torch), Some(peer)) = (torch, peers.iter_mut().find(|p| p.name == "PyTorch")) {
            peer.memory_mb = Some(torch.memory(&workload.name)?);
        }
    }
    row.peers = peers;
    Ok(match distance {
        Some(distance) => row.judged(&distance),
        None => row,
    })
}

/// Milliseconds of every call of Gradus, and what its peers took between.
fn timed(workload: &Workload, seconds: f64, torch: Option<&mut Torch>) -> Result<(Vec<f64>, Vec<PeerRow>)> {
    let mut run = runner(workload)?;
    run();
    run();
    let mut peers = peers::of(workload, torch);
    let mut theirs: Vec<(Vec<f64>, Vec<f64>)> = vec![(vec![], vec![]); peers.len()];
    let (mut times, share) = (vec![], seconds / ROUNDS as f64);
    for _ in 0..ROUNDS {
        thread::sleep(SETTLE);
        let ours = measure(share, 1, &mut run);
        let middle = median(&ours);
        times.extend(ours);
        for ((_, peer), (all, ratios)) in peers.iter_mut().zip(&mut theirs) {
            thread::sleep(SETTLE);
            let found = peer(share)?;
            ratios.push(median(&found) / middle);
            all.extend(found);
        }
    }
    let rows = peers.iter().zip(&theirs).map(|((name, _), (all, ratios))| PeerRow {
        name,
        median_ms: median(all),
        ratio: median(ratios),
        memory_mb: None,
    });
    let rows = rows.collect();
    Ok((times, rows))
}

/// How many times as long one thread takes, in rounds that alternate.
fn speedup(workload: &Workload, seconds: f64) -> Result<f64> {
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().context("a pool of one thread")?;
    let (mut run, mut ratios, share) = (runner(workload)?, vec![], seconds / ROUNDS as f64);
    run();
    for _ in 0..ROUNDS {
        let together = median(&measure(share, 1, &mut run));
        ratios.push(median(&alone.install(|| measure(share, 1, &mut run))) / together);
    }
    Ok(median(&ratios))
}

fn runner(workload: &Workload) -> Result<Run> {
    if let Some(mut step) = Step::new(workload) {
        return Ok(Box::new(move || step.run()));
    }
    ops::make(&workload.kind).with_context(|| format!("{}: neither a step nor an operation", workload.name))
}

/// Linux tells the processor's name in a file; elsewhere it stays unnamed.
fn processor() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("model name"));
    let name = line.and_then(|line| line.split_once(':')).map(|(_, name)| name.trim());
    name.filter(|name| !name.is_empty()).unwrap_or("unnamed processor").to_owned()
}

fn write(report: &Report, folder: &Path, threads: usize) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("--out {}", folder.display()))?;
    let name = processor().to_lowercase();
    let words: Vec<&str> =
        name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty()).collect();
    let stem = folder.join(format!("{}-{threads}-threads", words.join("-")));
    let json = serde_json::to_string_pretty(report)? + "\n";
    for (ending, text) in [("json", json), ("md", report.markdown()), ("svg", report.svg())] {
        let path = stem.with_extension(ending);
        gradus_engine::files::write(&path, |file| file.write_all(text.as_bytes()))?;
        println!("{}", path.display());
    }
    Ok(())
}

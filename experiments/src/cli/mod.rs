//! The command line: one file for each command.

mod advice;
mod attack;
mod compare;
mod compress;
mod data;
mod distil;
mod evaluate;
mod explain;
mod generate;
mod predict;
mod report;
mod reproduce;
mod train;

use crate::commands::{self, TableFormat};
use crate::data::Split;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Train, compare and study NLP models, and regenerate the paper's tables and figures.
///
/// Without a command, gradus runs: gradus reproduce --scale quick.
#[derive(Parser)]
#[command(
    name = "gradus",
    version,
    after_help = "Examples:\n  gradus\n  gradus train classify --dataset reviews --out runs/a\n  \
                                 gradus evaluate runs/a --split test\n  echo 'not bad at all' | gradus predict runs/a"
)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    Reproduce(reproduce::ReproduceArgs),
    /// Train a model.
    Train {
        #[command(subcommand)]
        task: Box<train::TaskArgs>,
    },
    Distil(distil::DistilArgs),
    Compress(compress::CompressArgs),
    Evaluate(evaluate::EvaluateArgs),
    Compare(compare::CompareArgs),
    Predict(predict::PredictArgs),
    Generate(generate::GenerateArgs),
    Explain(explain::ExplainArgs),
    Attack(attack::AttackArgs),
    /// List studies, tasks, data sets, models, losses, metrics and all configuration keys.
    #[command(after_help = "Example: gradus list | less")]
    List {
        /// Print only the table of keys, as Markdown (docs/keys.md in the source tree).
        #[arg(long)]
        markdown: bool,
    },
    /// List the devices on which models can run, and what is missing for CUDA.
    Devices,
    /// List, check, describe and download data sets.
    #[command(after_help = "Examples:\n  gradus data list --data DIR\n  gradus data fetch mr --data DIR\n  \
                            gradus data check --data DIR\n  gradus data stats mr --data DIR --out DIR")]
    Data {
        #[command(subcommand)]
        what: data::DataCommand,
    },
    Report(report::ReportArgs),
}

/// Where a trained model computes.
#[derive(Args)]
struct DeviceArgs {
    /// The device: cpu, cuda, cuda:N, or cuda-emulated in a build with the feature cuda-emulator.
    #[arg(long, value_name = "NAME", default_value = "cpu")]
    device: String,
    /// The number of threads; 0 means one per core. Results do not depend on it.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = threads)]
    threads: usize,
}

/// The same, and where its data is.
#[derive(Args)]
struct PlaceArgs {
    /// The folder of the real data sets [default: the one that training used, else the environment variable GRADUS_DATA].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    #[command(flatten)]
    device: DeviceArgs,
}

impl DeviceArgs {
    /// The place, and the threads.
    fn place(self) -> (commands::Place, usize) {
        (commands::Place { data: None, device: self.device, moved: Default::default() }, self.threads)
    }
}

/// Where the user's own files are that a run was trained on.
#[derive(Args)]
struct MovedArgs {
    /// The new place of your training file, if it has moved since training; its contents must be the same.
    #[arg(long, value_name = "FILE")]
    train: Option<PathBuf>,
    /// The same for your development file.
    #[arg(long, value_name = "FILE")]
    dev: Option<PathBuf>,
    /// The same for your test file.
    #[arg(long, value_name = "FILE")]
    test: Option<PathBuf>,
}

impl MovedArgs {
    /// The place with the new places of the files, and the threads.
    fn place(self, place: PlaceArgs) -> (commands::Place, usize) {
        let (of_device, threads) = place.device.place();
        let moved = commands::Moved([self.train, self.dev, self.test]);
        (commands::Place { data: place.data, moved, ..of_device }, threads)
    }
}

/// Parses a number of threads.
fn threads(text: &str) -> Result<usize, String> {
    let most = crate::data::limits::MOST_THREADS;
    match text.parse() {
        Ok(n) if n <= most => Ok(n),
        Ok(n) => Err(format!("expected at most {most} threads, found {n}")),
        Err(_) => Err("expected a whole number".into()),
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum SplitName {
    Train,
    Dev,
    Test,
}

impl From<SplitName> for Split {
    fn from(name: SplitName) -> Self {
        match name {
            SplitName::Train => Split::Train,
            SplitName::Dev => Split::Dev,
            SplitName::Test => Split::Test,
        }
    }
}

impl Cli {
    /// Runs the command.
    ///
    /// # Errors
    /// Any failure of the command, in one sentence.
    pub fn run(self) -> anyhow::Result<()> {
        gradus_engine::instruction_set().map_err(anyhow::Error::msg)?;
        match self.command {
            None => reproduce::without_a_command(),
            Some(Command::Reproduce(args)) => args.run(),
            Some(Command::Train { task }) => task.run(),
            Some(Command::Distil(args)) => args.run(),
            Some(Command::Compress(args)) => args.run(),
            Some(Command::Evaluate(args)) => args.run(),
            Some(Command::Compare(args)) => args.run(),
            Some(Command::Predict(args)) => args.run(),
            Some(Command::Generate(args)) => args.run(),
            Some(Command::Explain(args)) => args.run(),
            Some(Command::Attack(args)) => args.run(),
            Some(Command::List { markdown }) => {
                commands::list(if markdown { TableFormat::Markdown } else { TableFormat::Text })
            }
            Some(Command::Devices) => commands::devices(),
            Some(Command::Data { what }) => what.run(),
            Some(Command::Report(args)) => args.run(),
        }
    }
}

//! The `gradus` command: nothing but the command line.
#![forbid(unsafe_code)]

use anyhow::Context;
use clap::{Args, Parser, Subcommand, ValueEnum};
use gradus::commands::{self, Compare, Reproduce, Texts, Train};
use gradus::data::Split;
use gradus::paper::Scale;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Train, compare and study NLP models, and regenerate the tables and figures of the paper.
///
/// Without a command: gradus reproduce --scale quick.
#[derive(Parser)]
#[command(
    version,
    after_help = "Examples:\n  gradus\n  gradus train classify --dataset reviews --out runs/a\n  \
                                 gradus evaluate runs/a --split test\n  echo 'not bad at all' | gradus predict runs/a"
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run the studies of the paper and write a report.
    #[command(
        after_help = "Runs only what has no result file yet, so it can be stopped and started again.\n\n\
                            Example: gradus reproduce table10 attention --data DIR --scale standard"
    )]
    Reproduce(ReproduceArgs),
    /// Train a model.
    Train {
        #[command(subcommand)]
        task: Task,
    },
    /// Print the metrics of a trained model on a split, and write its predictions.
    #[command(after_help = "Example: gradus evaluate runs/a --split test --data DIR")]
    Evaluate(EvaluateArgs),
    /// Print the metrics of two trained models side by side, whether they differ, and in which settings.
    #[command(
        after_help = "The test is the paired bootstrap on the examples of the split (10,000 resamples), by the metric that \
                            the first run chose its best epoch by.\n\nExample: gradus compare runs/a runs/b --split test"
    )]
    Compare(CompareArgs),
    /// Print the labels of texts: of --text, or of each line of standard input.
    #[command(after_help = "Example: gradus predict runs/a --text 'a fine film' --json")]
    Predict(PredictArgs),
    /// List studies, data sets, models, losses, optimizers and all keys of a configuration.
    #[command(after_help = "Example: gradus list | less")]
    List,
    /// Build the report of a results folder anew from its result files.
    #[command(after_help = "Example: gradus report results/")]
    Report {
        /// The results folder.
        results: PathBuf,
    },
}

#[derive(Subcommand)]
enum Task {
    /// Text classification.
    #[command(
        after_help = "Examples:\n  gradus train classify --dataset sst2 --model bilstm --loss focal --data DIR \
                            --set optimizer.lr=1e-3 --seed 3 --out runs/a\n  gradus train classify --train mine.tsv \
                            --test other.tsv --out runs/b\n  gradus train classify --out runs/a --resume --set \
                            train.epochs=10"
    )]
    Classify(Box<ClassifyArgs>),
}

#[derive(Args)]
struct ReproduceArgs {
    /// Studies, as `gradus list` names them; all if none is given.
    studies: Vec<String>,
    /// How large: smoke, quick, standard or full.
    #[arg(long, default_value = "quick", value_parser = |s: &str| s.parse::<Scale>())]
    scale: Scale,
    /// The folder of the real data sets; without it generated corpora are used.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where results and report go.
    #[arg(long, value_name = "DIR", default_value = "results")]
    out: PathBuf,
    /// A setting for every run; may be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    sets: Vec<String>,
    /// Threads; 0 is one for each core. Results do not depend on it.
    #[arg(long, default_value_t = 0)]
    threads: usize,
}

#[derive(Args)]
struct ClassifyArgs {
    /// The folder of the run.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Go on from the checkpoint in that folder.
    #[arg(long)]
    resume: bool,
    /// A data set, as `gradus list` names it.
    #[arg(long, value_name = "NAME", conflicts_with = "train")]
    dataset: Option<String>,
    /// One's own training file: a label and a text on each line.
    #[arg(long, value_name = "FILE")]
    train: Option<PathBuf>,
    /// One's own development file; without it a tenth of the training file is held out.
    #[arg(long, value_name = "FILE", requires = "train")]
    dev: Option<PathBuf>,
    /// One's own test file; without it a tenth of the training file is held out.
    #[arg(long, value_name = "FILE", requires = "train")]
    test: Option<PathBuf>,
    /// The folder of the real data sets; else the environment variable GRADUS_DATA names it.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The architecture.
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// The loss.
    #[arg(long, value_name = "NAME")]
    loss: Option<String>,
    /// Word vectors to start from, in GloVe's text format.
    #[arg(long, value_name = "FILE")]
    embeddings: Option<PathBuf>,
    /// Words kept of each text; 0 keeps all.
    #[arg(long, value_name = "N")]
    max_len: Option<usize>,
    /// The seed of weights, dropout and the order of the examples.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Threads; 0 is one for each core. Results do not depend on it.
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// A configuration file (TOML), overlaid by flags and --set.
    #[arg(long, value_name = "FILE", conflicts_with = "resume")]
    config: Option<PathBuf>,
    /// A setting, such as optimizer.lr=1e-3; may be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    sets: Vec<String>,
}

#[derive(Args)]
struct EvaluateArgs {
    /// The folder of the run.
    run: PathBuf,
    /// Which split.
    #[arg(long, default_value = "test")]
    split: SplitName,
    /// The folder of the real data sets; else the environment variable GRADUS_DATA names it.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Threads; 0 is one for each core.
    #[arg(long, default_value_t = 0)]
    threads: usize,
}

#[derive(Args)]
struct CompareArgs {
    /// The folder of a run.
    a: PathBuf,
    /// The folder of another run, trained on the same data.
    b: PathBuf,
    /// Which split.
    #[arg(long, default_value = "test")]
    split: SplitName,
    /// The folder of the real data sets; else the environment variable GRADUS_DATA names it.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Threads; 0 is one for each core. Results do not depend on it.
    #[arg(long, default_value_t = 0)]
    threads: usize,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct PredictArgs {
    /// The folder of the run.
    run: PathBuf,
    /// A text; may be repeated. Without it each line of standard input is one.
    #[arg(long)]
    text: Vec<String>,
    /// Print one JSON object a line.
    #[arg(long)]
    json: bool,
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

fn main() -> ExitCode {
    if std::env::var_os("RUST_BACKTRACE").is_none() {
        std::panic::set_hook(Box::new(tell_of_fault));
    }
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let (sentence, code) = commands::told(&error);
            if let Some(sentence) = sentence {
                let _ = writeln!(std::io::stderr(), "{sentence}");
            }
            ExitCode::from(code)
        }
    }
}

/// A panic is never the user's fault, and is told in one sentence.
fn tell_of_fault(panic: &std::panic::PanicHookInfo) {
    let payload = panic.payload();
    let message = payload.downcast_ref::<String>().map(String::as_str);
    let message = message.or(payload.downcast_ref::<&str>().copied()).unwrap_or("no message");
    let message = message.replace('\n', " ");
    let place = panic.location().map_or(String::new(), |place| format!(" ({place})"));
    // Where nobody reads standard error, nobody can be told.
    let _ = writeln!(
        std::io::stderr(),
        "error: a fault of gradus itself: {message}{place}; please report it with the command that was run"
    );
}

fn run(cli: Cli) -> anyhow::Result<()> {
    match cli.command {
        None => commands::reproduce(&Reproduce {
            studies: vec![],
            scale: Scale::Quick,
            data: None,
            out: "results".into(),
            sets: vec![],
            threads: 0,
        }),
        Some(Command::Reproduce(ReproduceArgs { studies, scale, data, out, sets, threads })) => {
            commands::reproduce(&Reproduce { studies, scale, data, out, sets, threads })
        }
        Some(Command::Train { task: Task::Classify(args) }) => {
            let sets = args.sets()?;
            let ClassifyArgs { out, resume, config, data, .. } = *args;
            commands::train(&Train { out, resume, config, sets, data })
        }
        Some(Command::Evaluate(EvaluateArgs { run, split, data, threads })) => {
            commands::evaluate(&run, split.into(), data.as_deref(), threads)
        }
        Some(Command::Compare(CompareArgs { a, b, split, data, threads, json })) => {
            commands::compare(&Compare { runs: [a, b], split: split.into(), data, threads, json })
        }
        Some(Command::Predict(PredictArgs { run, text, json })) => {
            let texts = if text.is_empty() { Texts::StandardInput } else { Texts::Given(text) };
            commands::predict(&run, texts, json)
        }
        Some(Command::List) => commands::list(),
        Some(Command::Report { results }) => commands::report(&results),
    }
}

impl ClassifyArgs {
    /// The flags as settings, before those of --set, which may say otherwise.
    fn sets(&self) -> anyhow::Result<Vec<String>> {
        let path = |p: &Option<PathBuf>, flag: &str| -> anyhow::Result<Option<String>> {
            let Some(p) = p else { return Ok(None) };
            // The run must find it again from another folder.
            let p = std::path::absolute(p).with_context(|| format!("--{flag} {}", p.display()))?;
            let text = p.to_str().with_context(|| format!("--{flag} {}: expected UTF-8", p.display()))?;
            Ok(Some(text.to_owned()))
        };
        let flags = [
            ("data.dataset", self.dataset.clone()),
            ("data.train", path(&self.train, "train")?),
            ("data.dev", path(&self.dev, "dev")?),
            ("data.test", path(&self.test, "test")?),
            ("data.embeddings", path(&self.embeddings, "embeddings")?),
            ("data.max_len", self.max_len.map(|n| n.to_string())),
            ("model.name", self.model.clone()),
            ("loss.name", self.loss.clone()),
            ("seed", self.seed.map(|n| n.to_string())),
            ("threads", self.threads.map(|n| n.to_string())),
        ];
        let flags = flags.into_iter().filter_map(|(key, value)| Some(format!("{key}={}", value?)));
        Ok(flags.chain(self.sets.iter().cloned()).collect())
    }
}

//! The `gradus` command: nothing but the command line.
#![forbid(unsafe_code)]

use anyhow::Context;
use clap::{Args, Parser, Subcommand, ValueEnum};
use gradus::commands::data::Fetch;
use gradus::commands::{self, Compare, Reproduce, Texts, Train};
use gradus::data::Split;
use gradus::studies::Scale;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

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
        after_help = "Runs only what has no result file yet, and goes on with a run that was stopped, from the last epoch \
                            that was whole or where Ctrl-C met it: so it can be stopped at any moment and started again. \
                            A run that is under way keeps its checkpoint in OUT/working.\n\n\
                            Examples:\n  gradus reproduce --scale standard --dry-run\n  \
                            gradus reproduce table10 attention --data DIR --scale standard --jobs 2"
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
                            the first run chose its best epoch by; McNemar's test is on the examples that only one of the \
                            runs has right. For taggers an example is a sentence, right if all of its entities are; for \
                            readers a question, right if its answer matches exactly.\n\n\
                            Example: gradus compare runs/a runs/b --split test"
    )]
    Compare(CompareArgs),
    /// Print labels, entities or answers: for --text, or for each line of standard input.
    #[command(after_help = "Example: gradus predict runs/a --text 'a fine film' --json")]
    Predict(PredictArgs),
    /// List studies, data sets, models, losses, optimizers and all keys of a configuration.
    #[command(after_help = "Example: gradus list | less")]
    List,
    /// List the devices that a model can be trained on, or say why there is none but the CPU.
    Devices,
    /// List, check, describe and download data sets.
    #[command(after_help = "Examples:\n  gradus data list --data DIR\n  gradus data fetch mr --data DIR\n  \
                            gradus data check --data DIR\n  gradus data stats mr --data DIR --out DIR")]
    Data {
        #[command(subcommand)]
        what: Data,
    },
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
    Classify(Box<TrainArgs>),
    /// Named entities in sentences.
    #[command(
        after_help = "Examples:\n  gradus train tag --dataset names --loss focal --out runs/a\n  gradus train tag \
                            --dataset conll2003 --data DIR --set model.characters=cnn --seed 3 --out runs/b\n  gradus \
                            train tag --train mine.conll --format conll --set data.tag_column=2 --out runs/c"
    )]
    Tag(Box<TrainArgs>),
    /// Questions about a text, answered by a stretch of it.
    #[command(
        after_help = "Examples:\n  gradus train read --dataset passages --out runs/a\n  gradus train read --dataset squad \
                            --data DIR --contrastive encoding --set data.max_len=300 --out runs/b\n  gradus train read \
                            --train mine.json --format squad --out runs/c"
    )]
    Read(Box<ReadArgs>),
}

#[derive(Args)]
struct ReadArgs {
    #[command(flatten)]
    train: TrainArgs,
    /// Where context and question are compared: none, embedding, encoding or both.
    #[arg(long, value_name = "WHERE")]
    contrastive: Option<String>,
}

#[derive(Subcommand)]
enum Data {
    /// Print every data set: its task, what it is, its size, terms and address, and whether its files are there.
    #[command(after_help = "Example: gradus data list --data DIR --json")]
    List {
        /// The folder of the real data sets; else the environment variable GRADUS_DATA names it.
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
        /// Print a JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Check the files of data sets against the catalogue: SHA-256 and number of examples.
    #[command(
        after_help = "The exit code is 0 only if every file is right.\n\nExample: gradus data check sst2 imdb \
                            --data DIR"
    )]
    Check {
        /// Data sets; all that are in the folder, if none is given.
        names: Vec<String>,
        /// The folder of the real data sets; else the environment variable GRADUS_DATA names it.
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
    },
    /// Print sizes, lengths, labels and word frequencies of a data set, known or generated.
    #[command(
        after_help = "Words are those that a training run with the default configuration sees.\n\nExample: \
                            gradus data stats sst1 --data DIR --out plots"
    )]
    Stats {
        /// The data set.
        name: String,
        /// The folder of the real data sets; else the environment variable GRADUS_DATA names it.
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
        /// Where a plot of the words' counts by rank goes (NAME.words.svg).
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// So many of the most frequent words are printed.
        #[arg(long, value_name = "N", default_value_t = 20)]
        top: usize,
    },
    /// Download a data set, verify it, and put it into the data folder.
    #[command(
        after_help = "What has arrived when a download ends early is kept, and the same command goes on with it.\n\
                            Addresses can change: --from URL names another.\n\nExamples:\n  gradus data fetch imdb \
                            --data DIR\n  gradus data fetch sst1 --data DIR --from https://example.org/sentences/"
    )]
    Fetch {
        /// The data set.
        name: String,
        /// The folder of the real data sets, made if need be; else the environment variable GRADUS_DATA names it.
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
        /// Another address of the file; or, ending with /, of the folder of the files.
        #[arg(long, value_name = "URL")]
        from: Option<String>,
        /// Give up after so many tries in a row in which nothing new arrives.
        #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
        tries: u32,
        /// A try is over when nothing comes for so many seconds.
        #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
        timeout: u64,
    },
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
    /// Runs that go on at once, each with its share of the threads. Results do not depend on it.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: u16,
    /// Print which runs would be trained and how long they should take, and write nothing.
    #[arg(long)]
    dry_run: bool,
}

#[derive(Args)]
struct TrainArgs {
    /// The folder of the run.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Go on from the checkpoint in that folder.
    #[arg(long)]
    resume: bool,
    /// A data set, as `gradus list` names it.
    #[arg(long, value_name = "NAME", conflicts_with = "train")]
    dataset: Option<String>,
    /// One's own training file: a label and a text on each line; for tagging, columns of
    /// words and tags; for reading, SQuAD's JSON.
    #[arg(long, value_name = "FILE")]
    train: Option<PathBuf>,
    /// One's own development file; without it a tenth of the training file is held out.
    #[arg(long, value_name = "FILE", requires = "train")]
    dev: Option<PathBuf>,
    /// One's own test file; without it a tenth of the training file is held out.
    #[arg(long, value_name = "FILE", requires = "train")]
    test: Option<PathBuf>,
    /// The format of these files. Classification: auto, header (a first line that names columns), tab or space (between
    /// label and text); tagging: conll (data.word_column and data.tag_column say which columns); reading: squad.
    #[arg(long, value_name = "NAME", requires = "train")]
    format: Option<String>,
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
    /// Where to compute: cpu, cuda, cuda:N, or cuda-emulated in a build with that feature.
    #[arg(long, value_name = "NAME")]
    device: Option<String>,
    /// To what products on a CUDA device round their operands: f32 (as without the flag), tf32, bf16 (as with the flag alone) or f16
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "bf16")]
    precision: Option<String>,
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
    /// For a reader: the text that the questions are about.
    #[arg(long, value_name = "TEXT")]
    context: Option<String>,
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
    gradus_engine::instruction_set().map_err(anyhow::Error::msg)?;
    match cli.command {
        None => commands::reproduce(&Reproduce {
            studies: vec![],
            scale: Scale::Quick,
            data: None,
            out: "results".into(),
            sets: vec![],
            threads: 0,
            jobs: 1,
            dry_run: false,
        }),
        Some(Command::Reproduce(args)) => {
            let ReproduceArgs { studies, scale, data, out, sets, threads, jobs, dry_run } = args;
            let jobs = usize::from(jobs);
            commands::reproduce(&Reproduce { studies, scale, data, out, sets, threads, jobs, dry_run })
        }
        Some(Command::Train { task }) => {
            let (task, args, contrastive) = match task {
                Task::Classify(args) => ("classify", *args, None),
                Task::Tag(args) => ("tag", *args, None),
                Task::Read(args) => ("read", args.train, args.contrastive),
            };
            let sets = args.sets(task, contrastive)?;
            let TrainArgs { out, resume, config, data, .. } = args;
            commands::train(&Train { out, resume, config, sets, data })
        }
        Some(Command::Evaluate(EvaluateArgs { run, split, data, threads })) => {
            commands::evaluate(&run, split.into(), data.as_deref(), threads)
        }
        Some(Command::Compare(CompareArgs { a, b, split, data, threads, json })) => {
            commands::compare(&Compare { runs: [a, b], split: split.into(), data, threads, json })
        }
        Some(Command::Predict(PredictArgs { run, text, context, json })) => {
            let texts = if text.is_empty() { Texts::StandardInput } else { Texts::Given(text) };
            commands::predict(&run, texts, context, json)
        }
        Some(Command::List) => commands::list(),
        Some(Command::Devices) => commands::devices(),
        Some(Command::Data { what }) => data(what),
        Some(Command::Report { results }) => commands::report(&results),
    }
}

fn data(what: Data) -> anyhow::Result<()> {
    match what {
        Data::List { data, json } => commands::data::list(data.as_deref(), json),
        Data::Check { names, data } => commands::data::check(&names, data.as_deref()),
        Data::Stats { name, data, out, top } => {
            commands::data::stats(&name, data.as_deref(), out.as_deref(), top)
        }
        Data::Fetch { name, data, from, tries, timeout } => {
            let timeout = Duration::from_secs(timeout);
            commands::data::fetch(&Fetch { name, data, from, tries, timeout })
        }
    }
}

impl TrainArgs {
    /// The flags as settings, before those of --set, which may say otherwise.
    fn sets(&self, task: &str, contrastive: Option<String>) -> anyhow::Result<Vec<String>> {
        let path = |p: &Option<PathBuf>, flag: &str| -> anyhow::Result<Option<String>> {
            let Some(p) = p else { return Ok(None) };
            // The run must find it again from another folder.
            let p = std::path::absolute(p).with_context(|| format!("--{flag} {}", p.display()))?;
            let text = p.to_str().with_context(|| format!("--{flag} {}: expected UTF-8", p.display()))?;
            Ok(Some(text.to_owned()))
        };
        let flags = [
            ("task", Some(task.to_owned())),
            ("data.dataset", self.dataset.clone()),
            ("data.train", path(&self.train, "train")?),
            ("data.dev", path(&self.dev, "dev")?),
            ("data.test", path(&self.test, "test")?),
            ("data.format", self.format.clone()),
            ("data.embeddings", path(&self.embeddings, "embeddings")?),
            ("data.max_len", self.max_len.map(|n| n.to_string())),
            ("model.name", self.model.clone()),
            ("loss.name", self.loss.clone()),
            ("loss.contrastive", contrastive),
            ("seed", self.seed.map(|n| n.to_string())),
            ("threads", self.threads.map(|n| n.to_string())),
            ("device", self.device.clone()),
            ("precision", self.precision.clone()),
        ];
        let flags = flags.into_iter().filter_map(|(key, value)| Some(format!("{key}={}", value?)));
        Ok(flags.chain(self.sets.iter().cloned()).collect())
    }
}

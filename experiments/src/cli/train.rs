use super::threads;
use crate::commands::{self, Train};
use crate::data::encoding::Encoding;
use crate::run::AnyTask;
use crate::tasks::TASKS;
use anyhow::Context;
use clap::error::ErrorKind;
use clap::{ArgMatches, Args, Command, FromArgMatches, Subcommand};
use std::path::{Path, PathBuf};

/// A task and the flags of its training.
pub(super) struct TaskArgs {
    task: &'static dyn AnyTask,
    args: TrainArgs,
}

/// One subcommand per task of the registry. All have the same flags: each flag sets a key, and the configuration knows which
/// task the key belongs to.
impl Subcommand for TaskArgs {
    fn augment_subcommands(command: Command) -> Command {
        let subcommand = |command: Command, task: &&'static dyn AnyTask| {
            let examples: Vec<String> =
                task.usage().iter().map(|usage| format!("  gradus train {} {usage}", task.name())).collect();
            let help = format!(
                "Examples:\n{}\n\ngradus list prints data sets, models, losses, metrics, and all keys with their defaults.",
                examples.join("\n")
            );
            let named = Command::new(task.name()).about(task.about()).after_help(help);
            command.subcommand(TrainArgs::augment_args(named))
        };
        TASKS.iter().fold(command.subcommand_required(true).arg_required_else_help(true), subcommand)
    }

    fn augment_subcommands_for_update(command: Command) -> Command {
        Self::augment_subcommands(command)
    }

    fn has_subcommand(name: &str) -> bool {
        TASKS.iter().any(|task| task.name() == name)
    }
}

impl FromArgMatches for TaskArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let found = matches.subcommand().and_then(|(name, matches)| {
            TASKS.iter().find(|task| task.name() == name).map(|task| (*task, matches))
        });
        let (task, matches) = found.ok_or_else(|| clap::Error::new(ErrorKind::MissingSubcommand))?;
        Ok(TaskArgs { task, args: TrainArgs::from_arg_matches(matches)? })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[derive(Args)]
struct TrainArgs {
    /// The folder for the run.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Continue the run in that folder from its checkpoint.
    #[arg(long)]
    resume: bool,
    /// Replace the run in that folder.
    #[arg(long, conflicts_with = "resume")]
    overwrite: bool,
    /// The name of a data set (gradus data list prints them).
    #[arg(long, value_name = "NAME", conflicts_with = "train")]
    dataset: Option<String>,
    /// Your training file (or folder): labels and texts, columns of words and tags, or questions.
    #[arg(long, value_name = "FILE")]
    train: Option<PathBuf>,
    /// Your development file; without it a tenth of the training file is held out.
    #[arg(long, value_name = "FILE")]
    dev: Option<PathBuf>,
    /// Your test file; without it a tenth of the training file is held out.
    #[arg(long, value_name = "FILE")]
    test: Option<PathBuf>,
    /// The format of your files; if you name it, nothing is guessed. gradus list prints the formats of each task.
    #[arg(long, value_name = "NAME")]
    format: Option<String>,
    /// The encoding of your files: utf-8, latin-1, windows-1252, utf-16, gb18030.
    #[arg(long, value_name = "NAME")]
    encoding: Option<String>,
    /// The column of your files that holds the text, by name or by number from 1.
    #[arg(long, value_name = "NAME")]
    text_column: Option<String>,
    /// The column of your files that holds the label, by name or by number from 1.
    #[arg(long, value_name = "NAME")]
    label_column: Option<String>,
    /// The folder of the real data sets [default: the environment variable GRADUS_DATA].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The model.
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// The loss.
    #[arg(long, value_name = "NAME")]
    loss: Option<String>,
    /// Pretrained word vectors in GloVe's text format, which may be compressed (.gz).
    #[arg(long, value_name = "FILE")]
    embeddings: Option<PathBuf>,
    /// The most words of a text to keep; 0 keeps all.
    #[arg(long, value_name = "N")]
    max_len: Option<usize>,
    /// The seed for the initial weights, dropout and the order of the examples.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// The number of threads; 0 means one per core. Results do not depend on it.
    #[arg(long, value_name = "N", value_parser = threads)]
    threads: Option<usize>,
    /// The device: cpu, cuda, cuda:N, or cuda-emulated in a build with the feature cuda-emulator.
    #[arg(long, value_name = "NAME")]
    device: Option<String>,
    /// The precision of matrix products on a CUDA device: f32 (the default), tf32, bf16 (if the flag has no value) or f16.
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "bf16")]
    precision: Option<String>,
    /// A configuration file (TOML); flags and --set override it.
    #[arg(long, value_name = "FILE", conflicts_with = "resume")]
    config: Option<PathBuf>,
    /// A setting, such as optimizer.lr=1e-3; may be repeated. A key that has no effect on this run is an error.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    sets: Vec<String>,
}

impl TaskArgs {
    pub fn run(self) -> anyhow::Result<()> {
        let sets = self.args.sets(self.task)?;
        let TrainArgs { out, resume, overwrite, config, data, .. } = self.args;
        let task = self.task.name();
        commands::train(&Train { task, out, resume, overwrite, config, sets, data })
    }
}

impl TrainArgs {
    /// The flags as settings, followed by those of --set, which override them.
    fn sets(&self, task: &dyn AnyTask) -> anyhow::Result<Vec<String>> {
        let path = |path: &Option<PathBuf>, flag: &str| -> anyhow::Result<Option<String>> {
            let text = |path: &Path| {
                let text =
                    path.to_str().with_context(|| format!("--{flag} {}: expected UTF-8", path.display()));
                text.map(String::from)
            };
            path.as_deref().map(text).transpose()
        };
        let flags = [
            ("task", Some(task.name().to_owned())),
            ("data.dataset", self.dataset.clone()),
            ("data.train", path(&self.train, "train")?),
            ("data.dev", path(&self.dev, "dev")?),
            ("data.test", path(&self.test, "test")?),
            ("data.format", self.format.clone()),
            ("data.encoding", self.encoding.as_deref().map(encoding)),
            ("data.text_column", self.text_column.clone()),
            ("data.label_column", self.label_column.clone()),
            ("data.embeddings", path(&self.embeddings, "embeddings")?),
            ("data.max_len", self.max_len.map(|n| n.to_string())),
            ("model.name", self.model.clone()),
            ("loss.name", self.loss.clone()),
            ("seed", self.seed.map(|n| n.to_string())),
            ("threads", self.threads.map(|n| n.to_string())),
            ("device", self.device.clone()),
            ("precision", self.precision.clone()),
        ];
        let flags = flags.into_iter().filter_map(|(key, value)| Some(format!("{key}={}", value?)));
        Ok(flags.chain(self.sets.iter().cloned()).collect())
    }
}

/// The name of an encoding by which a configuration knows it: `cp1252` is another for windows-1252.
fn encoding(name: &str) -> String {
    name.parse().map_or_else(|_: String| name.to_owned(), |encoding: Encoding| encoding.name().to_owned())
}

use super::threads;
use crate::commands::{self, Train};
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

/// A subcommand for each task of the registry, all with the same flags: a flag is a key, and whose key it is the
/// configuration knows.
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
    /// The folder of the run.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Continue from the checkpoint in that folder.
    #[arg(long)]
    resume: bool,
    /// Replace the run in that folder.
    #[arg(long, conflicts_with = "resume")]
    overwrite: bool,
    /// A data set, as gradus data list names it.
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
    /// The format of your files; with it nothing is guessed. gradus list names the formats of each task.
    #[arg(long, value_name = "NAME")]
    format: Option<String>,
    /// The encoding of your files: utf-8, latin-1, windows-1252, utf-16, gb18030.
    #[arg(long, value_name = "NAME")]
    encoding: Option<String>,
    /// The column of the texts in your files, by name or number from 1.
    #[arg(long, value_name = "NAME")]
    text_column: Option<String>,
    /// The column of the labels in your files, by name or number from 1.
    #[arg(long, value_name = "NAME")]
    label_column: Option<String>,
    /// The folder of the real data sets; else the environment variable GRADUS_DATA names it.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The architecture.
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// The loss.
    #[arg(long, value_name = "NAME")]
    loss: Option<String>,
    /// Word vectors to start from, in GloVe's text format; may be compressed (.gz).
    #[arg(long, value_name = "FILE")]
    embeddings: Option<PathBuf>,
    /// Words kept of each text; 0 keeps all.
    #[arg(long, value_name = "N")]
    max_len: Option<usize>,
    /// The seed of weights, dropout and the order of the examples.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Threads; 0 is one for each core. Results do not depend on it.
    #[arg(long, value_name = "N", value_parser = threads)]
    threads: Option<usize>,
    /// Where to compute: cpu, cuda, cuda:N, or cuda-emulated in a build with that feature.
    #[arg(long, value_name = "NAME")]
    device: Option<String>,
    /// The type to which matrix products on a CUDA device round their operands: f32 (as without the flag), tf32, bf16 (as
    /// with the flag alone) or f16.
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "bf16")]
    precision: Option<String>,
    /// A configuration file (TOML), overlaid by flags and --set.
    #[arg(long, value_name = "FILE", conflicts_with = "resume")]
    config: Option<PathBuf>,
    /// A setting, such as optimizer.lr=1e-3; may be repeated. A key without effect on this run is an error.
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
    /// The flags as settings, before those of --set, which may say otherwise.
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
            ("data.encoding", self.encoding.clone()),
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

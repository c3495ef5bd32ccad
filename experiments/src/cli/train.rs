use crate::commands::{self, Train};
use crate::config::ConfigError;
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
            let keys = task.keys();
            let hidden =
                FLAGS.iter().filter(|(_, key)| !keys.has(key)).map(|(flag, _)| flag.replace('-', "_"));
            let all = TrainArgs::augment_args(named);
            command.subcommand(hidden.fold(all, |all, flag| all.mut_arg(flag, |arg| arg.hide(true))))
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
    /// Your training file; gradus list prints the formats of each task, some of which are folders.
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
    /// The ending of your files of translations, which stand beside those of the sources: with de, the translations of train.en are in
    /// train.de. Without it, each line of a file has a source, a tab and its translations, separated by tabs.
    #[arg(long, value_name = "ENDING")]
    target: Option<String>,
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
    /// The most words of a text to keep (of a context that questions are about: in training); 0 keeps all. For BERT the most word
    /// pieces, which are never more than the model has positions; for translators the most subwords, at least 2.
    #[arg(long, value_name = "N")]
    max_len: Option<String>,
    /// The seed for the initial weights, dropout and the order of the examples.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    seed: Option<String>,
    /// The number of threads; 0 means one per core. Results do not depend on it.
    #[arg(long, value_name = "N")]
    threads: Option<String>,
    /// The device: cpu, cuda, cuda:N, or cuda-emulated in a build with the feature cuda-emulator.
    #[arg(long, value_name = "NAME")]
    device: Option<String>,
    /// The precision of matrix products on a CUDA device: f32 (the default), tf32, bf16 (if the flag has no value) or f16.
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "bf16")]
    precision: Option<String>,
    /// A configuration file (TOML); flags and --set override it.
    #[arg(long, value_name = "FILE", conflicts_with = "resume")]
    config: Option<PathBuf>,
    /// A setting, such as optimizer.lr=1e-3; may be repeated for other keys. A key that has no effect on this run is an error.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    sets: Vec<String>,
}

/// Each flag with the key that it sets. A flag whose key a task does not have is hidden from the task's help.
pub(super) const FLAGS: [(&str, &str); 17] = [
    ("dataset", "data.dataset"),
    ("train", "data.train"),
    ("dev", "data.dev"),
    ("test", "data.test"),
    ("format", "data.format"),
    ("encoding", "data.encoding"),
    ("target", "data.target"),
    ("text-column", "data.text_column"),
    ("label-column", "data.label_column"),
    ("embeddings", "data.embeddings"),
    ("max-len", "data.max_len"),
    ("model", "model.name"),
    ("loss", "loss.name"),
    ("seed", "seed"),
    ("threads", "threads"),
    ("device", "device"),
    ("precision", "precision"),
];

impl TaskArgs {
    pub fn run(self) -> anyhow::Result<()> {
        let task = self.task.name();
        let named = (format!("task={task}"), format!("gradus train {task}"));
        let flags: Vec<(String, String)> = std::iter::once(named).chain(self.args.flags()?).collect();
        let sets = flags.iter().map(|(setting, _)| setting.clone()).chain(self.args.sets).collect();
        let TrainArgs { out, resume, overwrite, config, data, .. } = self.args;
        let trained = commands::train(&Train { task, out, resume, overwrite, config, sets, data });
        trained.map_err(|error| match error.downcast::<ConfigError>() {
            Ok(error) => error.of_flags(&flags).into(),
            Err(error) => error,
        })
    }
}

impl TrainArgs {
    /// The flags as settings, `key=value`, each with the flag as typed.
    fn flags(&self) -> anyhow::Result<Vec<(String, String)>> {
        let path = |path: &Option<PathBuf>, flag: &str| -> anyhow::Result<Option<String>> {
            let text = |path: &Path| {
                let text =
                    path.to_str().with_context(|| format!("--{flag} {}: expected UTF-8", path.display()));
                text.map(String::from)
            };
            path.as_deref().map(text).transpose()
        };
        let values = [
            self.dataset.clone(),
            path(&self.train, "train")?,
            path(&self.dev, "dev")?,
            path(&self.test, "test")?,
            self.format.clone(),
            self.encoding.as_deref().map(encoding),
            self.target.clone(),
            self.text_column.clone(),
            self.label_column.clone(),
            path(&self.embeddings, "embeddings")?,
            self.max_len.clone(),
            self.model.clone(),
            self.loss.clone(),
            self.seed.clone(),
            self.threads.clone(),
            self.device.clone(),
            self.precision.clone(),
        ];
        let setting = |((flag, key), value): (&(&str, &str), Option<String>)| {
            let value = value?;
            Some((format!("{key}={value}"), format!("--{flag} {value}")))
        };
        Ok(FLAGS.iter().zip(values).filter_map(setting).collect())
    }
}

/// The name of an encoding by which a configuration knows it: `cp1252` is another for windows-1252.
fn encoding(name: &str) -> String {
    name.parse().map_or_else(|_: String| name.to_owned(), |encoding: Encoding| encoding.name().to_owned())
}

use crate::commands;
use crate::commands::data::Fetch;
use clap::Subcommand;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Subcommand)]
pub(super) enum DataCommand {
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
        /// How many of the most frequent words are printed.
        #[arg(long, value_name = "N", default_value_t = 20)]
        top: usize,
    },
    /// Download a data set, verify it, and put it into the data folder.
    #[command(
        after_help = "What has arrived when a download ends early is kept, and the same command continues from there.\n\
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
        /// Give up after N attempts in a row without progress.
        #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
        tries: u32,
        /// An attempt ends after this many seconds without data.
        #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
        timeout: u64,
    },
}

impl DataCommand {
    pub fn run(self) -> anyhow::Result<()> {
        match self {
            DataCommand::List { data, json } => commands::data::list(data.as_deref(), json),
            DataCommand::Check { names, data } => commands::data::check(&names, data.as_deref()),
            DataCommand::Stats { name, data, out, top } => {
                commands::data::stats(&name, data.as_deref(), out.as_deref(), top)
            }
            DataCommand::Fetch { name, data, from, tries, timeout } => {
                let timeout = Duration::from_secs(timeout);
                commands::data::fetch(&Fetch { name, data, from, tries, timeout })
            }
        }
    }
}

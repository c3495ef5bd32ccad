use crate::commands;
use crate::commands::data::Fetch;
use clap::Subcommand;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Subcommand)]
pub(super) enum DataCommand {
    /// List all data sets: task, description, size, licence and address, and whether the files are there.
    #[command(after_help = "Example: gradus data list --data DIR --json")]
    List {
        /// The folder of the real data sets [default: the environment variable GRADUS_DATA].
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
        /// Print a JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Check the files of data sets against the catalogue: SHA-256 and number of examples.
    #[command(
        after_help = "The exit code is 0 only if all files are right.\n\nExample: gradus data check sst2 imdb \
                            --data DIR"
    )]
    Check {
        /// Names of data sets [default: all that are in the folder].
        names: Vec<String>,
        /// The folder of the real data sets [default: the environment variable GRADUS_DATA].
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
    },
    /// Print sizes, lengths, labels and word frequencies of a data set, known or generated.
    #[command(
        after_help = "Words are counted as a training run with the default configuration reads them.\n\nExample: \
                            gradus data stats sst1 --data DIR --out plots"
    )]
    Stats {
        /// The name of the data set.
        name: String,
        /// The folder of the real data sets [default: the environment variable GRADUS_DATA].
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
        /// A folder for a plot of word counts by rank (NAME.words.svg).
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// How many of the most frequent words to print.
        #[arg(long, value_name = "N", default_value_t = 20)]
        top: usize,
    },
    /// Download a data set, verify it, and put it into the data folder.
    #[command(
        after_help = "An interrupted download is kept, and the same command resumes it.\nIf an address has \
                            changed, name the new one with --from URL.\n\nExamples:\n  gradus data fetch imdb \
                            --data DIR\n  gradus data fetch sst1 --data DIR --from https://example.org/sentences/"
    )]
    Fetch {
        /// The name of the data set.
        name: String,
        /// The folder of the real data sets, created if necessary [default: the environment variable GRADUS_DATA].
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
        /// Download from this address: that of the file or, if it ends with /, of the folder of the files.
        #[arg(long, value_name = "URL")]
        from: Option<String>,
        /// Give up after N attempts in a row without progress.
        #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
        tries: u32,
        /// End an attempt after SECONDS without data.
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

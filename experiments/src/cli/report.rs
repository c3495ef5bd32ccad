use super::PlaceArgs;
use crate::commands::{self, Report};
use clap::Args;
use std::path::PathBuf;

/// Build the report of a results folder from its result files, or of your own runs.
#[derive(Args)]
#[command(
    after_help = "The report of runs has curves, metrics, the confusion of labels, the worst mistakes on the test split, and \
                  the settings in which the runs differ.\n\nExamples:\n  gradus report results/\n  gradus report runs/a \
                  runs/b --out report --data DIR"
)]
pub(super) struct ReportArgs {
    /// A results folder, or the folders of runs.
    #[arg(required = true)]
    folders: Vec<PathBuf>,
    /// Where the report of runs is written [default: report]; that of results is written into their folder.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    place: PlaceArgs,
}

impl ReportArgs {
    pub fn run(self) -> anyhow::Result<()> {
        let ReportArgs { folders, out, place } = self;
        let (place, threads) = place.place();
        commands::report(&Report { folders, out, place, threads })
    }
}

use super::{MovedArgs, PlaceArgs};
use crate::commands::{self, Report};
use clap::Args;
use std::path::PathBuf;

/// Write the report of your runs, or of a results folder.
#[derive(Args)]
#[command(
    after_help = "The report of runs shows training curves, metrics, confusion matrices, the worst mistakes on the test split, \
                  and the settings in which the runs differ.\n\nExamples:\n  gradus report results/\n  gradus report runs/a \
                  runs/b --out report --data DIR"
)]
pub(super) struct ReportArgs {
    /// The folders of runs, or one results folder of gradus reproduce.
    #[arg(required = true)]
    folders: Vec<PathBuf>,
    /// The folder for the report of runs [default: report]; that of results is written into their folder.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    moved: MovedArgs,
    #[command(flatten)]
    place: PlaceArgs,
}

impl ReportArgs {
    pub fn run(self) -> anyhow::Result<()> {
        let ReportArgs { folders, out, moved, place } = self;
        let (place, threads) = moved.place(place);
        commands::report(&Report { folders, out, place, threads })
    }
}

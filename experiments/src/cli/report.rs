use crate::commands;
use clap::Args;
use std::path::PathBuf;

/// Build the report of a results folder from its result files, or of your own runs.
#[derive(Args)]
#[command(after_help = "Examples:\n  gradus report results/\n  gradus report runs/a runs/b --out report")]
pub(super) struct ReportArgs {
    /// A results folder, or the folders of runs.
    #[arg(required = true)]
    folders: Vec<PathBuf>,
    /// Where the report of runs is written.
    #[arg(long, value_name = "DIR", default_value = "report")]
    out: PathBuf,
}

impl ReportArgs {
    pub fn run(self) -> anyhow::Result<()> {
        commands::report(&self.folders, &self.out)
    }
}

use super::{PlaceArgs, SplitName};
use crate::commands::{self, Compare};
use clap::Args;
use std::path::PathBuf;

/// Print the metrics of two trained models side by side, whether they differ, and in which settings.
#[derive(Args)]
#[command(
    after_help = "The test is the paired bootstrap on the examples of the split (10,000 resamples), by the metric that the \
                  first run chose its best epoch by; McNemar's test is on the examples that only one of the runs has \
                  right. For taggers an example is a sentence, right if all of its entities are; for readers a question, \
                  right if its answer matches exactly.\n\nExample: gradus compare runs/a runs/b --split test"
)]
pub(super) struct CompareArgs {
    /// The folder of a run.
    a: PathBuf,
    /// The folder of another run, trained on the same data.
    b: PathBuf,
    /// Which split.
    #[arg(long, default_value = "test")]
    split: SplitName,
    /// A labelled file of yours in the place of the split; the runs may be of different data then.
    #[arg(long, value_name = "FILE", conflicts_with = "split")]
    file: Option<PathBuf>,
    #[command(flatten)]
    place: PlaceArgs,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl CompareArgs {
    pub fn run(self) -> anyhow::Result<()> {
        let CompareArgs { a, b, split, file, place, json } = self;
        let (place, threads) = place.place();
        commands::compare(&Compare { runs: [a, b], split: split.into(), file, place, threads, json })
    }
}

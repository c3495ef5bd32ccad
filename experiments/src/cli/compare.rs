use super::{MovedArgs, PlaceArgs, SplitName};
use crate::commands::{self, Compare};
use clap::Args;
use std::path::PathBuf;

/// Compare two trained models: metrics side by side, tests of significance, and the settings that differ.
#[derive(Args)]
#[command(
    after_help = "The difference is tested by a paired bootstrap over the examples (10,000 resamples), on the metric by which \
                  the first run chose its best epoch, and by McNemar's test on the examples that only one of the runs \
                  gets right. An example must be right as a whole: all entities of a sentence, or an answer that matches \
                  exactly. Runs whose metrics are different quantities, such as the recall of different labels \
                  (data.positive), are refused.\n\nExample: gradus compare runs/a runs/b --split test"
)]
pub(super) struct CompareArgs {
    /// The folder of the first run.
    a: PathBuf,
    /// The folder of the second run, trained on the same data.
    b: PathBuf,
    /// The split to compare on.
    #[arg(long, default_value = "test")]
    split: SplitName,
    /// Compare on your own labelled file instead of a split; the runs may then be trained on different data.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["split", "train", "dev", "test"])]
    file: Option<PathBuf>,
    #[command(flatten)]
    moved: MovedArgs,
    #[command(flatten)]
    place: PlaceArgs,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl CompareArgs {
    pub fn run(self) -> anyhow::Result<()> {
        let CompareArgs { a, b, split, file, moved, place, json } = self;
        let (place, threads) = moved.place(place);
        commands::compare(&Compare { runs: [a, b], split: split.into(), file, place, threads, json })
    }
}

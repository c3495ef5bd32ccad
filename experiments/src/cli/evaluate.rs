use super::{MovedArgs, PlaceArgs, SplitName};
use crate::commands::{self, Evaluate, Other};
use clap::Args;
use std::path::PathBuf;

/// Print the metrics of a trained model on a split, a labelled file or another data set, and write its predictions.
#[derive(Args)]
#[command(after_help = "The predictions are a file in the run's folder, predictions.SPLIT.EXTENSION, or \
                  predictions.NAME.EXTENSION for a --file NAME (NAME.file if it is named like a split, NAME.2 if there are \
                  predictions on another file of this name), or \
                  predictions.NAME.SPLIT.EXTENSION for a --dataset NAME. A classifier writes a table with the right and \
                  the predicted label, its probability and the text; if a text may have several labels, each field of \
                  labels is a JSON list, [\"a\",\"b\"]. A tagger writes columns separated by single spaces: the word, its \
                  right and its predicted tag, and, if these are not in IOB2, both again in IOB2. White space and control \
                  characters in a word or tag are written as in a URL (%20), and so is a % before two hexadecimal digits \
                  (%C3 becomes %25C3).\n\nExamples:\n  gradus evaluate runs/a --split test --data DIR\n  gradus evaluate \
                  runs/a --file other.tsv --json\n  gradus evaluate runs/a --dataset domain-2")]
pub(super) struct EvaluateArgs {
    /// The folder of the run.
    run: PathBuf,
    /// The split to evaluate on.
    #[arg(long, default_value = "test")]
    split: SplitName,
    /// Evaluate on your own labelled file instead of a split; it has the format of the training file.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["split", "train", "dev", "test"])]
    file: Option<PathBuf>,
    /// Evaluate on this split of another data set of the task, with the same labels; the run's limits hold for it, too.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["file", "train", "dev", "test"])]
    dataset: Option<String>,
    #[command(flatten)]
    moved: MovedArgs,
    #[command(flatten)]
    place: PlaceArgs,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl EvaluateArgs {
    pub fn run(self) -> anyhow::Result<()> {
        let EvaluateArgs { run, split, file, dataset, moved, place, json } = self;
        let (place, threads) = moved.place(place);
        let other = file.map(Other::File).or(dataset.map(Other::Set));
        commands::evaluate(&Evaluate { run, split: split.into(), other, place, threads, json })
    }
}

use super::{MovedArgs, PlaceArgs};
use crate::commands::{self, Compress};
use crate::run::Compression;
use anyhow::bail;
use clap::Args;
use std::path::PathBuf;

/// Make a smaller run from a trained one: weights in int8, without the smallest ones, or both.
#[derive(Args)]
#[command(
    after_help = "The new folder is a run that evaluate, predict, explain, attack and compare read like any other; training cannot \
                  be continued in it. Weights are the parameters with two axes or more, such as matrices and tables of vectors; \
                  biases and layer norms stay as they are. The command prints the parameters, the bytes and the metrics on dev before \
                  and after.\n\nWith --int8, dense layers and the input of LSTMs multiply in int8; all other layers read the weights \
                  as f32 when the run is loaded. Weights that are 0 are left out of the file if it becomes smaller; they save bytes, \
                  but no time. A run of gradus train masked keeps a folder pretrained, with the compressed values as f32.\n\nExamples:\n  gradus compress runs/a --int8 --out runs/a-int8\n  gradus compress runs/a --prune \
                  0.7 --int8 --out runs/a-small"
)]
pub(super) struct CompressArgs {
    /// The folder of the run.
    run: PathBuf,
    /// The folder for the compressed run; new or empty.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Store each weight in a byte, with a scale for each output or word.
    #[arg(long)]
    int8: bool,
    /// The share of all weights to set to 0, such as 0.5: those with the smallest absolute values.
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true, value_parser = share)]
    prune: Option<f64>,
    #[command(flatten)]
    moved: MovedArgs,
    #[command(flatten)]
    place: PlaceArgs,
}

/// Parses a share between 0 and 1.
fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| *share > 0.0 && *share < 1.0);
    share.ok_or_else(|| "expected a share between 0 and 1, such as 0.5".into())
}

impl CompressArgs {
    pub fn run(self) -> anyhow::Result<()> {
        let CompressArgs { run, out, int8, prune, moved, place } = self;
        if !int8 && prune.is_none() {
            bail!("expected --int8, --prune SHARE or both; without them there is nothing to do");
        }
        let (place, threads) = moved.place(place);
        let compression = Compression { int8, pruned: prune.unwrap_or(0.0) };
        commands::compress(&Compress { run, out, compression, place, threads })
    }
}

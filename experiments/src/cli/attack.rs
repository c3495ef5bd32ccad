use super::{MovedArgs, PlaceArgs, SplitName};
use crate::attack::{Kind, Plan};
use crate::commands::{self, Attack};
use anyhow::bail;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Change words of a split so that a trained model gets them wrong, and print what is left of its metrics.
#[derive(Args)]
#[command(
    after_help = "An attack changes single words of each example that the model gets right, until it gets it wrong or the budget \
                  is spent.\n\n  characters  misspells words: two inner letters swapped, one dropped, or one replaced by a \
                  neighbour on the keyboard\n  words       replaces words by the nearest ones in the model's table of \
                  vectors\n  hotflip     replaces the words for which the gradient predicts the largest loss\n\nReplacements of \
                  a tagger's words have the same tag, and words of entities are only misspelt. Of a reader, words of the \
                  context are changed, but none of an answer. A query is a text that the model had to read, or a gradient. The \
                  same seed gives the same attack.\n\nIn JSON, right and \
                  predicted are what is right and what the model says after the attack; both are null for an example that the \
                  model still gets right.\n\nExamples:\n  gradus attack runs/a --kind words --budget 2\n  gradus \
                  attack runs/a --split dev --kind hotflip --limit 500 --format json"
)]
pub(super) struct AttackArgs {
    /// The folder of the run.
    run: PathBuf,
    /// The split to attack.
    #[arg(long, default_value = "test")]
    split: SplitName,
    /// Attack your own labelled file instead of a split; it has the format of the training file.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["split", "train", "dev", "test"])]
    file: Option<PathBuf>,
    /// What to do to a word.
    #[arg(long, value_name = "NAME", default_value = "characters")]
    kind: KindName,
    /// The most words to change in an example; at least 1.
    #[arg(long, value_name = "N", default_value_t = 3)]
    budget: usize,
    /// The most examples to attack, drawn by the seed; 0 means all.
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
    /// The seed of the examples and misspellings that are drawn.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// The smallest cosine between a word and its replacement, for --kind words [default: 0.5].
    #[arg(long, value_name = "COSINE", allow_negative_numbers = true)]
    similarity: Option<f64>,
    /// The form of the output.
    #[arg(long, value_name = "NAME", default_value = "terminal")]
    format: FormName,
    #[command(flatten)]
    moved: MovedArgs,
    #[command(flatten)]
    place: PlaceArgs,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum KindName {
    Characters,
    Words,
    Hotflip,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormName {
    Terminal,
    Json,
}

impl From<KindName> for Kind {
    fn from(name: KindName) -> Self {
        match name {
            KindName::Characters => Kind::Characters,
            KindName::Words => Kind::Words,
            KindName::Hotflip => Kind::HotFlip,
        }
    }
}

impl AttackArgs {
    pub fn run(self) -> anyhow::Result<()> {
        let AttackArgs { run, split, file, kind, budget, limit, seed, similarity, format, moved, place } =
            self;
        if budget == 0 {
            bail!("--budget: expected at least 1 word to change, found 0");
        }
        match similarity {
            Some(_) if kind != KindName::Words => {
                bail!("--similarity has an effect only with --kind words; leave it out, or choose that kind")
            }
            Some(cosine) if !(-1.0..=1.0).contains(&cosine) => {
                bail!("--similarity: expected a cosine from -1 to 1, found {cosine}")
            }
            Some(_) | None => {}
        }
        let (place, threads) = moved.place(place);
        let similarity = similarity.unwrap_or(Plan::SIMILARITY);
        commands::attack(&Attack {
            run,
            split: split.into(),
            file,
            plan: Plan { kind: kind.into(), budget, limit, seed, similarity },
            json: format == FormName::Json,
            place,
            threads,
        })
    }
}

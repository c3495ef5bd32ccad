//! Attacks: small changes of a text that make a model wrong.
//!
//! An attack takes an example that the model gets right and changes single words of it, at most as many as its budget, until the
//! model gets it wrong. It reads the words and calls the model through the trait [`Changes`], which each task implements.
//!
//! | file | holds |
//! | --- | --- |
//! | `changes` | the trait [`Changes`]: the words of an example, and the model's output and loss for changed words |
//! | `space` | the words of the model's embedding table, with their vectors |
//! | `characters` | misspellings of a word |
//! | `nearest` | the words whose vectors are most similar to that of a word |
//! | `hotflip` | the replacements for which the gradient predicts the largest loss |
//! | `search` | which changes are tried, in which order |

mod changes;
mod characters;
mod hotflip;
mod nearest;
mod search;
mod space;
#[cfg(test)]
mod tests;

pub use changes::{Changes, Victim};
pub use search::{After, Outcome, attack};
pub use space::Space;

/// The maximum length of an example in words; longer ones are not attacked, since the number of queries grows with the length.
pub const MOST_WORDS: usize = 1024;

/// The size of a batch of queries.
pub const BATCH: usize = 64;

/// What an attack does to a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Misspells it.
    Characters,
    /// Replaces it by a word with a similar vector.
    Words,
    /// Replaces it by the word with which the loss grows most, to first order.
    HotFlip,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 3] = [Kind::Characters, Kind::Words, Kind::HotFlip];

    /// Its name, as in `--kind NAME`.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Characters => "characters",
            Kind::Words => "words",
            Kind::HotFlip => "hotflip",
        }
    }
}

/// The settings of an attack.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// What it does to a word.
    pub kind: Kind,
    /// The most words to change in an example.
    pub budget: usize,
    /// The most examples to attack; 0 means all.
    pub limit: usize,
    /// The seed of the examples that are drawn and of the misspellings.
    pub seed: u64,
    /// The smallest cosine between a word and its replacement, for [`Kind::Words`].
    pub similarity: f64,
}

impl Plan {
    /// The cosine of [`Plan::similarity`] if none is given.
    pub const SIMILARITY: f64 = 0.5;

    /// What the attack does to a word, for a report; `tags` says whether words have tags.
    pub fn rule(&self, tags: bool) -> String {
        let tag = match tags {
            true => ", which has the same tag most often in this split",
            false => "",
        };
        match self.kind {
            Kind::Characters => {
                "two inner letters of a word swapped, one dropped, or one replaced by a neighbour on the \
                                 keyboard"
                    .into()
            }
            Kind::Words => format!(
                "a word replaced by one of the {} nearest words of the model's table with a cosine of at least {}{tag}",
                nearest::MOST,
                self.similarity
            ),
            Kind::HotFlip => format!(
                "a word replaced by the one of the model's table for which the gradient predicts the largest loss{tag}"
            ),
        }
    }
}

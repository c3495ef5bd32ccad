//! Attacks: small changes of a text that make a model wrong.
//!
//! An attack changes single words of an example that the model gets right, at most as many as its budget, and stops as soon as
//! the model is wrong. It sees the words and what the model makes of them ([`Changes`]); it knows no task.
//!
//! | file | holds |
//! | --- | --- |
//! | `changes` | the trait [`Changes`]: an example's words, and what the model makes of others in their place |
//! | `space` | the words of the model's table by their vectors |
//! | `characters` | misspellings of a word |
//! | `nearest` | words that are like a word |
//! | `hotflip` | words that the gradient says would hurt most |
//! | `search` | the search for changes within the budget |

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

/// The most words of an example that is attacked: the number of queries grows with it.
pub const MOST_WORDS: usize = 1024;

/// The size of a batch of queries.
pub const BATCH: usize = 64;

/// What an attack does to a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Misspells it.
    Characters,
    /// Replaces it by a word with a similar vector.
    Words,
    /// Replaces it by the word with which the loss grows most, to first order.
    HotFlip,
}

impl Kind {
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

    /// What the attack does, for a reader; `tags` says whether words have tags.
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

//! What is measured on a finished run beside the metrics on its own data.

use crate::attack::Kind;
use crate::explain::Method;
use crate::run::{Better, Metric, Unit};

/// One thing that is measured with the parameters of a run's best epoch. Each gives named numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trial {
    /// The task's metrics on the test split of another data set.
    On(&'static str),
    /// What an attack on the test split leaves: the share of examples that are still right (`accuracy`) of those that were right
    /// before (`clean`), and the mean number of queries for an example (`queries`).
    Attack {
        /// What is done to a word.
        kind: Kind,
        /// The most words to change in an example.
        budget: usize,
        /// The number of examples, drawn by a fixed seed.
        limit: usize,
    },
    /// How faithful the explanations of outputs for the test split are, in the mean: the areas under the deletion and the
    /// insertion curve (`deletion`, `insertion`), and the rank correlation with the other methods (`agreement`).
    Explained {
        /// The method; none for a random order of the words, as the control.
        by: Option<Method>,
        /// The number of examples, drawn by a fixed seed.
        limit: usize,
    },
    /// The perplexity of tokens of the test text before each of which a language model sees exactly this many; and of a generated
    /// text the perplexity that none can go under, [`FLOOR`](crate::run::FLOOR).
    Within {
        /// How many tokens are seen.
        tokens: usize,
        /// How many are predicted: the same in all trials with this number.
        limit: usize,
    },
    /// How rich the words of the training translations are: [`TYPE_TOKEN_RATIO`](crate::run::TYPE_TOKEN_RATIO) and
    /// [`PIECES_PER_WORD`](crate::run::PIECES_PER_WORD).
    Richness,
    /// The task's metrics on its own test split after compression ([`Compression`](crate::run::Compression)), [`MEGABYTES`] and
    /// [`THROUGHPUT`].
    Compressed {
        /// Whether weights are in int8.
        int8: bool,
        /// The share of weights, in percent, that are set to 0.
        pruned: u8,
    },
}

/// The size of the file of parameters, in 10⁶ bytes.
pub const MEGABYTES: Metric = Metric { name: "megabytes", better: Better::Smaller, unit: Unit::Plain };
/// Test examples per second on one thread.
pub const THROUGHPUT: Metric =
    Metric { name: "examples per second on one thread", better: Better::Larger, unit: Unit::Plain };

/// The name of a random order of the words.
const RANDOM: &str = "random";
/// What the name of a trial on a set begins with.
const ON: &str = "on ";

impl Trial {
    /// The set of a trial [`On`](Trial::On) one, from its name in a result file; none for other trials.
    pub fn set_of(name: &str) -> Option<&str> {
        name.strip_prefix(ON)
    }

    /// Its name in result files.
    pub fn name(self) -> String {
        match self {
            Trial::On(set) => format!("{ON}{set}"),
            Trial::Attack { kind, budget, limit } => {
                format!("under attack by {} of {budget} words in {limit} texts", kind.name())
            }
            Trial::Explained { limit, .. } => format!("explained by {} in {limit} texts", self.heading()),
            Trial::Within { tokens, limit } => format!("within {tokens} tokens at {limit} places"),
            Trial::Richness => "of the training translations".into(),
            Trial::Compressed { .. } => format!("in {}", self.heading()),
        }
    }

    /// The number that it varies, of which its metrics are a function; none if it varies none.
    pub fn number(self) -> Option<f64> {
        match self {
            Trial::Within { tokens, .. } => Some(tokens as f64),
            Trial::On(_)
            | Trial::Attack { .. }
            | Trial::Explained { .. }
            | Trial::Richness
            | Trial::Compressed { .. } => None,
        }
    }

    /// Its name as the head of a table's column.
    pub fn heading(self) -> String {
        match self {
            Trial::On(set) => set.into(),
            Trial::Attack { kind, .. } => kind.name().into(),
            Trial::Explained { by, .. } => by.map_or(RANDOM, Method::name).into(),
            Trial::Within { tokens, .. } => tokens.to_string(),
            Trial::Richness => "translations".into(),
            Trial::Compressed { int8, pruned } => {
                let kind = if int8 { "int8" } else { "f32" };
                if pruned == 0 { kind.into() } else { format!("{kind}, {pruned}% pruned") }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_known_from_the_name_of_its_trial() {
        assert_eq!(Trial::set_of(&Trial::On("books").name()), Some("books"));
        assert_eq!(Trial::set_of("books"), None);
    }
}

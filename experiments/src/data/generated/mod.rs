//! The common parts of generated data sets: random integers, rules of grammars, coined words, sizes, and the generators that
//! several tasks use: languages, and text with known dependencies. The other generators are in the folders of their tasks.

pub mod dependencies;
pub mod languages;
mod rng;
mod rule;
mod words;

pub use rng::Rng;
pub use rule::{Item, Rule};
pub use words::{Mint, zipf};

/// Number of examples in each split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Training examples.
    pub train: usize,
    /// Development examples.
    pub dev: usize,
    /// Test examples.
    pub test: usize,
}

//! Scores of translations, equal to those of sacreBLEU (Post, "A call for clarity in reporting BLEU scores", WMT 2018).
//!
//! Both scores are functions of sums of counts over the segments of a text, so that the counts of each segment can be kept, resampled
//! and added.
//!
//! | file | holds |
//! | --- | --- |
//! | `tokeniser` | how BLEU splits a text into words |
//! | [`bleu`] | BLEU |
//! | [`chrf`] | chrF and chrF++ |

pub mod bleu;
pub mod chrf;
#[cfg(test)]
mod tests;
mod tokeniser;

pub use tokeniser::Tokeniser;

use std::collections::HashMap;
use std::hash::Hash;

/// The number of references in a signature.
fn number_of(references: Option<usize>) -> String {
    references.map_or("var".into(), |n| n.to_string())
}

/// How often each n-gram occurs in a sequence.
fn ngrams<T: Hash + Eq>(items: &[T], n: usize) -> HashMap<&[T], usize> {
    let mut counts = HashMap::new();
    for ngram in items.windows(n) {
        *counts.entry(ngram).or_insert(0) += 1;
    }
    counts
}

/// How many n-grams two sequences have in common: the sum of the smaller counts.
fn common<T: Hash + Eq>(a: &HashMap<&[T], usize>, b: &HashMap<&[T], usize>) -> usize {
    a.iter().map(|(ngram, count)| b.get(ngram).map_or(0, |other| *count.min(other))).sum()
}

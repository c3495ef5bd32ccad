//! Word frequencies and text lengths.

use std::cmp::Reverse;
use std::collections::HashMap;

/// The words of a corpus by descending count; words of equal count in lexicographic order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frequencies {
    ranked: Vec<(String, usize)>,
    tokens: usize,
}

/// The share of a text's words that do not occur in a corpus.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unknown {
    /// Share of all its words.
    pub tokens: f64,
    /// Share of its distinct words.
    pub types: f64,
}

impl Frequencies {
    /// Counts words.
    pub fn count<S: AsRef<str>>(words: impl IntoIterator<Item = S>) -> Self {
        let mut counts: HashMap<String, usize> = HashMap::new();
        for word in words {
            match counts.get_mut(word.as_ref()) {
                Some(count) => *count += 1,
                None => drop(counts.insert(word.as_ref().to_owned(), 1)),
            }
        }
        let mut ranked: Vec<(String, usize)> = counts.into_iter().collect();
        ranked.sort_by(|(a, m), (b, n)| (Reverse(m), a).cmp(&(Reverse(n), b)));
        let tokens = ranked.iter().map(|(_, count)| count).sum();
        Frequencies { ranked, tokens }
    }

    /// The words with their counts, the most frequent first.
    pub fn ranked(&self) -> &[(String, usize)] {
        &self.ranked
    }

    /// Σ counts.
    pub fn tokens(&self) -> usize {
        self.tokens
    }

    /// Distinct words.
    pub fn types(&self) -> usize {
        self.ranked.len()
    }

    /// Words that occur once.
    pub fn hapaxes(&self) -> usize {
        self.ranked.len() - self.ranked.partition_point(|&(_, count)| count > 1)
    }

    /// The share of the words of `other` that do not occur here; `None` if `other` is empty.
    pub fn unknown(&self, other: &Frequencies) -> Option<Unknown> {
        let known: std::collections::HashSet<&str> =
            self.ranked.iter().map(|(word, _)| word.as_str()).collect();
        let unknown = other.ranked.iter().filter(|(word, _)| !known.contains(word.as_str()));
        let (types, tokens) = unknown.fold((0, 0), |(types, tokens), (_, count)| (types + 1, tokens + count));
        (other.tokens > 0).then(|| Unknown {
            tokens: tokens as f64 / other.tokens as f64,
            types: types as f64 / other.types() as f64,
        })
    }
}

/// Order statistics of lengths: the p-quantile of n lengths is the ⌈p·n⌉-th in ascending order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lengths {
    /// The minimum.
    pub shortest: usize,
    /// The 0.5-quantile.
    pub median: usize,
    /// The 0.9-quantile.
    pub ninety_percent: usize,
    /// The maximum.
    pub longest: usize,
}

impl Lengths {
    /// The statistics of some lengths; `None` if there are none.
    pub fn of(lengths: impl IntoIterator<Item = usize>) -> Option<Self> {
        let mut lengths: Vec<usize> = lengths.into_iter().collect();
        lengths.sort_unstable();
        let quantile = |tenths: usize| lengths.get((tenths * lengths.len()).div_ceil(10).max(1) - 1).copied();
        Some(Lengths {
            shortest: *lengths.first()?,
            median: quantile(5)?,
            ninety_percent: quantile(9)?,
            longest: *lengths.last()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(text: &str) -> Frequencies {
        Frequencies::count(text.split_whitespace())
    }

    #[test]
    fn words_are_ranked_by_count_then_by_letters() {
        let words = count("b a c b a b d");
        let ranked: Vec<(&str, usize)> = words.ranked().iter().map(|(w, n)| (w.as_str(), *n)).collect();
        assert_eq!(ranked, [("b", 3), ("a", 2), ("c", 1), ("d", 1)]);
        assert_eq!((words.tokens(), words.types(), words.hapaxes()), (7, 4, 2));
        assert_eq!((count("a a").hapaxes(), count("").hapaxes()), (0, 0));
    }

    #[test]
    fn unknown_words_are_counted_by_token_and_by_type() {
        let unknown = count("a b").unknown(&count("a a a b x x x x")).unwrap();
        assert_eq!(unknown, Unknown { tokens: 0.5, types: 1.0 / 3.0 });
        assert_eq!(count("a").unknown(&count("")), None);
        assert_eq!(count("").unknown(&count("a")), Some(Unknown { tokens: 1.0, types: 1.0 }));
    }

    #[test]
    fn quantiles_are_lengths_that_occur() {
        let of = |lengths: &[usize]| {
            Lengths::of(lengths.iter().copied()).map(|l| [l.shortest, l.median, l.ninety_percent, l.longest])
        };
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[7]), Some([7; 4]));
        assert_eq!(of(&[9, 1]), Some([1, 1, 9, 9]));
        assert_eq!(of(&[10, 9, 8, 7, 6, 5, 4, 3, 2, 1]), Some([1, 5, 9, 10]));
        assert_eq!(of(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]), Some([1, 6, 10, 11]));
    }
}

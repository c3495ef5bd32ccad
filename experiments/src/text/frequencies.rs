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

impl Frequencies {
    /// The Jensen-Shannon divergence of the distributions of words p and q, in bits (Lin 1991):
    /// ½ Σ p log₂(p / m) + ½ Σ q log₂(q / m) with m = (p + q) / 2, from 0 if p = q to 1 if no word is common; `None` if one of
    /// both is empty. Its square root is a distance. Small samples of one distribution differ, so it depends on sizes.
    pub fn divergence(&self, other: &Frequencies) -> Option<f64> {
        let counts = |of: &Frequencies| -> HashMap<String, usize> { of.ranked.iter().cloned().collect() };
        let (ours, theirs) = (counts(self), counts(other));
        let share = |of: &HashMap<String, usize>, word: &str, tokens: usize| {
            of.get(word).copied().unwrap_or(0) as f64 / tokens as f64
        };
        let shares = |word: &str| [share(&ours, word, self.tokens), share(&theirs, word, other.tokens)];
        let term = |[p, q]: [f64; 2]| {
            let part = |x: f64| if x > 0.0 { x * (2.0 * x / (p + q)).log2() } else { 0.0 };
            part(p) + part(q)
        };
        // In the order of the ranks, so that the rounded sum is always the same.
        let own = self.ranked.iter();
        let rest = other.ranked.iter().filter(|(word, _)| !ours.contains_key(word));
        let sum: f64 = own.chain(rest).map(|(word, _)| term(shares(word))).sum();
        (self.tokens > 0 && other.tokens > 0).then_some((0.5 * sum).clamp(0.0, 1.0))
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
    fn divergences_are_those_computed_by_hand() {
        let of = |p: &str, q: &str| count(p).divergence(&count(q));
        let is = |p: &str, q: &str, expected: f64| {
            for found in [of(p, q), of(q, p)] {
                assert!((found.unwrap() - expected).abs() < 1e-12, "{p}, {q}: {found:?}");
            }
        };
        is("a b b", "b a b b a b", 0.0);
        is("a b", "c d d", 1.0);
        // m = (½, ¼, ¼): each side is ½ log₂ 1 + ½ log₂ 2.
        is("a b", "a c", 0.5);
        // p = (1, 0), q = (½, ½), m = (¾, ¼): ½ log₂(4/3) + ½ (½ log₂(2/3) + ½ log₂ 2).
        is("a", "a b", 0.5 * (4.0f64 / 3.0).log2() + 0.25 * (2.0f64 / 3.0).log2() + 0.25);
        is("a", "a b", 0.311_278_124_459_132_84);
        // p = (¾, ¼), q = (¼, ¾), m = (½, ½): 1 - H(¼).
        is("a a a b", "a b b b", 0.188_721_875_540_867_17);
        assert_eq!((of("a", ""), of("", "a"), of("", "")), (None, None, None));
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

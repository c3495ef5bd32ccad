//! Counts of predictions, and metrics of their sums.
//!
//! | metric | of labels | of depths | of distances |
//! | --- | --- | --- | --- |
//! | `accuracy` | share of right labels | share of sentences whose shallowest word is that of the tree | share of the edges that are in the minimum spanning tree (UUAS) |
//! | `selectivity` | accuracy less that on the [control](super::control) | the same | the same |
//! | `correlation` | Matthews', of several classes | Spearman's, of each sentence | Spearman's, of each word with all others |
//!
//! Spearman's correlations are averaged over the sentences of each length, then over the lengths from 5 to 50. Roots and edges
//! are those between words that are no punctuation. A metric for which nothing counts, as a correlation where all sentences are
//! shorter, is NaN: not measured.
//!
//! Sources: Hewitt, Liang 2019, section 3; Hewitt, Manning 2019, section 4.1; Gorodkin, "Comparing two K-category assignments by a
//! K-category correlation coefficient", 2004.

use super::gold::{Gold, Target};
use super::keys::Kind;
use super::model::{Found, Prediction};
use crate::data::Tree;
use crate::metrics::spanning::spanning_tree;
use crate::metrics::spearman::spearman;
use crate::run::{Better, Metric, Unit};
use std::ops::RangeInclusive;

/// The metrics.
pub(super) const METRICS: &[Metric] = &[
    Metric::share("accuracy"),
    Metric::share("selectivity"),
    Metric { name: "correlation", better: Better::Larger, unit: Unit::Plain },
];

/// The lengths of sentences over which correlations are averaged.
const LENGTHS: RangeInclusive<usize> = 5..=50;
const BINS: usize = *LENGTHS.end() - *LENGTHS.start() + 1;

/// What the metrics are, for people.
pub(super) fn rule(kind: Kind) -> &'static str {
    match kind {
        Kind::Pos | Kind::Entity => {
            "accuracy is that of words; selectivity is accuracy less that on random labels of word types; correlation is \
             Matthews'"
        }
        Kind::Sentiment => {
            "accuracy is that of sentences; selectivity is accuracy less that on random labels of sentences; correlation is \
             Matthews'"
        }
        Kind::Depth => {
            "accuracy is the share of right roots; selectivity is accuracy less that on random trees; correlation is \
             Spearman's, averaged over lengths from 5 to 50"
        }
        Kind::Distance => {
            "accuracy is UUAS, the share of edges in the minimum spanning tree; selectivity is accuracy less that on random \
             trees; correlation is Spearman's, averaged over lengths from 5 to 50"
        }
    }
}

/// Units, right ones, units of the control, right ones; then
///
/// - of labels, how often each is gold, then how often each is predicted: `[4 + 2 K]`;
/// - of trees, the sum of the correlations for each length, then the number of sentences: `[4 + 2 · 46 + 1]`, with one more entry,
///   so that the number of entries tells which it is.
pub(super) fn counts(labels: usize, gold: &Gold, prediction: &Prediction) -> Vec<f64> {
    let scored = [(&gold.property, &prediction.property), (&gold.control, &prediction.control)];
    let scored = scored.map(|(target, found)| scored_of(target, found, &gold.counted));
    let mut row: Vec<f64> = scored.iter().flat_map(|&(units, right)| [units as f64, right as f64]).collect();
    match (&gold.property, &prediction.property) {
        (Target::Labels(gold), Found::Labels(found)) => {
            let mut counts = vec![0.0; 2 * labels];
            gold.iter().for_each(|&label| counts[label] += 1.0);
            found.iter().for_each(|&(label, _)| counts[labels + label] += 1.0);
            row.extend(counts);
        }
        (target, found) => {
            let mut counts = vec![0.0; 2 * BINS + 1];
            if LENGTHS.contains(&gold.counted.len()) {
                let bin = gold.counted.len() - LENGTHS.start();
                counts[bin] = correlation(target, found);
                counts[BINS + bin] = 1.0;
            }
            row.extend(counts);
        }
    }
    row
}

/// The metrics, in the order of [`METRICS`]; NaN for one that could not be measured.
pub(super) fn metrics(sums: &[f64]) -> Vec<f64> {
    let [units, right, control, right_control, rest @ ..] = sums else {
        return vec![f64::NAN; METRICS.len()];
    };
    let share = |right: f64, units: f64| if units > 0.0 { right / units } else { f64::NAN };
    let accuracy = share(*right, *units);
    let correlation = match rest.len() % 2 {
        0 => matthews(*units, *right, rest),
        _ => mean_over_lengths(&rest[..2 * BINS]),
    };
    vec![accuracy, accuracy - share(*right_control, *control), correlation]
}

/// R_K = (n c − Σ pₖ tₖ) / √((n² − Σ pₖ²)(n² − Σ tₖ²)) for n words, c right ones, and each label gold tₖ and predicted pₖ
/// times; 0 where it is not defined.
fn matthews(n: f64, right: f64, counts: &[f64]) -> f64 {
    let (t, p) = counts.split_at(counts.len() / 2);
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let spread = (n * n - product(p, p)) * (n * n - product(t, t));
    if spread > 0.0 { (n * right - product(p, t)) / spread.sqrt() } else { 0.0 }
}

/// NaN where no sentence has one of the lengths.
fn mean_over_lengths(rest: &[f64]) -> f64 {
    let (sums, sentences) = rest.split_at(BINS);
    let means: Vec<f64> =
        sums.iter().zip(sentences).filter(|(_, n)| **n > 0.0).map(|(sum, n)| sum / n).collect();
    if means.is_empty() { f64::NAN } else { means.iter().sum::<f64>() / means.len() as f64 }
}

/// The number of units, and of right ones: labels, roots or edges.
pub(super) fn scored_of(target: &Target, found: &Found, counted: &[bool]) -> (usize, usize) {
    match (target, found) {
        (Target::Labels(gold), Found::Labels(found)) => {
            (gold.len(), gold.iter().zip(found).filter(|(gold, (label, _))| *gold == label).count())
        }
        (Target::Tree(tree), Found::Depths(depths)) => {
            let gold: Vec<f64> = tree.depths().into_iter().map(|depth| depth as f64).collect();
            match (shallowest(&gold, counted), shallowest(depths, counted)) {
                (Some(root), Some(found)) => (1, usize::from(gold[found] == gold[root])),
                _ => (0, 0),
            }
        }
        (Target::Tree(tree), Found::Distances(distances)) => {
            let gold: Vec<(usize, usize)> = edges(tree, counted);
            let found = spanning_tree(distances, counted);
            (gold.len(), found.iter().filter(|edge| gold.contains(edge)).count())
        }
        (Target::Tree(_), Found::Labels(_)) | (Target::Labels(_), Found::Depths(_) | Found::Distances(_)) => {
            unreachable!("a prediction is of the property that is read")
        }
    }
}

/// The edges (i, j), i < j, between words that count.
pub(super) fn edges(tree: &Tree, counted: &[bool]) -> Vec<(usize, usize)> {
    let edges = tree.edges().filter(|&(word, head)| counted[word] && counted[head]);
    edges.map(|(word, head)| (word.min(head), word.max(head))).collect()
}

/// The word that counts with the least depth, the first of equal ones.
pub(super) fn shallowest(depths: &[f64], counted: &[bool]) -> Option<usize> {
    let words = (0..depths.len()).filter(|&word| counted[word]);
    words.min_by(|&a, &b| depths[a].total_cmp(&depths[b]))
}

/// Spearman's correlation of the depths, or the mean of that of each word's distances; 0 where it is not defined.
fn correlation(target: &Target, found: &Found) -> f64 {
    let as_numbers = |values: Vec<usize>| values.into_iter().map(|x| x as f64).collect::<Vec<f64>>();
    match (target, found) {
        (Target::Tree(tree), Found::Depths(depths)) => {
            spearman(&as_numbers(tree.depths()), depths).unwrap_or(0.0)
        }
        (Target::Tree(tree), Found::Distances(distances)) => {
            let (gold, n) = (as_numbers(tree.distances()), tree.len());
            let of_word = |(gold, found)| spearman(gold, found).unwrap_or(0.0);
            gold.chunks(n).zip(distances.chunks(n)).map(of_word).sum::<f64>() / n as f64
        }
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::sums;

    fn labels(gold: &[usize], found: &[usize], control: [&[usize]; 2]) -> Vec<f64> {
        let target = |labels: &[usize]| Target::Labels(labels.to_vec());
        let prediction = |labels: &[usize]| Found::Labels(labels.iter().map(|&label| (label, 0.5)).collect());
        let gold =
            Gold { property: target(gold), control: target(control[0]), counted: vec![true; gold.len()] };
        counts(3, &gold, &Prediction { property: prediction(found), control: prediction(control[1]) })
    }

    #[test]
    fn selectivity_is_the_accuracy_less_that_of_the_control() {
        let rows = [
            labels(&[0, 1, 2, 2], &[0, 1, 2, 1], [&[0, 0, 1, 2], &[0, 1, 2, 2]]),
            labels(&[0], &[0], [&[1], &[0]]),
        ];
        let found = metrics(&sums(&rows));
        assert_eq!(found[..2], [0.8, 0.8 - 0.4]);
        // (5 · 4 − 8) / √((25 − 9)(25 − 9)), as sklearn.metrics.matthews_corrcoef([0, 1, 2, 2, 0], [0, 1, 2, 1, 0]).
        assert!((found[2] - 0.75).abs() < 1e-12, "{}", found[2]);
        assert_eq!(metrics(&labels(&[0, 0], &[0, 0], [&[0, 0], &[0, 0]])), [1.0, 0.0, 0.0]);
        assert!(metrics(&[]).iter().all(|metric| metric.is_nan()));
    }

    /// Five words in a chain, the last of them a full stop at its end.
    fn chain() -> (Tree, Vec<bool>) {
        let heads = vec![None, Some(0), Some(1), Some(2), Some(0)];
        (Tree::new(heads).unwrap(), vec![true, true, true, true, false])
    }

    fn of_tree(found: Found, control: Found) -> Vec<f64> {
        let (tree, counted) = chain();
        let star = Tree::new(vec![None, Some(0), Some(0), Some(0), Some(0)]).unwrap();
        let gold = Gold { property: Target::Tree(tree), control: Target::Tree(star), counted };
        metrics(&counts(0, &gold, &Prediction { property: found, control }))
    }

    #[test]
    fn depths_are_judged_by_their_root_and_their_order() {
        let gold = Found::Depths(vec![0.0, 1.0, 2.0, 3.0, 1.0]);
        let wrong = Found::Depths(vec![3.0, 2.0, 1.0, 0.5, 2.0]);
        assert_eq!(of_tree(gold.clone(), wrong.clone()), [1.0, 1.0, 1.0]);
        assert_eq!(of_tree(wrong, gold), [0.0, -1.0, -1.0]);
        // The full stop is no root.
        let stop = Found::Depths(vec![0.5, 1.0, 2.0, 3.0, 0.0]);
        assert_eq!(of_tree(stop.clone(), stop)[0], 1.0);
        let flat = Found::Depths(vec![0.0; 5]);
        assert_eq!(of_tree(flat.clone(), flat)[2], 0.0);
    }

    #[test]
    fn distances_are_judged_by_their_spanning_tree() {
        let (tree, _) = chain();
        let exact = Found::Distances(tree.distances().into_iter().map(|d| d as f64).collect());
        // The edges of the chain are 0-1, 1-2, 2-3, those of the star 0-1, 0-2, 0-3.
        let found = of_tree(exact.clone(), exact);
        assert!((found[1] - 2.0 / 3.0).abs() < 1e-12 && found[0] == 1.0, "{found:?}");
        assert!((found[2] - 1.0).abs() < 1e-12);
    }

    #[test]
    fn what_nothing_counts_for_is_not_measured() {
        // Four words are too few for a correlation.
        let tree = || Tree::new(vec![None, Some(0), Some(1), Some(2)]).unwrap();
        let of = |counted: bool| {
            let gold = Gold {
                property: Target::Tree(tree()),
                control: Target::Tree(tree()),
                counted: vec![counted; 4],
            };
            let found = || Found::Depths(vec![0.0, 1.0, 2.0, 3.0]);
            metrics(&counts(0, &gold, &Prediction { property: found(), control: found() }))
        };
        let [accuracy, selectivity, correlation] = of(true)[..] else { panic!() };
        assert!((accuracy, selectivity) == (1.0, 0.0) && correlation.is_nan(), "{:?}", of(true));
        // Of punctuation alone there is no root.
        assert!(of(false).iter().all(|metric| metric.is_nan()), "{:?}", of(false));
    }

    #[test]
    fn correlations_are_averaged_over_lengths() {
        let row = |length: usize, correlation: f64| {
            let mut row = vec![0.0; 4 + 2 * BINS + 1];
            row[4 + length - 5] = correlation;
            row[4 + BINS + length - 5] = 1.0;
            row
        };
        let rows = [row(5, 0.2), row(5, 0.4), row(5, 0.6), row(50, 0.8)];
        assert!((metrics(&sums(&rows))[2] - 0.6).abs() < 1e-12);
    }
}

//! Tests whether two systems differ: the paired bootstrap (Koehn 2004, "Statistical Significance Tests for Machine
//! Translation Evaluation").

use gradus_engine::Stream;
use rayon::prelude::*;
use serde::Serialize;

/// The usual number of resamples.
pub const RESAMPLES: usize = 10_000;

/// How the second of two systems differs from the first.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// `metric(Σ b) - metric(Σ a)` on the original examples.
    pub difference: f64,
    /// Lower and upper end of the middle 95 % of the differences on the resamples.
    pub interval: [f64; 2],
    /// `2 (1 + min(#{d ≤ 0}, #{d ≥ 0})) / (1 + R)`, at most 1, where `d` are the differences on the R resamples:
    /// two-sided, and never 0 (Davison and Hinkley 1997, eq. 4.11).
    pub p: f64,
    // All are NaN where the metric cannot be measured.
}

/// `d_r = metric(Σ_{i ∈ I_r} b_i) - metric(Σ_{i ∈ I_r} a_i)`, where each `I_r` draws N of the N examples with
/// replacement, the same ones for both systems.
///
/// `a` and `b` hold what the metric needs of each example, `[N, S]`: `[correct, 1]` for accuracy, `[true positives,
/// predicted, gold]` for F1. `metric` takes the sum over examples, `[S]`. The same seed gives the same bits, with any
/// number of threads.
///
/// # Panics
/// If there are no examples or no resamples, or the rows differ in number or length.
#[track_caller]
pub fn paired(
    a: &[Vec<f64>],
    b: &[Vec<f64>],
    metric: impl Fn(&[f64]) -> f64 + Sync,
    resamples: usize,
    seed: u64,
) -> Difference {
    assert!(a.len() == b.len(), "bootstrap: {} examples of one system but {} of the other", a.len(), b.len());
    assert!(!a.is_empty() && resamples > 0, "bootstrap: no examples or no resamples");
    let width = a[0].len();
    assert!(
        width > 0 && a.iter().chain(b).all(|row| row.len() == width),
        "bootstrap: expected {width} numbers for each example"
    );
    // Both rows of an example are adjacent, so that a draw reads one place in memory.
    let pairs: Vec<f64> = a.iter().zip(b).flat_map(|(a, b)| a.iter().chain(b).copied()).collect();
    let difference_of = |examples: &mut dyn Iterator<Item = usize>| {
        let mut sums = vec![0.0; 2 * width];
        for i in examples {
            for (sum, x) in sums.iter_mut().zip(&pairs[2 * width * i..]) {
                *sum += x;
            }
        }
        let (a, b) = sums.split_at(width);
        metric(b) - metric(a)
    };
    let n = a.len();
    let differences = (0..resamples as u64).into_par_iter().map(|r| {
        let stream = Stream { seed, stream: r };
        difference_of(&mut (0..n as u64).map(|i| stream.below(i, n as u64) as usize))
    });
    judged(difference_of(&mut (0..n)), differences.collect())
}

/// Resamples on which the metric cannot be measured, since none of their examples counts for it, are left out.
fn judged(difference: f64, mut resampled: Vec<f64>) -> Difference {
    resampled.retain(|difference| !difference.is_nan());
    if difference.is_nan() || resampled.is_empty() {
        return Difference { difference: f64::NAN, interval: [f64::NAN; 2], p: f64::NAN };
    }
    resampled.sort_by(f64::total_cmp);
    let r = resampled.len();
    let count = |on: fn(f64) -> bool| resampled.iter().filter(|&&d| on(d)).count();
    let rarer = count(|d| d <= 0.0).min(count(|d| d >= 0.0));
    // The same number is cut off at both ends.
    let cut = r / 40;
    Difference {
        difference,
        interval: [resampled[cut], resampled[r - 1 - cut]],
        p: (2.0 * (1 + rarer) as f64 / (1 + r) as f64).min(1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accuracy(sums: &[f64]) -> f64 {
        sums[0] / sums[1]
    }

    fn f1(sums: &[f64]) -> f64 {
        if sums[1] + sums[2] == 0.0 { 0.0 } else { 2.0 * sums[0] / (sums[1] + sums[2]) }
    }

    fn right(correct: &[u8]) -> Vec<Vec<f64>> {
        correct.iter().map(|&c| vec![f64::from(c), 1.0]).collect()
    }

    /// All N^N resamples.
    fn enumerated(a: &[Vec<f64>], b: &[Vec<f64>], metric: fn(&[f64]) -> f64) -> Vec<f64> {
        let n = a.len();
        let of = |rows: &[Vec<f64>], code: usize| {
            let mut sums = vec![0.0; rows[0].len()];
            for draw in 0..n {
                let row = &rows[code / n.pow(draw as u32) % n];
                sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
            }
            metric(&sums)
        };
        (0..n.pow(n as u32)).map(|code| of(b, code) - of(a, code)).collect()
    }

    #[track_caller]
    fn as_enumerated(a: &[Vec<f64>], b: &[Vec<f64>], metric: fn(&[f64]) -> f64) {
        let all = enumerated(a, b, metric);
        let share = |on: fn(f64) -> bool| all.iter().filter(|&&d| on(d)).count() as f64 / all.len() as f64;
        let rarer = share(|d| d <= 0.0).min(share(|d| d >= 0.0));
        let exact = judged(0.0, all);
        let resamples = 40_000;
        let found = paired(a, b, metric, resamples, 7);
        let spread = 2.0 * (rarer * (1.0 - rarer) / resamples as f64).sqrt();
        assert!((found.p - 2.0 * rarer).abs() < 4.0 * spread + 1e-4, "{found:?}, exactly {}", 2.0 * rarer);
        // The ends of the interval lie inside steps of the distribution.
        assert_eq!(found.interval, exact.interval);
    }

    #[test]
    fn what_cannot_be_measured_has_no_difference() {
        // Only the first example counts.
        let (a, b) = (vec![vec![1.0, 1.0], vec![0.0, 0.0]], vec![vec![0.0, 1.0], vec![0.0, 0.0]]);
        let found = paired(&a, &b, accuracy, 200, 1);
        assert_eq!((found.difference, found.interval), (-1.0, [-1.0, -1.0]));
        let none = paired(&a[1..], &b[1..], accuracy, 200, 1);
        let Difference { difference, interval: [from, to], p } = none;
        assert!([difference, from, to, p].iter().all(|number| number.is_nan()), "{none:?}");
    }

    #[test]
    fn equals_the_enumeration_of_all_resamples() {
        // d is the mean of draws from {1, 1, 1, 0, -1} and of {1, 0, 0}.
        as_enumerated(&right(&[0, 0, 0, 1, 1]), &right(&[1, 1, 1, 1, 0]), accuracy);
        as_enumerated(&right(&[0, 1, 0]), &right(&[1, 1, 0]), accuracy);
        let a = [[1.0, 2.0, 2.0], [0.0, 1.0, 0.0], [0.0, 1.0, 1.0], [1.0, 1.0, 3.0]].map(Vec::from);
        let b = [[2.0, 2.0, 2.0], [0.0, 0.0, 0.0], [1.0, 2.0, 1.0], [0.0, 1.0, 3.0]].map(Vec::from);
        as_enumerated(&a, &b, f1);
    }

    #[test]
    fn by_hand() {
        // With {1, 0}: d = 1 in one of 4 resamples, 1/2 in two, 0 in one.
        let judged = judged(0.5, vec![0.5, 1.0, 0.0, 0.5]);
        assert_eq!(judged, Difference { difference: 0.5, interval: [0.0, 1.0], p: 2.0 * 2.0 / 5.0 });
    }

    #[test]
    fn the_interval_leaves_out_a_fortieth_at_each_end() {
        let d = judged(0.0, (1..=200).rev().map(f64::from).collect());
        assert_eq!(d.interval, [6.0, 195.0]);
        assert_eq!(d.p, 2.0 / 201.0);
    }

    #[test]
    fn swapping_turns_the_sign_and_nothing_else() {
        let (a, b) = (right(&[0, 1, 0, 1, 1, 0, 0]), right(&[1, 1, 0, 1, 0, 1, 1]));
        let (there, back) = (paired(&a, &b, accuracy, 999, 3), paired(&b, &a, accuracy, 999, 3));
        assert_eq!(there.difference, 5.0 / 7.0 - 3.0 / 7.0);
        assert_eq!(back.difference, -there.difference);
        assert_eq!(back.interval, [-there.interval[1], -there.interval[0]]);
        assert_eq!(back.p, there.p);
    }

    #[test]
    fn no_difference_and_a_large_one() {
        let a = right(&[0, 1, 1, 0, 1, 0].repeat(20));
        let same = paired(&a, &a, accuracy, 1000, 1);
        assert_eq!(same, Difference { difference: 0.0, interval: [0.0, 0.0], p: 1.0 });
        // As many examples are better as are worse.
        let balanced = right(&[1, 0, 1, 0, 1, 0].repeat(20));
        assert!(paired(&a, &balanced, accuracy, 1000, 1).p > 0.8);
        let better = right(&[1, 1, 1, 0, 1, 1].repeat(20));
        let large = paired(&a, &better, accuracy, 1000, 1);
        assert_eq!(large.p, 2.0 / 1001.0);
        // d = 1/3 with a standard error of √(2/9 / 120) = 0.043.
        assert!(large.interval[0] > 0.2 && large.interval[1] < 0.46, "{large:?}");
    }

    /// Two systems with the same chance of being right on each example: p is about uniform, so that one test in ten
    /// finds p < 0.1.
    #[test]
    fn finds_nothing_where_nothing_is() {
        let tests = 400;
        let found = (0..tests).filter(|&t| {
            let stream = Stream { seed: 99, stream: t };
            let draw = |first: u64| -> Vec<Vec<f64>> {
                (0..100).map(|i| vec![f64::from(u8::from(stream.below(first + i, 10) < 7)), 1.0]).collect()
            };
            paired(&draw(0), &draw(1000), accuracy, 500, t).p < 0.1
        });
        let share = found.count() as f64 / tests as f64;
        assert!((share - 0.1).abs() < 0.06, "{share}");
    }

    #[test]
    fn a_seed_gives_the_same_bits_with_any_number_of_threads() {
        let (a, b) = (right(&[0, 1, 0, 1, 1, 0, 0, 1, 1]), right(&[1, 1, 0, 1, 0, 1, 1, 1, 0]));
        let with = |threads, seed| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| paired(&a, &b, f1_like, 2000, seed))
        };
        assert_eq!(with(1, 5), with(3, 5));
        assert_ne!(with(1, 5).p, with(1, 6).p);
    }

    fn f1_like(sums: &[f64]) -> f64 {
        (sums[0] + 0.1).sqrt() / sums[1]
    }

    #[test]
    #[should_panic(expected = "2 examples of one system but 1 of the other")]
    fn examples_must_be_paired() {
        paired(&right(&[0, 1]), &right(&[1]), accuracy, 10, 1);
    }
}

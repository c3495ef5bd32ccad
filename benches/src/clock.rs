//! Timing, and summaries of times.

use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// The largest number of calls in one round; more would not make the result better.
const MOST: usize = 2_000;

/// If the middle half of the times spreads over more than this share of the median, another process used the machine, and
/// no ratio is published.
pub const NOISY: f64 = 0.2;

/// Milliseconds of every call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Times {
    /// The number of timed calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runs: Option<usize>,
    /// The shortest time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_ms: Option<f64>,
    /// The lower quartile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub q1_ms: Option<f64>,
    /// The median.
    pub median_ms: f64,
    /// The upper quartile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub q3_ms: Option<f64>,
    /// All times, round by round, in order. Older results have none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rounds_ms: Vec<Vec<f64>>,
}

impl Times {
    /// The summary of all times, given round by round.
    pub fn new(rounds: Vec<Vec<f64>>) -> Self {
        // The clock counts nanoseconds.
        let rounded = |ms: f64| (ms * 1e6).round() / 1e6;
        let rounds_ms: Vec<Vec<f64>> =
            rounds.into_iter().map(|round| round.into_iter().map(rounded).collect()).collect();
        let all = rounds_ms.concat();
        let [min, q1, median, q3] = [0.0, 0.25, 0.5, 0.75].map(|share| quantile(&all, share));
        let (q1_ms, q3_ms) = (Some(q1), Some(q3));
        Times { runs: Some(all.len()), min_ms: Some(min), q1_ms, median_ms: median, q3_ms, rounds_ms }
    }

    /// (q3 − q1) / median, if the quartiles are known.
    pub fn spread(&self) -> Option<f64> {
        Some((self.q3_ms? - self.q1_ms?) / self.median_ms)
    }

    /// Whether the times spread too much for a ratio.
    pub fn is_noisy(&self) -> bool {
        self.spread().is_some_and(|spread| spread > NOISY)
    }

    /// The median over the rounds of the other's median divided by this one's in the same round.
    pub fn ratio(&self, other: &Times) -> f64 {
        let rounds = other.rounds_ms.iter().zip(&self.rounds_ms);
        median(&rounds.map(|(other, this)| median(other) / median(this)).collect::<Vec<_>>())
    }
}

/// Milliseconds of each call of `f` for about `seconds`, of at least five calls, after two calls to warm up.
pub fn time(seconds: f64, f: &mut dyn FnMut()) -> Vec<f64> {
    f();
    f();
    measure(seconds, 5, f)
}

/// Milliseconds of each call of `f` for about `seconds`, of at least `least` calls.
pub fn measure(seconds: f64, least: usize, f: &mut dyn FnMut()) -> Vec<f64> {
    let (mut times, until) = (vec![], Instant::now() + Duration::from_secs_f64(seconds));
    while times.len() < least || (Instant::now() < until && times.len() < MOST) {
        let start = Instant::now();
        f();
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times
}

/// The median: the middle time, or the mean of the two in the middle.
pub fn median(times: &[f64]) -> f64 {
    quantile(times, 0.5)
}

/// The quantile at a share, interpolated linearly; NaN if there are no times. Source: Hyndman, Fan, The American
/// Statistician 50(4), 1996, definition 7.
pub fn quantile(times: &[f64], share: f64) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = share * sorted.len().saturating_sub(1) as f64;
    match (sorted.get(place.floor() as usize), sorted.get(place.ceil() as usize)) {
        (Some(below), Some(above)) => below + (above - below) * place.fract(),
        _ => f64::NAN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(quantile(&[5.0, 1.0, 4.0, 2.0, 3.0], 0.25), 2.0);
        assert_eq!(quantile(&[4.0, 1.0, 2.0, 3.0], 0.75), 3.25);
        assert_eq!(quantile(&[7.0], 0.25), 7.0);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn times_know_their_spread() {
        let times = Times::new(vec![vec![10.0, 11.0], vec![9.0, 10.0, 12.0]]);
        let Times { runs, min_ms, q1_ms, median_ms, q3_ms, .. } = times;
        assert_eq!(
            (runs, min_ms, q1_ms, median_ms, q3_ms),
            (Some(5), Some(9.0), Some(10.0), 10.0, Some(11.0))
        );
        assert_eq!(times.spread(), Some(0.1));
        assert!(!times.is_noisy());
        assert!(Times::new(vec![vec![10.0, 13.0, 10.0, 13.0]]).is_noisy());
        let rounded = Times::new(vec![vec![0.123_456_789]]);
        assert_eq!(rounded.rounds_ms, [[0.123_457]]);
    }

    #[test]
    fn a_ratio_is_taken_within_rounds() {
        let slower = Times::new(vec![vec![2.0], vec![40.0], vec![3.0]]);
        let ours = Times::new(vec![vec![1.0], vec![20.0], vec![1.0]]);
        assert_eq!(ours.ratio(&slower), 2.0);
    }

    #[test]
    fn runs_at_least_five_times() {
        let mut calls = 0;
        assert_eq!(time(0.0, &mut || calls += 1).len(), 5);
        assert_eq!(calls, 7);
    }
}

//! Timing.

use std::time::{Duration, Instant};

/// More calls than this say nothing new.
const MOST: usize = 10_000;

/// Milliseconds of each call of `f` for about so many seconds, at least five, after two that do not count.
pub fn time(seconds: f64, f: &mut dyn FnMut()) -> Vec<f64> {
    f();
    f();
    measure(seconds, 5, f)
}

/// Milliseconds of each call of `f` for about so many seconds, at least `least`.
pub fn measure(seconds: f64, least: usize, f: &mut dyn FnMut()) -> Vec<f64> {
    let (mut times, until) = (vec![], Instant::now() + Duration::from_secs_f64(seconds));
    while times.len() < least || (Instant::now() < until && times.len() < MOST) {
        let start = Instant::now();
        f();
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times
}

/// The middle one; the mean of the two in the middle where there is none.
pub fn median(times: &[f64]) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len();
    if n == 0 { f64::NAN } else { (sorted[(n - 1) / 2] + sorted[n / 2]) / 2.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn runs_at_least_five_times() {
        let mut calls = 0;
        assert_eq!(time(0.0, &mut || calls += 1).len(), 5);
        assert_eq!(calls, 7);
    }
}

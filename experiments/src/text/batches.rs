//! Length-bucketed batches: examples of similar length go together, so that little is computed on padding.

use crate::data::split::shuffle;
use std::cmp::Reverse;

/// Number of batches whose examples are sorted by length together. More means less padding, but less random batches.
const BATCHES_IN_A_POOL: usize = 64;

/// Batches of `size` examples (one batch may have fewer) for one epoch of training, as indices into `lengths`.
///
/// All examples are shuffled, each pool of 64 batches is sorted by length and cut, then the batches are shuffled: every
/// epoch has different batches in a different order, determined by `(seed, epoch)` alone.
///
/// # Panics
/// If `size` is 0.
#[track_caller]
pub fn shuffled(lengths: &[usize], size: usize, seed: u64, epoch: u64) -> Vec<Vec<usize>> {
    assert_size(size);
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    shuffle(&mut order, seed, 2 * epoch);
    let mut batches: Vec<Vec<usize>> = Vec::with_capacity(lengths.len().div_ceil(size));
    for pool in order.chunks_mut(size.saturating_mul(BATCHES_IN_A_POOL)) {
        pool.sort_by_key(|&i| lengths[i]);
        batches.extend(pool.chunks(size).map(<[usize]>::to_vec));
    }
    shuffle(&mut batches, seed, 2 * epoch + 1);
    batches
}

/// Batches of `size` examples for evaluation, as indices into `lengths`: longest first, so that the largest buffers are
/// allocated once. Examples of equal length keep their order.
///
/// # Panics
/// If `size` is 0.
#[track_caller]
pub fn sorted(lengths: &[usize], size: usize) -> Vec<Vec<usize>> {
    assert_size(size);
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    order.sort_by_key(|&i| Reverse(lengths[i]));
    order.chunks(size).map(<[usize]>::to_vec).collect()
}

/// The largest padded size of an evaluation batch, in tokens, unless a single example is longer: one very long text
/// must not pad all its neighbours to its length.
const MOST_POSITIONS: usize = 1 << 16;

/// As `sorted`, but batches of long examples are split: memory grows with the padded size, and what a model computes
/// for an example does not depend on its batch.
#[track_caller]
pub fn evaluated(lengths: &[usize], size: usize) -> Vec<Vec<usize>> {
    let mut batches = vec![];
    for batch in sorted(lengths, size) {
        let mut rest = batch.as_slice();
        while let Some(&longest) = rest.first() {
            let most = (MOST_POSITIONS / lengths[longest].max(1)).max(1);
            let (first, others) = rest.split_at(most.min(rest.len()));
            batches.push(first.to_vec());
            rest = others;
        }
    }
    batches
}

/// Computes `of` batch by batch, longest examples first, and returns the results in the order of the examples. A batch
/// holds fewer than `size` examples if they are long.
///
/// # Panics
/// If `size` is 0, or `of` does not return one result per example of a batch.
#[track_caller]
pub fn each<T>(lengths: &[usize], size: usize, of: impl FnMut(&[usize]) -> Vec<T>) -> Vec<T> {
    each_until(lengths, size, || false, of).expect("batches: nothing stops them")
}

/// As [`each`]; none if `stop` became true before a batch.
///
/// # Panics
/// As [`each`].
#[track_caller]
pub fn each_until<T>(
    lengths: &[usize],
    size: usize,
    stop: impl Fn() -> bool,
    of: impl FnMut(&[usize]) -> Vec<T>,
) -> Option<Vec<T>> {
    each_of(evaluated(lengths, size), stop, of)
}

/// Computes `of` batch by batch, and returns the results in the order of the examples; none if `stop` became true before a batch.
///
/// # Panics
/// If `of` does not return one result per example of a batch.
#[track_caller]
pub fn each_of<T>(
    batches: Vec<Vec<usize>>,
    stop: impl Fn() -> bool,
    mut of: impl FnMut(&[usize]) -> Vec<T>,
) -> Option<Vec<T>> {
    let mut results: Vec<(usize, T)> = vec![];
    for batch in batches {
        if stop() {
            return None;
        }
        let found = of(&batch);
        assert_eq!(found.len(), batch.len(), "batches: a result for each example of a batch");
        results.extend(batch.into_iter().zip(found));
    }
    results.sort_by_key(|(i, _)| *i);
    Some(results.into_iter().map(|(_, result)| result).collect())
}

#[track_caller]
fn assert_size(size: usize) {
    assert!(size > 0, "batches: the batch size is 0; it must be at least 1");
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sha2::{Digest, Sha256};

    const SIZE: usize = 8;

    /// Lengths like those of real sentences: from 1 to 60, mostly short.
    fn lengths(n: usize) -> Vec<usize> {
        (0..n).map(|i| (i as f64 * 0.618_033_988_75).fract()).map(|u| 1 + (60.0 * u * u) as usize).collect()
    }

    fn padding(lengths: &[usize], batches: &[Vec<usize>]) -> f64 {
        let padded: usize =
            batches.iter().map(|b| b.len() * b.iter().map(|&i| lengths[i]).max().unwrap_or(0)).sum();
        1.0 - lengths.iter().sum::<usize>() as f64 / padded as f64
    }

    #[test]
    #[should_panic(expected = "the batch size is 0")]
    fn a_batch_size_of_zero_is_a_bug() {
        sorted(&[1], 0);
    }

    #[test]
    fn seed_and_epoch_give_the_batches() {
        let lengths = lengths(2000);
        let batches = |seed, epoch| shuffled(&lengths, SIZE, seed, epoch);
        assert_eq!(batches(1, 0), batches(1, 0));
        assert_ne!(batches(1, 0), batches(1, 1));
        assert_ne!(batches(1, 0), batches(2, 0));
    }

    /// A resumed run sees the examples in the order of the original run, whichever version wrote the checkpoint.
    #[test]
    fn the_order_is_that_of_all_versions() {
        let lengths = lengths(5000);
        let mut hash = Sha256::new();
        for size in [1, 8, 64] {
            for batches in
                [shuffled(&lengths, size, 1, 0), shuffled(&lengths, size, 3, 7), sorted(&lengths, size)]
            {
                for batch in batches {
                    hash.update((batch.len() as u64).to_le_bytes());
                    batch.iter().for_each(|&i| hash.update((i as u64).to_le_bytes()));
                }
            }
        }
        let start: String = hash.finalize().iter().take(8).map(|b| format!("{b:02x}")).collect();
        assert_eq!(start, "84b556ce60b8dd18");
    }

    #[test]
    fn little_is_padding() {
        let lengths = lengths(5000);
        let in_order: Vec<Vec<usize>> =
            (0..5000).collect::<Vec<_>>().chunks(SIZE).map(<[usize]>::to_vec).collect();
        assert!(padding(&lengths, &in_order) > 0.4);
        assert!(padding(&lengths, &shuffled(&lengths, SIZE, 1, 0)) < 0.04);
        assert!(padding(&lengths, &sorted(&lengths, SIZE)) < 0.01);
    }

    #[test]
    fn examples_meet_others_in_another_epoch_and_batches_do_not_come_by_length() {
        let lengths = lengths(5000);
        let [one, two] = [0, 1].map(|epoch| shuffled(&lengths, SIZE, 1, epoch));
        let pairs = |batches: &[Vec<usize>]| -> std::collections::HashSet<(usize, usize)> {
            batches
                .iter()
                .flat_map(|b| b.iter().flat_map(|&i| b.iter().map(move |&j| (i, j))))
                .filter(|(i, j)| i < j)
                .collect()
        };
        let (one_pairs, two_pairs) = (pairs(&one), pairs(&two));
        assert!(one_pairs.intersection(&two_pairs).count() * 10 < one_pairs.len());
        // Signs of the length changes from batch to batch: as many rises as falls, within 2.5 standard deviations.
        let steps: i32 =
            one.windows(2).map(|w| (lengths[w[1][0]] as i32 - lengths[w[0][0]] as i32).signum()).sum();
        assert!(steps.abs() < 40, "{steps} of {}", one.len());
    }

    #[test]
    fn evaluation_takes_the_longest_first() {
        assert_eq!(sorted(&[1, 7, 7, 3], 2), [vec![1, 2], vec![3, 0]]);
    }

    #[test]
    fn answers_come_in_the_order_of_the_examples() {
        let lengths = lengths(100);
        let mut batches = 0;
        let doubled = each(&lengths, SIZE, |batch| {
            batches += 1;
            batch.iter().map(|&i| 2 * i).collect()
        });
        assert_eq!(doubled, (0..100).map(|i| 2 * i).collect::<Vec<_>>());
        assert_eq!(batches, 13);
    }

    #[test]
    fn batches_stop_before_the_next_one() {
        let done = std::cell::Cell::new(0);
        let of = |batch: &[usize]| {
            done.set(done.get() + 1);
            vec![(); batch.len()]
        };
        assert_eq!(each_until(&lengths(100), SIZE, || done.get() == 3, of), None);
        assert_eq!(done.get(), 3);
    }

    #[test]
    fn a_very_long_example_does_not_stretch_its_neighbours() {
        let lengths = [60_000, 30_000, 20_000, 10, 10];
        assert_eq!(evaluated(&lengths, 4), [vec![0], vec![1, 2], vec![3], vec![4]]);
        assert_eq!(evaluated(&[1_000_000], 4), [[0]]);
    }

    proptest! {
        #[test]
        fn every_example_is_in_one_batch(lengths in prop::collection::vec(1usize..50, 0..300), size in 1usize..9, epoch in 0u64..9) {
            for batches in [shuffled(&lengths, size, 1, epoch), sorted(&lengths, size)] {
                prop_assert!(batches.iter().filter(|b| b.len() < size).count() <= 1);
                let mut all = batches.concat();
                all.sort();
                prop_assert_eq!(all, (0..lengths.len()).collect::<Vec<_>>());
            }
        }
    }
}

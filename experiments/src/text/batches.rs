//! Length-bucketed batches: examples of similar length go together, so that little is computed on padding.

use super::vocabulary::PAD;
use crate::data::split::shuffle;
use serde::{Deserialize, Serialize};

/// Batches whose examples are sorted by length together. More means less padding and less chance in who meets whom.
const BATCHES_IN_A_POOL: usize = 64;

/// How examples become batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Batching {
    /// Examples in a batch (the last one may have fewer).
    pub size: usize,
    /// Longer sequences lose their end.
    pub max_len: Option<usize>,
}

impl Default for Batching {
    fn default() -> Self {
        Batching { size: 64, max_len: None }
    }
}

/// Padded sequences and their labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Word ids `[B, T]`, row by row, with [`PAD`] after each row's end.
    pub ids: Vec<u32>,
    /// Length of each row, from 1 to T: `[B]`.
    pub lengths: Vec<usize>,
    /// Label of each row: `[B]`.
    pub labels: Vec<usize>,
    /// Which example each row is: `[B]`.
    pub examples: Vec<usize>,
    /// Rows: B.
    pub b: usize,
    /// Longest row: T.
    pub t: usize,
}

impl Batching {
    /// Batches for one epoch of training, as indices into `lengths`.
    ///
    /// All examples are shuffled, each pool of 64 batches is sorted by length and cut, then the batches are shuffled:
    /// every epoch has other batches in another order, given by `(seed, epoch)` alone.
    ///
    /// # Panics
    /// If `size` is 0.
    #[track_caller]
    pub fn shuffled(&self, lengths: &[usize], seed: u64, epoch: u64) -> Vec<Vec<usize>> {
        self.assert_sizes();
        let mut order: Vec<usize> = (0..lengths.len()).collect();
        shuffle(&mut order, seed, 2 * epoch);
        let mut batches: Vec<Vec<usize>> = Vec::with_capacity(lengths.len().div_ceil(self.size));
        for pool in order.chunks_mut(self.size.saturating_mul(BATCHES_IN_A_POOL)) {
            pool.sort_by_key(|&i| self.kept(lengths[i]));
            batches.extend(pool.chunks(self.size).map(<[usize]>::to_vec));
        }
        shuffle(&mut batches, seed, 2 * epoch + 1);
        batches
    }

    /// Batches for evaluation, as indices into `lengths`: longest first, so that the largest buffers are taken once,
    /// and equally long examples in their own order.
    ///
    /// # Panics
    /// If `size` is 0.
    #[track_caller]
    pub fn sorted(&self, lengths: &[usize]) -> Vec<Vec<usize>> {
        self.assert_sizes();
        let mut order: Vec<usize> = (0..lengths.len()).collect();
        order.sort_by_key(|&i| std::cmp::Reverse(self.kept(lengths[i])));
        order.chunks(self.size).map(<[usize]>::to_vec).collect()
    }

    /// The padded batch of the chosen examples.
    ///
    /// # Panics
    /// If `examples` is empty, holds an index out of range, or chooses an empty sequence.
    #[track_caller]
    pub fn batch(&self, sequences: &[Vec<u32>], labels: &[usize], examples: &[usize]) -> Batch {
        let lengths: Vec<usize> = examples.iter().map(|&i| self.kept(sequences[i].len())).collect();
        let (Some(&t), Some(1..)) = (lengths.iter().max(), lengths.iter().min()) else {
            panic!(
                "batch: expected at least one example and no empty sequence, found the lengths {lengths:?}"
            );
        };
        let mut ids = vec![PAD; examples.len() * t];
        for ((row, &i), &length) in ids.chunks_mut(t).zip(examples).zip(&lengths) {
            row[..length].copy_from_slice(&sequences[i][..length]);
        }
        let labels = examples.iter().map(|&i| labels[i]).collect();
        Batch { ids, lengths, labels, examples: examples.to_vec(), b: examples.len(), t }
    }

    fn kept(&self, length: usize) -> usize {
        length.min(self.max_len.unwrap_or(usize::MAX))
    }

    #[track_caller]
    fn assert_sizes(&self) {
        assert!(self.size > 0, "batching: the batch size is 0; it must be at least 1");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SIZE: usize = 8;
    const BATCHING: Batching = Batching { size: SIZE, max_len: Some(40) };

    /// Lengths as real sentences have them: from 1 to 60, short ones more often.
    fn lengths(n: usize) -> Vec<usize> {
        (0..n).map(|i| (i as f64 * 0.618_033_988_75).fract()).map(|u| 1 + (60.0 * u * u) as usize).collect()
    }

    fn padding(lengths: &[usize], batches: &[Vec<usize>]) -> f64 {
        let padded: usize =
            batches.iter().map(|b| b.len() * b.iter().map(|&i| lengths[i]).max().unwrap_or(0)).sum();
        1.0 - lengths.iter().sum::<usize>() as f64 / padded as f64
    }

    #[test]
    fn rows_are_cut_and_padded() {
        let sequences = [vec![5, 6], vec![7], vec![8; 9]];
        let batch = Batching { size: 2, max_len: Some(3) }.batch(&sequences, &[1, 0, 4], &[1, 2]);
        assert_eq!(batch.ids, [7, PAD, PAD, 8, 8, 8]);
        assert_eq!((batch.lengths, batch.labels, batch.examples), (vec![1, 3], vec![0, 4], vec![1, 2]));
        assert_eq!((batch.b, batch.t), (2, 3));
    }

    #[test]
    #[should_panic(expected = "no empty sequence, found the lengths [0]")]
    fn an_empty_sequence_is_a_bug() {
        BATCHING.batch(&[vec![]], &[0], &[0]);
    }

    #[test]
    #[should_panic(expected = "the batch size is 0")]
    fn a_batch_size_of_zero_is_a_bug() {
        Batching { size: 0, max_len: None }.sorted(&[1]);
    }

    #[test]
    fn seed_and_epoch_give_the_batches() {
        let lengths = lengths(2000);
        let batches = |seed, epoch| BATCHING.shuffled(&lengths, seed, epoch);
        assert_eq!(batches(1, 0), batches(1, 0));
        assert_ne!(batches(1, 0), batches(1, 1));
        assert_ne!(batches(1, 0), batches(2, 0));
    }

    #[test]
    fn little_is_padding() {
        let lengths = lengths(5000);
        let unlimited = Batching { max_len: None, ..BATCHING };
        let in_order: Vec<Vec<usize>> =
            (0..5000).collect::<Vec<_>>().chunks(SIZE).map(<[usize]>::to_vec).collect();
        assert!(padding(&lengths, &in_order) > 0.4);
        assert!(padding(&lengths, &unlimited.shuffled(&lengths, 1, 0)) < 0.04);
        assert!(padding(&lengths, &unlimited.sorted(&lengths)) < 0.01);
    }

    #[test]
    fn examples_meet_others_in_another_epoch_and_batches_do_not_come_by_length() {
        let lengths = lengths(5000);
        let [one, two] = [0, 1].map(|epoch| BATCHING.shuffled(&lengths, 1, epoch));
        let pairs = |batches: &[Vec<usize>]| -> std::collections::HashSet<(usize, usize)> {
            batches
                .iter()
                .flat_map(|b| b.iter().flat_map(|&i| b.iter().map(move |&j| (i, j))))
                .filter(|(i, j)| i < j)
                .collect()
        };
        let (one_pairs, two_pairs) = (pairs(&one), pairs(&two));
        assert!(one_pairs.intersection(&two_pairs).count() * 10 < one_pairs.len());
        // Signs of the steps from batch to batch: as many up as down, give or take 2.5 standard deviations.
        let steps: i32 =
            one.windows(2).map(|w| (lengths[w[1][0]] as i32 - lengths[w[0][0]] as i32).signum()).sum();
        assert!(steps.abs() < 40, "{steps} of {}", one.len());
    }

    #[test]
    fn evaluation_takes_the_longest_first() {
        assert_eq!(Batching { size: 2, max_len: Some(5) }.sorted(&[1, 7, 6, 3]), [vec![1, 2], vec![3, 0]]);
    }

    proptest! {
        #[test]
        fn every_example_is_in_one_batch(lengths in prop::collection::vec(1usize..50, 0..300), size in 1usize..9, epoch in 0u64..9) {
            let batching = Batching { size, max_len: Some(20) };
            for batches in [batching.shuffled(&lengths, 1, epoch), batching.sorted(&lengths)] {
                prop_assert!(batches.iter().filter(|b| b.len() < size).count() <= 1);
                let mut all = batches.concat();
                all.sort();
                prop_assert_eq!(all, (0..lengths.len()).collect::<Vec<_>>());
            }
        }
    }
}

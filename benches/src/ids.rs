//! Token ids that change every step.

use crate::workload::Ids;
use gradus_engine::{Rng, Tensor};
use std::cell::Cell;

/// Batches that are made before timing starts, then used in turn.
pub struct Fresh {
    batches: Vec<Tensor>,
    next: Cell<usize>,
}

impl Fresh {
    /// 32 batches [B, T] over a vocabulary.
    pub fn new(ids: Ids, vocabulary: usize, shape: [usize; 2], rng: &mut Rng) -> Self {
        Fresh { batches: (0..32).map(|_| draw(ids, vocabulary, shape, rng)).collect(), next: Cell::new(0) }
    }

    /// The next batch.
    pub fn next(&self) -> &Tensor {
        let i = self.next.get();
        self.next.set((i + 1) % self.batches.len());
        &self.batches[i]
    }
}

/// The factors of [`uneven_lengths`] for sources and for their translations, so that a long source may have a short one.
pub const SOURCES: usize = 5;
/// See [`SOURCES`].
pub const TRANSLATIONS: usize = 7;

/// Lengths `i64` [B] from T / 2 to T, in no order: T − ⌊(factor · b mod B) T / 2B⌋. Gradus and a peer have the same ones, and so the
/// same amount of work.
pub fn uneven_lengths([b, t]: [usize; 2], factor: usize) -> Tensor {
    let lengths: Vec<i64> = (0..b).map(|i| (t - factor * i % b * t / (2 * b)) as i64).collect();
    Tensor::from_slice(&lengths, [b])
}

/// Ids [B, T].
pub fn draw(ids: Ids, vocabulary: usize, shape: [usize; 2], rng: &mut Rng) -> Tensor {
    let stream = rng.stream();
    let n = (shape[0] * shape[1]) as u64;
    let numbers: Vec<i64> = match ids {
        Ids::Uniform => (0..n).map(|i| stream.below(i, vocabulary as u64) as i64).collect(),
        Ids::Zipf => {
            let mut sum = 0.0;
            let cumulated: Vec<f64> = (0..vocabulary)
                .map(|rank| {
                    sum += 1.0 / (rank as f64 + 2.7);
                    sum
                })
                .collect();
            let at = |i| {
                cumulated.partition_point(|&c| c <= f64::from(stream.uniform(i)) * sum).min(vocabulary - 1)
            };
            (0..n).map(|i| at(i) as i64).collect()
        }
    };
    Tensor::from_slice(&numbers, shape)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_uneven_and_in_no_order() {
        assert_eq!(uneven_lengths([8, 16], 5).to_vec::<i64>(), [16, 11, 14, 9, 12, 15, 10, 13]);
        for factor in [SOURCES, TRANSLATIONS] {
            let lengths = uneven_lengths([64, 25], factor).to_vec::<i64>();
            assert_eq!((lengths.iter().min(), lengths.iter().max()), (Some(&13), Some(&25)));
        }
        assert_ne!(
            uneven_lengths([64, 25], SOURCES).to_vec::<i64>(),
            uneven_lengths([64, 25], TRANSLATIONS).to_vec::<i64>()
        );
    }

    #[test]
    fn are_in_range_and_frequent_where_zipf_says() {
        let of = |ids| draw(ids, 100, [40, 50], &mut Rng::new(1)).to_vec::<i64>();
        for ids in [Ids::Uniform, Ids::Zipf] {
            assert!(of(ids).iter().all(|id| (0..100).contains(id)));
        }
        let first_ten = |ids| of(ids).iter().filter(|&&id| id < 10).count();
        // Σ_{r<10} 1/(r + 2.7) is 0.44 of Σ_{r<100}; for uniform ids it would be a tenth.
        assert!((750..1010).contains(&first_ten(Ids::Zipf)), "{}", first_ten(Ids::Zipf));
        assert!((130..270).contains(&first_ten(Ids::Uniform)));
    }
}

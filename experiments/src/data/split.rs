//! Shuffles and holds out examples by a seed, for data sets without official splits.

/// SplitMix64 (Steele, Lea and Flood 2014): a small generator, used only for the order of examples.
struct SplitMix64(u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `n`, each equally likely: draws from the last, incomplete range are repeated.
    fn below(&mut self, n: u64) -> u64 {
        let complete = u64::MAX - u64::MAX % n;
        loop {
            let draw = self.next();
            if draw < complete {
                return draw % n;
            }
        }
    }
}

/// Shuffles in place (Fisher-Yates). The order depends only on `(seed, stream)` and the length. Use a different
/// `stream` for each purpose, such as the number of the epoch.
pub fn shuffle<T>(items: &mut [T], seed: u64, stream: u64) {
    let mut random = SplitMix64(seed);
    random.0 = random.next() ^ stream;
    random.0 = random.next();
    for i in (1..items.len()).rev() {
        items.swap(i, random.below(i as u64 + 1) as usize);
    }
}

/// At most `limit` of the numbers below `count`, drawn by `seed`, in ascending order; 0 means all.
pub fn sample(count: usize, limit: usize, seed: u64) -> Vec<usize> {
    let mut chosen: Vec<usize> = (0..count).collect();
    if limit > 0 && limit < count {
        shuffle(&mut chosen, seed, u64::MAX);
        chosen.truncate(limit);
        chosen.sort_unstable();
    }
    chosen
}

/// Removes `n` items, drawn by `seed`, from `items` and returns them. The remaining items are shuffled too, since data
/// sets are often sorted by label.
pub fn hold_out<T>(items: &mut Vec<T>, n: usize, seed: u64) -> Vec<T> {
    shuffle(items, seed, u64::MAX);
    let rest = items.split_off(n.min(items.len()));
    std::mem::replace(items, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splitmix64_gives_the_published_sequence() {
        // First outputs for seed 1234567, as published with the public-domain reference implementation.
        let mut random = SplitMix64(1234567);
        assert_eq!(
            [random.next(), random.next(), random.next()],
            [6457827717110365317, 3203168211198807973, 9817491932198370423]
        );
    }

    #[test]
    fn a_shuffle_is_a_permutation_given_by_seed_and_stream() {
        let order = |seed, stream| {
            let mut items: Vec<usize> = (0..100).collect();
            shuffle(&mut items, seed, stream);
            items
        };
        assert_eq!(order(1, 2), order(1, 2));
        assert_ne!(order(1, 2), order(1, 3));
        assert_ne!(order(1, 2), order(2, 2));
        let mut sorted = order(1, 2);
        sorted.sort();
        assert_eq!(sorted, (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn every_order_is_equally_likely() {
        let mut counts = std::collections::HashMap::new();
        for stream in 0..6000 {
            let mut items = [0, 1, 2];
            shuffle(&mut items, 5, stream);
            *counts.entry(items).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 6);
        // 1000 expected, standard deviation 29.
        assert!(counts.values().all(|&c| (850..1150).contains(&c)), "{counts:?}");
    }

    #[test]
    fn a_sample_is_drawn_by_the_seed_and_ascends() {
        let drawn = sample(50, 10, 1);
        assert!(drawn.len() == 10 && drawn.is_sorted_by(|a, b| a < b) && drawn.iter().all(|&i| i < 50));
        assert_eq!(drawn, sample(50, 10, 1));
        assert_ne!(drawn, sample(50, 10, 2));
        for limit in [0, 50, 60] {
            assert_eq!(sample(50, limit, 1), (0..50).collect::<Vec<_>>());
        }
    }

    #[test]
    fn held_out_and_rest_are_the_whole() {
        let mut rest: Vec<usize> = (0..50).collect();
        let out = hold_out(&mut rest, 20, 3);
        assert_eq!((out.len(), rest.len()), (20, 30));
        let mut all = [out, rest].concat();
        all.sort();
        assert_eq!(all, (0..50).collect::<Vec<_>>());
    }
}

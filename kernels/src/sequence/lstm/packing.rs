//! The order of tokens in which the rows of a step are contiguous and padding has no rows.

use super::Sizes;
use std::ops::Range;

/// Sentences of a group: few enough for several groups to run at once, enough for a matmul.
const GROUP: usize = 16;

/// All tokens of a batch that are not padding, in rows: by group, by step, by sentence.
pub(super) struct Packing {
    pub(super) groups: Vec<Group>,
}

/// Sentences that are computed together, longest first, so that the sentences that have a token t are the
/// first ones.
pub(super) struct Group {
    /// Their indices in the batch.
    pub(super) sentences: Vec<usize>,
    /// The index among all rows at which each step's rows begin, and the end of the last step's.
    starts: Vec<usize>,
}

impl Packing {
    /// The order for these lengths, each at most T.
    ///
    /// Groups depend only on the batch. Sentences are assigned to them in turn, longest first, so that all
    /// have about the same work.
    pub(super) fn new(sizes: &Sizes, lengths: Option<&[i64]>) -> Self {
        let length = |b: usize| lengths.map_or(sizes.time, |lengths| lengths[b] as usize);
        let mut order: Vec<usize> = (0..sizes.batch).collect();
        order.sort_by_key(|&b| std::cmp::Reverse(length(b)));
        let count = sizes.batch.div_ceil(GROUP);
        let mut row = 0;
        let groups = (0..count).map(|g| {
            let sentences: Vec<usize> = order.iter().copied().skip(g).step_by(count).collect();
            let steps = length(sentences[0]);
            let mut starts = vec![row];
            for t in 0..steps {
                row += sentences.partition_point(|&b| length(b) > t);
                starts.push(row);
            }
            Group { sentences, starts }
        });
        Packing { groups: groups.collect() }
    }

    /// The number of tokens.
    pub(super) fn rows(&self) -> usize {
        self.groups.last().map_or(0, |group| group.rows().end)
    }

    /// The token of each row, as its index in `[B, T]`.
    pub(super) fn tokens(&self, sizes: &Sizes) -> Vec<usize> {
        let mut tokens = Vec::with_capacity(self.rows());
        for group in &self.groups {
            for t in 0..group.steps() {
                let sentences = &group.sentences[..group.step(t).len()];
                tokens.extend(sentences.iter().map(|b| b * sizes.time + t));
            }
        }
        tokens
    }

    /// The row of each token: `[B, T]`, `None` if there is padding.
    pub(super) fn row_of_token(&self, sizes: &Sizes) -> Vec<Option<usize>> {
        let mut rows = vec![None; sizes.batch * sizes.time];
        for (row, token) in self.tokens(sizes).into_iter().enumerate() {
            rows[token] = Some(row);
        }
        rows
    }
}

impl Group {
    /// The number of steps of the longest sentence.
    pub(super) fn steps(&self) -> usize {
        self.starts.len() - 1
    }
    /// The rows of token t, one for each of the first sentences.
    pub(super) fn step(&self, t: usize) -> Range<usize> {
        self.starts[t]..self.starts[t + 1]
    }
    /// The same among the group's own rows.
    pub(super) fn local_step(&self, t: usize) -> Range<usize> {
        self.starts[t] - self.starts[0]..self.starts[t + 1] - self.starts[0]
    }
    /// All rows of the group.
    pub(super) fn rows(&self) -> Range<usize> {
        self.starts[0]..self.starts[self.steps()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_token_has_one_row_and_a_step_has_the_longest_sentences() {
        for (batch, time) in [(0, 3), (1, 1), (5, 4), (16, 3), (17, 9), (50, 6)] {
            let sizes = Sizes { batch, time, input: 1, hidden: 1, directions: 1 };
            let lengths: Vec<i64> = (0..batch).map(|b| ((b * 5 + 2) % (time + 1)) as i64).collect();
            let packing = Packing::new(&sizes, Some(&lengths));
            assert_eq!(packing.rows(), lengths.iter().sum::<i64>() as usize);
            let rows = packing.row_of_token(&sizes);
            let mut seen: Vec<usize> = rows.iter().copied().flatten().collect();
            seen.sort();
            assert!(seen.into_iter().eq(0..packing.rows()));
            for (token, row) in rows.iter().enumerate() {
                assert_eq!(row.is_some(), ((token % time) as i64) < lengths[token / time]);
            }
            for group in &packing.groups {
                assert!(group.sentences.is_sorted_by_key(|&b| -lengths[b]));
                for t in 0..group.steps() {
                    for (row, &b) in group.step(t).zip(&group.sentences) {
                        assert_eq!(rows[b * time + t], Some(row));
                    }
                }
            }
        }
    }
}

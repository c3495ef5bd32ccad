//! The distinct words of a batch.

use super::super::Words;
use crate::conv1d::Sizes;

/// The distinct words, ascending, and for each position of the batch the index of its word among them.
pub(super) struct Distinct {
    /// `[U]`.
    pub words: Vec<i64>,
    /// [B, T]; 0 past a sentence's end.
    pub numbers: Vec<u32>,
}

impl Distinct {
    /// Those of sentences whose ids lie within the `rows` rows of a table: one pass over the words, one over the rows.
    pub fn of(s: Sizes, words: Words<&[i64]>, rows: usize) -> Self {
        let mut number = vec![0; rows];
        let each = || (0..s.b).flat_map(|b| words.of(s, b));
        each().for_each(|&id| number[id as usize] = 1);
        let mut found = vec![];
        for (id, number) in number.iter_mut().enumerate().filter(|(_, seen)| **seen == 1) {
            *number = found.len() as u32;
            found.push(id as i64);
        }
        let mut numbers = vec![0; words.ids.len()];
        for b in 0..s.b {
            let places = numbers[b * s.t..].iter_mut();
            places.zip(words.of(s, b)).for_each(|(place, &id)| *place = number[id as usize]);
        }
        Distinct { words: found, numbers }
    }
}

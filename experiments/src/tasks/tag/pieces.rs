//! Splits long sentences into pieces, because attention takes quadratic time and every layer takes memory.

use std::ops::Range;

/// The most words of a piece.
pub(super) const LONGEST: usize = 2048;

/// The number of words to read on each side of a piece, so that its tags depend on their context.
const AROUND: usize = 128;

/// A piece of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// The index of the sentence.
    pub sentence: usize,
    /// The range of its words.
    pub words: Range<usize>,
}

/// The pieces of sentences of these lengths, for training.
pub(super) fn of(lengths: impl Iterator<Item = usize>) -> Vec<Piece> {
    let mut pieces = vec![];
    for (sentence, length) in lengths.enumerate() {
        for start in (0..length.max(1)).step_by(LONGEST) {
            pieces.push(Piece { sentence, words: start..(start + LONGEST).min(length) });
        }
    }
    pieces
}

/// A range of words to read, and the part of it whose tags are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Window {
    /// The words that the model reads.
    pub read: Range<usize>,
    /// The words whose tags are kept.
    pub keep: Range<usize>,
}

/// The windows over a sentence; the kept parts are adjacent.
pub(super) fn windows(length: usize) -> Vec<Window> {
    if length <= LONGEST {
        return vec![Window { read: 0..length, keep: 0..length }];
    }
    let step = LONGEST - 2 * AROUND;
    let window = |start: usize| {
        let keep = start..(start + step).min(length);
        Window { read: start.saturating_sub(AROUND)..(keep.end + AROUND).min(length), keep }
    };
    (0..length).step_by(step).map(window).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_and_windows_cover_every_word_once() {
        for length in [1, 2, LONGEST - 1, LONGEST, LONGEST + 1, 3 * LONGEST + 17] {
            let pieces = of([length].into_iter());
            let words: Vec<usize> = pieces.iter().flat_map(|piece| piece.words.clone()).collect();
            assert_eq!(words, (0..length).collect::<Vec<_>>());
            let windows = windows(length);
            let kept: Vec<usize> = windows.iter().flat_map(|window| window.keep.clone()).collect();
            assert_eq!(kept, (0..length).collect::<Vec<_>>());
            for Window { read, keep } in windows {
                assert!(read.start <= keep.start && keep.end <= read.end && read.len() <= LONGEST);
                assert!(keep.start - read.start == AROUND.min(keep.start));
            }
        }
    }
}

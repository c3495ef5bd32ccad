//! Long sentences in pieces: attention takes time by the square of the length, and every layer takes memory by the length.

use std::ops::Range;

/// The most words that a model reads at once.
pub(super) const LONGEST: usize = 4096;

/// Words on each side of a piece that are read as well, so that its tags know their neighbours.
const AROUND: usize = 128;

/// A stretch of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// Which sentence.
    pub sentence: usize,
    /// Which of its words.
    pub words: Range<usize>,
}

/// Sentences of these lengths for training: whole, or cut where they are too long.
pub(super) fn of(lengths: impl Iterator<Item = usize>) -> Vec<Piece> {
    let mut pieces = vec![];
    for (sentence, length) in lengths.enumerate() {
        for start in (0..length.max(1)).step_by(LONGEST) {
            pieces.push(Piece { sentence, words: start..(start + LONGEST).min(length) });
        }
    }
    pieces
}

/// A stretch that is read, and the part of it whose tags are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Window {
    /// What the model reads.
    pub read: Range<usize>,
    /// What is kept.
    pub keep: Range<usize>,
}

/// The windows over a sentence: what they keep lies side by side.
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

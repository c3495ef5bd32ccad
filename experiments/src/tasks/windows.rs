//! Splits long sentences into pieces, because attention takes quadratic time, every layer takes memory, and a pretrained model
//! has a fixed number of positions.
//!
//! Each word has a size: 1 for a model of words, the number of its word pieces for a BERT.

use std::ops::Range;

/// The largest piece of a sentence for a model of words.
pub(in crate::tasks) const LONGEST: usize = 2048;

/// What to read on each side of a piece, so that its tags depend on their context; where pieces are small, an eighth of one.
const AROUND: usize = 128;

/// A piece of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::tasks) struct Piece {
    /// The index of the sentence.
    pub sentence: usize,
    /// The range of its words.
    pub words: Range<usize>,
}

/// The pieces of sentences, of at most `longest` each, for training. `sentences` has the sizes of the words of each.
pub(in crate::tasks) fn of(sentences: impl Iterator<Item = Vec<usize>>, longest: usize) -> Vec<Piece> {
    let mut pieces = vec![];
    for (sentence, sizes) in sentences.enumerate() {
        let mut start = 0;
        while start < sizes.len().max(1) {
            let end = reach(&sizes, start, longest);
            pieces.push(Piece { sentence, words: start..end });
            start = end.max(start + 1);
        }
    }
    pieces
}

/// The end of the words from `start` on that are at most of this size together, and one word at least.
fn reach(sizes: &[usize], start: usize, most: usize) -> usize {
    let mut sum = 0;
    let fits = |size: &&usize| {
        sum += **size;
        sum <= most
    };
    let words = sizes[start..].iter().take_while(fits).count();
    sizes.len().min(start + words.max(1))
}

/// A range of words to read, and the part of it whose tags are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::tasks) struct Window {
    /// The words that the model reads.
    pub read: Range<usize>,
    /// The words whose tags are kept.
    pub keep: Range<usize>,
}

/// The windows over a sentence of words of these sizes, of at most `longest` each; the kept parts are adjacent.
pub(in crate::tasks) fn windows(sizes: &[usize], longest: usize) -> Vec<Window> {
    let length = sizes.len();
    if sizes.iter().sum::<usize>() <= longest {
        return vec![Window { read: 0..length, keep: 0..length }];
    }
    let around = AROUND.min(longest / 8);
    let mut windows = vec![];
    let mut start = 0;
    while start < length {
        let keep = start..reach(sizes, start, longest - 2 * around);
        let mut rest = longest.saturating_sub(sizes[keep.clone()].iter().sum());
        let mut context = |words: &mut dyn Iterator<Item = usize>| {
            let mut room = around.min(rest);
            let fits = |word: &usize| {
                let size = sizes[*word];
                let fits = size <= room;
                if fits {
                    (room, rest) = (room - size, rest - size);
                }
                fits
            };
            words.take_while(fits).count()
        };
        let before = context(&mut (0..keep.start).rev());
        let after = context(&mut (keep.end..length));
        start = keep.end;
        windows.push(Window { read: keep.start - before..keep.end + after, keep });
    }
    windows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_and_windows_cover_every_word_once() {
        for length in [1, 2, LONGEST - 1, LONGEST, LONGEST + 1, 3 * LONGEST + 17] {
            let sizes = vec![1; length];
            let pieces = of([sizes.clone()].into_iter(), LONGEST);
            let words: Vec<usize> = pieces.iter().flat_map(|piece| piece.words.clone()).collect();
            assert_eq!(words, (0..length).collect::<Vec<_>>());
            let windows = windows(&sizes, LONGEST);
            let kept: Vec<usize> = windows.iter().flat_map(|window| window.keep.clone()).collect();
            assert_eq!(kept, (0..length).collect::<Vec<_>>());
            for Window { read, keep } in windows {
                assert!(read.start <= keep.start && keep.end <= read.end && read.len() <= LONGEST);
                assert!(keep.start - read.start == AROUND.min(keep.start));
            }
        }
    }

    #[test]
    fn words_of_several_pieces_fill_a_window_sooner() {
        let longest = 64;
        let sizes: Vec<usize> = (0..200).map(|i| [1, 3, 1, 60, 2, 64][i * i % 6]).collect();
        let size = |words: &Range<usize>| sizes[words.clone()].iter().sum::<usize>();
        let pieces = of([sizes.clone(), vec![]].into_iter(), longest);
        assert!(pieces.iter().all(|piece| size(&piece.words) <= longest || piece.words.is_empty()));
        assert_eq!(pieces.last().unwrap(), &Piece { sentence: 1, words: 0..0 }, "a sentence without words");
        let windows = windows(&sizes, longest);
        let kept: Vec<usize> = windows.iter().flat_map(|window| window.keep.clone()).collect();
        assert_eq!(kept, (0..200).collect::<Vec<_>>());
        for Window { read, keep } in &windows {
            assert!(read.start <= keep.start && keep.end <= read.end && size(read) <= longest, "{read:?}");
        }
        assert!(windows.iter().any(|w| w.read.start < w.keep.start && w.keep.end < w.read.end));
    }
}

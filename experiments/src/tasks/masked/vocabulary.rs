//! Pieces of a vocabulary: which can be predicted, which continue a word, and windows of them.

use crate::run::Ask;
use crate::text::WordPieces;
use std::ops::Range;

/// What stands for a word to predict, whatever a vocabulary calls it.
pub(super) const MASK: &str = "[MASK]";

/// What a piece that continues a word begins with.
const CONTINUES: &str = "##";

/// The pieces of a run.
#[derive(Debug)]
pub(super) struct Vocabulary {
    pub pieces: WordPieces,
    /// Whether a piece continues a word, by id.
    continues: Vec<bool>,
    /// The pieces that can be predicted: all but the special ones.
    pub ordinary: Vec<u32>,
}

/// A text in pieces, and its masks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Marked {
    /// Without `[CLS]` and `[SEP]`.
    pub ids: Vec<u32>,
    /// Where each mask is in `ids`, and its bytes in the text.
    pub masks: Vec<(usize, Range<usize>)>,
}

impl Vocabulary {
    pub fn new(pieces: WordPieces) -> Self {
        let all: Vec<Option<String>> = (0..pieces.size() as u32).map(|id| pieces.piece(id)).collect();
        let special = pieces.special();
        let is_ordinary = |id: &u32| all[*id as usize].is_some() && !special.has(*id);
        let ordinary = (0..all.len() as u32).filter(is_ordinary).collect();
        let continues = all
            .iter()
            .map(|piece| piece.as_ref().is_some_and(|piece| piece.starts_with(CONTINUES)))
            .collect();
        Vocabulary { pieces, continues, ordinary }
    }

    /// Whether a piece continues the word of the one before it.
    pub fn continues(&self, id: u32) -> bool {
        self.continues.get(id as usize) == Some(&true)
    }

    /// Whether a piece can be masked and predicted.
    pub fn is_ordinary(&self, id: u32) -> bool {
        !self.pieces.special().has(id)
    }

    /// A piece as it is shown.
    pub fn shown(&self, id: u32) -> String {
        self.pieces.piece(id).unwrap_or_default()
    }

    /// All pieces of a text, without `[CLS]` and `[SEP]`.
    pub fn read(&self, text: &str) -> Vec<u32> {
        let ids = self.pieces.encode(text, usize::MAX).ids;
        ids.get(1..ids.len() - 1).unwrap_or_default().to_vec()
    }

    /// The pieces of a text to predict, with its masks. Words that are given are read one by one.
    pub fn read_marked(&self, ask: &Ask) -> Marked {
        let whole = 0..ask.text.len();
        let mut marked = Marked::default();
        for place in ask.words.as_deref().unwrap_or(&[whole]) {
            let mut start = place.start;
            while let Some(found) = ask.text[start..place.end].find(MASK) {
                let mask = start + found..start + found + MASK.len();
                marked.ids.extend(self.read(&ask.text[start..mask.start]));
                marked.masks.push((marked.ids.len(), mask.clone()));
                marked.ids.push(self.pieces.special().mask);
                start = mask.end;
            }
            marked.ids.extend(self.read(&ask.text[start..place.end]));
        }
        marked
    }

    /// The windows of a text's pieces, each of at most `longest` with `[CLS]` and `[SEP]`, as ranges. No word is split, unless it
    /// is longer than a window.
    pub fn windows(&self, ids: &[u32], longest: usize) -> Vec<Range<usize>> {
        let room = longest.saturating_sub(2).max(1);
        let (mut windows, mut start) = (vec![], 0);
        while start < ids.len() {
            let most = (start + room).min(ids.len());
            let begins_word = |end: &usize| *end == ids.len() || !self.continues(ids[*end]);
            let end = (start + 1..=most).rev().find(begins_word).unwrap_or(most);
            windows.push(start..end);
            start = end;
        }
        windows
    }

    /// `[CLS] … [SEP]`.
    pub fn framed(&self, ids: &[u32]) -> Vec<u32> {
        let special = self.pieces.special();
        [&[special.cls], ids, &[special.sep]].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vocabulary() -> Vocabulary {
        let texts = ["unaffable texts are unaffable", "ab ab ab abab"];
        Vocabulary::new(WordPieces::train(&texts, 60, true).unwrap())
    }

    fn shown(vocabulary: &Vocabulary, ids: &[u32]) -> String {
        ids.iter().map(|&id| vocabulary.shown(id)).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn special_pieces_are_never_predicted() {
        let vocabulary = vocabulary();
        let special = vocabulary.pieces.special();
        assert_eq!(vocabulary.ordinary.len() + 5, vocabulary.pieces.size());
        assert!(vocabulary.ordinary.iter().all(|&id| !special.has(id)));
    }

    #[test]
    fn masks_are_found_where_the_text_has_them() {
        let vocabulary = vocabulary();
        let ask = Ask { text: "ab [MASK] ab[MASK].".into(), ..Ask::default() };
        let marked = vocabulary.read_marked(&ask);
        assert_eq!(shown(&vocabulary, &marked.ids), "ab [MASK] ab [MASK] [UNK]");
        assert_eq!(marked.masks, [(1, 3..9), (3, 12..18)]);
        assert_eq!(vocabulary.read_marked(&ask.split_at_spaces()).masks, marked.masks);
        assert_eq!(vocabulary.read_marked(&Ask::default()), Marked::default());
    }

    #[test]
    fn windows_cover_the_text_and_keep_words_whole() {
        let vocabulary = vocabulary();
        let ids = vocabulary.read("ab rere ab areab");
        assert_eq!(shown(&vocabulary, &ids), "ab r ##e ##r ##e ab a ##r ##e ##ab");
        let of = |longest| -> Vec<String> {
            let windows = vocabulary.windows(&ids, longest);
            windows.into_iter().map(|window| shown(&vocabulary, &ids[window])).collect()
        };
        assert_eq!(of(7), ["ab r ##e ##r ##e", "ab a ##r ##e ##ab"]);
        assert_eq!(of(6), ["ab", "r ##e ##r ##e", "ab", "a ##r ##e ##ab"]);
        assert_eq!(of(5), ["ab", "r ##e ##r", "##e ab", "a ##r ##e", "##ab"]);
        assert_eq!(of(100), [shown(&vocabulary, &ids)]);
        assert!(vocabulary.windows(&[], 5).is_empty());
    }
}

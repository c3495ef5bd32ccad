use super::WordPieces;
use std::ops::Range;
use tokenizers::Encoding;

/// A text as a model reads it: `[CLS] … [SEP]`.
#[derive(Clone, Default, Debug, PartialEq, Eq)]
pub struct Pieces {
    /// The ids of the pieces.
    pub ids: Vec<u32>,
    /// The bytes of the text that each piece stands for; (0, 0) for the `[CLS]` and the `[SEP]` that were added.
    ///
    /// Both ends lie between characters of the text, and no piece begins before the one in front of it. Pieces of one
    /// character share its bytes.
    pub offsets: Vec<(usize, usize)>,
    /// Whether pieces at the end of the text were left out, since there were too many.
    pub cut: bool,
}

impl Pieces {
    /// Adds a special piece.
    fn add(&mut self, id: u32) {
        self.ids.push(id);
        self.offsets.push((0, 0));
    }
}

/// A list of words as a model reads it: `[CLS] … [SEP]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WordPlaces {
    /// The ids of the pieces.
    pub ids: Vec<u32>,
    /// For each word, where its pieces are in `ids`. Empty for a word without pieces (such as one of control characters
    /// alone) and for one that was left out.
    pub pieces: Vec<Range<usize>>,
    /// For each word, whether pieces of it were left out, since there were too many.
    pub cut: Vec<bool>,
}

impl WordPlaces {
    /// Where the first piece of a word is, if it has one.
    ///
    /// # Panics
    /// If there is no such word.
    #[track_caller]
    pub fn first(&self, word: usize) -> Option<usize> {
        let pieces = &self.pieces[word];
        (!pieces.is_empty()).then_some(pieces.start)
    }
}

impl WordPieces {
    /// The pieces of a text, at most `longest` with `[CLS]` and `[SEP]`. The name of a special piece in the text is that piece.
    /// Two texts are read as one by the pieces of the first, then those of the second without its `[CLS]`.
    ///
    /// # Panics
    /// If `longest` is below 2.
    #[track_caller]
    pub fn encode(&self, text: &str, longest: usize) -> Pieces {
        let room = room(longest);
        let found = self.split(text);
        let kept = found.len().min(room);
        let mut pieces = Pieces { cut: kept < found.len(), ..Pieces::default() };
        pieces.add(self.special.cls);
        pieces.ids.extend_from_slice(&found.get_ids()[..kept]);
        pieces.offsets.extend_from_slice(&found.get_offsets()[..kept]);
        pieces.add(self.special.sep);
        pieces
    }

    /// The pieces of a text that is split into words, at most `longest` with `[CLS]` and `[SEP]`. A word may be split further,
    /// at punctuation.
    ///
    /// # Panics
    /// If `longest` is below 2.
    #[track_caller]
    pub fn encode_words<S: AsRef<str>>(&self, words: &[S], longest: usize) -> WordPlaces {
        let end = 1 + room(longest);
        let mut ids = vec![self.special.cls];
        let (mut pieces, mut cut) = (vec![], vec![]);
        for word in words {
            let found = self.split(word.as_ref());
            let start = ids.len();
            let kept = found.len().min(end - start);
            ids.extend_from_slice(&found.get_ids()[..kept]);
            pieces.push(start..ids.len());
            cut.push(kept < found.len());
        }
        ids.push(self.special.sep);
        WordPlaces { ids, pieces, cut }
    }

    /// The pieces of one word, at least one: the unknown piece stands for a word of characters that are dropped.
    pub fn of_word(&self, word: &str) -> Vec<u32> {
        let ids = self.split(word).get_ids().to_vec();
        if ids.is_empty() { vec![self.special.unk] } else { ids }
    }

    fn split(&self, text: &str) -> Encoding {
        // A text is no reason to fail: the vocabulary has the piece for what it does not spell.
        self.inner.encode(text, false).unwrap_or_else(|error| panic!("word pieces: {error}"))
    }
}

/// How many pieces of a text there may be.
#[track_caller]
fn room(longest: usize) -> usize {
    longest
        .checked_sub(2)
        .unwrap_or_else(|| panic!("word pieces: the length must be at least 2, found {longest}"))
}

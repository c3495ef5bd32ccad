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

    /// Adds the first pieces of a text.
    fn add_first(&mut self, kept: usize, found: &Encoding) {
        self.ids.extend_from_slice(&found.get_ids()[..kept]);
        self.offsets.extend_from_slice(&found.get_offsets()[..kept]);
        self.cut = kept < found.len();
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

/// Two texts as a model reads them: `[CLS] A [SEP] B [SEP]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairPieces {
    /// The pieces of both; offsets are those in A up to its `[SEP]`, then those in B; `cut` is that of B.
    pub pieces: Pieces,
    /// Token types: 0 up to the first `[SEP]`, then 1.
    pub types: Vec<u32>,
    /// Where the pieces of B are.
    pub second: Range<usize>,
}

/// A first text that leaves no place for the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the first text has {pieces} pieces, which leave no place for the second within {longest}; shorten it or allow more pieces"
)]
pub struct FirstTooLong {
    /// The pieces of the first text.
    pub pieces: usize,
    /// How many pieces there may be in all.
    pub longest: usize,
}

impl WordPieces {
    /// The pieces of a text, at most `longest` with `[CLS]` and `[SEP]`. The name of a special piece in the text is that piece.
    ///
    /// # Panics
    /// If `longest` is below 2.
    #[track_caller]
    pub fn encode(&self, text: &str, longest: usize) -> Pieces {
        let room = room(longest);
        let found = self.split(text);
        let kept = found.len().min(room);
        let mut pieces = Pieces::default();
        pieces.add(self.special.cls);
        pieces.add_first(kept, &found);
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

    /// The pieces of two texts, at most `longest` with `[CLS]` and both `[SEP]`; only the second is cut.
    ///
    /// # Errors
    /// [`FirstTooLong`]: the first text leaves no place for any piece of the second.
    ///
    /// # Panics
    /// If `longest` is below 3.
    #[track_caller]
    pub fn encode_pair(&self, a: &str, b: &str, longest: usize) -> Result<PairPieces, FirstTooLong> {
        assert!(longest >= 3, "word pieces: a pair needs a length of at least 3, found {longest}");
        let (first, second) = (self.split(a), self.split(b));
        let room = (longest - 3).checked_sub(first.len());
        let too_long = FirstTooLong { pieces: first.len(), longest };
        let kept = second.len().min(room.ok_or(too_long)?);
        if kept == 0 && !second.is_empty() {
            return Err(too_long);
        }
        let mut pieces = Pieces::default();
        pieces.add(self.special.cls);
        pieces.add_first(first.len(), &first);
        pieces.add(self.special.sep);
        let start = pieces.ids.len();
        pieces.add_first(kept, &second);
        pieces.add(self.special.sep);
        let types = (0..pieces.ids.len()).map(|place| u32::from(place >= start)).collect();
        Ok(PairPieces { pieces, types, second: start..start + kept })
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

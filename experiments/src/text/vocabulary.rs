//! Maps words to ids and back. Id 0 is PAD, id 1 is UNK, then words by descending count.

use crate::data::{
    DataError,
    atomic::{self, WriteError},
    error::quoted,
    files,
    limits::Limit,
};
use std::{cmp::Reverse, collections::HashMap, path::Path};

/// Id of the padding after the end of a text.
pub const PAD: u32 = 0;
/// Id of every word that is not in the vocabulary.
pub const UNK: u32 = 1;

const RESERVED: [&str; 2] = ["<pad>", "<unk>"];

/// A list of distinct words; a word's id is its index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vocabulary {
    words: Vec<String>,
    ids: HashMap<String, u32>,
}

impl Vocabulary {
    /// The words that occur at least `min_count` times, by descending count and, for equal counts, in the order of
    /// their first occurrence; at most `max_size - 2` of them, since PAD and UNK count as well.
    pub fn count<S: AsRef<str>>(
        words: impl IntoIterator<Item = S>,
        min_count: usize,
        max_size: usize,
    ) -> Self {
        Self::count_and_keep(words, min_count, max_size, |_| false).0
    }

    /// As [`Vocabulary::count`], but includes every word for which `keep` holds, whatever its count, in the same order.
    /// Also returns the id from which on all words occur once.
    pub(crate) fn count_and_keep<S: AsRef<str>>(
        words: impl IntoIterator<Item = S>,
        min_count: usize,
        max_size: usize,
        keep: impl Fn(&str) -> bool,
    ) -> (Self, usize) {
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut counts: Vec<usize> = Vec::new();
        for word in words {
            let word = word.as_ref();
            match places.get(word) {
                Some(&place) => counts[place] += 1,
                None if Self::reserves(word) => {}
                None => {
                    places.insert(word.to_owned(), counts.len());
                    counts.push(1);
                }
            }
        }
        let mut ranked: Vec<(String, usize)> = places.into_iter().collect();
        ranked.sort_by_key(|&(_, place)| (Reverse(counts[place]), place));
        let most = max_size.saturating_sub(RESERVED.len());
        let (mut kept, mut several) = (RESERVED.map(String::from).to_vec(), RESERVED.len());
        for (rank, (word, place)) in ranked.into_iter().enumerate() {
            if rank < most && counts[place] >= min_count || keep(&word) {
                kept.push(word);
                several += usize::from(counts[place] > 1);
            }
        }
        (Self::of(kept), several)
    }

    fn of(words: Vec<String>) -> Self {
        let ids = words.iter().enumerate().map(|(id, word)| (word.clone(), id as u32)).collect();
        Vocabulary { words, ids }
    }

    /// Number of words V, including PAD and UNK.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether a word is the name of PAD or UNK, which no text can use.
    pub(super) fn reserves(word: &str) -> bool {
        RESERVED.contains(&word)
    }

    /// The id of a word; [`UNK`] for an unknown word, and for PAD's name, which no text can use.
    pub fn id(&self, word: &str) -> u32 {
        match self.ids.get(word) {
            Some(&PAD) | None => UNK,
            Some(&id) => id,
        }
    }

    /// The word of an id.
    ///
    /// # Panics
    /// If `id` is not below [`Vocabulary::len`].
    #[track_caller]
    pub fn word(&self, id: u32) -> &str {
        let count = self.words.len();
        self.words
            .get(id as usize)
            .unwrap_or_else(|| panic!("vocabulary: id {id} is not one of the {count} words"))
    }

    /// All words, by id.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// Writes the words, one per line.
    ///
    /// # Errors
    /// [`DataError`] if the file cannot be written, or a word is empty or contains a line break.
    pub fn save(&self, path: &Path) -> Result<(), DataError> {
        if let Some(word) = self.words.iter().find(|w| w.is_empty() || w.contains(['\n', '\r'])) {
            return Err(DataError::File {
                path: path.into(),
                expected: "non-empty words without line breaks".into(),
                found: quoted(word),
                advice: "tokenise the text so that no word contains a line break".into(),
            });
        }
        let mut text = self.words.join("\n");
        text.push('\n');
        atomic::write(path, text.as_bytes()).map_err(WriteError::into_data_error)
    }

    /// Reads what [`Vocabulary::save`] wrote.
    ///
    /// # Errors
    /// [`DataError`] if the file cannot be read, a line is empty, or a word occurs twice.
    pub fn load(path: &Path) -> Result<Self, DataError> {
        Self::parse(path, &files::read_text(path, Limit::Vocabulary)?)
    }

    fn parse(path: &Path, text: &str) -> Result<Self, DataError> {
        let fault = |line: usize, expected: &str, found: String| DataError::Line {
            path: path.into(),
            line,
            expected: expected.into(),
            found,
            advice: "use the vocabulary file that was saved with the model",
        };
        let words: Vec<String> = text.lines().map(String::from).collect();
        for (i, name) in RESERVED.iter().enumerate() {
            if words.get(i).map(String::as_str) != Some(name) {
                let found = words.get(i).map_or("the end of the file".into(), |w| quoted(w));
                return Err(fault(i + 1, &quoted(name), found));
            }
        }
        let vocabulary = Self::of(words);
        for (i, word) in vocabulary.words.iter().enumerate() {
            if word.is_empty() {
                return Err(fault(i + 1, "a word", "an empty line".into()));
            }
            if vocabulary.ids[word] != i as u32 {
                let found = format!("{}, which line {} repeats", quoted(word), vocabulary.ids[word] + 1);
                return Err(fault(i + 1, "each word once", found));
            }
        }
        Ok(vocabulary)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn counted(text: &str, min_count: usize, max_size: usize) -> Vec<String> {
        Vocabulary::count(text.split(' '), min_count, max_size).words
    }

    #[test]
    fn words_come_by_count_then_by_first_occurrence() {
        let text = "d b a b c a e <unk> <pad>";
        assert_eq!(counted(text, 1, usize::MAX), ["<pad>", "<unk>", "b", "a", "d", "c", "e"]);
        assert_eq!(counted(text, 2, usize::MAX), ["<pad>", "<unk>", "b", "a"]);
        assert_eq!(counted(text, 1, 4), ["<pad>", "<unk>", "b", "a"]);
        assert_eq!(counted(text, 1, 0), ["<pad>", "<unk>"]);
    }

    #[test]
    fn words_to_be_kept_stand_in_their_places_whatever_their_count() {
        let text = "d b a b c a e b";
        let kept = |min_count, max_size| {
            let keep = |word: &str| "dce".contains(word) && word != "c";
            let (vocabulary, once) = Vocabulary::count_and_keep(text.split(' '), min_count, max_size, keep);
            (vocabulary.words[2..].join(" "), vocabulary.words.get(once).cloned())
        };
        assert_eq!(kept(1, usize::MAX), ("b a d c e".into(), Some("d".into())));
        assert_eq!(kept(2, usize::MAX), ("b a d e".into(), Some("d".into())));
        assert_eq!(kept(1, 3), ("b d e".into(), Some("d".into())));
        assert_eq!(kept(3, 0), ("d e".into(), Some("d".into())));
        assert_eq!(Vocabulary::count_and_keep(["a", "a"], 1, 9, |_| false).1, 3);
    }

    #[test]
    fn unknown_words_and_reserved_names_are_unk() {
        let vocabulary = Vocabulary::count(["yes"], 1, 9);
        assert_eq!(["yes", "no", "<pad>", "<unk>"].map(|word| vocabulary.id(word)), [2, UNK, UNK, UNK]);
        assert_eq!((vocabulary.word(2), vocabulary.len()), ("yes", 3));
    }

    #[test]
    #[should_panic(expected = "id 2 is not one of the 2 words")]
    fn an_id_out_of_range_is_a_bug() {
        Vocabulary::count([""; 0], 1, 9).word(2);
    }

    #[test]
    fn faults_of_a_file_are_named_with_their_line() {
        let parse = |text: &str| Vocabulary::parse(Path::new("v.txt"), text).unwrap_err().to_string();
        assert!(parse("").starts_with("v.txt, line 1: expected '<pad>', found the end of the file; use the"));
        assert!(parse("<pad>\nof\n").contains("line 2: expected '<unk>', found 'of'"));
        assert!(parse("<pad>\n<unk>\na\n\nb\n").contains("line 4: expected a word, found an empty line"));
        assert!(
            parse("<pad>\n<unk>\na\nb\na\n")
                .contains("line 3: expected each word once, found 'a', which line 5 repeats")
        );
    }

    #[test]
    fn a_word_that_breaks_the_line_is_not_saved() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("v.txt");
        let error = Vocabulary::count(["a\nb"], 1, 9).save(&path).unwrap_err();
        assert!(error.to_string().contains("'a\\nb'"), "{error}");
        assert!(!path.exists());
        assert!(Vocabulary::load(&path).unwrap_err().to_string().starts_with("cannot read"));
    }

    proptest! {
        #[test]
        fn what_is_saved_is_loaded(words in prop::collection::vec(r"\S{1,6}", 0..30)) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("v.txt");
            let vocabulary = Vocabulary::count(&words, 1, usize::MAX);
            vocabulary.save(&path).unwrap();
            prop_assert_eq!(&Vocabulary::load(&path).unwrap(), &vocabulary);
            for word in &words {
                prop_assert_eq!(vocabulary.word(vocabulary.id(word)), word);
            }
        }

        #[test]
        fn any_file_is_a_vocabulary_or_an_error(text: String, rest in "[ab\n\r]{0,9}") {
            let _ = Vocabulary::parse(Path::new("v"), &text);
            let _ = Vocabulary::parse(Path::new("v"), &format!("<pad>\n<unk>\n{rest}"));
        }
    }
}

//! Texts as tokens, and back.

use super::keys::{SubwordKeys, UnitKeys, VocabularyKeys};
use crate::run::RunError;
use crate::text::subwords::{self, Subwords};
use crate::text::vocabulary::Vocabulary;
use crate::text::{Alphabet, lexicon};
use std::path::Path;

/// The files of a run that has words, characters or subwords.
pub(super) const FILES: [&str; 3] = [lexicon::FILES[0], lexicon::FILES[1], subwords::FILE];

/// The end of a line among words, as in the literature on the Penn Treebank.
const END: &str = "<eos>";

/// The end of a line among characters.
const LINE_END: char = '\n';

/// What tokens are. They are numbered from 0 without padding, which no model predicts. Each line ends with a token of its own.
pub(super) enum Units {
    /// Token 0 stands for all unknown words. `<unk>` and `<eos>` in a text are these tokens.
    Words(Vocabulary),
    /// All texts can be spelt. Token 0 ends a line.
    Subwords(Box<Subwords>),
    /// Token 0 stands for all characters that training does not have.
    Characters(Alphabet),
}

/// The number of the token 0 among the pieces, words and characters.
const FIRST_SUBWORD: u32 = subwords::END;
const FIRST: u32 = crate::text::vocabulary::UNK;

impl Units {
    /// Those of the run in the folder `kept`, else those of the training texts.
    ///
    /// # Errors
    /// Files that are missing or damaged; texts from which there are no subwords.
    pub fn open(keys: &UnitKeys, texts: &[String], kept: Option<&Path>) -> Result<Self, RunError> {
        let units = match (keys, kept) {
            (UnitKeys::Words(_), Some(folder)) => Units::Words(Vocabulary::load(&folder.join(FILES[0]))?),
            (UnitKeys::Characters, Some(folder)) => {
                Units::Characters(Alphabet::load(&folder.join(FILES[1]))?)
            }
            (UnitKeys::Subwords(_), Some(folder)) => Units::Subwords(Subwords::load(folder)?.into()),
            (UnitKeys::Words(VocabularyKeys { min_count, max_vocab }), None) => {
                let words = texts.iter().flat_map(|text| text.split_whitespace().chain([END]));
                // Padding, which the vocabulary counts, is no token.
                let most = if *max_vocab == 0 { usize::MAX } else { max_vocab + 1 };
                Units::Words(Vocabulary::count_and_keep(words, *min_count, most, |word| word == END).0)
            }
            (UnitKeys::Characters, None) => {
                let ends = LINE_END.to_string();
                Units::Characters(Alphabet::count(texts.iter().flat_map(|text| [text, &ends]), 1))
            }
            (UnitKeys::Subwords(SubwordKeys { vocab_size }), None) => {
                Units::Subwords(Subwords::train(texts, *vocab_size)?.into())
            }
        };
        match kept.filter(|_| units.is_unknown(units.end())) {
            Some(folder) => {
                let (file, end) = match units {
                    Units::Words(_) => (FILES[0], END),
                    Units::Subwords(_) | Units::Characters(_) => (FILES[1], "\\n"),
                };
                Err(RunError::Damaged { path: folder.join(file), reason: format!("it does not have {end}") })
            }
            None => Ok(units),
        }
    }

    /// Writes the file that [`open`](Units::open) reads.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn save(&self, folder: &Path) -> Result<(), RunError> {
        match self {
            Units::Words(vocabulary) => Ok(vocabulary.save(&folder.join(FILES[0]))?),
            Units::Characters(alphabet) => Ok(alphabet.save(&folder.join(FILES[1]))?),
            Units::Subwords(subwords) => Ok(subwords.save(folder)?),
        }
    }

    /// V.
    pub fn size(&self) -> usize {
        match self {
            Units::Words(vocabulary) => vocabulary.len() - FIRST as usize,
            Units::Characters(alphabet) => alphabet.len() - FIRST as usize,
            Units::Subwords(subwords) => subwords.size() - FIRST_SUBWORD as usize,
        }
    }

    /// What tokens are called.
    pub fn name(&self) -> &'static str {
        match self {
            Units::Words(_) => "words",
            Units::Characters(_) => "characters",
            Units::Subwords(_) => "subwords",
        }
    }

    /// The token at the end of a line.
    pub fn end(&self) -> u32 {
        match self {
            Units::Words(vocabulary) => vocabulary.id(END) - FIRST,
            Units::Characters(alphabet) => alphabet.id(LINE_END) - FIRST,
            Units::Subwords(_) => subwords::END - FIRST_SUBWORD,
        }
    }

    /// Whether a token stands for what training does not have.
    pub fn is_unknown(&self, token: u32) -> bool {
        match self {
            Units::Words(_) | Units::Characters(_) => token == 0,
            Units::Subwords(_) => false,
        }
    }

    /// The tokens of a text, of whose lines all but the last one end.
    pub fn read(&self, text: &str) -> Vec<u32> {
        let of_line = |line: &str| -> Vec<u32> {
            match self {
                Units::Words(vocabulary) => {
                    line.split_whitespace().map(|word| vocabulary.id(word) - FIRST).collect()
                }
                Units::Characters(alphabet) => line.chars().map(|c| alphabet.id(c) - FIRST).collect(),
                Units::Subwords(subwords) => {
                    subwords.encode(line).into_iter().map(|id| id - FIRST_SUBWORD).collect()
                }
            }
        };
        text.split('\n').map(of_line).collect::<Vec<_>>().join(&self.end())
    }

    /// A token as it is shown.
    pub fn shown(&self, token: u32) -> String {
        if token == self.end() {
            return END.into();
        }
        match self {
            Units::Words(vocabulary) => vocabulary.word(token + FIRST).into(),
            Units::Characters(alphabet) => {
                alphabet.character(token + FIRST).unwrap_or(char::REPLACEMENT_CHARACTER).into()
            }
            Units::Subwords(subwords) => subwords::shown(&subwords.bytes(token + FIRST_SUBWORD)),
        }
    }

    /// The bytes that a token adds to a text, at the start of a line or after another token of it: before a word stands a space.
    pub fn bytes(&self, token: u32, starts_line: bool) -> Vec<u8> {
        match self {
            _ if token == self.end() => vec![b'\n'],
            Units::Words(_) if starts_line => self.shown(token).into_bytes(),
            Units::Words(_) => format!(" {}", self.shown(token)).into_bytes(),
            Units::Characters(_) => self.shown(token).into_bytes(),
            Units::Subwords(subwords) => subwords.bytes(token + FIRST_SUBWORD),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: [&str; 3] = ["a b a <unk> c", "b b  é", "a <eos> b"];

    fn all() -> [Units; 3] {
        let texts = TEXTS.map(String::from);
        let words = UnitKeys::Words(VocabularyKeys { min_count: 2, max_vocab: 0 });
        let subwords = UnitKeys::Subwords(SubwordKeys { vocab_size: 300 });
        [words, subwords, UnitKeys::Characters].map(|keys| Units::open(&keys, &texts, None).unwrap())
    }

    #[test]
    fn no_token_is_padding_and_each_line_ends() {
        let [words, subwords, characters] = all();
        let shown = |units: &Units, text: &str| {
            units.read(text).iter().map(|&token| units.shown(token)).collect::<Vec<_>>().join("|")
        };
        // Of the words, a, b and the end of a line occur twice.
        assert_eq!((words.size(), characters.size()), (4, 15));
        assert_eq!(shown(&words, "b  c <pad>\na <eos> <unk>"), "b|<unk>|<unk>|<eos>|a|<eos>|<unk>");
        assert_eq!(shown(&characters, "é x\na"), "é| |\u{fffd}|<eos>|a");
        assert!(shown(&subwords, "é\nb b").contains("<eos>|b"));
        for units in [&words, &subwords, &characters] {
            let every: Vec<String> = (0..units.size() as u32).map(|token| units.shown(token)).collect();
            assert!(!every.iter().any(|token| token.contains("pad")), "{every:?}");
            assert_eq!(every.iter().filter(|token| *token == END).count(), 1);
        }
        assert_eq!([&words, &subwords, &characters].map(|units| units.is_unknown(0)), [true, false, true]);
    }

    #[test]
    fn tokens_are_the_text_again() {
        let text = "a b é\nb";
        for units in all() {
            let mut starts = true;
            let bytes = units
                .read(text)
                .into_iter()
                .flat_map(|token| units.bytes(token, std::mem::replace(&mut starts, token == units.end())));
            let expected = if matches!(units, Units::Words(_)) { "a b <unk>\nb" } else { text };
            assert_eq!(String::from_utf8(bytes.collect()).unwrap(), expected);
        }
    }

    #[test]
    fn the_end_of_a_line_is_kept_whatever_the_size() {
        let texts: Vec<String> = vec!["a a b b".into()];
        let keys = UnitKeys::Words(VocabularyKeys { min_count: 2, max_vocab: 3 });
        let units = Units::open(&keys, &texts, None).unwrap();
        assert_eq!((units.size(), units.is_unknown(units.end())), (4, false));
    }

    #[test]
    fn what_is_saved_is_loaded_and_damage_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let keys = [UnitKeys::default(), UnitKeys::Subwords(SubwordKeys::default()), UnitKeys::Characters];
        for (units, keys) in all().iter().zip(&keys) {
            units.save(folder.path()).unwrap();
            let again = Units::open(keys, &[], Some(folder.path())).unwrap();
            assert_eq!((units.size(), units.read(TEXTS[0])), (again.size(), again.read(TEXTS[0])));
        }
        for (file, from, to, keys) in
            [(FILES[0], "<eos>", "eos", &keys[0]), (FILES[1], "\\n\n", "x\n", &keys[2])]
        {
            let path = folder.path().join(file);
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(text.contains(from), "{text}");
            std::fs::write(&path, text.replace(from, to)).unwrap();
            let error = Units::open(keys, &[], Some(folder.path())).err().unwrap().to_string();
            assert!(error.contains(file) && error.contains("it does not have"), "{error}");
        }
    }
}

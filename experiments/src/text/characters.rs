//! Maps characters to ids, for models that read the characters of words. Id 0 is PAD, id 1 is UNK, then characters by
//! descending count.

use super::vocabulary::UNK;
use crate::data::{
    DataError,
    atomic::{self, WriteError},
    error::quoted,
    files,
    limits::Limit,
};
use std::{collections::HashMap, path::Path};

const RESERVED: [&str; 2] = ["<pad>", "<unk>"];

/// A list of distinct characters (Unicode scalar values); a character's id is its index plus two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alphabet {
    characters: Vec<char>,
    ids: HashMap<char, u32>,
}

impl Alphabet {
    /// The characters that occur at least `min_count` times, by descending count and, for equal counts, in the order of
    /// their first occurrence.
    pub fn count<S: AsRef<str>>(words: impl IntoIterator<Item = S>, min_count: usize) -> Self {
        let mut places: HashMap<char, usize> = HashMap::new();
        let mut counts: Vec<(char, usize)> = Vec::new();
        for word in words {
            for character in word.as_ref().chars() {
                let place = *places.entry(character).or_insert(counts.len());
                if place == counts.len() {
                    counts.push((character, 0));
                }
                counts[place].1 += 1;
            }
        }
        counts.retain(|&(_, count)| count >= min_count);
        counts.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
        Self::of(counts.into_iter().map(|(character, _)| character).collect())
    }

    fn of(characters: Vec<char>) -> Self {
        let first = RESERVED.len() as u32;
        let ids = characters.iter().zip(first..).map(|(&character, id)| (character, id)).collect();
        Alphabet { characters, ids }
    }

    /// Number of ids, including PAD and UNK.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        RESERVED.len() + self.characters.len()
    }

    /// The id of a character; [`UNK`] for an unknown one.
    pub fn id(&self, character: char) -> u32 {
        self.ids.get(&character).copied().unwrap_or(UNK)
    }

    /// The character of an id; none for PAD and UNK.
    pub fn character(&self, id: u32) -> Option<char> {
        (id as usize).checked_sub(RESERVED.len()).and_then(|place| self.characters.get(place)).copied()
    }

    /// The ids of a word's characters: between 1 and `max_len` of them, never [PAD](super::vocabulary::PAD). A longer
    /// word keeps its two ends, which are more informative than its middle: the first `⌈max_len/2⌉` and the last
    /// `⌊max_len/2⌋` characters. An empty word becomes a single UNK, so that no sequence is empty.
    ///
    /// # Panics
    /// If `max_len` is 0.
    #[track_caller]
    pub fn encode(&self, word: &str, max_len: usize) -> Vec<u32> {
        assert!(max_len > 0, "alphabet: a word cannot be encoded in 0 characters");
        let mut ids: Vec<u32> = word.chars().map(|character| self.id(character)).collect();
        if ids.len() > max_len {
            let tail = max_len / 2;
            ids.drain(max_len - tail..ids.len() - tail);
        }
        if ids.is_empty() { vec![UNK] } else { ids }
    }

    /// Writes one character per line, escaped as in Rust where necessary (`\n`, `\u{2028}`).
    ///
    /// # Errors
    /// [`DataError`] if the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), DataError> {
        let characters = self.characters.iter().map(|character| character.escape_debug().to_string());
        let lines: Vec<String> = RESERVED.map(String::from).into_iter().chain(characters).collect();
        atomic::write(path, (lines.join("\n") + "\n").as_bytes()).map_err(WriteError::into_data_error)
    }

    /// Reads what [`Alphabet::save`] wrote.
    ///
    /// # Errors
    /// [`DataError`] if the file cannot be read, a line is not a character, or a character occurs twice.
    pub fn load(path: &Path) -> Result<Self, DataError> {
        Self::parse(path, &files::read_text(path, Limit::Vocabulary)?)
    }

    fn parse(path: &Path, text: &str) -> Result<Self, DataError> {
        let fault = |line: usize, expected: &str, found: String| DataError::Line {
            path: path.into(),
            line,
            expected: expected.into(),
            found,
            advice: "use the alphabet file that was saved with the model",
        };
        let mut lines = text.lines().zip(1..);
        for (line, name) in (1..).zip(RESERVED) {
            let found = lines.next().map(|(content, _)| content);
            if found != Some(name) {
                return Err(fault(line, &quoted(name), found.map_or("the end of the file".into(), quoted)));
            }
        }
        let mut characters = Vec::new();
        for (content, line) in lines {
            let character = unescape(content).ok_or_else(|| fault(line, "one character", quoted(content)))?;
            characters.push(character);
        }
        let alphabet = Self::of(characters);
        for (i, character) in alphabet.characters.iter().enumerate() {
            let last = alphabet.ids[character] as usize;
            if last != i + RESERVED.len() {
                let found = format!("{}, which line {} repeats", quoted(&character.to_string()), last + 1);
                return Err(fault(i + RESERVED.len() + 1, "each character once", found));
            }
        }
        Ok(alphabet)
    }
}

/// Parses a line that [`Alphabet::save`] wrote: a character or its escape.
fn unescape(line: &str) -> Option<char> {
    let mut characters = line.chars();
    let character = match (characters.next()?, characters.as_str()) {
        (character, "") => return Some(character).filter(|c| *c != '\\'),
        ('\\', "n") => '\n',
        ('\\', "r") => '\r',
        ('\\', "t") => '\t',
        ('\\', "0") => '\0',
        ('\\', "\\") => '\\',
        ('\\', "'") => '\'',
        ('\\', "\"") => '"',
        ('\\', code) => {
            let code = code.strip_prefix("u{")?.strip_suffix('}')?;
            char::from_u32(u32::from_str_radix(code, 16).ok()?)?
        }
        _ => return None,
    };
    Some(character)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::vocabulary::PAD;
    use proptest::prelude::*;

    #[test]
    fn characters_come_by_count_then_by_first_occurrence() {
        let alphabet = Alphabet::count(["cab", "ba", "äb"], 1);
        // b three times, a twice, then c and ä.
        assert_eq!(alphabet.characters, ['b', 'a', 'c', 'ä']);
        assert_eq!((alphabet.len(), alphabet.id('b'), alphabet.id('ä'), alphabet.id('x')), (6, 2, 5, UNK));
        let frequent = Alphabet::count(["cab", "ba", "äb"], 2);
        assert_eq!(
            (frequent.characters.clone(), frequent.encode("cab", 9)),
            (vec!['b', 'a'], vec![UNK, 3, 2])
        );
    }

    #[test]
    fn long_words_keep_their_ends() {
        let alphabet = Alphabet::count(["abcdefg"], 1);
        assert_eq!(alphabet.encode("abcdefg", 7), [2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(alphabet.encode("abcdefg", 5), [2, 3, 4, 7, 8]);
        assert_eq!(alphabet.encode("abcdefg", 4), [2, 3, 7, 8]);
        assert_eq!(alphabet.encode("abcdefg", 1), [2]);
        assert_eq!(alphabet.encode("", 3), [UNK]);
    }

    #[test]
    #[should_panic(expected = "cannot be encoded in 0 characters")]
    fn no_characters_at_all_is_a_bug() {
        Alphabet::count(["a"], 1).encode("a", 0);
    }

    #[test]
    fn faults_of_a_file_are_named_with_their_line() {
        let parse = |text: &str| Alphabet::parse(Path::new("a.txt"), text).unwrap_err().to_string();
        assert!(parse("").starts_with("a.txt, line 1: expected '<pad>', found the end of the file; use the"));
        assert!(parse("<pad>\na\n").contains("line 2: expected '<unk>', found 'a'"));
        assert!(parse("<pad>\n<unk>\na\nbc\n").contains("line 4: expected one character, found 'bc'"));
        assert!(parse("<pad>\n<unk>\n\n").contains("line 3: expected one character, found ''"));
        for escape in ["\\", "\\x", "\\u{d800}", "\\u{}", "\\u{110000}"] {
            assert!(parse(&format!("<pad>\n<unk>\n{escape}\n")).contains("line 3: expected one"), "{escape}");
        }
        assert!(parse("<pad>\n<unk>\na\nb\na\n").contains("found 'a', which line 5 repeats"));
        assert!(Alphabet::load(Path::new("no/such")).unwrap_err().to_string().starts_with("cannot read"));
    }

    proptest! {
        #[test]
        fn what_is_saved_is_loaded(words: Vec<String>, more in "[\\\\'\"\n\r\t\u{2028}\u{300}\0 #]{0,9}") {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("a.txt");
            let alphabet = Alphabet::count(words.iter().chain([&more]), 1);
            alphabet.save(&path).unwrap();
            prop_assert_eq!(&Alphabet::load(&path).unwrap(), &alphabet);
            for word in words.iter().filter(|word| !word.is_empty()) {
                let ids = alphabet.encode(word, usize::MAX);
                prop_assert!(ids.iter().all(|&id| id != PAD && id != UNK && (id as usize) < alphabet.len()));
                prop_assert_eq!(ids.len(), word.chars().count());
            }
        }

        #[test]
        fn any_file_is_an_alphabet_or_an_error(text: String, rest in "[ab\\\\nu{}0\n\r]{0,12}") {
            let _ = Alphabet::parse(Path::new("a"), &text);
            let _ = Alphabet::parse(Path::new("a"), &format!("<pad>\n<unk>\n{rest}"));
        }
    }
}

//! Sequence tagging sets: sentences whose words have one tag each.

use super::formats::{scheme, scheme::Scheme};
use super::{DataError, Split, split::hold_out};
use std::collections::BTreeMap;

/// The words of a sentence and the index of each one's tag in [`Tagging::tags`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// At least one word, as the file has it.
    pub words: Vec<String>,
    /// As many indices, `0 .. tags.len()`.
    pub tags: Vec<usize>,
}

/// A sequence tagging set: no split and no sentence is empty, every tag is below `tags.len()`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tagging {
    /// Short name, as on the command line.
    pub name: String,
    /// How the tags are written.
    pub scheme: Scheme,
    /// Names of the K tags: `O`, then sorted; all that the scheme has for the kinds of entities.
    pub tags: Vec<String>,
    /// Training sentences.
    pub train: Vec<Sentence>,
    /// Development sentences.
    pub dev: Vec<Sentence>,
    /// Test sentences.
    pub test: Vec<Sentence>,
    /// SHA-256 over the files read (see [`super::files::FileReader::checksum`]).
    pub checksum: String,
    /// What a reader of a result must know: how the splits came about, which version was read.
    pub note: String,
}

impl Tagging {
    /// The sentences of one split.
    pub fn split(&self, split: Split) -> &[Sentence] {
        match split {
            Split::Train => &self.train,
            Split::Dev => &self.dev,
            Split::Test => &self.test,
        }
    }

    fn split_mut(&mut self, split: Split) -> &mut Vec<Sentence> {
        match split {
            Split::Train => &mut self.train,
            Split::Dev => &mut self.dev,
            Split::Test => &mut self.test,
        }
    }

    /// The names of some tags.
    ///
    /// # Panics
    /// If a tag is not below K.
    pub fn names(&self, tags: &[usize]) -> Vec<&str> {
        tags.iter().map(|&tag| self.tags[tag].as_str()).collect()
    }

    /// The kinds of entities, in the order of their names.
    pub fn kinds(&self) -> Vec<String> {
        let kinds = self.tags.iter().filter_map(|tag| scheme::parse(tag)).map(|(_, kind)| kind);
        let kinds: std::collections::BTreeSet<&str> = kinds.filter(|kind| !kind.is_empty()).collect();
        kinds.into_iter().map(String::from).collect()
    }

    /// How many entities of each kind a split holds.
    pub fn entity_counts(&self, split: Split) -> BTreeMap<String, usize> {
        let mut counts: BTreeMap<String, usize> = self.kinds().into_iter().map(|kind| (kind, 0)).collect();
        for sentence in self.split(split) {
            for entity in scheme::entities(&self.names(&sentence.tags)) {
                *counts.entry(entity.kind).or_default() += 1;
            }
        }
        counts
    }

    /// The same set with its tags in another scheme.
    pub fn in_scheme(mut self, scheme: Scheme) -> Self {
        let names = scheme.tag_names(&self.kinds());
        let places: BTreeMap<&str, usize> = names.iter().enumerate().map(|(k, n)| (n.as_str(), k)).collect();
        for split in [Split::Train, Split::Dev, Split::Test] {
            let mut sentences = std::mem::take(self.split_mut(split));
            for sentence in &mut sentences {
                let converted = scheme::convert(&self.names(&sentence.tags), scheme);
                sentence.tags = converted.iter().map(|tag| places[tag.as_str()]).collect();
            }
            *self.split_mut(split) = sentences;
        }
        self.tags = names;
        self.scheme = scheme;
        self
    }

    /// Keeps at most `n` sentences of a split, drawn by `seed`, and says so in the note.
    pub fn limited(mut self, split: Split, n: usize, seed: u64) -> Self {
        let sentences = self.split_mut(split);
        let whole = sentences.len();
        if n < whole {
            *sentences = hold_out(sentences, n, seed);
            let separator = if self.note.is_empty() { "" } else { "; " };
            self.note
                .push_str(&format!("{separator}{split}: {n} of {whole} sentences, drawn by seed {seed}"));
        }
        self
    }

    /// Returns the set itself if no split is empty and there is any kind of entity.
    ///
    /// # Errors
    /// [`DataError::EmptySplit`], [`DataError::OneLabel`].
    pub fn checked(self) -> Result<Self, DataError> {
        for split in [Split::Train, Split::Dev, Split::Test] {
            if self.split(split).is_empty() {
                return Err(DataError::EmptySplit { set: self.name, split });
            }
        }
        if self.tags.len() < 2 {
            return Err(DataError::OneLabel { set: self.name, label: self.tags.concat() });
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set() -> Tagging {
        let sentence = |words: &str, tags: &[usize]| Sentence {
            words: words.split(' ').map(String::from).collect(),
            tags: tags.to_vec(),
        };
        // O B-LOC B-PER I-LOC I-PER
        Tagging {
            name: "tiny".into(),
            scheme: Scheme::Iob2,
            tags: Scheme::Iob2.tag_names(&["PER".into(), "LOC".into()]),
            train: vec![sentence("Ada Marsh left Oslo Bergen", &[2, 4, 0, 1, 1])],
            dev: vec![sentence("New York", &[1, 3])],
            test: vec![sentence("nothing", &[0])],
            checksum: String::new(),
            note: String::new(),
        }
    }

    #[test]
    fn another_scheme_is_the_same_set() {
        let bioes = set().in_scheme(Scheme::Bioes);
        assert_eq!(bioes.tags, ["O", "B-LOC", "B-PER", "E-LOC", "E-PER", "I-LOC", "I-PER", "S-LOC", "S-PER"]);
        assert_eq!(bioes.names(&bioes.train[0].tags), ["B-PER", "E-PER", "O", "S-LOC", "S-LOC"]);
        assert_eq!(bioes.train[0].words, set().train[0].words);
        for scheme in Scheme::ALL {
            assert_eq!(set().in_scheme(scheme).in_scheme(Scheme::Iob2), set());
        }
    }

    #[test]
    fn entities_are_counted_by_split() {
        let counts = |split| set().entity_counts(split).into_iter().collect::<Vec<_>>();
        assert_eq!(counts(Split::Train), [("LOC".to_owned(), 2), ("PER".to_owned(), 1)]);
        assert_eq!(counts(Split::Test), [("LOC".to_owned(), 0), ("PER".to_owned(), 0)]);
    }

    #[test]
    fn an_empty_split_and_a_set_without_entities_are_errors() {
        assert!(set().checked().is_ok());
        let empty = Tagging { test: Vec::new(), ..set() };
        assert!(empty.checked().unwrap_err().to_string().contains("the test split of 'tiny' is empty"));
        let plain = Tagging { tags: vec!["O".into()], ..set() };
        assert!(plain.checked().unwrap_err().to_string().contains("only one label, 'O'"));
    }

    #[test]
    fn a_limit_keeps_so_many_and_says_so() {
        let mut many = set();
        many.dev = (0..9).map(|i| Sentence { words: vec![i.to_string()], tags: vec![0] }).collect();
        let few = many.clone().limited(Split::Dev, 4, 1);
        assert_eq!((few.dev.len(), few.note.as_str()), (4, "dev: 4 of 9 sentences, drawn by seed 1"));
        assert!(few.dev.iter().all(|s| many.dev.contains(s)));
        assert_eq!(many.clone().limited(Split::Dev, 9, 1), many);
    }
}

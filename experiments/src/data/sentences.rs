//! Sequence tagging sets: sentences whose words have one tag each.

use super::formats::scheme::{self, Scheme, TagKind};
use super::{DataError, Split, split::hold_out};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The words of a sentence and the index of each one's tag in [`Tagging::tags`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// At least one word, as the file has it.
    pub words: Vec<String>,
    /// As many indices, `0 .. tags.len()`.
    pub tags: Vec<usize>,
}

/// The names of some tags.
///
/// # Panics
/// If a tag is not below the number of names.
pub fn names<'t>(tags: &[usize], all: &'t [String]) -> Vec<&'t str> {
    tags.iter().map(|&tag| all[tag].as_str()).collect()
}

/// The kinds of entities of some tags, in the order of their names; plain tags are their own kinds.
pub fn kinds(tags: &[String], kind: TagKind) -> Vec<String> {
    if kind == TagKind::Plain {
        return tags.to_vec();
    }
    let kinds = tags.iter().filter_map(|tag| scheme::parse(tag)).map(|(_, kind)| kind);
    let kinds: BTreeSet<&str> = kinds.filter(|kind| !kind.is_empty()).collect();
    kinds.into_iter().map(String::from).collect()
}

/// Writes the entities of sentences in another scheme, and returns the names of its tags for their kinds.
///
/// # Panics
/// If a tag is not below the number of names, or is none of any scheme.
pub fn convert(sentences: &mut [Sentence], tags: &[String], to: Scheme) -> Vec<String> {
    let all = to.tag_names(&kinds(tags, TagKind::Entities));
    let places: HashMap<&str, usize> = all.iter().enumerate().map(|(k, name)| (name.as_str(), k)).collect();
    for sentence in sentences {
        let converted = scheme::convert(&names(&sentence.tags, tags), to);
        sentence.tags = converted.iter().map(|tag| places[tag.as_str()]).collect();
    }
    all
}

/// A sequence tagging set: no split and no sentence is empty, every tag is below `tags.len()`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tagging {
    /// Short name, as on the command line.
    pub name: String,
    /// What the tags say.
    pub kind: TagKind,
    /// How entities are written; without meaning where tags are plain.
    pub scheme: Scheme,
    /// Names of the K tags. Entities: `O`, then sorted, all that the scheme has for the kinds. Plain tags: sorted.
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
        names(tags, &self.tags)
    }

    /// The kinds of entities, in the order of their names; plain tags are their own kinds.
    pub fn kinds(&self) -> Vec<String> {
        kinds(&self.tags, self.kind)
    }

    /// How many entities of each kind a split holds; where tags are plain, how many words have each.
    pub fn entity_counts(&self, split: Split) -> BTreeMap<String, usize> {
        let mut counts: BTreeMap<String, usize> = self.kinds().into_iter().map(|kind| (kind, 0)).collect();
        for sentence in self.split(split) {
            for entity in scheme::spans(self.kind, &self.names(&sentence.tags)) {
                *counts.entry(entity.kind).or_default() += 1;
            }
        }
        counts
    }

    /// The same set with its entities in another scheme; plain tags have none and stay as they are.
    pub fn in_scheme(mut self, scheme: Scheme) -> Self {
        if self.kind != TagKind::Plain {
            let tags = std::mem::take(&mut self.tags);
            for split in [Split::Train, Split::Dev, Split::Test] {
                self.tags = convert(self.split_mut(split), &tags, scheme);
            }
            self.scheme = scheme;
        }
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

    /// Returns the set itself if no split is empty and there are two tags.
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
            kind: TagKind::Entities,
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
    fn plain_tags_are_counted_by_word_and_have_no_scheme() {
        let plain = Tagging {
            kind: TagKind::Plain,
            tags: ["B-X", "NN", "O"].map(String::from).to_vec(),
            train: vec![Sentence { words: vec!["a".into(), "b".into(), "c".into()], tags: vec![1, 0, 1] }],
            ..set()
        };
        assert_eq!(plain.kinds(), plain.tags);
        let counts = plain.entity_counts(Split::Train).into_iter().collect::<Vec<_>>();
        assert_eq!(counts, [("B-X".to_owned(), 1), ("NN".to_owned(), 2), ("O".to_owned(), 0)]);
        assert_eq!(plain.clone().in_scheme(Scheme::Bioes), plain);
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

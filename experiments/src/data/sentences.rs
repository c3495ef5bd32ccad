//! Sentences whose words have one tag each.

use super::formats::scheme::{self, Scheme, TagKind};
use std::collections::{BTreeSet, HashMap};

/// The words of a sentence and the index of each one's tag in [`Splits::labels`](super::Splits::labels).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// At least one word, as in the file.
    pub words: Vec<String>,
    /// The tag of each word, as an index below `tags.len()`.
    pub tags: Vec<usize>,
}

/// The names of some tags.
///
/// # Panics
/// If a tag is not below the number of names.
pub fn names<'t>(tags: &[usize], all: &'t [String]) -> Vec<&'t str> {
    tags.iter().map(|&tag| all[tag].as_str()).collect()
}

/// The kinds of entities of some tags, sorted; plain tags are their own kinds.
pub fn kinds(tags: &[String], kind: TagKind) -> Vec<String> {
    if kind == TagKind::Plain {
        return tags.to_vec();
    }
    let kinds = tags.iter().filter_map(|tag| scheme::parse(tag)).map(|(_, kind)| kind);
    let kinds: BTreeSet<&str> = kinds.filter(|kind| !kind.is_empty()).collect();
    kinds.into_iter().map(String::from).collect()
}

/// Converts the tags of sentences to another scheme, and returns the names of its tags for their kinds of entities.
///
/// # Panics
/// If a tag is not below the number of names, or belongs to no scheme.
pub fn convert(sentences: &mut [Sentence], tags: &[String], to: Scheme) -> Vec<String> {
    let all = to.tag_names(&kinds(tags, TagKind::Entities));
    let places: HashMap<&str, usize> = all.iter().enumerate().map(|(k, name)| (name.as_str(), k)).collect();
    for sentence in sentences {
        let converted = scheme::convert(&names(&sentence.tags, tags), to);
        sentence.tags = converted.iter().map(|tag| places[tag.as_str()]).collect();
    }
    all
}

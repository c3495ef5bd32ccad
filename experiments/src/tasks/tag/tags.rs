//! The tags of a run.

use super::sets::are_plain;
use crate::data::formats::conll::Known;
use crate::data::formats::scheme::{self, Scheme, TagKind, allowed};
use crate::data::sentences::{self, convert};
use crate::data::{Sentence, Split, Splits};
use crate::metrics::entities::Counting;
use gradus_engine::nn::Constraints;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The tags of a run.
pub(super) enum Tags {
    /// Kinds of entities in a scheme.
    Entities {
        /// The kinds, by name.
        kinds: Vec<String>,
        /// The names of the tags in the scheme.
        names: Vec<String>,
        /// The scheme.
        scheme: Scheme,
        /// Counts their entities.
        counting: Counting,
    },
    /// Properties of single words.
    Plain {
        /// The names of the tags.
        names: Vec<String>,
        /// Counts the words.
        counting: Counting,
    },
}

impl Tags {
    /// The tags of a data set, and the set with its tags converted to a scheme. The sentences of a data set are in IOB2; its
    /// labels are kinds for a known set of entities, else tags. `asked` is `data.tags`.
    pub fn of_set(
        mut data: Splits<Vec<Sentence>>,
        scheme: Scheme,
        asked: TagKind,
    ) -> (Tags, Splits<Vec<Sentence>>) {
        let kinds = match super::sets::SETS.iter().find(|set| set.name == data.name) {
            Some(set) if data.labels == set.labels && !are_plain(set) => Some(data.labels.clone()),
            Some(_) | None => kinds(&data.labels, asked),
        };
        let Some(kinds) = kinds else { return (Tags::plain(&data.labels), data) };
        let (iob2, names) = (Scheme::Iob2.tag_names(&kinds), scheme.tag_names(&kinds));
        for split in Split::ALL {
            convert(data.split_mut(split), &iob2, scheme);
        }
        data.labels = names.clone();
        (Tags::entities(kinds, names, scheme), data)
    }

    /// The tags that the labels of a run are; `asked` is `data.tags`.
    pub fn of_labels(labels: &[String], asked: TagKind) -> Tags {
        match kinds(labels, asked) {
            Some(kinds) => Tags::entities(kinds, labels.to_vec(), Scheme::Iob2),
            None => Tags::plain(labels),
        }
    }

    fn entities(kinds: Vec<String>, names: Vec<String>, scheme: Scheme) -> Tags {
        let counting = Counting::new(&kinds, TagKind::Entities);
        Tags::Entities { kinds, names, scheme, counting }
    }

    fn plain(names: &[String]) -> Tags {
        Tags::Plain { names: names.to_vec(), counting: Counting::new(names, TagKind::Plain) }
    }

    /// The kinds or tags that a file may contain.
    pub fn known(&self) -> Known<'_> {
        match self {
            Tags::Entities { kinds, .. } => Known::Kinds(kinds),
            Tags::Plain { names, .. } => Known::Tags(names),
        }
    }

    /// Entities or plain, and the scheme, for files of predictions.
    pub fn written(&self) -> (TagKind, Scheme) {
        match self {
            Tags::Entities { scheme, .. } => (TagKind::Entities, *scheme),
            Tags::Plain { .. } => (TagKind::Plain, Scheme::Iob2),
        }
    }

    /// Whether they are kinds of entities.
    pub fn are_entities(&self) -> bool {
        matches!(self, Tags::Entities { .. })
    }

    /// The names of the tags.
    pub fn names(&self) -> &[String] {
        match self {
            Tags::Entities { names, .. } | Tags::Plain { names, .. } => names,
        }
    }

    /// The counter of right, predicted and gold ones.
    pub fn counting(&self) -> &Counting {
        match self {
            Tags::Entities { counting, .. } | Tags::Plain { counting, .. } => counting,
        }
    }

    /// The kinds of entities, or the tags.
    pub fn kinds(&self) -> Vec<String> {
        match self {
            Tags::Entities { kinds, .. } => kinds.clone(),
            Tags::Plain { names, .. } => names.clone(),
        }
    }

    /// The names of some tags.
    pub fn named(&self, tags: &[usize]) -> Vec<&str> {
        tags.iter().map(|&tag| self.names()[tag].as_str()).collect()
    }

    /// The names of some tags as official scorers read them ([`scheme::scored`]): the same in every scheme of the model.
    pub fn scored(&self, tags: &[usize]) -> Vec<Cow<'_, str>> {
        let ((kind, scheme), named) = (self.written(), self.named(tags));
        match scheme::scored(kind, scheme, &named) {
            Some(tags) => tags.into_iter().map(Cow::Owned).collect(),
            None => named.into_iter().map(Cow::Borrowed).collect(),
        }
    }

    /// The names of some tags, converted to IOB2.
    pub fn canonical(&self, tags: &[usize]) -> Vec<String> {
        match self {
            Tags::Entities { .. } => scheme::convert(&self.named(tags), Scheme::Iob2),
            Tags::Plain { .. } => self.named(tags).into_iter().map(String::from).collect(),
        }
    }

    /// How often each kind occurs.
    pub fn occurrences(&self, sentences: &[Sentence]) -> BTreeMap<String, usize> {
        let mut counts: BTreeMap<String, usize> = self.kinds().into_iter().map(|kind| (kind, 0)).collect();
        for sentence in sentences {
            let names = self.named(&sentence.tags);
            match self {
                Tags::Entities { .. } => {
                    for entity in scheme::entities(&names) {
                        *counts.entry(entity.kind).or_default() += 1;
                    }
                }
                Tags::Plain { .. } => {
                    names.into_iter().for_each(|name| *counts.entry(name.to_owned()).or_default() += 1);
                }
            }
        }
        counts
    }

    /// Which tags may follow which; none if all may.
    pub fn constraints(&self) -> Option<Constraints> {
        let Tags::Entities { names, scheme, .. } = self else { return None };
        let name = |tag: Option<usize>| tag.map(|tag| names[tag].as_str());
        Some(Constraints::new(names.len(), |from, to| allowed(*scheme, name(from), name(to))))
    }
}

/// The kinds of entities in labels; none if the labels are plain tags. The reader has decided which they are: it names the tags
/// of entities as one scheme does.
fn kinds(labels: &[String], asked: TagKind) -> Option<Vec<String>> {
    let of_scheme = |scheme: &Scheme| scheme::check_tags(labels, TagKind::Entities, *scheme).is_ok();
    let entities = asked != TagKind::Plain && [Scheme::Iob2, Scheme::Bioes].iter().any(of_scheme);
    entities.then(|| sentences::kinds(labels, TagKind::Entities))
}

//! Sentences, and what is known of their words and of them.

use super::keys::{Kind, ProbeKeys};
use crate::data::error::quoted;
use crate::data::files::FileReader;
use crate::data::formats::conll::{self, Columns, Known};
use crate::data::formats::conllu;
use crate::data::formats::labelled::{self, Format, PerText, Row};
use crate::data::formats::scheme::{self, TagKind};
use crate::data::sentences::names;
use crate::data::{DataError, OwnPart, Parsed, Part, Sentence, Tree, split};
use std::path::Path;

/// A sentence. What its data set does not tell is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Annotated {
    /// The words.
    pub words: Vec<String>,
    /// The part of speech of each word.
    pub pos: Vec<String>,
    /// The dependency tree.
    pub tree: Option<Tree>,
    /// The type of the entity that each word belongs to, `O` if it belongs to none.
    pub entities: Vec<String>,
    /// The sentiment.
    pub sentiment: Option<String>,
}

impl Part for Vec<Annotated> {
    const UNIT: &'static str = "sentences";
    const SEPARATED: &'static str = "end each sentence with a blank line, ";

    fn len(&self) -> usize {
        Vec::len(self)
    }

    fn draw(&mut self, n: usize, seed: u64) -> Self {
        split::hold_out(self, n, seed)
    }
}

/// A word outside all entities.
const OUTSIDE: &str = "O";

impl Annotated {
    /// A sentence of a treebank.
    pub fn of_tree(parsed: Parsed) -> Self {
        let Parsed { words, pos, tree, .. } = parsed;
        Annotated { words, pos, tree: Some(tree), ..Annotated::default() }
    }

    /// A sentence with entities in IOB2, whose tags have these names.
    pub fn of_entities(sentence: Sentence, tags: &[String]) -> Self {
        let kind = |tag: &str| scheme::parse(tag).map_or(tag, |(_, kind)| kind).to_owned();
        let kind = |tag: &str| Some(kind(tag)).filter(|kind| !kind.is_empty()).unwrap_or(OUTSIDE.into());
        let entities = names(&sentence.tags, tags).into_iter().map(kind).collect();
        Annotated { words: sentence.words, entities, ..Annotated::default() }
    }

    /// A text with its sentiment; words are what white space separates.
    pub fn of_text(text: &str, sentiment: &str) -> Self {
        let words = text.split_whitespace().map(String::from).collect();
        Annotated { words, sentiment: Some(sentiment.to_owned()), ..Annotated::default() }
    }

    /// The labels for a property: of each word, or one of the sentence; none if the data set does not tell them.
    pub fn labels(&self, kind: Kind) -> Option<Vec<&str>> {
        let of_words = |labels: &'_ Vec<String>| labels.len() == self.words.len();
        match kind {
            Kind::Pos => of_words(&self.pos).then(|| self.pos.iter().map(String::as_str).collect()),
            Kind::Entity => {
                of_words(&self.entities).then(|| self.entities.iter().map(String::as_str).collect())
            }
            Kind::Sentiment => self.sentiment.as_deref().map(|label| vec![label]),
            Kind::Depth | Kind::Distance => None,
        }
    }

    /// Whether the data set tells a property.
    pub fn tells(&self, kind: Kind) -> bool {
        match kind {
            Kind::Depth | Kind::Distance => self.tree.is_some(),
            Kind::Pos | Kind::Entity | Kind::Sentiment => self.labels(kind).is_some(),
        }
    }

    /// Whether each word counts in a tree: punctuation does not.
    pub fn counted(&self) -> Vec<bool> {
        (0..self.words.len()).map(|word| self.pos.get(word).is_none_or(|pos| pos != "PUNCT")).collect()
    }
}

/// Reads one of the user's files: a treebank, columns with entities, or texts with labels. `is_train` says that it tells the labels.
pub(super) fn read(
    keys: &ProbeKeys,
    reader: &mut FileReader,
    path: &Path,
    is_train: bool,
) -> Result<OwnPart<Vec<Annotated>>, DataError> {
    let (encoding, format) = keys.data.source.format();
    let own = |part, note| OwnPart { part, labels: vec![], note };
    Ok(match keys.probe.kind() {
        Kind::Pos => {
            let parsed = conllu::read(&reader.read(path, encoding)?)?;
            check_pos(path, &parsed)?;
            own(parsed.into_iter().map(Annotated::of_tree).collect(), None)
        }
        Kind::Depth | Kind::Distance => own(
            conllu::read(&reader.read(path, encoding)?)?.into_iter().map(Annotated::of_tree).collect(),
            None,
        ),
        Kind::Entity => {
            let columns = Columns { tags: TagKind::Entities, ..Columns::FIRST_AND_LAST };
            let file = reader.read(path, encoding)?;
            let read = conll::read(&file, &columns, Known::Nothing).map_err(without_keys)?;
            let sentence = |sentence| Annotated::of_entities(sentence, &read.tags);
            own(read.sentences.into_iter().map(sentence).collect(), read.note)
        }
        Kind::Sentiment => {
            let columns = format.columns();
            let guessed = format.format == Format::Auto && columns.is_empty();
            let read = labelled::read(reader, path, format.format, &columns, encoding)?;
            if is_train {
                labelled::labels(path, &read, PerText::One, guessed)?;
            }
            let text = |row: &Row| Ok(Annotated::of_text(&row.text, &row.labels(PerText::One)?.concat()));
            own(read.rows.iter().map(text).collect::<Result<_, DataError>>()?, read.note)
        }
    })
}

/// An error of columns with advice that names no keys, since a probe has none for them.
fn without_keys(error: DataError) -> DataError {
    const ADVICE: &str =
        "write the word to the first column of the file and the tag of its entity to the last one";
    match error {
        DataError::File { path, expected, found, advice } if advice.contains("data.") => {
            DataError::File { path, expected, found, advice: ADVICE.into() }
        }
        DataError::Line { path, line, expected, found, advice } if advice.contains("data.") => {
            DataError::Line { path, line, expected, found, advice: ADVICE }
        }
        other => other,
    }
}

/// Checks that every word has a part of speech, which treebanks may leave out.
fn check_pos(path: &Path, parsed: &[Parsed]) -> Result<(), DataError> {
    let all = parsed.iter().flat_map(|sentence| sentence.words.iter().zip(&sentence.pos));
    match all.into_iter().find(|(_, pos)| *pos == "_") {
        None => Ok(()),
        Some((word, _)) => Err(DataError::File {
            path: path.into(),
            expected: "a part of speech of each word in column 4 (UPOS)".into(),
            found: format!("'_' for {}", quoted(word)),
            advice: "tag the words, or read another property of the file".into(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_are_types_of_words() {
        let tags = ["O", "B-PER", "I-PER", "B-LOC"].map(String::from);
        let words = ["Ada", "Kern", "left", "Oslo"].map(String::from).to_vec();
        let read = Annotated::of_entities(Sentence { words, tags: vec![1, 2, 0, 3] }, &tags);
        assert_eq!(read.labels(Kind::Entity).unwrap(), ["PER", "PER", "O", "LOC"]);
        assert!(!read.tells(Kind::Pos) && !read.tells(Kind::Depth) && !read.tells(Kind::Sentiment));
    }

    #[test]
    fn punctuation_does_not_count_in_trees() {
        let pos = ["NOUN", "PUNCT"].map(String::from).to_vec();
        let words = ["cast", "."].map(String::from).to_vec();
        assert_eq!(Annotated { words, pos, ..Annotated::default() }.counted(), [true, false]);
        assert_eq!(Annotated::of_text("a b", "good").counted(), [true, true]);
    }
}

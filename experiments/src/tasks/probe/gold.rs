//! What is to be read from each sentence.

use super::annotated::Annotated;
use super::control;
use super::keys::Kind;
use crate::data::error::{listed, quoted};
use crate::data::limits::Limit;
use crate::data::{DataError, Split, Splits, Tree, atomic, files};
use crate::run::RunError;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// The name of the file with the labels.
pub(super) const FILE: &str = "probe.json";

/// The labels of a property, and how often each occurs in training; none of trees.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Labels {
    pub names: Vec<String>,
    pub counts: Vec<usize>,
}

/// What is to be read from a sentence.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Gold {
    pub property: Target,
    pub control: Target,
    /// Whether each word counts in the metrics of trees.
    pub counted: Vec<bool>,
}

/// A value of a property.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Target {
    /// The label of each word, or of the sentence.
    Labels(Vec<usize>),
    /// The tree.
    Tree(Tree),
}

impl Labels {
    /// Those that a data set has, sorted.
    ///
    /// # Errors
    /// A data set that does not tell the property.
    pub fn of(kind: Kind, data: &Splits<Vec<Annotated>>) -> Result<Self, DataError> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for split in Split::ALL {
            for sentence in data.split(split) {
                check_told(kind, &data.name, sentence)?;
                for label in sentence.labels(kind).unwrap_or_default() {
                    *counts.entry(label).or_default() += usize::from(split == Split::Train);
                }
            }
        }
        let (names, counts) = counts.into_iter().map(|(name, n)| (name.to_owned(), n)).unzip();
        Ok(Labels { names, counts })
    }

    /// Writes the file.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn save(&self, folder: &Path) -> Result<(), RunError> {
        let text = serde_json::to_string(self).expect("labels are text and numbers");
        Ok(atomic::write(&folder.join(FILE), text.as_bytes())?)
    }

    /// Reads the file.
    ///
    /// # Errors
    /// A file that is missing or damaged.
    pub fn load(kind: Kind, folder: &Path) -> Result<Self, RunError> {
        let path = folder.join(FILE);
        let text = files::read_text(&path, Limit::Labels)?;
        let damaged = |reason: String| RunError::Damaged { path: path.clone(), reason };
        let labels: Labels = serde_json::from_str(&text).map_err(|error| damaged(error.to_string()))?;
        let Labels { names, counts } = &labels;
        let total = counts.iter().try_fold(0usize, |all, n| all.checked_add(*n));
        let right = match kind.is_tree() {
            true => names.is_empty() && counts.is_empty(),
            false => names.len() == counts.len() && total.is_some_and(|total| total > 0),
        };
        match right {
            true => Ok(labels),
            false => Err(damaged(format!("it has {} labels and {} counts", names.len(), counts.len()))),
        }
    }

    /// What is to be read from the sentences of a split.
    ///
    /// # Errors
    /// Sentences that do not tell the property; a label that training does not have.
    pub fn gold(
        &self,
        kind: Kind,
        data: &Splits<Vec<Annotated>>,
        split: Split,
    ) -> Result<Vec<Gold>, DataError> {
        let part = data.split(split);
        let places: BTreeMap<&str, usize> =
            self.names.iter().enumerate().map(|(i, name)| (name.as_str(), i)).collect();
        let place = |label: &str| {
            places.get(label).copied().ok_or_else(|| DataError::Settings {
                key: "probe.property".into(),
                expected: format!("one of the labels of training, {}, in {}", listed(&self.names), data.name),
                found: quoted(label),
            })
        };
        let gold = |sentence: &Annotated| {
            check_told(kind, &data.name, sentence)?;
            let counted = sentence.counted();
            let property = match (kind.is_tree(), &sentence.tree, sentence.labels(kind)) {
                (true, Some(tree), _) => Target::Tree(tree.clone()),
                (_, _, labels) => {
                    let labels = labels.unwrap_or_default().into_iter().map(place);
                    Target::Labels(labels.collect::<Result<_, _>>()?)
                }
            };
            Ok(Gold { control: self.control(kind, &sentence.words, &counted), property, counted })
        };
        part.iter().map(gold).collect()
    }

    /// The control of a sentence.
    fn control(&self, kind: Kind, words: &[String], counted: &[bool]) -> Target {
        match kind {
            Kind::Depth | Kind::Distance => Target::Tree(control::tree(words, counted)),
            Kind::Sentiment => Target::Labels(vec![control::label(&words.join(" "), &self.counts)]),
            Kind::Pos | Kind::Entity => {
                Target::Labels(words.iter().map(|word| control::label(word, &self.counts)).collect())
            }
        }
    }
}

/// Checks that a sentence tells the property.
fn check_told(kind: Kind, set: &str, sentence: &Annotated) -> Result<(), DataError> {
    if sentence.tells(kind) {
        return Ok(());
    }
    let all = [Kind::Pos, Kind::Depth, Kind::Distance, Kind::Entity, Kind::Sentiment];
    let told: Vec<&str> = all.into_iter().filter(|kind| sentence.tells(*kind)).map(Kind::name).collect();
    Err(DataError::Settings {
        key: "probe.property".into(),
        expected: format!("a property that the data set {} tells: {}", quoted(set), told.join(", ")),
        found: kind.name().into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data() -> Splits<Vec<Annotated>> {
        let sentence = |words: &[&str], entities: &[&str]| {
            let [words, entities] = [words, entities].map(|all| all.iter().map(|w| w.to_string()).collect());
            Annotated { words, entities, ..Annotated::default() }
        };
        let train = vec![sentence(&["Ada", "left", "Oslo"], &["PER", "O", "LOC"])];
        let test = vec![sentence(&["Ada", "won"], &["ORG", "O"])];
        Splits { train: train.clone(), dev: train, test, ..Splits::none("tiny", &[]) }
    }

    #[test]
    fn labels_are_those_of_all_splits_with_the_counts_of_training() {
        let labels = Labels::of(Kind::Entity, &data()).unwrap();
        assert_eq!((labels.names.join(" "), &labels.counts[..]), ("LOC O ORG PER".into(), &[1, 1, 0, 1][..]));
        let gold = labels.gold(Kind::Entity, &data(), Split::Test).unwrap();
        assert_eq!(gold[0].property, Target::Labels(vec![2, 1]));
        let train = labels.gold(Kind::Entity, &data(), Split::Train).unwrap();
        let (Target::Labels(one), Target::Labels(other)) = (&gold[0].control, &train[0].control) else {
            panic!("labels")
        };
        assert_eq!(one[0], other[0], "the control of a word is the same everywhere");

        let folder = tempfile::tempdir().unwrap();
        labels.save(folder.path()).unwrap();
        assert_eq!(Labels::load(Kind::Entity, folder.path()).unwrap(), labels);
        assert!(Labels::load(Kind::Depth, folder.path()).unwrap_err().to_string().contains("is damaged"));
    }

    #[test]
    fn what_a_set_does_not_tell_is_refused() {
        let error = Labels::of(Kind::Pos, &data()).unwrap_err().to_string();
        assert_eq!(
            error,
            "probe.property: expected a property that the data set 'tiny' tells: entity, found pos"
        );
        let few = Labels { names: vec!["O".into()], counts: vec![1] };
        let error = few.gold(Kind::Entity, &data(), Split::Test).unwrap_err().to_string();
        assert!(error.contains("one of the labels of training, 'O', in tiny, found 'ORG'"), "{error}");
    }
}

//! The [generated languages](crate::data::generated::languages) with all that is known of their sentences: parts of speech and trees,
//! which follow from the meanings, types of entities, and sentiment. So every property can be read from the same sentences.
//!
//! ```
//! use gradus::data::generated::Sizes;
//! use gradus::tasks::probe::generated::annotated;
//!
//! let set = annotated(0, 1, Sizes { train: 100, dev: 10, test: 20 });
//! let first = &set.train[0];
//! assert_eq!(first.pos.len(), first.words.len());
//! assert_eq!(first.tree.as_ref().unwrap().len(), first.words.len());
//! ```

use super::annotated::Annotated;
use crate::data::Splits;
use crate::data::files::digest_of;
use crate::data::generated::Sizes;
use crate::data::generated::languages::{LANGUAGES, Meaning, meanings};
use crate::run::Generated;

/// Names of the data sets.
pub const NAMES: [&str; 4] = ["probe-a", "probe-b", "probe-c", "probe-d"];

/// A probe has few parameters, so that fewer sentences are enough than the language has in other sets.
const SIZES: Sizes = Sizes { train: 2000, dev: 300, test: 600 };

const SENTIMENTS: [&str; 2] = ["negative", "positive"];

fn note(place: usize) -> String {
    let name = LANGUAGES[place].name;
    format!(
        "generated news and opinions in language {name}, with parts of speech, trees, types of entities and sentiment"
    )
}

/// A row of the table of generated sets.
macro_rules! set {
    ($place:literal) => {
        Generated {
            name: NAMES[$place],
            what: || note($place),
            labels: &[],
            sizes: SIZES,
            make: |seed| annotated($place, seed, SIZES),
        }
    };
}

/// The generated sets.
pub static SETS: &[Generated<Vec<Annotated>>] = &[set!(0), set!(1), set!(2), set!(3)];

/// Generates the sentences of a language: the same for the same place, seed and sizes, on every platform.
///
/// # Panics
/// If the place is not from 0 to 3.
pub fn annotated(place: usize, seed: u64, sizes: Sizes) -> Splits<Vec<Annotated>> {
    let said = |meaning: &Meaning| sentence(place, meaning);
    let parts = meanings(seed, sizes).map(|part| part.iter().map(said).collect::<Vec<_>>());
    let checksum = digest_of(parts.each_ref().map(|part| written(part)).concat().as_bytes());
    let [train, dev, test] = parts;
    Splits {
        train,
        dev,
        test,
        part_checksums: std::array::from_fn(|_| checksum.clone()),
        checksum,
        note: note(place),
        ..Splits::none(NAMES[place], &[])
    }
}

fn sentence(place: usize, meaning: &Meaning) -> Annotated {
    let said = LANGUAGES[place].say(meaning);
    let mut entities = vec!["O".to_owned(); said.words.len()];
    for entity in &said.entities {
        entities[entity.start..entity.end].fill(entity.kind.clone());
    }
    let sentiment = Some(SENTIMENTS[usize::from(meaning.positive)].to_owned());
    Annotated { entities, sentiment, ..Annotated::of_tree(LANGUAGES[place].parse(meaning)) }
}

/// Everything that is known of sentences, as text.
fn written(sentences: &[Annotated]) -> String {
    let line = |sentence: &Annotated| {
        let heads = sentence.tree.iter().flat_map(|tree| tree.heads());
        let heads: Vec<String> = heads.map(|head| head.map_or(0, |head| head + 1).to_string()).collect();
        let columns =
            [&sentence.words, &sentence.pos, &heads, &sentence.entities].map(|column| column.join(" "));
        format!("{}\t{}\n", columns.join("\t"), sentence.sentiment.as_deref().unwrap_or_default())
    };
    sentences.iter().map(line).collect::<String>() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tasks::probe::keys::Kind;

    #[test]
    fn every_property_is_known_of_every_sentence() {
        let sizes = Sizes { train: 60, dev: 10, test: 10 };
        for place in 0..NAMES.len() {
            let set = annotated(place, 1, sizes);
            assert_eq!(set, annotated(place, 1, sizes));
            for sentence in [&set.train, &set.dev, &set.test].into_iter().flatten() {
                for kind in [Kind::Pos, Kind::Depth, Kind::Distance, Kind::Entity, Kind::Sentiment] {
                    assert!(sentence.tells(kind), "{kind:?}");
                }
                // A name is a proper noun, and only a name is.
                let names = sentence.entities.iter().map(|kind| kind != "O");
                assert!(names.eq(sentence.pos.iter().map(|pos| pos == "PROPN")), "{sentence:?}");
            }
        }
    }
}

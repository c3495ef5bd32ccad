//! Names in the [generated languages](crate::data::generated::languages): people (PER), places (LOC) and organisations (ORG), in
//! the same sentences in each.
//!
//! Entity F1 on test, in percent, of each word's most frequent tag in the training split of `names-a`, as the tests assert it.
//! A reader who knows the language is always right.
//!
//! | `names-a` | `names-b` | `names-c` | `names-d` |
//! | --- | --- | --- | --- |
//! | 26 | 20 | 15 | 5 |

use super::{Tags, splits};
use crate::data::generated::Sizes;
use crate::data::generated::languages::{KINDS, LANGUAGES, Meaning, meanings};
use crate::data::{Sentence, Splits};

/// Names of the data sets.
pub const NAMES: [&str; 4] = ["names-a", "names-b", "names-c", "names-d"];

/// What the set of a language is, in one sentence.
pub fn note(place: usize) -> String {
    let language = &LANGUAGES[place];
    format!(
        "generated news and opinions in language {}, the same in each of the languages a to d; {}% of its names are spelled as in \
         a, and {}% of its other words are cognates of a's",
        language.name, language.names, language.cognates
    )
}

/// Generates the corpus of a language with tags in IOB2: the same for the same place, seed and sizes, on every platform.
///
/// # Panics
/// If the place is not from 0 to 3.
pub fn names(place: usize, seed: u64, sizes: Sizes) -> Splits<Vec<Sentence>> {
    let tags = Tags::of(&KINDS);
    let said = |meaning: &Meaning| {
        let said = LANGUAGES[place].say(meaning);
        tags.sentence(said.words, &said.entities)
    };
    let parts = meanings(seed, sizes).map(|part| part.iter().map(said).collect());
    splits(NAMES[place], tags, note(place), parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tasks::tag::generated::tests::word_baseline_on;
    use std::collections::HashSet;

    #[test]
    fn remembering_words_of_one_language_is_of_less_use_in_distant_ones() {
        let sizes = Sizes { train: 4000, dev: 10, test: 1000 };
        let train = names(0, 1, sizes).train;
        let documented = [26.1, 19.5, 14.8, 5.0];
        let found = [0, 1, 2, 3].map(|place| word_baseline_on(&train, &names(place, 1, sizes)));
        let close = found.iter().zip(documented).all(|(a, b)| (a - b).abs() < 0.6);
        assert!(close, "{found:.1?}, documented {documented:?}");
    }

    #[test]
    fn all_languages_have_the_same_kinds_of_names() {
        let sizes = Sizes { train: 100, dev: 20, test: 20 };
        let sets = [0, 1, 2, 3].map(|place| names(place, 1, sizes));
        for set in &sets {
            assert_eq!(set.labels, ["O", "B-LOC", "B-ORG", "B-PER", "I-LOC", "I-ORG", "I-PER"]);
            let count = |set: &Splits<Vec<Sentence>>, tag: usize| {
                set.train.iter().flat_map(|sentence| &sentence.tags).filter(|of| **of == tag).count()
            };
            for tag in 1..set.labels.len() {
                assert_eq!(count(set, tag), count(&sets[0], tag));
                assert!(count(set, tag) > 5);
            }
        }
        let texts: HashSet<&str> = sets.iter().map(|set| set.checksum.as_str()).collect();
        assert_eq!(texts.len(), sets.len());
    }
}

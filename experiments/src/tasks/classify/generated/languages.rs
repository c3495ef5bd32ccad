//! Opinions in the [generated languages](crate::data::generated::languages): the same sentences in each, with the same labels.
//!
//! Mean recall on test, in percent, of naive Bayes trained on `opinions-a`, as the tests assert it; chance is 50. A reader who
//! knows the language is always right.
//!
//! | `opinions-a` | `opinions-b` | `opinions-c` | `opinions-d` |
//! | --- | --- | --- | --- |
//! | 71 | 57 | 51 | 50 |

use super::corpus::splits;
use crate::data::generated::Sizes;
use crate::data::generated::languages::{LANGUAGES, Meaning, meanings};
use crate::data::{Example, Splits};

/// Names of the data sets.
pub const NAMES: [&str; 4] = ["opinions-a", "opinions-b", "opinions-c", "opinions-d"];

/// What the labels mean, by index.
pub const LABELS: [&str; 2] = ["negative", "positive"];

/// What the set of a language is, in one sentence.
pub fn note(place: usize) -> String {
    let language = &LANGUAGES[place];
    format!(
        "generated opinions in language {}, balanced, the same in each of the languages a to d; {}% of its words are cognates of \
         a's",
        language.name, language.cognates
    )
}

/// Generates the corpus of a language: the same for the same place, seed and sizes, on every platform.
///
/// # Panics
/// If the place is not from 0 to 3.
pub fn opinions(place: usize, seed: u64, sizes: Sizes) -> Splits<Vec<Example>> {
    let example = |meaning: &Meaning| Example {
        text: LANGUAGES[place].say(meaning).words.join(" "),
        labels: vec![usize::from(meaning.positive)],
    };
    let parts = meanings(seed, sizes).map(|part| part.iter().map(example).collect());
    splits(NAMES[place], LABELS, note(place), parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tasks::classify::generated::tests::bag_of_words_on;

    #[test]
    fn counting_words_of_one_language_is_of_less_use_in_distant_ones() {
        let sizes = Sizes { train: 4000, dev: 10, test: 2000 };
        let train = opinions(0, 1, sizes).train;
        let documented = [70.6, 57.2, 51.1, 50.4];
        let recall = |place| bag_of_words_on(&train, &opinions(place, 1, sizes).test);
        let found = [0, 1, 2, 3].map(recall);
        let close = found.iter().zip(documented).all(|(a, b)| (a - b).abs() < 0.6);
        assert!(close, "{found:.1?}, documented {documented:?}");
    }

    #[test]
    fn all_languages_have_the_same_labels() {
        let sizes = Sizes { train: 60, dev: 20, test: 20 };
        let sets = [0, 1, 2, 3].map(|place| opinions(place, 1, sizes));
        for set in &sets {
            let labels = |set: &Splits<Vec<Example>>| -> Vec<Vec<usize>> {
                [&set.train, &set.dev, &set.test]
                    .into_iter()
                    .flatten()
                    .map(|example| example.labels.clone())
                    .collect()
            };
            assert_eq!(labels(set), labels(&sets[0]));
            assert_eq!(set.train.iter().filter(|example| example.labels == [1]).count(), 30);
            assert!(set.train.iter().all(|example| example.text.ends_with(" .")));
        }
        assert!(sets.windows(2).all(|pair| pair[0].checksum != pair[1].checksum));
    }
}

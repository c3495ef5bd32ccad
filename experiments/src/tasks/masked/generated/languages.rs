//! Texts in the [generated languages](crate::data::generated::languages), without labels: what a model can be pre-trained on before
//! it learns the labelled sets of these languages. They share no sentence with them but by chance.

use super::super::Corpus;
use crate::data::Splits;
use crate::data::files::digest_of;
use crate::data::generated::{Sizes, languages};

/// Names of the data sets.
pub const NAMES: [&str; 3] = ["language-a", "languages", "languages-paired"];

/// The seeds of train, dev and test differ by this.
const APART: u64 = 1000;

/// What a set is, in one sentence.
pub fn note(place: usize) -> String {
    let what = [
        "generated text in language a",
        "generated text in the languages a to d, a sentence each by turns",
        "generated text in the languages a to d; each line is a sentence in one language and its translation into the next one",
    ];
    what[place].into()
}

/// Generates the corpus: the same for the same place, seed and sizes, on every platform.
///
/// # Panics
/// If the place is not from 0 to 2.
pub fn corpus(place: usize, seed: u64, sizes: Sizes) -> Splits<Corpus> {
    // The languages a to d.
    let all = [0, 1, 2, 3];
    let (chosen, pairs) = match place {
        0 => (&all[..1], false),
        1 => (&all[..], false),
        2 => (&all[..], true),
        _ => panic!("languages: there is no set {place}"),
    };
    corpus_of(NAMES[place], note(place), seed, sizes, |seed, n| {
        let lines = languages::texts(seed, chosen, pairs, n);
        lines.into_iter().map(|line| line.replace('\t', " ")).collect()
    })
}

/// A corpus of texts, each a document of its own, of which `texts` makes any number for a seed.
pub(super) fn corpus_of(
    name: &str,
    note: String,
    seed: u64,
    sizes: Sizes,
    texts: impl Fn(u64, usize) -> Vec<String>,
) -> Splits<Corpus> {
    let part = |split: u64, n: usize| {
        let texts = texts(seed + APART * split, n);
        Corpus { documents: (0..texts.len()).collect(), texts }
    };
    let [train, dev, test] = [(0, sizes.train), (1, sizes.dev), (2, sizes.test)].map(|(s, n)| part(s, n));
    let checksum = digest_of([&train, &dev, &test].map(|part| part.texts.join("\n")).concat().as_bytes());
    Splits {
        train,
        dev,
        test,
        part_checksums: std::array::from_fn(|_| checksum.clone()),
        checksum,
        note,
        ..Splits::none(name, &[])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_those_of_their_languages() {
        let sizes = Sizes { train: 40, dev: 8, test: 8 };
        let sets = [0, 1, 2].map(|place| corpus(place, 1, sizes));
        assert!(sets.iter().all(|set| set.train.texts.len() == 40 && set.dev.texts.len() == 8));
        // By turns: every fourth sentence of all languages is in the first one.
        assert!(
            sets[1]
                .train
                .texts
                .iter()
                .step_by(4)
                .zip(sets[0].train.texts.iter().step_by(4))
                .all(|(a, b)| a == b)
        );
        assert!(
            sets[2]
                .train
                .texts
                .iter()
                .zip(&sets[1].train.texts)
                .all(|(pair, one)| pair.starts_with(one.as_str()))
        );
        assert_eq!(sets[0], corpus(0, 1, sizes));
        assert_ne!(sets[0].train, corpus(0, 2, sizes).train);
        assert_ne!(sets[0].train.texts[..8], sets[0].dev.texts[..]);
    }
}

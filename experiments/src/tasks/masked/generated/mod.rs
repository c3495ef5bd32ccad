//! Generated corpora of plain text: `languages`, `domains`, and an almanac of an invented land, whose words must be guessed from both sides.
//!
//! A text is one or two sentences of a seeded grammar over some 40 common and 700 coined words. What can be known about a masked
//! word, and from where:
//!
//! - **Kinds.** Beings are of six kinds, each with nouns, verbs and adjectives of its own, whose form does not tell the kind. A verb
//!   takes a subject of its own kind and an object of the kind that the verb alone decides: the verb tells about the
//!   nouns on both sides, and they about the verb.
//! - **Agreement.** Determiner, noun and verb agree in number, at times across a clause: "every tobrel , as they say in Drelva ,
//!   grosates …".
//! - **Repetition.** The second sentence is about the subject of the first, which it names again: a noun that is masked in one
//!   of them can be read in the other.
//! - **A long tail.** Words of a kind follow Zipf's law, so that even who knows the kind seldom knows the word.
//!
//! Of the words of test, at full size with seed 1, 11 % are the most frequent one, the full stop (asserted by the tests). For
//! orientation: a BERT of two layers and 64 units (`optimizer.lr=2e-3`, 15 epochs, a minute on one core) predicts 49 % of the masked
//! pieces, at a perplexity of 10.
//!
//! Dev and test share no text with training. The same seed gives the same texts on every platform. A text depends on seed, split
//! and index alone, so that a larger training split begins with the smaller one.
//!
//! ```
//! use gradus::data::generated::Sizes;
//! use gradus::tasks::masked::generated::almanac;
//!
//! let set = almanac(1, Sizes { train: 100, dev: 10, test: 20 });
//! assert_eq!((set.train.texts.len(), set.dev.texts.len()), (100, 10));
//! ```

mod domains;
mod languages;
mod speaker;

use super::Corpus;
use crate::data::Splits;
use crate::data::files::digest_of;
use crate::data::generated::{Rng, Sizes};
use crate::run::Generated;
use std::collections::HashSet;

const NAME: &str = "almanac";
const SIZES: Sizes = Sizes { train: 6000, dev: 600, test: 600 };

/// Texts of a document.
const IN_A_DOCUMENT: usize = 8;

fn note() -> String {
    "generated plain text; a masked word follows from its neighbours on both sides, agreement and repetition"
        .into()
}

/// A row of the table of generated sets.
macro_rules! set {
    ($family:ident, $place:literal) => {
        Generated {
            name: $family::NAMES[$place],
            what: || $family::note($place),
            labels: &[],
            sizes: SIZES,
            make: |seed| $family::corpus($place, seed, SIZES),
        }
    };
}

/// The generated sets.
pub static SETS: &[Generated<Corpus>] = &[
    Generated { name: NAME, what: note, labels: &[], sizes: SIZES, make: |seed| almanac(seed, SIZES) },
    set!(languages, 0),
    set!(languages, 1),
    set!(languages, 2),
    set!(domains, 0),
    set!(domains, 1),
    set!(domains, 2),
    set!(domains, 3),
    set!(domains, 4),
    set!(domains, 5),
    set!(domains, 6),
];

/// Generates the corpus: the same for the same seed and sizes, on every platform.
pub fn almanac(seed: u64, sizes: Sizes) -> Splits<Corpus> {
    let mut seen = HashSet::new();
    let train = split(seed, 0, sizes.train, &mut seen);
    let dev = split(seed, 1, sizes.dev, &mut seen);
    let test = split(seed, 2, sizes.test, &mut seen);
    let lines = |part: &Corpus| part.texts.join("\n") + "\n\n";
    let checksum = digest_of([&train, &dev, &test].map(lines).concat().as_bytes());
    Splits {
        train,
        dev,
        test,
        part_checksums: std::array::from_fn(|_| checksum.clone()),
        checksum,
        note: note(),
        ..Splits::none(NAME, &[])
    }
}

/// Generates one split, whose texts are none of `seen`, and adds them there.
fn split(seed: u64, split: u64, size: usize, seen: &mut HashSet<String>) -> Corpus {
    let mut corpus = Corpus::default();
    for index in 0..size {
        let mut rng = Rng::new(&[seed, 300, split, index as u64]);
        let mut text = speaker::text(&mut rng);
        while seen.contains(&text) {
            text = speaker::text(&mut rng);
        }
        corpus.texts.push(text);
        corpus.documents.push(index / IN_A_DOCUMENT);
    }
    seen.extend(corpus.texts.iter().cloned());
    corpus
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    fn counts(corpus: &Corpus) -> HashMap<&str, usize> {
        let mut counts = HashMap::new();
        corpus
            .texts
            .iter()
            .flat_map(|text| text.split(' '))
            .for_each(|word| *counts.entry(word).or_default() += 1);
        counts
    }

    #[test]
    fn the_corpus_is_that_of_its_seed() {
        let sizes = Sizes { train: 300, dev: 20, test: 20 };
        let set = almanac(1, sizes);
        assert_eq!(set, almanac(1, sizes));
        assert_ne!(set.train, almanac(2, sizes).train);
        assert_eq!(set.train.texts[..100], almanac(1, Sizes { train: 100, ..sizes }).train.texts);
        let start = &almanac(1, SIZES).checksum[..12];
        assert_eq!(start, "64bbe41b0c01");
    }

    #[test]
    fn the_most_frequent_word_says_little_and_words_are_many() {
        let set = almanac(1, SIZES);
        let (train, test) = (counts(&set.train), counts(&set.test));
        let (most, _) = train.iter().max_by_key(|(word, n)| (**n, **word)).unwrap();
        let share = 100.0 * test[most] as f64 / test.values().sum::<usize>() as f64;
        assert_eq!((*most, share.round()), (".", 11.0));
        assert!((600..900).contains(&train.len()), "{} words", train.len());
        assert!(set.test.texts.iter().all(|text| !set.train.texts.contains(text)));
        let unseen = test.keys().filter(|word| !train.contains_key(*word)).count();
        assert!(unseen < 10, "{unseen} words of test are not in training");
    }
}

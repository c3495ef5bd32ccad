//! The generated corpora.

use super::Prose;
use crate::data::Splits;
use crate::data::files::digest_of;
use crate::data::generated::{Sizes, languages};
use crate::run::Generated;
use crate::tasks::corpus::Corpus;

const NAME: &str = "language-a-text";
const SIZES: Sizes = Sizes { train: 6000, dev: 600, test: 600 };

/// The seeds of train, dev and test differ by this.
const APART: u64 = 2000;

fn note() -> String {
    "generated sentences in language a, one after the other".into()
}

/// The generated sets.
pub static SETS: &[Generated<Prose>] =
    &[Generated { name: NAME, what: note, labels: &[], sizes: SIZES, make: |seed| sentences(seed, SIZES) }];

/// Sentences in one of the [generated languages](crate::data::generated::languages): the same for the same seed and sizes, on every
/// platform.
pub fn sentences(seed: u64, sizes: Sizes) -> Splits<Prose> {
    let part = |split: u64, n: usize| {
        let mut corpus = Corpus::default();
        corpus.add_each(languages::texts(seed + APART * split, &[0], false, n));
        Prose(corpus)
    };
    let [train, dev, test] = [(0, sizes.train), (1, sizes.dev), (2, sizes.test)].map(|(s, n)| part(s, n));
    let checksum = digest_of([&train, &dev, &test].map(|part| part.0.texts.join("\n")).concat().as_bytes());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corpus_is_that_of_its_seed() {
        let sizes = Sizes { train: 60, dev: 8, test: 9 };
        let set = sentences(1, sizes);
        assert_eq!([&set.train, &set.dev, &set.test].map(|part| part.0.texts.len()), [60, 8, 9]);
        assert_eq!(set, sentences(1, sizes));
        assert_ne!(set.train, sentences(2, sizes).train);
        assert_ne!(set.train.0.texts[..8], set.dev.0.texts[..]);
        assert_eq!(set.train.0.texts[..], sentences(1, SIZES).train.0.texts[..60]);
        assert_eq!(&sentences(1, SIZES).checksum[..12], "15956ca76458");
    }
}

//! The generated corpora.
//!
//! | set | what its words depend on |
//! | --- | --- |
//! | `chapters` | words at chosen distances, so that the loss of the best model is known: [`dependencies`](crate::data::generated::dependencies) |
//! | `language-a-text` | the words around them, as in the sentences that other tasks label: [`languages`] |

use super::Prose;
use crate::data::Splits;
use crate::data::files::digest_of;
use crate::data::generated::dependencies::{Design, Grammar};
use crate::data::generated::{Rng, Sizes, languages};
use crate::run::Generated;
use crate::tasks::corpus::Corpus;

const CHAPTERS: &str = "chapters";
const SENTENCES: &str = "language-a-text";

const OF_CHAPTERS: Sizes = Sizes { train: 20_000, dev: 2000, test: 2000 };
const OF_SENTENCES: Sizes = Sizes { train: 6000, dev: 600, test: 600 };

/// More tokens than lines of chapters have in the mean.
const LONGEST_LINE: usize = 32;

/// The seeds of train, dev and test differ by this.
const APART: u64 = 2000;

/// The generated sets.
pub static SETS: &[Generated<Prose>] = &[
    Generated {
        name: SENTENCES,
        what: || "generated sentences in language a, one after the other".into(),
        labels: &[],
        sizes: OF_SENTENCES,
        make: |seed| sentences(seed, OF_SENTENCES),
    },
    Generated {
        name: CHAPTERS,
        what: || "generated chapters, whose words depend on words at chosen distances".into(),
        labels: &[],
        sizes: OF_CHAPTERS,
        make: |seed| chapters(seed, OF_CHAPTERS),
    },
];

/// Lines of [`Grammar`], with chapters as documents: the same for the same seed and sizes, on every platform.
pub fn chapters(seed: u64, sizes: Sizes) -> Splits<Prose> {
    let grammar = Grammar::new(&Design::default());
    splits(CHAPTERS, sizes, |split, n| {
        let mut corpus = Corpus::default();
        let mut document = 0;
        let written = grammar.write(&mut Rng::new(&[seed + APART * split]), n * LONGEST_LINE);
        for line in written.lines.into_iter().take(n) {
            document += usize::from(line.starts_with("chapter "));
            corpus.texts.push(line);
            corpus.documents.push(document);
        }
        corpus
    })
}

/// Sentences in one of the [generated languages](languages): the same for the same seed and sizes, on every platform.
pub fn sentences(seed: u64, sizes: Sizes) -> Splits<Prose> {
    splits(SENTENCES, sizes, |split, n| {
        let mut corpus = Corpus::default();
        corpus.add_each(languages::texts(seed + APART * split, &[0], false, n));
        corpus
    })
}

fn splits(name: &str, sizes: Sizes, part: impl Fn(u64, usize) -> Corpus) -> Splits<Prose> {
    let [train, dev, test] =
        [(0, sizes.train), (1, sizes.dev), (2, sizes.test)].map(|(s, n)| Prose(part(s, n)));
    let checksum = digest_of([&train, &dev, &test].map(|part| part.0.texts.join("\n")).concat().as_bytes());
    let what = SETS.iter().find(|set| set.name == name).map_or(String::new(), |set| (set.what)());
    Splits {
        train,
        dev,
        test,
        part_checksums: std::array::from_fn(|_| checksum.clone()),
        checksum,
        note: what,
        ..Splits::none(name, &[])
    }
}

/// −ln p of each token of a set's first lines, given the last `visible` ones or all before it, if the source of the set knows it.
pub(super) fn nats(set: &str, lines: &[String], visible: Option<usize>) -> Option<Vec<f64>> {
    (set == CHAPTERS).then(|| Grammar::new(&Design::default()).nats(lines, visible).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loss_of_the_best_model_is_known_for_chapters_alone() {
        let sizes = Sizes { train: 300, dev: 40, test: 30 };
        let made = chapters(1, sizes);
        assert_eq!([&made.train, &made.dev, &made.test].map(|part| part.0.texts.len()), [300, 40, 30]);
        assert!(made.train.0.documents.is_sorted() && made.train.0.documents[299] >= 2);
        let lines = &made.train.0.texts;
        let tokens: usize = lines.iter().map(|line| line.split(' ').count() + 1).sum();
        let mean = |visible| {
            let nats = nats(CHAPTERS, lines, visible).unwrap();
            assert_eq!(nats.len(), tokens);
            nats.iter().sum::<f64>() / tokens as f64
        };
        let floors = [Some(16), Some(64), Some(512), None].map(mean);
        assert!(floors.is_sorted_by(|a, b| a > b) && (10.0..13.0).contains(&floors[3].exp()), "{floors:?}");
        assert!(nats(SENTENCES, lines, None).is_none());
    }

    #[test]
    fn the_corpus_is_that_of_its_seed() {
        let sizes = Sizes { train: 60, dev: 8, test: 9 };
        let set = sentences(1, sizes);
        assert_eq!([&set.train, &set.dev, &set.test].map(|part| part.0.texts.len()), [60, 8, 9]);
        assert_eq!(set, sentences(1, sizes));
        assert_ne!(set.train, sentences(2, sizes).train);
        assert_ne!(set.train.0.texts[..8], set.dev.0.texts[..]);
        assert_eq!(set.train.0.texts[..], sentences(1, OF_SENTENCES).train.0.texts[..60]);
        assert_eq!(&sentences(1, OF_SENTENCES).checksum[..12], "15956ca76458");
    }
}

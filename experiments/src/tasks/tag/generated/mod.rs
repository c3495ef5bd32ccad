//! Generated corpora for named entities: people (PER), places (LOC), organisations (ORG), books, films and songs (WORK).
//!
//! A seeded grammar written for this project speaks of an invented world. Each [`Corpus`] is hard in ways that are
//! known:
//!
//! - **One name, three kinds.** Half of the surnames, towns and firms are one list of stems; in more than a quarter of
//!   the sentences the word that tells a stem's kind is as far away as the sentence is long ("Kerndan , as the papers in
//!   Oldford wrote on Monday , has filed for divorce", or for bankruptcy), or stands before a clause with other names.
//! - **A long tail of cues.** Most of these words are coined, 150 verbs and 150 nouns for each kind by Zipf's law, whose
//!   form does not tell the kind.
//! - **Metonymy.** "Oldford beat Port Kerndan 2 - 1 in Oldford": twice a team (ORG), then a town.
//! - **Names inside names.** "University of Oldford" and "Ada Kerndan Foundation" are one ORG, "The River of Oldford"
//!   one WORK; "Kerndan and Marsley" is a firm, or two people.
//! - **Titles of plain words**, next to sentences that use the same words plainly.
//! - **Touching names** in the rows of tables: "Oldford Port Kerndan 2 1", "1 . Ada Kerndan Oldford 3:12".
//! - **Unseen names.** Dev and test share only the more frequent names with training ([`Corpus::common`]); a long tail
//!   follows Zipf's law.
//! - **Case.** One sentence in ten, in `names-small` one in two, is a headline (all words capitalised) or in lower case;
//!   days, months and words like "CEO" are capitalised and name nothing.
//! - **Noise.** A known share of the training entities ([`Corpus::noise`]) is missing, of another kind, or cut short by
//!   a word. Dev and test are clean, and share no sentence with training or with each other.
//! - `names-small` is in the place of WNUT-17: 500 training sentences, handles and links, and hardly a name of dev and
//!   test that training holds.
//!
//! A reader who knows the grammar and all names is right on every sentence of dev and test, even in lower case: the
//! tests hold such a reader and show that no sentence has two readings. One who only remembers each word's most
//! frequent tag is far from it. All numbers are percentages of test's entities, at full size with seed 1. The first
//! three are asserted by the tests: entity F1 of each word's most frequent tag; entity F1 of finding training's entities
//! again, the longest first; how many entities are not among training's. The last, for orientation, is the F1 of a
//! BiLSTM in PyTorch (96 wide, one layer, word vectors and a convolution over characters, no CRF, Adam, one seed, 4
//! epochs on `names`, 20 on `names-small`), still rising there.
//!
//! | corpus | words | entities | unseen | BiLSTM |
//! | --- | --- | --- | --- | --- |
//! | `names` | 35 | 42 | 34 | 84 |
//! | `names-small` | 12 | 12 | 82 | 67 |
//!
//! [`languages`] has names in four languages.
//!
//! The same seed gives the same sentences on every platform. A training sentence depends on corpus, seed and index
//! alone, so that a larger training split begins with the smaller one.
//!
//! ```
//! use gradus::data::generated::Sizes;
//! use gradus::tasks::tag::generated::{Corpus, tagging};
//!
//! let names = tagging(Corpus::Names, 1, Sizes { train: 100, dev: 10, test: 20 });
//! assert_eq!((names.train.len(), &names.labels[..2]), (100, &["O".to_string(), "B-LOC".to_string()][..]));
//! ```

mod grammar;
pub mod languages;
mod lexicon;
#[cfg(test)]
mod reader;
mod speaker;
#[cfg(test)]
mod tests;
mod words;

use crate::data::files::digest_of;
use crate::data::formats::scheme::{Entity, Scheme};
use crate::data::generated::languages::{KINDS as OF_LANGUAGES, SIZES};
use crate::data::generated::{Rng, Sizes};
use crate::data::{Sentence, Splits};
use crate::run::Generated;
use speaker::{Case, Speaker, Spoken};
use std::collections::HashSet;

const KINDS: [&str; 4] = ["LOC", "ORG", "PER", "WORK"];

/// A generated corpus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Corpus {
    /// News, in the place of CoNLL-2003.
    Names,
    /// Few messages with mostly unseen names, in the place of WNUT-17.
    NamesSmall,
}

impl Corpus {
    /// Every corpus.
    pub const ALL: [Corpus; 2] = [Corpus::Names, Corpus::NamesSmall];

    /// The name by which a configuration asks for the corpus.
    pub const fn name(self) -> &'static str {
        match self {
            Corpus::Names => "names",
            Corpus::NamesSmall => "names-small",
        }
    }

    /// Percentage of the training entities that are tagged wrongly.
    pub const fn noise(self) -> u64 {
        match self {
            Corpus::Names => 3,
            Corpus::NamesSmall => 6,
        }
    }

    /// Of a hundred ranks of each list of names, how many training shares with dev and test.
    pub const fn common(self) -> usize {
        match self {
            Corpus::Names => 30,
            Corpus::NamesSmall => 2,
        }
    }

    /// Sizes at which the full corpus is generated.
    pub const fn sizes(self) -> Sizes {
        match self {
            Corpus::Names => Sizes { train: 6000, dev: 1000, test: 2000 },
            Corpus::NamesSmall => Sizes { train: 500, dev: 300, test: 1000 },
        }
    }

    fn note(self) -> String {
        let what = match self {
            Corpus::Names => "news with ambiguous names, in the place of CoNLL-2003",
            Corpus::NamesSmall => "few messages with mostly unseen names, in the place of WNUT-17",
        };
        let noise = self.noise();
        format!("generated {what}; {noise}% of the training entities tagged wrongly, dev and test clean")
    }

    fn speak(self, rng: &mut Rng, held_out: bool) -> Spoken {
        let [headline, lower] = match self {
            Corpus::Names => [6, 4],
            Corpus::NamesSmall => [15, 35],
        };
        let case = match rng.below(100) {
            draw if draw < headline => Case::Headline,
            draw if draw < headline + lower => Case::Lower,
            _ => Case::Sentence,
        };
        let symbol = if self == Corpus::Names { "SENTENCE" } else { "POST" };
        Speaker { rng, held_out, common: self.common() }.say(symbol, case)
    }
}

/// A row of the table of generated sets.
macro_rules! set {
    ($corpus:ident) => {
        Generated {
            name: Corpus::$corpus.name(),
            what: || Corpus::$corpus.note(),
            labels: &KINDS,
            sizes: Corpus::$corpus.sizes(),
            make: |seed| tagging(Corpus::$corpus, seed, Corpus::$corpus.sizes()),
        }
    };
}

/// The row of a language.
macro_rules! language {
    ($place:literal) => {
        Generated {
            name: languages::NAMES[$place],
            what: || languages::note($place),
            labels: &OF_LANGUAGES,
            sizes: SIZES,
            make: |seed| languages::names($place, seed, SIZES),
        }
    };
}

/// The generated sets.
pub static SETS: &[Generated<Vec<Sentence>>] =
    &[set!(Names), set!(NamesSmall), language!(0), language!(1), language!(2), language!(3)];

/// Generates a corpus with tags in IOB2: the same for the same corpus, seed and sizes, on every platform.
pub fn tagging(corpus: Corpus, seed: u64, sizes: Sizes) -> Splits<Vec<Sentence>> {
    let tags = Tags::of(&KINDS);
    let mut seen = HashSet::new();
    let mut part = |place: u64, size: usize| -> Vec<Sentence> {
        let spoken = split(corpus, seed, place, size, &mut seen);
        spoken.into_iter().map(|spoken| tags.sentence(spoken.words, &spoken.entities)).collect()
    };
    let parts = [part(0, sizes.train), part(1, sizes.dev), part(2, sizes.test)];
    splits(corpus.name(), tags, corpus.note(), parts)
}

/// A generated set of these splits.
fn splits(
    name: &str,
    tags: Tags,
    note: String,
    [train, dev, test]: [Vec<Sentence>; 3],
) -> Splits<Vec<Sentence>> {
    let checksum = checksum([&train, &dev, &test], &tags.names);
    Splits {
        name: name.to_owned(),
        labels: tags.names,
        part_checksums: std::array::from_fn(|_| checksum.clone()),
        checksum,
        train,
        dev,
        test,
        note,
    }
}

/// Generates one split, whose sentences are none of `seen`, and adds them there.
fn split(corpus: Corpus, seed: u64, split: u64, size: usize, seen: &mut HashSet<String>) -> Vec<Spoken> {
    let (mut sentences, mut texts) = (Vec::with_capacity(size), Vec::with_capacity(size));
    for index in 0..size {
        let mut rng = Rng::new(&[seed, 100 + corpus as u64, split, index as u64]);
        let mut spoken = corpus.speak(&mut rng, split > 0);
        let mut text = spoken.words.join(" ");
        while seen.contains(&text) {
            spoken = corpus.speak(&mut rng, split > 0);
            text = spoken.words.join(" ");
        }
        if split == 0 {
            mistake(&mut spoken, corpus.noise(), &mut rng);
        }
        sentences.push(spoken);
        texts.push(text);
    }
    seen.extend(texts);
    sentences
}

/// Forgets, misnames or cuts short so many entities of a hundred.
fn mistake(spoken: &mut Spoken, percent: u64, rng: &mut Rng) {
    spoken.entities.retain_mut(|entity| {
        if !rng.chance(percent) {
            return true;
        }
        match rng.below(3) {
            0 => return false,
            1 if entity.end - entity.start > 1 => entity.start += 1,
            _ => {
                let others: Vec<&str> = KINDS.into_iter().filter(|kind| *kind != entity.kind).collect();
                entity.kind = rng.pick(&others).to_owned();
            }
        }
        true
    });
}

/// The tags of some kinds of entities in IOB2.
struct Tags {
    names: Vec<String>,
    /// For each kind the tags of the first word of an entity and of the words after it, by index.
    of_kinds: Vec<(&'static str, [usize; 2])>,
}

impl Tags {
    fn of(kinds: &[&'static str]) -> Tags {
        let names = Scheme::Iob2.tag_names(&kinds.iter().map(|kind| kind.to_string()).collect::<Vec<_>>());
        let index =
            |tag: String| names.iter().position(|known| *known == tag).expect("every kind has its tags");
        let of_kinds =
            kinds.iter().map(|kind| (*kind, ["B", "I"].map(|part| index(format!("{part}-{kind}")))));
        Tags { of_kinds: of_kinds.collect(), names }
    }

    /// A sentence with the tags of its entities. The first tag is that of words outside.
    fn sentence(&self, words: Vec<String>, entities: &[Entity]) -> Sentence {
        let mut tags = vec![0; words.len()];
        for entity in entities {
            let of_kind = self.of_kinds.iter().find(|(kind, _)| *kind == entity.kind);
            let (_, [first, later]) = of_kind.expect("every entity has a kind of the corpus");
            tags[entity.start..entity.end].fill(*later);
            tags[entity.start] = *first;
        }
        Sentence { words, tags }
    }
}

/// SHA-256 of the splits as [`conll::write`](crate::data::formats::conll::write) writes them, an empty line after each split.
fn checksum(splits: [&[Sentence]; 3], tags: &[String]) -> String {
    let split = |sentences| crate::data::formats::conll::write(sentences, tags) + "\n";
    digest_of(splits.map(split).concat().as_bytes())
}

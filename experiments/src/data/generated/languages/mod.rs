//! Generated languages: one grammar of meanings, said in four languages of growing distance from the first one.
//!
//! A [`Meaning`] is an event (who did what to whom, where, when), a judgement of a thing, or two of these. It has a sentiment
//! and a topic, and names of people (`PER`), places (`LOC`) and organisations (`ORG`). Each [`Language`] says it with its own
//! words, order and endings, so that one meaning gives aligned sentences with the same entities and the same sentiment.
//!
//! | language | cognates | order | negation, adpositions, copula | endings |
//! | --- | --- | --- | --- | --- |
//! | `a` | | verb second | words | past |
//! | `b` | 75% | as `a` | words | past |
//! | `c` | 25% | verb last, owners and places before their words, no article | words | past, object |
//! | `d` | none | verb first, adjectives and given names last, no article | endings | past, object, place, owner, negation |
//!
//! A cognate is the word of `a` with the sound changes of the language, which leave some words as they are. Names are kept (90%
//! in `b`, 60% in `c`, 30% in `d`) or changed in this way, too. All other words are coined from the sounds of the language. So
//! of names 96.5%, 63.8% and 35.3% are spelled as in `a`, without the endings, and of other words 37.5%, 4.0% and none. No form
//! of a word has another meaning in any of the languages.
//!
//! What makes the texts hard:
//!
//! - **Kinds of names.** People, places and organisations share one list of names. What tells the kind is a second part, of two
//!   names in five; the verb, since who hires is an organisation and who is hired a person; or the thing that is owned.
//! - **Negation** reverses one judgement in five; in one event of five, which does not judge, it reverses nothing.
//! - **Contrast.** 15% of the sentences hold two opposite judgements, of which the one after `but` counts.
//! - **Unseen names.** The rarer names of dev and test are not those of training.
//!
//! There is one lexicon for all seeds; a seed chooses what is said. The same seed gives the same text on every platform.
//!
//! ```
//! use gradus::data::generated::languages::{LANGUAGES, Meaning, alignment};
//! use gradus::data::generated::Rng;
//!
//! let meaning = Meaning::draw(&mut Rng::new(&[1]), /* held_out */ false, /* positive */ true);
//! let [a, d] = [0, 3].map(|place| LANGUAGES[place].say(&meaning));
//! assert_eq!(a.entities.len(), d.entities.len());
//! assert!(alignment(&a, &d).iter().all(|&(i, j)| i < a.words.len() && j < d.words.len()));
//! ```
//!
//! | file | holds |
//! | --- | --- |
//! | `concept` | what words mean |
//! | `meaning` | meanings and how they are drawn |
//! | `lexicon` | the words of the languages |
//! | `speech` | order and endings |
//! | `syntax` | parts of speech and dependency trees |

mod concept;
mod lexicon;
mod meaning;
mod speech;
mod syntax;
#[cfg(test)]
mod tests;

pub use concept::{Class, Concept, TOPICS};
pub use meaning::{Clause, Event, Meaning, Name, Phrase, Unit};

use super::{Rng, Sizes};
use crate::data::Parsed;
use crate::data::formats::scheme::Entity;
use lexicon::Sounds;
use speech::Speaker;
use std::collections::HashSet;

/// The kinds of names, sorted.
pub const KINDS: [&str; 3] = ["LOC", "ORG", "PER"];

/// The number of examples at full size, in each language.
pub const SIZES: Sizes = Sizes { train: 4000, dev: 500, test: 1000 };

/// A language, by its distance from the first one of [`LANGUAGES`].
#[derive(Debug)]
pub struct Language {
    /// Its index in [`LANGUAGES`].
    pub place: usize,
    /// Its name, a letter.
    pub name: &'static str,
    /// Percentage of the words, besides names, that are derived from those of the first language.
    pub cognates: u64,
    /// Percentage of given names, surnames, towns and firms that are spelled as in the first language.
    pub names: u64,
    /// The order of subject, verb and object.
    pub order: Order,
    /// Whether adjectives follow their nouns.
    pub noun_first: bool,
    /// Whether owners precede what they own, and adpositions follow.
    pub heads_last: bool,
    /// Whether the parts of names are in the opposite order.
    pub names_reversed: bool,
    /// Whether it has a definite article.
    pub articles: bool,
    /// What endings express.
    pub morphology: Morphology,
    suffixes: Suffixes,
    sounds: &'static Sounds,
}

/// The order of subject, verb and object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Subject, verb, object.
    Svo,
    /// Subject, object, verb.
    Sov,
    /// Verb, subject, object.
    Vso,
}

/// What endings express.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Morphology {
    /// The past; all else is said with words.
    Particles,
    /// The past, and the object if it is no name.
    Suffixes,
    /// The past, all cases, and negation; several endings may follow each other, and there is no copula.
    Agglutinating,
}

/// The endings of a language; empty ones do not exist in it.
#[derive(Debug)]
struct Suffixes {
    past: &'static str,
    object: &'static str,
    place: &'static str,
    owner: &'static str,
    not: &'static str,
}

/// The languages. The distance from the first one grows with the index.
pub static LANGUAGES: [Language; 4] = [
    Language {
        place: 0,
        name: "a",
        cognates: 100,
        names: 100,
        order: Order::Svo,
        noun_first: false,
        heads_last: false,
        names_reversed: false,
        articles: true,
        morphology: Morphology::Particles,
        suffixes: Suffixes { past: "ed", object: "", place: "", owner: "", not: "" },
        sounds: &Sounds {
            onsets: &[
                "b", "br", "d", "dr", "f", "g", "h", "l", "m", "n", "p", "r", "s", "st", "t", "tr", "w",
            ],
            vowels: &["a", "e", "i", "o", "u", "ea"],
            codas: &["", "", "", "", "l", "m", "n", "r"],
            finals: &["d", "l", "m", "n", "nd", "r", "sh", "t"],
            changes: &[],
        },
    },
    Language {
        place: 1,
        name: "b",
        cognates: 75,
        names: 90,
        order: Order::Svo,
        noun_first: false,
        heads_last: false,
        names_reversed: false,
        articles: true,
        morphology: Morphology::Particles,
        suffixes: Suffixes { past: "ava", object: "", place: "", owner: "", not: "" },
        sounds: &Sounds {
            onsets: &["b", "c", "d", "f", "g", "gl", "l", "m", "n", "p", "qu", "s", "t", "v"],
            vowels: &["a", "e", "i", "o", "ia", "io"],
            codas: &["", "", "", "", "l", "n", "r", "s"],
            finals: &["", "no", "ra", "to", "le"],
            changes: &[("sh", "ce"), ("ea", "e"), ("w", "gu")],
        },
    },
    Language {
        place: 2,
        name: "c",
        cognates: 25,
        names: 60,
        order: Order::Sov,
        noun_first: false,
        heads_last: true,
        names_reversed: false,
        articles: false,
        morphology: Morphology::Suffixes,
        suffixes: Suffixes { past: "ta", object: "mi", place: "", owner: "", not: "" },
        sounds: &Sounds {
            onsets: &["ch", "h", "k", "m", "n", "r", "s", "t", "y", "z", "j"],
            vowels: &["a", "i", "u", "e", "o", "ü"],
            codas: &["", "", "", "", "n", "k"],
            finals: &["", "", "k", "n"],
            changes: &[
                ("br", "bur"),
                ("dr", "dur"),
                ("tr", "tur"),
                ("st", "sut"),
                ("sh", "shi"),
                ("ea", "iya"),
                ("f", "h"),
                ("l", "r"),
                ("w", "v"),
            ],
        },
    },
    Language {
        place: 3,
        name: "d",
        cognates: 0,
        names: 30,
        order: Order::Vso,
        noun_first: true,
        heads_last: false,
        names_reversed: true,
        articles: false,
        morphology: Morphology::Agglutinating,
        suffixes: Suffixes { past: "lõ", object: "nä", place: "sse", owner: "dõ", not: "eik" },
        sounds: &Sounds {
            onsets: &["dz", "gv", "j", "kh", "l", "m", "n", "p", "q", "r", "ts", "v", "zh"],
            vowels: &["a", "ä", "e", "i", "o", "õ", "u"],
            codas: &["", "", "", "kh", "l", "r"],
            finals: &["j", "l", "r", "ts", "v"],
            changes: &[
                ("b", "p"),
                ("d", "t"),
                ("g", "k"),
                ("f", "hv"),
                ("w", "v"),
                ("sh", "ts"),
                ("ea", "ää"),
                ("o", "õ"),
            ],
        },
    },
];

/// A sentence of one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Utterance {
    /// Its words, the full stop included.
    pub words: Vec<String>,
    /// The ids of the units of meaning ([`Unit::id`]) that each word expresses; at least one.
    pub units: Vec<Vec<usize>>,
    /// The names, in the order of the words.
    pub entities: Vec<Entity>,
}

impl Language {
    /// Says a meaning.
    pub fn say(&'static self, meaning: &Meaning) -> Utterance {
        Speaker::new(self).say(meaning)
    }

    /// Says a meaning, with the part of speech of each word and the dependency tree.
    pub fn parse(&'static self, meaning: &Meaning) -> Parsed {
        syntax::parsed(meaning, &self.say(meaning))
    }

    /// The word for a concept, without endings, in lower case.
    ///
    /// # Panics
    /// If there is no such concept.
    pub fn word(&'static self, concept: Concept) -> &'static str {
        lexicon::Lexicon::of(self).word(concept)
    }
}

/// The pairs of places `(i, j)` where word `i` of one sentence and word `j` of another one, of the same meaning, express a
/// common unit; sorted. Words such as articles, which not all languages have, are in no pair.
pub fn alignment(one: &Utterance, other: &Utterance) -> Vec<(usize, usize)> {
    let mut pairs = vec![];
    for (i, units) in one.units.iter().enumerate() {
        let common = |of: &Vec<usize>| of.iter().any(|unit| units.contains(unit));
        pairs.extend((0..other.units.len()).filter(|&j| common(&other.units[j])).map(|j| (i, j)));
    }
    pairs
}

/// The meanings of train, dev and test, every second one positive. A training meaning depends on seed and index alone, so that a
/// larger training split begins with the smaller one. No meaning is in two splits.
pub fn meanings(seed: u64, sizes: Sizes) -> [Vec<Meaning>; 3] {
    let mut seen: HashSet<String> = HashSet::new();
    let mut part = 0;
    [sizes.train, sizes.dev, sizes.test].map(|size| {
        let split = part;
        part += 1;
        let mut texts = vec![];
        let meaning = |index: usize| {
            let mut rng = Rng::new(&[seed, SETS, split, index as u64]);
            loop {
                let meaning = Meaning::draw(&mut rng, split > 0, index % 2 == 1);
                let text = LANGUAGES[0].say(&meaning).words.join(" ");
                if !seen.contains(&text) {
                    texts.push(text);
                    return meaning;
                }
            }
        };
        let meanings: Vec<Meaning> = (0..size).map(meaning).collect();
        seen.extend(texts);
        meanings
    })
}

/// The streams of random numbers of labelled sets and of unlabelled texts.
const SETS: u64 = 300;
const TEXTS: u64 = 301;

/// `n` unlabelled lines in some of the [`LANGUAGES`], by turns, with words separated by spaces. With `pairs`, each line is a
/// sentence in one language, a tab, and the same sentence in the next one. They are drawn from other random numbers than the
/// labelled sets.
///
/// # Panics
/// If there is no such language, or with `pairs` fewer than two.
#[track_caller]
pub fn texts(seed: u64, languages: &[usize], pairs: bool, n: usize) -> Vec<String> {
    let least = if pairs { 2 } else { 1 };
    assert!(
        languages.len() >= least && languages.iter().all(|&place| place < LANGUAGES.len()),
        "texts: expected at least {least} of the languages 0 to {}, found {languages:?}",
        LANGUAGES.len() - 1
    );
    let line = |index: usize| {
        let mut rng = Rng::new(&[seed, TEXTS, index as u64]);
        let positive = rng.chance(50);
        let meaning = Meaning::draw(&mut rng, false, positive);
        let said = |turn: usize| LANGUAGES[languages[turn % languages.len()]].say(&meaning).words.join(" ");
        if pairs { format!("{}\t{}", said(index), said(index + 1)) } else { said(index) }
    };
    (0..n).map(line).collect()
}

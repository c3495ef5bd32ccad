//! Generated languages: one grammar of meanings, said in six languages, from close to the first one to distant from it.
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
//! | `e` | 50% | verb second, adjectives after nouns | words | past; gender of articles, adjectives and verbs |
//! | `f` | none | as `c` | endings | past, object, place, owner, possession, negation, copula, with vowel harmony |
//!
//! A cognate is the word of `a` with the sound changes of the language, which leave some words as they are. Names are kept (90%
//! in `b`, 60% in `c`, 30% in `d`, 80% in `e`, 40% in `f`) or changed in this way, too. All other words are coined from the
//! sounds of the language. So these percentages are spelled as in `a`, without the endings:
//!
//! | | `b` | `c` | `d` | `e` | `f` |
//! | --- | --- | --- | --- | --- | --- |
//! | names | 96.5 | 63.8 | 35.3 | 88.4 | 53.5 |
//! | other words | 37.5 | 4.0 | 0.0 | 19.2 | 0.0 |
//!
//! No form of a word has another meaning in any of the languages.
//!
//! - **Gender** (`e`). A noun or a name is masculine, feminine or neuter. Its article and its adjectives have the ending of its
//!   gender, and so has the verb or the judging adjective of which it is the subject.
//! - **Vowel harmony** (`f`). The vowels of all endings are front vowels or back vowels, as the last vowel of the stem is. Endings
//!   follow each other: a thing that someone owns has the ending of possession before that of the object; a verb has
//!   negation before past. Only the last word of a phrase has endings.
//!
//! **Several right sentences.** A language has synonyms for its most frequent words of judgement and time, and a free order
//! of time and place. [`Language::say`] always says a meaning in the same way, [`Language::references`] in all ways, and
//! [`Language::say_freely`] in one of these, drawn at random.
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
//! | `list` | the languages |
//! | `meaning` | meanings and how they are drawn |
//! | `lexicon` | the words of the languages |
//! | `speech` | order and endings |
//! | `syntax` | parts of speech and dependency trees |

mod concept;
mod lexicon;
mod list;
mod meaning;
mod speech;
mod syntax;
#[cfg(test)]
mod tests;

pub use concept::{Class, Concept, TOPICS};
pub use list::LANGUAGES;
pub use meaning::{Clause, Event, Meaning, Name, Phrase, Unit};

use super::{Rng, Sizes};
use crate::data::Parsed;
use crate::data::formats::scheme::Entity;
use lexicon::Sounds;
use speech::{Speaker, Way};
use std::collections::HashSet;

/// The kinds of names, sorted.
pub const KINDS: [&str; 3] = ["LOC", "ORG", "PER"];

/// The number of examples at full size, in each language.
pub const SIZES: Sizes = Sizes { train: 4000, dev: 500, test: 1000 };

/// A language.
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
    /// The past, and the gender of a noun at its article, its adjectives, and the verb or adjective of which it is the subject.
    Gendered,
    /// As [`Agglutinating`](Self::Agglutinating), and also possession and the copula, at the last word of a phrase. The vowels
    /// of endings follow those of the stem.
    Harmonic,
}

/// The endings of a language; empty ones do not exist in it. In those with vowel harmony, `A` stands for `a` or `e`, and `U` for
/// `u` or `ü`.
#[derive(Debug)]
struct Suffixes {
    past: &'static str,
    object: &'static str,
    place: &'static str,
    owner: &'static str,
    /// Of a thing that has an owner.
    possessed: &'static str,
    not: &'static str,
    /// The copula.
    be: &'static str,
    /// Of each gender; that of the only one is empty.
    genders: &'static [&'static str],
}

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
        Speaker::new(self, Way::default()).say(meaning)
    }

    /// Says a meaning in all ways: [`say`](Self::say)'s first, then those with another order of time and place or with synonyms. No
    /// sentence occurs twice. There are at most 12.
    pub fn references(&'static self, meaning: &Meaning) -> Vec<Utterance> {
        let mut references: Vec<Utterance> = vec![];
        for way in Way::all(meaning) {
            let said = Speaker::new(self, way).say(meaning);
            if references.iter().all(|other| other.words != said.words) {
                references.push(said);
            }
        }
        references
    }

    /// Says a meaning in one of the ways of [`references`](Self::references), each equally likely.
    pub fn say_freely(&'static self, meaning: &Meaning, rng: &mut Rng) -> Utterance {
        let mut references = self.references(meaning);
        let drawn = rng.below(references.len() as u64) as usize;
        references.swap_remove(drawn)
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

    /// Another word for a concept, without endings, in lower case, if there is one.
    pub fn synonym(&'static self, concept: Concept) -> Option<&'static str> {
        lexicon::Lexicon::synonyms(self).get(concept)
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

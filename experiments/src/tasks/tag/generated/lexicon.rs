//! The names of the tagging corpora: by class, by rank, drawn by Zipf's law. There is one world for all seeds; a seed
//! chooses what is said of it.
//!
//! Half of the surnames, towns and firms, at every second rank, are one list of stems, turned by a third from class to
//! class: what is often a person is at times a town and rarely a firm. The other half has endings, of which some are
//! common to two classes. What was done, and what something is, is told by hand-written words and by coined ones, a long
//! tail for each kind of entity.

use std::collections::HashSet;
use std::sync::OnceLock;

use crate::data::generated::Rng;
use crate::data::generated::zipf;

/// How many stems are surnames, towns and firms at once.
const STEMS: usize = 330;

/// Coined verbs and nouns of each kind.
const WORDS: usize = 150;

/// Names by class; within a class, by rank.
pub(super) struct Lexicon {
    pub first: Vec<String>,
    pub last: Vec<String>,
    pub town: Vec<String>,
    pub land: Vec<String>,
    pub brand: Vec<String>,
    pub acronym: Vec<String>,
    pub stem: Vec<String>,
    /// Verbs of what people, places and organisations did.
    pub deeds: [Vec<String>; 3],
    /// Nouns for people, places, organisations and works.
    pub things: [Vec<String>; 4],
}

impl Lexicon {
    /// The one lexicon.
    pub fn shared() -> &'static Lexicon {
        static LEXICON: OnceLock<Lexicon> = OnceLock::new();
        LEXICON.get_or_init(Lexicon::coin)
    }

    fn coin() -> Self {
        let mut mint = Mint { rng: Rng::new(&[0x006e_616d_6573]), taken: HashSet::new() };
        let mut names = |count, endings: &[&str]| (0..count).map(|_| mint.name(endings)).collect::<Vec<_>>();
        let stem = names(STEMS, &["an", "el", "or", "en", "is", "um", "et", "ock"]);
        let mixed = |own: Vec<String>, turn: usize| -> Vec<String> {
            let stems = (0..STEMS).map(|i| stem[(i + turn * STEMS / 3) % STEMS].clone());
            own.into_iter().zip(stems).flat_map(|(own, stem)| [own, stem]).collect()
        };
        let first = names(300, &["a", "o", "ia", "us", "ina", "y"]);
        let last = mixed(names(STEMS, &["son", "ez", "ovic", "ley", "wood", "ham"]), 0);
        let town = mixed(names(STEMS, &["ville", "ford", "burg", "ley", "wood", "ham"]), 1);
        let brand = mixed(names(STEMS, &["ex", "tech", "ix", "son", "ford", "ara"]), 2);
        let land = names(80, &["land", "stan", "ania", "istria"]);
        let acronym = mint.acronyms(120);
        // The kinds take turns at the mint, so that a coined word's form says nothing about its kind.
        let (mut deeds, mut things) = ([(); 3].map(|()| Vec::new()), [(); 4].map(|()| Vec::new()));
        for _ in 0..WORDS {
            deeds.iter_mut().for_each(|verbs| verbs.push(mint.name(&["ed", "ied"]).to_lowercase()));
            things
                .iter_mut()
                .for_each(|nouns| nouns.push(mint.name(&["ling", "et", "ome", "ard"]).to_lowercase()));
        }
        Self { first, last, town, land, brand, acronym, stem, deeds, things }
    }
}

impl Lexicon {
    /// The names of a class.
    pub fn names(&self, class: &str) -> Option<&[String]> {
        Some(match class {
            "FIRST" => &self.first,
            "LAST" => &self.last,
            "TOWN" => &self.town,
            "LAND" => &self.land,
            "BRAND" => &self.brand,
            "ACRONYM" => &self.acronym,
            "STEM" => &self.stem,
            _ => return None,
        })
    }

    /// The verbs of a class `DEED_PER`, the nouns of a class `THING_PER`.
    pub fn words_of_kind(&self, class: &str) -> Option<&Vec<String>> {
        let (lists, kind) = match class.split_once('_')? {
            ("DEED", kind) => (&self.deeds[..], kind),
            ("THING", kind) => (&self.things[..], kind),
            _ => return None,
        };
        lists.get(["PER", "LOC", "ORG", "WORK"].iter().position(|known| *known == kind)?)
    }
}

/// Coins names, each once: one or two syllables and an ending.
struct Mint {
    rng: Rng,
    taken: HashSet<String>,
}

impl Mint {
    fn name(&mut self, endings: &[&str]) -> String {
        const ONSETS: [&str; 22] = [
            "B", "Br", "D", "Dr", "F", "G", "Gr", "K", "L", "M", "N", "P", "Pr", "R", "S", "St", "T", "Tr",
            "V", "Z", "H", "W",
        ];
        const VOWELS: [&str; 5] = ["a", "e", "i", "o", "u"];
        const CODAS: [&str; 9] = ["l", "m", "n", "r", "s", "x", "rk", "nd", "lt"];
        loop {
            let mut name = String::new();
            for syllable in 0..1 + self.rng.below(2) {
                let onset = self.rng.pick(&ONSETS);
                name += &if syllable == 0 { onset.to_owned() } else { onset.to_lowercase() };
                name += self.rng.pick(&VOWELS);
            }
            name += self.rng.pick(&CODAS);
            name += self.rng.pick(endings);
            if self.taken.insert(name.to_lowercase()) {
                return name;
            }
        }
    }

    /// Three or four capitals with a vowel nowhere, so that none is a word.
    fn acronyms(&mut self, count: usize) -> Vec<String> {
        const LETTERS: [&str; 12] = ["B", "C", "D", "F", "G", "K", "L", "N", "R", "S", "T", "W"];
        let mut acronyms = Vec::new();
        while acronyms.len() < count {
            let letters: String = (0..3 + self.rng.below(2)).map(|_| self.rng.pick(&LETTERS)).collect();
            if self.taken.insert(letters.to_lowercase()) {
                acronyms.push(letters);
            }
        }
        acronyms
    }
}

/// A name by its rank. Of a hundred ranks the first `common` are everyone's; half of the rest is training's and half,
/// drawn by the same law, that of dev and test.
pub(super) fn draw(rng: &mut Rng, names: &'static [String], common: usize, held_out: bool) -> &'static str {
    let common = names.len() * common / 100;
    let own = (names.len() - common) / 2;
    let rank = zipf(rng, common + own, 8);
    &names[if held_out && rank >= common { rank + own } else { rank }]
}

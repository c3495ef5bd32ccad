//! The vocabulary of the generated corpora: the hand-written words, followed by a long tail of coined ones, drawn by
//! Zipf's law. There is one language for all seeds; a seed chooses what is said in it.

use super::{domains, words};
use crate::data::generated::Mint;
use std::sync::OnceLock;

/// Polar adjectives of each sign: 40 hand-written, the rest coined.
pub(super) const ADJECTIVES: usize = 260;
/// The last adjectives of each sign stand in dev and test only.
pub(super) const UNSEEN: usize = 20;

/// Words by class; within a class, by rank.
pub(super) struct Lexicon {
    pub good: Vec<String>,
    pub bad: Vec<String>,
    pub good_nouns: Vec<String>,
    pub bad_nouns: Vec<String>,
    pub names: Vec<String>,
    pub places: Vec<String>,
    pub years: Vec<String>,
    pub roles: Vec<String>,
    /// Words of the domains, each of which has a window of each list.
    pub things: Vec<String>,
    pub purposes: Vec<String>,
    pub own_good: Vec<String>,
    pub own_bad: Vec<String>,
}

impl Lexicon {
    /// The one lexicon.
    pub fn shared() -> &'static Lexicon {
        static LEXICON: OnceLock<Lexicon> = OnceLock::new();
        LEXICON.get_or_init(Lexicon::coin)
    }

    fn coin() -> Self {
        let mut mint = Mint::new(0x6772_6164_7573);
        let adjective = ["ic", "ous", "ish", "ant", "al", "ive"];
        let noun = ["ness", "ment", "ism"];
        // Praise and blame take turns at the mint, so that a coined word's form says nothing about its polarity.
        let (mut good, mut bad) = (owned(&words::GOOD), owned(&words::BAD));
        for _ in words::GOOD.len()..ADJECTIVES {
            good.push(mint.word(&adjective));
            bad.push(mint.word(&adjective));
        }
        let (mut good_nouns, mut bad_nouns) = (owned(&words::GOOD_NOUNS), owned(&words::BAD_NOUNS));
        for _ in 0..60 {
            good_nouns.push(mint.word(&noun));
            bad_nouns.push(mint.word(&noun));
        }
        let names = (0..600).map(|_| mint.word(&["a", "o", "en", "ar", "ez"])).collect();
        let places = (0..300).map(|_| mint.word(&["ville", "ford", "burg", "ia"])).collect();
        let mut roles = owned(&words::ROLES);
        roles.extend((0..100).map(|_| mint.word(&["er", "ist", "or"])));
        let years = (1920..2025).map(|year| year.to_string()).collect();
        let mut coined = |window, endings: &[&str]| -> Vec<String> {
            (0..domains::listed(window)).map(|_| mint.word(endings)).collect()
        };
        let things = coined(domains::THINGS, &["et", "ard", "on", "ile"]);
        let purposes = coined(domains::PURPOSES, &["ing", "age", "ance"]);
        let [own_good, own_bad] = [(); 2].map(|()| coined(domains::ADJECTIVES, &adjective));
        Self {
            good,
            bad,
            good_nouns,
            bad_nouns,
            names,
            places,
            years,
            roles,
            things,
            purposes,
            own_good,
            own_bad,
        }
    }
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| word.to_string()).collect()
}

//! The words of the text, and how likely each is within its class.

use super::design::{BRACKETS, Design, WHOLE};
use crate::data::generated::Mint;
use crate::data::generated::words::sums;
use std::collections::HashMap;

/// The token that ends a line.
pub const EOS: &str = "<eos>";

/// The first reach takes the first ones, and so on.
pub(super) const PREPOSITIONS: [&str; 24] = [
    "of", "in", "on", "at", "by", "near", "with", "under", "beside", "behind", "beyond", "above", "below",
    "between", "among", "against", "around", "along", "across", "through", "toward", "upon", "over", "past",
];
const OPEN: [&str; BRACKETS] = ["(", "[", "{", "«"];
const CLOSE: [&str; BRACKETS] = [")", "]", "}", "»"];

/// A class of words, with consecutive numbers.
#[derive(Debug)]
pub(super) struct Group {
    /// The number of the first word.
    pub first: u32,
    /// For each word, the sum of the weights up to it.
    pub sums: Vec<u64>,
}

impl Group {
    /// The rank of a word in this class.
    pub fn rank(&self, word: u32) -> Option<usize> {
        word.checked_sub(self.first).map(|rank| rank as usize).filter(|rank| *rank < self.sums.len())
    }

    /// The weight of a rank.
    pub fn weight(&self, rank: usize) -> u64 {
        self.sums[rank] - rank.checked_sub(1).map_or(0, |before| self.sums[before])
    }

    /// The sum of all weights.
    pub fn total(&self) -> u64 {
        self.sums[self.sums.len() - 1]
    }
}

/// All words, in classes.
#[derive(Debug)]
pub(super) struct Lexicon {
    pub words: Vec<String>,
    pub numbers: HashMap<String, u32>,
    pub end: Group,
    pub chapter: Group,
    pub the: Group,
    pub and: Group,
    pub open: Group,
    pub close: Group,
    /// By reach.
    pub prepositions: Vec<Group>,
    /// By agreement: twice the kind, plus 1 in the plural.
    pub nouns: Vec<Group>,
    /// By agreement, people last.
    pub verbs: Vec<Group>,
    pub adjectives: Group,
    pub adverbs: Group,
    pub roles: Group,
    pub names: Group,
}

impl Lexicon {
    #[track_caller]
    pub fn of(design: &Design) -> Lexicon {
        let of = design.vocabulary;
        let sizes = [of.kinds, of.nouns, of.verbs, of.adjectives, of.adverbs, of.prepositions, of.names];
        assert!(
            sizes.iter().all(|n| *n > 0)
                && of.prepositions * design.agreement.len() <= PREPOSITIONS.len()
                && design.names.iter().any(|roles| roles.count > 0),
            "Design: expected at least one word of each class and at most {} prepositions in all, found {design:?}",
            PREPOSITIONS.len()
        );
        assert!(
            design.names.iter().all(|roles| (1..=WHOLE).contains(&roles.distance)),
            "Design: expected distances of names from 1 to {WHOLE}, found {:?}",
            design.names
        );
        let mut mint = Mint::new(0x6368_6170_7465_7273);
        let mut coined =
            |n: usize, endings: &[&str]| -> Vec<String> { (0..n).map(|_| mint.short(endings)).collect() };
        let mut words = Words(vec![]);
        let prepositions: Vec<&[&str]> =
            PREPOSITIONS.chunks(of.prepositions).take(design.agreement.len()).collect();
        let prepositions = prepositions.iter().map(|some| words.group(some, equal(some.len()))).collect();
        let [end, chapter, the, and] =
            [EOS, "chapter", "the", "and"].map(|word| words.group(&[word], equal(1)));
        let [open, close] = [OPEN, CLOSE].map(|some| words.group(&some, equal(BRACKETS)));
        let (mut nouns, mut verbs) = (vec![], vec![]);
        for _ in 0..of.kinds {
            let stems = coined(of.nouns, &["el", "ak", "um", "ow"]);
            nouns.push(words.group(&stems, sums(of.nouns, 4)));
            nouns.push(words.group(&plus_s(&stems), sums(of.nouns, 4)));
        }
        for _ in 0..of.kinds {
            let stems = coined(of.verbs, &["ise", "ate", "end"]);
            verbs.push(words.group(&plus_s(&stems), sums(of.verbs, 4)));
            verbs.push(words.group(&stems, sums(of.verbs, 4)));
        }
        // People are named one by one: the singular.
        verbs.push(words.group(&plus_s(&coined(of.verbs, &["ise", "ate", "end"])), sums(of.verbs, 4)));
        let adjectives = words.group(&coined(of.adjectives, &["y", "al", "ic"]), sums(of.adjectives, 4));
        let adverbs = words.group(&coined(of.adverbs, &["ly", "wise"]), sums(of.adverbs, 4));
        let weights: Vec<u64> = design
            .names
            .iter()
            .flat_map(|roles| std::iter::repeat_n(WHOLE / roles.distance, roles.count))
            .collect();
        let roles = words.group(&coined(weights.len(), &["er", "ist", "or"]), summed(weights));
        let names: Vec<String> = coined(of.names, &["a", "o", "en", "is"])
            .iter()
            .map(|name| name[..1].to_uppercase() + &name[1..])
            .collect();
        let names = words.group(&names, equal(of.names));
        let words = words.0;
        let numbers = words.iter().enumerate().map(|(number, word)| (word.clone(), number as u32)).collect();
        Lexicon {
            words,
            numbers,
            end,
            chapter,
            the,
            and,
            open,
            close,
            prepositions,
            nouns,
            verbs,
            adjectives,
            adverbs,
            roles,
            names,
        }
    }
}

/// The words so far.
struct Words(Vec<String>);

impl Words {
    fn group<S: AsRef<str>>(&mut self, words: &[S], sums: Vec<u64>) -> Group {
        let first = self.0.len() as u32;
        self.0.extend(words.iter().map(|word| word.as_ref().to_owned()));
        Group { first, sums }
    }
}

fn plus_s(stems: &[String]) -> Vec<String> {
    stems.iter().map(|stem| format!("{stem}s")).collect()
}

/// The sums of equal weights.
fn equal(n: usize) -> Vec<u64> {
    (1..=n as u64).collect()
}

fn summed(mut weights: Vec<u64>) -> Vec<u64> {
    for rank in 1..weights.len() {
        weights[rank] += weights[rank - 1];
    }
    weights
}

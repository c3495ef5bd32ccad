//! The grammar of the almanac and its words.

use crate::data::generated::{Mint, Rng, zipf};
use std::sync::OnceLock;

/// How many kinds of beings there are, and how many words each has.
const KINDS: usize = 6;
const NOUNS: usize = 40;
const VERBS: usize = 12;
const ADJECTIVES: usize = 10;
const PLACES: usize = 20;

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// The words of a kind, by rank.
struct Kind {
    nouns: Vec<String>,
    verbs: Vec<String>,
    adjectives: Vec<String>,
}

struct Lexicon {
    kinds: Vec<Kind>,
    places: Vec<String>,
}

impl Lexicon {
    /// The one lexicon. The kinds take turns at the mint, so that a word's form says nothing about its kind.
    fn shared() -> &'static Lexicon {
        static LEXICON: OnceLock<Lexicon> = OnceLock::new();
        LEXICON.get_or_init(|| {
            let mut mint = Mint::new(0x0061_6c6d_616e_6163);
            let mut turns = |count: usize, endings: &[&str]| {
                let mut lists = vec![vec![]; KINDS];
                (0..count).for_each(|_| lists.iter_mut().for_each(|list| list.push(mint.word(endings))));
                lists
            };
            let (nouns, verbs) =
                (turns(NOUNS, &["el", "an", "ot", "ir"]), turns(VERBS, &["ate", "ine", "ock"]));
            let adjectives = turns(ADJECTIVES, &["ous", "al", "ic"]);
            let places = turns(PLACES, &["va", "do"]).concat();
            let kinds = nouns.into_iter().zip(verbs).zip(adjectives);
            let kinds = kinds.map(|((nouns, verbs), adjectives)| Kind { nouns, verbs, adjectives }).collect();
            Lexicon { kinds, places: places[..PLACES].to_vec() }
        })
    }
}

/// A noun and its number.
#[derive(Clone, Copy)]
struct Being {
    kind: usize,
    noun: &'static str,
    many: bool,
}

impl Being {
    fn of(kind: usize, rng: &mut Rng) -> Being {
        let noun = &Lexicon::shared().kinds[kind].nouns[zipf(rng, NOUNS, 3)];
        Being { kind, noun, many: rng.chance(40) }
    }

    fn adjective(self, rng: &mut Rng) -> &'static str {
        &Lexicon::shared().kinds[self.kind].adjectives[zipf(rng, ADJECTIVES, 2)]
    }

    /// `every tobrel`, `two grosous tobrels`.
    fn phrase(self, rng: &mut Rng) -> String {
        let determiner = match self.many {
            true => rng.pick(&["the", "the", "these", "two", "many"]).to_owned(),
            false => rng.pick(&["the", "the", "this", "every", "one"]).to_owned(),
        };
        match rng.chance(30) {
            true => format!("{determiner} {} {}", self.adjective(rng), self.named()),
            false => format!("{determiner} {}", self.named()),
        }
    }

    fn named(self) -> String {
        format!("{}{}", self.noun, if self.many { "s" } else { "" })
    }

    fn is(self) -> &'static str {
        if self.many { "are" } else { "is" }
    }

    fn pronoun(self) -> &'static str {
        if self.many { "they" } else { "it" }
    }

    /// A verb of this subject, with its object.
    fn does(self, rng: &mut Rng) -> (String, String) {
        let verb = zipf(rng, VERBS, 2);
        let word = &Lexicon::shared().kinds[self.kind].verbs[verb];
        let object = Being::of((self.kind + verb) % KINDS, rng).phrase(rng);
        (format!("{word}{}", if self.many { "" } else { "s" }), object)
    }
}

/// One or two sentences about a being.
pub(super) fn text(rng: &mut Rng) -> String {
    let subject = Being::of(rng.below(KINDS as u64) as usize, rng);
    let place = &Lexicon::shared().places[zipf(rng, PLACES, 2)];
    let (who, (does, whom)) = (subject.phrase(rng), subject.does(rng));
    let first = match rng.below(6) {
        0 | 1 => format!("{who} {does} {whom} ."),
        2 => format!("in {} {who} {does} {whom} near {place} .", rng.pick(&MONTHS)),
        3 => format!("{who} , as they say in {place} , {does} {whom} ."),
        4 => format!("{who} that {does} {whom} {} {} .", subject.is(), subject.adjective(rng)),
        _ => format!("nobody in {place} has seen how {who} {does} {whom} ."),
    };
    let again = format!("the {}", subject.named());
    match rng.below(4) {
        0 => first,
        1 => format!("{first} {again} {} {} .", subject.is(), subject.adjective(rng)),
        2 => {
            let (does, whom) = subject.does(rng);
            format!("{first} but {again} never {does} {whom} .")
        }
        _ => {
            let (does, whom) = subject.does(rng);
            let (it, is) = (subject.pronoun(), subject.is());
            format!("{first} when {again} {does} {whom} , {it} {is} {} .", subject.adjective(rng))
        }
    }
}

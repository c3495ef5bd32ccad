//! Expands the grammar's symbols into words with spans.

use super::grammar::{Grammar, Replaced, Symbol};
use super::lexicon::draw;
use super::words;
use crate::data::formats::scheme::Entity;
use crate::data::generated::{Item, Rng};

/// How the case of letters is used in a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    /// The first letter is a capital, and names have theirs.
    Sentence,
    /// Every word starts with a capital.
    Headline,
    /// No capitals at all.
    Lower,
}

/// A sentence with its entities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spoken {
    pub words: Vec<String>,
    pub entities: Vec<Entity>,
}

/// Speaks in training or, of other people and places, in dev and test.
pub(super) struct Speaker<'a> {
    pub rng: &'a mut Rng,
    pub held_out: bool,
    /// Of a hundred ranks of a list of names, how many training shares with dev and test.
    pub common: usize,
}

impl Speaker<'_> {
    /// A sentence of that symbol.
    pub fn say(&mut self, symbol: &str, case: Case) -> Spoken {
        let mut spoken = Spoken { words: Vec::new(), entities: Vec::new() };
        self.expand(Grammar::shared().find(symbol), &mut spoken);
        let words = &mut spoken.words;
        for i in 1..words.len() {
            let article = matches!(words[i - 1].as_str(), "a" | "A");
            if article && words[i].to_lowercase().starts_with(['a', 'e', 'i', 'o', 'u']) {
                words[i - 1] += "n";
            }
        }
        match case {
            Case::Sentence => words[0] = capitalised(&words[0]),
            Case::Headline => words.iter_mut().for_each(|word| *word = capitalised(word)),
            Case::Lower => words.iter_mut().for_each(|word| *word = word.to_lowercase()),
        }
        spoken
    }

    fn expand(&mut self, symbol: &'static Symbol, out: &mut Spoken) {
        let start = out.words.len();
        match &symbol.replaced {
            Replaced::Rule(rule) => {
                for item in rule.draw(self.rng) {
                    match item {
                        Item::Word(word) => out.words.push((*word).to_owned()),
                        Item::Symbol(place) => self.expand(Grammar::shared().at(*place), out),
                    }
                }
            }
            Replaced::Name(names) => {
                out.words.push(draw(self.rng, names, self.common, self.held_out).to_owned());
            }
            Replaced::Coined(words) => out.words.push(draw(self.rng, words, 100, false).to_owned()),
            Replaced::Word(class) => out.words.extend(self.word(class).split(' ').map(str::to_owned)),
        }
        if let Some(kind) = symbol.kind {
            out.entities.push(Entity { kind: kind.to_owned(), start, end: out.words.len() });
        }
    }

    /// A word of a class, or two.
    fn word(&mut self, class: &str) -> String {
        match class {
            "NUMBER" => (1 + self.rng.below(60)).to_string(),
            "NUMBER.NUMBER" => format!("{}.{}", self.rng.below(200), self.rng.below(100)),
            "YEAR" => (1900 + self.rng.below(125)).to_string(),
            "TIME" => format!("{}:{:02}", 1 + self.rng.below(9), self.rng.below(60)),
            "INITIAL" => format!("{}.", char::from(b'A' + self.rng.below(26) as u8)),
            "HANDLE" => format!("@{}{}", self.rng.pick(&words::NOUNS), self.rng.below(1000)),
            "HASHTAG" => format!("#{}{}", self.rng.pick(&words::NOUNS), self.rng.below(100)),
            "LINK" => format!("http://{}.co/{}", self.rng.pick(&words::NOUNS), self.rng.below(10_000)),
            "MATTER_NAME" => capitalised(self.rng.pick(&words::MATTERS)),
            "ADJECTIVE_NAME" => capitalised(self.rng.pick(&words::ADJECTIVES)),
            "NOUN_NAME" => capitalised(self.rng.pick(&words::NOUNS)),
            _ => self.rng.pick(list(class)).to_owned(),
        }
    }
}

/// The hand-written words of a class.
pub(super) fn list(class: &str) -> &'static [&'static str] {
    match class {
        "ROLE" => &words::ROLES,
        "MATTER" | "MATTER_NAME" => &words::MATTERS,
        "DAY" => &words::DAYS,
        "MONTH" => &words::MONTHS,
        "CAPITAL" => &words::CAPITALS,
        "CHIEF" => &words::CHIEFS,
        "ADJECTIVE" | "ADJECTIVE_NAME" => &words::ADJECTIVES,
        "NOUN" | "NOUN_NAME" => &words::NOUNS,
        "FIRM_TAIL" => &words::FIRM_TAILS,
        "TEAM_TAIL" => &words::TEAM_TAILS,
        "TEAM_HEAD" => &words::TEAM_HEADS,
        "TOWN_HEAD" => &words::TOWN_HEADS,
        "COMPASS" => &words::COMPASS,
        "GREETING" => &words::GREETINGS,
        _ => unreachable!("the grammar names a symbol that is neither a rule nor a class of words: {class}"),
    }
}

fn capitalised(word: &str) -> String {
    let mut characters = word.chars();
    characters.next().map_or(String::new(), |first| first.to_uppercase().chain(characters).collect())
}

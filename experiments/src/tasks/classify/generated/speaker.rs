//! Expands the grammar's symbols into text.

use super::domains;
use super::grammar::{Grammar, Replaced, Symbol};
use super::lexicon::{ADJECTIVES, Lexicon, UNSEEN};
use super::words;
use crate::data::generated::{Item, Rng, zipf};

/// Speaks the language of the corpora, in training or, with other habits, in dev and test.
pub(super) struct Speaker<'a> {
    pub rng: &'a mut Rng,
    /// Whether this is dev or test, where rare adjectives are common and genres say nothing.
    pub held_out: bool,
    /// Flatness of the adjectives' law of Zipf.
    pub flatness: usize,
    /// The domain, from 0, whose words are used; none for films.
    pub domain: Option<usize>,
}

impl Speaker<'_> {
    /// A text of that symbol and polarity: words and punctuation with one space between them.
    pub fn say(&mut self, symbol: &str, positive: bool) -> String {
        let mut words = Vec::new();
        self.expand(Grammar::shared().find(symbol, positive), &mut words);
        for i in 1..words.len() {
            if words[i - 1] == "a" && words[i].starts_with(['a', 'e', 'i', 'o', 'u']) {
                words[i - 1] = "an";
            }
        }
        words.join(" ")
    }

    fn expand(&mut self, symbol: &'static Symbol, out: &mut Vec<&'static str>) {
        let grammar = Grammar::shared();
        match &symbol.replaced {
            Replaced::Either(places) => {
                let positive = self.rng.chance(50);
                self.expand(grammar.at(places[usize::from(positive)]), out);
            }
            Replaced::Rule(rule) => {
                for item in rule.draw(self.rng) {
                    match item {
                        Item::Word(word) => out.push(word),
                        Item::Symbol(place) => self.expand(grammar.at(*place), out),
                    }
                }
            }
            Replaced::Word => out.push(self.word(symbol.name, symbol.positive == Some(true))),
        }
    }

    /// A word of a class.
    fn word(&mut self, class: &str, positive: bool) -> &'static str {
        if let Some(word) = self.domain.and_then(|domain| domains::word(self.rng, domain, class, positive)) {
            return word;
        }
        let lexicon = Lexicon::shared();
        let either = |good: &'static [&str], bad: &'static [&str]| if positive { good } else { bad };
        let words: &'static [&str] = match class {
            "POLAR" => return self.adjective(if positive { &lexicon.good } else { &lexicon.bad }),
            "FEELING" => {
                return self.frequent(if positive { &lexicon.good_nouns } else { &lexicon.bad_nouns });
            }
            "NAME" => return self.name(&lexicon.names),
            "PLACE" => return self.name(&lexicon.places),
            "ROLE" => return self.name(&lexicon.roles),
            "YEAR" => return self.rng.pick(&lexicon.years),
            "GENRE" => return self.genre(positive),
            "ADVERB" => either(&words::GLAD, &words::SAD),
            "FELT" => either(&words::LIKED, &words::DISLIKED),
            "DEED" => either(&words::PRAISE, &words::BLAME),
            "NOUN" => &words::NOUNS,
            "BRISK" => &words::BRISK,
            "CALM" => &words::CALM,
            "BRISK_NOUN" => &words::BRISK_NOUNS,
            "CALM_NOUN" => &words::CALM_NOUNS,
            "ACT" => &words::ACTS,
            "OBJECT" => &words::OBJECTS,
            "EPITHET" => &words::EPITHETS,
            "ISSUE" => &words::ISSUES,
            "STRONG" => &words::STRONG,
            "FAINT" => &words::FAINT,
            _ => unreachable!(
                "the grammar names a symbol that is neither a rule nor a class of words: {class}"
            ),
        };
        self.rng.pick(words)
    }

    /// Dev and test draw one adjective in eight from the rarer half of training's, and 2% from words never trained on.
    fn adjective(&mut self, adjectives: &'static [String]) -> &'static str {
        let trained = ADJECTIVES - UNSEEN;
        match if self.held_out { self.rng.below(1000) } else { 1000 } {
            0..20 => self.rng.pick(&adjectives[trained..]),
            20..145 => self.rng.pick(&adjectives[trained / 2..trained]),
            _ => &adjectives[zipf(self.rng, trained, self.flatness)],
        }
    }

    fn frequent(&mut self, words: &'static [String]) -> &'static str {
        &words[zipf(self.rng, words.len(), 1)]
    }

    /// Dev and test speak of other people, places and trades: the first half is common to all, the rest is training's or theirs.
    fn name(&mut self, names: &'static [String]) -> &'static str {
        let rank = zipf(self.rng, names.len() * 3 / 4, 2);
        let own = self.held_out && rank >= names.len() / 2;
        &names[if own { rank + names.len() / 4 } else { rank }]
    }

    /// In training a genre goes with its polarity four times in five: a cue that fails in dev and test.
    fn genre(&mut self, positive: bool) -> &'static str {
        let (good, bad) = words::GENRES.split_at(words::GENRES.len() / 2);
        let typical = self.rng.chance(if self.held_out { 50 } else { 80 });
        self.rng.pick(if typical == positive { good } else { bad })
    }
}

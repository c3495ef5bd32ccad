//! From meanings to words: the order of words and the endings of each language.

use super::lexicon::Lexicon;
use super::{Clause, Language, Meaning, Morphology, Name, Order, Phrase, Unit, Utterance};
use crate::data::formats::scheme::Entity;

/// What a phrase does in its clause.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Case {
    /// It acts, or is judged.
    Subject,
    /// Something is done to it.
    Object,
    /// Something happens there.
    Place(Unit),
    /// It owns something.
    Owner(Unit),
}

/// A word of an utterance.
struct Word {
    text: String,
    /// The ids of the units that it expresses.
    units: Vec<usize>,
    /// The kind of the name that it is part of, and the id of the name's first unit.
    name: Option<(&'static str, usize)>,
}

/// Puts the words of one meaning in order.
pub(super) struct Speaker {
    language: &'static Language,
    lexicon: &'static Lexicon,
}

impl Speaker {
    pub fn new(language: &'static Language) -> Self {
        Speaker { language, lexicon: Lexicon::of(language) }
    }

    pub fn say(&self, meaning: &Meaning) -> Utterance {
        let mut words = self.clause(&meaning.first);
        if let Some((link, clause)) = &meaning.second {
            words.push(self.word(*link));
            words.extend(self.clause(clause));
        }
        words.push(self.word(meaning.stop));
        uttered(words)
    }

    fn agglutinates(&self) -> bool {
        self.language.morphology == Morphology::Agglutinating
    }

    fn word(&self, unit: Unit) -> Word {
        let word = self.lexicon.word(unit.concept);
        let text = if unit.concept.class.is_capital() { capitalised(word) } else { word.to_owned() };
        Word { text, units: vec![unit.id], name: None }
    }

    fn clause(&self, clause: &Clause) -> Vec<Word> {
        match clause {
            Clause::Event(event) => {
                let subject = self.phrase(&event.agent, Case::Subject);
                let object = self.phrase(&event.patient, Case::Object);
                let place = event
                    .place
                    .iter()
                    .flat_map(|(at, name)| self.with_adposition(self.name(name, Case::Place(*at)), *at));
                let time = event.time.iter().map(|time| self.word(*time));
                let verb = self.verb(event.verb, event.not);
                match self.language.order {
                    Order::Svo => {
                        subject.into_iter().chain(verb).chain(object).chain(place).chain(time).collect()
                    }
                    Order::Sov => time.chain(subject).chain(place).chain(object).chain(verb).collect(),
                    Order::Vso => {
                        verb.into_iter().chain(subject).chain(object).chain(place).chain(time).collect()
                    }
                }
            }
            Clause::Judgement { subject, be, not, adjective } => {
                let subject = self.phrase(subject, Case::Subject);
                let (be, not) = (self.word(*be), not.map(|not| (not, self.word(not))));
                let mut judged = self.word(*adjective);
                if self.agglutinates() {
                    // No copula: its unit has no word.
                    if let Some((not, _)) = not {
                        judged.end(self.language.suffixes.not, Some(not));
                    }
                    return [judged].into_iter().chain(subject).collect();
                }
                let not = not.map(|(_, word)| word);
                match self.language.order {
                    Order::Sov => subject.into_iter().chain([judged]).chain(not).chain([be]).collect(),
                    Order::Svo | Order::Vso => {
                        subject.into_iter().chain([be]).chain(not).chain([judged]).collect()
                    }
                }
            }
        }
    }

    /// The verb in the past, and its negation: before it, after it, or within it.
    fn verb(&self, verb: Unit, not: Option<Unit>) -> Vec<Word> {
        let suffixes = &self.language.suffixes;
        let mut word = self.word(verb);
        if let Some(not) = not.filter(|_| self.agglutinates()) {
            word.end(suffixes.not, Some(not));
        }
        word.end(suffixes.past, None);
        let not = not.filter(|_| !self.agglutinates()).map(|not| self.word(not));
        match self.language.order {
            Order::Sov => [word].into_iter().chain(not).collect(),
            Order::Svo | Order::Vso => not.into_iter().chain([word]).collect(),
        }
    }

    /// A phrase with the endings of its case.
    fn phrase(&self, phrase: &Phrase, case: Case) -> Vec<Word> {
        let mut noun: Vec<Word> =
            [phrase.adjective, phrase.noun].into_iter().flatten().map(|unit| self.word(unit)).collect();
        if self.language.noun_first {
            noun.reverse();
        }
        noun.iter_mut().for_each(|word| self.mark(word, case, false));
        let article = phrase.article.filter(|_| self.language.articles).map(|unit| self.word(unit));
        let mut words: Vec<Word> = article.into_iter().chain(noun).collect();
        if let Some(name) = &phrase.name {
            words.extend(self.name(name, case));
        }
        if let Some((of, name)) = &phrase.owner {
            let owner = self.with_adposition(self.name(name, Case::Owner(*of)), *of);
            match self.language.heads_last {
                true => words = owner.into_iter().chain(words).collect(),
                false => words.extend(owner),
            }
        }
        words
    }

    fn with_adposition(&self, mut words: Vec<Word>, unit: Unit) -> Vec<Word> {
        if !self.agglutinates() {
            words.insert(if self.language.heads_last { words.len() } else { 0 }, self.word(unit));
        }
        words
    }

    fn name(&self, name: &Name, case: Case) -> Vec<Word> {
        let id = name.parts[0].id;
        let mut words: Vec<Word> = name.parts.iter().map(|unit| self.word(*unit)).collect();
        if self.language.names_reversed {
            words.reverse();
        }
        if let Some(last) = words.last_mut() {
            self.mark(last, case, true);
        }
        words.iter_mut().for_each(|word| word.name = Some((name.kind, id)));
        words
    }

    /// Adds the ending of a case. It expresses what other languages express by an adposition.
    fn mark(&self, word: &mut Word, case: Case, is_name: bool) {
        let suffixes = &self.language.suffixes;
        match (self.language.morphology, case) {
            (Morphology::Agglutinating, Case::Object) => word.end(suffixes.object, None),
            (Morphology::Agglutinating, Case::Place(unit)) => word.end(suffixes.place, Some(unit)),
            (Morphology::Agglutinating, Case::Owner(unit)) => word.end(suffixes.owner, Some(unit)),
            (Morphology::Suffixes, Case::Object) if !is_name => word.end(suffixes.object, None),
            (Morphology::Agglutinating | Morphology::Suffixes | Morphology::Particles, _) => {}
        }
    }
}

impl Word {
    fn end(&mut self, suffix: &str, unit: Option<Unit>) {
        self.text += suffix;
        self.units.extend(unit.map(|unit| unit.id));
    }
}

fn uttered(words: Vec<Word>) -> Utterance {
    let mut entities: Vec<Entity> = vec![];
    let mut open = None;
    for (place, word) in words.iter().enumerate() {
        match (word.name, entities.last_mut()) {
            (Some(name), Some(entity)) if open == Some(name) => entity.end = place + 1,
            (Some((kind, _)), _) => {
                entities.push(Entity { kind: kind.into(), start: place, end: place + 1 });
            }
            (None, _) => {}
        }
        open = word.name;
    }
    let (words, units) = words.into_iter().map(|word| (word.text, word.units)).unzip();
    Utterance { words, units, entities }
}

fn capitalised(word: &str) -> String {
    let mut characters = word.chars();
    characters.next().map_or(String::new(), |first| first.to_uppercase().chain(characters).collect())
}

impl Language {
    /// The endings that a word may have, the empty one first.
    pub(super) fn endings(&self) -> impl Iterator<Item = String> + use<> {
        let suffixes = &self.suffixes;
        let (past, not) = (suffixes.past, suffixes.not);
        let single = [past, suffixes.object, suffixes.place, suffixes.owner, not].map(String::from);
        let both = format!("{not}{past}");
        let some = single.into_iter().chain([both]).filter(|ending| !ending.is_empty());
        [String::new()].into_iter().chain(some)
    }
}

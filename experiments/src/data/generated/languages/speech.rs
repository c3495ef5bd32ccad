//! From meanings to words: the order of words and the endings of each language.

use super::lexicon::Lexicon;
use super::{Clause, Language, Meaning, Morphology, Name, Order, Phrase, Suffixes, Unit, Utterance};
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

/// One of the ways to say a meaning.
#[derive(Clone, Debug, Default)]
pub(super) struct Way {
    /// The order of time and place: the usual one, or another.
    order: Adverbials,
    /// The ids of units that are said by synonyms.
    synonyms: Vec<usize>,
}

/// Where the time and the place of an event are said.
#[derive(Clone, Copy, Debug, Default)]
enum Adverbials {
    /// As the language usually does: place and time last; if the verb is last, the time first and the place before the object.
    #[default]
    Usual,
    /// Time and place change their order; if the verb is last, the time stands beside the place.
    Swapped,
    /// The time is first; if the verb is last, the place follows it.
    TimeFirst,
}

impl Way {
    /// All ways to say a meaning, the usual one first; some may give the same sentence.
    pub fn all(meaning: &Meaning) -> Vec<Way> {
        let units = units_with_synonyms(meaning);
        let mut ways = vec![];
        for chosen in 0..1_usize << units.len() {
            let is_chosen = |(bit, _): &(usize, &usize)| chosen >> bit & 1 == 1;
            let synonyms: Vec<usize> =
                units.iter().enumerate().filter(is_chosen).map(|(_, id)| *id).collect();
            for order in [Adverbials::Usual, Adverbials::Swapped, Adverbials::TimeFirst] {
                ways.push(Way { order, synonyms: synonyms.clone() });
            }
        }
        ways
    }
}

/// The ids of the units for which languages have two words: verbs, judging adjectives and times.
fn units_with_synonyms(meaning: &Meaning) -> Vec<usize> {
    let second = meaning.second.iter().map(|(_, clause)| clause);
    let units = [&meaning.first].into_iter().chain(second).flat_map(|clause| match clause {
        Clause::Event(event) => [Some(event.verb), event.time],
        Clause::Judgement { adjective, .. } => [Some(*adjective), None],
    });
    let has_two = |unit: &Unit| unit.concept.rank < unit.concept.class.synonyms();
    units.flatten().filter(has_two).map(|unit| unit.id).collect()
}

/// Puts the words of one meaning in order.
pub(super) struct Speaker {
    language: &'static Language,
    lexicon: &'static Lexicon,
    way: Way,
}

impl Speaker {
    pub fn new(language: &'static Language, way: Way) -> Self {
        Speaker { language, lexicon: Lexicon::of(language), way }
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
        matches!(self.language.morphology, Morphology::Agglutinating | Morphology::Harmonic)
    }

    fn word(&self, unit: Unit) -> Word {
        let synonym = self.way.synonyms.contains(&unit.id).then(|| self.language.synonym(unit.concept));
        let word = synonym.flatten().unwrap_or_else(|| self.lexicon.word(unit.concept));
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
                    .flat_map(|(at, name)| self.with_adposition(self.name(name, Case::Place(*at)), *at))
                    .collect();
                let time: Vec<Word> = event.time.iter().map(|time| self.word(*time)).collect();
                let verb = self.verb(event.verb, event.not, &event.agent);
                let words = match (self.language.order, self.way.order) {
                    (Order::Sov, Adverbials::Usual) => [time, subject, place, object, verb],
                    (Order::Sov, Adverbials::Swapped) => [subject, time, place, object, verb],
                    (Order::Sov, Adverbials::TimeFirst) => [time, place, subject, object, verb],
                    (Order::Svo, Adverbials::Usual) => [subject, verb, object, place, time],
                    (Order::Svo, Adverbials::Swapped) => [subject, verb, object, time, place],
                    (Order::Svo, Adverbials::TimeFirst) => [time, subject, verb, object, place],
                    (Order::Vso, Adverbials::Usual) => [verb, subject, object, place, time],
                    (Order::Vso, Adverbials::Swapped) => [verb, subject, object, time, place],
                    (Order::Vso, Adverbials::TimeFirst) => [time, verb, subject, object, place],
                };
                words.into_iter().flatten().collect()
            }
            Clause::Judgement { subject: of, be, not, adjective } => {
                let subject = self.phrase(of, Case::Subject);
                let mut judged = self.word(*adjective);
                judged.end(self.gender(of), None);
                let mut words = vec![];
                if self.agglutinates() {
                    if let Some(not) = not {
                        judged.end(self.language.suffixes.not, Some(*not));
                    }
                    // Where the copula has no ending, its unit has no word.
                    let ending = self.language.suffixes.be;
                    judged.end(ending, Some(*be).filter(|_| !ending.is_empty()));
                    words.push(judged);
                } else {
                    words.extend(not.map(|not| self.word(not)));
                    match self.language.order {
                        Order::Sov => {
                            words.insert(0, judged);
                            words.push(self.word(*be));
                        }
                        Order::Svo | Order::Vso => {
                            words.insert(0, self.word(*be));
                            words.push(judged);
                        }
                    }
                }
                let parts = match self.language.order {
                    Order::Vso if self.agglutinates() => [words, subject],
                    Order::Svo | Order::Sov | Order::Vso => [subject, words],
                };
                parts.into_iter().flatten().collect()
            }
        }
    }

    /// The ending of the gender of a noun phrase: that of its noun, or of the name, where a person or a place has that of its first
    /// part, an organisation that of its last one.
    fn gender(&self, phrase: &Phrase) -> &'static str {
        let of_name = |name: &Name| match name.kind {
            "ORG" => name.parts.last().copied(),
            _ => name.parts.first().copied(),
        };
        let head = phrase.noun.or_else(|| phrase.name.as_ref().and_then(of_name));
        head.map_or("", |unit| self.language.suffixes.genders[self.language.gender(unit.concept)])
    }

    /// The verb in the past, and its negation: before it, after it, or within it.
    fn verb(&self, verb: Unit, not: Option<Unit>, subject: &Phrase) -> Vec<Word> {
        let suffixes = &self.language.suffixes;
        let mut word = self.word(verb);
        if let Some(not) = not.filter(|_| self.agglutinates()) {
            word.end(suffixes.not, Some(not));
        }
        word.end(suffixes.past, None);
        word.end(self.gender(subject), None);
        let not = not.filter(|_| !self.agglutinates()).map(|not| self.word(not));
        match self.language.order {
            Order::Sov => [word].into_iter().chain(not).collect(),
            Order::Svo | Order::Vso => not.into_iter().chain([word]).collect(),
        }
    }

    /// A phrase with the endings of its case.
    fn phrase(&self, phrase: &Phrase, case: Case) -> Vec<Word> {
        let gender = self.gender(phrase);
        let agreeing = |unit| {
            let mut word = self.word(unit);
            word.end(gender, None);
            word
        };
        let adjective = phrase.adjective.map(agreeing);
        let mut noun: Vec<Word> =
            adjective.into_iter().chain(phrase.noun.map(|unit| self.word(unit))).collect();
        if self.language.noun_first {
            noun.reverse();
        }
        if self.language.morphology == Morphology::Harmonic {
            // The name is the last word, if there is one.
            if let Some(last) = noun.last_mut().filter(|_| phrase.name.is_none()) {
                if phrase.owner.is_some() {
                    last.end(self.language.suffixes.possessed, None);
                }
                self.mark(last, case, false);
            }
        } else {
            noun.iter_mut().for_each(|word| self.mark(word, case, false));
        }
        let article = phrase.article.filter(|_| self.language.articles).map(agreeing);
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
        match case {
            Case::Object if self.agglutinates() => word.end(suffixes.object, None),
            Case::Place(unit) if self.agglutinates() => word.end(suffixes.place, Some(unit)),
            Case::Owner(unit) if self.agglutinates() => word.end(suffixes.owner, Some(unit)),
            Case::Object if !is_name => word.end(suffixes.object, None),
            Case::Subject | Case::Object | Case::Place(_) | Case::Owner(_) => {}
        }
    }
}

impl Word {
    fn end(&mut self, suffix: &str, unit: Option<Unit>) {
        self.text += &harmonised(&self.text, suffix);
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

/// The ending as it is after a stem: with `A` and `U` as `e` and `ü` if the last vowel of the stem is a front vowel, as `a` and `u`
/// otherwise.
fn harmonised(stem: &str, ending: &str) -> String {
    let is_vowel = |letter: &char| "aeiouäöüõı".contains(*letter);
    let last = stem.chars().rev().find(is_vowel);
    let [a, u] = if last.is_some_and(|vowel| "eiäöü".contains(vowel)) { ["e", "ü"] } else { ["a", "u"] };
    ending.replace('A', a).replace('U', u)
}

impl Language {
    /// The endings that a word may have, the empty one first.
    pub(super) fn endings(&self, word: &str) -> impl Iterator<Item = String> + use<> {
        let Suffixes { past, object, place, owner, possessed, not, be, genders } = self.suffixes;
        let both = |one: &str, other: &str| format!("{one}{other}");
        let gendered = genders.iter().flat_map(|gender| [both("", gender), both(past, gender)]);
        let single = [past, object, place, owner, not, possessed, be].map(String::from);
        let pairs = [both(not, past), both(possessed, object), both(not, be)];
        let all = single.into_iter().chain(pairs).chain(gendered);
        let some: Vec<String> =
            all.filter(|ending| !ending.is_empty()).map(|ending| harmonised(word, &ending)).collect();
        [String::new()].into_iter().chain(some)
    }
}

//! Meanings: events and judgements, independent of any language.

use super::concept::{Class, Concept, TOPICS};
use crate::data::generated::{Rng, zipf};

/// A concept in a meaning. Words of two languages that express the same unit are translations of each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unit {
    /// What it means.
    pub concept: Concept,
    /// Its number within the meaning.
    pub id: usize,
}

/// The name of a person, a place or an organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// `PER`, `LOC` or `ORG`.
    pub kind: &'static str,
    /// One or two parts, in the order of English.
    pub parts: Vec<Unit>,
}

/// Someone or something: `the old painter Ada Kern`, `Oslo`, `the good film of Ada`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Phrase {
    /// The definite article, if there is a noun.
    pub article: Option<Unit>,
    /// An adjective that does not judge, if there is a noun.
    pub adjective: Option<Unit>,
    /// A role or a thing.
    pub noun: Option<Unit>,
    /// A name.
    pub name: Option<Name>,
    /// The unit of owning, and who owns the thing.
    pub owner: Option<(Unit, Name)>,
}

/// An agent did something to a patient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Who did it.
    pub agent: Phrase,
    /// What was done; its class says whether it judges.
    pub verb: Unit,
    /// Whether it was not done.
    pub not: Option<Unit>,
    /// To whom.
    pub patient: Phrase,
    /// The unit of being in a place, and the place.
    pub place: Option<(Unit, Name)>,
    /// When.
    pub time: Option<Unit>,
}

/// What happened, or what it is like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clause {
    /// Something happened.
    Event(Box<Event>),
    /// A thing is good or bad.
    Judgement {
        /// The thing.
        subject: Box<Phrase>,
        /// The copula.
        be: Unit,
        /// Whether it is not so.
        not: Option<Unit>,
        /// What it is like.
        adjective: Unit,
    },
}

/// The meaning of a sentence: one clause, or two with a conjunction. Exactly one clause decides the sentiment: the only one
/// that judges, or the one after `but`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// The first clause.
    pub first: Clause,
    /// The conjunction and the second clause.
    pub second: Option<(Unit, Clause)>,
    /// The full stop.
    pub stop: Unit,
    /// Whether the sentence praises.
    pub positive: bool,
    /// What it is about, below [`TOPICS`].
    pub topic: usize,
}

impl Meaning {
    /// Draws a meaning of this sentiment. In dev and test (`held_out`), rarer names are others than in training.
    pub fn draw(rng: &mut Rng, held_out: bool, positive: bool) -> Meaning {
        let topic = rng.below(TOPICS as u64) as usize;
        let shape = rng.below(100);
        let mut draw = Draw { rng, held_out, topic, units: 0 };
        let (first, second) = match shape {
            0..40 => {
                let event = draw.event();
                let link = draw.unit(Class::And);
                (event, Some((link, draw.judgement(positive))))
            }
            40..65 => (draw.opinion(positive), None),
            65..80 => {
                let other = draw.judgement(!positive);
                let link = draw.unit(Class::But);
                (other, Some((link, draw.judgement(positive))))
            }
            _ => (draw.judgement(positive), None),
        };
        let stop = draw.unit(Class::Stop);
        Meaning { first, second, stop, positive, topic }
    }
}

/// The kind of the owners of each topic's things.
pub(super) const OWNERS: [&str; TOPICS] = ["PER", "PER", "ORG", "ORG"];

/// The verbs that do not judge, with the kinds of agent and patient; the patient is a thing where it has no kind.
pub(super) const EVENTS: [(Class, &str, &str); 6] = [
    (Class::Join, "PER", "ORG"),
    (Class::Visit, "PER", "LOC"),
    (Class::Hire, "ORG", "PER"),
    (Class::Buy, "ORG", "ORG"),
    (Class::Make, "PER", ""),
    (Class::Sell, "ORG", ""),
];

/// Draws the parts of one meaning.
struct Draw<'a> {
    rng: &'a mut Rng,
    held_out: bool,
    topic: usize,
    units: usize,
}

impl Draw<'_> {
    fn of(&mut self, concept: Concept) -> Unit {
        self.units += 1;
        Unit { concept, id: self.units - 1 }
    }

    /// A unit of a class, by Zipf's law.
    fn unit(&mut self, class: Class) -> Unit {
        let rank = zipf(self.rng, class.count(), 6);
        self.of(class.at(rank))
    }

    fn chance(&mut self, percent: u64, class: Class) -> Option<Unit> {
        self.rng.chance(percent).then(|| self.unit(class))
    }

    /// A part of a name: of the ranks, the first 30% are common to all splits; half of the rest is training's, half that of
    /// dev and test.
    fn part(&mut self, class: Class) -> Unit {
        let common = class.count() * 30 / 100;
        let own = (class.count() - common) / 2;
        let rank = zipf(self.rng, common + own, 8);
        self.of(class.at(if self.held_out && rank >= common { rank + own } else { rank }))
    }

    fn name(&mut self, kind: &'static str) -> Name {
        let mut parts = vec![];
        let long = self.rng.chance(40);
        match kind {
            "PER" if long => parts.push(self.part(Class::First)),
            "LOC" if long => parts.push(self.unit(Class::Town)),
            _ => {}
        }
        parts.push(self.part(Class::Stem));
        if kind == "ORG" && long {
            parts.push(self.unit(Class::Firm));
        }
        Name { kind, parts }
    }

    /// Someone with a name; a person at times with a role.
    fn named(&mut self, kind: &'static str) -> Phrase {
        let mut phrase = Phrase::default();
        if kind == "PER" && self.rng.chance(30) {
            phrase.article = Some(self.unit(Class::The));
            phrase.adjective = self.chance(30, Class::Neutral);
            phrase.noun = Some(self.unit(Class::Role));
        }
        phrase.name = Some(self.name(kind));
        phrase
    }

    /// A thing of the topic; at times someone's, whose kind the topic determines.
    fn thing(&mut self) -> Phrase {
        let article = Some(self.unit(Class::The));
        let adjective = self.chance(20, Class::Neutral);
        let rank = TOPICS * zipf(self.rng, Class::Thing.count() / TOPICS, 6) + self.topic;
        let noun = Some(self.of(Class::Thing.at(rank)));
        let owner = self.chance(50, Class::Of).map(|of| (of, self.name(OWNERS[self.topic])));
        Phrase { article, adjective, noun, name: None, owner }
    }

    /// An event that does not judge.
    fn event(&mut self) -> Clause {
        let (class, agent, patient) = EVENTS[self.rng.below(EVENTS.len() as u64) as usize];
        let agent = self.named(agent);
        let not = self.chance(20, Class::Not);
        let verb = self.unit(class);
        let patient = if patient.is_empty() { self.thing() } else { self.named(patient) };
        let place = match class {
            Class::Visit => None,
            _ => self.chance(40, Class::In).map(|at| (at, self.name("LOC"))),
        };
        let time = self.chance(30, Class::Time);
        Clause::Event(Box::new(Event { agent, verb, not, patient, place, time }))
    }

    /// An event that judges a thing.
    fn opinion(&mut self, positive: bool) -> Clause {
        let agent = self.named("PER");
        let not = self.chance(20, Class::Not);
        let verb = self.unit(if positive != not.is_some() { Class::Praise } else { Class::Blame });
        let patient = self.thing();
        let place = self.chance(30, Class::In).map(|at| (at, self.name("LOC")));
        let time = self.chance(30, Class::Time);
        Clause::Event(Box::new(Event { agent, verb, not, patient, place, time }))
    }

    fn judgement(&mut self, positive: bool) -> Clause {
        let subject = self.thing();
        let be = self.unit(Class::Be);
        let not = self.chance(20, Class::Not);
        let adjective = self.unit(if positive != not.is_some() { Class::Good } else { Class::Bad });
        Clause::Judgement { subject: Box::new(subject), be, not, adjective }
    }
}

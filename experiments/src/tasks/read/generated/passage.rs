//! Writes one passage and the questions about it.

use super::names::{BUILDINGS, EVENTS, NUMBERS, Names, draw};
use super::relations::{ASIDES, Kind, RELATIONS, Relation, Subject};
use crate::data::generated::Rng;
use crate::data::questions::Answer;
use std::mem::discriminant;

/// Questions about each passage.
pub(super) const QUESTIONS: usize = 4;
/// Subjects of a passage.
const SUBJECTS: usize = 3;

/// A passage and what is asked about it.
pub(super) struct Passage {
    pub title: String,
    pub text: String,
    pub questions: Vec<(String, Vec<Answer>)>,
}

/// What a passage tells of.
struct Topic {
    /// `Tavo Melin`, `the Sornum Bridge`.
    name: String,
    /// How else a question may call it.
    short: String,
    pronoun: &'static str,
}

/// One sentence to write: a subject, a relation, its object.
struct Fact {
    topic: usize,
    relation: &'static Relation,
    object: String,
}

/// The few names and years that the objects of one passage are drawn from, so that some come up again.
struct Pool {
    people: Vec<String>,
    towns: Vec<String>,
    years: Vec<String>,
}

/// A passage about three subjects, one kind of them in three passages of four.
pub(super) fn write(rng: &mut Rng, held_out: bool) -> Passage {
    const KINDS: [Subject; 3] = [Subject::Person, Subject::Building, Subject::Event];
    let mut kind = KINDS[rng.below(3) as usize];
    let mixed = rng.chance(25);
    let mut topics: Vec<Topic> = Vec::new();
    let mut kinds = Vec::new();
    while topics.len() < SUBJECTS {
        if mixed {
            kind = KINDS[rng.below(3) as usize];
        }
        let topic = topic(rng, kind, held_out);
        if topics.iter().all(|other| other.short != topic.short) {
            topics.push(topic);
            kinds.push(kind);
        }
    }
    let pool = pool(rng, &topics, held_out);
    let facts = facts(rng, &kinds, &pool);
    let (text, answers) = tell(rng, &topics, &facts, &pool);

    let mut order: Vec<usize> = (0..facts.len()).collect();
    shuffle(rng, &mut order);
    let ask = |&f: &usize| {
        let topic = &topics[facts[f].topic];
        let name = if rng.chance(50) { &topic.name } else { &topic.short };
        let (before, after) =
            rng.pick(facts[f].relation.questions).split_once("{s}").expect("a question names its subject");
        ([before, name, after].concat(), answers[f].clone())
    };
    let questions = order[..QUESTIONS].iter().map(ask).collect();
    Passage { title: topics[0].name.trim_start_matches("the ").to_owned(), text, questions }
}

fn topic(rng: &mut Rng, kind: Subject, held_out: bool) -> Topic {
    let names = Names::shared();
    let mut named = |what: &[&str]| {
        let name = format!("the {} {}", draw(rng, &names.titles, held_out), rng.pick(what));
        Topic { short: name.clone(), name, pronoun: "it" }
    };
    match kind {
        Subject::Building => named(&BUILDINGS),
        Subject::Event => named(&EVENTS),
        Subject::Person => {
            let name = person(rng, held_out);
            let short = name.split(' ').next_back().unwrap_or(&name).to_owned();
            Topic { name, short, pronoun: if rng.chance(50) { "she" } else { "he" } }
        }
    }
}

fn person(rng: &mut Rng, held_out: bool) -> String {
    let names = Names::shared();
    format!("{} {}", draw(rng, &names.first, held_out), draw(rng, &names.last, held_out))
}

fn pool(rng: &mut Rng, topics: &[Topic], held_out: bool) -> Pool {
    let mut pool = Pool { people: Vec::new(), towns: Vec::new(), years: Vec::new() };
    while pool.people.len() < 4 {
        let person = person(rng, held_out);
        // A surname tells who is meant.
        let surname = person.split(' ').next_back();
        let is_taken = |other: &str| other.split(' ').next_back() == surname;
        if !topics.iter().any(|t| is_taken(&t.name)) && !pool.people.iter().any(|p| is_taken(p)) {
            pool.people.push(person);
        }
    }
    while pool.towns.len() < 3 {
        let town = draw(rng, &Names::shared().towns, held_out).to_owned();
        if !pool.towns.contains(&town) {
            pool.towns.push(town);
        }
    }
    for _ in 0..4 {
        pool.years.push((1600 + rng.below(400)).to_string());
    }
    pool
}

fn number(rng: &mut Rng) -> String {
    if rng.chance(50) { rng.pick(&NUMBERS).to_owned() } else { (13 + rng.below(900)).to_string() }
}

/// Four facts of each subject, two of them with answers of one kind. Subjects of one kind have the same four relations, so
/// that only the name tells their facts apart. One subject in three has its last fact at the end of the passage.
fn facts(rng: &mut Rng, kinds: &[Subject], pool: &Pool) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut late = Vec::new();
    let mut relations: Vec<&'static Relation> = RELATIONS.iter().collect();
    shuffle(rng, &mut relations);
    for (topic, kind) in kinds.iter().enumerate() {
        let mut own = four(&relations, *kind);
        shuffle(rng, &mut own);
        for (i, relation) in own.into_iter().enumerate() {
            let object = match relation.kind {
                Kind::Who => rng.pick(&pool.people).to_owned(),
                Kind::Where => rng.pick(&pool.towns).to_owned(),
                Kind::When => rng.pick(&pool.years).to_owned(),
                Kind::HowMany => number(rng),
                Kind::What(things) => rng.pick(things).to_owned(),
            };
            let place = if i == 3 && rng.chance(33) { &mut late } else { &mut facts };
            place.push(Fact { topic, relation, object });
        }
    }
    shuffle(rng, &mut late);
    facts.extend(late);
    facts
}

/// Of the relations of a kind of subject the first that shares its kind of answer with another, that one, and two more.
fn four(relations: &[&'static Relation], subject: Subject) -> Vec<&'static Relation> {
    let mut own: Vec<&'static Relation> =
        relations.iter().copied().filter(|r| r.subject == subject).collect();
    let like = |a: &Relation, b: &Relation| discriminant(&a.kind) == discriminant(&b.kind);
    let pair = (0..own.len()).find_map(|i| Some((i, (i + 1..own.len()).find(|&j| like(own[i], own[j]))?)));
    if let Some((i, j)) = pair {
        own.swap(0, i);
        own.swap(1, j);
    }
    own.truncate(4);
    own
}

/// The text, and the answers that each fact gives: the short one first.
fn tell(rng: &mut Rng, topics: &[Topic], facts: &[Fact], pool: &Pool) -> (String, Vec<Vec<Answer>>) {
    let mut text = String::new();
    let mut answers = Vec::new();
    // Whom a pronoun would mean: the subject of the sentence before, if it stood first there.
    let mut last = None;
    for fact in facts {
        if rng.chance(25) {
            aside(rng, pool, &mut text);
            last = None;
        }
        let topic = &topics[fact.topic];
        let line = rng.pick(fact.relation.statements);
        let leads = line.starts_with("{s}");
        let spoken = if leads && last == Some(fact.topic) && rng.chance(85) {
            topic.pronoun
        } else {
            topic.name.as_str()
        };
        last = leads.then_some(fact.topic);
        answers.push(state(&mut text, line, spoken, &fact.object));
    }
    (text, answers)
}

/// Adds a sentence; returns where its object stands, and the longer form if the line marks one.
fn state(text: &mut String, line: &str, subject: &str, object: &str) -> Vec<Answer> {
    let start = begin(text);
    let (mut short, mut long) = (start..start, start..start);
    let mut rest = line;
    while let Some(place) = rest.bytes().position(|byte| matches!(byte, b'{' | b'[' | b']')) {
        let (plain, marked) = rest.split_at(place);
        text.push_str(plain);
        let (mark, after) = marked.split_at(if marked.starts_with('{') { "{s}".len() } else { 1 });
        match mark {
            "{s}" => text.push_str(subject),
            "{o}" => {
                short = text.len()..text.len() + object.len();
                text.push_str(object);
            }
            "[" => long.start = text.len(),
            "]" => long.end = text.len(),
            other => unreachable!("a statement has no mark {other}"),
        }
        rest = after;
    }
    text.push_str(rest);
    end(text, start);
    let answer =
        |span: std::ops::Range<usize>| Answer { text: text[span.clone()].to_owned(), start: span.start };
    let mut answers = vec![answer(short)];
    if !long.is_empty() {
        answers.push(answer(long));
    }
    answers
}

fn aside(rng: &mut Rng, pool: &Pool, text: &mut String) {
    let start = begin(text);
    let mut parts = rng.pick(ASIDES).split('{');
    text.push_str(parts.next().unwrap_or_default());
    let slots: Vec<(&str, &str)> = parts.filter_map(|part| part.split_once('}')).collect();
    let places = slots.iter().filter(|(name, _)| *name == "place").count();
    let towns: Vec<&str> = (0..places).map(|_| rng.pick(&pool.towns)).collect();
    let (year, person, number) = (rng.pick(&pool.years), rng.pick(&pool.people), number(rng));
    let mut towns = towns.into_iter();
    for (name, after) in slots {
        text.push_str(match name {
            "place" => towns.next().unwrap_or_default(),
            "year" => year,
            "person" => person,
            "number" => &number,
            other => unreachable!("an aside has no slot {other}"),
        });
        text.push_str(after);
    }
    end(text, start);
}

/// Begins a sentence; returns its place.
fn begin(text: &mut String) -> usize {
    if !text.is_empty() {
        text.push(' ');
    }
    text.len()
}

/// Ends the sentence that begins at `start`, whose first letter becomes a capital.
fn end(text: &mut String, start: usize) {
    if let Some(first) = text.get_mut(start..start + 1) {
        first.make_ascii_uppercase();
    }
    text.push('.');
}

fn shuffle<T>(rng: &mut Rng, items: &mut [T]) {
    for i in (1..items.len()).rev() {
        items.swap(i, rng.below(i as u64 + 1) as usize);
    }
}

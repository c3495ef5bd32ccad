//! The dependency trees of sentences, which follow from their meanings.
//!
//! As in Universal Dependencies, words of content are heads, and words of grammar depend on them: an article on its noun, an
//! adposition on its name, a copula on the adjective. The root is the verb or the judging adjective of the first clause. The
//! first part of a name is its head. All languages say a meaning with the same tree, up to words that a
//! language does not have.

use super::meaning::{Clause, Meaning, Name, Phrase, Unit};
use super::{Class, Utterance};
use crate::data::{Parsed, Tree};

/// A unit of meaning, the unit that it depends on, and how.
struct Link {
    unit: Unit,
    head: Option<usize>,
    relation: &'static str,
}

/// The tree of a sentence, which says this meaning.
///
/// # Panics
/// If it says another one.
#[track_caller]
pub(super) fn parsed(meaning: &Meaning, said: &Utterance) -> Parsed {
    let links = links(meaning);
    // By the ids of the units.
    let mut of_units: Vec<Option<&Link>> = vec![];
    for link in &links {
        of_units.resize(of_units.len().max(link.unit.id + 1), None);
        of_units[link.unit.id] = Some(link);
    }
    // The first unit of a word is its own, others are endings.
    let own: Vec<usize> = said.units.iter().map(|units| units[0]).collect();
    let mut places = vec![None; of_units.len()];
    own.iter().enumerate().for_each(|(place, unit)| places[*unit] = Some(place));
    let links: Vec<&Link> = own.iter().map(|unit| of_units[*unit].expect("a word has a unit")).collect();
    let place = |head: usize| places[head].expect("the head of a word is a word");
    let heads = links.iter().map(|link| link.head.map(place)).collect();
    Parsed {
        words: said.words.clone(),
        pos: links.iter().map(|link| part_of_speech(link.unit.concept.class).to_owned()).collect(),
        tags: vec!["_".to_owned(); own.len()],
        tree: Tree::new(heads).unwrap_or_else(|no| panic!("languages: {no} in {}", said.words.join(" "))),
        relations: links.iter().map(|link| link.relation.to_owned()).collect(),
    }
}

/// The universal part of speech of the words of a class.
fn part_of_speech(class: Class) -> &'static str {
    match class {
        Class::First | Class::Stem | Class::Firm | Class::Town => "PROPN",
        Class::Role | Class::Thing => "NOUN",
        Class::Neutral | Class::Good | Class::Bad => "ADJ",
        Class::Praise
        | Class::Blame
        | Class::Join
        | Class::Visit
        | Class::Hire
        | Class::Buy
        | Class::Make
        | Class::Sell => "VERB",
        Class::Time => "ADV",
        Class::The => "DET",
        Class::And | Class::But => "CCONJ",
        Class::In | Class::Of => "ADP",
        Class::Not => "PART",
        Class::Be => "AUX",
        Class::Stop => "PUNCT",
    }
}

fn links(meaning: &Meaning) -> Vec<Link> {
    let mut links = Links(vec![]);
    let root = links.clause(&meaning.first, None, "root");
    if let Some((link, clause)) = &meaning.second {
        let second = links.clause(clause, Some(root), "conj");
        links.add(*link, Some(second), "cc");
    }
    links.add(meaning.stop, Some(root), "punct");
    links.0
}

struct Links(Vec<Link>);

impl Links {
    /// Adds a unit and returns its id.
    fn add(&mut self, unit: Unit, head: Option<usize>, relation: &'static str) -> usize {
        self.0.push(Link { unit, head, relation });
        unit.id
    }

    /// Adds a clause and returns its head.
    fn clause(&mut self, clause: &Clause, head: Option<usize>, relation: &'static str) -> usize {
        match clause {
            Clause::Event(event) => {
                let verb = self.add(event.verb, head, relation);
                self.phrase(&event.agent, verb, "nsubj");
                self.phrase(&event.patient, verb, "obj");
                if let Some((at, place)) = &event.place {
                    let place = self.name(place, verb, "obl");
                    self.add(*at, Some(place), "case");
                }
                for unit in event.not.iter().chain(&event.time) {
                    self.add(*unit, Some(verb), "advmod");
                }
                verb
            }
            Clause::Judgement { subject, be, not, adjective } => {
                let judged = self.add(*adjective, head, relation);
                self.phrase(subject, judged, "nsubj");
                self.add(*be, Some(judged), "cop");
                if let Some(not) = not {
                    self.add(*not, Some(judged), "advmod");
                }
                judged
            }
        }
    }

    fn phrase(&mut self, phrase: &Phrase, head: usize, relation: &'static str) {
        let Some(noun) = phrase.noun else {
            if let Some(name) = &phrase.name {
                self.name(name, head, relation);
            }
            return;
        };
        let noun = self.add(noun, Some(head), relation);
        if let Some(article) = phrase.article {
            self.add(article, Some(noun), "det");
        }
        if let Some(adjective) = phrase.adjective {
            self.add(adjective, Some(noun), "amod");
        }
        if let Some(name) = &phrase.name {
            self.name(name, noun, "appos");
        }
        if let Some((of, owner)) = &phrase.owner {
            let owner = self.name(owner, noun, "nmod");
            self.add(*of, Some(owner), "case");
        }
    }

    fn name(&mut self, name: &Name, head: usize, relation: &'static str) -> usize {
        let first = self.add(name.parts[0], Some(head), relation);
        for part in &name.parts[1..] {
            self.add(*part, Some(first), "flat");
        }
        first
    }
}

#[cfg(test)]
mod tests {
    use super::super::{LANGUAGES, Meaning};
    use crate::data::generated::Rng;
    use std::collections::BTreeSet;

    /// Every link of a word to a word, in terms of units, which are the same in each language.
    #[test]
    fn the_languages_share_the_tree_of_a_meaning() {
        let mut relations = BTreeSet::new();
        for index in 0..300 {
            let meaning = Meaning::draw(&mut Rng::new(&[7, index]), false, index % 2 == 0);
            let links = |place: usize| {
                let said = LANGUAGES[place].say(&meaning);
                let parsed = LANGUAGES[place].parse(&meaning);
                assert_eq!((parsed.words.len(), &parsed.words), (parsed.pos.len(), &said.words));
                let unit = |word: usize| said.units[word][0];
                let link = |(word, head): (usize, usize)| (unit(word), unit(head));
                let links: BTreeSet<_> = parsed.tree.edges().map(link).collect();
                (links, unit(parsed.tree.root()), parsed)
            };
            let (first, root, parsed) = links(0);
            relations.extend(parsed.relations);
            for place in 1..LANGUAGES.len() {
                let (other, other_root, _) = links(place);
                assert!(other.is_subset(&first) && other_root == root);
            }
        }
        let all = [
            "advmod", "amod", "appos", "case", "cc", "conj", "cop", "det", "flat", "nmod", "nsubj", "obj",
            "obl", "punct", "root",
        ];
        assert!(relations.iter().map(String::as_str).eq(all), "{relations:?}");
    }

    #[test]
    fn a_judgement_depends_on_its_adjective() {
        let of = |index| Meaning::draw(&mut Rng::new(&[index]), false, true);
        let plain = |meaning: &Meaning| {
            let parsed = LANGUAGES[0].parse(meaning);
            (parsed.pos == ["DET", "NOUN", "AUX", "ADJ", "PUNCT"]).then_some(parsed)
        };
        let parsed = (0..).map(of).find_map(|meaning| plain(&meaning)).unwrap();
        let heads: Vec<usize> = parsed.tree.heads().iter().map(|head| head.map_or(0, |h| h + 1)).collect();
        assert_eq!(heads, [2, 4, 4, 0, 4]);
        assert_eq!(parsed.relations, ["det", "nsubj", "cop", "root", "punct"]);
    }
}

use super::meaning::{EVENTS, OWNERS};
use super::*;
use crate::data::files::digest_of;
use std::collections::HashMap;

/// What the forms of a language's words mean: the concept and the ending.
fn forms(language: &'static Language) -> HashMap<String, (Concept, String)> {
    let mut forms = HashMap::new();
    for concept in Concept::all() {
        for word in [language.word(concept)].into_iter().chain(language.synonym(concept)) {
            for ending in language.endings(word) {
                let form = format!("{word}{ending}");
                if let Some((other, _)) = forms.insert(form.clone(), (concept, ending)) {
                    assert_eq!(other, concept, "{}: {form} has two meanings", language.name);
                }
            }
        }
    }
    forms
}

#[test]
fn no_form_has_two_meanings_in_any_of_the_languages() {
    let mut all: HashMap<String, Concept> = HashMap::new();
    for language in &LANGUAGES {
        for (form, (concept, _)) in forms(language) {
            let other = all.insert(form.clone(), concept);
            assert!(other.is_none_or(|other| other == concept), "{form}: {concept:?} and {other:?}");
        }
    }
}

/// Percentages of words with the same spelling as in the first language: of names, of other words.
fn same(language: &'static Language) -> [f64; 2] {
    [true, false].map(|names| {
        let of: Vec<Concept> = Concept::all()
            .filter(|concept| concept.class.is_name() == names && concept.class != Class::Stop)
            .collect();
        let same = of.iter().filter(|concept| language.word(**concept) == LANGUAGES[0].word(**concept));
        100.0 * same.count() as f64 / of.len() as f64
    })
}

#[test]
fn the_shares_of_words_with_the_same_spelling_are_as_documented() {
    let found = LANGUAGES.each_ref().map(same);
    // As the module's documentation has them.
    let documented = [[100.0, 100.0], [96.5, 37.5], [63.8, 4.0], [35.3, 0.0], [88.4, 19.2], [53.5, 0.0]];
    for (found, documented) in found.iter().zip(documented) {
        let close = found.iter().zip(documented).all(|(found, expected)| (found - expected).abs() < 0.1);
        assert!(close, "{found:.1?}, documented {documented:?}");
    }
}

/// A reader who knows words, order and endings, and sees the words alone.
struct Reader {
    language: &'static Language,
    forms: HashMap<String, (Concept, String)>,
}

/// An ending with back vowels, and with front vowels.
fn with_vowels(ending: &str) -> [String; 2] {
    [("a", "u"), ("e", "ü")].map(|(a, u)| ending.replace('A', a).replace('U', u))
}

/// A word as it is read.
#[derive(Clone)]
struct Read {
    concept: Concept,
    ending: String,
    place: usize,
}

impl Reader {
    fn new(language: &'static Language) -> Self {
        Reader { language, forms: forms(language) }
    }

    /// The clauses, without the full stop, and whether the second one counts.
    fn clauses(&self, words: &[String]) -> (Vec<Vec<Read>>, bool) {
        let read = words.iter().enumerate().map(|(place, word)| {
            let (concept, ending) = self.forms[&word.to_lowercase()].clone();
            Read { concept, ending, place }
        });
        let read: Vec<Read> = read.filter(|word| word.concept.class != Class::Stop).collect();
        let contrast = read.iter().any(|word| word.concept.class == Class::But);
        let link = |word: &Read| matches!(word.concept.class, Class::And | Class::But);
        (read.split(link).map(<[Read]>::to_vec).collect(), contrast)
    }

    fn positive(&self, words: &[String]) -> bool {
        let (clauses, contrast) = self.clauses(words);
        let polarity = |word: &Read| match word.concept.class {
            Class::Good | Class::Praise => Some(true),
            Class::Bad | Class::Blame => Some(false),
            _ => None,
        };
        let judges = |clause: &&Vec<Read>| clause.iter().any(|word| polarity(word).is_some());
        let clause = if contrast { clauses.last() } else { clauses.iter().find(judges) }.unwrap();
        let not = with_vowels(self.language.suffixes.not);
        let ends = |word: &Read| not.iter().any(|not| !not.is_empty() && word.ending.starts_with(not));
        let negated = |word: &Read| word.concept.class == Class::Not || ends(word);
        clause.iter().find_map(polarity).unwrap() != clause.iter().any(negated)
    }

    fn entities(&self, words: &[String]) -> Vec<Entity> {
        let (clauses, _) = self.clauses(words);
        clauses.iter().flat_map(|clause| self.names(clause)).collect()
    }

    fn names(&self, clause: &[Read]) -> Vec<Entity> {
        let class = |at: usize| clause.get(at).map(|word| word.concept.class);
        let event = EVENTS.iter().find(|(verb, ..)| clause.iter().any(|w| w.concept.class == *verb));
        let mut unmarked = match event {
            Some((_, agent, patient)) => vec![*agent, *patient],
            None => vec!["PER"],
        }
        .into_iter();
        let topic = clause.iter().find(|word| word.concept.class == Class::Thing);
        let owner = topic.map(|thing| OWNERS[thing.concept.rank % TOPICS]);
        let (mut names, mut at) = (vec![], 0);
        while at < clause.len() {
            let pair = match (class(at).unwrap(), class(at + 1)) {
                (Class::First, Some(Class::Stem)) | (Class::Stem, Some(Class::First)) => Some("PER"),
                (Class::Town, Some(Class::Stem)) | (Class::Stem, Some(Class::Town)) => Some("LOC"),
                (Class::Firm, Some(Class::Stem)) | (Class::Stem, Some(Class::Firm)) => Some("ORG"),
                _ => None,
            };
            // In which order the parts of a name may be.
            let first_is_stem = class(at) == Some(Class::Stem);
            let pair =
                pair.filter(|kind| (first_is_stem == (*kind == "ORG")) != self.language.names_reversed);
            if pair.is_none() && class(at) != Some(Class::Stem) {
                at += 1;
                continue;
            }
            let end = at + if pair.is_some() { 2 } else { 1 };
            let before = at.checked_sub(1).and_then(class);
            let beside = if self.language.heads_last { class(end) } else { before };
            let suffixes = &self.language.suffixes;
            let ending = clause[end - 1].ending.as_str();
            let is = |suffix: &str| !suffix.is_empty() && with_vowels(suffix).iter().any(|one| one == ending);
            let kind = if beside == Some(Class::In) || is(suffixes.place) {
                "LOC"
            } else if beside == Some(Class::Of) || is(suffixes.owner) {
                owner.unwrap()
            } else {
                unmarked.next().unwrap()
            };
            assert!(pair.is_none_or(|pair| pair == kind));
            names.push(Entity { kind: kind.into(), start: clause[at].place, end: clause[end - 1].place + 1 });
            at = end;
        }
        names
    }
}

fn some_meanings(n: usize) -> Vec<Meaning> {
    meanings(1, Sizes { train: n, dev: n / 2, test: n / 2 }).concat()
}

#[test]
fn who_knows_a_language_reads_its_sentiment_and_its_names() {
    for language in &LANGUAGES {
        let reader = Reader::new(language);
        for (index, meaning) in some_meanings(1000).into_iter().enumerate() {
            let usual = language.say(&meaning);
            let said = if index % 8 == 0 { language.references(&meaning) } else { vec![usual.clone()] };
            assert_eq!(said[0], usual);
            for said in said {
                let text = said.words.join(" ");
                assert_eq!(reader.positive(&said.words), meaning.positive, "{}: {text}", language.name);
                assert_eq!(reader.entities(&said.words), said.entities, "{}: {text}", language.name);
            }
        }
    }
}

#[test]
fn sentences_are_aligned_and_their_names_too() {
    let reader = Reader::new(&LANGUAGES[0]);
    for meaning in some_meanings(300) {
        let base = LANGUAGES[0].say(&meaning);
        for language in &LANGUAGES {
            let said = language.say(&meaning);
            let pairs = alignment(&base, &said);
            // Only words of the grammar may have no counterpart.
            for (i, word) in base.words.iter().enumerate() {
                let class = reader.forms[&word.to_lowercase()].0.class;
                let found = pairs.iter().any(|pair| pair.0 == i);
                assert!(found || class.is_function(), "{}: {word}", language.name);
            }
            assert!((0..said.words.len()).all(|j| pairs.iter().any(|pair| pair.1 == j)));
            assert_eq!(base.entities.len(), said.entities.len());
            for name in &base.entities {
                let places = |entity: &Entity| entity.start..entity.end;
                let their = said.entities.iter().filter(|other| {
                    let linked = |i: usize| pairs.iter().any(|&(a, b)| a == i && places(other).contains(&b));
                    places(name).all(linked)
                });
                let their: Vec<&Entity> = their.collect();
                assert!(their.len() == 1 && their[0].kind == name.kind, "{name:?}: {their:?}");
                assert_eq!(their[0].end - their[0].start, name.end - name.start);
            }
        }
        assert_eq!(alignment(&base, &base).len(), base.words.len());
    }
}

#[test]
fn a_meaning_is_said_as_each_language_says_it() {
    let unit = |class: Class, rank, id| Unit { concept: class.at(rank), id };
    let name = |kind, parts| Some(Name { kind, parts });
    let agent = Phrase {
        name: name("PER", vec![unit(Class::First, 0, 0), unit(Class::Stem, 1, 1)]),
        ..Phrase::default()
    };
    let patient = Phrase {
        article: Some(unit(Class::The, 0, 4)),
        adjective: Some(unit(Class::Neutral, 0, 5)),
        noun: Some(unit(Class::Thing, 2, 6)),
        ..Phrase::default()
    };
    let place = Name { kind: "LOC", parts: vec![unit(Class::Stem, 2, 8)] };
    let event = Event {
        agent,
        verb: unit(Class::Make, 0, 3),
        not: Some(unit(Class::Not, 0, 2)),
        patient,
        place: Some((unit(Class::In, 0, 7), place)),
        time: Some(unit(Class::Time, 0, 9)),
    };
    let stop = unit(Class::Stop, 0, 10);
    let first = Clause::Event(Box::new(event));
    let meaning = Meaning { first, second: None, stop, positive: true, topic: 2 };
    let expected = [
        (vec!["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10"], vec![(0, 2), (8, 9)]),
        (vec!["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10"], vec![(0, 2), (8, 9)]),
        (vec!["9", "0", "1", "8", "7", "5", "6", "3", "2", "10"], vec![(1, 3), (3, 4)]),
        (vec!["3 2", "1", "0", "6", "5", "8 7", "9", "10"], vec![(1, 3), (5, 6)]),
        (vec!["0", "1", "2", "3", "4", "6", "5", "7", "8", "9", "10"], vec![(0, 2), (8, 9)]),
        (vec!["9", "0", "1", "8 7", "5", "6", "3 2", "10"], vec![(1, 3), (3, 4)]),
    ];
    for (language, (units, spans)) in LANGUAGES.iter().zip(expected) {
        let said = language.say(&meaning);
        let found: Vec<String> = said
            .units
            .iter()
            .map(|ids| ids.iter().map(usize::to_string).collect::<Vec<_>>().join(" "))
            .collect();
        assert_eq!(found, units, "{}", language.name);
        let found: Vec<(usize, usize)> = said.entities.iter().map(|e| (e.start, e.end)).collect();
        assert_eq!(found, spans, "{}", language.name);
    }
    let f = LANGUAGES[5].say(&meaning);
    assert!(f.words[6].ends_with("madu") || f.words[6].ends_with("medü"), "{f:?}");
    let said = LANGUAGES[3].say(&meaning);
    let verb = LANGUAGES[3].word(Class::Make.at(0));
    assert_eq!(said.words[0], format!("{verb}eiklõ"));
    assert!(said.words[3].ends_with("nä") && said.words[5].ends_with("sse"));
}

#[test]
fn what_agrees_with_a_noun_has_the_ending_of_its_gender() {
    let language = &LANGUAGES[4];
    let reader = Reader::new(language);
    // By noun: the endings of articles, adjectives, and verbs or judging adjectives.
    let mut genders: HashMap<Concept, HashSet<String>> = HashMap::new();
    let mut agreeing = 0;
    for meaning in some_meanings(2000) {
        let (clauses, _) = reader.clauses(&language.say(&meaning).words);
        for clause in clauses {
            let is = |at: usize, class| clause.get(at).is_some_and(|word| word.concept.class == class);
            let article = |at: &usize| is(*at, Class::The);
            for at in (0..clause.len()).filter(article) {
                let endings = genders.entry(clause[at + 1].concept).or_default();
                endings.insert(clause[at].ending.clone());
                if is(at + 2, Class::Neutral) {
                    endings.insert(clause[at + 2].ending.clone());
                    agreeing += 1;
                }
            }
            if is(0, Class::The) {
                let endings = genders.entry(clause[1].concept).or_default();
                let judges = |class| matches!(class, Class::Good | Class::Bad);
                let past = |word: &&Read| word.ending.starts_with('l') || judges(word.concept.class);
                let predicate = clause.iter().find(past).unwrap();
                endings.insert(predicate.ending.trim_start_matches('l').to_owned());
                agreeing += 1;
            }
        }
    }
    assert!(agreeing > 1000 && genders.len() > 80, "{agreeing}, {}", genders.len());
    assert!(genders.values().all(|endings| endings.len() == 1), "{genders:?}");
    for gender in ["", "a", "o"] {
        let of = genders.iter().filter(|(noun, endings)| {
            assert!(noun.class != Class::Role || !endings.contains("o"), "people are not neuter");
            endings.contains(gender)
        });
        assert!(of.count() > 15, "{gender}");
    }
}

#[test]
fn the_vowels_of_endings_follow_those_of_the_stem() {
    let language = &LANGUAGES[5];
    let reader = Reader::new(language);
    // By ending, how many words have it.
    let mut endings: HashMap<String, usize> = HashMap::new();
    for said in some_meanings(1000).iter().flat_map(|meaning| language.references(meaning)) {
        for word in said.words.iter().map(|word| word.to_lowercase()) {
            let (_, ending) = &reader.forms[&word];
            let front = |letter: &char| "eiöü".contains(*letter);
            let vowel = |letter: &char| "aouı".contains(*letter) || front(letter);
            let stem = word.strip_suffix(ending.as_str()).unwrap();
            let last = stem.chars().rfind(vowel);
            for letter in ending.chars().filter(vowel) {
                assert_eq!(front(&letter), last.as_ref().is_some_and(front), "{word}: {stem} + {ending}");
            }
            *endings.entry(ending.clone()).or_default() += 1;
        }
    }
    // Past, object, place, owner, possession, copula; negation before past and copula, possession before the object.
    for suffix in ["dU", "yU", "dA", "nUn", "sU", "dUr", "mAdU", "mAdUr", "sUyU"] {
        for ending in with_vowels(suffix) {
            assert!(endings.get(&ending).is_some_and(|n| *n > 20), "{ending}: {endings:?}");
        }
    }
    assert_eq!(endings.len(), 19, "{endings:?}");
}

#[test]
fn references_are_all_right_sentences_and_no_others() {
    let mut counts = [0; 13];
    for language in &LANGUAGES {
        for (index, meaning) in some_meanings(100).into_iter().enumerate() {
            let references = language.references(&meaning);
            counts[references.len()] += 1;
            let different: HashSet<String> = references.iter().map(|said| said.words.join(" ")).collect();
            assert_eq!(different.len(), references.len());
            let sorted = |said: &Utterance| {
                let mut units: Vec<usize> = said.units.concat();
                units.sort_unstable();
                units
            };
            for said in &references {
                assert_eq!(sorted(said), sorted(&references[0]), "{}", said.words.join(" "));
            }
            if index % 20 == 0 {
                let mut rng = Rng::new(&[1]);
                let mut draw = || language.say_freely(&meaning, &mut rng).words.join(" ");
                let drawn: HashSet<String> = (0..100).map(|_| draw()).collect();
                assert_eq!(drawn, different);
            }
        }
    }
    // One, two or three orders, times one or two words of each of at most two units.
    let found: Vec<usize> = (0..13).filter(|n| counts[*n] > 0).collect();
    assert_eq!(found, [1, 2, 3, 4, 6, 8, 12], "{counts:?}");
}

#[test]
fn prefixes_keep_their_meanings_and_splits_share_none() {
    let sizes = |train| Sizes { train, dev: 200, test: 200 };
    let ([small, ..], [large, dev, test]) = (meanings(3, sizes(200)), meanings(3, sizes(400)));
    assert_eq!(small, large[..200]);
    assert_ne!(small, meanings(4, sizes(200))[0]);
    let texts = |meanings: &[Meaning]| -> HashSet<String> {
        meanings.iter().map(|meaning| LANGUAGES[3].say(meaning).words.join(" ")).collect()
    };
    let (train, dev_texts, test_texts) = (texts(&large), texts(&dev), texts(&test));
    assert!(train.is_disjoint(&dev_texts) && train.is_disjoint(&test_texts));
    assert!(dev_texts.is_disjoint(&test_texts));
    assert_eq!(dev.iter().filter(|meaning| meaning.positive).count(), 100);
    for topic in 0..TOPICS {
        assert!(large.iter().filter(|meaning| meaning.topic == topic).count() > 70);
    }
}

#[test]
fn unlabelled_texts_take_turns_and_pairs_have_the_same_meaning() {
    let single = texts(1, &[0, 2], false, 4);
    assert!(single.iter().all(|line| !line.contains('\t')));
    assert_eq!(single[..2], texts(1, &[0, 2], false, 2));
    assert_ne!(single, texts(2, &[0, 2], false, 4));
    let languages = [0, 1, 3];
    let readers = languages.map(|place| Reader::new(&LANGUAGES[place]));
    for (i, line) in texts(1, &languages, true, 30).iter().enumerate() {
        let (one, other) = line.split_once('\t').unwrap();
        let words = |text: &str| text.split(' ').map(String::from).collect::<Vec<_>>();
        let (one, other) = (words(one), words(other));
        let [first, second] = [&readers[i % 3], &readers[(i + 1) % 3]];
        assert_eq!(first.positive(&one), second.positive(&other), "{line}");
        assert_eq!(first.entities(&one).len(), second.entities(&other).len(), "{line}");
    }
    for (place, line) in [0, 2, 0, 2].into_iter().zip(&single) {
        let words: Vec<String> = line.split(' ').map(String::from).collect();
        Reader::new(&LANGUAGES[place]).positive(&words);
    }
}

#[test]
#[should_panic(expected = "texts: expected at least 2 of the languages 0 to 5, found [0]")]
fn a_pair_needs_two_languages() {
    texts(1, &[0], true, 1);
}

#[test]
fn the_same_seed_gives_the_same_text_on_every_platform() {
    let digest = |place: usize| digest_of(texts(7, &[place], false, 200).join("\n").as_bytes());
    let expected = [
        "f2fc304818b1b50583e6aea6631f3e5ced540dae95acf94bba34388572b8d981",
        "c7a78213e95663c122b2c5b328f0b6dfbeba1014a2cefed3fd9729bbee30bfc4",
        "774a63cdbc56dac2c3b055628877044de46edc55be6f79c8b3ff02635e5986fe",
        "451ac1ec2a76ebda1facc453bc7aaa20f6511e2f3af094f67dde879625abaf52",
        "b96db16badb49697dce4ab011061a3ee21f258c3349f4c99eb2658622f5bcad0",
        "603b2aa70f9e186789718b28bb8a9e86c03df4c1b73b00a743392ea3cb56b7e3",
    ];
    assert_eq!([0, 1, 2, 3, 4, 5].map(digest), expected);
}

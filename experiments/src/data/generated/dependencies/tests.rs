use super::design::{ADJECTIVE, ADVERB, AND, ASIDE};
use super::state::{Phase, Step};
use super::*;
use crate::data::files::digest_of;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// A grammar of a few words, whose texts can be counted.
fn small() -> Design {
    Design {
        lines: 6,
        direct: 50,
        agreement: vec![Reach { share: 50, distance: 9 }],
        brackets: 12,
        names: vec![Roles { count: 1, distance: 12 }, Roles { count: 2, distance: 40 }],
        vocabulary: Vocabulary {
            kinds: 1,
            nouns: 2,
            verbs: 2,
            adjectives: 2,
            adverbs: 1,
            prepositions: 1,
            names: 3,
        },
    }
}

fn text(grammar: &Grammar, seed: u64, tokens: usize) -> Written {
    grammar.write(&mut Rng::new(&[seed]), tokens)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[test]
fn a_vocabulary_has_about_a_thousand_different_words() {
    let grammar = Grammar::new(&Design::default());
    let words: HashSet<&String> = grammar.vocabulary().iter().collect();
    assert_eq!(words.len(), grammar.vocabulary().len());
    assert!((950..1050).contains(&words.len()), "{}", words.len());
    let text = text(&grammar, 1, 60_000);
    let used: HashSet<&str> = text.lines.iter().flat_map(|line| line.split(' ')).collect();
    assert!(used.len() > words.len() - 30, "{} of {}", used.len(), words.len());
}

#[test]
fn the_probabilities_of_what_can_follow_add_up_to_1() {
    let grammar = Grammar::new(&small());
    let text = text(&grammar, 1, 3000);
    let mut places = 0;
    let visit = |state: &State, _: &Choice, _| {
        for visible in [None, Some(1), Some(4), Some(16)] {
            let choices = state.choices(&grammar.rules, visible);
            let mut p = vec![0.0; grammar.vocabulary().len()];
            for choice in &choices {
                let group = grammar.rules.group(choice.step);
                for rank in 0..group.sums.len() {
                    if choice.only.is_none_or(|only| only == rank) {
                        let place = group.first as usize + rank;
                        assert_eq!(p[place], 0.0, "a word has two meanings");
                        p[place] = (-grammar.nats_of(&choices, choice, rank)).exp();
                    }
                }
            }
            assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-12, "{state:?}");
        }
        places += 1;
    };
    grammar.read(&text.lines, visit).unwrap();
    assert_eq!(places, text.nats.len());
}

/// −Σ p ln p.
fn entropy(weights: &[f64]) -> f64 {
    let total: f64 = weights.iter().sum();
    weights.iter().map(|w| w / total).filter(|p| *p > 0.0).map(|p| -p * p.ln()).sum()
}

/// The entropy of a geometric number of repetitions, per repetition or end, and the mean of such decisions.
fn decisions(mean: f64) -> (f64, f64) {
    (entropy(&[mean - 1.0, 1.0]), mean)
}

/// The entropy of the tokens, in nats per token, from the entropies of the writer's independent decisions: the writer decides
/// on the length of a chapter, on the parts of a sentence, on words, and on the names of those who occur.
fn derived(design: &Design) -> f64 {
    let rules = Rules::of(design);
    let words = &rules.lexicon;
    let of = |group: &lexicon::Group| {
        entropy(&(0..group.sums.len()).map(|rank| group.weight(rank) as f64).collect::<Vec<_>>())
    };
    let percent = |n: u64| n as f64 / 100.0;
    let kinds = words.nouns.len() as f64;
    let (person, noun) = (rules.weights.person as f64, rules.weights.noun as f64);
    let person = person / (person + kinds * noun);
    let nouns = of(&words.nouns[0]);
    // Of a noun phrase, but for the name.
    let adjective = percent(ADJECTIVE);
    let phrase = entropy(&[adjective, 1.0 - adjective])
        + adjective * of(&words.adjectives)
        + entropy(&[vec![(1.0 - person) / kinds; kinds as usize], vec![person]].concat())
        + person * of(&words.roles)
        + (1.0 - person) * nouns;
    let length = 2.0 + adjective + person;

    let verbs = 1.0 / (1.0 - percent(AND));
    let end = 100 - AND - ADVERB - ASIDE;
    let (adverbs, asides) = (percent(ADVERB) * verbs, percent(ASIDE) * verbs);
    let depth = 1.0 + (design.brackets as f64 - 1.0 - length) / (2.0 + 2.0 * length);
    let modifiers: Vec<f64> =
        design.agreement.iter().map(|reach| (reach.distance as f64 - 1.0) / (1.0 + length)).collect();
    let of_reach = |f: &dyn Fn(f64) -> f64| {
        design.agreement.iter().zip(&modifiers).map(|(reach, n)| percent(reach.share) * f(*n)).sum::<f64>()
    };
    let prepositions = of_reach(&|n| n);
    let phrases = 1.0 + prepositions + verbs + asides * (2.0 * depth - 1.0);
    let shares: Vec<f64> = std::iter::once(design.direct as f64)
        .chain(design.agreement.iter().map(|reach| reach.share as f64))
        .collect();
    let decided = |n: f64| {
        let (each, times) = decisions(n);
        each * times
    };
    let sentence = phrases * phrase
        + entropy(&shares)
        + of_reach(&decided)
        + prepositions * of(&words.prepositions[0])
        + verbs * of(&words.verbs[0])
        + verbs * entropy(&[AND, ADVERB, ASIDE, end].map(|n| n as f64))
        + adverbs * of(&words.adverbs)
        + asides * (decided(depth) + depth * of(&words.open));
    let tokens =
        phrases * length + prepositions + verbs + (verbs - 1.0) + adverbs + asides * 2.0 * depth + 1.0;

    // The probability that a sentence does not mention a role, by generating functions of the number of noun phrases.
    let roles = &words.roles;
    let new: f64 = (0..roles.sums.len())
        .map(|rank| {
            let no = 1.0 - person * roles.weight(rank) as f64 / roles.total() as f64;
            // n ≥ 1 with mean m, geometric: E[noⁿ].
            let geometric = |mean: f64, no: f64| (no / mean) / (1.0 - no * (1.0 - 1.0 / mean));
            let subject = no * (percent(design.direct) + of_reach(&|n| geometric(n, no)));
            // Each verb but the last is followed by `and`.
            let aside = geometric(depth, no * no) / no;
            let last = (percent(ADVERB) + percent(end) + percent(ASIDE) * aside) * no;
            let sentence = subject * last / (1.0 - percent(AND) * no);
            let lines = design.lines as f64;
            1.0 - (1.0 / lines) / (1.0 - (1.0 - 1.0 / lines) * sentence)
        })
        .sum();
    let lines = design.lines as f64;
    let chapter = lines * entropy(&[1.0, lines - 1.0])
        + of(&words.adjectives)
        + (lines - 1.0) * sentence
        + new * of(&words.names);
    chapter / (3.0 + (lines - 1.0) * tokens)
}

#[test]
fn the_mean_of_a_long_text_is_the_entropy_of_its_writer() {
    for (design, tokens) in [(small(), 300_000), (Design::default(), 300_000)] {
        let grammar = Grammar::new(&design);
        let found: Vec<f64> = (1..=10).map(|seed| mean(&text(&grammar, seed, tokens / 10).nats)).collect();
        let of_all = mean(&found);
        let spread = (found.iter().map(|x| (x - of_all).powi(2)).sum::<f64>() / 9.0).sqrt() / 10f64.sqrt();
        let expected = derived(&design);
        let close = (of_all - expected).abs() < 4.0 * spread && spread < 0.01;
        assert!(close, "{of_all} ± {spread}, derived {expected}");
    }
}

/// Adds up p and −p ln p of all texts of `left` more tokens.
fn enumerated(grammar: &Grammar, state: &State, p: f64, left: usize, sums: &mut [f64; 2]) {
    if left == 0 {
        sums[0] += p;
        sums[1] -= p * p.ln();
        return;
    }
    let choices = state.choices(&grammar.rules, None);
    for choice in &choices {
        for rank in 0..grammar.rules.group(choice.step).sums.len() {
            if choice.only.is_none_or(|only| only == rank) {
                let mut next = state.clone();
                next.take(&grammar.rules, choice.step, rank);
                let p = p * (-grammar.nats_of(&choices, choice, rank)).exp();
                enumerated(grammar, &next, p, left - 1, sums);
            }
        }
    }
}

#[test]
fn the_entropy_of_all_short_texts_is_the_mean_of_their_nats() {
    const TOKENS: usize = 9;
    let grammar = Grammar::new(&small());
    let mut sums = [0.0; 2];
    enumerated(&grammar, &grammar.beginning(), 1.0, TOKENS, &mut sums);
    assert!((sums[0] - 1.0).abs() < 1e-9, "{sums:?}");
    let of = |seed| text(&grammar, seed, TOKENS).nats[..TOKENS].iter().sum::<f64>();
    let found: Vec<f64> = (0..20_000).map(of).collect();
    let of_all = mean(&found);
    let spread = (mean(&found.iter().map(|x| (x - of_all).powi(2)).collect::<Vec<_>>()) / 2e4).sqrt();
    assert!((of_all - sums[1]).abs() < 4.0 * spread, "{of_all} ± {spread}, enumerated {}", sums[1]);
}

/// A reader of the last tokens is told the phase, the depth of the brackets, and what each visible token does, with the role
/// of each name. Among all places where this reader is told the same, each word follows as often as its probability says.
#[test]
fn what_a_short_context_expects_is_what_follows() {
    // Names repeat within a text, but texts are independent of each other.
    const TEXTS: usize = 40;
    type Seen = (Phase, Step, usize, usize);
    type Told = (Phase, usize, Vec<Seen>);
    type Counts = BTreeMap<(Step, usize), f64>;
    let grammar = Grammar::new(&small());
    let mut checked = BTreeSet::new();
    for visible in [2, 4] {
        // By what is told: the choices of the reader, and how often each word followed in each text.
        let mut told: BTreeMap<Told, (Vec<Choice>, Vec<Counts>)> = BTreeMap::new();
        // What was told where something further back determines the word.
        let mut guessed: BTreeSet<Told> = BTreeSet::new();
        for seed in 0..TEXTS {
            let mut window: Vec<Seen> = vec![];
            let visit = |state: &State, choice: &Choice, rank: usize| {
                let choices = state.choices(&grammar.rules, Some(visible));
                let key = (state.phase, state.brackets.len(), window.clone());
                let (expected, counts) =
                    told.entry(key.clone()).or_insert_with(|| (choices.clone(), vec![Counts::new(); TEXTS]));
                assert_eq!(*expected, choices);
                if choices != state.choices(&grammar.rules, None) {
                    guessed.insert(key.clone());
                }
                *counts[seed].entry((choice.step, rank)).or_default() += 1.0;
                let role = if choice.step == Step::Name { state.role } else { 0 };
                window.push((state.phase, choice.step, rank, role));
                window.drain(..window.len().saturating_sub(visible));
            };
            grammar.read(&text(&grammar, seed as u64, 3000).lines, visit).unwrap();
        }
        for (key, (choices, counts)) in &told {
            let totals: Vec<f64> = counts.iter().map(|counts| counts.values().sum()).collect();
            for choice in choices.iter().filter(|_| totals.iter().sum::<f64>() >= 50.0) {
                let ranks = 0..grammar.rules.group(choice.step).sums.len();
                for rank in ranks.filter(|rank| choice.only.is_none_or(|only| only == *rank)) {
                    let p = (-grammar.nats_of(choices, choice, rank)).exp();
                    let count =
                        |counts: &Counts| counts.get(&(choice.step, rank)).copied().unwrap_or_default();
                    let excess: Vec<f64> =
                        counts.iter().zip(&totals).map(|(counts, n)| count(counts) - n * p).collect();
                    // At least that of independent draws, for words too rare to have been drawn.
                    let independent = totals.iter().sum::<f64>() * p * (1.0 - p);
                    let spread = excess.iter().map(|x| x * x).sum::<f64>().max(independent).sqrt();
                    let close = excess.iter().sum::<f64>().abs() <= 4.5 * spread + 1e-6;
                    assert!(close, "{key:?}: {choice:?} {rank}: {excess:.1?}, expected {p}");
                    checked.insert((guessed.contains(key), choice.step));
                }
            }
        }
    }
    let agreements = 0..=grammar.rules.lexicon.nouns.len();
    let steps = agreements.map(Step::Verb).chain([Step::Name, Step::Close]);
    assert!(steps.into_iter().all(|step| checked.contains(&(true, step))), "{checked:?}");
}

#[test]
fn floors_fall_with_the_context() {
    let grammar = Grammar::new(&Design::default());
    let text = text(&grammar, 1, 50_000);
    let of = |visible| mean(&grammar.nats(&text.lines, visible).unwrap());
    let found = [Some(16), Some(64), Some(256), Some(512), None].map(of);
    // Perplexities, as the module's documentation has them.
    let documented = [18.4, 14.8, 12.4, 11.7, 11.2];
    let close = found.iter().zip(documented).all(|(nats, perplexity)| (nats.exp() - perplexity).abs() < 0.3);
    assert!(close, "{:.2?}", found.map(f64::exp));
    assert_eq!(grammar.nats(&text.lines, None).unwrap(), text.nats);
    assert_eq!(grammar.nats(&text.lines, Some(text.nats.len())).unwrap(), text.nats);
}

#[test]
fn dependencies_have_the_distances_of_the_design() {
    let design = Design::default();
    let grammar = Grammar::new(&design);
    let text = text(&grammar, 2, 200_000);
    let distances = grammar.distances(&text.lines).unwrap();
    let share = |far: usize| {
        let some = distances.iter().flatten().filter(|distance| **distance > far).count();
        100.0 * some as f64 / distances.len() as f64
    };
    // Percentages of tokens, as the module's documentation has them.
    let (found, documented) = ([0, 16, 64, 256].map(share), [19.2, 11.4, 5.8, 2.1]);
    let close = found.iter().zip(documented).all(|(a, b)| (a - b).abs() < 0.4);
    assert!(close, "{found:.2?}");

    // From the first verb to the subject, by reach; between brackets at depth 1; and how often each role is mentioned.
    let mut verbs = vec![vec![]; design.agreement.len()];
    let (mut brackets, mut mentions) = (vec![], vec![0; grammar.rules.lexicon.roles.sums.len()]);
    let visit = |state: &State, choice: &Choice, _: usize| {
        let distance = || state.dependency(choice.step).map(|shown| (state.place - shown.place) as f64);
        match (choice.step, state.phase) {
            (Step::Verb(_), Phase::After(state::Part::Modifier(reach))) => verbs[reach].extend(distance()),
            (Step::Verb(_), Phase::After(_)) => assert_eq!(distance(), Some(1.0)),
            (Step::Close, _) if state.brackets.len() == 1 => brackets.extend(distance()),
            (Step::Name, _) => mentions[state.role] += 1,
            _ => {}
        }
    };
    grammar.read(&text.lines, visit).unwrap();
    let near = |found: f64, expected: u64| (found / expected as f64 - 1.0).abs() < 0.08;
    for (reach, found) in design.agreement.iter().zip(&verbs) {
        assert!(near(mean(found), reach.distance), "{reach:?}: {}", mean(found));
    }
    assert!(near(mean(&brackets), design.brackets), "{}", mean(&brackets));
    let mut roles = mentions.iter();
    for group in &design.names {
        let count: usize = roles.by_ref().take(group.count).sum();
        let distance = (distances.len() * group.count) as f64 / count as f64;
        assert!(near(distance, group.distance), "{group:?}: {distance}");
    }
}

#[test]
fn chapters_and_names_are_as_a_reader_expects_them() {
    let grammar = Grammar::new(&Design::default());
    let text = text(&grammar, 3, 100_000);
    let titles: Vec<&String> = text.lines.iter().filter(|line| line.starts_with("chapter ")).collect();
    let mean = text.lines.len() as f64 / titles.len() as f64;
    assert!((90.0..250.0).contains(&mean), "{mean}");
    assert!(titles.iter().all(|line| line.split(' ').count() == 2));
    assert!(text.lines[0].starts_with("chapter "));
    let tokens: usize = text.lines.iter().map(|line| line.split(' ').count() + 1).sum();
    assert_eq!(tokens, text.nats.len());
    // Read without the grammar: within a chapter, a role has one name.
    let roles = &grammar.rules.lexicon.roles;
    let roles = &grammar.vocabulary()[roles.first as usize..][..roles.sums.len()];
    let mut names = BTreeMap::new();
    let mut returned = 0;
    for line in &text.lines {
        let words: Vec<&str> = line.split(' ').collect();
        if words[0] == "chapter" {
            names.clear();
        }
        for pair in words.windows(2).filter(|pair| roles.iter().any(|role| role == pair[0])) {
            let name = *names.entry(pair[0]).or_insert(pair[1]);
            assert_eq!(name, pair[1], "{line}");
            returned += 1;
        }
    }
    assert!(returned > 10_000, "{returned}");
}

#[test]
fn a_text_of_no_grammar_is_refused_where_it_breaks() {
    let grammar = Grammar::new(&small());
    let words = |group: &lexicon::Group| grammar.vocabulary()[group.first as usize].clone();
    let lexicon = &grammar.rules.lexicon;
    let (title, noun, verb) =
        (words(&lexicon.adjectives), words(&lexicon.nouns[0]), words(&lexicon.verbs[1]));
    let cases = [
        (vec!["the".to_owned()], "line 1, word 1: expected 'chapter', "),
        (vec![format!("chapter {title}"), String::new()], "line 2, word 1: expected 'chapter' or 'the', "),
        (
            vec![format!("chapter {title}"), "the unheard".into()],
            "line 2, word 2: expected an adjective or a noun or a role, ",
        ),
        (
            vec![format!("chapter {title}"), format!("the {noun} {verb}")],
            "line 2, word 3: expected a verb that agrees with the subject or 'of', ",
        ),
        (vec!["chapter".into()], "line 1, word 2: expected a title, "),
    ];
    for (lines, expected) in cases {
        let found = grammar.nats(&lines, None).unwrap_err().to_string();
        assert!(found.starts_with(expected), "{found}");
    }
}

#[test]
#[should_panic(expected = "expected names that return so rarely")]
fn names_cannot_return_more_often_than_there_are_noun_phrases() {
    Grammar::new(&Design { names: vec![Roles { count: 20, distance: 24 }], ..Design::default() });
}

#[test]
#[should_panic(expected = "expected distances of names from 1 to 1000000, found")]
fn a_name_returns_after_a_token_or_more() {
    Grammar::new(&Design { names: vec![Roles { count: 2, distance: 0 }], ..Design::default() });
}

#[test]
#[should_panic(expected = "of a subject with modifiers")]
fn a_modifier_takes_its_tokens() {
    Grammar::new(&Design { agreement: vec![Reach { share: 60, distance: 3 }], ..Design::default() });
}

#[test]
#[should_panic(expected = "shares that add up to 100")]
fn shares_are_those_of_all_sentences() {
    Grammar::new(&Design { direct: 41, ..Design::default() });
}

#[test]
fn the_same_seed_gives_the_same_text_on_every_platform() {
    let grammar = Grammar::new(&Design::default());
    let lines = text(&grammar, 7, 5000).lines;
    assert_eq!(
        digest_of(lines.join("\n").as_bytes()),
        "0ab4d5f506f4f1235cb9cedeb1e364e71269394badf804784f5bdecdb6a10323"
    );
    let longer = text(&grammar, 7, 6000).lines;
    assert_eq!(lines, longer[..lines.len()]);
    assert_ne!(lines[..20], text(&grammar, 8, 5000).lines[..20]);
}

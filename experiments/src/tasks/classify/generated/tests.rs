use std::collections::{HashMap, HashSet};

use super::lexicon::{ADJECTIVES, Lexicon, UNSEEN};
use super::*;
use crate::data::generated::zipf;

fn corpus(kind: Kind, train: usize, test: usize) -> Splits<Vec<Example>> {
    classification(kind, 1, Sizes { train, dev: test / 2, test })
}

#[test]
fn who_knows_the_rules_is_always_right() {
    for kind in Kind::ALL {
        let size = if kind == Kind::ReviewsLong { 500 } else { 2000 };
        for seed in [1, 2] {
            let set = classification(kind, seed, Sizes { train: size, dev: size / 2, test: size });
            for example in set.dev.iter().chain(&set.test) {
                assert_eq!(
                    example.labels[0],
                    reader::label(kind, &example.text),
                    "{}: {}",
                    set.name,
                    example.text
                );
            }
            let flipped = set.train.iter().filter(|e| e.labels[0] != reader::label(kind, &e.text)).count();
            let expected = (kind.noise() as usize * size) as f64 / 100.0;
            let off = (flipped as f64 - expected).abs();
            assert!(off < 4.0 * expected.sqrt(), "{}: {flipped} flipped, expected {expected}", set.name);
        }
    }
}

/// Mean recall of the two labels on test, in percent, of naive Bayes (add-one smoothing) over the words of a text,
/// order and prior forgotten. Chance is 50.
fn bag_of_words(set: &Splits<Vec<Example>>) -> f64 {
    bag_of_words_on(&set.train, &set.test)
}

/// The same, on other examples than those of the training set.
pub(super) fn bag_of_words_on(train: &[Example], test: &[Example]) -> f64 {
    let mut counts: HashMap<&str, [f64; 2]> = HashMap::new();
    let mut words = [0.0; 2];
    for example in train {
        for word in example.text.split(' ').collect::<HashSet<_>>() {
            counts.entry(word).or_default()[example.labels[0]] += 1.0;
            words[example.labels[0]] += 1.0;
        }
    }
    let vocabulary = counts.len() as f64;
    let score = |text: &str, label: usize| {
        let known = text.split(' ').collect::<HashSet<_>>().into_iter().filter_map(|word| counts.get(word));
        let mut logs: Vec<f64> =
            known.map(|count| ((count[label] + 1.0) / (words[label] + vocabulary)).ln()).collect();
        logs.sort_by(f64::total_cmp);
        logs.into_iter().sum::<f64>()
    };
    let mut right = [0.0; 2];
    for e in test {
        right[e.labels[0]] += f64::from(usize::from(score(&e.text, 1) > score(&e.text, 0)) == e.labels[0]);
    }
    let of_label = |label: usize| test.iter().filter(|e| e.labels[0] == label).count() as f64;
    50.0 * (right[0] / of_label(0) + right[1] / of_label(1))
}

#[test]
fn counting_words_beats_chance_and_falls_short() {
    // The table in the module's documentation.
    let documented = [68.0, 65.0, 73.0, 70.0, 69.0, 63.0];
    for (kind, documented) in Kind::ALL.into_iter().zip(documented) {
        let recall = bag_of_words(&corpus(kind, if kind == Kind::ReviewsLong { 2000 } else { 4000 }, 2000));
        assert!((recall - documented).abs() < 0.6, "{}: {recall:.1}, documented {documented}", kind.name());
    }
}

#[test]
fn the_same_seed_gives_the_same_text_on_every_platform() {
    let checksum = |kind, seed| classification(kind, seed, Sizes { train: 100, dev: 20, test: 30 }).checksum;
    let expected = [
        "ee3bc5114eed619be567d6f460164e9c0dc4ba30f4773f1c238262483a113637",
        "765703ac6225bb772f17e4e187c93cfbe7eec7b7035fb41f38a57c60542a48f0",
        "de5855189de07eae34a8f1d41248a1e6d37314ccf450a19e011f808c6c04361e",
        "69f0248408a7f877457a68e72d0857f53a47cffe317c2475cfd242dd2271dddd",
        "53b6acbbaf95b144e96cefc5fc49fc07e528f27e7143056fd4bae55b4ee85e6e",
        "3554ff26fe21875e8b32a7f3d29ccfaacec021f4894df3d7430061ef2142aed4",
    ];
    for (kind, expected) in Kind::ALL.into_iter().zip(expected) {
        assert_eq!(checksum(kind, 7), expected, "{}", kind.name());
        assert_ne!(checksum(kind, 8), expected, "{}", kind.name());
    }
}

#[test]
fn prefixes_keep_their_examples_and_their_proportions() {
    for kind in Kind::ALL {
        let (small, large) = (corpus(kind, 200, 40), corpus(kind, 400, 80));
        assert_eq!(small.train, large.train[..200]);
        let ones: usize = large.test.iter().map(|example| example.labels[0]).sum();
        assert_eq!(ones, 80 * kind.share() as usize / 100, "{}", large.name);
        assert_eq!(large.labels, kind.labels());
        assert_eq!(large.name, kind.name());
    }
}

#[test]
fn splits_share_no_text() {
    for kind in Kind::ALL {
        let set = corpus(kind, 1000, 500);
        let texts = |split: &[Example]| split.iter().map(|e| e.text.clone()).collect::<HashSet<_>>();
        let (train, dev, test) = (texts(&set.train), texts(&set.dev), texts(&set.test));
        assert!(
            train.is_disjoint(&dev) && train.is_disjoint(&test) && dev.is_disjoint(&test),
            "{}",
            set.name
        );
    }
}

#[test]
fn lengths_are_as_documented() {
    let length = |example: &Example| example.text.split(' ').count();
    let long = corpus(Kind::ReviewsLong, 300, 300);
    assert!(long.train.iter().chain(&long.test).all(|example| document::WORDS.contains(&length(example))));
    assert!(corpus(Kind::Phrases, 1000, 100).train.iter().all(|example| (1..=6).contains(&length(example))));
    let reviews = corpus(Kind::Reviews, 1000, 100);
    let mean = reviews.train.iter().map(length).sum::<usize>() / 1000;
    assert!((6..=20).contains(&mean), "{mean}");
}

#[test]
fn each_word_has_one_meaning() {
    let lexicon = Lexicon::shared();
    assert_eq!((lexicon.good.len(), lexicon.bad.len()), (ADJECTIVES, ADJECTIVES));
    let lists = [
        &lexicon.good,
        &lexicon.bad,
        &lexicon.good_nouns,
        &lexicon.bad_nouns,
        &lexicon.names,
        &lexicon.places,
        &lexicon.years,
        &lexicon.roles,
        &lexicon.things,
        &lexicon.purposes,
        &lexicon.own_good,
        &lexicon.own_bad,
    ];
    let mut all: Vec<&str> = lists.into_iter().flatten().map(String::as_str).collect();
    for list in [&words::BRISK[..], &words::CALM, &words::BRISK_NOUNS, &words::CALM_NOUNS, &words::NOUNS] {
        all.extend(list);
    }
    for list in [
        &words::DISLIKED[..],
        &words::ACTS,
        &words::OBJECTS,
        &words::EPITHETS,
        &words::GENRES,
        &words::GLAD,
        &words::LIKED,
    ] {
        all.extend(list);
    }
    for list in
        [&words::SAD[..], &words::STRONG, &words::FAINT, &words::ISSUES, &words::PRAISE, &words::BLAME]
    {
        all.extend(list);
    }
    let mut seen = HashSet::new();
    for word in all {
        assert!(seen.insert(word), "{word} stands in two lists");
    }
}

#[test]
fn dev_and_test_use_words_that_training_lacks() {
    let lexicon = Lexicon::shared();
    let unseen: HashSet<&str> = lexicon
        .good
        .iter()
        .chain(&lexicon.bad)
        .skip(ADJECTIVES - UNSEEN)
        .take(UNSEEN)
        .map(String::as_str)
        .collect();
    let set = corpus(Kind::Reviews, 2000, 2000);
    let uses =
        |split: &[Example]| split.iter().filter(|e| e.text.split(' ').any(|w| unseen.contains(w))).count();
    assert_eq!(uses(&set.train), 0);
    assert!((10..60).contains(&uses(&set.test)), "{}", uses(&set.test));
}

#[test]
fn zipf_halves_where_its_law_says() {
    let mut rng = Rng::new(&[3]);
    let mut counts = [0.0f64; 100];
    for _ in 0..100_000 {
        counts[zipf(&mut rng, 100, 4)] += 1.0;
    }
    assert!((counts[0] / counts[4] - 2.0).abs() < 0.15, "{} and {}", counts[0], counts[4]);
    assert!(counts[99] > 100.0, "{}", counts[99]);
}

/// Walks from the roots through every production of both polarities; saying a symbol panics if it is unknown.
#[test]
fn every_symbol_of_the_grammar_can_be_said() {
    let mut pending =
        vec!["REVIEW", "PHRASE", "SUBJECTIVE", "OBJECTIVE", "CLAIM", "KEPT", "TAKEN_BACK", "HEARSAY"];
    pending.extend(["VERDICT", "GOODS"]);
    let mut known = HashSet::new();
    while let Some(symbol) = pending.pop() {
        if !known.insert(symbol) {
            continue;
        }
        for positive in [true, false] {
            let mut rng = Rng::new(&[5]);
            Speaker { rng: &mut rng, held_out: false, flatness: 4, domain: Some(0) }.say(symbol, positive);
            for (_, line) in grammar::productions(symbol, positive).unwrap_or_default() {
                let symbols =
                    line.split_whitespace().filter(|item| item.starts_with(|c: char| c.is_uppercase()));
                pending.extend(symbols.map(|item| item.trim_end_matches(['-', '?'])));
            }
        }
    }
    assert!(known.contains("BRISK_NOUN") && known.contains("REVERSER") && known.len() > 40, "{known:?}");
}

#[test]
fn articles_fit_the_next_word() {
    for example in corpus(Kind::Subjectivity, 500, 20).train {
        let words: Vec<&str> = example.text.split(' ').collect();
        for pair in words.windows(2).filter(|pair| pair[0] == "a" || pair[0] == "an") {
            assert_eq!(pair[0] == "an", pair[1].starts_with(['a', 'e', 'i', 'o', 'u']), "{}", example.text);
        }
    }
}

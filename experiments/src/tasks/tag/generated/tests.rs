use std::collections::{HashMap, HashSet};

use super::*;
use crate::data::sentences::names;
use crate::data::{
    Split,
    files::TextFile,
    formats::{
        conll::{self, Columns, Known},
        scheme,
    },
};
use crate::metrics::entities::EntityCounts;

#[test]
fn who_knows_the_grammar_is_always_right() {
    for (corpus, size) in [(Corpus::Names, 800), (Corpus::NamesSmall, 500)] {
        for seed in [1, 2] {
            let set = tagging(corpus, seed, Sizes { train: size, dev: size / 2, test: size });
            for sentence in set.dev.iter().chain(&set.test) {
                let tags: Vec<String> =
                    names(&sentence.tags, &set.labels).iter().map(|tag| tag.to_string()).collect();
                let readings = reader::taggings(&sentence.words);
                assert_eq!(readings, HashSet::from([tags]), "{}: {}", set.name, sentence.words.join(" "));
            }
            // In training the reader finds the noise: entities of which the set says something else.
            let mut counts = EntityCounts::default();
            for sentence in &set.train {
                let readings = reader::taggings(&sentence.words);
                assert_eq!(readings.len(), 1, "{}: {}", set.name, sentence.words.join(" "));
                let clean = readings.iter().next().unwrap();
                let clean: Vec<&str> = clean.iter().map(String::as_str).collect();
                counts.add(&clean, &names(&sentence.tags, &set.labels));
            }
            let [right, _, all] =
                counts.kinds.values().fold([0; 3], |a, c| [a[0] + c[0], a[1] + c[1], a[2] + c[2]]);
            let expected = (corpus.noise() as usize * all) as f64 / 100.0;
            let off = ((all - right) as f64 - expected).abs();
            assert!(off < 4.0 * expected.sqrt(), "{}: {} wrong, expected {expected}", set.name, all - right);
        }
    }
}

/// Entity F1 on test, in percent, of a tagger.
fn f1(set: &Splits<Vec<Sentence>>, tagger: impl Fn(&[String]) -> Vec<String>) -> f64 {
    let mut counts = EntityCounts::default();
    for sentence in &set.test {
        let predicted = tagger(&sentence.words);
        let predicted: Vec<&str> = predicted.iter().map(String::as_str).collect();
        counts.add(&names(&sentence.tags, &set.labels), &predicted);
    }
    100.0 * counts.report().overall.f1
}

/// The most frequent value of each key; of equally frequent ones the least.
fn most_frequent<K: std::hash::Hash + Eq, V: Ord + Clone>(
    pairs: impl Iterator<Item = (K, V)>,
) -> HashMap<K, V> {
    let mut counts: HashMap<K, std::collections::BTreeMap<V, usize>> = HashMap::new();
    for (key, value) in pairs {
        *counts.entry(key).or_default().entry(value).or_default() += 1;
    }
    let best = |values: std::collections::BTreeMap<V, usize>| {
        values.into_iter().rev().max_by_key(|(_, count)| *count).unwrap().0
    };
    counts.into_iter().map(|(key, values)| (key, best(values))).collect()
}

/// Gives each word the tag it has most often in training, `O` to others.
fn word_baseline(set: &Splits<Vec<Sentence>>) -> f64 {
    word_baseline_on(&set.train, set)
}

/// The same, with the tags of other sentences than those of the set's training split.
pub(super) fn word_baseline_on(train: &[Sentence], set: &Splits<Vec<Sentence>>) -> f64 {
    let pairs = train.iter().flat_map(|s| s.words.iter().cloned().zip(names(&s.tags, &set.labels)));
    let tags: HashMap<String, &str> = most_frequent(pairs);
    f1(set, |words| words.iter().map(|word| tags.get(word).unwrap_or(&"O").to_string()).collect())
}

/// The words of each entity of some sentences, with its kind.
fn surfaces<'a>(
    set: &'a Splits<Vec<Sentence>>,
    split: Split,
) -> impl Iterator<Item = (Vec<String>, String)> + 'a {
    set.split(split).iter().flat_map(|s| {
        let entities = scheme::entities(&names(&s.tags, &set.labels)).into_iter();
        entities.map(|e| (s.words[e.start..e.end].to_vec(), e.kind)).collect::<Vec<_>>()
    })
}

/// Finds training's entities again, the longest first, with their most frequent kind: the baseline of the CoNLL-2003
/// shared task, but that it left out those of several kinds.
fn list_baseline(set: &Splits<Vec<Sentence>>) -> f64 {
    let known: HashMap<Vec<String>, String> = most_frequent(surfaces(set, Split::Train));
    let longest = known.keys().map(Vec::len).max().unwrap();
    f1(set, |words| {
        let (mut entities, mut start) = (Vec::new(), 0);
        while start < words.len() {
            let ends = (start + 1..=words.len().min(start + longest)).rev();
            let found = ends.filter_map(|end| known.get(&words[start..end]).map(|kind| (end, kind))).next();
            if let Some((end, kind)) = found {
                entities.push(scheme::Entity { kind: kind.clone(), start, end });
            }
            start = found.map_or(start + 1, |(end, _)| end);
        }
        scheme::tags(Scheme::Iob2, &entities, words.len())
    })
}

/// Percentage of test's entities whose words are no entity of training.
fn unseen(set: &Splits<Vec<Sentence>>) -> f64 {
    let known: HashSet<Vec<String>> = surfaces(set, Split::Train).map(|(words, _)| words).collect();
    let test: Vec<_> = surfaces(set, Split::Test).collect();
    100.0 * test.iter().filter(|(words, _)| !known.contains(words)).count() as f64 / test.len() as f64
}

#[test]
fn remembering_words_falls_short() {
    // The table in the module's documentation.
    let documented = [[35.1, 42.1, 34.0], [11.7, 12.4, 81.9]];
    for (corpus, documented) in Corpus::ALL.into_iter().zip(documented) {
        let set = tagging(corpus, 1, corpus.sizes());
        let measured = [word_baseline(&set), list_baseline(&set), unseen(&set)];
        let close = measured.iter().zip(documented).all(|(a, b)| (a - b).abs() < 0.6);
        assert!(close, "{}: {measured:.1?}, documented {documented:?}", corpus.name());
    }
}

#[test]
fn all_kinds_lengths_and_neighbourhoods_occur() {
    for corpus in Corpus::ALL {
        let set = tagging(corpus, 1, Sizes { train: 500, dev: 100, test: 400 });
        let (mut lengths, mut touching, mut empty) = (HashSet::new(), [false; 2], 0);
        for sentence in set.train.iter().chain(&set.test) {
            let entities = scheme::entities(&names(&sentence.tags, &set.labels));
            empty += usize::from(entities.is_empty());
            lengths.extend(entities.iter().map(|e| e.end - e.start));
            for pair in entities.windows(2).filter(|pair| pair[0].end == pair[1].start) {
                touching[usize::from(pair[0].kind == pair[1].kind)] = true;
            }
        }
        assert!((1..=5).all(|length| lengths.contains(&length)), "{}: {lengths:?}", set.name);
        assert_eq!(touching, [corpus == Corpus::Names; 2], "{}", set.name);
        assert!((100..450).contains(&empty), "{}: {empty}", set.name);
        for split in [Split::Train, Split::Test] {
            let mut counts: HashMap<String, usize> = HashMap::new();
            surfaces(&set, split).for_each(|(_, kind)| *counts.entry(kind).or_default() += 1);
            assert!(counts.len() == KINDS.len() && counts.values().all(|&n| n > 15), "{counts:?}");
        }
    }
}

/// Names that dev and test alone use are no part of training, and one stem is an entity of three kinds.
#[test]
fn stems_have_several_kinds_and_the_tail_is_split() {
    let set = tagging(Corpus::Names, 1, Corpus::Names.sizes());
    let mut kinds: HashMap<String, HashSet<String>> = HashMap::new();
    for (words, kind) in surfaces(&set, Split::Train) {
        kinds.entry(words.join(" ")).or_default().insert(kind);
    }
    let of_three = kinds.values().filter(|kinds| kinds.len() >= 3).count();
    assert!(of_three > 60, "{of_three}");
    let theirs = &lexicon::Lexicon::shared().first;
    let theirs: HashSet<&str> = theirs[300 * 65 / 100..].iter().map(String::as_str).collect();
    let uses = |split: &[Sentence]| {
        split.iter().filter(|s| s.words.iter().any(|word| theirs.contains(word.as_str()))).count()
    };
    assert_eq!(uses(&set.train), 0);
    assert!(uses(&set.test) > 100, "{}", uses(&set.test));
}

#[test]
fn the_same_seed_gives_the_same_sentences_on_every_platform() {
    let checksum = |corpus, seed| tagging(corpus, seed, Sizes { train: 100, dev: 20, test: 30 }).checksum;
    let expected = [
        "216a09ea9b89d37114641e096f0d56eeaa2dbb93d26a1d65da0e656cdc3da2c7",
        "a3fe58be468f023631fc21cb84234f43ce0b1d6d247df756508174cb0dc68219",
    ];
    assert_eq!(Corpus::ALL.map(|corpus| checksum(corpus, 7)), expected);
    assert!(Corpus::ALL.into_iter().zip(expected).all(|(corpus, expected)| checksum(corpus, 8) != expected));
}

#[test]
fn prefixes_keep_their_sentences_and_splits_share_none() {
    for corpus in Corpus::ALL {
        let make = |train| tagging(corpus, 3, Sizes { train, dev: 200, test: 300 });
        let (small, large) = (make(200), make(400));
        assert_eq!(small.train, large.train[..200]);
        let texts = |split: &[Sentence]| split.iter().map(|s| s.words.join(" ")).collect::<HashSet<_>>();
        let (train, dev, test) = (texts(&large.train), texts(&large.dev), texts(&large.test));
        assert!(
            train.is_disjoint(&dev) && train.is_disjoint(&test) && dev.is_disjoint(&test),
            "{}",
            large.name
        );
        assert_eq!(large.name, corpus.name());
        assert!(large.checked(&Split::ALL).is_ok());
    }
}

#[test]
fn what_is_written_in_columns_is_read_again() {
    let set = tagging(Corpus::NamesSmall, 1, Sizes { train: 300, dev: 1, test: 1 });
    let text = conll::write(&set.train, &set.labels);
    let file = TextFile { path: "f".into(), text, sha256: String::new() };
    let read = conll::read(&file, &Columns::default(), Known::Nothing).unwrap();
    assert_eq!((read.sentences, read.tags, read.note), (set.train, set.labels, None));
}

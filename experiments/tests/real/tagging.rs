//! Counts of the known tagging sets, where `GRADUS_DATA` names the folder that holds them.

use crate::folder;
use gradus::data::formats::scheme::{self, Scheme};
use gradus::data::sentences::convert;
use gradus::data::{Sentence, Split, Splits};
use gradus::run::Task;
use gradus::tasks::tag::Tag;
use gradus::text::Alphabet;
use std::collections::HashSet;
use std::path::Path;

/// The labels of a known set are the kinds of its entities; its tags are those of IOB2.
fn load(folder: &Path, name: &str) -> Splits<Vec<Sentence>> {
    let set = Tag::known().iter().find(|set| set.name == name).unwrap();
    set.load(folder, 1).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// How many entities of each kind a split has, in the order of the kinds.
fn entities(set: &Splits<Vec<Sentence>>, split: Split, tags: &[String]) -> Vec<usize> {
    let kinds = |sentence: &Sentence| {
        let names: Vec<&str> = sentence.tags.iter().map(|&tag| tags[tag].as_str()).collect();
        scheme::entities(&names).into_iter().map(|entity| entity.kind).collect::<Vec<_>>()
    };
    let all: Vec<String> = set.split(split).iter().flat_map(kinds).collect();
    set.labels.iter().map(|kind| all.iter().filter(|of| *of == kind).count()).collect()
}

/// Sentences, words, then entities of each kind.
fn counts(set: &Splits<Vec<Sentence>>, split: Split) -> (usize, usize, Vec<usize>) {
    let words = set.split(split).iter().map(|sentence| sentence.words.len()).sum();
    (set.split(split).len(), words, entities(set, split, &Scheme::Iob2.tag_names(&set.labels)))
}

#[test]
fn the_sets_have_their_official_counts() {
    let Some(folder) = folder() else { return };
    for (name, kinds, expected) in [
        (
            "conll2003",
            "LOC MISC ORG PER",
            [
                (14_041, 203_621, vec![7_140, 3_438, 6_321, 6_600]),
                (3_250, 51_362, vec![1_837, 922, 1_341, 1_842]),
                (3_453, 46_435, vec![1_668, 702, 1_661, 1_617]),
            ],
        ),
        (
            "wnut17",
            "corporation creative-work group location person product",
            [
                (3_394, 62_730, vec![221, 140, 264, 548, 660, 142]),
                (1_009, 15_733, vec![34, 105, 39, 74, 470, 114]),
                (1_287, 23_394, vec![66, 142, 165, 150, 429, 127]),
            ],
        ),
        // 1,885, 389 and 414 entities start with B-; conlleval reads 10 and 4 more that start with I-.
        (
            "weibo-ner",
            "GPE.NAM GPE.NOM LOC.NAM LOC.NOM ORG.NAM ORG.NOM PER.NAM PER.NOM",
            [
                (1_350, 73_778, vec![205, 8, 56, 51, 183, 42, 578, 772]),
                (270, 14_509, vec![26, 1, 6, 6, 47, 5, 90, 208]),
                (270, 14_842, vec![47, 2, 19, 9, 39, 17, 113, 172]),
            ],
        ),
    ] {
        let set = load(&folder, name);
        assert_eq!(set.labels.join(" "), kinds);
        for (split, expected) in [Split::Train, Split::Dev, Split::Test].into_iter().zip(expected) {
            assert_eq!(counts(&set, split), expected, "{name} {split}");
        }
        assert!(!set.note.contains("version"), "{name}: {}", set.note);
        println!("{name}: checksum {}, {}", &set.checksum[..12], set.note);
    }
}

#[test]
fn names_of_other_languages_have_their_official_counts() {
    let Some(folder) = folder() else { return };
    // Sentences, words and names of train, dev and test.
    for (name, expected) in [
        ("conll2003-plo", [(14_041, 203_621, 20_061), (3_250, 51_362, 5_020), (3_453, 46_435, 4_946)]),
        ("uner-en", [(0, 0, 0), (2_001, 25_149, 966), (2_077, 25_097, 1_088)]),
        ("uner-sv", [(4_303, 66_646, 967), (504, 9_797, 23), (1_219, 20_377, 196)]),
        ("uner-zh", [(3_997, 98_616, 6_136), (500, 12_663, 810), (500, 12_012, 767)]),
        ("uner-en-pud", [(0, 0, 0), (0, 0, 0), (1_000, 21_176, 1_075)]),
        ("uner-de-pud", [(0, 0, 0), (0, 0, 0), (1_000, 21_331, 1_039)]),
        ("uner-zh-pud", [(0, 0, 0), (0, 0, 0), (1_000, 21_415, 1_139)]),
    ] {
        let set = load(&folder, name);
        assert_eq!(set.labels, ["LOC", "ORG", "PER"]);
        for (split, expected) in Split::ALL.into_iter().zip(expected) {
            let (sentences, words, names) = counts(&set, split);
            assert_eq!((sentences, words, names.iter().sum()), expected, "{name} {split}");
        }
        assert!(!set.note.contains("version"), "{name}: {}", set.note);
    }
    let [all, some] = ["conll2003", "conll2003-plo"].map(|name| load(&folder, name));
    assert!(all.train.iter().zip(&some.train).all(|(a, b)| a.words == b.words));
    assert_eq!(counts(&some, Split::Test).2, [1_668, 1_661, 1_617]);
}

#[test]
fn treebanks_have_their_official_counts() {
    let Some(folder) = folder() else { return };
    for (name, expected, used) in [
        ("ud-english-ewt", [(12_544, 204_577), (2_001, 25_147), (2_077, 25_094)], 17),
        ("ud-chinese-gsd", [(3_997, 98_608), (500, 12_663), (500, 12_012)], 15),
    ] {
        let set = load(&folder, name);
        let mut tags: HashSet<usize> = HashSet::new();
        for (split, expected) in Split::ALL.into_iter().zip(expected) {
            let part = set.split(split);
            tags.extend(part.iter().flat_map(|sentence| sentence.tags.iter().copied()));
            let words: usize = part.iter().map(|sentence| sentence.words.len()).sum();
            assert_eq!((part.len(), words), expected, "{name} {split}");
        }
        assert_eq!((set.labels.len(), tags.len()), (17, used), "{name}");
        assert!(!set.note.contains("version"), "{name}: {}", set.note);
    }
}

#[test]
fn what_contradicts_the_scheme_is_noted() {
    let Some(folder) = folder() else { return };
    // Two entities start with B- after O.
    assert_eq!(
        load(&folder, "conll2003").note,
        "eng.train: 2 tags contradict IOB1 and were read as conlleval reads them"
    );
    assert_eq!(load(&folder, "wnut17").note, "");
    assert_eq!(
        load(&folder, "weibo-ner").note,
        "weiboNER_2nd_conll.train: 10 tags contradict IOB2 and were read as conlleval reads them; \
         weiboNER_2nd_conll.test: 4 tags contradict IOB2 and were read as conlleval reads them"
    );
}

#[test]
fn both_forms_of_conll2003_are_the_same_set() {
    let Some(folder) = folder() else { return };
    let iob1 = load(&folder, "conll2003");
    // The folder of the second form itself holds nothing of the first.
    let iob2 = load(&folder.join("conll2003/alt-iob2"), "conll2003");
    assert!(iob1.train == iob2.train && iob1.dev == iob2.dev && iob1.test == iob2.test);
    assert_ne!(iob1.checksum, iob2.checksum);
}

#[test]
fn every_scheme_holds_the_same_entities_and_allows_its_tags() {
    let Some(folder) = folder() else { return };
    for name in ["conll2003", "wnut17", "weibo-ner"] {
        let set = load(&folder, name);
        let iob2 = Scheme::Iob2.tag_names(&set.labels);
        let counts = entities(&set, Split::Train, &iob2);
        for scheme in Scheme::ALL {
            let mut there = set.clone();
            let tags = convert(&mut there.train, &iob2, scheme);
            for sentence in &there.train {
                let tags: Vec<&str> = sentence.tags.iter().map(|&tag| tags[tag].as_str()).collect();
                let from = std::iter::once(None).chain(tags.iter().copied().map(Some));
                let to = tags.iter().copied().map(Some).chain([None]);
                let mut pairs = from.zip(to);
                assert!(pairs.all(|(from, to)| scheme::allowed(scheme, from, to)), "{scheme}: {tags:?}");
            }
            assert_eq!(entities(&there, Split::Train, &tags), counts, "{name} {scheme}");
            convert(&mut there.train, &tags, Scheme::Iob2);
            assert!(there == set, "{name} {scheme}");
        }
    }
}

#[test]
fn alphabets_of_real_words() {
    let Some(folder) = folder() else { return };
    for (name, characters) in [("conll2003", 86), ("wnut17", 94)] {
        let set = load(&folder, name);
        let alphabet = Alphabet::count(set.train.iter().flat_map(|sentence| &sentence.words), 1);
        assert_eq!(alphabet.len(), characters, "{name}");
    }
}

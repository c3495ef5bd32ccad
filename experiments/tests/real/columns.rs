//! What is found in files of columns and of questions as people have them, where `GRADUS_DATA` names the folder that holds
//! them: nothing is said but which columns hold word and tag.

use crate::folder;
use gradus::data::{
    files::{Encoding, FileReader},
    formats::{
        conll::{self, Columns, Contents, Known, TagKind},
        scheme::Scheme,
        squad,
    },
};
use std::path::PathBuf;

/// The columns of word and tag, then the numbers of sentences, of words, and of entities (0 where tags are plain) or tags.
type Expected = (&'static str, (i64, i64), usize, usize, Option<Scheme>, usize);

const FILES: &[Expected] = &[
    ("conll2003/eng.train", (1, -1), 14_041, 203_621, Some(Scheme::Iob1), 23_499),
    ("conll2003/eng.testa", (1, 0), 3_250, 51_362, Some(Scheme::Iob1), 5_942),
    ("conll2003/eng.testb", (1, 4), 3_453, 46_435, Some(Scheme::Iob1), 5_648),
    ("conll2003/alt-iob2/train.txt", (1, -1), 14_041, 203_621, Some(Scheme::Iob2), 23_499),
    ("conll2003/alt-iob2/valid.txt", (1, -1), 3_250, 51_362, Some(Scheme::Iob2), 5_942),
    ("conll2003/alt-iob2/test.txt", (1, -1), 3_453, 46_435, Some(Scheme::Iob2), 5_648),
    ("wnut17/wnut17train.conll", (1, -1), 3_394, 62_730, Some(Scheme::Iob2), 1_975),
    ("wnut17/emerging.dev.conll", (1, -1), 1_009, 15_733, Some(Scheme::Iob2), 836),
    ("wnut17/emerging.test.annotated", (1, -1), 1_287, 23_394, Some(Scheme::Iob2), 1_079),
    ("uner/en_ewt-ud-dev.iob2", (1, -1), 2_001, 25_149, Some(Scheme::Iob2), 966),
    ("uner/en_ewt-ud-test.iob2", (1, -1), 2_077, 25_097, Some(Scheme::Iob2), 1_088),
    ("uner/zh_gsd-ud-train.iob2", (1, -1), 3_997, 98_616, Some(Scheme::Iob2), 6_136),
    ("uner/zh_gsd-ud-dev.iob2", (1, -1), 500, 12_663, Some(Scheme::Iob2), 810),
    ("uner/sv_talbanken-ud-train.iob2", (1, -1), 4_303, 66_646, Some(Scheme::Iob2), 967),
    ("uner/sv_talbanken-ud-test.iob2", (1, -1), 1_219, 20_377, Some(Scheme::Iob2), 196),
    ("uner/de_pud-ud-test.iob2", (1, -1), 1_000, 21_331, Some(Scheme::Iob2), 1_039),
    ("ronec-v1/train.tsv", (1, 3), 4_172, 144_006, Some(Scheme::Iob2), 21_008),
    ("ronec-v1/dev.tsv", (1, 3), 524, 18_380, Some(Scheme::Iob2), 2_770),
    ("ronec-v1/test.tsv", (1, 3), 521, 18_081, Some(Scheme::Iob2), 2_599),
];

fn read(path: PathBuf, word: i64, tag: i64) -> Contents {
    let file = FileReader::default().read(&path, Encoding::Utf8).unwrap();
    let columns = Columns { word, tag, ..Columns::default() };
    let read = conll::read(&file, &columns, Known::Nothing).unwrap_or_else(|error| panic!("{error}"));
    println!(
        "{}, columns {word} and {tag}: {} sentences, {} words, {} of {:?}, {} kinds {:?}, {}",
        path.display(),
        read.sentences.len(),
        words(&read),
        read.kind,
        read.scheme,
        read.kinds.len(),
        &read.kinds[..read.kinds.len().min(5)],
        read.note.as_deref().unwrap_or("no note")
    );
    read
}

fn words(read: &Contents) -> usize {
    read.sentences.iter().map(|sentence| sentence.words.len()).sum()
}

/// Entities as their tags' `B-`.
fn entities(read: &Contents) -> usize {
    let starts = |tag: &&usize| read.tags[**tag].starts_with("B-");
    read.sentences.iter().flat_map(|sentence| &sentence.tags).filter(starts).count()
}

#[test]
fn entities_and_their_schemes_are_found() {
    let Some(folder) = folder() else { return };
    for &(name, (word, tag), sentences, number, scheme, of_entities) in FILES {
        let read = read(folder.join(name), word, tag);
        assert_eq!((read.kind, read.scheme), (TagKind::Entities, scheme), "{name}");
        assert_eq!(
            (read.sentences.len(), words(&read), entities(&read)),
            (sentences, number, of_entities),
            "{name}"
        );
    }
    let chunks = read(folder.join("conll2003/eng.train"), 1, 3);
    assert_eq!((chunks.kind, chunks.scheme), (TagKind::Entities, Some(Scheme::Iob1)));
}

#[test]
fn plain_tags_are_found() {
    let Some(folder) = folder() else { return };
    for (name, (word, tag), sentences, number, tags) in [
        ("conll2003/eng.train", (1, 2), 14_041, 203_621, 45),
        ("ronec-v1/train.tsv", (1, 2), 4_172, 144_006, 17),
        ("ud-english-ewt/en_ewt-ud-train.conllu", (2, 4), 12_544, 204_577, 17),
        ("ud-english-ewt/en_ewt-ud-dev.conllu", (2, 4), 2_001, 25_147, 17),
        ("ud-english-ewt/en_ewt-ud-test.conllu", (2, 5), 2_077, 25_094, 48),
        ("ud-chinese-gsd-v1/zh-ud-train.conllu", (2, 4), 3_997, 98_608, 15),
        ("ud-chinese-gsd-v1/zh-ud-dev.conllu", (2, 5), 500, 12_663, 37),
        ("ptb-sample/wsj-sample.pos.tsv", (1, 2), 3_914, 94_084, 45),
        ("ptb-sample/wsj-sample.dp", (1, 2), 3_914, 94_084, 45),
        ("ontogum/ontogum.test.conll", (2, 3), 30, 28_397, 0),
        ("ontonotes-fixtures/coref.gold_conll", (4, 5), 9, 173, 0),
    ] {
        let read = read(folder.join(name), word, tag);
        assert_eq!((read.kind, read.scheme), (TagKind::Plain, None), "{name}");
        assert_eq!((read.sentences.len(), words(&read)), (sentences, number), "{name}");
        assert!(tags == 0 || read.tags.len() == tags, "{name}: {:?}", read.tags);
    }
}

#[test]
fn names_in_brackets_are_found() {
    let Some(folder) = folder() else { return };
    for (name, sentences, number, names) in
        [("coref.gold_conll", 9, 173, 13), ("srl.subdomain.example.gold_conll", 4, 44, 5)]
    {
        let read = read(folder.join("ontonotes-fixtures").join(name), 4, 11);
        assert_eq!((read.kind, read.scheme), (TagKind::Entities, None), "{name}");
        assert_eq!(
            (read.sentences.len(), words(&read), entities(&read)),
            (sentences, number, names),
            "{name}"
        );
    }
}

#[test]
fn ids_are_not_taken_for_words() {
    let Some(folder) = folder() else { return };
    for (name, column) in
        [("ud-english-ewt/en_ewt-ud-dev.conllu", 2), ("ontonotes-fixtures/coref.gold_conll", 4)]
    {
        let file = FileReader::default().read(&folder.join(name), Encoding::Utf8).unwrap();
        let error = conll::read(&file, &Columns::default(), Known::Nothing).unwrap_err().to_string();
        assert!(error.contains(&format!("set data.word_column = {column}")), "{error}");
    }
}

#[test]
fn a_row_without_a_word_is_named() {
    let Some(folder) = folder() else { return };
    let file = FileReader::default().read(&folder.join("ontogum/ontogum.dev.conll"), Encoding::Utf8).unwrap();
    let columns = Columns { word: 2, ..Columns::default() };
    let error = conll::read(&file, &columns, Known::Nothing).unwrap_err().to_string();
    assert!(error.contains("line 16621: expected a word, found none in '379\\t\\t_'"), "{error}");
}

#[test]
fn questions_are_found() {
    let Some(folder) = folder() else { return };
    for (name, contexts, questions) in [
        ("dev-v1.1.rebuilt.json", 2_067, 10_570),
        ("train-subset.raw.json", 800, 3_997),
        ("train-subset.tokenised.json", 1_709, 4_861),
        ("train-subset.sentences.json", 0, 9_986),
    ] {
        let file = FileReader::default().read(&folder.join("squad").join(name), Encoding::Utf8).unwrap();
        let read = squad::read(&file).unwrap_or_else(|error| panic!("{error}"));
        println!("{name}: {} contexts, {} questions", read.split.contexts.len(), read.split.questions.len());
        assert_eq!((read.split.questions.len(), read.without_answer), (questions, 0), "{name}");
        assert!(contexts == 0 || read.split.contexts.len() == contexts, "{name}");
    }
}

use super::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Cases {
    pieces: Vec<String>,
    settings: Vec<Setting>,
}

#[derive(Deserialize)]
struct Setting {
    lowercase: bool,
    strip_accents: Option<bool>,
    chinese: bool,
    texts: Vec<OfText>,
    words: Vec<OfWords>,
    pairs: Vec<OfPair>,
}

#[derive(Deserialize)]
struct OfText {
    text: String,
    longest: usize,
    ids: Vec<u32>,
    offsets: Vec<(usize, usize)>,
}

#[derive(Deserialize)]
struct OfWords {
    words: Vec<String>,
    longest: usize,
    ids: Vec<u32>,
    word_of: Vec<Option<usize>>,
}

#[derive(Deserialize)]
struct OfPair {
    a: String,
    b: String,
    longest: usize,
    ids: Vec<u32>,
    types: Vec<u32>,
    offsets: Vec<(usize, usize)>,
}

/// Calls `check` with each setting, and the pieces read from `vocab.txt` and then from `tokenizer.json`.
fn each(check: impl Fn(&WordPieces, &Setting)) {
    let cases: Cases = serde_json::from_str(include_str!("cases.json")).unwrap();
    let vocabulary = cases.pieces.join("\n") + "\n";
    for setting in &cases.settings {
        let config = serde_json::json!({
            "do_lower_case": setting.lowercase,
            "strip_accents": setting.strip_accents,
            "tokenize_chinese_chars": setting.chinese,
            "tokenizer_class": "BertTokenizer",
        });
        let from = folder(&[("vocab.txt", &vocabulary), ("tokenizer_config.json", &config.to_string())]);
        let read = WordPieces::load(from.path()).unwrap();
        check(&read, setting);
        let to = folder(&[]);
        read.save(to.path()).unwrap();
        check(&WordPieces::load(to.path()).unwrap(), setting);
    }
}

#[test]
fn texts_are_split_as_transformers_splits_them() {
    each(|pieces, setting| {
        assert!(setting.texts.len() > 40);
        for case in &setting.texts {
            let found = pieces.encode(&case.text, case.longest);
            assert_eq!((&found.ids, &found.offsets), (&case.ids, &case.offsets), "{:?}", case.text);
            let whole = pieces.encode(&case.text, 512).ids.len();
            assert_eq!(found.cut, found.ids.len() < whole, "{:?}", case.text);
        }
    });
}

#[test]
fn words_are_split_as_transformers_splits_them() {
    each(|pieces, setting| {
        for case in &setting.words {
            let found = pieces.encode_words(&case.words, case.longest);
            assert_eq!(found.ids, case.ids, "{:?}", case.words);
            let mut word_of = vec![None; found.ids.len()];
            for (word, places) in found.pieces.iter().enumerate() {
                places.clone().for_each(|place| word_of[place] = Some(word));
                assert_eq!(found.first(word), case.word_of.iter().position(|w| *w == Some(word)));
                let alone = pieces.encode(&case.words[word], 512).ids.len() - 2;
                assert_eq!(found.cut[word], places.len() < alone, "{:?}", case.words);
            }
            assert_eq!(word_of, case.word_of, "{:?}", case.words);
        }
    });
}

#[test]
fn pairs_are_split_as_transformers_splits_them() {
    each(|pieces, setting| {
        for case in &setting.pairs {
            let first = pieces.encode(&case.a, 512);
            let room = case.longest - first.ids.len();
            let second = pieces.encode(&case.b, 1 + room);
            assert_eq!([&first.ids[..], &second.ids[1..]].concat(), case.ids, "{:?}", (&case.a, &case.b));
            assert_eq!([&first.offsets[..], &second.offsets[1..]].concat(), case.offsets);
            assert_eq!(case.types.iter().position(|part| *part == 1), Some(first.ids.len()));
        }
    });
}

#[test]
#[should_panic(expected = "the length must be at least 2, found 1")]
fn a_length_without_place_for_the_ends_is_a_bug() {
    pieces(&with("a")).encode("a", 1);
}

#[test]
fn a_piece_has_an_id_and_an_id_a_piece() {
    let pieces = pieces(&with("a ##b"));
    assert_eq!((pieces.size(), pieces.id("##b"), pieces.id("b")), (7, Some(6), None));
    assert_eq!((pieces.piece(5).as_deref(), pieces.piece(7)), (Some("a"), None));
    let special = pieces.special();
    assert_eq!([special.pad, special.unk, special.cls, special.sep, special.mask], [0, 1, 2, 3, 4]);
    assert_eq!((0..7).filter(|id| special.has(*id)).count(), 5);
}

use super::*;
use proptest::prelude::*;
use std::sync::LazyLock;

/// Characters that normalisation removes, changes, splits or joins.
const ODD: &str = "aA éÉe\u{301}\u{327}İıßﬁ中豈한ᄒ\u{1161}\u{11ab}\u{0}\u{ad}\u{200b}\u{200d}\u{fffd}\u{fe0f}👍👩\u{1f3fd}\
                   \t\n\u{a0}\u{3000}[MASK][UNK].,-²½ǅẞﷺก\u{e49}\u{1d165}\u{2f800}\u{e000}\u{10ffff}";

static READERS: LazyLock<Vec<WordPieces>> = LazyLock::new(|| {
    let vocabulary =
        with("a ##a e ##e é ##é ᄒ ##\u{1161} ##\u{11ab} 한 f ##i ß s ##s 中 . - m ##k i ##\u{307} 👍");
    let configs =
        ["{}", r#"{"do_lower_case":false}"#, r#"{"strip_accents":false,"tokenize_chinese_chars":false}"#];
    let read = |config| folder(&[("vocab.txt", &vocabulary), ("tokenizer_config.json", config)]);
    configs.iter().map(|config| WordPieces::load(read(config).path()).unwrap()).collect()
});

fn text() -> impl Strategy<Value = String> {
    let odd: Vec<char> = ODD.chars().collect();
    prop_oneof![
        any::<String>(),
        prop::collection::vec(prop::sample::select(odd), 0..40).prop_map(String::from_iter)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn places_are_ordered_between_characters_and_inside_the_text(text in text(), longest in 2usize..60) {
        for pieces in READERS.iter() {
            let found = pieces.encode(&text, longest);
            prop_assert!(found.ids.len() <= longest && found.ids.len() == found.offsets.len());
            prop_assert!(found.ids.iter().all(|id| (*id as usize) < pieces.size()));
            let inner = &found.offsets[1..found.offsets.len() - 1];
            for &(start, end) in inner {
                prop_assert!(text.get(start..end).is_some_and(|part| !part.is_empty()), "{start}..{end} of {text:?}");
            }
            for pair in inner.windows(2) {
                prop_assert!(pair[0].0 <= pair[1].0 && pair[0].1 <= pair[1].1, "{inner:?} of {text:?}");
            }
        }
    }

    /// A list of words has the pieces of each.
    #[test]
    fn words_are_split_as_texts(a in text(), b in text()) {
        for pieces in READERS.iter() {
            let [first, second] = [&a, &b].map(|text| pieces.encode(text, 10_000));
            let words = pieces.encode_words(&[&a, &b], 10_000);
            prop_assert_eq!(&words.ids[words.pieces[0].clone()], &first.ids[1..first.ids.len() - 1]);
            prop_assert_eq!(&words.ids[words.pieces[1].clone()], &second.ids[1..second.ids.len() - 1]);
        }
    }
}

#[test]
fn fuzz_tokenizer() {
    let folder = folder(&[]);
    let path = folder.path().join("tokenizer.json");
    crate::fuzz::run("tokenizer", |bytes| {
        fs::write(&path, bytes).unwrap();
        match WordPieces::load(folder.path()) {
            Ok(pieces) => _ = pieces.encode("a Ab é [MASK] <new> 👍", 9),
            Err(error) => assert!(!error.to_string().contains('\n'), "{error}"),
        }
    });
}

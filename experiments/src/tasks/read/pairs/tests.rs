use super::super::spans::{text_of, token_span};
use super::*;
use crate::data::Answer;
use crate::pretrained;
use crate::tasks::bert::BertKeys;
use crate::text::WordPieces;
use gradus_engine::Rng;
use gradus_models::{Bert, BertConfig};
use proptest::prelude::*;
use std::sync::LazyLock;

/// A tiny BERT that splits most words; some characters have no piece.
static TEXT: LazyLock<BertText> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let pieces =
        WordPieces::train(&["the fox lives in oslo - ulm , muller", "é 中 e a b c d"], 60, true).unwrap();
    let config = BertConfig {
        vocab_size: pieces.size(),
        hidden_size: 4,
        num_hidden_layers: 1,
        num_attention_heads: 1,
        intermediate_size: 4,
        ..BertConfig::default()
    };
    pretrained::save(folder.path(), &config, &Bert::new(&config, &mut Rng::new(1)), &pieces).unwrap();
    let keys = BertKeys { pretrained: Some(folder.path().into()), ..BertKeys::default() };
    BertText::open(&keys, None).unwrap()
});

#[test]
fn an_answer_becomes_pieces_and_its_own_text_again() {
    let of = "E\u{301}mile Mu\u{308}ller 👍 lives in \u{1d4de}slo-Ulm,\u{a0}中国 e\u{301}e\u{301}.";
    let (tokens, pieces) = context(&TEXT, of);
    assert_eq!(pieces.len(), tokens.len() + 1);
    for (answer, back) in [
        ("Mu\u{308}ller", "Mu\u{308}ller"),
        ("E\u{301}mile Mu\u{308}ller", "E\u{301}mile Mu\u{308}ller"),
        ("👍", "👍"),
        ("Ulm", "Ulm"),
        ("中", "中"),
        ("in \u{1d4de}slo-Ulm", "in \u{1d4de}slo-Ulm"),
        // Space around an answer has no piece.
        (" lives ", "lives"),
    ] {
        let answer = Answer { text: answer.into(), start: of.find(answer).unwrap() };
        let (first, last) = token_span(&tokens, &answer).unwrap();
        assert_eq!(text_of(of, &tokens, first, last), back);
    }
}

#[test]
fn windows_hold_the_question_and_all_of_the_context() {
    let (question, cut) = question(&TEXT, "where does the fox live ?", 40);
    assert!(!cut);
    let (tokens, pieces) = context(&TEXT, &"the fox lives in oslo , ".repeat(20));
    let special = TEXT.pieces().special();
    let pairs = Pair::all(&question, &pieces, 40);
    let room = room(40, &question);
    assert!(pairs.len() > 3 && pairs.iter().all(|pair| pair.len() == 40 && pair.window.len() == room));
    for (pair, next) in pairs.iter().zip(&pairs[1..]) {
        assert!(pair.window.end - next.window.start >= room / 2, "{:?} {:?}", pair.window, next.window);
    }
    assert_eq!((pairs[0].window.start, pairs.last().unwrap().window.end), (0, tokens.len()));
    for pair in &pairs {
        let ids = pair.text.ids();
        assert_eq!(&ids[..pair.before], question.ids());
        assert_eq!(&ids[pair.before..39], &pieces.ids()[pair.window.clone()]);
        assert_eq!((ids[0], ids[39]), (special.cls, special.sep));
    }
    assert_eq!(Pair::all(&question, &context(&TEXT, " \u{200b}").1, 40), []);
}

#[test]
fn a_long_question_is_cut_to_half_of_the_places() {
    for longest in [5, 6, 40] {
        let (read, cut) = question(&TEXT, &"the fox ".repeat(40), longest);
        assert!(cut);
        assert_eq!(read.len(), 2 + (longest - 3) / 2);
        assert!(room(longest, &read) >= (longest - 3) / 2 && room(longest, &read) > 0);
    }
}

#[test]
fn segments_and_places_are_those_of_the_context() {
    let question = Text::of_pieces(vec![2, 7, 3], false);
    let pairs = [
        Pair::new(&question, &Text::of_pieces(vec![10, 11, 12, 3], false), 1..3),
        Pair::new(&question, &Text::of_pieces(vec![10, 3], false), 0..1),
    ];
    for no_answer in [false, true] {
        let tensors = tensors(&pairs, no_answer);
        let numbers = |i: usize| tensors[i].to_vec::<i64>();
        assert_eq!(numbers(0), [2, 7, 3, 11, 12, 3, 2, 7, 3, 10, 3, 0]);
        assert_eq!(numbers(1), [6, 5]);
        assert_eq!(numbers(2), [0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 0]);
        let cls = f64::from(u8::from(no_answer));
        assert_eq!(tensors[3].to_f64(), [cls, 0.0, 0.0, 1.0, 1.0, 0.0, cls, 0.0, 0.0, 1.0, 0.0, 0.0]);
    }
    assert_eq!((pairs[0].place(0), pairs[0].place(1)), (3, 4));
}

fn logits(first: usize, start: &[f64], end: &[f64], nothing: [f64; 2]) -> Logits {
    Logits { first, start: start.to_vec(), end: end.to_vec(), nothing }
}

#[test]
fn the_best_span_of_all_windows_is_the_answer() {
    let one = logits(0, &[0.0, 1.0, 0.0], &[0.0, 0.0, 1.0], [f64::NEG_INFINITY; 2]);
    let two = logits(2, &[0.0, 2.0], &[3.0, 0.5], [f64::NEG_INFINITY; 2]);
    // The end before the start is no span; 3 to 3 has 2.5, 2 to 2 has 3.
    let found = answered(&[one.clone(), two.clone()], 2, false);
    assert_eq!(found.words, Some((2, 2)));
    let sum = |x: &[f64]| x.iter().map(|x| x.exp()).sum::<f64>();
    let z = [sum(&[0.0, 1.0, 0.0, 0.0, 2.0]), sum(&[0.0, 0.0, 1.0, 3.0, 0.5])];
    assert!((found.probability - 3f64.exp() / z[0] / z[1]).abs() < 1e-12);
    assert_eq!(answered(&[one], 1, false).words, Some((1, 1)), "of equal spans the first");
    assert_eq!(answered(&[], 9, false), Answered::default());
    assert_eq!(answered(&[], 9, true), Answered { words: None, probability: 1.0 });
}

#[test]
fn there_is_no_answer_if_no_window_has_one() {
    let quiet = |nothing: f64| logits(0, &[0.0], &[0.0], [nothing; 2]);
    let found = answered(&[quiet(5.0), quiet(4.0)], 9, true);
    // Two places with logit 0 against the lower one of the two.
    let no = 4f64.exp() / (4f64.exp() + 2.0);
    let none = no * no / (no * no + (1.0 - no) * (1.0 - no));
    assert_eq!(found.words, None);
    assert!((found.probability - none).abs() < 1e-12);
    let found = answered(&[quiet(5.0), quiet(-4.0)], 9, true);
    assert_eq!(found.words, Some((0, 0)));
    assert!((0.24..0.25).contains(&found.probability), "a quarter of nearly 1: {found:?}");
    // Logits of any size are no trouble.
    for nothing in [1e30, -1e30] {
        let found = answered(&[quiet(nothing)], 9, true);
        assert_eq!((found.words.is_none(), found.probability), (nothing > 0.0, 1.0));
    }
}

proptest! {
    #[test]
    fn every_piece_is_in_a_window_and_every_span_survives(of in "[a-e ,é中👍\u{301}]{0,60}", asked in "[a-e ]{0,30}", longest in 5usize..30, from: usize) {
        let (question, _) = question(&TEXT, &asked, longest);
        let (tokens, pieces) = context(&TEXT, &of);
        let pairs = Pair::all(&question, &pieces, longest);
        prop_assert!(pairs.iter().all(|pair| pair.len() <= longest));
        prop_assert!((0..tokens.len()).all(|piece| pairs.iter().any(|pair| pair.window.contains(&piece))));
        prop_assume!(!tokens.is_empty());
        let first = from % tokens.len();
        let text = text_of(&of, &tokens, first, first).to_owned();
        let start = tokens.spans()[first].start;
        let (low, high) = token_span(&tokens, &Answer { text, start }).unwrap();
        // Pieces of one character share its bytes.
        prop_assert!(low <= first && first <= high);
        prop_assert_eq!(text_of(&of, &tokens, low, high), text_of(&of, &tokens, first, first));
    }
}

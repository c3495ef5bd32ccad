//! Exact match and F1 of answers, equal to the official script of SQuAD v1.1 (Rajpurkar et al. 2016), which was written
//! for Python 3: its notions of lower case, white space and word are kept.

use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use unicode_normalization::char::is_combining_mark;

/// Means over questions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Share of the questions whose prediction is one of the answers, from 0 to 1 (the script prints percent).
    pub exact_match: f64,
    /// Mean F1 of prediction and best answer, from 0 to 1.
    pub f1: f64,
    /// How many questions there are.
    pub questions: usize,
}

impl Scores {
    /// Scores of `(prediction, answers)`, one for each question; what was not answered is predicted as `""`, which may
    /// differ from the script only where an answer is nothing but articles and punctuation: the script counts a missing
    /// prediction as wrong, and so must who has none.
    pub fn of<'a, A>(questions: impl IntoIterator<Item = (&'a str, A)>) -> Self
    where
        A: IntoIterator<Item = &'a str> + Clone,
    {
        let mut scores = Scores::default();
        for (prediction, answers) in questions {
            scores.exact_match += f64::from(u8::from(exact_match(prediction, answers.clone())));
            scores.f1 += f1(prediction, answers);
            scores.questions += 1;
        }
        let n = scores.questions.max(1) as f64;
        Scores { exact_match: scores.exact_match / n, f1: scores.f1 / n, ..scores }
    }
}

/// Whether a prediction equals one of the answers after [`normalised`].
pub fn exact_match<'a>(prediction: &str, answers: impl IntoIterator<Item = &'a str>) -> bool {
    let prediction = normalised(prediction);
    answers.into_iter().any(|answer| normalised(answer) == prediction)
}

/// `max over answers of 2 P R / (P + R)`, where P and R are the shares of the predicted and of the answer's words,
/// after [`normalised`], that they have in common, as often as both have them. Nothing in common is 0, even if both are
/// empty.
pub fn f1<'a>(prediction: &str, answers: impl IntoIterator<Item = &'a str>) -> f64 {
    let prediction = normalised(prediction);
    answers.into_iter().map(|answer| overlap(&prediction, &normalised(answer))).fold(0.0, f64::max)
}

/// F1 of the words of two normalised texts.
fn overlap(prediction: &str, answer: &str) -> f64 {
    let mut left: HashMap<&str, usize> = HashMap::new();
    let (mut predicted, mut gold, mut same) = (0, 0, 0);
    for word in answer.split(' ').filter(|w| !w.is_empty()) {
        *left.entry(word).or_default() += 1;
        gold += 1;
    }
    for word in prediction.split(' ').filter(|w| !w.is_empty()) {
        predicted += 1;
        if let Some(count) = left.get_mut(word).filter(|count| **count > 0) {
            *count -= 1;
            same += 1;
        }
    }
    if same == 0 {
        return 0.0;
    }
    let (precision, recall) = (f64::from(same) / f64::from(predicted), f64::from(same) / f64::from(gold));
    2.0 * precision * recall / (precision + recall)
}

/// Lower case; without ASCII punctuation, which leaves no space; the words a, an, the made spaces; words apart by one
/// space. In this order.
pub fn normalised(text: &str) -> String {
    let plain: String = text.to_lowercase().chars().filter(|c| !c.is_ascii_punctuation()).collect();
    let mut out = String::new();
    let mut rest = plain.as_str();
    while !rest.is_empty() {
        let in_word = rest.starts_with(word_character);
        let end = rest.find(|c| word_character(c) != in_word).unwrap_or(rest.len());
        let run = &rest[..end];
        out.push_str(if matches!(run, "a" | "an" | "the") { " " } else { run });
        rest = &rest[end..];
    }
    out.split(is_space).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// `\w` of Python's `re`: letters and numbers by general category, so that neither a combining mark nor a circled letter
/// is one (the underscore has gone with the punctuation).
fn word_character(c: char) -> bool {
    let circled = matches!(c, '\u{24B6}'..='\u{24E9}' | '\u{1F130}'..='\u{1F189}');
    c.is_alphanumeric() && !is_combining_mark(c) && !circled
}

/// What Python's `str.split` splits at: white space, and the four separators among the control characters.
fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{1C}'..='\u{1F}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12, "{found}, expected {expected}");
    }

    #[test]
    fn normalising_is_the_scripts() {
        for (text, expected) in [
            ("The  Quick, brown\tFox!", "quick brown fox"),
            ("a an the A. An! THE?", ""),
            // Punctuation goes first and leaves no space: what was apart becomes one word, or an article.
            ("U.S.-based", "usbased"),
            ("t.h.e cat", "cat"),
            ("a-b", "ab"),
            ("the_end", "theend"),
            ("theatre another", "theatre another"),
            // Only ASCII punctuation: a dash or curly quotes stay and end a word.
            ("“The” end", "“ ” end"),
            ("1999–2004", "1999–2004"),
            ("a–z", "–z"),
            ("$1,000.50 (US)", "100050 us"),
            ("ÜBER Straße", "über straße"),
            ("ΟΔΟΣ", "οδος"),
            ("\u{a0}x\u{3000}y\u{1c}z\u{85}", "x y z"),
            // A combining accent is no word character: the article before it goes.
            ("a\u{301} b", "\u{301} b"),
            ("a1 2the", "a1 2the"),
            ("", ""),
        ] {
            assert_eq!(normalised(text), expected, "{text:?}");
        }
    }

    #[test]
    fn exact_match_takes_any_answer() {
        assert!(exact_match("the Broncos.", ["Carolina Panthers", "Broncos"]));
        assert!(!exact_match("Denver Broncos", ["Broncos"]));
        assert!(!exact_match("x", []));
        // Both empty after normalising: equal, with no word in common.
        assert!(exact_match("the", ["!?"]));
        close(f1("the", ["!?"]), 0.0);
        assert!(exact_match("", ["a"]));
        assert!(!exact_match("10.0", ["10"]));
        assert!(exact_match("1,000", ["1000"]));
    }

    #[test]
    fn f1_counts_words_as_often_as_both_have_them() {
        // P = 1/2, R = 1.
        close(f1("Denver Broncos", ["Broncos"]), 2.0 / 3.0);
        // [x x y] against [x y y z]: x once, y once; P = 2/3, R = 2/4.
        close(f1("x x y", ["x y y z"]), 4.0 / 7.0);
        close(f1("x x x", ["x"]), 0.5);
        close(f1("x", ["y"]), 0.0);
        close(f1("", ["x"]), 0.0);
        // The best of the answers: 2/3 of the first, 1/2 of the second (P = 1/2, R = 1/2).
        close(f1("red car", ["blue car", "the car"]), 2.0 / 3.0);
        close(f1("red car", ["blue car"]), 0.5);
    }

    #[test]
    fn scores_are_means_over_questions() {
        let scores = Scores::of([
            ("Denver Broncos", vec!["Broncos", "the Denver Broncos"]),
            ("x x y", vec!["x y y z"]),
            ("the", vec!["-"]),
            ("", vec!["1871"]),
        ]);
        close(scores.exact_match, 0.5);
        close(scores.f1, (1.0 + 4.0 / 7.0) / 4.0);
        assert_eq!(scores.questions, 4);
        assert_eq!(Scores::of(std::iter::empty::<(&str, Vec<&str>)>()), Scores::default());
    }

    proptest! {
        #[test]
        fn a_text_is_its_own_answer(text: String, other: String) {
            prop_assert!(exact_match(&text, [other.as_str(), text.as_str()]));
            let score = f1(&text, [text.as_str()]);
            prop_assert!((score - f64::from(u8::from(!normalised(&text).is_empty()))).abs() < 1e-12);
            let (one, two) = (f1(&text, [other.as_str()]), f1(&other, [text.as_str()]));
            prop_assert!((one - two).abs() < 1e-12 && (0.0..1.0 + 1e-12).contains(&one));
        }

        #[test]
        fn normalised_text_has_no_article_and_single_spaces(text in "[aAn theT.,\t'é_-]{0,20}") {
            let out = normalised(&text);
            prop_assert!(out.split(' ').all(|w| !matches!(w, "a" | "an" | "the") && (out.is_empty() || !w.is_empty())));
        }
    }
}

//! Exact match and F1 of answers, equal to the official scripts of SQuAD v1.1 (Rajpurkar et al. 2016) and v2.0
//! (Rajpurkar, Jia and Liang 2018), which run on Python 3: its definitions of lower case, white space and word
//! characters are used here too.

use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use unicode_normalization::char::is_combining_mark;

/// Means over questions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Share of the questions whose prediction is one of the answers, from 0 to 1 (the scripts print percent).
    pub exact_match: f64,
    /// Mean F1 of prediction and best answer, from 0 to 1.
    pub f1: f64,
    /// Number of questions.
    pub questions: usize,
}

/// The scores of a set in which some questions have no answer, as the script of v2.0 prints them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ScoresByAnswer {
    /// `exact`, `f1` and `total`.
    pub all: Scores,
    /// `HasAns_exact`, `HasAns_f1` and `HasAns_total`: over the questions that have an answer.
    pub has_answer: Scores,
    /// `NoAns_exact`, `NoAns_f1` and `NoAns_total`: over those that have none. The two scores are equal.
    pub no_answer: Scores,
}

impl Scores {
    /// Scores of `(prediction, answers)`, one for each question, by the rules of v1.1. A question that was not answered
    /// has the prediction `""`. The script counts a missing prediction as wrong, which differs only if an answer
    /// consists of nothing but articles and punctuation.
    pub fn of<'a, A>(questions: impl IntoIterator<Item = (&'a str, A)>) -> Self
    where
        A: IntoIterator<Item = &'a str> + Clone,
    {
        let mut sums = [0.0; 3];
        for (prediction, answers) in questions {
            sums.iter_mut().zip(row(prediction, answers)).for_each(|(sum, x)| *sum += x);
        }
        Scores::of_sums(sums)
    }

    /// The means for sums of [`row`]s; 0 if there are no questions.
    pub fn of_sums([exact_match, f1, questions]: [f64; 3]) -> Self {
        let n = questions.max(1.0);
        Scores { exact_match: exact_match / n, f1: f1 / n, questions: questions as usize }
    }
}

impl ScoresByAnswer {
    /// The means for sums of [`row_by_answer`]s; 0 over no questions.
    pub fn of_sums(sums: [f64; 6]) -> Self {
        let [exact, f1, n, has_exact, has_f1, has] = sums;
        ScoresByAnswer {
            all: Scores::of_sums([exact, f1, n]),
            has_answer: Scores::of_sums([has_exact, has_f1, has]),
            no_answer: Scores::of_sums([exact - has_exact, f1 - has_f1, n - has]),
        }
    }
}

/// What a question adds to the sums by the rules of v1.1: [`exact_match`], [`f1`] and 1.
pub fn row<'a, A>(prediction: &str, answers: A) -> [f64; 3]
where
    A: IntoIterator<Item = &'a str> + Clone,
{
    [f64::from(u8::from(exact_match(prediction, answers.clone()))), f1(prediction, answers), 1.0]
}

/// What a question adds to the sums by the rules of v2.0: exact match, F1 and 1, then the same three again if it has an
/// answer, otherwise zeros.
///
/// A prediction that is empty after [`normalised`], such as `""`, means that there is no answer. If the question has no
/// answer, or only answers that are empty after [`normalised`], this prediction is right, with 1 in both scores, and
/// every other one is wrong. For all other questions it is wrong. The F1 of two texts without words is therefore 1,
/// whereas v1.1 has 0.
pub fn row_by_answer<'a>(prediction: &str, answers: impl IntoIterator<Item = &'a str>) -> [f64; 6] {
    let predicted = normalised(prediction);
    let mut has_answer = false;
    let (mut exact, mut f1, mut words) = (0.0f64, 0.0f64, false);
    for answer in answers {
        has_answer = true;
        let answer = normalised(answer);
        if !answer.is_empty() {
            words = true;
            exact = exact.max(f64::from(u8::from(answer == predicted)));
            f1 = f1.max(overlap(&predicted, &answer));
        }
    }
    if !words {
        exact = f64::from(u8::from(predicted.is_empty()));
        f1 = exact;
    }
    let has = f64::from(u8::from(has_answer));
    [exact, f1, 1.0, has * exact, has * f1, has]
}

/// Whether a prediction equals one of the answers after [`normalised`].
pub fn exact_match<'a>(prediction: &str, answers: impl IntoIterator<Item = &'a str>) -> bool {
    let prediction = normalised(prediction);
    answers.into_iter().any(|answer| normalised(answer) == prediction)
}

/// `max over answers of 2 P R / (P + R)`, where P and R are the shares of the predicted words and of the answer's words
/// that both have in common after [`normalised`], counting repeated words as often as both have them. F1 is 0 if they
/// have nothing in common, even if both are empty.
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

/// Lower-cases the text, removes ASCII punctuation without leaving a space, replaces the words a, an and the by spaces,
/// and separates the words by single spaces, in this order.
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

/// `\w` of Python's `re`: letters and numbers by general category, so that neither a combining mark nor a circled
/// letter is one (the underscore has been removed with the punctuation).
fn word_character(c: char) -> bool {
    let circled = matches!(c, '\u{24B6}'..='\u{24E9}' | '\u{1F130}'..='\u{1F189}');
    c.is_alphanumeric() && !is_combining_mark(c) && !circled
}

/// The characters at which Python's `str.split` splits: white space, and the four separators among the control
/// characters.
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
            // Punctuation is removed first and leaves no space: what it separated becomes one word, or an article.
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
            // A combining accent is not a word character: the article before it is removed.
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
        // The best of the answers: 1/2 for the first (P = 1/2, R = 1/2), 2/3 for the second (P = 1/2, R = 1).
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

    /// `exact_scores` and `f1_scores` of the official script's `get_raw_scores`, run on the same questions, and its
    /// `make_eval_dict` over all, over those with and over those without an answer.
    #[test]
    fn questions_without_an_answer_are_scored_as_by_the_script_of_v2() {
        let questions: [(&str, &[&str], [f64; 2]); 9] = [
            ("", &[], [1.0, 1.0]),
            ("the", &[], [1.0, 1.0]),
            ("Broncos", &[], [0.0, 0.0]),
            ("", &["Broncos"], [0.0, 0.0]),
            ("the Broncos!", &["Panthers", "broncos"], [1.0, 1.0]),
            ("Denver Broncos", &["Broncos"], [0.0, 2.0 / 3.0]),
            // Answers without words are ignored; if there are no others, the right answer is none.
            ("", &["The", "1871"], [0.0, 0.0]),
            ("", &["The", "!?"], [1.0, 1.0]),
            ("x", &["The"], [0.0, 0.0]),
        ];
        let mut sums = [0.0; 6];
        for (prediction, answers, [exact, f1]) in questions {
            let row = row_by_answer(prediction, answers.iter().copied());
            close(row[0], exact);
            close(row[1], f1);
            let has = f64::from(u8::from(!answers.is_empty()));
            assert_eq!(row[2..], [1.0, has * row[0], has * row[1], has], "{prediction} {answers:?}");
            sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
        }
        let ScoresByAnswer { all, has_answer, no_answer } = ScoresByAnswer::of_sums(sums);
        for (scores, [exact, f1], n) in [
            (all, [4.0 / 9.0, (4.0 + 2.0 / 3.0) / 9.0], 9),
            (has_answer, [2.0 / 6.0, (2.0 + 2.0 / 3.0) / 6.0], 6),
            (no_answer, [2.0 / 3.0; 2], 3),
        ] {
            close(scores.exact_match, exact);
            close(scores.f1, f1);
            assert_eq!(scores.questions, n);
        }
        assert_eq!(ScoresByAnswer::of_sums([0.0; 6]), ScoresByAnswer::default());
    }

    proptest! {
        #[test]
        fn both_scripts_agree_where_each_answer_has_a_word(prediction in "[ab,. ]{0,6}", answers in prop::collection::vec("[ab ]{0,3}b", 1..4)) {
            let answers = answers.iter().map(String::as_str);
            prop_assert_eq!(&row_by_answer(&prediction, answers.clone())[..3], &row(&prediction, answers));
        }

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

//! Converts answers to the first and last token of a context and back, and selects the window of a long context.

use crate::data::{Answer, Question, Questions};
use crate::text::Tokens;
use std::ops::Range;

/// The first and the last token that overlap an answer; none if it lies between two tokens.
pub fn token_span(tokens: &Tokens, answer: &Answer) -> Option<(usize, usize)> {
    let end = answer.start + answer.text.len();
    let first = tokens.spans().partition_point(|span| span.end <= answer.start);
    let after = tokens.spans().partition_point(|span| span.start < end);
    (first < after).then(|| (first, after - 1))
}

/// The text of a context from its token `first` to its token `last`.
///
/// # Panics
/// If `first` is past `last` or `last` is not a token.
#[track_caller]
pub fn text_of<'a>(context: &'a str, tokens: &Tokens, first: usize, last: usize) -> &'a str {
    assert!(
        first <= last && last < tokens.len(),
        "text of a span: tokens {first} to {last} are not a stretch of the {} tokens",
        tokens.len()
    );
    &context[tokens.spans()[first].start..tokens.spans()[last].end]
}

/// Windows of `limit` tokens that overlap by half and cover a context; a single one if it is short.
///
/// # Panics
/// If the limit is 0.
#[track_caller]
pub fn windows(tokens: usize, limit: Option<usize>) -> Vec<Range<usize>> {
    let limit = limit.unwrap_or(usize::MAX);
    assert!(limit > 0, "windows: the limit is 0 tokens");
    let mut windows: Vec<Range<usize>> = std::iter::once(0..limit.min(tokens)).collect();
    let mut start = 0;
    while start + limit < tokens {
        start = (start + limit.div_ceil(2)).min(tokens - limit);
        windows.push(start..start + limit);
    }
    windows
}

/// The window for a span of tokens: the first of [`windows`] that contains it, so that training sees answers at all places of
/// a window, as evaluation does; if there is none, the window that begins with the span; none if the span exceeds the limit.
///
/// # Panics
/// If the limit is 0 or the span is not within the tokens.
#[track_caller]
pub fn window_with(
    tokens: usize,
    limit: Option<usize>,
    (first, last): (usize, usize),
) -> Option<Range<usize>> {
    assert!(
        first <= last && last < tokens,
        "window: the span {first} to {last} is not within the {tokens} tokens"
    );
    let whole = windows(tokens, limit).into_iter().find(|w| w.start <= first && last < w.end);
    whole.or_else(|| {
        let limit = limit.unwrap_or(tokens);
        let start = first.min(tokens - limit);
        (last - first < limit).then(|| start..start + limit)
    })
}

/// A question whose answer is a span of tokens in a window of its context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// Index into [`Questions::questions`].
    pub question: usize,
    /// The window, in tokens of the context.
    pub window: Range<usize>,
    /// The answer's first and last token, counted from the window's start; none for a question without an answer.
    pub answer: Option<(usize, usize)>,
}

/// For training: the first answer of every question, in a window that contains it ([`window_with`]). A question is left out if
/// its answer exceeds the limit or contains no token, or if it has no answer and the model does not learn that. For a question
/// without an answer, the window is the first one of its context.
///
/// # Panics
/// If the tokens are not those of the split's contexts, one list for each, or the limit is 0.
#[track_caller]
pub fn locate(split: &Questions, tokens: &[Tokens], limit: Option<usize>, no_answer: bool) -> Vec<Located> {
    let locate = |(q, question): (usize, &Question)| {
        let tokens = &tokens[question.context];
        let Some(answer) = question.answers.first() else {
            let window = 0..limit.map_or(tokens.len(), |limit| limit.min(tokens.len()));
            return (no_answer && !tokens.is_empty()).then_some(Located {
                question: q,
                window,
                answer: None,
            });
        };
        let (first, last) = token_span(tokens, answer)?;
        let window = window_with(tokens.len(), limit, (first, last))?;
        let answer = Some((first - window.start, last - window.start));
        Some(Located { question: q, window, answer })
    };
    split.questions.iter().enumerate().filter_map(locate).collect()
}

/// For training a model that reads all windows of a context: the windows that contain the first answer of a question, or, if
/// there is none, the one of [`window_with`]. If the model learns that there is no answer, the other windows of the context and
/// those of questions without an answer are examples of that. Questions are left out as by [`locate`]. `limit` is the most
/// tokens of a window with a question.
///
/// # Panics
/// If the tokens are not those of the split's contexts, one list for each, or a limit is 0.
#[track_caller]
pub fn locate_all(
    split: &Questions,
    tokens: &[Tokens],
    limit: impl Fn(usize) -> usize,
    no_answer: bool,
) -> Vec<Located> {
    let mut located = vec![];
    for (q, question) in split.questions.iter().enumerate() {
        let (tokens, limit) = (&tokens[question.context], Some(limit(q)));
        let mut windows = windows(tokens.len(), limit);
        let span = match question.answers.first() {
            None if no_answer && !tokens.is_empty() => None,
            None => continue,
            Some(answer) => {
                let Some(span) = token_span(tokens, answer) else { continue };
                let Some(window) = window_with(tokens.len(), limit, span) else { continue };
                if !windows.contains(&window) {
                    windows.push(window);
                }
                Some(span)
            }
        };
        for window in windows {
            let holds = |(first, last): &(usize, usize)| window.start <= *first && *last < window.end;
            let answer = span.filter(holds).map(|(first, last)| (first - window.start, last - window.start));
            if answer.is_some() || no_answer {
                located.push(Located { question: q, window, answer });
            }
        }
    }
    located
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{data::questions::Question, text::tokenise::Tokeniser};
    use proptest::prelude::*;

    fn answer(context: &str, text: &str) -> Answer {
        Answer { text: text.into(), start: context.find(text).unwrap() }
    }

    fn split(context: &str, answers: &[&[&str]]) -> (Questions, Vec<Tokens>) {
        let question = |texts: &&[&str]| Question {
            id: texts.concat(),
            context: 0,
            question: "?".into(),
            answers: texts.iter().map(|text| answer(context, text)).collect(),
        };
        let questions = answers.iter().map(question).collect();
        let tokens = vec![Tokeniser::default().tokens(context)];
        (Questions { contexts: vec![context.into()], titles: vec![String::new()], questions }, tokens)
    }

    #[test]
    fn answers_become_tokens_and_text_again() {
        let context = "Café Müller, on the east-side: $1,500 in 1999–2004.";
        let tokens = Tokeniser::default().tokens(context);
        for (text, back) in [
            ("Müller", "Müller"),
            ("east-side", "east-side"),
            ("on the east", "on the east"),
            ("1999–2004", "1999–2004"),
            // Half a word is the whole word.
            ("side: $1", "side: $1"),
            ("üll", "Müller"),
            // Space around an answer belongs to no token.
            (", on ", ", on"),
        ] {
            let (first, last) = token_span(&tokens, &answer(context, text)).unwrap();
            assert_eq!(text_of(context, &tokens, first, last), back, "{text}");
        }
        assert_eq!(token_span(&tokens, &answer(context, " ")), None);
        assert_eq!(token_span(&Tokens::default(), &answer(context, "Café")), None);
    }

    #[test]
    #[should_panic(expected = "tokens 1 to 2 are not a stretch of the 2 tokens")]
    fn a_span_past_the_end_has_no_text() {
        text_of("a b", &Tokeniser::default().tokens("a b"), 1, 2);
    }

    #[test]
    fn windows_overlap_by_half_and_end_with_the_context() {
        assert_eq!(windows(7, None), std::slice::from_ref(&(0..7)));
        assert_eq!(windows(7, Some(7)), std::slice::from_ref(&(0..7)));
        assert_eq!(windows(10, Some(4)), [0..4, 2..6, 4..8, 6..10]);
        assert_eq!(windows(9, Some(4)), [0..4, 2..6, 4..8, 5..9]);
        assert_eq!(windows(3, Some(1)), [0..1, 1..2, 2..3]);
        assert_eq!(windows(0, Some(1)), std::slice::from_ref(&(0..0)));
    }

    #[test]
    fn the_window_of_an_answer_holds_it() {
        assert_eq!(window_with(10, Some(4), (2, 3)), Some(0..4));
        assert_eq!(window_with(10, Some(4), (3, 4)), Some(2..6));
        // No window of four at an even place holds tokens 3 to 6.
        assert_eq!(window_with(10, Some(4), (3, 6)), Some(3..7));
        assert_eq!(window_with(10, Some(4), (3, 7)), None);
        assert_eq!(window_with(10, None, (0, 9)), Some(0..10));
    }

    #[test]
    fn cut_answers_are_left_out() {
        let (split, tokens) = split("a b c d e f g h", &[&["b"], &["g h"], &["b c d e f"], &["h", "a"]]);
        let located = locate(&split, &tokens, Some(4), false);
        let places: Vec<_> = located.iter().map(|l| (l.question, l.window.clone(), l.answer)).collect();
        assert_eq!(places, [(0, 0..4, Some((1, 1))), (1, 4..8, Some((2, 3))), (3, 4..8, Some((3, 3)))]);
        assert_eq!(locate(&split, &tokens, None, false).len(), 4);
    }

    #[test]
    fn a_question_without_an_answer_reads_the_first_window_or_is_left_out() {
        let (split, tokens) = split("a b c d e f g h", &[&["b"], &[]]);
        assert_eq!(locate(&split, &tokens, Some(4), false).len(), 1);
        let located = locate(&split, &tokens, Some(4), true);
        assert_eq!((located[1].question, located[1].window.clone(), located[1].answer), (1, 0..4, None));
    }

    #[test]
    fn every_window_with_the_answer_is_an_example_and_the_others_are_of_no_answer() {
        let (split, tokens) = split("a b c d e f g h", &[&["c"], &["b c d e f"], &[], &["d e f"], &["h"]]);
        let places = |no_answer| -> Vec<_> {
            let limit = |question| if question == 4 { 3 } else { 4 };
            let located = locate_all(&split, &tokens, limit, no_answer);
            located.into_iter().map(|l| (l.question, l.window, l.answer)).collect()
        };
        // Windows 0..4, 2..6, 4..8; of the last question 0..3, 2..5, 4..7, 5..8.
        let with = [
            (0, 0..4, Some((2, 2))),
            (0, 2..6, Some((0, 0))),
            (3, 2..6, Some((1, 3))),
            (4, 5..8, Some((2, 2))),
        ];
        assert_eq!(places(false), with);
        let all = places(true);
        let (some, none): (Vec<_>, Vec<_>) = all.into_iter().partition(|place| place.2.is_some());
        assert_eq!(some, with);
        let none: Vec<_> = none.into_iter().map(|(question, window, _)| (question, window)).collect();
        let expected = [
            (0, 4..8),
            (2, 0..4),
            (2, 2..6),
            (2, 4..8),
            (3, 0..4),
            (3, 4..8),
            (4, 0..3),
            (4, 2..5),
            (4, 4..7),
        ];
        assert_eq!(none, expected);
    }

    #[test]
    fn an_answer_that_no_window_holds_has_one_of_its_own() {
        let (split, tokens) = split("a b c d e f g h", &[&["b c d e"]]);
        let located = locate_all(&split, &tokens, |_| 4, false);
        assert_eq!((located.len(), located[0].window.clone(), located[0].answer), (1, 1..5, Some((0, 3))));
    }

    proptest! {
        #[test]
        fn a_span_of_tokens_survives_its_text(context in ".{0,40}|[a-c ,é中<>]{1,40}", from: usize, length in 0usize..5) {
            let tokens = Tokeniser::default().tokens(&context);
            prop_assume!(!tokens.is_empty());
            let first = from % tokens.len();
            let last = (first + length).min(tokens.len() - 1);
            let text = text_of(&context, &tokens, first, last).to_owned();
            let start = tokens.spans()[first].start;
            prop_assert_eq!(token_span(&tokens, &Answer { text, start }), Some((first, last)));
        }

        #[test]
        fn every_answer_that_fits_is_in_its_window(tokens in 1usize..60, limit in 1usize..30, at: usize, length in 0usize..30) {
            let first = at % tokens;
            let last = (first + length).min(tokens - 1);
            let window = window_with(tokens, Some(limit), (first, last));
            prop_assert_eq!(window.is_some(), last - first < limit);
            if let Some(w) = window {
                prop_assert!(w.start <= first && last < w.end && w.end <= tokens && w.len() == limit.min(tokens));
            }
            let windows = windows(tokens, Some(limit));
            prop_assert!((0..tokens).all(|t| windows.iter().any(|w| w.contains(&t))));
        }
    }
}

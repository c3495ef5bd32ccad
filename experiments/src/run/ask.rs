//! Inputs of a trained model, and the style of its answers.

use crate::data::shown::terminal;
use crate::text::{Tokeniser, Tokens};
use std::ops::Range;

/// Why a text has no answer if an output of the model for it is not finite.
pub const NOT_FINITE: &str = "an output of the model for this text is not finite; train again with a lower optimizer.lr, or with \
                              train.clip_norm";

/// A text for a trained model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ask {
    /// The text; the question, for a task that answers questions.
    pub text: String,
    /// The bytes of its words, if it is already split.
    pub words: Option<Vec<Range<usize>>>,
    /// The context, for a task that has one.
    pub context: Option<String>,
}

impl Ask {
    /// Words without a text, which are joined by single spaces.
    pub fn of_words<S: AsRef<str>>(words: &[S]) -> Ask {
        let mut end = 0;
        let place = |word: &&str| {
            let start = end;
            end = start + word.len() + 1;
            start..start + word.len()
        };
        let words: Vec<&str> = words.iter().map(S::as_ref).collect();
        let places = words.iter().map(place).collect();
        Ask { text: words.join(" "), words: Some(places), context: None }
    }

    /// The same text, already split at white space.
    pub fn split_at_spaces(self) -> Ask {
        let words: Vec<&str> = self.text.split_whitespace().collect();
        let places = places(&self.text, &words).ok();
        Ask { words: places, ..self }
    }

    /// The words of the text: its own, if it is already split.
    pub fn tokens(&self, tokeniser: &Tokeniser) -> Tokens {
        match &self.words {
            Some(words) => Tokens::of_split(&self.text, words, tokeniser),
            None => tokeniser.tokens(&self.text),
        }
    }
}

/// The bytes of consecutive words in a text that has only white space before, between and after them.
///
/// # Errors
/// The first word that does not come next, or none for text after the last word; and the rest of the text.
pub fn places<'a, S: AsRef<str>>(
    text: &'a str,
    words: &'a [S],
) -> Result<Vec<Range<usize>>, (Option<&'a str>, &'a str)> {
    let mut rest = text;
    let place = |word: &'a S| {
        let word = word.as_ref();
        // A word may itself begin with white space.
        let from = if rest.starts_with(word) { rest } else { rest.trim_start() };
        let after = from.strip_prefix(word).ok_or((Some(word), from))?;
        let start = text.len() - from.len();
        rest = after;
        Ok(start..start + word.len())
    };
    let places = words.iter().map(place).collect::<Result<Vec<_>, _>>()?;
    match rest.trim_start() {
        "" => Ok(places),
        more => Err((None, more)),
    }
}

/// How answers are searched for, where that differs from the run, and what is said of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Search {
    /// How many hypotheses are kept at each step; at least as many as are asked for.
    pub beam: Option<usize>,
    /// α of the length penalty.
    pub length_penalty: Option<f64>,
    /// β of the coverage penalty.
    pub coverage_penalty: Option<f64>,
    /// How many answers are given for a text, with their scores; without it, the best one alone.
    pub n_best: Option<usize>,
    /// Whether to show what in a text each word of an answer attends to.
    pub alignment: bool,
}

impl Search {
    /// The largest α: with a higher power of the length, log-probabilities hardly count.
    pub const MOST_PENALTY: f64 = 10.0;

    /// The flags of `gradus predict` that make it differ from that of the run.
    pub fn flags(&self) -> Vec<&'static str> {
        let given = [
            ("--beam", self.beam.is_some()),
            ("--length-penalty", self.length_penalty.is_some()),
            ("--coverage-penalty", self.coverage_penalty.is_some()),
            ("--n-best", self.n_best.is_some()),
            ("--alignment", self.alignment),
        ];
        given.into_iter().filter_map(|(flag, given)| given.then_some(flag)).collect()
    }
}

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// For a program: one JSON object per line.
    Json,
    /// For a person at a terminal, with colours.
    Colour,
    /// For a person, without colours.
    Plain,
    /// Columns: one word and its tag per line, a blank line after each text.
    Columns,
}

impl Style {
    /// A text as a line or a part of one. Where parts are marked by brackets, a backslash stands before each bracket and each
    /// backslash of the text itself.
    pub fn shown(self, text: &str) -> String {
        let marks = self == Style::Plain && text.contains(['[', ']', '\\']);
        let escaped = |mut escaped: String, c: char| {
            escaped.extend(matches!(c, '[' | ']' | '\\').then_some('\\'));
            escaped.push(c);
            escaped
        };
        match marks {
            true => terminal(&text.chars().fold(String::new(), escaped)).into_owned(),
            false => terminal(text).into_owned(),
        }
    }

    /// Highlights a part of an answer, with its kind unless that is empty.
    pub fn marked(self, text: &str, kind: &str) -> String {
        match (self, kind) {
            (Style::Colour, "") => format!("\x1b[1m{text}\x1b[0m"),
            (Style::Colour, kind) => {
                // A kind has the same colour in every line.
                let colour = 31 + kind.bytes().map(usize::from).sum::<usize>() % 6;
                format!("\x1b[1;{colour}m{text}\x1b[0;2m {kind}\x1b[0m")
            }
            (_, "") => text.into(),
            (_, kind) => format!("[{text} {kind}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_of_a_text_are_no_marks() {
        let of = |style: Style| style.shown("in [x]\t\\[");
        assert_eq!(of(Style::Plain), "in \\[x\\]\\t\\\\\\[");
        assert_eq!(of(Style::Colour), "in [x]\\t\\[");
    }

    #[test]
    fn words_are_found_where_the_text_has_them() {
        let text = " a\tb  <br>c ";
        assert_eq!(places(text, &["a", "b", "<br>", "c"]), Ok(vec![1..2, 3..4, 6..10, 10..11]));
        assert_eq!(places("the\u{3000}é", &["the", "", "é"]), Ok(vec![0..3, 3..3, 6..8]));
        assert_eq!(places("ab c", &["ab", " c"]), Ok(vec![0..2, 2..4]));
        assert_eq!(places("another the", &["the"]), Err((Some("the"), "another the")));
        assert_eq!(places("the cat", &["the"]), Err((None, "cat")));
        let split = Ask { text: text.into(), ..Ask::default() }.split_at_spaces();
        assert_eq!(split.words, Some(vec![1..2, 3..4, 6..11]));
        let words = ["a", "", "é b", "c"].map(String::from);
        let joined = Ask::of_words(&words);
        let found = joined.words.iter().flatten().map(|place| &joined.text[place.clone()]);
        assert_eq!(
            (joined.text.as_str(), found.collect::<Vec<_>>()),
            ("a  é b c", words.iter().map(String::as_str).collect())
        );
    }
}

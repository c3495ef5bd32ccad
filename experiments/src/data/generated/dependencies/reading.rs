//! The probabilities of a given text, and its dependencies.

use super::state::{Choice, State, Step};
use super::{EOS, Grammar, total};

/// A text that is not one of the grammar.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "line {line}, word {word}: expected {expected}, as the grammar of the generated text has it, found '{found}'"
)]
pub struct Ungrammatical {
    /// The number of the line, from 1.
    pub line: usize,
    /// The number of the word in the line, from 1.
    pub word: usize,
    /// What can stand there.
    pub expected: String,
    /// What stands there.
    pub found: String,
}

impl Grammar {
    /// −ln p(token | what is visible) of each token of a text, with [`EOS`] at the end of each line: given all tokens before, or
    /// given the last `visible` ones, as the [module](super) says. A token that the grammar determines has 0.
    ///
    /// # Errors
    /// If a token cannot follow those before it.
    pub fn nats<S: AsRef<str>>(
        &self,
        lines: &[S],
        visible: Option<usize>,
    ) -> Result<Vec<f64>, Ungrammatical> {
        let mut nats = vec![];
        self.read(lines, |state, choice, rank| {
            let choices = state.choices(&self.rules, visible);
            nats.push(self.nats_of(&choices, choice, rank));
        })?;
        Ok(nats)
    }

    /// For each token of a text, with [`EOS`] at the end of each line: how many tokens before it the last token lies that
    /// determines its agreement, its bracket or its name; none for other tokens, and for a name that is new.
    ///
    /// # Errors
    /// If a token cannot follow those before it.
    pub fn distances<S: AsRef<str>>(&self, lines: &[S]) -> Result<Vec<Option<usize>>, Ungrammatical> {
        let mut distances = vec![];
        self.read(lines, |state, choice, _| {
            distances.push(state.dependency(choice.step).map(|shown| state.place - shown.place));
        })?;
        Ok(distances)
    }

    /// Visits each token of a text: the state before it, its choice, and its rank in its class.
    pub(super) fn read<S: AsRef<str>>(
        &self,
        lines: &[S],
        mut visit: impl FnMut(&State, &Choice, usize),
    ) -> Result<(), Ungrammatical> {
        let mut state = self.beginning();
        for (line, text) in lines.iter().enumerate() {
            let words = text.as_ref().split_ascii_whitespace().chain([EOS]);
            for (place, word) in words.enumerate() {
                let choices = state.choices(&self.rules, None);
                let number = self.rules.lexicon.numbers.get(word);
                let found = number.and_then(|number| self.find(&choices, *number));
                let Some((choice, rank)) = found else {
                    let expected = self.expected(&choices);
                    return Err(Ungrammatical {
                        line: line + 1,
                        word: place + 1,
                        expected,
                        found: word.into(),
                    });
                };
                visit(&state, choice, rank);
                state.take(&self.rules, choice.step, rank);
            }
        }
        Ok(())
    }

    /// The choice of a token, and its rank.
    fn find<'a>(&self, choices: &'a [Choice], number: u32) -> Option<(&'a Choice, usize)> {
        choices.iter().find_map(|choice| {
            let rank = self.rules.group(choice.step).rank(number)?;
            choice.only.is_none_or(|only| only == rank).then_some((choice, rank))
        })
    }

    /// −ln of the probability of a token that takes the step of `taken` with this rank. The choices may be those of a reader who
    /// sees less than the one of whom `taken` is a choice.
    pub(super) fn nats_of(&self, choices: &[Choice], taken: &Choice, rank: usize) -> f64 {
        let choice = choices.iter().find(|choice| choice.step == taken.step);
        let choice = choice.expect("who sees less expects more");
        let of_step = (total(choices) as f64 / choice.weight as f64).ln();
        match choice.only {
            Some(_) => of_step,
            None => {
                let group = self.rules.group(choice.step);
                of_step + (group.total() as f64 / group.weight(rank) as f64).ln()
            }
        }
    }

    fn expected(&self, choices: &[Choice]) -> String {
        let name = |choice: &Choice| {
            let group = self.rules.group(choice.step);
            let number = group.first as usize + choice.only.unwrap_or(0);
            let one = choice.only.is_some() || group.sums.len() == 1;
            match choice.step {
                _ if one => format!("'{}'", self.rules.lexicon.words[number]),
                Step::Title => "a title".into(),
                Step::Adjective => "an adjective".into(),
                Step::Noun(_) => "a noun".into(),
                Step::Role => "a role".into(),
                Step::Name => "a name".into(),
                Step::Preposition(_) => "a preposition".into(),
                Step::Verb(_) => "a verb that agrees with the subject".into(),
                Step::Adverb => "an adverb".into(),
                Step::Open => "an opening bracket".into(),
                Step::Close => "a closing bracket".into(),
                Step::Chapter | Step::End | Step::The | Step::And => {
                    format!("'{}'", self.rules.lexicon.words[number])
                }
            }
        };
        let mut names: Vec<String> = choices.iter().map(name).collect();
        names.dedup();
        names.join(" or ")
    }
}

//! Reading comprehension: a question, a text, and the stretch of the text that answers it.

use super::{DataError, Split, split};
use std::collections::HashMap;

/// A question about one context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Unique within its split.
    pub id: String,
    /// Index into [`ReadingSplit::contexts`].
    pub context: usize,
    /// The question as the file has it.
    pub question: String,
    /// All answers that people gave; each is right. None if the context does not answer the question (SQuAD 2.0).
    pub answers: Vec<Answer>,
}

/// `context[start .. start + text.len()] = text`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The words of the context that answer.
    pub text: String,
    /// Bytes of the context before them.
    pub start: usize,
}

/// Questions and the texts they are about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadingSplit {
    /// The texts.
    pub contexts: Vec<String>,
    /// The article that each context is from; empty where the file does not say.
    pub titles: Vec<String>,
    /// The questions.
    pub questions: Vec<Question>,
}

/// A set for reading comprehension: no split is without a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Short name, as on the command line.
    pub name: String,
    /// What is learned from.
    pub train: ReadingSplit,
    /// What choices are made on.
    pub dev: ReadingSplit,
    /// What is reported.
    pub test: ReadingSplit,
    /// SHA-256 over the files read (see [`super::files::FileReader::checksum`]).
    pub checksum: String,
    /// What a reader of a result must know: how the splits came about, which version was read.
    pub note: String,
}

impl Question {
    /// The texts of the answers, as the metrics want them.
    pub fn texts(&self) -> impl Iterator<Item = &str> + Clone {
        self.answers.iter().map(|answer| answer.text.as_str())
    }
}

impl ReadingSplit {
    /// How many questions are without an answer.
    pub fn without_answer(&self) -> usize {
        self.questions.iter().filter(|question| question.answers.is_empty()).count()
    }

    /// Takes out the questions without an answer, and contexts that no other question is about; returns how many
    /// questions there were. Nothing changes if there were none.
    pub fn leave_out_unanswered(&mut self) -> usize {
        let left_out = self.without_answer();
        if left_out > 0 {
            let answered = (0..self.questions.len()).filter(|&q| !self.questions[q].answers.is_empty());
            *self = self.select(&answered.collect::<Vec<_>>());
        }
        left_out
    }

    /// These questions in this order, and of the contexts those they are about, in the order of first use.
    ///
    /// # Panics
    /// If an index is not below the number of questions.
    #[track_caller]
    pub fn select(&self, questions: &[usize]) -> ReadingSplit {
        let mut out = ReadingSplit::default();
        let mut moved = HashMap::new();
        for &q in questions {
            let question = &self.questions[q];
            let context = *moved.entry(question.context).or_insert_with(|| {
                out.contexts.push(self.contexts[question.context].clone());
                out.titles.push(self.titles[question.context].clone());
                out.contexts.len() - 1
            });
            out.questions.push(Question { context, ..question.clone() });
        }
        out
    }
}

impl Reading {
    /// One split.
    pub fn split(&self, split: Split) -> &ReadingSplit {
        match split {
            Split::Train => &self.train,
            Split::Dev => &self.dev,
            Split::Test => &self.test,
        }
    }

    /// Keeps at most `n` questions of a split, drawn by `seed`, and the contexts they are about; says so in the note.
    pub fn limited(mut self, split: Split, n: usize, seed: u64) -> Self {
        let part = match split {
            Split::Train => &mut self.train,
            Split::Dev => &mut self.dev,
            Split::Test => &mut self.test,
        };
        let whole = part.questions.len();
        if n < whole {
            let drawn = split::hold_out(&mut (0..whole).collect(), n, seed);
            *part = part.select(&drawn);
            let separator = if self.note.is_empty() { "" } else { "; " };
            self.note
                .push_str(&format!("{separator}{split}: {n} of {whole} questions, drawn by seed {seed}"));
        }
        self
    }

    /// Returns the set itself if every split has a question.
    ///
    /// # Errors
    /// [`DataError::EmptySplit`].
    pub fn checked(self) -> Result<Self, DataError> {
        for split in [Split::Train, Split::Dev, Split::Test] {
            if self.split(split).questions.is_empty() {
                return Err(DataError::EmptySplit { set: self.name, split });
            }
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(questions: usize) -> ReadingSplit {
        let question = |i: usize| Question {
            id: i.to_string(),
            context: i / 2,
            question: format!("{i}?"),
            answers: vec![Answer { text: (i / 2).to_string(), start: 2 }],
        };
        ReadingSplit {
            contexts: (0..questions.div_ceil(2)).map(|c| format!("c {c}")).collect(),
            titles: (0..questions.div_ceil(2)).map(|c| format!("t{c}")).collect(),
            questions: (0..questions).map(question).collect(),
        }
    }

    fn set() -> Reading {
        Reading {
            name: "tiny".into(),
            train: part(9),
            dev: part(1),
            test: part(2),
            checksum: String::new(),
            note: String::new(),
        }
    }

    #[test]
    fn a_selection_takes_its_contexts_along() {
        let out = part(6).select(&[5, 0, 4]);
        assert_eq!(
            (out.contexts, out.titles),
            (vec!["c 2".into(), "c 0".into()], vec!["t2".into(), "t0".into()])
        );
        let places: Vec<(&str, usize)> = out.questions.iter().map(|q| (q.id.as_str(), q.context)).collect();
        assert_eq!(places, [("5", 0), ("0", 1), ("4", 0)]);
    }

    #[test]
    fn questions_without_an_answer_are_left_out_and_counted() {
        let mut split = part(6);
        assert_eq!(split.leave_out_unanswered(), 0);
        assert_eq!(split, part(6));
        for q in [0, 1, 5] {
            split.questions[q].answers.clear();
        }
        assert_eq!(split.without_answer(), 3);
        assert_eq!(split.leave_out_unanswered(), 3);
        let places: Vec<(&str, usize)> = split.questions.iter().map(|q| (q.id.as_str(), q.context)).collect();
        assert_eq!(
            (places, split.contexts),
            (vec![("2", 0), ("3", 0), ("4", 1)], vec!["c 1".into(), "c 2".into()])
        );
    }

    #[test]
    fn a_limit_keeps_so_many_questions_and_says_so() {
        let few = set().limited(Split::Train, 3, 1);
        assert_eq!(
            (few.train.questions.len(), few.note.as_str()),
            (3, "train: 3 of 9 questions, drawn by seed 1")
        );
        for question in &few.train.questions {
            let answer = &question.answers[0];
            assert_eq!(few.train.contexts[question.context][answer.start..], answer.text);
        }
        assert_eq!(set().limited(Split::Train, 9, 1), set());
        assert_ne!(set().limited(Split::Train, 3, 2).train, few.train);
    }

    #[test]
    fn a_split_without_questions_is_an_error_that_names_it() {
        assert!(set().checked().is_ok());
        let mut empty = set();
        empty.test.questions.clear();
        assert!(empty.checked().unwrap_err().to_string().contains("the test split of 'tiny' is empty"));
    }
}

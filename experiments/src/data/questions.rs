//! Reading comprehension: a question, a context, and the span of the context that answers it.

use std::collections::HashMap;

/// A question about one context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Unique within its split.
    pub id: String,
    /// Index into [`Questions::contexts`].
    pub context: usize,
    /// The question as in the file.
    pub question: String,
    /// All answers given by annotators; each is right. Empty if the context does not answer the question (SQuAD 2.0).
    pub answers: Vec<Answer>,
}

/// `context[start .. start + text.len()] = text`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The text of the answer, as in the context.
    pub text: String,
    /// Its byte offset in the context.
    pub start: usize,
}

/// Questions and the texts they are about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Questions {
    /// The texts.
    pub contexts: Vec<String>,
    /// The article that each context is from; empty if the file does not say.
    pub titles: Vec<String>,
    /// The questions.
    pub questions: Vec<Question>,
}

impl Question {
    /// The texts of the answers, as the metrics take them.
    pub fn texts(&self) -> impl Iterator<Item = &str> + Clone {
        self.answers.iter().map(|answer| answer.text.as_str())
    }
}

impl Questions {
    /// Number of questions without an answer.
    pub fn without_answer(&self) -> usize {
        self.questions.iter().filter(|question| question.answers.is_empty()).count()
    }

    /// Removes the questions without an answer, and the contexts that no other question is about. Returns the number of
    /// removed questions; if it is 0, nothing changes.
    pub fn leave_out_unanswered(&mut self) -> usize {
        let left_out = self.without_answer();
        if left_out > 0 {
            let answered = (0..self.questions.len()).filter(|&q| !self.questions[q].answers.is_empty());
            *self = self.select(&answered.collect::<Vec<_>>());
        }
        left_out
    }

    /// Selects questions in this order, and the contexts they are about in the order of first use.
    ///
    /// # Panics
    /// If an index is not below the number of questions.
    #[track_caller]
    pub fn select(&self, questions: &[usize]) -> Questions {
        let mut out = Questions::default();
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

#[cfg(test)]
mod tests {
    use super::*;

    fn part(questions: usize) -> Questions {
        let question = |i: usize| Question {
            id: i.to_string(),
            context: i / 2,
            question: format!("{i}?"),
            answers: vec![Answer { text: (i / 2).to_string(), start: 2 }],
        };
        Questions {
            contexts: (0..questions.div_ceil(2)).map(|c| format!("c {c}")).collect(),
            titles: (0..questions.div_ceil(2)).map(|c| format!("t{c}")).collect(),
            questions: (0..questions).map(question).collect(),
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
}

//! Which questions are the same: those of equal text about equal contexts.

use crate::data::{Questions, Split, Splits};
use std::collections::HashMap;

/// The questions of train, dev and test, each with a number that equal contexts share.
pub(super) fn asked(data: &Splits<Questions>) -> [Vec<(usize, &str)>; 3] {
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    Split::ALL.map(|split| {
        let part = data.split(split);
        let contexts: Vec<usize> = part
            .contexts
            .iter()
            .map(|context| {
                let next = numbers.len();
                *numbers.entry(context).or_insert(next)
            })
            .collect();
        part.questions.iter().map(|q| (contexts[q.context], q.question.as_str())).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Question;

    #[test]
    fn equal_questions_about_equal_contexts_are_the_same() {
        let part = |contexts: &[&str], questions: &[(usize, &str)]| Questions {
            contexts: contexts.iter().map(|context| context.to_string()).collect(),
            titles: vec![String::new(); contexts.len()],
            questions: questions
                .iter()
                .map(|(context, question)| Question {
                    id: String::new(),
                    context: *context,
                    question: question.to_string(),
                    answers: vec![],
                })
                .collect(),
        };
        let data = Splits {
            train: part(&["a", "b"], &[(1, "who?"), (0, "who?")]),
            dev: part(&["b", "c", "b"], &[(0, "who?"), (1, "who?"), (2, "who?"), (2, "why?")]),
            ..Splits::none("own", &[])
        };
        let [train, dev, test] = asked(&data);
        let known: Vec<bool> = dev.iter().map(|question| train.contains(question)).collect();
        assert_eq!((known, test.len()), (vec![true, false, true, false], 0));
    }
}

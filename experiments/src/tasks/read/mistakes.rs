use super::{Answered, Read};
use crate::data::{Question, Split};
use crate::metrics::reading::f1;
use crate::run::Mistake;

/// A wrong answer. The more probable it was to the model and the less it has in common with a right one, the worse it is.
pub(super) fn mistake(task: &Read, split: Split, example: usize, answered: &Answered) -> Mistake {
    let question = &task.data.split(split).questions[example];
    of_question(question, task.text_of(split, example, answered), answered.probability)
}

fn of_question(question: &Question, answer: &str, probability: f64) -> Mistake {
    let common = if question.answers.is_empty() { 0.0 } else { f1(answer, question.texts()) };
    let mut right: Vec<&str> = vec![];
    // Several annotators often give the same answer.
    for text in question.texts() {
        if !right.contains(&text) {
            right.push(text);
        }
    }
    let or_none = |text: String| if text.is_empty() { "no answer".to_owned() } else { text };
    Mistake {
        severity: probability * (1.0 - common),
        degree: format!("{:.1}% sure, F1 {:.1}", 100.0 * probability, 100.0 * common),
        text: question.question.clone(),
        right: or_none(right.join(" / ")),
        predicted: or_none(answer.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Answer;

    #[test]
    fn the_surer_and_the_farther_off_the_worse() {
        let question = |answers: &[&str]| Question {
            id: "q".into(),
            question: "Who?".into(),
            context: 0,
            answers: answers.iter().map(|&text| Answer { text: text.into(), start: 0 }).collect(),
        };
        let found = of_question(&question(&["Ada Lovelace", "Ada Lovelace", "Ada"]), "Lovelace", 0.9);
        assert_eq!((found.right.as_str(), found.predicted.as_str()), ("Ada Lovelace / Ada", "Lovelace"));
        // One of two words: F1 is 2/3.
        assert!((found.severity - 0.3).abs() < 1e-12, "{found:?}");
        assert_eq!(found.degree, "90.0% sure, F1 66.7");
        let none = of_question(&question(&[]), "Ada", 0.5);
        assert_eq!((none.right.as_str(), none.severity), ("no answer", 0.5));
    }
}

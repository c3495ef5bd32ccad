//! A split as SQuAD v1.1, or v2.0 if a question is without an answer.

use super::characters::Characters;
use crate::data::questions::{Answer, Question, Questions};
use serde_json::Value;

/// A split in SQuAD's own form: consecutive contexts of one title are one article. The keys of each object are in the order of
/// the alphabet.
///
/// # Panics
/// If a question is about a context that is not there.
pub fn write(split: &Questions) -> String {
    let second = split.without_answer() > 0;
    let mut questions: Vec<Vec<&Question>> = vec![vec![]; split.contexts.len()];
    split.questions.iter().for_each(|question| questions[question.context].push(question));
    let paragraphs: Vec<String> = split
        .contexts
        .iter()
        .zip(&questions)
        .map(|(context, about)| paragraph(context, about, second))
        .collect();
    let places: Vec<usize> = (0..paragraphs.len()).collect();
    let article = |places: &[usize]| {
        let (first, last) = (places[0], places[places.len() - 1]);
        let paragraphs = paragraphs[first..=last].join(",");
        format!("{{\"paragraphs\":[{paragraphs}],\"title\":{}}}", string(&split.titles[first]))
    };
    let articles = places.chunk_by(|&a, &b| split.titles[a] == split.titles[b]).map(article);
    let version = if second { "v2.0" } else { "1.1" };
    format!("{{\"data\":[{}],\"version\":\"{version}\"}}\n", articles.collect::<Vec<_>>().join(","))
}

fn paragraph(context: &str, questions: &[&Question], second: bool) -> String {
    let characters = Characters::of(context);
    let entry = |question: &&Question| {
        let answer = |answer: &Answer| {
            let (start, text) = (characters.before(answer.start), string(&answer.text));
            format!("{{\"answer_start\":{start},\"text\":{text}}}")
        };
        let answers = question.answers.iter().map(answer).collect::<Vec<_>>().join(",");
        let (id, asked) = (string(&question.id), string(&question.question));
        let impossible = match second {
            true => format!("\"is_impossible\":{},", question.answers.is_empty()),
            false => String::new(),
        };
        format!("{{\"answers\":[{answers}],\"id\":{id},{impossible}\"question\":{asked}}}")
    };
    let entries = questions.iter().map(entry).collect::<Vec<_>>().join(",");
    format!("{{\"context\":{},\"qas\":[{entries}]}}", string(context))
}

/// A string as JSON.
fn string(text: &str) -> String {
    Value::from(text).to_string()
}

//! A split as SQuAD v1.1, or v2.0 if a question is without an answer.

use super::characters::Characters;
use crate::data::questions::ReadingSplit;
use serde_json::{Value, json};

/// A split in SQuAD's own form: consecutive contexts of one title are one article.
///
/// # Panics
/// If a question is about a context that is not there.
pub fn write(split: &ReadingSplit) -> String {
    let second = split.without_answer() > 0;
    let places: Vec<Characters<'_>> = split.contexts.iter().map(|context| Characters::of(context)).collect();
    let mut questions: Vec<Vec<Value>> = vec![Vec::new(); split.contexts.len()];
    for question in &split.questions {
        let characters = &places[question.context];
        let answers = question.answers.iter();
        let answers: Vec<Value> =
            answers.map(|a| json!({"text": a.text, "answer_start": characters.before(a.start)})).collect();
        let mut entry = json!({"id": question.id, "question": question.question, "answers": answers});
        if second {
            entry["is_impossible"] = question.answers.is_empty().into();
        }
        questions[question.context].push(entry);
    }
    let mut articles: Vec<(&str, Vec<Value>)> = Vec::new();
    for ((context, title), qas) in split.contexts.iter().zip(&split.titles).zip(questions) {
        let paragraph = json!({"context": context, "qas": qas});
        match articles.last_mut() {
            Some((last, paragraphs)) if last == title => paragraphs.push(paragraph),
            _ => articles.push((title, vec![paragraph])),
        }
    }
    let articles: Vec<Value> = articles
        .iter()
        .map(|(title, paragraphs)| json!({"title": title, "paragraphs": paragraphs}))
        .collect();
    let version = if second { "v2.0" } else { "1.1" };
    json!({"version": version, "data": articles}).to_string() + "\n"
}

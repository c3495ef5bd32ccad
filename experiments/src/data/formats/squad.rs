//! SQuAD v1.1 (Rajpurkar et al. 2016): JSON, `data[] > paragraphs[] > context, qas[] > id, question, answers[] > text,
//! answer_start`, where `answer_start` counts Unicode characters. An article's `title` may be missing; keys that the
//! format does not have are passed over.

use super::super::{
    DataError,
    error::quoted,
    questions::{Answer, Question, ReadingSplit},
};
use serde_json::{Value, json};
use std::{collections::HashSet, path::Path};

/// Reads the text of one file.
///
/// # Errors
/// As [`append`].
pub fn parse(path: &Path, text: &str) -> Result<ReadingSplit, DataError> {
    let mut split = ReadingSplit::default();
    append(path, text, &mut split)?;
    Ok(split)
}

/// Reads the text of one file and adds its contexts and questions to a split.
///
/// # Errors
/// [`DataError::Line`] on what is not JSON; [`DataError::Place`] on a missing key, a question without an answer, an
/// answer that is not where it is said to be, and an id that stands in the split already. Then the split is as it was.
pub fn append(path: &Path, text: &str, split: &mut ReadingSplit) -> Result<(), DataError> {
    let (contexts, questions) = (split.contexts.len(), split.questions.len());
    let read = read(path, text, split);
    if read.is_err() {
        split.contexts.truncate(contexts);
        split.titles.truncate(contexts);
        split.questions.truncate(questions);
    }
    read
}

fn read(path: &Path, text: &str, split: &mut ReadingSplit) -> Result<(), DataError> {
    let root: Value = serde_json::from_str(text).map_err(|error| malformed(path, &error))?;
    let mut ids: HashSet<String> = split.questions.iter().map(|q| q.id.clone()).collect();
    for article in Node::root(path, &root).list("data")? {
        let title = if article.value.get("title").is_some() { article.string("title")? } else { "" };
        for paragraph in article.list("paragraphs")? {
            let context = paragraph.string("context")?;
            split.contexts.push(context.to_owned());
            split.titles.push(title.to_owned());
            for node in paragraph.list("qas")? {
                let question = question(node, context, split.contexts.len() - 1, &mut ids)?;
                split.questions.push(question);
            }
        }
    }
    Ok(())
}

/// A split in the same format: consecutive contexts of one title are one article.
pub fn write(split: &ReadingSplit) -> String {
    let mut questions: Vec<Vec<Value>> = vec![Vec::new(); split.contexts.len()];
    for question in &split.questions {
        let context = &split.contexts[question.context];
        let answer = |a: &Answer| json!({"text": a.text, "answer_start": context[..a.start].chars().count()});
        let answers: Vec<Value> = question.answers.iter().map(answer).collect();
        questions[question.context]
            .push(json!({"id": question.id, "question": question.question, "answers": answers}));
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
    json!({"version": "1.1", "data": articles}).to_string() + "\n"
}

fn question(
    mut node: Node<'_>,
    context: &str,
    index: usize,
    ids: &mut HashSet<String>,
) -> Result<Question, DataError> {
    let id = node.string("id")?;
    node.question = Some(id);
    let text = node.string("question")?;
    if text.trim().is_empty() {
        return Err(node.fault("a question", "none".into(), "write it or remove the entry"));
    }
    let answers = node.list("answers")?.map(|a| answer(&a, context)).collect::<Result<Vec<_>, _>>()?;
    if answers.is_empty() {
        let advice = "remove the question: in this format each one can be answered";
        return Err(node.fault("at least one answer", "none".into(), advice));
    }
    if !ids.insert(id.to_owned()) {
        return Err(node.fault(
            "an id of its own",
            "one that an earlier question has".into(),
            "rename one of the two",
        ));
    }
    Ok(Question { id: id.to_owned(), context: index, question: text.to_owned(), answers })
}

fn answer(node: &Node<'_>, context: &str) -> Result<Answer, DataError> {
    const ADVICE: &str = "answer_start counts the Unicode characters of the context before the answer";
    let text = node.string("text")?;
    if text.trim().is_empty() {
        return Err(node.fault("the text of an answer", quoted(text), "write it or remove the answer"));
    }
    let place = node.get("answer_start")?;
    let Some(characters) = place.as_u64() else {
        return Err(node.fault("answer_start as a whole number from 0", quoted(&place.to_string()), ADVICE));
    };
    let ends = context.char_indices().map(|(i, _)| i).chain([context.len()]);
    let start = usize::try_from(characters).ok().and_then(|n| ends.clone().nth(n));
    let Some(start) = start else {
        let expected = format!("answer_start within the {} characters of the context", ends.count() - 1);
        return Err(node.fault(&expected, characters.to_string(), ADVICE));
    };
    if !context[start..].starts_with(text) {
        let there: String = context[start..].chars().take(text.chars().count()).collect();
        let expected = format!("the answer {} at character {characters}", quoted(text));
        return Err(node.fault(&expected, quoted(&there), ADVICE));
    }
    Ok(Answer { text: text.to_owned(), start })
}

/// The column counts bytes, as that of a wrong encoding does.
fn malformed(path: &Path, error: &serde_json::Error) -> DataError {
    let said = error.to_string();
    let what = said.rsplit_once(" at line ").map_or(said.as_str(), |(what, _)| what);
    DataError::Line {
        path: path.into(),
        line: error.line(),
        expected: "JSON".into(),
        found: format!("at column {}: {what}", error.column()),
        advice: "the file may be cut short or not be of this format",
    }
}

/// A value and the way that led to it.
#[derive(Clone)]
struct Node<'a> {
    path: &'a Path,
    value: &'a Value,
    place: String,
    question: Option<&'a str>,
}

impl<'a> Node<'a> {
    fn root(path: &'a Path, value: &'a Value) -> Self {
        Node { path, value, place: String::new(), question: None }
    }

    fn get(&self, key: &str) -> Result<&'a Value, DataError> {
        self.value.get(key).ok_or_else(|| {
            let found = match self.value {
                Value::Object(map) if map.is_empty() => "an object without keys".into(),
                Value::Object(map) => {
                    let keys: Vec<String> = map.keys().cloned().collect();
                    format!("the keys {}", crate::data::error::listed(&keys))
                }
                other => kind(other).to_owned(),
            };
            self.fault(&format!("an object with the key '{key}'"), found, "see the format of SQuAD v1.1")
        })
    }

    fn string(&self, key: &str) -> Result<&'a str, DataError> {
        let value = self.get(key)?;
        value.as_str().ok_or_else(|| {
            self.fault(&format!("a string under '{key}'"), kind(value).into(), "see the format of SQuAD v1.1")
        })
    }

    fn list(&self, key: &str) -> Result<impl Iterator<Item = Node<'a>> + use<'a>, DataError> {
        let value = self.get(key)?;
        let Some(items) = value.as_array() else {
            let expected = format!("a list under '{key}'");
            return Err(self.fault(&expected, kind(value).into(), "see the format of SQuAD v1.1"));
        };
        let (path, question) = (self.path, self.question);
        let prefix = if self.place.is_empty() { key.to_owned() } else { format!("{}.{key}", self.place) };
        let node = move |(i, value)| Node { path, value, place: format!("{prefix}[{i}]"), question };
        Ok(items.iter().enumerate().map(node))
    }

    fn fault(&self, expected: &str, found: String, advice: &'static str) -> DataError {
        let place = if self.place.is_empty() { "at the top" } else { &self.place };
        let question = self.question.map_or(String::new(), |id| format!(" (question {})", quoted(id)));
        DataError::Place {
            path: self.path.into(),
            place: format!("{place}{question}"),
            expected: expected.into(),
            found,
            advice,
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SMALL: &str = r#"{"version": "1.1", "data": [{"title": "Hill", "paragraphs": [{"context":
        "Café Müller is at 5 Hill Road.", "qas": [{"id": "q1", "question": "Where?", "extra": 1, "answers":
        [{"text": "5 Hill Road", "answer_start": 18}, {"text": "Hill", "answer_start": 20}]}]}]}]}"#;

    fn fault(from: &str, to: &str) -> String {
        let text = SMALL.replacen(from, to, 1);
        assert_ne!(text, SMALL);
        parse(Path::new("f.json"), &text).unwrap_err().to_string()
    }

    #[test]
    fn characters_become_bytes() {
        let split = parse(Path::new("f"), SMALL).unwrap();
        assert_eq!((split.contexts.len(), split.titles[0].as_str()), (1, "Hill"));
        let question = &split.questions[0];
        assert_eq!((question.id.as_str(), question.question.as_str(), question.context), ("q1", "Where?", 0));
        assert_eq!(question.answers[0], Answer { text: "5 Hill Road".into(), start: 20 });
        assert_eq!(question.texts().collect::<Vec<_>>(), ["5 Hill Road", "Hill"]);
    }

    #[test]
    fn what_is_not_json_is_named_by_line_and_column() {
        assert_eq!(
            fault("\"q1\",", "\"q1\""),
            "f.json, line 2: expected JSON, found at column 65: expected `,` or `}`; the file may be cut short or not be \
             of this format"
        );
        let cut = parse(Path::new("f"), &SMALL[..SMALL.len() - 2]).unwrap_err().to_string();
        assert!(cut.contains("line 3") && cut.contains("EOF while parsing"), "{cut}");
        assert!(parse(Path::new("f"), "").unwrap_err().to_string().contains("expected JSON"));
    }

    #[test]
    fn missing_keys_and_wrong_types_are_named_by_their_place() {
        assert_eq!(
            fault("\"question\"", "\"Question\""),
            "f.json, data[0].paragraphs[0].qas[0] (question 'q1'): expected an object with the key 'question', found the \
             keys 'Question', 'answers', 'extra', 'id'; see the format of SQuAD v1.1"
        );
        for (from, to, place, said) in [
            ("\"data\"", "\"dada\"", "at the top", "the key 'data'"),
            ("\"paragraphs\"", "\"p\"", "data[0]:", "the key 'paragraphs'"),
            ("\"Hill\"", "7", "data[0]:", "a string under 'title', found a number"),
            ("\"context\"", "\"c\"", "data[0].paragraphs[0]:", "the key 'context'"),
            ("\"id\"", "\"i\"", "data[0].paragraphs[0].qas[0]:", "the key 'id'"),
            ("\"answer_start\"", "\"s\"", "qas[0].answers[0] (question 'q1')", "the key 'answer_start'"),
            (": 18", ": -1", "qas[0].answers[0] (question 'q1')", "a whole number from 0, found '-1'"),
            (": 18", ": 1.5", "qas[0].answers[0] (question 'q1')", "found '1.5'"),
            ("\"Where?\"", "\" \"", "(question 'q1')", "expected a question, found none"),
            ("\"5 Hill Road\"", "\"\"", "answers[0] (question 'q1')", "the text of an answer, found ''"),
        ] {
            let error = fault(from, to);
            assert!(error.contains(place) && error.contains(said), "{error}");
        }
        let nothing = parse(Path::new("f"), "[]").unwrap_err().to_string();
        assert!(
            nothing.contains("at the top: expected an object with the key 'data', found a list"),
            "{nothing}"
        );
    }

    #[test]
    fn a_question_without_an_answer_is_an_error() {
        let text = r#"{"data": [{"paragraphs": [{"context": "a", "qas": [{"id": "7", "question": "?", "answers": []}]}]}]}"#;
        let error = parse(Path::new("f"), text).unwrap_err().to_string();
        assert!(error.contains("qas[0] (question '7'): expected at least one answer, found none"), "{error}");
    }

    #[test]
    fn a_span_must_lie_in_its_context_and_read_as_its_text() {
        assert!(
            fault(": 18", ": 31").contains("answer_start within the 30 characters of the context, found 31")
        );
        assert!(
            fault(": 18", ": 30").contains("expected the answer '5 Hill Road' at character 30, found ''")
        );
        let error = fault(": 18", ": 19");
        assert!(error.contains("the answer '5 Hill Road' at character 19, found ' Hill Road.'"), "{error}");
        assert!(fault(": 18", ": 18446744073709551615").contains("within the 30 characters"));
    }

    #[test]
    fn an_id_stands_once_in_all_files_of_a_split() {
        let mut split = parse(Path::new("one"), SMALL).unwrap();
        let error = append(Path::new("two"), SMALL, &mut split).unwrap_err().to_string();
        assert!(
            error.starts_with("two, data[0].paragraphs[0].qas[0] (question 'q1'): expected an id of"),
            "{error}"
        );
        append(Path::new("two"), &SMALL.replace("q1", "q2"), &mut split).unwrap();
        assert_eq!((split.contexts.len(), split.questions[1].context), (2, 1));
    }

    prop_compose! {
        fn any_split()(parts in prop::collection::vec(
            (r"[a-bé中😀 ]{1,12}x", "[tü]{0,1}", prop::collection::vec((any::<String>(), any::<[u8; 2]>()), 0..4)), 0..5,
        )) -> ReadingSplit {
            let mut split = ReadingSplit::default();
            for (context, title, questions) in parts {
                let places: Vec<usize> = context.char_indices().map(|(i, _)| i).collect();
                for (question, [from, _]) in questions {
                    let start = places[from as usize % places.len()];
                    let answers = vec![Answer { text: context[start..].into(), start }];
                    split.questions.push(Question {
                        id: format!("{}-{}", split.contexts.len(), split.questions.len()),
                        context: split.contexts.len(),
                        question: question + "?",
                        answers,
                    });
                }
                split.contexts.push(context);
                split.titles.push(title);
            }
            split
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(split in any_split()) {
            prop_assert_eq!(parse(Path::new("f"), &write(&split)).unwrap(), split);
        }

        #[test]
        fn any_text_is_a_split_or_an_error(text: String, cut in 0..SMALL.len(), put in "[\\[\\]{}\",:0-9a-z\u{e9}]{0,3}") {
            let _ = parse(Path::new("f"), &text);
            // What is nearly right reaches further than noise does.
            let at = (0..=cut).rev().find(|&i| SMALL.is_char_boundary(i)).unwrap_or(0);
            let rest = SMALL[at..].char_indices().nth(1).map_or("", |(i, _)| &SMALL[at + i..]);
            let _ = parse(Path::new("f"), &format!("{}{put}{rest}", &SMALL[..at]));
        }
    }
}

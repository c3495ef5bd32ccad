//! Texts to predict as JSON lines.

use crate::data::error::quoted;
use crate::run::{Ask, places};
use serde::Deserialize;
use serde_json::Value;

/// The text of a line of JSON lines: an object with `text` or `question`, its `words` or both, and `context` if there is one.
///
/// # Errors
/// Why the line holds none, in a sentence.
pub(super) fn object(line: &str) -> Result<Ask, String> {
    #[derive(Deserialize)]
    struct Object {
        #[serde(alias = "question")]
        text: Option<String>,
        context: Option<String>,
        words: Option<Vec<String>>,
    }
    let expected = "expected a JSON object with \"text\" (or \"question\" and \"context\")";
    let value: Value =
        serde_json::from_str(line).map_err(|fault| format!("{expected}, found {}: {fault}", quoted(line)))?;
    if !value.is_object() {
        return Err(format!("{expected}, found {}", quoted(line)));
    }
    let Object { text, context, words } = serde_json::from_value(value)
        .map_err(|fault| format!("{expected}, found {}: {fault}", quoted(line)))?;
    let asked = match (text, words) {
        (None, None) => return Err(format!("{expected}, found {}", quoted(line))),
        (Some(text), None) => Ask { text, ..Ask::default() },
        (Some(text), Some(words)) if !text.is_empty() => {
            let found = places(&text, &words).map_err(|(word, rest)| {
                let word = word.map_or("no more words".to_owned(), quoted);
                format!(
                    "expected \"words\" to be the words of \"text\", in order, found {word} where the text has {}; \
                     correct them, or leave \"text\" out",
                    quoted(rest)
                )
            })?;
            Ask { text, words: Some(found), context: None }
        }
        (_, Some(words)) => Ask::of_words(&words),
    };
    Ok(Ask { context, ..asked })
}

/// Why a first line is none of JSON lines; nothing if it may be one.
pub(super) fn other_json(line: &str) -> Option<&'static str> {
    let value: Result<Value, _> = serde_json::from_str(line);
    match value {
        _ if line.trim_start().starts_with('[') => Some(
            "the start of a JSON list; write each of its objects on a line, for example with: jq -c '.[]' FILE",
        ),
        Ok(value) if value.get("data").is_some_and(Value::is_array) => Some(
            "a file of SQuAD; evaluate it with gradus evaluate RUN --file FILE, or write each question with its context on a \
             line, for example with: jq -c '.data[].paragraphs[] | .context as $c | .qas[] | {question, context: $c}' FILE",
        ),
        Err(fault) if fault.is_eof() && line.trim_start().starts_with('{') => Some(
            "an object that does not end there; write each object on one line, for example with: jq -c . FILE",
        ),
        Ok(_) | Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_have_a_text_or_its_words() {
        let asked = |line: &str| object(line).map(|ask| (ask.text, ask.words));
        let words = "\"words\": [\"a\", \"b\"]";
        let places = |at: [std::ops::Range<usize>; 2]| Some(at.to_vec());
        assert_eq!(asked("{\"text\": \"a  b\"}"), Ok(("a  b".into(), None)));
        assert_eq!(
            asked(&format!("{{\"text\": \"a  b\", {words}}}")),
            Ok(("a  b".into(), places([0..1, 3..4])))
        );
        for text in ["", "\"text\": \"\", ", "\"text\": null, "] {
            assert_eq!(asked(&format!("{{{text}{words}}}")), Ok(("a b".into(), places([0..1, 2..3]))));
        }
        for (text, part) in [
            ("a c b", "found 'b' where the text has 'c b'"),
            ("a b c", "no more words where the text has 'c'"),
        ] {
            let fault = asked(&format!("{{\"text\": \"{text}\", {words}}}")).unwrap_err();
            assert!(fault.contains(part) && fault.ends_with("or leave \"text\" out"), "{fault}");
        }
        assert!(asked("{\"txt\": \"a\"}").unwrap_err().contains("txt"));
    }
}

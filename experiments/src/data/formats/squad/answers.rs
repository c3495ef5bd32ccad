//! The answers of one question, in each form that they have.

use super::characters::Characters;
use super::node::Node;
use crate::data::counted::counted;
use crate::data::{DataError, error::quoted, questions::Answer};

/// The answers of a question; none if it has none.
pub(super) fn of_question(node: &Node<'_>, context: &Characters<'_>) -> Result<Vec<Answer>, DataError> {
    let answers = if node.has("detected_answers") {
        detected(node, context)?
    } else if node.get("answers")?.is_object() {
        side_by_side(&node.at("answers")?, context)?
    } else {
        let answers = node.list("answers")?;
        answers
            .map(|node| answer(&node, node.string("text")?, &node.at("answer_start")?, context))
            .collect::<Result<_, _>>()?
    };
    if node.flag("is_impossible")? && !answers.is_empty() {
        let advice = "remove the answers, or set is_impossible to false";
        return Err(node.fault("no answer, for is_impossible is true", format!("{}", answers.len()), advice));
    }
    Ok(answers)
}

/// `{"text": […], "answer_start": […]}`, as Hugging Face has it.
fn side_by_side(node: &Node<'_>, context: &Characters<'_>) -> Result<Vec<Answer>, DataError> {
    let (texts, starts): (Vec<_>, Vec<_>) =
        (node.list("text")?.collect(), node.list("answer_start")?.collect());
    if texts.len() != starts.len() {
        let found = format!("{} and {}", texts.len(), starts.len());
        let advice = "each text has its place, in the same order";
        return Err(node.fault("as many entries under 'text' as under 'answer_start'", found, advice));
    }
    let pair = |(text, start): (&Node<'_>, &Node<'_>)| {
        let string = text.value.as_str().ok_or_else(|| {
            text.fault(
                "a string",
                quoted(&text.value.to_string()),
                "write the words of the context that answer",
            )
        })?;
        answer(text, string, start, context)
    };
    texts.iter().zip(&starts).map(pair).collect()
}

const ADVICE: &str = "answer_start counts the Unicode characters of the context before the answer";

fn answer(
    node: &Node<'_>,
    text: &str,
    place: &Node<'_>,
    context: &Characters<'_>,
) -> Result<Answer, DataError> {
    if text.trim().is_empty() {
        return Err(node.fault("the text of an answer", quoted(text), "write it or remove the answer"));
    }
    let characters = whole(node, place.value, "answer_start", ADVICE)?;
    let Some(start) = usize::try_from(characters).ok().and_then(|n| context.byte(n)) else {
        let expected =
            format!("answer_start within the {} of the context", counted(context.count(), "characters"));
        return Err(node.fault(&expected, characters.to_string(), ADVICE));
    };
    let rest = &context.text()[start..];
    if !rest.starts_with(text) {
        let there: String = rest.chars().take(text.chars().count()).collect();
        let expected = format!("the answer {} at character {characters}", quoted(text));
        return Err(node.fault(&expected, quoted(&there), ADVICE));
    }
    Ok(Answer { text: text.to_owned(), start })
}

fn whole(
    node: &Node<'_>,
    value: &serde_json::Value,
    name: &str,
    advice: &'static str,
) -> Result<u64, DataError> {
    value.as_u64().ok_or_else(|| {
        node.fault(&format!("{name} as a whole number from 0"), quoted(&value.to_string()), advice)
    })
}

/// `[{"char_spans": [[first, last], …]}, …]`, as MRQA has it: the characters of the context from the first to the last,
/// both included. Their text is the context's: MRQA's own may differ in case.
fn detected(node: &Node<'_>, context: &Characters<'_>) -> Result<Vec<Answer>, DataError> {
    const ADVICE: &str = "char_spans counts the Unicode characters of the context, the last one included";
    let mut answers: Vec<Answer> = Vec::new();
    for detected in node.list("detected_answers")? {
        for span in detected.list("char_spans")? {
            let ends: Vec<Node<'_>> = span.items().collect();
            let [first, last] = &ends[..] else {
                return Err(span.fault(
                    "a first and a last character",
                    quoted(&span.value.to_string()),
                    ADVICE,
                ));
            };
            let ends = (
                whole(first, first.value, "a character", ADVICE)?,
                whole(last, last.value, "a character", ADVICE)?,
            );
            let byte = |character: u64| usize::try_from(character).ok().and_then(|n| context.byte(n));
            let text = match (byte(ends.0), ends.1.checked_add(1).and_then(byte)) {
                (Some(start), Some(end)) if ends.0 <= ends.1 => Some((start, &context.text()[start..end])),
                _ => None,
            };
            let Some((start, text)) = text.filter(|(_, text)| !text.trim().is_empty()) else {
                let expected = format!(
                    "a span of words within the {} of the context",
                    counted(context.count(), "characters")
                );
                return Err(span.fault(&expected, format!("{} to {}", ends.0, ends.1), ADVICE));
            };
            answers.push(Answer { text: text.to_owned(), start });
        }
    }
    Ok(answers)
}

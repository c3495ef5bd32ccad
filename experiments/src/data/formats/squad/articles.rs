//! SQuAD's own form: articles of paragraphs, each with its questions.

use super::answers::of_question;
use super::characters::Characters;
use super::node::Node;
use super::{Adding, DataError};
use crate::data::questions::Question;

/// Adds all questions of a file.
pub(super) fn read(root: Node<'_>, adding: &mut Adding<'_>) -> Result<(), DataError> {
    for article in root.list("data")? {
        let title = title(&article)?;
        for paragraph in article.list("paragraphs")? {
            let context = paragraph.string("context")?;
            adding.split.contexts.push(context.to_owned());
            adding.split.titles.push(title.to_owned());
            questions(&paragraph, context, adding.split.contexts.len() - 1, adding)?;
        }
    }
    Ok(())
}

/// The title of an article or object; none is empty.
pub(super) fn title<'a>(node: &Node<'a>) -> Result<&'a str, DataError> {
    if node.has("title") { node.string("title") } else { Ok("") }
}

/// Adds the questions under `qas` of a paragraph whose context was added with that index.
pub(super) fn questions(
    paragraph: &Node<'_>,
    context: &str,
    index: usize,
    adding: &mut Adding<'_>,
) -> Result<(), DataError> {
    let characters = Characters::of(context);
    for node in paragraph.list("qas")? {
        question(paragraph, node, &characters, index, adding)?;
    }
    Ok(())
}

/// Adds the question of a node, which is about the context of `paragraph`.
pub(super) fn question(
    paragraph: &Node<'_>,
    node: Node<'_>,
    context: &Characters<'_>,
    index: usize,
    adding: &mut Adding<'_>,
) -> Result<(), DataError> {
    let id = if node.has("qid") && !node.has("id") { node.id("qid")? } else { node.id("id")? };
    let node = node.of_question(&id);
    if context.text().trim().is_empty() {
        let expected = "a text under 'context' that the question is about";
        return Err(paragraph.clone().of_question(&id).fault(
            expected,
            "none".into(),
            "write it or remove the entry",
        ));
    }
    let question = node.string("question")?.to_owned();
    let answers = of_question(&node, context)?;
    adding.question(&node, Question { id, context: index, question, answers })
}

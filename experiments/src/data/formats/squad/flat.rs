//! Separate objects, one per line or in one list: each is a question with its context, or a context with its questions.

use super::articles::{question, questions, title};
use super::characters::Characters;
use super::node::{Node, kind};
use super::{Adding, DataError, FORMATS};
use std::collections::HashMap;

/// The contexts so far, so that a context that is repeated for each of its questions is added once.
#[derive(Default)]
pub(super) struct Flat {
    /// Index of each context by its title and itself.
    contexts: HashMap<(String, String), usize>,
}

/// Adds all objects of a list.
pub(super) fn list(root: Node<'_>, adding: &mut Adding<'_>) -> Result<(), DataError> {
    let mut flat = Flat::default();
    for node in root.items() {
        flat.object(node, adding)?;
    }
    Ok(())
}

impl Flat {
    /// Adds what one object holds. A `header` (MRQA) holds nothing.
    pub fn object(&mut self, node: Node<'_>, adding: &mut Adding<'_>) -> Result<(), DataError> {
        if node.has("header") && !node.has("context") {
            return Ok(());
        }
        if !node.value.is_object() {
            let expected = "an object with a context and a question";
            return Err(node.fault(expected, kind(node.value).into(), FORMATS));
        }
        let context = node.string("context")?;
        let key = (title(&node)?.to_owned(), context.to_owned());
        let index = *self.contexts.entry(key).or_insert_with_key(|(title, context)| {
            adding.split.contexts.push(context.clone());
            adding.split.titles.push(title.clone());
            adding.split.contexts.len() - 1
        });
        if node.has("qas") {
            return questions(&node, context, index, adding);
        }
        question(&node, node.clone(), &Characters::of(context), index, adding)
    }
}

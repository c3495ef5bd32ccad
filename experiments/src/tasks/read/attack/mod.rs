//! A reader under attack: words of the context are changed, but none of an answer, and none of the question.
//!
//! | file | holds |
//! | --- | --- |
//! | `words` | a model that reads words |
//! | `pieces` | a model that reads pieces, in windows of a long context |

mod pieces;
#[cfg(test)]
mod tests;
mod words;

use super::spans::token_span;
use super::{Answered, Read};
use crate::attack::{Changes, Victim};
use crate::data::{Question, Split};
use crate::tasks::reading::Reading;
use crate::text::Tokens;
use gradus_models::Reader;

/// The contexts of a split's questions as attacks see them.
pub(super) fn changes<'a>(
    task: &'a Read,
    model: &'a dyn Reader,
    split: Split,
) -> Box<dyn Changes<Answered> + 'a> {
    match &task.reading {
        Reading::Words(text) => Box::new(words::Asked::new(task, text, model, split)),
        Reading::Pieces(text) => Box::new(pieces::Asked::new(task, text, model, split)),
    }
}

/// Fixes the words of each answer to a question about a context of these words.
fn fix_answers(victim: &mut Victim, words: &Tokens, question: &Question) {
    for answer in &question.answers {
        if let Some((first, last)) = token_span(words, answer) {
            victim.fixed[first..=last].fill(true);
        }
    }
}

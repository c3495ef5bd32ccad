//! Texts that a model continues.

use super::Language;
use crate::data::counted::counted;
use crate::run::Continued;
use gradus_engine::Tensor;
use gradus_models::{Continuation, LanguageModel};

/// A prompt with the tokens after it.
pub(super) struct Written<'a> {
    task: &'a Language,
    text: Continuation<'a>,
    /// The tokens of the prompt, and how many of the last ones the model has seen.
    prompt: (usize, usize),
    /// Whether the next token is the first one of its line.
    starts_line: bool,
}

impl<'a> Written<'a> {
    /// The text after a prompt, which follows the end of a line.
    pub fn new(task: &'a Language, model: &'a dyn LanguageModel, prompt: &str) -> Self {
        let tokens = task.units.read(prompt);
        let text: Vec<usize> =
            [task.units.end()].iter().chain(&tokens).map(|&token| token as usize).collect();
        let seen = model.context().unwrap_or(usize::MAX).min(tokens.len());
        let starts_line = tokens.last().is_none_or(|&last| last == task.units.end());
        Written { task, text: Continuation::new(model, &text), prompt: (tokens.len(), seen), starts_line }
    }
}

impl Continued for Written<'_> {
    fn cut(&self) -> Option<String> {
        let (all, seen) = self.prompt;
        (seen < all).then(|| {
            format!(
                "the prompt has {}, of which the model sees the last {seen}",
                counted(all, self.task.units.name())
            )
        })
    }

    fn log_p(&self) -> &Tensor {
        self.text.log_p()
    }

    fn shown(&self, token: usize) -> String {
        self.task.units.shown(token as u32)
    }

    fn push(&mut self, token: usize) -> Vec<u8> {
        self.text.push(token);
        let (token, units) = (token as u32, &self.task.units);
        let starts_line = std::mem::replace(&mut self.starts_line, token == units.end());
        units.bytes(token, starts_line)
    }
}

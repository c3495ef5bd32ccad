//! `gradus predict`: what a trained model says of texts.

mod classify;
mod read;
mod tag;

use super::trained::{TrainedClassifier, TrainedReader, TrainedTagger};
use crate::run::RunFolder;
use anyhow::{Context, anyhow, bail};
use std::io::{BufRead, IsTerminal, Write};
use std::path::Path;

/// What to predict.
pub enum Texts {
    /// These.
    Given(Vec<String>),
    /// Each line of standard input, answered as it comes.
    StandardInput,
}

/// For whom an answer is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    /// A program: one JSON object a line.
    Json,
    /// A person at a terminal.
    Colour,
    /// A person elsewhere.
    Plain,
}

impl Style {
    /// What stands out in an answer, with its kind if it has one.
    fn marked(self, text: &str, kind: &str) -> String {
        match (self, kind) {
            (Style::Colour, "") => format!("\x1b[1m{text}\x1b[0m"),
            (Style::Colour, kind) => {
                // The same kind has the same colour in every line.
                let colour = 31 + kind.bytes().map(usize::from).sum::<usize>() % 6;
                format!("\x1b[1;{colour}m{text}\x1b[0;2m {kind}\x1b[0m")
            }
            (_, "") => text.into(),
            (_, kind) => format!("[{text} {kind}]"),
        }
    }
}

/// A trained model that answers a text.
trait Answers {
    /// One line.
    fn answer(&self, text: &str, style: Style) -> String;
}

/// Prints what a trained model says of each text: a label with the probabilities of all, or the text with its entities
/// marked; as one JSON object a line where `json` is set. For a reader the texts are questions about `context`, which is
/// printed with the answer marked.
///
/// # Errors
/// A folder that is no run's; input that is not UTF-8; a reader without a context, or a context without a reader.
pub fn predict(run: &Path, texts: Texts, context: Option<String>, json: bool) -> anyhow::Result<()> {
    let task = RunFolder(run.into()).config()?.task;
    if context.is_some() && task != "read" {
        bail!(
            "--context: expected a run of gradus train read, found one of gradus train {task}; leave the flag out"
        );
    }
    let model: Box<dyn Answers> = match task.as_str() {
        "read" => {
            let Some(context) = context else {
                bail!("{}: the run answers questions about a text; give it by --context TEXT", run.display());
            };
            Box::new(read::Asked { reader: TrainedReader::load(run)?, context })
        }
        "tag" => Box::new(TrainedTagger::load(run)?),
        _ => Box::new(TrainedClassifier::load(run)?),
    };
    let style = match (json, std::io::stdout().is_terminal()) {
        (true, _) => Style::Json,
        (false, true) => Style::Colour,
        (false, false) => Style::Plain,
    };
    let mut out = std::io::stdout().lock();
    let mut answer = |text: &str| -> anyhow::Result<()> {
        let line = model.answer(text, style);
        writeln!(out, "{line}").and_then(|()| out.flush()).context("cannot write to standard output")
    };
    match texts {
        Texts::Given(texts) => texts.iter().try_for_each(|text| answer(text)),
        Texts::StandardInput => {
            for (i, line) in std::io::stdin().lock().lines().enumerate() {
                let line = line
                    .map_err(|e| anyhow!("standard input, line {}: expected a line of UTF-8: {e}", i + 1))?;
                answer(&line)?;
            }
            Ok(())
        }
    }
}

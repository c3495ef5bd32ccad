//! `gradus predict`: what a trained model says of texts.

use super::input::{Format, Input, Lines};
use super::trained::{Place, Trained};
use super::with_threads;
use crate::run::{Ask, Style, Wanted};
use anyhow::{Context, bail};
use std::io::{IsTerminal, Write};
use std::path::PathBuf;

/// What `gradus predict` was asked.
pub struct Predict {
    /// The run's folder.
    pub run: PathBuf,
    /// What to predict.
    pub input: Input,
    /// How the input holds texts.
    pub format: Format,
    /// Whether texts come split at white space.
    pub tokenized: bool,
    /// What the texts are about, for a task whose texts are about another.
    pub context: Option<String>,
    /// Whether to print JSON.
    pub json: bool,
    /// Where the model computes.
    pub place: Place,
    /// Threads; 0 takes one for each core.
    pub threads: usize,
}

/// Texts and bytes of them that are answered at once at most.
const MOST_TEXTS: usize = 2048;
const MOST_BYTES: usize = 4 << 20;

/// Prints a line for each text: what the task says of it, for a person or as a JSON object.
///
/// Lines that are waiting are answered together, and a line that comes alone is answered at once. Answers come in the
/// order of the texts. A text that cannot be answered is an error on standard error, and the others are answered.
///
/// # Errors
/// A folder that does not hold a run; input that cannot be read; texts without a context where one is needed, or the
/// reverse; after all lines, if one of them was not answered.
pub fn predict(ask: Predict) -> anyhow::Result<()> {
    with_threads(ask.threads, || answered(ask))
}

fn answered(ask: Predict) -> anyhow::Result<()> {
    let trained = Trained::open(&ask.run, &ask.place)?;
    let needs = trained.task.has_context();
    if ask.context.is_some() && !needs {
        bail!(
            "--context: the run is one of gradus train {}, whose texts stand for themselves; leave the flag out",
            trained.config.task
        );
    }
    let in_lines = matches!(ask.format, Format::Jsonl);
    if needs && ask.context.is_none() && !in_lines {
        bail!(
            "{}: the run answers questions about a text; give it by --context TEXT, or questions with a context each by \
             --format jsonl",
            ask.run.display()
        );
    }
    let job = trained.prepare(Wanted::Nothing(trained.on.name.clone(), trained.on.labels.clone()))?;
    let learner = trained.learner(job.as_ref())?;
    let style = match (ask.json, ask.format) {
        (true, _) => Style::Json,
        (false, Format::Conll) => Style::Columns,
        (false, Format::Text | Format::Jsonl) if colours() => Style::Colour,
        (false, Format::Text | Format::Jsonl) => Style::Plain,
    };
    let mut out = std::io::stdout().lock();
    let mut failed = 0usize;
    let mut lines = Lines::open(ask.input, ask.format)?;
    while let Some(batch) = lines.waiting(MOST_TEXTS, MOST_BYTES) {
        let mut asks: Vec<Result<Ask, String>> = vec![];
        let mut end = None;
        for line in batch {
            // The lines before one that cannot be read are answered.
            let line = match line {
                Ok(line) => line,
                Err(error) => {
                    end = Some(error);
                    break;
                }
            };
            asks.push(line.map(|mut asked: Ask| {
                if ask.tokenized && asked.words.is_none() {
                    asked.words = Some(asked.text.split_whitespace().map(String::from).collect());
                }
                asked.context = asked.context.or_else(|| ask.context.clone());
                asked
            }));
        }
        let asked: Vec<Ask> = asks.iter().filter_map(|ask| ask.as_ref().ok().cloned()).collect();
        let mut answers = learner.answer(&asked, style).into_iter();
        for ask in asks {
            let answer = ask.and_then(|_| answers.next().unwrap_or_else(|| Err("no answer".into())));
            match answer {
                Ok(line) => writeln!(out, "{line}").context("cannot write to standard output")?,
                Err(fault) => {
                    failed += 1;
                    // In the place of the answer, so that lines stay side by side with the input.
                    writeln!(out).context("cannot write to standard output")?;
                    let _ = writeln!(std::io::stderr(), "error: {fault}");
                }
            }
        }
        out.flush().context("cannot write to standard output")?;
        if let Some(error) = end {
            return Err(error);
        }
    }
    match failed {
        0 => Ok(()),
        n => bail!("{n} texts were not answered, each as said above"),
    }
}

/// Whether a person sees colours: not in a pipe, nor where `NO_COLOR` or `TERM=dumb` say otherwise.
pub(super) fn colours() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    std::io::stdout().is_terminal() && !set("NO_COLOR") && !dumb
}

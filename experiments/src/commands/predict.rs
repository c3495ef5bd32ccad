//! `gradus predict`: the answers of a trained model.

use super::input::{Format, Input, Lines};
use super::trained::{Place, Trained};
use super::{note_cuts, with_threads};
use crate::data::counted::{counted, verb};
use crate::data::error::quoted;
use crate::run::{Ask, Cut, Search, Style, Wanted};
use anyhow::{Context, bail};
use std::io::{IsTerminal, Write};
use std::path::PathBuf;

/// The arguments of `gradus predict`.
pub struct Predict {
    /// The run's folder.
    pub run: PathBuf,
    /// The source of the texts.
    pub input: Input,
    /// The format of the input.
    pub format: Format,
    /// Whether the texts are already split into words by white space.
    pub tokenized: bool,
    /// The context of the texts, for a task that has one.
    pub context: Option<String>,
    /// How answers are searched for, for a task that searches.
    pub search: Search,
    /// Whether to print JSON.
    pub json: bool,
    /// The device and the data folder.
    pub place: Place,
    /// Number of threads; 0 means one per core.
    pub threads: usize,
}

/// The most texts, and bytes of text, to answer at once.
const MOST_TEXTS: usize = 2048;
const MOST_BYTES: usize = 4 << 20;

/// Prints one line per text: the task's answer, for a person or as a JSON object.
///
/// Lines that have arrived are answered together; a line that arrives alone is answered immediately. Answers keep the order
/// of the texts. A text that cannot be answered gives an empty line, and an error on standard error; the others are answered.
///
/// # Errors
/// A folder without a run; input that cannot be read; a missing context, or one that the task does not use; a search for a task
/// that does not search; after all lines, if any of them could not be answered.
pub fn predict(ask: Predict) -> anyhow::Result<()> {
    with_threads(ask.threads, || answered(ask))
}

fn answered(ask: Predict) -> anyhow::Result<()> {
    let trained = Trained::open(&ask.run, &ask.place)?;
    let (needs, mark) = (trained.task.has_context(), trained.task.mark());
    if ask.context.is_some() && !needs {
        bail!(
            "--context: the run is one of gradus train {}, which answers texts without a context; leave the flag out",
            trained.config.task
        );
    }
    let flags = ask.search.flags();
    if let (Some(flag), false) = (flags.first(), trained.task.searches()) {
        bail!(
            "{flag}: the run is one of gradus train {}, whose answers are not searched for; leave the flag out",
            trained.config.task
        );
    }
    let in_lines = matches!(ask.format, Format::Jsonl);
    if needs && ask.context.is_none() && !in_lines {
        bail!(
            "{}: the run answers questions about a text; give the text with --context TEXT, or a context for each question \
             with --format jsonl",
            ask.run.display()
        );
    }
    let job = trained.prepare(Wanted::Nothing(trained.on.name.clone(), trained.on.labels.clone()))?;
    let learner = trained.learner(job.as_ref())?;
    if ask.tokenized && !learner.takes_words() {
        bail!(
            "--tokenized has no effect on {}, a run of gradus train {} that reads no words; leave it out",
            ask.run.display(),
            trained.config.task
        );
    }
    let style = match (ask.json, ask.format) {
        (true, _) => Style::Json,
        (false, Format::Conll) => Style::Columns,
        (false, Format::Text | Format::Jsonl) if colours() => Style::Colour,
        (false, Format::Text | Format::Jsonl) => Style::Plain,
    };
    let mut out = std::io::stdout().lock();
    let mut failed = 0usize;
    let mut cuts: Vec<Cut> = vec![];
    let mut lines = Lines::open(ask.input, ask.format, learner.columns())?;
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
            asks.push(line.and_then(|asked: Ask| {
                let split = ask.tokenized && asked.words.is_none();
                let asked = if split { asked.split_at_spaces() } else { asked };
                check_mark(&asked, mark)?;
                let context = context_of(&asked, ask.context.as_deref(), needs)?;
                Ok(Ask { context, ..asked })
            }));
        }
        let asked: Vec<Ask> = asks.iter().filter_map(|ask| ask.as_ref().ok().cloned()).collect();
        let of_batch = learner.shortened(&asked);
        match cuts.is_empty() {
            true => cuts = of_batch,
            false => cuts.iter_mut().zip(of_batch).for_each(|(sum, cut)| sum.add(cut)),
        }
        let answers = match flags.is_empty() {
            true => learner.answer(&asked, style),
            false => learner.searched(&asked, style, &ask.search),
        };
        let mut answers = answers.into_iter();
        for ask in asks {
            let answer = ask.and_then(|_| answers.next().unwrap_or_else(|| Err("no answer".into())));
            match answer {
                Ok(line) => writeln!(out, "{line}").context("cannot write to standard output")?,
                Err(fault) => {
                    failed += 1;
                    // An empty line in place of the answer keeps the output parallel to the input.
                    writeln!(out).context("cannot write to standard output")?;
                    let _ = writeln!(std::io::stderr(), "error: {fault}");
                }
            }
        }
        out.flush().context("cannot write to standard output")?;
        if let Some(error) = end {
            note_cuts(&cuts);
            return Err(error);
        }
    }
    note_cuts(&cuts);
    match failed {
        0 => Ok(()),
        n => bail!(
            "{} {} not answered; the {} printed above",
            counted(n, "texts"),
            verb(n, "was", "were"),
            verb(n, "reason is", "reasons are")
        ),
    }
}

/// Checks that a text holds what the task answers, such as `[MASK]`; a mark is in one of its words if it is split.
fn check_mark(asked: &Ask, mark: &str) -> Result<(), String> {
    let holds = match &asked.words {
        Some(words) => mark.is_empty() || words.iter().any(|word| asked.text[word.clone()].contains(mark)),
        None => asked.text.contains(mark),
    };
    match holds {
        true => Ok(()),
        false => Err(format!(
            "{}: expected {mark} in place of a word, found none; write {mark} where a word is to be predicted",
            quoted(&asked.text)
        )),
    }
}

/// The context of a text: its own, or that of the command line.
fn context_of(asked: &Ask, given: Option<&str>, needs: bool) -> Result<Option<String>, String> {
    let about = || quoted(&asked.text);
    match (&asked.context, given) {
        (None, None) if needs => Err(format!(
            "{}: expected a \"context\" for the question, found none; add it, or give --context",
            about()
        )),
        (Some(_), Some(_)) => {
            Err(format!("{}: expected one context, found \"context\" and --context; leave one out", about()))
        }
        (own, given) => Ok(own.clone().or_else(|| given.map(String::from))),
    }
}

/// Whether to print colours: only on a terminal, and not if `NO_COLOR` or `TERM=dumb` is set.
pub(super) fn colours() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    std::io::stdout().is_terminal() && !set("NO_COLOR") && !dumb
}

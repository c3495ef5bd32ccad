//! `gradus explain`: what an output of a trained model depends on.

use super::predict::colours;
use super::trained::{Place, Trained};
use super::{note_cuts, print, with_threads};
use crate::data::{atomic, shown};
use crate::explain::{self, Explanation, Method, Which};
use crate::run::{Ask, Wanted};
use anyhow::{anyhow, bail};
use std::path::PathBuf;

/// The arguments of `gradus explain`.
pub struct Explain {
    /// The run's folder.
    pub run: PathBuf,
    /// The text.
    pub text: String,
    /// The text that a question is about.
    pub context: Option<String>,
    /// The methods; empty for all that the model allows.
    pub methods: Vec<Method>,
    /// Which output.
    pub which: Which,
    /// The form of the output.
    pub form: Form,
    /// The file to write, instead of standard output.
    pub out: Option<PathBuf>,
    /// Whether to replace that file.
    pub overwrite: bool,
    /// The device.
    pub place: Place,
    /// Number of threads; 0 means one per core.
    pub threads: usize,
}

/// The form of an explanation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Lines, with colours on a terminal.
    Terminal,
    /// A page.
    Html,
    /// One JSON object.
    Json,
}

/// Prints what an output depends on, or writes it to a file.
///
/// # Errors
/// A folder without a run; a missing context, or one that the task does not use; an output or a method that the model does not
/// have; a file that is one of a run or that the run reads, or that is there and is not to be replaced; a file that cannot be
/// written.
pub fn explain(ask: &Explain) -> anyhow::Result<()> {
    let text = with_threads(ask.threads, || explained(ask))?;
    match &ask.out {
        Some(path) => {
            atomic::write_named(path, text.as_bytes())?;
            print(&format!("the explanation is in {}\n", shown::terminal(&path.display().to_string())))
        }
        None => print(&text),
    }
}

fn explained(ask: &Explain) -> anyhow::Result<String> {
    let trained = Trained::open(&ask.run, &ask.place)?;
    if let Some(out) = &ask.out {
        trained.check_out(out)?;
        if out.is_file() && !ask.overwrite {
            bail!(
                "{}: there is a file already; name another with --out, or replace it with --overwrite",
                shown::terminal(&out.display().to_string())
            );
        }
    }
    let run = ask.run.display();
    match (&ask.context, trained.task.has_context()) {
        (Some(_), false) => bail!(
            "--context: the run is one of gradus train {}, which answers texts without a context; leave the flag out",
            trained.config.task
        ),
        (None, true) => {
            bail!("{run}: the run answers questions about a text; give the text with --context TEXT")
        }
        (Some(_), true) | (None, false) => {}
    }
    let job = trained.prepare(Wanted::Nothing(trained.on.name.clone(), trained.on.labels.clone()))?;
    let learner = trained.learner(job.as_ref())?;
    let text = Ask { text: ask.text.clone(), context: ask.context.clone(), ..Ask::default() };
    note_cuts(&learner.shortened(std::slice::from_ref(&text)));
    let outputs = learner.explained(&text, &ask.which).map_err(|fault| anyhow!("{fault}"))?;
    let explanations = outputs.iter().map(|output| explain::explain(output.as_ref(), &ask.methods));
    let explanations: Vec<Explanation> =
        explanations.collect::<Result<_, _>>().map_err(|fault| anyhow!("{fault}"))?;
    let run = run.to_string();
    Ok(match ask.form {
        Form::Html => explain::page(&run, &ask.text, &explanations),
        Form::Json => format!("{}\n", shown::json(&explain::json(&run, &ask.text, &explanations))),
        Form::Terminal => {
            let colour = ask.out.is_none() && colours();
            let parts: Vec<String> = explanations.iter().map(|e| explain::terminal(e, colour)).collect();
            parts.join("\n")
        }
    })
}

//! `gradus attack`: what is left of a model's metrics if words are changed so that it errs.

use super::columns::columns;
use super::predict::colours;
use super::trained::{Other, Place, Trained};
use super::{print, with_threads};
use crate::attack::{Kind, Plan};
use crate::data::counted::counted;
use crate::data::{Split, shown};
use crate::run::{Attacked, AttackedExample, Metric};
use anyhow::anyhow;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

/// The arguments of `gradus attack`.
pub struct Attack {
    /// The run's folder.
    pub run: PathBuf,
    /// The split to attack.
    pub split: Split,
    /// A labelled file to attack instead of the split.
    pub file: Option<PathBuf>,
    /// The settings of the attack.
    pub plan: Plan,
    /// Whether to print JSON.
    pub json: bool,
    /// The device and the data folder.
    pub place: Place,
    /// Number of threads; 0 means one per core.
    pub threads: usize,
}

/// Attacks a run's best epoch on a split and prints metrics, queries and examples.
///
/// # Errors
/// A folder without a run; data that is missing or has other labels; nothing that can be attacked.
pub fn attack(ask: &Attack) -> anyhow::Result<()> {
    print(&with_threads(ask.threads, || attacked(ask))?)
}

fn attacked(ask: &Attack) -> anyhow::Result<String> {
    let trained = Trained::open(&ask.run, &ask.place)?;
    let job = trained.prepare(trained.wanted(ask.split, ask.file.clone().map(Other::File).as_ref()))?;
    let now = job.trained_on();
    trained.check_labels(&now)?;
    let unchanged = ask.file.is_none().then(|| trained.unchanged(&now, ask.split));
    let found =
        trained.learner(job.as_ref())?.attack(ask.split, &ask.plan).map_err(|fault| anyhow!("{fault}"))?;
    let data = if ask.file.is_none() { &trained.on.name } else { &now.name };
    let (metrics, unit) = (trained.task.metrics(), trained.task.unit());
    if ask.json {
        return Ok(format!("{}\n", shown::json(&as_json(ask, data, unchanged, &found))));
    }
    let of = match (&ask.file, unchanged) {
        (Some(file), _) => shown::terminal(&file.display().to_string()).into_owned(),
        (None, Some(false)) => {
            format!(
                "{} ({}), which has changed since training (its examples may be among those of training)",
                shown::terminal(data),
                ask.split
            )
        }
        (None, _) => format!("{} ({})", shown::terminal(data), ask.split),
    };
    let mut text = format!(
        "{} of {of}, at most {} changed in each: {}\n",
        counted(found.examples.len(), unit),
        counted(ask.plan.budget, "words"),
        found.rule
    );
    if found.left_out > 0 {
        let _ =
            writeln!(text, "note: {} without words or with too many left out", counted(found.left_out, unit));
    }
    table(&mut text, metrics, &found);
    examples(&mut text, &found, colours());
    Ok(text)
}

/// The metrics before and after, and how much work it was.
fn table(text: &mut String, metrics: &[Metric], found: &Attacked) {
    let [clean, attacked] = found.accuracy().map(|share| format!("{:.2}", 100.0 * share));
    let mut rows = vec![["", "clean", "attacked"].map(String::from)];
    rows.push(["right as a whole".into(), clean, attacked]);
    rows.extend(metrics.iter().map(|metric| {
        let show = |values: &BTreeMap<String, f64>| metric.show(values[metric.name]);
        [metric.name.into(), show(&found.clean), show(&found.attacked)]
    }));
    let _ = write!(text, "\n{}", columns(&rows, [20, 8, 8]));
    let (tried, fallen) = (found.tried().count(), found.fallen().count());
    let _ = writeln!(
        text,
        "\n{fallen} of the {tried} that were right became wrong; {:.1} queries in the mean",
        found.mean_queries()
    );
}

/// The most examples that are printed.
const MOST_SHOWN: usize = 5;

/// The first examples that became wrong, before and after.
fn examples(text: &mut String, found: &Attacked, colour: bool) {
    for example in found.fallen().take(MOST_SHOWN) {
        let [right, said] = example.wrong.clone().unwrap_or_default();
        let _ = writeln!(
            text,
            "\nexample {}: right {}, now {}",
            example.place + 1,
            shown::terminal(&right),
            shown::terminal(&said)
        );
        for (mark, words) in [('-', &example.words), ('+', &example.changed)] {
            let _ = writeln!(text, "{mark} {}", marked(example, words, colour));
        }
    }
}

/// The words, with the changed ones marked; of a long text only those around them.
fn marked(example: &AttackedExample, words: &[String], colour: bool) -> String {
    const AROUND: usize = 8;
    let places = example.places();
    let near = |t: usize| words.len() <= 40 || places.iter().any(|&place| place.abs_diff(t) <= AROUND);
    let mut parts: Vec<String> = vec![];
    for (t, word) in words.iter().enumerate() {
        let word = shown::terminal(word);
        match (places.contains(&t), near(t)) {
            (true, _) if colour => parts.push(format!("\x1b[1m{word}\x1b[0m")),
            (true, _) => parts.push(format!("[{word}]")),
            (false, true) => parts.push(word.into_owned()),
            (false, false) if parts.last().is_none_or(|last| last != "…") => parts.push("…".into()),
            (false, false) => {}
        }
    }
    parts.join(" ")
}

fn as_json(ask: &Attack, data: &str, unchanged: Option<bool>, found: &Attacked) -> Value {
    let [clean, attacked] = found.accuracy();
    let Plan { kind, budget, limit, seed, similarity } = &ask.plan;
    let example = |example: &AttackedExample| {
        json!({
            "example": example.place,
            "attacked": example.was_right,
            "right_after": example.is_right,
            "queries": example.queries,
            "words": example.words,
            "changed_words": example.changed,
            "changed_places": example.places(),
            "right": example.wrong.as_ref().map(|[right, _]| right),
            "predicted": example.wrong.as_ref().map(|[_, predicted]| predicted),
        })
    };
    json!({
        "run": ask.run.display().to_string(),
        "data": data,
        "split": ask.file.is_none().then_some(ask.split),
        "unchanged": unchanged,
        "kind": kind.name(),
        "rule": found.rule,
        "budget": budget,
        "limit": limit,
        "seed": seed,
        "similarity": (*kind == Kind::Words).then_some(similarity),
        "examples": found.examples.len(),
        "left_out": found.left_out,
        "accuracy": { "clean": clean, "attacked": attacked },
        "metrics": { "clean": found.clean, "attacked": found.attacked },
        "attacked": found.tried().count(),
        "fallen": found.fallen().count(),
        "mean_queries": found.mean_queries(),
        "outcomes": found.examples.iter().map(example).collect::<Vec<_>>(),
    })
}

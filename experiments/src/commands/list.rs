//! `gradus list`: studies, tasks, and the table of all keys.

use super::print;
use crate::config::{self, Owned};
use crate::run::AnyTask;
use crate::studies;
use crate::tasks::TASKS;
use toml::Value;

/// How the table of keys is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableFormat {
    /// Indented lines, for a terminal.
    Text,
    /// A Markdown page: `docs/keys.md`.
    Markdown,
}

/// Prints studies, tasks with their models, losses, metrics and data sets, and all keys by their owner; as Markdown, the keys
/// alone.
///
/// # Errors
/// Output that cannot be written.
pub fn list(format: TableFormat) -> anyhow::Result<()> {
    match format {
        TableFormat::Text => print(&(studies_and_tasks() + &keys(format))),
        TableFormat::Markdown => print(&keys(format)),
    }
}

fn studies_and_tasks() -> String {
    let mut text = String::from("studies (gradus reproduce NAME)\n");
    for study in studies::all() {
        text += &format!("  {:<18} {}: {}\n", study.name, study.source, study.title);
    }
    for task in TASKS {
        let keys = task.keys();
        text += &format!("\n{} (gradus train {})\n", task.title().to_lowercase(), task.name());
        let choices = ["model.name", "loss.name", "data.format"].map(|key| keys.choices_of(key));
        for (flag, names) in ["--model", "--loss", "--format"].into_iter().zip(choices) {
            if !names.is_empty() {
                text += &format!("  {flag:<20} {}\n", names.join(", "));
            }
        }
        if !task.mark().is_empty() {
            text += &format!("  {:<20} texts with {}\n", "gradus predict", task.mark());
        }
        let metrics: Vec<&str> = task.metrics().iter().map(|metric| metric.name).collect();
        text += &format!("  {:<20} {}\n", "--set train.metric=", metrics.join(", "));
        for set in task.generated() {
            text += &format!("  --dataset {:<18} {}\n", set.name, set.what);
        }
        for set in task.known() {
            text += &format!("  --dataset {:<18} {} (needs --data DIR)\n", set.name(), set.description());
        }
    }
    text
}

/// All keys by their owner, with their defaults and, for a key that holds one of a few names, these names.
fn keys(format: TableFormat) -> String {
    let mut text = match format {
        TableFormat::Text => String::new(),
        TableFormat::Markdown => INTRODUCTION.to_owned(),
    };
    let every_run = ("gradus train, every task".to_owned(), config::run_owners(), TASKS.first());
    let of_task = |task: &'static &'static dyn AnyTask| {
        let keys = task.keys();
        let mut owners = config::owners(&keys);
        owners.extend(config::run_defaults(&keys));
        (format!("gradus train {}", task.name()), owners, Some(task))
    };
    for (title, owners, task) in [every_run].into_iter().chain(TASKS.iter().map(of_task)) {
        let choices = |key: &str| task.map_or_else(Vec::new, |task| task.keys().choices_of(key));
        text += &match format {
            TableFormat::Text => as_text(&title, &owners, choices),
            TableFormat::Markdown => as_markdown(&title, &owners, choices),
        };
    }
    text
}

/// The keys of an owner, without its selectors, which the name of the owner already lists.
fn listed((owner, keys): &Owned) -> impl Iterator<Item = (&String, &Value)> {
    let selects = |key: &str, value: &Value| owner.contains(&format!("{key} = ")) && !config::is_path(value);
    keys.iter().filter(move |(key, value)| !selects(key, value))
}

const INTRODUCTION: &str = "# Keys

Every configuration key with its owner and its default. Set a key with `--set KEY=VALUE` or in a TOML file (`--config FILE`);
some keys also have a flag (`gradus train TASK --help`). A key whose owner is not part of the run is refused: for example
`model.kernel_sizes` if the model is a BiLSTM.

The owner `model` means every model of the task, `model.name = bilstm` this model alone, and `without data.train` a run on a
named data set. In the tables of the tasks, `run` lists the keys of every run whose default differs in that task, and
`run with model.name = bert` those whose default differs once more for that model.

This page is written by `gradus list --markdown > docs/keys.md`; a test checks that it is up to date.
";

/// The default as it is written in TOML; a path that must be given has none.
fn shown(default: &Value) -> String {
    if config::is_path(default) { "a path".into() } else { default.to_string() }
}

fn as_text(title: &str, owners: &[Owned], choices: impl Fn(&str) -> Vec<String>) -> String {
    let mut text = format!("\nkeys of {title} (--set KEY=VALUE), by owner, with their defaults\n");
    for owned in owners {
        text += &format!("  {}\n", owned.0);
        for (key, default) in listed(owned) {
            let names = choices(key).join(", ");
            let names = if names.is_empty() { names } else { format!("  (one of {names})") };
            text += &format!("    {key} = {}{names}\n", shown(default));
        }
    }
    text
}

fn as_markdown(title: &str, owners: &[Owned], choices: impl Fn(&str) -> Vec<String>) -> String {
    let mut text = format!("\n## {title}\n\n| owner | key | default | one of |\n| --- | --- | --- | --- |\n");
    for owned in owners {
        for (key, default) in listed(owned) {
            let names: Vec<String> = choices(key).iter().map(|name| format!("`{name}`")).collect();
            text += &format!("| `{}` | `{key}` | `{}` | {} |\n", owned.0, shown(default), names.join(", "));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_of_keys_is_up_to_date() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/keys.md");
        let page = std::fs::read_to_string(path).unwrap();
        assert!(
            page == keys(TableFormat::Markdown),
            "docs/keys.md is stale: gradus list --markdown > docs/keys.md"
        );
    }
}

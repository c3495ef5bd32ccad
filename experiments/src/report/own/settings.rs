//! Configurations in short, and their differences.

use super::super::table::{Entry, Table};
use super::OwnRun;
use crate::{config, tasks};
use std::collections::{BTreeMap, BTreeSet};
use toml::Value;

/// Keys that are always shown, whatever their values.
const ALWAYS: [&str; 9] = [
    "data.dataset",
    "data.train",
    "model.name",
    "loss.name",
    "optimizer.name",
    "optimizer.lr",
    "train.batch_size",
    "train.epochs",
    "seed",
];

/// The most important settings, and those that are not defaults, as `key = value`.
pub(super) fn in_short(run: &OwnRun) -> Vec<String> {
    let all = run.config.flat();
    let defaults = defaults(&all, run.task.keys().selectors);
    let differs =
        |key: &String, value: &Value| defaults.as_ref().is_some_and(|known| known.get(key) != Some(value));
    let tells = |(key, value): &(&String, &Value)| {
        let always = ALWAYS.contains(&key.as_str());
        *key != "task" && value.as_str() != Some("") && (always || differs(key, value))
    };
    listed(all.iter().filter(tells))
}

/// The configuration with the same variants and the same data, and defaults for everything else; `None` if these keys
/// alone do not make a valid configuration.
fn defaults(all: &BTreeMap<String, Value>, selectors: &[&str]) -> Option<BTreeMap<String, Value>> {
    let names = selectors.iter().copied().chain(["task", "data.dataset", "optimizer.name", "schedule.name"]);
    let set =
        |key: &str| Some(format!("{key}={}", all.get(key)?.as_str().filter(|value| !value.is_empty())?));
    let sets: Vec<String> = names.filter_map(set).collect();
    tasks::load(None, &sets).ok().map(|config| config.flat())
}

/// All settings, as `key = value`.
pub(super) fn all(run: &OwnRun) -> Vec<String> {
    listed(run.config.flat().iter())
}

fn listed<'a>(settings: impl Iterator<Item = (&'a String, &'a Value)>) -> Vec<String> {
    settings.map(|(key, value)| format!("{key} = {value}")).collect()
}

/// The settings in which runs differ, with one column per run; `None` if there are none.
pub(super) fn differences(runs: &[&OwnRun], names: &[&str]) -> Option<Table> {
    let (first, others) = runs.split_first()?;
    let diffs: Vec<BTreeMap<String, (String, String)>> = others
        .iter()
        .map(|other| {
            config::diff(&first.config, &other.config).into_iter().map(|(k, a, b)| (k, (a, b))).collect()
        })
        .collect();
    let keys: BTreeSet<&String> = diffs.iter().flat_map(BTreeMap::keys).collect();
    let entry = |value: &str| if value.is_empty() { Entry::hole() } else { Entry::new(value) };
    let row = |key: &String| {
        // A run without a difference has the value of the first run.
        let of_first = diffs.iter().find_map(|diff| diff.get(key)).map_or("", |(a, _)| a.as_str());
        let of_others = diffs.iter().map(|diff| diff.get(key).map_or(of_first, |(_, b)| b.as_str()));
        std::iter::once(Entry::new(key))
            .chain(std::iter::once(of_first).chain(of_others).map(entry))
            .collect()
    };
    let rows: Vec<Vec<Entry>> = keys.into_iter().map(row).collect();
    let head =
        std::iter::once("Setting".to_owned()).chain(names.iter().map(|name| (*name).to_owned())).collect();
    (!rows.is_empty()).then(|| Table { caption: String::new(), head, rows })
}

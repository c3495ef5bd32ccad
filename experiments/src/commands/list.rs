use super::say;
use crate::config;
use crate::studies;
use crate::tasks::TASKS;
use std::collections::BTreeMap;
use toml::Value;

/// Prints studies, tasks with their models, losses, metrics and data sets, and all keys by their owner.
///
/// # Errors
/// An output that cannot be written.
pub fn list() -> anyhow::Result<()> {
    let mut text = String::from("studies (gradus reproduce NAME)\n");
    for study in studies::all() {
        text += &format!("  {:<18} {}: {}\n", study.name, study.source, study.title);
    }
    for task in TASKS {
        let keys = task.keys();
        text += &format!("\n{} (gradus train {})\n", task.title().to_lowercase(), task.name());
        for (what, names) in [
            ("--model", keys.choices_of("model.name")),
            ("--loss", keys.choices_of("loss.name")),
            ("--format", keys.choices_of("data.format")),
        ] {
            text += &format!("  {what:<20} {}\n", names.join(", "));
        }
        let metrics: Vec<&str> = task.metrics().iter().map(|metric| metric.name).collect();
        text += &format!("  {:<20} {}\n", "--set train.metric=", metrics.join(", "));
        for set in task.generated() {
            text += &format!("  --dataset {:<18} {}\n", set.name, set.what);
        }
        for set in task.known() {
            text += &format!("  --dataset {:<18} {} (needs --data DIR)\n", set.name(), set.description());
        }
        text += &format!(
            "\n  keys of gradus train {} (--set KEY=VALUE), by owner, with their defaults\n",
            task.name()
        );
        text += &table(config::owners(&keys));
    }
    text += "\nkeys of every run (--set KEY=VALUE), by owner, with their defaults\n";
    text += &table(config::run_owners());
    say(&text)
}

/// A line for each key under its owner.
fn table(owners: Vec<(String, BTreeMap<String, Value>)>) -> String {
    let mut text = String::new();
    for (owner, keys) in owners {
        text += &format!("    {owner}\n");
        for (key, value) in keys {
            text += &format!("      {key} = {value}\n");
        }
    }
    text
}

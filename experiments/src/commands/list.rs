use super::say;
use crate::config::{self, Config};
use crate::data::catalog::SETS;
use crate::studies;
use crate::tasks::classify::generated::Kind;
use crate::tasks::read::generated::PASSAGES;
use crate::tasks::tag::generated::Corpus;

/// Prints everything that can be named on the command line.
///
/// # Errors
/// An output that cannot be written.
pub fn list() -> anyhow::Result<()> {
    let mut text = String::from("studies (gradus reproduce NAME …)\n");
    for study in studies::all() {
        text += &format!("  {:<18} {}: {}\n", study.name, study.source, study.title);
    }
    text += "\ngenerated data sets (--dataset NAME)\n";
    for kind in Kind::ALL {
        text += &format!("  {:<18} labels {}\n", kind.name(), kind.labels().join(", "));
    }
    for corpus in Corpus::ALL {
        text += &format!("  {:<18} sentences with named entities\n", corpus.name());
    }
    text += &format!("  {PASSAGES:<18} passages with questions\n");
    text += "\nreal data sets (--dataset NAME --data DIR)\n";
    for set in SETS {
        text += &format!("  {:<18} {}\n", set.name, set.description);
    }
    for task in config::TASKS {
        text += &format!("\n{} (gradus train {})\n", task.title.to_lowercase(), task.name);
        for (what, names) in [
            ("--model", task.models),
            ("--loss", task.losses),
            ("--format", task.formats),
            ("--set train.metric=", task.metrics),
        ] {
            text += &format!("  {what:<20} {}\n", names.join(", "));
        }
    }
    for (what, names) in [
        ("optimizers (--set optimizer.name=NAME)", config::OPTIMIZERS),
        ("schedules (--set schedule.name=NAME)", config::SCHEDULES),
        ("tokenizers (--set data.tokenizer=NAME)", config::TOKENIZERS),
    ] {
        text += &format!("\n{what}\n  {}\n", names.join(", "));
    }
    text += "\nkeys (--set KEY=VALUE), with their defaults\n";
    for line in Config::default().to_toml().lines() {
        text += &format!("  {line}\n");
    }
    say(&text)
}

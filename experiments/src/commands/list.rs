use crate::config::{self, Config};
use crate::data::catalog::SETS;
use crate::data::embedded::Kind;
use crate::paper;

/// Prints everything that can be named on the command line.
pub fn list() {
    println!("studies (gradus reproduce NAME …)");
    for study in paper::all() {
        println!("  {:<18} {}: {}", study.name, study.source, study.title);
    }
    println!("\ngenerated data sets (--dataset NAME)");
    for kind in Kind::ALL {
        println!("  {:<18} labels {}", kind.name(), kind.labels().join(", "));
    }
    println!("\nreal data sets (--dataset NAME --data DIR)");
    for set in SETS {
        println!("  {:<18} {}", set.name, set.description);
    }
    for (what, names) in [
        ("models (--model NAME)", config::MODELS),
        ("losses (--loss NAME)", config::LOSSES),
        ("optimizers (--set optimizer.name=NAME)", config::OPTIMIZERS),
        ("schedules (--set schedule.name=NAME)", config::SCHEDULES),
        ("metrics (--set train.metric=NAME)", config::METRICS),
    ] {
        println!("\n{what}\n  {}", names.join(", "));
    }
    println!("\nkeys (--set KEY=VALUE), with their defaults");
    for line in Config::default().to_toml().lines() {
        println!("  {line}");
    }
}

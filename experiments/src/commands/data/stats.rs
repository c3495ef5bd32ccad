use super::thousands;
use crate::commands::print;
use crate::data::Split;
use crate::data::atomic;
use crate::data::known::data_folder;
use crate::data::shown::terminal;
use crate::report::rank_frequency::rank_frequency;
use crate::run::{Described, DescribedSet};
use crate::tasks;
use crate::text::{Frequencies, Lengths};
use std::path::Path;

/// Prints sizes, lengths, labels and words of a data set, and plots its word counts by rank into `out`.
///
/// # Errors
/// Faults of the files, an unknown name, a folder that cannot be written.
pub fn stats(name: &str, data: Option<&Path>, out: Option<&Path>, top: usize) -> anyhow::Result<()> {
    let (task, _) = tasks::find(name)?;
    let sets = [format!("task={}", task.name()), format!("data.dataset={name}")];
    let config = tasks::load(None, &sets)?;
    let DescribedSet { name, checksum, note, splits } =
        task.describe(&config, data_folder(data).as_deref())?;
    let counts: Vec<Frequencies> =
        splits.iter().map(|part| Frequencies::count(part.words.iter().flatten())).collect();
    let note = if note.is_empty() { String::new() } else { format!(": {note}") };
    let mut text = format!("{name}{note}\nchecksum {checksum}\n\n");
    text += &table(task.unit(), &splits, &counts);
    // A set may have no training split.
    let first = counts.iter().position(|counts| counts.tokens() > 0).unwrap_or(0);
    text += &frequent(&counts[first], Split::ALL[first], top);
    if let Some(out) = out {
        let path = out.join(format!("{name}.words.svg"));
        let curves: Vec<(String, Vec<usize>)> = Split::ALL
            .iter()
            .zip(&counts)
            .map(|(split, counts)| {
                (split.to_string(), counts.ranked().iter().map(|&(_, count)| count).collect())
            })
            .collect();
        atomic::write_named(&path, rank_frequency(&name, &curves)?.as_bytes())?;
        text += &format!("\nthe plot of counts by rank is in {}\n", path.display());
    }
    print(&text)
}

/// A row for each statistic, a column for each split.
fn table(unit: &str, parts: &[Described], counts: &[Frequencies]) -> String {
    let row = |name: &str, cell: &dyn Fn(usize) -> String| {
        let cells: String = (0..parts.len()).map(|i| format!(" {:>12}", cell(i))).collect();
        format!("{name:<28}{cells}\n")
    };
    let number = |n: usize| thousands(n as u64);
    let lengths: Vec<Option<Lengths>> =
        parts.iter().map(|part| Lengths::of(part.words.iter().map(Vec::len))).collect();
    let length = |of: fn(&Lengths) -> usize| {
        let lengths = &lengths;
        move |i: usize| lengths[i].as_ref().map_or("-".into(), |found| number(of(found)))
    };
    let trained = |found: &Frequencies| (counts[0].tokens() > 0).then(|| counts[0].unknown(found)).flatten();
    let unknown: Vec<_> = counts.iter().map(trained).collect();
    let percent = |share: Option<f64>| share.map_or("-".into(), |share| format!("{:.2}%", 100.0 * share));

    let mut text = row("", &|i| Split::ALL[i].to_string());
    text += &row(unit, &|i| number(parts[i].examples));
    text += &row("texts", &|i| number(parts[i].words.len()));
    text += &row("words of a text: shortest", &length(|l| l.shortest));
    text += &row("  median", &length(|l| l.median));
    text += &row("  90% have at most", &length(|l| l.ninety_percent));
    text += &row("  longest", &length(|l| l.longest));
    for (k, (label, _)) in parts[0].labels.iter().enumerate() {
        text += &row(&format!("label {}", terminal(label)), &|i| number(parts[i].labels[k].1));
    }
    text += &row("words (tokens)", &|i| number(counts[i].tokens()));
    text += &row("distinct words (types)", &|i| number(counts[i].types()));
    text += &row("words that occur once", &|i| number(counts[i].hapaxes()));
    text += &row("tokens not in train", &|i| percent(unknown[i].map(|share| share.tokens)));
    text + &row("types not in train", &|i| percent(unknown[i].map(|share| share.types)))
}

fn frequent(counts: &Frequencies, split: Split, top: usize) -> String {
    let mut text = format!("\nthe most frequent words of {split}\n");
    for (i, (word, count)) in counts.ranked().iter().take(top).enumerate() {
        let share = 100.0 * *count as f64 / counts.tokens() as f64;
        text += &format!("{:>6} {:>10} {share:>6.2}%  {}\n", i + 1, thousands(*count as u64), terminal(word));
    }
    text
}

//! Every run of a section, with its settings.

use super::grid::{Grid, unique};
use super::result::RunResult;
use super::study::Measure;
use super::table::{Entry, Table, thousands};

/// The runs of a section: the settings they share, and a table of what differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Appendix {
    /// `key = value` for every key whose value is the same in all runs that have it.
    pub shared: Vec<String>,
    /// One row for each run.
    pub table: Table,
}

pub(super) fn appendix(grid: &Grid) -> Appendix {
    let runs: Vec<&RunResult> = grid.runs().collect();
    let keys: Vec<_> = runs.iter().map(|run| run.keys()).collect();
    let names = unique(keys.iter().flat_map(|keys| keys.keys()));
    // A model or loss may lack a key that another has, and results of earlier versions lack newer keys.
    let found = |name: &String| unique(keys.iter().filter_map(|keys| keys.get(name)));
    let (shared, own): (Vec<&String>, Vec<&String>) =
        names.into_iter().partition(|name| found(name).len() == 1);
    let written = |name: &String, value: &String| format!("{name} = {value}");
    let shown = |name: &String, run: usize| keys[run].get(name).map(|value| written(name, value));
    let head =
        ["Run", "Own settings", "Development", "Test", "Epochs", "Parameters", "Time", "Words/s", "Memory"];
    let measures = grid.study.measures;
    let rows = runs.iter().enumerate().map(|(i, run)| {
        // The seed is already in the first column.
        let own = own.iter().filter(|name| **name != "seed").filter_map(|name| shown(name, i));
        let own: Vec<String> = own.collect();
        let listed = |of: &std::collections::BTreeMap<String, f64>| {
            let of_measure = |measure: &Measure| {
                let Measure::Test(metric) = measure else { return None };
                of.get(metric.name).map(|v| format!("{} {}", measure.show(metric.scaled(*v)), metric.name))
            };
            lines(measures.iter().filter_map(of_measure).collect())
        };
        vec![
            Entry::new(format!("{}, {}, seed {}", run.row, run.column, run.seed))
                .line(format!("{}", run.file().display())),
            Entry::new(own.join(", ")),
            listed(&run.dev),
            listed(&run.test),
            Entry::new(run.epochs.len().to_string()).line(format!("best {}", run.best_epoch)),
            Entry::new(thousands(run.parameters)),
            Entry::new(duration(run.seconds)),
            Entry::new(thousands(run.tokens_per_second.round() as u64)),
            match run.peak_memory_bytes {
                Some(bytes) => Entry::new(format!("{} MB", thousands(bytes / 1_000_000))),
                None => Entry::hole(),
            },
        ]
    });
    Appendix {
        table: Table { caption: String::new(), head: head.map(String::from).to_vec(), rows: rows.collect() },
        shared: shared.into_iter().map(|name| written(name, found(name)[0])).collect(),
    }
}

/// An entry with one line per text.
fn lines(texts: Vec<String>) -> Entry {
    let mut texts = texts.into_iter();
    let first = Entry::new(texts.next().unwrap_or_default());
    texts.fold(first, Entry::line)
}

/// A duration in seconds, minutes or hours, whichever reads best.
pub(super) fn duration(seconds: f64) -> String {
    if seconds < 60.0 {
        format!("{seconds:.1} s")
    } else if seconds < 3600.0 {
        format!("{:.0} min {:02.0} s", (seconds / 60.0).floor(), (seconds % 60.0).floor())
    } else {
        format!("{:.0} h {:02.0} min", (seconds / 3600.0).floor(), (seconds % 3600.0 / 60.0).floor())
    }
}

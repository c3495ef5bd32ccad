//! Tables of results: ours next to the paper's, with a dash for missing numbers.

use super::grid::{Filled, Grid};
use super::result::RunResult;
use super::study::{Cell, Measure};
use super::summary::Summary;
use super::table::{Entry, Mark, Table};
use super::verdict::{Judgement, Outcome, Verdict};
use crate::run::{FLOOR, Metric};

/// The table of one measure: mean ± spread, the gain over the baseline, and the paper's number.
pub(super) fn means(grid: &Grid, measure: Measure) -> Table {
    let study = grid.study;
    let columns = grid.columns();
    let mut head = vec![study.rows.to_owned()];
    head.extend(columns.iter().map(|column| (*column).to_owned()));
    let rows = grid.rows().into_iter().map(|row| {
        let first = Entry { lines: datasets(grid, row), ..Entry::new(row) };
        let entries = columns.iter().map(|column| match grid.get(row, column) {
            Some(filled) => entry(grid, filled, measure),
            None => Entry::new(""),
        });
        std::iter::once(first).chain(entries).collect()
    });
    let seeds = grid.cells.iter().map(|filled| filled.cell.seeds.len());
    let caption = match (seeds.clone().min(), seeds.max()) {
        (Some(1), Some(1)) => format!("{}; one seed.", capital(&measure.label())),
        (Some(few), Some(many)) if few < many => {
            format!("{}: mean ± standard deviation over {few} to {many} seeds.", capital(&measure.label()))
        }
        (_, many) => format!(
            "{}: mean ± standard deviation over {} seeds.",
            capital(&measure.label()),
            many.unwrap_or(0)
        ),
    };
    Table { caption, head, rows: rows.collect() }
}

/// A metric of all trials of one column's runs: a line for each row, an entry for each trial. A trial on the data of the row
/// itself is highlighted.
pub(super) fn matrix(grid: &Grid, column: &str, metric: Metric) -> Table {
    let trials = grid.trials();
    let mut head = vec![grid.study.rows.to_owned()];
    head.extend(trials.iter().map(|trial| trial.heading()));
    let rows = grid.rows().into_iter().filter_map(|row| {
        let filled = grid.get(row, column)?;
        let entries = trials.iter().map(|trial| {
            let measure = Measure::Trial(*trial, metric);
            match filled.summary(measure) {
                Some(summary) => {
                    let entry = Entry::new(mean_and_spread(measure, summary));
                    if filled.is_of(*trial) { entry.marked(Mark::Best) } else { entry }
                }
                None if filled.cell.trials.contains(trial) => hole(filled, measure),
                None => Entry::new(""),
            }
        });
        Some(std::iter::once(Entry::new(row)).chain(entries).collect())
    });
    let label = Measure::of_trials(metric);
    Table { caption: format!("{column}: {label}, by trial."), head, rows: rows.collect() }
}

/// The floors of the rows in each trial; none if no run knows its floor.
pub(super) fn floors(grid: &Grid) -> Option<Table> {
    let trials = grid.trials();
    let known = |column: &&str| {
        let of_rows = || grid.rows().into_iter().filter_map(|row| grid.get(row, column));
        of_rows()
            .any(|filled| trials.iter().any(|trial| filled.summary(Measure::Trial(*trial, FLOOR)).is_some()))
    };
    // All models of a row have the same text, and so the same floor.
    let column = grid.columns().into_iter().find(known)?;
    let caption = "The perplexity that no model can go under, by trial.".into();
    Some(Table { caption, ..matrix(grid, column, FLOOR) })
}

fn entry(grid: &Grid, filled: &Filled, measure: Measure) -> Entry {
    // The paper's numbers belong to the first measure of a study.
    let is_first = grid.study.measures.first() == Some(&measure);
    let base = grid.study.baseline.filter(|base| *base != filled.cell.column);
    let base = base.and_then(|column| grid.get(filled.cell.row, column));
    let summary = filled.summary(measure);
    let mut entry = match summary {
        Some(summary) => Entry::new(mean_and_spread(measure, summary)),
        None => hole(filled, measure),
    };
    if let (Some(ours), Some(base)) = (summary, base.and_then(|base| base.summary(measure))) {
        entry = entry.line(format!("gain {}", measure.show_signed(measure.advantage(ours.mean, base.mean))));
    }
    let cell = &filled.cell;
    let paper_gain = base
        .and_then(|base| cell.paper.zip(base.cell.paper))
        .map(|(with, without)| measure.advantage(with, without));
    match (is_first, cell.paper, paper_gain.or(cell.paper_gain)) {
        (true, Some(paper), Some(gain)) => {
            entry.line(format!("paper {} ({})", measure.show(paper), measure.show_signed(gain)))
        }
        (true, Some(paper), None) => entry.line(format!("paper {}", measure.show(paper))),
        (true, None, Some(gain)) => entry.line(format!("paper: gain {}", measure.show_signed(gain))),
        _ => entry,
    }
}

fn hole(filled: &Filled, measure: Measure) -> Entry {
    let mut entry = Entry::hole();
    let list = |seeds: &[u64]| seeds.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
    if !filled.missing.is_empty() {
        entry = entry.line(format!("missing: seed {}", list(&filled.missing)));
    }
    for run in &filled.runs {
        entry = entry.line(match filled.value(run, measure) {
            Some(value) => format!("seed {}: {}", run.seed, measure.show(value)),
            None => format!("seed {} did not record {}", run.seed, measure.name()),
        });
    }
    entry
}

fn mean_and_spread(measure: Measure, summary: Summary) -> String {
    match summary.spread {
        Some(spread) => format!("{} ± {}", measure.show(summary.mean), measure.show(spread)),
        None => measure.show(summary.mean),
    }
}

/// The data sets that a row's runs used, which the name of the row need not say.
fn datasets(grid: &Grid, row: &str) -> Vec<String> {
    let in_row = grid.cells.iter().filter(|filled| filled.cell.row == row);
    let names =
        super::grid::unique(in_row.flat_map(|filled| filled.runs.iter().map(|run| run.data.name.as_str())));
    names.into_iter().map(|name| format!("on {name}")).collect()
}

/// The comparisons of a claim, in rows and in columns.
pub(super) fn comparisons(grid: &Grid, judgement: &Judgement) -> Table {
    let mut head = vec!["Row or column", "Measure", "Comparison", "Advantage", "Needed to decide", "Outcome"];
    let paired: Vec<Option<Entry>> = judgement.outcomes.iter().map(|outcome| paired(grid, outcome)).collect();
    let mut caption = "The comparisons behind the verdict.".to_owned();
    let any_paired = paired.iter().any(Option::is_some);
    if any_paired {
        head.push("McNemar's p");
        caption += " McNemar's exact test pairs two runs of the same seed by their test examples, which are right as a whole \
                    or not; p is how likely a difference as large or larger is, in either direction, between equals. It does \
                    not decide the outcome.";
    }
    let rows = judgement.outcomes.iter().zip(paired).map(|(outcome, paired)| {
        let number = |value: Option<f64>, text: &dyn Fn(f64) -> String| match value {
            Some(value) => Entry::new(text(value)),
            None => Entry::hole(),
        };
        let mut row = vec![
            Entry::new(outcome.row),
            Entry::new(outcome.claim.measure.label()),
            Entry::new(match outcome.claim.share {
                1.0 => format!("{} better than {}", outcome.claim.better, outcome.claim.worse),
                share => format!(
                    "{} better than {:.0}% of {}",
                    outcome.claim.better,
                    100.0 * share,
                    outcome.claim.worse
                ),
            }),
            number(outcome.advantage, &|x| outcome.claim.measure.show_signed(x)),
            number(outcome.needed, &|x| outcome.claim.measure.show(x)),
            Entry::new(match outcome.verdict {
                Verdict::Held => "held",
                Verdict::DidNotHold => "contradicted",
                Verdict::Undecided => "within spread",
                Verdict::Incomplete => "number missing",
            }),
        ];
        row.extend(any_paired.then(|| paired.unwrap_or_else(|| Entry::new(""))));
        row
    });
    Table { caption, head: head.into_iter().map(String::from).collect(), rows: rows.collect() }
}

/// McNemar's test of a comparison on test data, for each seed of which both runs recorded which examples were right.
fn paired(grid: &Grid, outcome: &Outcome) -> Option<Entry> {
    let claim = outcome.claim;
    if !matches!(claim.measure, Measure::Test(_)) || claim.share != 1.0 {
        return None;
    }
    let [better, worse] = [claim.better, claim.worse].map(|name| match claim.within {
        Some(column) => grid.get(name, column),
        None => grid.get(outcome.row, name),
    });
    let (better, worse) = (better?, worse?);
    // Which examples were right is recorded of the test split alone.
    let on_test = |cell: &Cell| matches!(cell.instead, None | Some(Measure::Test(_)));
    if ![better, worse].iter().all(|filled| on_test(&filled.cell)) {
        return None;
    }
    let of_seed = |run: &&RunResult| {
        let other = worse.runs.iter().find(|other| other.seed == run.seed)?;
        let same = run.data.checksum == other.data.checksum && run.data.test == other.data.test;
        let p = run.right.as_ref().filter(|_| same)?.mcnemar(other.right.as_ref()?);
        Some(if p < 0.001 { "< 0.001".to_owned() } else { format!("{p:.3}") })
    };
    let found: Vec<String> = better.runs.iter().filter_map(of_seed).collect();
    (!found.is_empty()).then(|| Entry::new(found.join(", ")))
}

/// The text with a capital first letter.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

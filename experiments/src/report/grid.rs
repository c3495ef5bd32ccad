//! The cells of a study with the results that fill them.

use std::collections::HashSet;
use std::hash::Hash;

use super::result::RunResult;
use super::study::{Cell, DataSource, Measure, Scale, Study, Trial};
use super::summary::Summary;

/// A study at one scale on one kind of data.
#[derive(Debug)]
pub(super) struct Grid<'a> {
    pub study: &'static Study,
    pub scale: Scale,
    pub source: DataSource,
    pub cells: Vec<Filled<'a>>,
}

/// A cell, its existing runs in order of seed, and the seeds that are missing.
#[derive(Debug)]
pub(super) struct Filled<'a> {
    pub cell: Cell,
    /// The measures of its study.
    pub measures: &'static [Measure],
    pub runs: Vec<&'a RunResult>,
    pub missing: Vec<u64>,
}

/// One row of a table, with a number for each column.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The row's name.
    pub row: &'static str,
    /// What the numbers measure.
    pub measure: Measure,
    /// Column and number; `None` for a missing number.
    pub cells: Vec<(&'static str, Option<Summary>)>,
}

impl<'a> Grid<'a> {
    pub fn new(study: &'static Study, (scale, source): (Scale, DataSource), runs: &'a [RunResult]) -> Self {
        let here = |run: &&RunResult| run.study == study.name && (run.scale, run.source) == (scale, source);
        let fill = |cell: Cell| {
            let of_cell = |run: &&RunResult| run.row == cell.row && run.column == cell.column;
            let mut runs: Vec<&RunResult> = runs.iter().filter(here).filter(of_cell).collect();
            runs.sort_by_key(|run| run.seed);
            let absent = |seed: &u64| runs.iter().all(|run| run.seed != *seed);
            let missing = cell.seeds.iter().copied().filter(absent).collect();
            Filled { cell, measures: study.measures, runs, missing }
        };
        Grid { study, scale, source, cells: study.cells(scale, source).into_iter().map(fill).collect() }
    }

    pub fn rows(&self) -> Vec<&'static str> {
        unique(self.cells.iter().map(|filled| filled.cell.row))
    }

    pub fn columns(&self) -> Vec<&'static str> {
        unique(self.cells.iter().map(|filled| filled.cell.column))
    }

    /// The trials of all runs.
    pub fn trials(&self) -> Vec<Trial> {
        unique(self.cells.iter().flat_map(|filled| filled.cell.trials.clone()))
    }

    pub fn get(&self, row: &str, column: &str) -> Option<&Filled<'a>> {
        self.cells.iter().find(|filled| filled.cell.row == row && filled.cell.column == column)
    }

    pub fn runs(&self) -> impl Iterator<Item = &'a RunResult> + '_ {
        self.cells.iter().flat_map(|filled| filled.runs.iter().copied())
    }

    /// The table of one measure.
    pub fn lines(&self, measure: Measure) -> Vec<Line> {
        let columns = self.columns();
        let number = |row, column| self.get(row, column).and_then(|filled| filled.summary(measure));
        let line = |row| Line { row, measure, cells: columns.iter().map(|c| (*c, number(row, c))).collect() };
        self.rows().into_iter().map(line).collect()
    }
}

impl Filled<'_> {
    /// Whether the trial is on the data that the runs learned from.
    pub fn is_of(&self, trial: Trial) -> bool {
        match trial {
            Trial::On(set) => self.runs.iter().any(|run| run.data.name == set),
            Trial::Attack { .. }
            | Trial::Explained { .. }
            | Trial::Within { .. }
            | Trial::Richness
            | Trial::Compressed { .. } => false,
        }
    }

    /// The cell's number; `None` if one of its runs is missing or did not record it.
    pub fn summary(&self, measure: Measure) -> Option<Summary> {
        let values = self.values(measure);
        let complete = self.missing.is_empty() && values.len() == self.runs.len();
        complete.then(|| Summary::of(&values)).flatten()
    }

    /// The numbers of the runs that exist.
    pub fn values(&self, measure: Measure) -> Vec<f64> {
        self.runs.iter().filter_map(|run| self.value(run, measure)).collect()
    }

    /// The number of one of its runs. Cells that read another measure read it instead of those of their study, and of no others.
    pub fn value(&self, run: &RunResult, measure: Measure) -> Option<f64> {
        let instead = self.cell.instead.filter(|_| self.measures.contains(&measure));
        run.value(instead.unwrap_or(measure))
    }
}

/// Each item once, in order of first appearance.
pub(super) fn unique<T: Clone + Eq + Hash>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut seen = HashSet::new();
    items.into_iter().filter(|item| seen.insert(item.clone())).collect()
}

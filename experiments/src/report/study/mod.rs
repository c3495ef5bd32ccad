//! The building blocks of a report: studies, the cells of their tables, and the runs that fill the cells. Plain data,
//! without training code and without the paper's contents: [`crate::studies`] declares the studies with these types.
//!
//! | file | holds |
//! | --- | --- |
//! | `cell` | a cell of a table, its runs and their result files |
//! | `measure` | the number that is read from a run |
//! | `scale` | how large the runs are, and on which data |
//! | `trial` | what is measured on a finished run beside the metrics on its own data |

use crate::run::Metric;

mod cell;
mod measure;
mod scale;
mod trial;

pub use cell::{Cell, Run, result_file};
pub use measure::Measure;
pub use scale::{DataSource, Scale, UnknownName};
pub use trial::{MEGABYTES, THROUGHPUT, Trial};

/// One table, figure or claim of a paper.
#[derive(Clone, Debug)]
pub struct Study {
    /// The name on the command line and of its results folder, such as `table10`.
    pub name: &'static str,
    /// Where it is in the paper, such as `Table 10`.
    pub source: &'static str,
    /// What is compared.
    pub title: &'static str,
    /// The paper's result in words.
    pub claim: &'static str,
    /// What a row of the table is, such as `data set`.
    pub rows: &'static str,
    /// What a column of the table is, such as `regularisation`.
    pub columns: &'static str,
    /// The column that gains are relative to.
    pub baseline: Option<&'static str>,
    /// The numbers that are read from each run, with one table for each; the paper's numbers belong to the first.
    pub measures: &'static [Measure],
    /// The paper's result as a list of comparisons; each is made in every row, unless it names some, or between rows in a column.
    pub claims: &'static [Claim],
    /// How the report shows the results.
    pub shows: Shows,
    /// What a reader must know that is not in the configurations.
    pub notes: &'static [&'static str],
    /// The cells at a scale on a kind of data; empty if the study only reads the results of others.
    pub plan: fn(Scale, DataSource) -> Vec<Cell>,
}

/// One column beats another in each row, or comes close enough to it; or one row beats another in a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Claim {
    /// What is compared: one of the study's measures.
    pub measure: Measure,
    /// The column in which rows are compared; if none, columns are.
    pub within: Option<&'static str>,
    /// The column, or row, that is better.
    pub better: &'static str,
    /// The column, or row, that is worse.
    pub worse: &'static str,
    /// What `better` must beat is this share of the number of `worse`.
    pub share: f64,
    /// The rows in which the comparison is made; all if empty.
    pub rows: &'static [&'static str],
}

impl Claim {
    /// `better` beats `worse` in `measure`.
    pub const fn of(measure: Measure, better: &'static str, worse: &'static str) -> Self {
        Claim::share(measure, 1.0, better, worse)
    }

    /// `better` beats a share of `worse` in `measure`.
    pub const fn share(measure: Measure, share: f64, better: &'static str, worse: &'static str) -> Self {
        Claim { measure, within: None, better, worse, share, rows: &[] }
    }

    /// The same in some rows alone.
    pub const fn in_rows(self, rows: &'static [&'static str]) -> Self {
        Claim { rows, ..self }
    }

    /// In a column, the row `better` beats the row `worse`. Where a study has no such rows, the claim says nothing.
    pub const fn of_rows(
        measure: Measure,
        column: &'static str,
        better: &'static str,
        worse: &'static str,
    ) -> Self {
        Claim { within: Some(column), ..Claim::of(measure, better, worse) }
    }
}

/// How the report shows the results of a study.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shows {
    /// Means with their spread, as a table and as a plot.
    Means,
    /// As `Means`, and the training loss over the steps.
    Curves,
    /// As `Means`, and for each column each of these metrics as a table and a heat map of rows and trials.
    Matrix(&'static [Metric]),
    /// As `Matrix` without a heat map, and for each row this metric as lines, one for each column, along the numbers of the trials
    /// ([`Trial::number`]), on an axis where each mark is twice the one before; what the numbers are.
    Within(&'static [Metric], &'static str),
    /// As `Means`, and the measures as lines, one for each column, along the rows, whose names are numbers.
    Along,
    /// The sizes of the data sets, from their statistics files, next to the paper's.
    Statistics(&'static [Sizes]),
    /// The hyper-parameters of all runs of all studies, next to the paper's.
    Settings(Settings),
}

impl Shows {
    /// The metrics of which there are tables of rows and trials.
    pub fn matrices(&self) -> &'static [Metric] {
        match self {
            Shows::Matrix(metrics) | Shows::Within(metrics, _) => metrics,
            Shows::Means | Shows::Curves | Shows::Along | Shows::Statistics(_) | Shows::Settings(_) => &[],
        }
    }
}

/// The sizes of a data set in the paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// The paper's name.
    pub name: &'static str,
    /// The name in this project's catalogue.
    pub key: &'static str,
    /// Number of training, validation and test examples; `None` if the paper has a dash.
    pub examples: [Option<u64>; 3],
}

/// The paper's hyper-parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `model.name` of each model, and the paper's name.
    pub models: &'static [(&'static str, &'static str)],
    /// One entry per hyper-parameter.
    pub lines: &'static [Setting],
}

/// One hyper-parameter of the paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The paper's name.
    pub name: &'static str,
    /// The key in configurations.
    pub key: &'static str,
    /// Its value for each of [`Settings::models`]; `None` if the paper has a dash.
    pub values: &'static [Option<&'static str>],
}

impl Study {
    /// The cells at this scale on this data; empty if the study only reads the results of others.
    pub fn cells(&self, scale: Scale, source: DataSource) -> Vec<Cell> {
        (self.plan)(scale, source)
    }

    /// Every run of every cell: cell by cell, seed by seed.
    pub fn runs(&self, scale: Scale, source: DataSource) -> Vec<Run> {
        let cells = self.cells(scale, source);
        cells.iter().flat_map(|cell| cell.seeds.iter().map(|seed| self.run(cell, *seed))).collect()
    }

    /// One run of a cell.
    pub fn run(&self, cell: &Cell, seed: u64) -> Run {
        Run::new(self.name, cell, seed)
    }
}

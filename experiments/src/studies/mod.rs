//! What the paper reports and what is run to test it: one file per table, figure and claim. Plain data, no training.
//!
//! | file | compares |
//! | --- | --- |
//! | [`table5`] | no, L1 and L2 penalty on MR, SUBJ, MPQA |
//! | [`table7`] | sizes of the data sets |
//! | [`table8`] | hyper-parameters |
//! | [`table9`] | losses of the BiLSTM-CRF on CoNLL-2003 and WNUT-17 |
//! | [`table10`] | no regularisation, L2, dropout, layer normalisation |
//! | [`figure3`] | cross-entropy and focal loss, balanced and imbalanced |
//! | [`figure5`] | six optimizers |
//! | [`contrastive`] | BiDAF with and without contrastive objectives |
//! | [`attention`] | TextCNN and BiLSTM with and without self-attention |
//!
//! A [`Study`] is one of them. It plans [`Run`]s for a [`Scale`] and a [`DataSource`]; each run has one result file, and
//! the report is made of these files.
//!
//! ```
//! use gradus::studies::{self, DataSource, Scale};
//! let study = studies::find("table10")?;
//! let runs = study.runs(Scale::Smoke, DataSource::Embedded);
//! assert_eq!(runs[0].file().to_str(), Some("runs/table10/imdb--no-regularization--seed1.json"));
//! assert!(runs[0].assignments().contains(&"data.dataset=reviews-long".to_owned()));
//! assert_eq!(studies::find("tabel10").unwrap_err().nearest, "table10");
//! # Ok::<(), studies::UnknownStudy>(())
//! ```

pub mod attention;
mod cell;
pub mod contrastive;
pub mod figure3;
pub mod figure5;
mod measure;
mod scale;
pub mod table10;
pub mod table5;
pub mod table7;
pub mod table8;
pub mod table9;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

pub use measure::Measure;
pub use scale::{DataSource, Scale, UnknownName};

/// One table, figure or claim of the paper.
#[derive(Clone, Debug)]
pub struct Study {
    /// The name on the command line and of the folder of its results: `table10`.
    pub name: &'static str,
    /// Where the paper has it: `Table 10`.
    pub source: &'static str,
    /// What is compared.
    pub title: &'static str,
    /// What the paper says comes out, in words.
    pub claim: &'static str,
    /// What a row of the table is: `data set`.
    pub rows: &'static str,
    /// What a column of the table is: `regularisation`.
    pub columns: &'static str,
    /// The column against which gains are shown.
    pub baseline: Option<&'static str>,
    /// What is read from each run, one table for each; the paper's numbers belong to the first.
    pub measures: &'static [Measure],
    /// What the paper says comes out, comparison by comparison; each is made in every row.
    pub claims: &'static [Claim],
    /// What the report makes of the results.
    pub shows: Shows,
    /// What a reader must know that no configuration says.
    pub notes: &'static [&'static str],
    plan: fn(Scale, DataSource) -> Vec<Cell>,
}

/// One column beats another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// In what; one of the study's measures.
    pub measure: Measure,
    /// The column that is better.
    pub better: &'static str,
    /// The column that is worse.
    pub worse: &'static str,
}

/// What the report makes of the results of a study.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shows {
    /// Means with their spread, as a table and as dots.
    Means,
    /// The same, and the training loss over the steps.
    Curves,
    /// The sizes of the data sets, from their statistics files.
    Statistics,
    /// The hyper-parameters of all runs of all studies.
    Settings,
}

/// One number of a table: a configuration, run with several seeds.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// The row's name, as the paper has it.
    pub row: &'static str,
    /// The column's name.
    pub column: &'static str,
    /// What is laid over the default configuration: keys and values as `--set` takes them.
    pub sets: Vec<(String, String)>,
    /// The seeds.
    pub seeds: Vec<u64>,
    /// The paper's number.
    pub paper: Option<f64>,
    /// The gain over the baseline where the paper states it without the number itself.
    pub paper_gain: Option<f64>,
}

/// One training run of a study: a cell with one seed.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// The study's name.
    pub study: &'static str,
    /// The cell's row.
    pub row: &'static str,
    /// The cell's column.
    pub column: &'static str,
    /// The seed.
    pub seed: u64,
    /// Keys and values over the default configuration, the seed among them.
    pub sets: Vec<(String, String)>,
}

impl Study {
    /// The cells at that scale on that data; none where the study only reads what others measured.
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
        let mut sets = cell.sets.clone();
        sets.push(("seed".into(), seed.to_string()));
        Run { study: self.name, row: cell.row, column: cell.column, seed, sets }
    }
}

impl Run {
    /// The run's result file, from the results folder: `runs/<study>/<row>--<column>--seed<k>.json`.
    pub fn file(&self) -> PathBuf {
        result_file(self.study, self.row, self.column, self.seed)
    }

    /// `key=value` for each setting, as [`crate::config`] and `--set` take it.
    pub fn assignments(&self) -> Vec<String> {
        self.sets.iter().map(|(key, value)| format!("{key}={value}")).collect()
    }
}

/// Where the result of a run lies, from the results folder.
pub fn result_file(study: &str, row: &str, column: &str, seed: u64) -> PathBuf {
    PathBuf::from("runs").join(study).join(format!("{}--{}--seed{seed}.json", slug(row), slug(column)))
}

/// Lower-case letters and digits; whatever lies between them becomes one hyphen.
fn slug(name: &str) -> String {
    let words: Vec<String> = name
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    words.join("-")
}

/// Every study, in the order of the report.
pub fn all() -> &'static [Study] {
    const ALL: &[Study] = &[
        table9::STUDY,
        table10::STUDY,
        attention::STUDY,
        contrastive::STUDY,
        figure5::STUDY,
        figure3::STUDY,
        table5::STUDY,
        table7::STUDY,
        table8::STUDY,
    ];
    ALL
}

/// The study of that name.
///
/// # Errors
/// [`UnknownStudy`], with the nearest name.
pub fn find(name: &str) -> Result<&'static Study, UnknownStudy> {
    all().iter().find(|study| study.name == name).ok_or_else(|| UnknownStudy {
        name: name.into(),
        nearest: nearest(name, all().iter().map(|study| study.name)),
        known: all().iter().map(|study| study.name).collect::<Vec<_>>().join(", "),
    })
}

/// A name that is no study's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no study '{name}'; did you mean '{nearest}'? Known are {known}")]
pub struct UnknownStudy {
    /// What was asked for.
    pub name: String,
    /// The known name closest to it.
    pub nearest: &'static str,
    /// All known names.
    pub known: String,
}

/// The name closest to `wanted` by edit distance.
fn nearest(wanted: &str, names: impl Iterator<Item = &'static str>) -> &'static str {
    let wanted = wanted.to_lowercase();
    names.min_by_key(|name| strsim::damerau_levenshtein(&wanted, name)).unwrap_or_default()
}

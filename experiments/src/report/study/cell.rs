use super::measure::Measure;
use super::trial::Trial;
use crate::config::reference::RUN;
use std::path::PathBuf;

/// One number of a table: a configuration that is run with several seeds.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// The row's name, as in the paper.
    pub row: &'static str,
    /// The column's name.
    pub column: &'static str,
    /// Changes to the default configuration: keys and values as for `--set`.
    pub sets: Vec<(String, String)>,
    /// The seeds.
    pub seeds: Vec<u64>,
    /// What is measured on each finished run.
    pub trials: Vec<Trial>,
    /// The paper's number, in the unit of the measure.
    pub paper: Option<f64>,
    /// The gain over the baseline, if the paper states it without the number itself.
    pub paper_gain: Option<f64>,
    /// What is read from its runs instead of the study's measures, where rows differ in that.
    pub instead: Option<Measure>,
}

impl Cell {
    /// A cell without settings and seeds.
    pub fn new(row: &'static str, column: &'static str) -> Self {
        let (sets, seeds, trials) = (vec![], vec![], vec![]);
        Cell { row, column, sets, seeds, trials, paper: None, paper_gain: None, instead: None }
    }

    /// Sets a key, replacing an earlier value.
    pub fn set(mut self, key: &str, value: impl Into<String>) -> Self {
        self.sets.retain(|(known, _)| known != key);
        self.sets.push((key.into(), value.into()));
        self
    }

    /// Sets several keys.
    pub fn set_all(self, sets: &[(&str, &str)]) -> Self {
        sets.iter().fold(self, |cell, (key, value)| cell.set(key, *value))
    }

    /// Sets the key of a path to the folder of another cell's run with the same seed, or to a path in it.
    pub fn set_run(self, key: &str, (study, row, column): (&str, &str, &str), path: &str) -> Self {
        let name = format!("{study}/{}--{}", slug(row), slug(column));
        self.set(key, format!("{RUN}{name}{SEED}{}{path}", if path.is_empty() { "" } else { "/" }))
    }

    /// With trials of each finished run.
    pub fn tried(self, trials: impl IntoIterator<Item = Trial>) -> Self {
        Cell { trials: trials.into_iter().collect(), ..self }
    }

    /// Reads another measure than the study's, in the same unit.
    pub fn reads(self, measure: Measure) -> Self {
        Cell { instead: Some(measure), ..self }
    }

    /// With the paper's number.
    pub fn paper(self, number: f64) -> Self {
        Cell { paper: Some(number), ..self }
    }

    /// With the paper's gain over the baseline.
    pub fn paper_gain(self, gain: f64) -> Self {
        Cell { paper_gain: Some(gain), ..self }
    }
}

/// Ends the name of a run; a seed comes after it when a run is made of the cell.
const SEED: &str = "--seed";

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
    /// Changes to the default configuration: keys and values, including the seed.
    pub sets: Vec<(String, String)>,
    /// What is measured on the finished run.
    pub trials: Vec<Trial>,
}

impl Run {
    /// The run's result file, relative to the results folder: `runs/<study>/<row>--<column>--seed<k>.json`.
    pub fn file(&self) -> PathBuf {
        result_file(self.study, self.row, self.column, self.seed)
    }

    /// A run of a cell.
    pub(super) fn new(study: &'static str, cell: &Cell, seed: u64) -> Self {
        let mut sets = cell.sets.clone();
        for (_, value) in &mut sets {
            if let Some(name) = value.strip_prefix(RUN) {
                let (name, path) = name.split_once(SEED).unwrap_or((name, ""));
                *value = format!("{RUN}{name}{SEED}{seed}{path}");
            }
        }
        sets.push(("seed".into(), seed.to_string()));
        Run { study, row: cell.row, column: cell.column, seed, sets, trials: cell.trials.clone() }
    }

    /// Its name, by which other runs refer to its folder: `<study>/<row>--<column>--seed<k>`.
    pub fn name(&self) -> String {
        let file = self.file().with_extension("");
        file.strip_prefix("runs").unwrap_or(&file).display().to_string()
    }

    /// `key=value` for each setting, as for [`crate::config`] and `--set`.
    pub fn assignments(&self) -> Vec<String> {
        self.sets.iter().map(|(key, value)| format!("{key}={value}")).collect()
    }
}

/// The result file of a run, relative to the results folder.
pub fn result_file(study: &str, row: &str, column: &str, seed: u64) -> PathBuf {
    PathBuf::from("runs").join(study).join(format!("{}--{}--seed{seed}.json", slug(row), slug(column)))
}

/// The ASCII letters and digits of a name in lower case; whatever lies between them becomes one hyphen.
fn slug(name: &str) -> String {
    let words: Vec<String> = name
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    words.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_value_replaces_an_earlier_one() {
        let cell = Cell::new("r", "c").set_all(&[("a", "1"), ("b", "2")]).set("a", "3");
        assert_eq!(cell.sets, [("b".to_owned(), "2".to_owned()), ("a".to_owned(), "3".to_owned())]);
    }

    #[test]
    fn a_run_refers_to_that_of_another_cell_with_its_seed() {
        let cell =
            Cell::new("SST-2", "student").set_run("loss.teacher", ("distillation", "SST-2", "+L2"), "");
        let cell = cell.set_run("model.pretrained", ("pretraining", "texts", "BERT"), "pretrained");
        let run = Run::new("distillation", &cell, 7);
        assert_eq!(run.assignments()[0], "loss.teacher=run:distillation/sst-2--l2--seed7");
        assert_eq!(run.assignments()[1], "model.pretrained=run:pretraining/texts--bert--seed7/pretrained");
        assert_eq!(run.name(), "distillation/sst-2--student--seed7");
    }

    #[test]
    fn a_file_is_named_by_letters_and_digits() {
        assert_eq!(
            result_file("table10", "SST-2", "+L2, twice", 7),
            PathBuf::from("runs/table10/sst-2--l2-twice--seed7.json")
        );
        assert_eq!(result_file("a", "../../x", "é", 1), PathBuf::from("runs/a/x----seed1.json"));
    }
}

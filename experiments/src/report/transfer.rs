//! What a model loses on sets other than its own, beside how much their words differ.
//!
//! The divergence of two sets is that of their training words ([`DataStatistics::divergence`]); the loss of a run is its metric on
//! the test split of its own set minus that on another set's, both over the seeds of a cell.

use super::grid::{Filled, Grid, unique};
use super::statistics::DataStatistics;
use super::study::Measure;
use super::table::{Entry, Table};
use super::tables::capital;
use crate::metrics::spearman::spearman;
use crate::run::Metric;

/// The divergences between the sets of a study.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Divergences {
    /// The names of the sets.
    pub sets: Vec<String>,
    /// That of set i and set j, in bits; `None` if it was not measured. That of a set and itself is 0.
    pub bits: Vec<Vec<Option<f64>>>,
}

impl Divergences {
    /// Those between the sets that a study's runs were trained on; none if none was measured.
    pub fn of(grid: &Grid, statistics: &[DataStatistics]) -> Option<Self> {
        let sets = unique(grid.runs().map(|run| run.data.name.clone()));
        let between = |a: &String, b: &String| {
            let of_a = statistics.iter().find(|set| set.name == *a)?;
            if a == b { Some(0.0) } else { of_a.divergence.get(b).copied() }
        };
        let row = |a| sets.iter().map(|b| between(a, b)).collect();
        let bits: Vec<Vec<Option<f64>>> = sets.iter().map(row).collect();
        let measured = (0..sets.len()).any(|i| (0..sets.len()).any(|j| i != j && bits[i][j].is_some()));
        measured.then_some(Divergences { sets, bits })
    }

    /// That of two sets.
    fn between(&self, a: &str, b: &str) -> Option<f64> {
        let place = |name: &str| self.sets.iter().position(|set| set == name);
        self.bits[place(a)?][place(b)?]
    }

    /// The table of all of them.
    pub fn table(&self) -> Table {
        let head = std::iter::once("Set").chain(self.sets.iter().map(String::as_str)).map(String::from);
        let entry = |bits: &Option<f64>| bits.map_or(Entry::hole(), |bits| Entry::new(format!("{bits:.3}")));
        let row = |(set, bits): (&String, &Vec<Option<f64>>)| {
            std::iter::once(Entry::new(set)).chain(bits.iter().map(entry)).collect()
        };
        Table {
            caption: "Jensen-Shannon divergence of the words of two training splits, in bits: 0 for the same distribution, 1 for no \
                      common word. Small splits differ by chance, so it depends on their sizes."
                .into(),
            head: head.collect(),
            rows: self.sets.iter().zip(&self.bits).map(row).collect(),
        }
    }
}

/// The divergence and the loss of each pair of a cell's set and another one; `None` if a run or a number is missing.
fn losses(filled: &Filled, metric: Metric, divergences: &Divergences) -> Option<Vec<(f64, f64)>> {
    let first = filled.runs.first().filter(|_| filled.missing.is_empty())?;
    let pair = |(other, _): (&str, f64)| {
        let loss = |run: &&super::RunResult| {
            let there = run.on_others(metric).find(|(name, _)| *name == other)?.1;
            Some(Measure::Test(metric).advantage(run.value(Measure::Test(metric))?, there))
        };
        let all: Option<Vec<f64>> = filled.runs.iter().map(loss).collect();
        let all = all?;
        let mean = all.iter().sum::<f64>() / all.len() as f64;
        Some((divergences.between(&first.data.name, other)?, mean))
    };
    first.on_others(metric).map(pair).collect()
}

/// For each column of a study the mean of a metric on its own sets and on the others, and Spearman's correlation of divergence
/// and loss over all pairs; none if no column is complete.
pub(super) fn correlations(grid: &Grid, metric: Metric, divergences: &Divergences) -> Option<Table> {
    let line = |column: &'static str| {
        let cells: Vec<&Filled> = grid.cells.iter().filter(|filled| filled.cell.column == column).collect();
        let pairs: Option<Vec<Vec<(f64, f64)>>> =
            cells.iter().map(|filled| losses(filled, metric, divergences)).collect();
        let pairs = pairs?.concat();
        let (bits, lost): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
        let mean = |measure: Measure| {
            let means: Option<Vec<f64>> =
                cells.iter().map(|filled| Some(filled.summary(measure)?.mean)).collect();
            means.map(|means| means.iter().sum::<f64>() / means.len() as f64)
        };
        let (own, gap) = (mean(Measure::Test(metric))?, mean(Measure::Gap(metric))?);
        let show = |value| Entry::new(Measure::Test(metric).show(value));
        let rho = spearman(&bits, &lost);
        let rho = rho.map_or(Entry::hole(), |rho| Entry::new(format!("{rho:.2}").replace('-', "−")));
        let pairs = rho.line(format!("{} pairs", pairs.len()));
        Some(vec![Entry::new(column), show(own), show(own - gap), show(gap), pairs])
    };
    let rows: Vec<Vec<Entry>> = grid.columns().into_iter().filter_map(line).collect();
    let head = [
        &capital(grid.study.columns),
        "On its own set",
        "On the others",
        "Gap",
        "Spearman's ρ of divergence and loss",
    ];
    (!rows.is_empty()).then(|| Table {
        caption: format!(
            "{}: means over all training sets, and whether models lose more where words differ more. A pair is a training set \
             and another set; pairs with a common set are not independent.",
            capital(&Measure::Test(metric).label())
        ),
        head: head.map(String::from).to_vec(),
        rows,
    })
}

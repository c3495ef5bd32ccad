//! One study of the report, independent of the output format.

use super::appendix::{Appendix, appendix};
use super::differences::differences;
use super::error::ReportError;
use super::figures::{self, Plot, plots};
use super::grid::Grid;
use super::measured;
use super::result::RunResult;
use super::statistics::DataStatistics;
use super::study::{DataSource, Measure, Scale, Settings, Sizes, Study, result_file};
use super::table::Table;
use super::tables;
use super::transfer::{self, Divergences};
use super::verdict::{Judgement, judge};

/// A study at one scale on one kind of data. Sections of statistics and settings cover all runs.
#[derive(Clone, Debug)]
pub struct Section {
    /// The anchor, such as `table10-quick-embedded`.
    pub id: String,
    /// The study.
    pub study: &'static Study,
    /// Scale and data.
    pub setting: Option<(Scale, DataSource)>,
    /// Whether the claim held, if there is one.
    pub judgement: Option<Judgement>,
    /// Results first, then the comparisons.
    pub tables: Vec<Table>,
    /// Its plots.
    pub plots: Vec<Plot>,
    /// What differs from the paper.
    pub differences: Vec<String>,
    /// Every run without a result file.
    pub missing: Vec<String>,
    /// Number of planned runs; 0 if none are needed.
    pub planned: usize,
    /// Every run with a result file.
    pub appendix: Option<Appendix>,
}

impl Section {
    pub(super) fn of_study(
        study: &'static Study,
        setting: (Scale, DataSource),
        (runs, statistics): (&[RunResult], &[DataStatistics]),
        paper: Option<(&str, &Settings)>,
    ) -> Result<Self, ReportError> {
        let grid = Grid::new(study, setting, runs);
        let lines: Vec<_> = study.measures.iter().flat_map(|measure| grid.lines(*measure)).collect();
        let judgement = (!study.claims.is_empty()).then(|| judge(study.claims, &lines));
        let mut tables: Vec<Table> = study.measures.iter().map(|m| tables::means(&grid, *m)).collect();
        for metric in study.shows.matrices() {
            tables.extend(grid.columns().into_iter().map(|column| tables::matrix(&grid, column, *metric)));
        }
        tables.extend(tables::floors(&grid));
        let mut plots = plots(&grid)?;
        let gap = study
            .measures
            .iter()
            .find_map(|m| if let Measure::Gap(metric) = m { Some(*metric) } else { None });
        let divergences = gap.and_then(|metric| Some((metric, Divergences::of(&grid, statistics)?)));
        if let Some((metric, divergences)) = &divergences {
            tables.push(divergences.table());
            tables.extend(transfer::correlations(&grid, *metric, divergences));
            plots.push(figures::divergences(&grid, divergences)?);
        }
        tables.extend(judgement.as_ref().map(|judgement| tables::comparisons(&grid, judgement)));
        let absent = |row, column, seed| {
            format!("{row}, {column}, seed {seed} ({})", result_file(study.name, row, column, seed).display())
        };
        let missing = grid.cells.iter().flat_map(|filled| {
            filled.missing.iter().map(move |seed| absent(filled.cell.row, filled.cell.column, *seed))
        });
        Ok(Section {
            id: format!("{}-{}-{}", study.name, setting.0, setting.1),
            study,
            setting: Some(setting),
            judgement,
            tables,
            plots,
            differences: differences(&grid, paper)
                .into_iter()
                .chain(study.notes.iter().map(|note| (*note).to_owned()))
                .collect(),
            missing: missing.collect(),
            planned: grid.cells.iter().map(|filled| filled.cell.seeds.len()).sum(),
            appendix: Some(appendix(&grid)),
        })
    }

    pub(super) fn of_statistics(
        study: &'static Study,
        statistics: &[DataStatistics],
        paper: &[Sizes],
    ) -> Self {
        let unmeasured = measured::unmeasured(statistics, paper);
        let absent = format!("Of the paper's sets not measured here: {}.", unmeasured.join(", "));
        let notes = statistics.iter().filter(|set| !set.note.is_empty());
        let mut differences: Vec<String> = notes.map(|set| format!("{}: {}", set.name, set.note)).collect();
        differences.extend((!unmeasured.is_empty()).then_some(absent));
        Section { differences, ..Self::plain(study, measured::sizes(statistics, paper)) }
    }

    pub(super) fn of_settings(study: &'static Study, runs: &[RunResult], paper: &Settings) -> Self {
        Self::plain(study, measured::settings(runs, paper))
    }

    fn plain(study: &'static Study, table: Table) -> Self {
        Section {
            id: study.name.into(),
            study,
            setting: None,
            judgement: None,
            tables: vec![table],
            plots: Vec::new(),
            differences: Vec::new(),
            missing: Vec::new(),
            planned: 0,
            appendix: None,
        }
    }
}

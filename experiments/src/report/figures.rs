//! Chooses a study's plots and fills them from its results.

use super::error::ReportError;
use super::grid::{Filled, Grid};
use super::heat_map::{Row, heat_map};
use super::plots::{self, Axis, Curve, Dot, Group};
use super::result::RunResult;
use super::study::{DataSource, Measure, Shows, Trial};
use super::tables::capital;
use super::transfer::Divergences;
use crate::run::{FLOOR, Metric};

/// A plot with the name of its file.
#[derive(Clone, Debug, PartialEq)]
pub struct Plot {
    /// File name without its extension.
    pub name: String,
    /// What it shows.
    pub caption: String,
    /// The picture.
    pub svg: String,
}

/// All plots of a study for which there are results.
pub(super) fn plots(grid: &Grid) -> Result<Vec<Plot>, ReportError> {
    let name = |what: &str| format!("{}-{}-{}-{what}", grid.study.name, grid.scale, grid.source);
    let mut plots = Vec::new();
    if grid.study.shows == Shows::Curves {
        for (i, row) in grid.rows().into_iter().enumerate() {
            let name = if i == 0 { name("curves") } else { name(&format!("curves-{}", i + 1)) };
            plots.extend(loss_curves(grid, row, name)?);
        }
    }
    match grid.study.shows {
        Shows::Matrix(metrics) => {
            for (i, metric) in metrics.iter().enumerate() {
                for (j, column) in grid.columns().into_iter().enumerate() {
                    let number = i * grid.columns().len() + j + 1;
                    plots.extend(matrix(grid, column, *metric, name(&format!("matrix-{number}")))?);
                }
            }
        }
        Shows::Within(metrics, label) => {
            for (i, metric) in metrics.iter().enumerate() {
                for (j, row) in grid.rows().into_iter().enumerate() {
                    let number = i * grid.rows().len() + j + 1;
                    plots.extend(along_trials(
                        grid,
                        row,
                        (*metric, label),
                        name(&format!("lines-{number}")),
                    )?);
                }
            }
        }
        Shows::Means | Shows::Curves | Shows::Along | Shows::Statistics(_) | Shows::Settings(_) => {}
    }
    for measure in grid.study.measures {
        let name = name(&measure.name());
        plots.extend(match grid.study.shows {
            Shows::Along => along_rows(grid, *measure, name)?,
            Shows::Means
            | Shows::Curves
            | Shows::Matrix(_)
            | Shows::Within(..)
            | Shows::Statistics(_)
            | Shows::Settings(_) => dots(grid, *measure, name)?,
        });
    }
    Ok(plots)
}

/// Mean, minimum and maximum of a cell's runs, if all are there.
fn spread(filled: &Filled, measure: Measure) -> Option<(f64, f64, f64)> {
    let mean = filled.summary(measure)?.mean;
    let values = filled.values(measure);
    let least = values.iter().copied().fold(f64::MAX, f64::min);
    Some((mean, least, values.into_iter().fold(f64::MIN, f64::max)))
}

/// A metric of a row's runs along the numbers of their trials, with the floor of a generated text.
fn along_trials(
    grid: &Grid,
    row: &str,
    (metric, x): (Metric, &str),
    name: String,
) -> Result<Option<Plot>, ReportError> {
    let trials = grid.trials();
    let line = |named: &str, column: &str, metric: Metric| {
        let filled = grid.get(row, column)?;
        let point = |trial: &Trial| {
            let (mean, least, most) = spread(filled, Measure::Trial(*trial, metric))?;
            Some((trial.number()?, mean, least, most))
        };
        let points: Vec<_> = trials.iter().filter_map(point).collect();
        (!points.is_empty()).then(|| Curve { name: named.to_owned(), points })
    };
    let columns = grid.columns();
    let curves = columns.iter().filter_map(|column| line(column, column, metric));
    // All runs have the same test text, and so the same floor.
    let floor = columns.iter().find_map(|column| line(FLOOR.name, column, FLOOR));
    let curves: Vec<Curve> = curves.chain(floor).collect();
    if curves.is_empty() {
        return Ok(None);
    }
    let label = Measure::of_trials(metric);
    let svg = plots::curves(&name, Axis { label: x, doubles: true }, &label, &curves)?;
    let caption = format!("{row}: {label}: mean of the seeds, and the range between them.");
    Ok(Some(Plot { name, caption, svg }))
}

/// A measure along the rows, whose names are numbers.
fn along_rows(grid: &Grid, measure: Measure, name: String) -> Result<Option<Plot>, ReportError> {
    let line = |column: &str| {
        let point = |row: &&str| {
            let (mean, least, most) = spread(grid.get(row, column)?, measure)?;
            Some((row.parse().ok()?, mean, least, most))
        };
        let points: Vec<_> = grid.rows().iter().filter_map(point).collect();
        (!points.is_empty()).then(|| Curve { name: column.to_owned(), points })
    };
    let curves: Vec<Curve> = grid.columns().into_iter().filter_map(line).collect();
    if curves.is_empty() {
        return Ok(None);
    }
    let label = measure.label();
    let svg = plots::curves(&name, Axis::linear(grid.study.rows), &label, &curves)?;
    let caption = format!("{}: mean of the seeds, and the range between them.", capital(&label));
    Ok(Some(Plot { name, caption, svg }))
}

fn matrix(grid: &Grid, column: &str, metric: Metric, name: String) -> Result<Option<Plot>, ReportError> {
    let trials = grid.trials();
    let row = |row: &'static str| {
        let filled = grid.get(row, column)?;
        let mean = |trial: &Trial| Some(filled.summary(Measure::Trial(*trial, metric))?.mean);
        Some((row.to_owned(), trials.iter().map(mean).collect()))
    };
    let rows: Vec<Row> = grid.rows().into_iter().filter_map(row).collect();
    if rows.iter().all(|(_, values)| values.iter().all(Option::is_none)) {
        return Ok(None);
    }
    let measure = Measure::Test(metric);
    let heads: Vec<String> = trials.iter().map(|trial| trial.heading()).collect();
    let svg = heat_map(&name, &heads, &rows, |value| measure.show(value))?;
    let caption = format!("{column}: {} of each row in each trial.", Measure::of_trials(metric));
    Ok(Some(Plot { name, caption, svg }))
}

/// The divergences between the sets of a study.
pub(super) fn divergences(grid: &Grid, of: &Divergences) -> Result<Plot, ReportError> {
    let name = format!("{}-{}-{}-divergence", grid.study.name, grid.scale, grid.source);
    let rows: Vec<Row> = of.sets.iter().cloned().zip(of.bits.clone()).collect();
    let svg = heat_map(&name, &of.sets, &rows, |bits| format!("{bits:.2}"))?;
    let caption = "Jensen-Shannon divergence of the words of two training splits, in bits.".into();
    Ok(Plot { name, caption, svg })
}

fn dots(grid: &Grid, measure: Measure, name: String) -> Result<Option<Plot>, ReportError> {
    let columns = grid.columns();
    // The paper's numbers are for real data: next to numbers for a generated corpus they would be misleading.
    let is_first = grid.study.measures.first() == Some(&measure);
    let beside_paper = is_first && grid.source == DataSource::Real;
    let dot = |row, column| {
        let filled = grid.get(row, column)?;
        let summary = filled.summary(measure)?;
        let paper = filled.cell.paper.filter(|_| beside_paper);
        Some(Dot {
            mean: summary.mean,
            spread: summary.spread.unwrap_or(0.0),
            values: filled.values(measure),
            paper,
        })
    };
    let group = |row: &'static str| Group {
        name: row.into(),
        dots: columns.iter().map(|column| dot(row, column)).collect(),
    };
    let groups: Vec<Group> = grid.rows().into_iter().map(group).collect();
    if groups.iter().all(|group| group.dots.iter().all(Option::is_none)) {
        return Ok(None);
    }
    let label = measure.label();
    let svg = plots::dots(&name, &label, &columns, &groups)?;
    let caption = format!("{}: mean with standard deviation, small dots are single seeds.", capital(&label));
    Ok(Some(Plot { name, caption, svg }))
}

fn loss_curves(grid: &Grid, row: &str, name: String) -> Result<Option<Plot>, ReportError> {
    let curve = |column: &&str| {
        let filled = grid.get(row, column)?;
        let runs: Vec<Vec<(u64, f64)>> = filled.runs.iter().map(|run| smooth(run)).collect();
        let points = band(&runs);
        (filled.missing.is_empty() && !points.is_empty())
            .then(|| Curve { name: (*column).to_owned(), points })
    };
    let columns = grid.columns();
    let curves: Vec<Curve> = columns.iter().filter_map(curve).collect();
    if curves.is_empty() {
        return Ok(None);
    }
    let svg = plots::curves(&name, Axis::linear("step"), "training loss", &curves)?;
    let caption = "Training loss over the steps, averaged over a twentieth of the run: mean of the seeds, and the range \
                   between them."
        .into();
    Ok(Some(Plot { name, caption, svg }))
}

/// Moving average over a twentieth of the logged losses. Only full windows are used: shorter ones at the start would be
/// noisier than the rest.
fn smooth(run: &RunResult) -> Vec<(u64, f64)> {
    let width = (run.steps.len() / 20).max(1);
    let mean = |window: &[crate::run::StepLoss]| window.iter().map(|s| s.loss).sum::<f64>() / width as f64;
    run.steps.windows(width).map(|window| (window[width - 1].step, mean(window))).collect()
}

/// `(step, mean, minimum, maximum)` at the steps that every run logged.
fn band(runs: &[Vec<(u64, f64)>]) -> Vec<(f64, f64, f64, f64)> {
    let Some((first, others)) = runs.split_first() else { return Vec::new() };
    let at = |step: u64| -> Option<Vec<f64>> {
        let find =
            |run: &Vec<(u64, f64)>| run.binary_search_by_key(&step, |(step, _)| *step).ok().map(|i| run[i].1);
        others.iter().map(find).collect()
    };
    let point = |(step, loss): &(u64, f64)| {
        let mut losses = at(*step)?;
        losses.push(*loss);
        let least = losses.iter().copied().fold(f64::MAX, f64::min);
        let largest = losses.iter().copied().fold(f64::MIN, f64::max);
        Some((*step as f64, losses.iter().sum::<f64>() / losses.len() as f64, least, largest))
    };
    first.iter().filter_map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::band;

    #[test]
    fn a_band_has_the_steps_that_every_run_has() {
        let runs = [vec![(1, 1.0), (2, 2.0), (3, 9.0)], vec![(2, 4.0), (3, 3.0), (4, 0.0)]];
        assert_eq!(band(&runs), [(2.0, 3.0, 2.0, 4.0), (3.0, 6.0, 3.0, 9.0)]);
        assert!(band(&[]).is_empty());
    }
}

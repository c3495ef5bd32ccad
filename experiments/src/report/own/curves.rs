//! Loss and metrics by epoch.

use super::super::ReportError;
use super::super::figures::Plot;
use super::super::plots::{self, Axis, Curve, PALETTE};
use super::super::table::{Entry, Table};
use super::super::tables::capital;
use super::OwnRun;
use super::log::Logged;
use crate::data::shown::terminal;
use crate::run::{Metric, Unit};

/// The training loss, with one curve per run.
pub(super) fn losses(runs: &[&OwnRun], names: &[&str]) -> Result<Vec<Plot>, ReportError> {
    let caption = "Training loss by epoch: the mean over the examples of the epoch.";
    plotted(runs, names, ("loss", "training loss", caption), |epoch| Some(epoch.train_loss))
}

/// A metric on the development split, with one curve per run.
pub(super) fn of_metric(runs: &[&OwnRun], names: &[&str], metric: &Metric) -> Result<Vec<Plot>, ReportError> {
    let y = label(metric);
    let caption = format!("{} on the development split by epoch.", capital(metric.name));
    let value = |epoch: &Logged| epoch.metric(metric.name).map(|value| metric.scaled(value));
    plotted(runs, names, (metric.name, &format!("dev {y}"), &caption), value)
}

/// Such as `f1, %`.
pub(super) fn label(metric: &Metric) -> String {
    match metric.unit {
        Unit::Percent => format!("{}, %", metric.name),
        Unit::Plain => metric.name.to_owned(),
    }
}

/// The largest absolute value that is drawn on a linear axis. A diverging loss may have any finite value.
const LARGEST: f64 = 1e5;

/// A value on a logarithmic axis that has a place for zero and for negative values: sign(y) · log₁₀(1 + |y|).
fn logarithm(y: f64) -> f64 {
    (1.0 + y.abs()).log10().copysign(y)
}

/// Plots the runs that have logged something; each plot has at most as many runs as there are colours. Values past
/// [`LARGEST`] make the axis logarithmic.
fn plotted(
    runs: &[&OwnRun],
    names: &[&str],
    (name, y, caption): (&str, &str, &str),
    value: impl Fn(&Logged) -> Option<f64>,
) -> Result<Vec<Plot>, ReportError> {
    let value = |epoch: &Logged| value(epoch).filter(|y| y.is_finite());
    let large = runs.iter().flat_map(|run| &run.log.epochs).filter_map(value).any(|y| y.abs() > LARGEST);
    let (y, caption) = match large {
        true => {
            let why = "The axis is logarithmic, since some values are very large: it shows log10(1 + |value|), with the sign of the value.";
            (format!("log10 of {y}"), format!("{caption} {why}"))
        }
        false => (y.to_owned(), caption.to_owned()),
    };
    let drawn = |y: f64| if large { logarithm(y) } else { y };
    let point = |epoch: &Logged| value(epoch).map(drawn).map(|y| (epoch.epoch as f64, y, y, y));
    let curve = |(run, name): (&&OwnRun, &&str)| Curve {
        name: short(name),
        points: run.log.epochs.iter().filter_map(point).collect(),
    };
    let curves = runs.iter().zip(names).map(curve).filter(|curve| !curve.points.is_empty());
    let curves: Vec<Curve> = curves.collect();
    let plot = |curves: &[Curve]| {
        let svg = plots::curves(name, Axis::linear("epoch"), &y, curves)?;
        Ok(Plot { name: name.to_owned(), caption: caption.clone(), svg })
    };
    curves.chunks(PALETTE.len()).map(plot).collect()
}

/// Shortens a name to fit into the legend. The end is kept, since that is where the names of runs differ.
fn short(name: &str) -> String {
    const ROOM: usize = 18;
    let name = terminal(name);
    let n = name.chars().count();
    if n <= ROOM {
        name.into_owned()
    } else {
        format!("…{}", name.chars().skip(n + 1 - ROOM).collect::<String>())
    }
}

/// Maximum number of rows in a table of epochs.
const MOST_ROWS: usize = 60;

/// Loss and metrics of a run by epoch. If there are many epochs, some are left out, but never the first, the best or
/// the last.
pub(super) fn table(run: &OwnRun) -> Table {
    let epochs = &run.log.epochs;
    let best = run.chosen().and_then(|metric| run.log.best(metric)).map(|epoch| epoch.epoch);
    let every = epochs.len().div_ceil(MOST_ROWS).max(1);
    let kept = epochs
        .iter()
        .enumerate()
        .filter(|(i, epoch)| i.is_multiple_of(every) || i + 1 == epochs.len() || Some(epoch.epoch) == best);
    let row = |(_, epoch): (usize, &Logged)| {
        let number = match Some(epoch.epoch) == best {
            true => Entry::new(epoch.epoch.to_string()).line("best"),
            false => Entry::new(epoch.epoch.to_string()),
        };
        let metric = |metric: &Metric| match epoch.metric(metric.name) {
            Some(value) => Entry::new(metric.show(value)),
            None => Entry::hole(),
        };
        let loss = match epoch.train_loss.abs() > LARGEST {
            true => format!("{:.4e}", epoch.train_loss),
            false => format!("{:.4}", epoch.train_loss),
        };
        let loss = Entry::new(loss);
        [number, loss].into_iter().chain(run.task.metrics().iter().map(metric)).collect()
    };
    let head = ["Epoch", "Training loss"].map(String::from).into_iter();
    Table {
        caption: match every {
            1 => "Metrics are on the development split.".into(),
            _ => {
                format!("One epoch in {every}, the best and the last; metrics are on the development split.")
            }
        },
        head: head.chain(run.task.metrics().iter().map(label)).collect(),
        rows: kept.map(row).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logarithmic_axis_keeps_order_and_zero() {
        let values = [f64::MIN, -1e30, -9.0, 0.0, 1e-9, 9.0, 1e30, f64::MAX];
        assert!(values.windows(2).all(|pair| logarithm(pair[0]) < logarithm(pair[1])));
        assert_eq!([-9.0, 0.0, 99.0].map(logarithm), [-1.0, 0.0, 2.0]);
        assert!(logarithm(f64::MAX) < 309.0);
    }

    #[test]
    fn a_long_name_keeps_its_end() {
        assert_eq!(short("runs/a"), "runs/a");
        assert_eq!(short("experiments/bilstm-seed-12"), "…/bilstm-seed-12".replace('/', "ts/"));
        assert_eq!(short("a\u{1b}[31m"), "a\\u{1b}[31m");
    }
}

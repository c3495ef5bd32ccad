//! The part of the report about a single run.

use super::super::ReportError;
use super::super::table::{Entry, Table, thousands};
use super::page::{Block, Part};
use super::{OwnRun, Tested, curves, labels, mistakes, settings};
use crate::data::counted::noun;
use crate::run::Metric;

/// The part of a run.
pub(super) fn part(run: &OwnRun, name: &str, id: String) -> Result<Part, ReportError> {
    let mut blocks = vec![
        Block::Codes(settings::in_short(run)),
        Block::Folded("All settings".into(), vec![Block::Codes(settings::all(run))]),
    ];
    if let Some(compression) = run.compression {
        blocks.push(Block::Gap(format!(
            "The weights were compressed after training: {}. The epochs are those of training, before that.",
            compression.described()
        )));
    }
    blocks.extend(by_epoch(run)?);
    blocks.extend([Block::Heading("Metrics"), Block::Table(metrics(run))]);
    match &run.tested {
        Ok(tested) => {
            if let Some(details) = &tested.details {
                blocks.extend(labels::blocks(details));
            }
            blocks.extend(mistakes::blocks(tested, run.task.unit()));
        }
        Err(why) => blocks.push(Block::Gap(format!("Not evaluated on the test split: {why}."))),
    }
    Ok(Part { id, heading: name.to_owned(), scope: format!("{}, {}", run.task.name(), run.data), blocks })
}

/// Curves and the table of epochs.
fn by_epoch(run: &OwnRun) -> Result<Vec<Block>, ReportError> {
    if run.log.epochs.is_empty() {
        return Ok(vec![Block::Gap("No epoch is complete yet.".into())]);
    }
    let plot = |metric: &Metric| curves::of_metric(&[run], &["dev"], metric);
    let mut blocks = vec![Block::Heading("By epoch")];
    blocks.extend(curves::losses(&[run], &["train"])?.into_iter().map(Block::Plot));
    let chosen = run.chosen();
    if let Some(metric) = chosen {
        blocks.extend(plot(metric)?.into_iter().map(Block::Plot));
    }
    let mut others = vec![];
    for metric in run.task.metrics().iter().filter(|metric| Some(*metric) != chosen) {
        others.extend(plot(metric)?.into_iter().map(Block::Plot));
    }
    if !others.is_empty() {
        blocks.push(Block::Folded("Curves of the other metrics".into(), others));
    }
    blocks.push(Block::Folded("Epochs in numbers".into(), vec![Block::Table(curves::table(run))]));
    Ok(blocks)
}

/// A table of each metric on dev and test.
fn metrics(run: &OwnRun) -> Table {
    let entry = |metric: &Metric, value: Option<f64>| match value {
        Some(value) => Entry::new(metric.show(value)),
        None => Entry::hole(),
    };
    let chosen = run.chosen();
    let row = |metric: &Metric| {
        let name = Entry::new(curves::label(metric));
        let name = if Some(metric) == chosen { name.line("selects the best epoch") } else { name };
        vec![name, entry(metric, run.dev(metric)), entry(metric, run.test(metric))]
    };
    let best = chosen.and_then(|metric| run.log.best(metric));
    let epoch = best.map(|best| format!("Best epoch {}", best.epoch));
    let on_test = run.tested.as_ref().ok().map(|Tested { examples, parameters, .. }| {
        let unit = noun(*examples, run.task.unit());
        let [examples, parameters] = [*examples as u64, *parameters].map(thousands);
        format!("{examples} {unit} in the test split; {parameters} parameters")
    });
    let caption: Vec<String> = epoch.into_iter().chain(on_test).collect();
    Table {
        caption: if caption.is_empty() { String::new() } else { format!("{}.", caption.join("; ")) },
        head: ["Metric", "Dev", "Test"].map(String::from).to_vec(),
        rows: run.task.metrics().iter().map(row).collect(),
    }
}

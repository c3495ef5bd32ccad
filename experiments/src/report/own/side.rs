//! Runs side by side, and the page that holds them.

use super::super::ReportError;
use super::super::grid::unique;
use super::super::table::{Entry, Mark, Table};
use super::page::{Block, Page, Part};
use super::{OwnRun, curves, one, settings};
use crate::run::{Details, Metric};
use std::path::Path;

impl Page {
    /// The page of some runs.
    pub(super) fn of(runs: &[OwnRun]) -> Result<Page, ReportError> {
        let names = names(runs);
        let several = by_task(runs, &names);
        let mut parts = several.iter().map(side_by_side).collect::<Result<Vec<Part>, _>>()?;
        for (i, (run, name)) in runs.iter().zip(&names).enumerate() {
            parts.push(one::part(run, name, anchor(i))?);
        }
        let title = match &names[..] {
            [name] => format!("The run {name}"),
            names => format!("{} runs", names.len()),
        };
        let lead = "Curves and development metrics are those that training logged; test metrics are those of the best \
                    epoch's parameters, evaluated for this report.";
        Ok(Page { title, lead: lead.into(), overview: overview(runs, &names), parts })
    }
}

/// The anchor of a run's part.
fn anchor(run: usize) -> String {
    format!("run-{}", run + 1)
}

/// The last component of each folder's path if these are distinct, otherwise the paths.
fn names(runs: &[OwnRun]) -> Vec<String> {
    let last = |run: &OwnRun| {
        let name = Path::new(&run.folder).file_name().map(|name| name.to_string_lossy().into_owned());
        name.unwrap_or_else(|| run.folder.clone())
    };
    let short: Vec<String> = runs.iter().map(last).collect();
    match unique(short.iter()).len() == runs.len() {
        true => short,
        false => runs.iter().map(|run| run.folder.clone()).collect(),
    }
}

/// The overview table, with one row per run.
fn overview(runs: &[OwnRun], names: &[String]) -> Table {
    let row = |(i, (run, name)): (usize, (&OwnRun, &String))| {
        let shown = |metric: Option<&Metric>, value: Option<f64>| match metric.zip(value) {
            Some((metric, value)) => Entry::new(metric.show(value)),
            None => Entry::hole(),
        };
        let chosen = run.chosen();
        let best = chosen.and_then(|metric| run.log.best(metric));
        vec![
            Entry::new(name).leading_to(anchor(i)),
            Entry::new(run.task.name()),
            Entry::new(run.config.text("model.name")),
            Entry::new(&run.data),
            Entry::new(format!("{} of {}", run.log.epochs.len(), run.config.run.train.epochs)),
            best.map_or_else(Entry::hole, |epoch| Entry::new(epoch.epoch.to_string())),
            Entry::new(chosen.map_or(String::new(), curves::label)),
            shown(chosen, chosen.and_then(|metric| run.dev(metric))),
            shown(chosen, chosen.and_then(|metric| run.test(metric))),
        ]
    };
    let head = ["Run", "Task", "Model", "Data", "Epochs", "Best", "Metric", "Dev", "Test"];
    Table {
        caption: String::new(),
        head: head.map(String::from).to_vec(),
        rows: runs.iter().zip(names).enumerate().map(row).collect(),
    }
}

/// Runs with their names.
type Named<'a> = (Vec<&'a OwnRun>, Vec<&'a str>);

/// The runs of each task that has several.
fn by_task<'a>(runs: &'a [OwnRun], names: &'a [String]) -> Vec<Named<'a>> {
    let of_task = |task: &str| {
        let all = runs.iter().zip(names.iter().map(String::as_str));
        all.filter(|(run, _)| run.task.name() == task).unzip()
    };
    let groups = unique(runs.iter().map(|run| run.task.name())).into_iter().map(of_task);
    groups.filter(|(members, _): &Named| members.len() > 1).collect()
}

/// The part that compares several runs of one task.
fn side_by_side((runs, names): &Named) -> Result<Part, ReportError> {
    let mut blocks = vec![];
    let tested = runs.iter().filter_map(|run| Some(run.tested.as_ref().ok()?.fingerprint));
    let same = unique(tested).len() < 2;
    if !same {
        blocks.push(Block::Gap(
            "The runs were not all tested on the same examples: a better number need not mean a better model.".into(),
        ));
    }
    let notes = || runs.iter().zip(names).filter_map(|(run, name)| Some((note(run)?, *name)));
    let noted = unique(notes().map(|(note, _)| note)).len() > 1;
    if noted {
        let all: Vec<String> = notes().map(|(note, name)| format!("of {name}, {note}")).collect();
        let each = "Some metrics are different quantities, of which no best value is marked";
        blocks.push(Block::Gap(format!("{each}: {}.", all.join("; "))));
    }
    let comparable = |metric: &Metric| same && !(noted && Details::NOTED.contains(&metric.name));
    blocks.push(Block::Table(metrics(runs, names, comparable)));
    blocks.extend(curves::losses(runs, names)?.into_iter().map(Block::Plot));
    let chosen: Vec<&Metric> = runs.iter().filter_map(|run| run.chosen()).collect();
    for metric in runs[0].task.metrics().iter().filter(|metric| chosen.contains(metric)) {
        blocks.extend(curves::of_metric(runs, names, metric)?.into_iter().map(Block::Plot));
    }
    blocks.push(Block::Heading("Settings that differ"));
    blocks.push(match settings::differences(runs, names) {
        Some(table) => Block::Table(table),
        None => Block::Text("The runs do not differ in any setting.".into()),
    });
    let compressed = runs.iter().zip(names).filter_map(|(run, name)| {
        let how = run.compression?.described();
        Some(format!("{name} was compressed after training: {how}."))
    });
    blocks.extend(compressed.map(Block::Text));
    let task = runs[0].task;
    let (id, scope) = (format!("side-by-side-{}", task.name()), task.name().to_owned());
    Ok(Part { id, heading: "Side by side".into(), scope, blocks })
}

/// What some metrics of a run refer to, if it was tested.
fn note<'a>(run: &&'a OwnRun) -> Option<&'a str> {
    Some(&run.tested.as_ref().ok()?.details.as_ref()?.note)
}

/// The metrics of the runs of a task, with one column per run. The best value of a metric is highlighted if its values can be
/// compared.
fn metrics(runs: &[&OwnRun], names: &[&str], comparable: impl Fn(&Metric) -> bool) -> Table {
    let task = runs[0].task;
    let row = |metric: &Metric| {
        let tested: Vec<f64> = runs.iter().filter_map(|run| run.test(metric)).collect();
        let differ = tested.iter().any(|value| *value != tested[0]);
        let best = tested.iter().copied().reduce(|best, x| if metric.is_better(x, best) { x } else { best });
        let entry = |run: &&OwnRun| {
            let entry = match run.test(metric) {
                Some(value) if differ && comparable(metric) && Some(value) == best => {
                    Entry::new(metric.show(value)).marked(Mark::Best)
                }
                Some(value) => Entry::new(metric.show(value)),
                None => Entry::hole(),
            };
            match run.dev(metric) {
                Some(value) => entry.line(format!("dev {}", metric.show(value))),
                None => entry,
            }
        };
        std::iter::once(Entry::new(curves::label(metric))).chain(runs.iter().map(entry)).collect()
    };
    Table {
        caption: "Test metrics; below each, the dev metric of the same epoch.".into(),
        head: std::iter::once("Metric".to_owned())
            .chain(names.iter().map(|name| (*name).to_owned()))
            .collect(),
        rows: task.metrics().iter().map(row).collect(),
    }
}

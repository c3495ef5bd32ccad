//! What is wrong with a prediction, and the metrics of each label.

use super::Probe;
use super::gold::{Gold, Target};
use super::metrics::{edges, scored_of, shallowest};
use super::model::{Found, Prediction};
use crate::data::Split;
use crate::metrics::classification::{Confusion, Scores};
use crate::metrics::spanning::spanning_tree;
use crate::run::{Detail, Details, Mistake};

/// The wrong label of which the probe is surest, the wrong root, or the edges that are missed.
pub(super) fn mistake(task: &Probe, split: Split, example: usize, prediction: &Prediction) -> Mistake {
    let words = &task.data.split(split)[example].words;
    let gold = &task.gold[split as usize][example];
    match (&gold.property, &prediction.property) {
        (Target::Labels(labels), Found::Labels(found)) => {
            let wrong = (0..labels.len()).filter(|&i| labels[i] != found[i].0);
            let worst = wrong.max_by(|&a, &b| found[a].1.total_cmp(&found[b].1)).unwrap_or(0);
            let (label, probability) = found[worst];
            let marked = |(i, word): (usize, &String)| match i == worst && task.keys.probe.pieces().is_some()
            {
                true => format!("[{word}]"),
                false => word.clone(),
            };
            Mistake {
                severity: probability,
                degree: format!("{:.1}% sure", 100.0 * probability),
                text: words.iter().enumerate().map(marked).collect::<Vec<_>>().join(" "),
                right: task.labels.names[labels[worst]].clone(),
                predicted: task.labels.names[label].clone(),
            }
        }
        (Target::Tree(tree), Found::Depths(depths)) => {
            let root = shallowest(depths, &gold.counted).unwrap_or(0);
            let away = tree.depths()[root];
            Mistake {
                severity: away as f64,
                degree: format!("{away} below the root"),
                text: words.join(" "),
                right: words[tree.root()].clone(),
                predicted: words[root].clone(),
            }
        }
        (_, found) => missed(words, gold, found),
    }
}

fn missed(words: &[String], gold: &Gold, found: &Found) -> Mistake {
    let (Target::Tree(tree), Found::Distances(distances)) = (&gold.property, found) else {
        unreachable!("a prediction is of the property that is read")
    };
    let right = edges(tree, &gold.counted);
    let found = spanning_tree(distances, &gold.counted);
    let shown = |(i, j): &(usize, usize)| format!("{}–{}", words[*i], words[*j]);
    let missed: Vec<String> = right.iter().filter(|edge| !found.contains(edge)).map(shown).collect();
    let wrong: Vec<String> = found.iter().filter(|edge| !right.contains(edge)).map(shown).collect();
    Mistake {
        severity: missed.len() as f64,
        degree: format!("{} of {} edges missed", missed.len(), right.len()),
        text: words.join(" "),
        right: missed.join(", "),
        predicted: wrong.join(", "),
    }
}

/// Whether a prediction is right in every unit.
pub(super) fn right(gold: &Gold, prediction: &Prediction) -> bool {
    let (units, right) = scored_of(&gold.property, &prediction.property, &gold.counted);
    units == right
}

/// The metrics of each label; none of trees.
pub(super) fn details(task: &Probe, split: Split, predictions: &[Prediction]) -> Option<Details> {
    if task.kind().is_tree() {
        return None;
    }
    let (mut all, mut found) = (vec![], vec![]);
    for (gold, prediction) in task.gold[split as usize].iter().zip(predictions) {
        if let (Target::Labels(labels), Found::Labels(predicted)) = (&gold.property, &prediction.property) {
            all.extend_from_slice(labels);
            found.extend(predicted.iter().map(|(label, _)| *label));
        }
    }
    let names = &task.labels.names;
    let confusion = Confusion::new(&all, &found, names.len());
    let row = |(k, name): (usize, &String)| {
        let Scores { precision, recall, f1, support } = confusion.scores(k);
        Detail { name: name.clone(), precision, recall, f1, support: support as u64 }
    };
    let counts = confusion.counts.chunks(names.len().max(1));
    Some(Details {
        heading: "label",
        rows: names.iter().enumerate().map(row).collect(),
        note: String::new(),
        confusion: Some(counts.map(|row| row.iter().map(|&n| n as u64).collect()).collect()),
    })
}

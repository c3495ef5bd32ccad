//! Metrics of individual labels, and how labels are confused.

use super::super::table::{Entry, Mark, Table, thousands};
use super::super::tables::capital;
use super::page::Block;
use crate::run::Details;

/// Maximum number of labels in a confusion matrix; with more labels, the most frequent confusions are listed.
const MOST_IN_MATRIX: usize = 20;
/// Maximum number of confusions listed.
const MOST_CONFUSIONS: usize = 30;
/// Maximum number of labels whose metrics are listed.
const MOST_LABELS: usize = 100;

/// The metrics of individual labels, and their confusion if it is defined.
pub(super) fn blocks(details: &Details) -> Vec<Block> {
    if details.rows.is_empty() {
        return vec![];
    }
    let mut blocks = vec![Block::Heading("By label"), Block::Table(metrics(details))];
    if let Some(confusion) = &details.confusion {
        blocks.push(Block::Heading("Confusion"));
        blocks.push(match details.rows.len() <= MOST_IN_MATRIX {
            true => Block::Table(matrix(details, confusion)),
            false => Block::Table(most_frequent(details, confusion)),
        });
    }
    blocks
}

fn metrics(details: &Details) -> Table {
    let mut order: Vec<usize> = (0..details.rows.len()).collect();
    let left_out = order.len().saturating_sub(MOST_LABELS);
    if left_out > 0 {
        order.sort_by_key(|&i| std::cmp::Reverse(details.rows[i].support));
        order.truncate(MOST_LABELS);
    }
    let row = |&i: &usize| {
        let detail = &details.rows[i];
        let shares =
            [detail.precision, detail.recall, detail.f1].map(|x| Entry::new(format!("{:.2}", 100.0 * x)));
        let [precision, recall, f1] = shares;
        vec![Entry::new(&detail.name), precision, recall, f1, Entry::new(thousands(detail.support))]
    };
    let more = match left_out {
        0 => String::new(),
        n => format!("The {MOST_LABELS} most frequent; {} more are left out.", thousands(n as u64)),
    };
    let caption: Vec<String> =
        [sentence(&details.note), more].into_iter().filter(|part| !part.is_empty()).collect();
    let heading = capital(details.heading);
    let head = [heading.as_str(), "Precision, %", "Recall, %", "F1, %", "Support"];
    Table {
        caption: caption.join(" "),
        head: head.map(String::from).to_vec(),
        rows: order.iter().map(row).collect(),
    }
}

fn sentence(note: &str) -> String {
    if note.is_empty() { String::new() } else { format!("{}.", capital(note)) }
}

/// The confusion matrix: one row per right label, shaded by the share of the row.
fn matrix(details: &Details, confusion: &[Vec<u64>]) -> Table {
    let names = || details.rows.iter().map(|row| row.name.clone());
    let row = |(gold, (name, counts)): (usize, (String, &Vec<u64>))| {
        let all = counts.iter().sum::<u64>().max(1) as f64;
        let entry = |(predicted, &n): (usize, &u64)| {
            let share = n as f64 / all;
            match (n, predicted == gold) {
                (0, false) => Entry::new("0"),
                (_, true) => Entry::new(thousands(n)).marked(Mark::Right(share)),
                (_, false) => Entry::new(thousands(n)).marked(Mark::Wrong(share)),
            }
        };
        std::iter::once(Entry::new(name)).chain(counts.iter().enumerate().map(entry)).collect()
    };
    Table {
        caption: "How often each label (row) was predicted as each (column); shades are shares of the row."
            .into(),
        head: std::iter::once("Right ↓, predicted →".to_owned()).chain(names()).collect(),
        rows: names().zip(confusion).enumerate().map(row).collect(),
    }
}

/// The most frequent confusions.
fn most_frequent(details: &Details, confusion: &[Vec<u64>]) -> Table {
    let mut pairs: Vec<(u64, usize, usize)> = vec![];
    for (gold, counts) in confusion.iter().enumerate() {
        let wrong = counts.iter().enumerate().filter(|(predicted, n)| *predicted != gold && **n > 0);
        pairs.extend(wrong.map(|(predicted, &n)| (n, gold, predicted)));
    }
    pairs.sort_by_key(|&(n, gold, predicted)| (std::cmp::Reverse(n), gold, predicted));
    let distinct = pairs.len();
    pairs.truncate(MOST_CONFUSIONS);
    let row = |&(n, gold, predicted): &(u64, usize, usize)| {
        let share = n as f64 / confusion[gold].iter().sum::<u64>().max(1) as f64;
        vec![
            Entry::new(&details.rows[gold].name),
            Entry::new(&details.rows[predicted].name),
            Entry::new(thousands(n)),
            Entry::new(format!("{:.1}%", 100.0 * share)).marked(Mark::Wrong(share)),
        ]
    };
    let head = ["Right", "Predicted", "Times", "Of the right label"];
    Table {
        caption: format!("The most frequent of {} confusions.", thousands(distinct as u64)),
        head: head.map(String::from).to_vec(),
        rows: pairs.iter().map(row).collect(),
    }
}

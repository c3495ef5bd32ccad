use super::{Found, Scored};
use crate::commands::trained::TrainedClassifier;
use crate::data::{Example, Split};
use crate::tasks::classify::metrics_of_counts;
use std::collections::BTreeMap;
use std::path::Path;

/// The labels, and the examples with theirs.
type Examples = (Vec<String>, Vec<Example>);

/// A row holds true positives, times predicted and times gold of each class: `[3 K]`.
pub(super) fn scored(run: &Path, data: Option<&Path>, split: Split) -> Found<Examples> {
    let (set, encoded, predictions) = TrainedClassifier::load(run)?.on_split(run, data, split)?;
    let classes = set.labels.len();
    let pairs = || encoded.labels.iter().zip(predictions.iter().map(|p| p.label));
    let row = |(&gold, predicted): (&usize, usize)| {
        let mut row = vec![0.0; 3 * classes];
        row[3 * predicted + 1] = 1.0;
        row[3 * gold + 2] = 1.0;
        if gold == predicted {
            row[3 * gold] = 1.0;
        }
        row
    };
    let scored = Scored {
        rows: pairs().map(row).collect(),
        right: pairs().map(|(&gold, predicted)| gold == predicted).collect(),
        data: set.name.clone(),
        checksum: set.checksum.clone(),
    };
    Ok(((set.labels.clone(), set.split(split).to_vec()), scored))
}

/// The metrics of the sum of rows.
pub(super) fn metrics_of_sums(sums: &[f64]) -> BTreeMap<String, f64> {
    let counts: Vec<[usize; 3]> =
        sums.chunks(3).map(|class| [class[0] as usize, class[1] as usize, class[2] as usize]).collect();
    metrics_of_counts(&counts)
}

//! Figure 3: focal loss against cross-entropy.

use super::budgets::cell;
use crate::report::study::{Cell, Claim, DataSource, Measure, Scale, Shows, Study};
use crate::run::Task;
use crate::tasks::classify::Classify;

const PRECISION: Measure = Measure::test(Classify::METRICS, "precision_macro");
const F1: Measure = Measure::test(Classify::METRICS, "f1_macro");
const CROSS_ENTROPY: &str = "Cross-entropy";
const FOCAL: &str = "Focal loss";

/// Precision under both losses, on a balanced and on an imbalanced set.
pub const STUDY: Study = Study {
    name: "figure3",
    source: "Figure 3",
    title: "Focal loss against cross-entropy",
    claim: "The modulating factor of the focal loss raises precision in text classification.",
    rows: "Data set",
    columns: "loss",
    baseline: Some(CROSS_ENTROPY),
    measures: &[PRECISION, F1],
    claims: &[Claim::of(PRECISION, FOCAL, CROSS_ENTROPY)],
    shows: Shows::Means,
    notes: &[
        "No number can be read from the paper's figure, and it names no data set. γ is 2.",
        "Of the real sets MPQA stands for the imbalanced one: 31% of its phrases are positive.",
        "F1 stands beside, though the claim does not speak of it: precision can be bought with recall.",
    ],
    plan,
};

fn plan(scale: Scale, source: DataSource) -> Vec<Cell> {
    let sets = [
        ("Balanced", "sst2-sentences"),
        // One of the generated sets is more imbalanced than the generated substitute for MPQA.
        ("Imbalanced", if source == DataSource::Embedded { "reviews-imbalanced" } else { "mpqa" }),
    ];
    let mut cells = Vec::new();
    for (row, dataset) in sets {
        for (column, loss) in [(CROSS_ENTROPY, "cross_entropy"), (FOCAL, "focal")] {
            let cell = cell((row, column), (dataset, "bilstm"), (scale, source));
            let cell = cell.set_all(&[("loss.name", loss), ("train.metric", "f1_macro")]);
            cells.push(if loss == "focal" { cell.set("loss.gamma", "2") } else { cell });
        }
    }
    cells
}

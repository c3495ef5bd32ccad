//! Table 5: L1 and L2 penalties.

use super::budgets::cell;
use crate::report::study::{Cell, Claim, DataSource, Measure, Scale, Shows, Study};
use crate::run::Task;
use crate::tasks::classify::Classify;

const ACCURACY: Measure = Measure::test(Classify::METRICS, "accuracy");
const NONE: &str = "No regularization";
const L1: &str = "+L1";
const L2: &str = "+L2";

/// No penalty, L1 and L2 on MR, SUBJ and MPQA.
pub const STUDY: Study = Study {
    name: "table5",
    source: "Table 5",
    title: "L1 and L2 penalties in text classification",
    claim: "L1 and L2 penalties each raise accuracy on MR, SUBJ and MPQA.",
    rows: "Data set",
    columns: "penalty",
    baseline: Some(NONE),
    measures: &[ACCURACY],
    claims: &[Claim::of(ACCURACY, L1, NONE), Claim::of(ACCURACY, L2, NONE)],
    shows: Shows::Means,
    notes: &[
        "The paper names no model: TextCNN without dropout is used here, so that the penalty is the only regularisation.",
        "The paper heads the first column “Irregularity”, and gives no strength of the penalties.",
        "One split each, not the ten-fold cross-validation usual for these sets.",
    ],
    plan,
};

/// Row, data set, and a number for each column.
const PAPER: [(&str, &str, [f64; 3]); 3] = [
    ("MR", "mr", [77.3, 78.1, 78.5]),
    ("SUBJ", "subj", [92.5, 93.2, 93.6]),
    ("MPQA", "mpqa", [85.7, 86.3, 86.1]),
];

fn plan(scale: Scale, source: DataSource) -> Vec<Cell> {
    let penalties = [(NONE, "0", "0"), (L1, "0.000001", "0"), (L2, "0", "0.00001")];
    let mut cells = Vec::new();
    for (row, dataset, numbers) in PAPER {
        for ((column, l1, l2), paper) in penalties.into_iter().zip(numbers) {
            let cell = cell((row, column), (dataset, "textcnn"), (scale, source));
            let cell = cell.set_all(&[("model.dropout", "0"), ("loss.l1", l1), ("loss.l2", l2)]);
            cells.push(cell.paper(paper));
        }
    }
    cells
}

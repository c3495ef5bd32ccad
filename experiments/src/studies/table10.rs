//! Table 10: regularisation of the BiLSTM classifier.

use super::budgets::cell;
use crate::report::study::{Cell, Claim, DataSource, Measure, Scale, Shows, Study};
use crate::run::Task;
use crate::tasks::classify::Classify;

const ACCURACY: Measure = Measure::test(Classify::METRICS, "accuracy");
const NONE: &str = "No regularization";
const L2: &str = "+L2";
const DROPOUT: &str = "+Dropout";
const LAYER_NORM: &str = "+LayerNorm";

/// None, L2, dropout and layer normalisation on IMDB and SST-2.
pub const STUDY: Study = Study {
    name: "table10",
    source: "Table 10",
    title: "Regularisation of the BiLSTM classifier",
    claim: "L2, dropout and layer normalisation each raise the accuracy of the unregularised BiLSTM on both data sets.",
    rows: "Data set",
    columns: "regularisation",
    baseline: Some(NONE),
    measures: &[ACCURACY],
    claims: &[
        Claim::of(ACCURACY, L2, NONE),
        Claim::of(ACCURACY, DROPOUT, NONE),
        Claim::of(ACCURACY, LAYER_NORM, NONE),
    ],
    shows: Shows::Means,
    notes: &[
        "The paper's column is headed “0”; from the text around it, it is L2.",
        "The paper gives no strengths: L2 is the penalty of key loss.l2, dropout is Table 8's rate.",
    ],
    plan,
};

/// Row, data set, and a number for each column.
const PAPER: [(&str, &str, [f64; 4]); 2] =
    [("IMDB", "imdb", [89.1, 90.3, 90.5, 90.7]), ("SST-2", "sst2-sentences", [84.2, 84.5, 85.1, 85.4])];

fn plan(scale: Scale, source: DataSource) -> Vec<Cell> {
    let strategies = [
        (NONE, vec![("model.dropout", "0")]),
        (L2, vec![("model.dropout", "0"), ("loss.l2", "0.00001")]),
        (DROPOUT, vec![("model.dropout", "0.5")]),
        (LAYER_NORM, vec![("model.dropout", "0"), ("model.layer_norm", "true")]),
    ];
    let mut cells = Vec::new();
    for (row, dataset, numbers) in PAPER {
        for ((column, sets), paper) in strategies.iter().zip(numbers) {
            let cell = cell((row, column), (dataset, "bilstm"), (scale, source));
            cells.push(cell.set_all(sets).paper(paper));
        }
    }
    cells
}

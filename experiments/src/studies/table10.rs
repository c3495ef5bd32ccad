//! Table 10: what regularisation does to the BiLSTM classifier.

use super::scale::Texts;
use super::{Cell, Claim, DataSource, Measure, Scale, Shows, Study};

const ACCURACY: Measure = Measure::Test("accuracy");
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

const PAPER: [(&str, [f64; 4]); 2] =
    [("IMDB", [89.1, 90.3, 90.5, 90.7]), ("SST-2", [84.2, 84.5, 85.1, 85.4])];

fn plan(scale: Scale, source: DataSource) -> Vec<Cell> {
    let strategies = [
        (NONE, vec![("model.dropout", "0")]),
        (L2, vec![("model.dropout", "0"), ("loss.l2", "0.00001")]),
        (DROPOUT, vec![("model.dropout", "0.5")]),
        (LAYER_NORM, vec![("model.dropout", "0"), ("model.layer_norm", "true")]),
    ];
    let mut cells = Vec::new();
    for (row, numbers) in PAPER {
        let (texts, dataset) = match row {
            "IMDB" => (Texts::Long, "imdb"),
            _ => (Texts::Short, "sst2-sentences"),
        };
        for ((column, sets), paper) in strategies.iter().zip(numbers) {
            let cell = Cell::new(row, column, scale, texts).on(dataset, source).model("bilstm");
            cells.push(cell.set_all(sets).paper(paper));
        }
    }
    cells
}

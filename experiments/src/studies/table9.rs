//! Table 9: the loss that a BiLSTM-CRF is trained with.

use super::budgets::cell;
use crate::report::study::{Cell, Claim, DataSource, Measure, Scale, Shows, Study};
use crate::run::Task;
use crate::tasks::tag::Tag;

const F1: Measure = Measure::test(Tag::METRICS, "f1");
const PRECISION: Measure = Measure::test(Tag::METRICS, "precision");
const RECALL: Measure = Measure::test(Tag::METRICS, "recall");
const CRF: &str = "CRF likelihood";
const TOKENS: &str = "Token cross-entropy";
const FOCAL: &str = "Focal loss";
const GHM: &str = "GHM loss";

/// CRF likelihood, and cross-entropy, focal and GHM loss on the marginals of the tags.
pub const STUDY: Study = Study {
    name: "table9",
    source: "Table 9",
    title: "Losses of the BiLSTM-CRF",
    claim: "Focal loss and GHM loss each raise entity-level F1 over the likelihood of the CRF, focal loss raises precision \
            and recall too.",
    rows: "Data set",
    columns: "loss",
    baseline: Some(CRF),
    measures: &[F1, PRECISION, RECALL],
    claims: &[
        Claim::of(F1, FOCAL, CRF),
        Claim::of(F1, GHM, CRF),
        Claim::of(PRECISION, FOCAL, CRF),
        Claim::of(RECALL, FOCAL, CRF),
    ],
    shows: Shows::Means,
    notes: &[
        "The paper calls its baseline cross-entropy; a CRF is trained by the likelihood of the whole sentence, which is \
         the first column.",
        "Focal and GHM loss need the probability of a single decision: here the marginal P(y_t | x) of each tag. Token \
         cross-entropy is focal loss at γ = 0: what lies between it and the first column is the change of objective, \
         what lies between it and focal loss is the focusing.",
        "The paper's precision and recall on CoNLL-2003: cross-entropy 89.2 and 90.3, focal loss 91.5 and 92.1, GHM loss \
         90.4 and 91.2. It names no character features; none are used.",
    ],
    plan,
};

/// Row, data set, and a number for each column.
const PAPER: [(&str, &str, [Option<f64>; 4]); 2] = [
    ("CoNLL-2003", "conll2003", [Some(89.7), None, Some(91.8), Some(90.8)]),
    ("WNUT-17", "wnut17", [Some(41.9), None, Some(43.3), Some(45.0)]),
];

fn plan(scale: Scale, source: DataSource) -> Vec<Cell> {
    let losses = [(CRF, "crf"), (TOKENS, "token_cross_entropy"), (FOCAL, "focal"), (GHM, "ghm")];
    let mut cells = Vec::new();
    for (row, dataset, numbers) in PAPER {
        for ((column, loss), paper) in losses.iter().zip(numbers) {
            let cell = cell((row, column), (dataset, "bilstm-crf"), (scale, source));
            let cell = cell.set("loss.name", *loss);
            cells.push(Cell { paper, ..cell });
        }
    }
    cells
}

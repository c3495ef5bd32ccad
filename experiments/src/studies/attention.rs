//! Section 4.4: TextCNN and BiLSTM with multi-head self-attention.

use super::budgets::cell;
use crate::report::study::{Cell, Claim, DataSource, Measure, Scale, Shows, Study};
use crate::run::Task;
use crate::tasks::classify::Classify;

const ACCURACY: Measure = Measure::test(Classify::METRICS, "accuracy");
const WITHOUT: &str = "Without attention";
const WITH: &str = "+Self-attention";

/// Two classifiers with and without self-attention on IMDB.
pub const STUDY: Study = Study {
    name: "attention",
    source: "Section 4.4",
    title: "Multi-head self-attention in TextCNN and BiLSTM",
    claim: "Multi-head self-attention raises the accuracy of both classifiers on IMDB.",
    rows: "Model",
    columns: "attention",
    baseline: Some(WITHOUT),
    measures: &[ACCURACY],
    claims: &[Claim::of(ACCURACY, WITH, WITHOUT)],
    shows: Shows::Means,
    notes: &[
        "For the BiLSTM the paper states the gain only. It does not give the number of heads; 4 are used here.",
    ],
    plan,
};

fn plan(scale: Scale, source: DataSource) -> Vec<Cell> {
    let cell = |row, column, model, heads: &str| {
        let cell = cell((row, column), ("imdb", model), (scale, source));
        cell.set_all(&[("model.dropout", "0.5"), ("model.attention_heads", heads)])
    };
    vec![
        cell("TextCNN", WITHOUT, "textcnn", "0").paper(89.2),
        cell("TextCNN", WITH, "textcnn", "4").paper(91.5),
        cell("BiLSTM", WITHOUT, "bilstm", "0"),
        cell("BiLSTM", WITH, "bilstm", "4").paper_gain(1.8),
    ]
}

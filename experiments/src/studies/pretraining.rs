//! Section 2.3: masked language modelling, from nothing, of the small BERTs that other studies start from.

use super::budgets;
use crate::report::study::{DataSource, Measure, Shows, Study};
use crate::run::Task;
use crate::tasks::masked::Masked;

/// The name of the study.
pub(super) const NAME: &str = "pretraining";
/// The column of all its models.
pub(super) const BERT: &str = "BERT";
/// The row of the text in one language.
pub(super) const ONE: &str = "One language";

/// A small BERT on generated text.
pub const STUDY: Study = Study {
    name: NAME,
    source: "Section 2.3",
    title: "Masked language modelling of a small BERT",
    claim: "",
    rows: "text",
    columns: "model",
    baseline: None,
    measures: &[Measure::test(Masked::METRICS, "accuracy"), Measure::test(Masked::METRICS, "perplexity")],
    claims: &[],
    shows: Shows::Means,
    notes: &["Studies on generated data start from these models, studies on real data from published ones."],
    plan: |scale, source| match source {
        DataSource::Embedded => vec![budgets::pretraining((ONE, BERT), "language-a", scale)],
        DataSource::Real => vec![],
    },
};

//! Section 2.3: masked language modelling, from nothing, of the small BERTs that other studies start from.

use super::budgets::{self, Start};
use crate::report::study::{Cell, DataSource, Measure, Scale, Shows, Study};
use crate::run::Task;
use crate::tasks::masked::Masked;

/// The name of the study.
pub(super) const NAME: &str = "pretraining";
/// The column of all its models.
pub(super) const BERT: &str = "BERT";

/// The rows. The last five are those of real text.
pub(super) const ONE: &str = "One language";
pub(super) const SEVERAL: &str = "Several languages";
pub(super) const PAIRED: &str = "Several languages, with translations";
pub(super) const UNTRAINED: &str = "Several languages, random weights";
pub(super) const DOMAINS: &str = "All domains";
pub(super) const ONE_DOMAIN: &str = "One domain, after others";
pub(super) const REAL_ONE: &str = "English";
pub(super) const REAL_SEVERAL: &str = "Seven languages";
pub(super) const REAL_PAIRED: &str = "Seven languages, with translations";
pub(super) const REAL_UNTRAINED: &str = "Seven languages, random weights";
pub(super) const REAL_ONE_DOMAIN: &str = "Films, after a published model";

/// Small BERTs on generated and on real text.
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
    notes: &[
        "Other studies start from these models, on real data also from published ones. Perplexities of models with different \
         vocabularies cannot be compared, nor can accuracies.",
        "Random weights: a rate of 10⁻¹² leaves the weights as they were drawn.",
        "One domain, after others: more pre-training of the model of all domains. Films, after a published model: more pre-training of \
         all-MiniLM-L6-v2, whose file has no head for masked pieces.",
    ],
    plan,
};

fn plan(scale: Scale, source: DataSource) -> Vec<Cell> {
    let cell = |row, set, start| budgets::pretraining((row, BERT), set, (scale, source), start);
    match source {
        DataSource::Embedded => vec![
            cell(ONE, "language-a", Start::Random),
            cell(SEVERAL, "languages", Start::Random),
            cell(PAIRED, "languages-paired", Start::Random),
            cell(UNTRAINED, "languages", Start::Untrained),
            cell(DOMAINS, "domains-text", Start::Random),
            cell(ONE_DOMAIN, "domain-6-text", Start::Pretrained).set_run(
                "model.pretrained",
                (NAME, DOMAINS, BERT),
                "pretrained",
            ),
        ],
        DataSource::Real => vec![
            cell(REAL_ONE, "tatoeba-en", Start::Random),
            cell(REAL_SEVERAL, "tatoeba", Start::Random),
            cell(REAL_PAIRED, "tatoeba-paired", Start::Random),
            cell(REAL_UNTRAINED, "tatoeba", Start::Untrained),
            cell(REAL_ONE_DOMAIN, "fdu-mr-text", Start::Pretrained)
                .set("model.pretrained", "data:pretrained/all-minilm-l6-v2"),
        ],
    }
}

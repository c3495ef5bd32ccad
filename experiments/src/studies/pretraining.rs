//! Sections 2.2 and 2.3: masked language modelling, from nothing, of the small BERTs that other studies start from.

use super::budgets;
use crate::report::study::{Cell, Claim, DataSource, Measure, Scale, Shows, Study};
use crate::run::Task;
use crate::tasks::masked::Masked;

const ACCURACY: Measure = Measure::test(Masked::METRICS, "accuracy");
const PERPLEXITY: Measure = Measure::test(Masked::METRICS, "perplexity");

/// The name of the study.
pub(super) const NAME: &str = "pretraining";
/// The column of the models that other studies start from.
pub(super) const PIECES: &str = "Pieces";
const WORDS: &str = "Whole words";
/// The row of the text in one language.
pub(super) const ONE: &str = "One language";

/// Small BERTs on generated text, masked by pieces and by words.
pub const STUDY: Study = Study {
    name: NAME,
    source: "Section 2.3",
    title: "Masked language modelling of a small BERT",
    claim: "A masked piece is easier to guess than a masked word, of which no piece is left.",
    rows: "text",
    columns: "mask",
    baseline: Some(PIECES),
    measures: &[ACCURACY, PERPLEXITY],
    claims: &[Claim::of(ACCURACY, PIECES, WORDS)],
    shows: Shows::Means,
    notes: &[
        "The text is generated, also where other studies are on real data, for which there are pretrained models.",
    ],
    plan,
};

fn plan(scale: Scale, source: DataSource) -> Vec<Cell> {
    if source == DataSource::Real {
        return vec![];
    }
    let cell = |column, whole_words: &str| {
        budgets::pretraining((ONE, column), "language-a", scale).set("data.whole_words", whole_words)
    };
    vec![cell(PIECES, "false"), cell(WORDS, "true")]
}

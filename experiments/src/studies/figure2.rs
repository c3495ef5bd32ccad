//! Figure 2: a Transformer and an LSTM, by how much text they see.

use super::budgets;
use crate::report::study::{Cell, Claim, DataSource, Measure, Scale, Shows, Study, Trial};
use crate::run::{Metric, Task};
use crate::tasks::language::Language;

const TRANSFORMER: &str = "Transformer";
const LSTM: &str = "LSTM";

const PERPLEXITY: Measure = Measure::test(Language::METRICS, "perplexity");
const METRIC: Metric = match PERPLEXITY {
    Measure::Test(metric) => metric,
    _ => unreachable!(),
};

/// How many tokens of the test text are predicted.
const PLACES: usize = 1000;

const fn within(tokens: usize) -> Trial {
    Trial::Within { tokens, limit: PLACES }
}

const SHORT: Measure = Measure::Trial(within(16), METRIC);
const LONG: Measure = Measure::Trial(within(512), METRIC);

/// The same tokens, predicted from 16 to 512 tokens before them.
pub const STUDY: Study = Study {
    name: "figure2",
    source: "Figure 2",
    title: "Transformer and LSTM by the length of the context",
    claim: "The Transformer is clearly better at long sequences; recurrent networks struggle to capture long-range dependencies (3.1).",
    rows: "text",
    columns: "model",
    baseline: Some(LSTM),
    measures: &[LONG, SHORT, PERPLEXITY],
    claims: &[Claim::of(LONG, TRANSFORMER, LSTM), Claim::of(SHORT, TRANSFORMER, LSTM)],
    shows: Shows::Within(&[METRIC], "tokens that the model sees"),
    notes: &[
        "The paper's figure names no data, no sizes and no numbers.",
        "Both models have about equally many parameters, the same vocabulary and the same number of epochs. The 1,000 tokens are the same \
         for all lengths, evenly spread over the test text; the state of the LSTM begins anew for each, and the Transformer sees nothing \
         else. Test perplexity is that of the whole text, in windows.",
        "Generated text: chapters whose words depend on words at chosen distances. The floor is a bound that no model with this context can \
         go under in the mean over all texts.",
    ],
    plan,
};

fn plan(scale: Scale, source: DataSource) -> Vec<Cell> {
    let texts: &[(&'static str, &'static str)] = match source {
        DataSource::Real => &[("Penn Treebank", "ptb"), ("Novels", "gutenberg-books")],
        DataSource::Embedded => &[("Chapters", "chapters")],
    };
    let cell = |(row, set), column, kind| {
        budgets::language((row, column), (set, kind), (scale, source))
            .tried([16, 32, 64, 128, 256, 512].map(within))
    };
    texts
        .iter()
        .flat_map(|text| {
            [cell(*text, TRANSFORMER, budgets::Kind::Transformer), cell(*text, LSTM, budgets::Kind::Lstm)]
        })
        .collect()
}

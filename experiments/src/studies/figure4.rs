//! Figure 4: language models by their rate of dropout.

use super::budgets;
use crate::report::study::{Cell, Claim, DataSource, Measure, Scale, Shows, Study};
use crate::run::Task;
use crate::tasks::language::Language;

const TRANSFORMER: &str = "Transformer";
const LSTM: &str = "LSTM";
const DEV: Measure = Measure::dev(Language::METRICS, "perplexity");
const RATES: [&str; 8] = ["0", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7"];

/// From no dropout, where models learn their training text by heart, to so much that they hardly learn.
pub const STUDY: Study = Study {
    name: "figure4",
    source: "Figure 4",
    title: "Perplexity by dropout",
    claim: "The performance of models on the validation set varies with the rate of dropout, which makes training more robust (3.3). That a \
            moderate rate is better than none and than the highest one is our reading.",
    rows: "dropout",
    columns: "model",
    baseline: None,
    measures: &[DEV, Measure::TrainLoss],
    claims: &[
        Claim::of_rows(DEV, LSTM, "0.3", "0"),
        Claim::of_rows(DEV, LSTM, "0.3", "0.7"),
        Claim::of_rows(DEV, TRANSFORMER, "0.3", "0"),
        Claim::of_rows(DEV, TRANSFORMER, "0.3", "0.7"),
    ],
    shows: Shows::Along,
    notes: &[
        "The paper's figure names no models, no data and no numbers.",
        "Perplexity is that of the best epoch on dev, the training loss that of the last epoch, with dropout. Below the full scale, models \
         learn from a part of the text, so that they can learn it by heart within their epochs.",
    ],
    plan,
};

fn plan(scale: Scale, source: DataSource) -> Vec<Cell> {
    let rates: Vec<&'static str> = match (scale, source) {
        (Scale::Smoke, _) => vec!["0", "0.3", "0.7"],
        (Scale::Quick, DataSource::Embedded) => vec!["0", "0.3", "0.5", "0.7"],
        (Scale::Quick | Scale::Standard | Scale::Full, _) => RATES.to_vec(),
    };
    let set = match source {
        DataSource::Real => "ptb",
        DataSource::Embedded => "chapters",
    };
    let cell = |rate, column, kind| {
        budgets::by_heart(budgets::language((rate, column), (set, kind), (scale, source)), (scale, source))
            .set("model.dropout", rate)
    };
    rates
        .into_iter()
        .flat_map(|rate| {
            [cell(rate, TRANSFORMER, budgets::Kind::Transformer), cell(rate, LSTM, budgets::Kind::Lstm)]
        })
        .collect()
}

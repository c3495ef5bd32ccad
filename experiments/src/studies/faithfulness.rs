//! Section 2.2: whether explanations of classifiers name the words on which their outputs depend.

use super::robustness::{PLAIN, ROWS, classifier};
use crate::explain::Method;
use crate::report::study::{Cell, DataSource, Measure, Scale, Shows, Study, Trial};
use crate::run::{Better, Metric, Task, Unit};
use crate::tasks::classify::Classify;

const DELETION: Metric = Metric { name: "deletion", better: Better::Smaller, unit: Unit::Percent };
const INSERTION: Metric = Metric::share("insertion");
const AGREEMENT: Metric = Metric { name: "agreement", better: Better::Larger, unit: Unit::Plain };

/// The number of texts whose labels are explained.
const EXPLAINED: usize = 40;

/// Three models, each explained by all methods that it allows.
pub const STUDY: Study = Study {
    name: "faithfulness",
    source: "Section 2.2",
    title: "Explanations of classifiers: deletion, insertion, agreement",
    claim: "",
    rows: "data and model",
    columns: "training",
    baseline: None,
    measures: &[Measure::test(Classify::METRICS, "accuracy")],
    claims: &[],
    shows: Shows::Matrix(&[DELETION, INSERTION, AGREEMENT]),
    notes: &[
        "Means over 40 texts of the test split. Deletion is the area under the probability of the predicted label while words become \
         unknown in the order of the method, insertion while they become known: a method is faithful if the first is smaller and \
         the second larger than for a random order.",
        "Agreement is Spearman's correlation of the sizes of the attributions, in the mean over the other methods; the result files \
         have it for each pair.",
        "The models are those of the study robustness without adversarial training.",
    ],
    plan,
};

fn plan(scale: Scale, source: DataSource) -> Vec<Cell> {
    let explained = |(row, model): (&'static str, &str)| {
        let methods = Method::ALL.into_iter().filter(|method| model == "bert" || !method.needs_attention());
        let trials = methods.map(Some).chain([None]).map(|by| Trial::Explained { by, limit: EXPLAINED });
        classifier((row, PLAIN), model, scale, source).tried(trials)
    };
    ROWS.into_iter().map(explained).collect()
}

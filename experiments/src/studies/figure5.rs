//! Figure 5: how the loss falls under six optimizers.

use super::budgets::{cell, learning_rate};
use crate::report::study::{Cell, Claim, DataSource, Measure, Scale, Shows, Study};
use crate::run::Task;
use crate::tasks::classify::Classify;

const LOSS: Measure = Measure::TrainLoss;
const SET: &str = "sst2-sentences";
const ACCURACY: Measure = Measure::test(Classify::METRICS, "accuracy");

/// SGD, AdaGrad, RMSprop, Adam, AdamW and RAdam on one classifier.
pub const STUDY: Study = Study {
    name: "figure5",
    source: "Figure 5",
    title: "Optimizers: how the loss falls",
    claim: "AdaGrad and RMSprop bring the loss down faster than SGD (3.4); AdamW and RAdam are ahead of Adam and of SGD \
            in speed and in the quality of the solution (4.4).",
    rows: "Data set",
    columns: "optimizer",
    baseline: None,
    measures: &[LOSS, ACCURACY],
    claims: &[
        Claim::of(LOSS, "AdaGrad", "SGD"),
        Claim::of(LOSS, "RMSprop", "SGD"),
        Claim::of(LOSS, "AdamW", "SGD"),
        Claim::of(LOSS, "RAdam", "SGD"),
        Claim::of(LOSS, "AdamW", "Adam"),
        Claim::of(LOSS, "RAdam", "Adam"),
        Claim::of(ACCURACY, "AdamW", "SGD"),
        Claim::of(ACCURACY, "RAdam", "SGD"),
        Claim::of(ACCURACY, "AdamW", "Adam"),
        Claim::of(ACCURACY, "RAdam", "Adam"),
    ],
    shows: Shows::Curves,
    notes: &[
        "The paper names neither the model nor the data of this figure, and no number can be read from it; the BiLSTM of \
         Table 8 is used here.",
        "Each optimizer has a learning rate usual for it, not one searched for; SGD has momentum 0.9; gradients are \
         clipped to norm 5 for all.",
    ],
    plan,
};

fn plan(scale: Scale, source: DataSource) -> Vec<Cell> {
    // AdaGrad's steps shrink from the start, and SGD's are not normalised by the size of the gradient: both need a
    // higher rate.
    let rate = learning_rate(SET, scale);
    let optimizers = [
        ("SGD", "sgd", 0.1, Some(("optimizer.momentum", "0.9"))),
        ("AdaGrad", "adagrad", 10.0 * rate, Some(("optimizer.eps", "1e-8"))),
        ("RMSprop", "rmsprop", rate, None),
        ("Adam", "adam", rate, None),
        ("AdamW", "adamw", rate, Some(("optimizer.weight_decay", "0.01"))),
        ("RAdam", "radam", rate, None),
    ];
    let cells = optimizers.into_iter().map(|(column, name, lr, more)| {
        let cell = cell(("SST-2", column), (SET, "bilstm"), (scale, source));
        let cell = cell.set_all(&[
            ("train.clip_norm", "5"),
            ("train.log_every", if scale == Scale::Smoke { "1" } else { "5" }),
            ("optimizer.name", name),
            ("optimizer.lr", &lr.to_string()),
        ]);
        more.into_iter().fold(cell, |cell, (key, value)| cell.set(key, value))
    });
    cells.collect()
}

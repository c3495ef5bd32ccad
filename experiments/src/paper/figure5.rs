//! Figure 5: how the loss falls under six optimizers.

use super::scale::Texts;
use super::{Cell, DataSource, Measure, Scale, Shows, Study};

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
    measures: &[Measure::TrainLoss, Measure::Test("accuracy")],
    claims: &[
        ("AdaGrad", "SGD"),
        ("RMSprop", "SGD"),
        ("AdamW", "SGD"),
        ("RAdam", "SGD"),
        ("AdamW", "Adam"),
        ("RAdam", "Adam"),
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
    // AdaGrad's steps shrink from the first on, SGD's are not scaled by the gradient's size: both start higher.
    let rate = scale.learning_rate();
    let optimizers: [(&str, &str, f64, &[(&str, &str)]); 6] = [
        ("SGD", "sgd", 0.1, &[("optimizer.momentum", "0.9")]),
        ("AdaGrad", "adagrad", 10.0 * rate, &[]),
        ("RMSprop", "rmsprop", rate, &[]),
        ("Adam", "adam", rate, &[]),
        ("AdamW", "adamw", rate, &[("optimizer.weight_decay", "0.01")]),
        ("RAdam", "radam", rate, &[]),
    ];
    let cells = optimizers.iter().map(|(column, name, lr, sets)| {
        Cell::new("SST-2", column, scale, Texts::Short)
            .set_all(&[
                ("data.dataset", source.pick("reviews", "sst2-sentences")),
                ("model.name", "bilstm"),
                ("train.clip_norm", "5"),
                ("train.log_every", if scale == Scale::Smoke { "1" } else { "5" }),
                ("optimizer.name", name),
                ("optimizer.lr", &lr.to_string()),
            ])
            .set_all(sets)
    });
    cells.collect()
}

//! Beyond the paper: how much smaller and faster the models of section 4.4 become without training them again.

use super::distillation::{TEACHER, classifiers};
use crate::report::study::{Cell, DataSource, MEGABYTES, Measure, Scale, Shows, Study, THROUGHPUT, Trial};
use crate::run::Task;
use crate::tasks::classify::Classify;

const ACCURACY: Measure = Measure::test(Classify::METRICS, "accuracy");

const fn compressed(int8: bool, pruned: u8) -> Trial {
    Trial::Compressed { int8, pruned }
}

/// None, each way alone, and both.
const TRIALS: [Trial; 8] = [
    compressed(false, 0),
    compressed(true, 0),
    compressed(false, 50),
    compressed(false, 70),
    compressed(false, 90),
    compressed(true, 50),
    compressed(true, 70),
    compressed(true, 90),
];

/// A teacher and its students, compressed.
pub const STUDY: Study = Study {
    name: "compression",
    source: "Beyond the paper",
    title: "Int8 weights and pruning of a BERT and of its students",
    claim: "",
    rows: "data and student",
    columns: "model",
    baseline: None,
    measures: &[ACCURACY, Measure::Parameters],
    claims: &[],
    shows: Shows::Matrix(&[classifiers::METRIC, MEGABYTES, THROUGHPUT]),
    notes: &[
        "The runs are those of the study distillation, without reviews: the teacher, and students that learned its logits.",
        "Weights are pruned by their absolute values in the whole model (See, Luong, Manning 2016), and models are not trained \
         afterwards. Zeros save bytes, not time.",
        "Speeds are of one evaluation each on a machine that may be busy. That of a small student takes as little as 9 milliseconds, \
         so that its speeds vary by up to a factor of five; those of the BERT vary by 7%.",
    ],
    plan,
};

fn plan(scale: Scale, source: DataSource) -> Vec<Cell> {
    let cells = classifiers::STUDY.cells(scale, source).into_iter();
    let compared = cells.filter(|cell| {
        [TEACHER, classifiers::LOGITS].contains(&cell.column) && cell.row != classifiers::REVIEWS
    });
    // A trial of a large BERT reads the whole test split.
    compared.map(|cell| Cell { seeds: vec![1], ..cell }.tried(TRIALS)).collect()
}

//! A BERT as the teacher of a smaller BERT, which imitates its layers.

use super::{ALONE, CLAIM, KEPT, OF_TEACHERS, SIZE, SOFT, TEACHER, of_quick, taught, teacher};
use crate::report::study::{Cell, Claim, DataSource, Measure, Scale, Shows, Study};
use crate::run::Task;
use crate::tasks::classify::Classify;

const ACCURACY: Measure = Measure::test(Classify::METRICS, "accuracy");
const NAME: &str = "distillation_layers";
const ROW: &str = "SST-2, BERT of two layers";
const HIDDEN: &str = "Hidden states";

/// A student with random weights alone, by the teacher's outputs, and by its layers too.
pub const STUDY: Study = Study {
    name: NAME,
    source: "Section 4.4",
    title: "Distillation of BERT into a smaller BERT",
    claim: CLAIM,
    rows: "data and student",
    columns: "training",
    baseline: Some(ALONE),
    measures: &[ACCURACY, Measure::Parameters, Measure::Megabytes, Measure::Speed],
    claims: &[
        Claim::share(ACCURACY, KEPT, HIDDEN, TEACHER),
        Claim::share(Measure::Parameters, SIZE, HIDDEN, TEACHER),
        Claim::of(ACCURACY, SOFT, ALONE),
        Claim::of(ACCURACY, HIDDEN, ALONE),
        Claim::of(ACCURACY, HIDDEN, SOFT),
    ],
    shows: Shows::Means,
    notes: &[
        OF_TEACHERS,
        "The student starts with random weights in the word pieces of its teacher, also where it learns from the labels alone \
         (loss.label_weight = 1). By hidden states it learns as TinyBERT does, but in one stage and without the data that TinyBERT \
         was pre-trained on.",
    ],
    plan,
};

fn plan(scale: Scale, source: DataSource) -> Vec<Cell> {
    let (set, width, inner, heads) = match source {
        DataSource::Real => ("sst2-sentences", "60", "240", "12"),
        DataSource::Embedded => ("opinions-a", "12", "48", "4"),
    };
    let teacher = teacher(ROW, set, scale, source).set("model.pooling", "mean");
    let student = |column, sets: &[(&str, &str)]| {
        let cell = Cell { row: ROW, column, ..teacher.clone() };
        let cell = Cell {
            sets: cell.sets.into_iter().filter(|(key, _)| key != "model.pretrained").collect(),
            ..cell
        };
        let sizes = [
            ("model.num_hidden_layers", "2"),
            ("model.hidden_size", width),
            ("model.intermediate_size", inner),
            ("model.num_attention_heads", heads),
            ("optimizer.lr", if source == DataSource::Embedded { "3e-3" } else { "1e-3" }),
        ];
        let cell = cell.set_all(&sizes);
        let cell = match scale {
            Scale::Smoke => cell,
            Scale::Quick => cell.set("train.epochs", "6"),
            Scale::Standard | Scale::Full => cell.set("train.epochs", "10"),
        };
        taught(cell, NAME).set_all(sets)
    };
    let cells = vec![
        teacher.clone(),
        student(ALONE, &[("loss.objective", "soft"), ("loss.label_weight", "1")]),
        student(SOFT, &[("loss.objective", "soft")]),
        student(HIDDEN, &[("loss.objective", "hidden")]),
    ];
    let limited = |cell: Cell| match (source, scale) {
        (DataSource::Embedded, Scale::Quick) => of_quick(cell),
        _ => cell,
    };
    cells.into_iter().map(limited).collect()
}

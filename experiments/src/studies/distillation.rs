//! Section 4.4: a BERT as the teacher of small classifiers.

use super::budgets::{self, cell};
use super::pretraining;
use crate::report::study::{Cell, Claim, DataSource, Measure, Scale, Shows, Study};
use crate::run::{Metric, Task};
use crate::tasks::classify::Classify;

/// The metric of the study.
pub(super) const METRIC: Metric = Metric::share("accuracy");
const ACCURACY: Measure = Measure::test(Classify::METRICS, METRIC.name);
const NAME: &str = "distillation";
/// The column of the teachers.
pub(super) const TEACHER: &str = "Teacher: BERT";
const ALONE: &str = "Alone";
const SOFT: &str = "Soft targets";
/// The column of the students that learn logits.
pub(super) const LOGITS: &str = "Logits";
const ALTERED: &str = "Logits, altered texts";

/// What the paper claims that a student keeps of its teacher's accuracy, and of its size.
const KEPT: f64 = 0.94;
const SIZE: f64 = 0.1;

/// Students by each objective, beside the same models alone.
pub const STUDY: Study = Study {
    name: NAME,
    source: "Section 4.4",
    title: "Distillation of BERT into small classifiers",
    claim: "A small student keeps 94% of the accuracy of its teacher with 90% fewer parameters.",
    rows: "data and student",
    columns: "training",
    baseline: Some(ALONE),
    measures: &[ACCURACY, Measure::Parameters, Measure::Speed],
    claims: &[
        Claim::share(ACCURACY, KEPT, SOFT, TEACHER),
        Claim::share(ACCURACY, KEPT, LOGITS, TEACHER),
        Claim::share(ACCURACY, KEPT, ALTERED, TEACHER),
        Claim::share(Measure::Parameters, SIZE, LOGITS, TEACHER),
        Claim::of(ACCURACY, SOFT, ALONE),
        Claim::of(ACCURACY, LOGITS, ALONE),
        Claim::of(ACCURACY, ALTERED, ALONE),
    ],
    shows: Shows::Means,
    notes: &[
        "The teacher on real data is all-MiniLM-L6-v2, a BERT of 22.7 million parameters that was trained for the similarity of \
         sentences, not plain BERT; on generated data a small BERT that was pre-trained here (study pretraining).",
        "Students learn from the teacher alone (loss.label_weight = 0). They are smaller than the paper's models, so that they have \
         a tenth of the teacher's parameters at most.",
    ],
    plan,
};

/// What a teacher is fine-tuned on, the folder of its weights with real data, and the rows with its students.
const ROWS: [(&str, &str, &str); 2] =
    [("SST-2, BiLSTM", "sst2-sentences", "bilstm"), ("SST-2, TextCNN", "sst2-sentences", "textcnn")];

fn plan(scale: Scale, source: DataSource) -> Vec<Cell> {
    ROWS.into_iter().flat_map(|row| cells(row, scale, source)).collect()
}

/// The teacher, then a student alone and by each objective.
fn cells(
    (row, real, student): (&'static str, &'static str, &'static str),
    scale: Scale,
    source: DataSource,
) -> Vec<Cell> {
    // The students have a tenth of the teacher's parameters at most.
    let (set, embed, hidden) = match source {
        DataSource::Real => (real, "64", "64"),
        DataSource::Embedded => ("opinions-a", "12", "16"),
    };
    let teacher = budgets::fine_tuned((row, TEACHER), set, scale).set("model.pooling", "mean");
    let teacher = match source {
        DataSource::Real => teacher.set("model.pretrained", "data:pretrained/all-minilm-l6-v2"),
        DataSource::Embedded => {
            let small = (pretraining::NAME, pretraining::ONE, pretraining::BERT);
            teacher.set_run("model.pretrained", small, "pretrained")
        }
    };
    let alone = |column| {
        let cell = cell((row, column), (set, student), (scale, DataSource::Real));
        let cell = cell.set_all(&[("model.embed_dim", embed), ("model.hidden_dim", hidden)]);
        if scale == Scale::Smoke { cell } else { cell.set("data.min_count", "2") }
    };
    let taught = |column, sets: &[(&str, &str)]| {
        let student = alone(column).set_run("loss.teacher", (NAME, row, TEACHER), "");
        student.set("loss.label_weight", "0").set_all(sets)
    };
    let cells = vec![
        teacher,
        alone(ALONE),
        taught(SOFT, &[("loss.objective", "soft")]),
        taught(LOGITS, &[("loss.objective", "logits")]),
        taught(ALTERED, &[("loss.objective", "logits"), ("loss.copies", "4")]),
    ];
    let limited = |cell: Cell| match (source, scale) {
        // Of the generated texts a few thousand are enough.
        (DataSource::Embedded, Scale::Quick) => cell.set("data.train_limit", "4000"),
        // A teacher of this size takes as long as all other classifiers of the standard scale together.
        (DataSource::Real, Scale::Standard) => Cell { seeds: vec![1], ..cell },
        _ => cell,
    };
    cells.into_iter().map(limited).collect()
}

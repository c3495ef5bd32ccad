//! A BERT as the teacher of small classifiers.

use super::super::budgets::cell;
use super::{ALONE, CLAIM, KEPT, OF_STUDENTS, OF_TEACHERS, SIZE, SOFT, TEACHER, of_quick, taught, teacher};
use crate::report::study::{Cell, Claim, DataSource, Measure, Scale, Shows, Study};
use crate::run::{Metric, Task};
use crate::tasks::classify::Classify;

/// The metric of the study.
pub(in crate::studies) const METRIC: Metric = Metric::share("accuracy");
const ACCURACY: Measure = Measure::test(Classify::METRICS, METRIC.name);
const NAME: &str = "distillation";
/// The column of the students that learn logits.
pub(in crate::studies) const LOGITS: &str = "Logits";
const ALTERED: &str = "Logits, altered texts";
const PHRASES: &str = "Logits, phrases";

/// Students by each objective, beside the same models alone.
pub const STUDY: Study = Study {
    name: NAME,
    source: "Section 4.4",
    title: "Distillation of BERT into small classifiers",
    claim: CLAIM,
    rows: "data and student",
    columns: "training",
    baseline: Some(ALONE),
    measures: &[ACCURACY, Measure::Parameters, Measure::Megabytes, Measure::Speed],
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
        OF_TEACHERS,
        OF_STUDENTS,
        "On IMDB, both learn from 2,000 reviews and are tested on 1,000, of which the teacher reads the first 128 word pieces and the \
         students the first 100 words.",
        "On generated texts students are as small as they are because a larger BiLSTM alone is as good as the teacher, and a TextCNN \
         alone of any size.",
        "Phrases are those of SST-2 in GLUE without their labels, parts of the training sentences.",
    ],
    plan,
};

/// What a teacher is fine-tuned on with real data, and the rows with its students.
const ROWS: [(&str, &str, &str); 3] = [
    ("SST-2, BiLSTM", "sst2-sentences", "bilstm"),
    ("SST-2, TextCNN", "sst2-sentences", "textcnn"),
    (REVIEWS, IMDB, "bilstm"),
];

const IMDB: &str = "imdb";
/// The row of long reviews.
pub(in crate::studies) const REVIEWS: &str = "IMDB, BiLSTM";

fn plan(scale: Scale, source: DataSource) -> Vec<Cell> {
    let here = |row: &(_, &str, _)| source == DataSource::Real || row.1 != IMDB;
    ROWS.into_iter().filter(here).flat_map(|row| cells(row, scale, source)).collect()
}

/// Fewer and shorter texts: the first 128 pieces, or 100 words.
fn of_imdb(cell: Cell) -> Cell {
    let limits = [("data.train_limit", "2000"), ("data.dev_limit", "300"), ("data.test_limit", "1000")];
    let cell = cell.set_all(&limits);
    let cell = match cell.column {
        TEACHER => cell.set_all(&[("data.max_len", "128"), ("train.epochs", "2")]),
        _ => cell.set("data.max_len", "100"),
    };
    Cell { seeds: vec![1, 2, 3], ..cell }
}

/// The teacher, then a student alone and by each objective.
fn cells(
    (row, real, student): (&'static str, &'static str, &'static str),
    scale: Scale,
    source: DataSource,
) -> Vec<Cell> {
    let imdb = real == IMDB;
    let copies = if imdb { "1" } else { "4" };
    // The students have a tenth of the teacher's parameters at most.
    let (set, embed, hidden) = match source {
        DataSource::Real => (real, "64", "64"),
        DataSource::Embedded => ("opinions-a", "8", "8"),
    };
    let alone = |column| {
        let cell = cell((row, column), (set, student), (scale, DataSource::Real));
        let cell = cell.set_all(&[("model.embed_dim", embed), ("model.hidden_dim", hidden)]);
        if scale == Scale::Smoke { cell } else { cell.set("data.min_count", "2") }
    };
    let taught = |column, sets: &[(&str, &str)]| taught(alone(column), NAME).set_all(sets);
    let mut cells = vec![
        teacher(row, set, scale, source).set("model.pooling", "mean"),
        alone(ALONE),
        taught(SOFT, &[("loss.objective", "soft")]),
        taught(LOGITS, &[("loss.objective", "logits")]),
        taught(ALTERED, &[("loss.objective", "logits"), ("loss.copies", copies)]),
    ];
    if (row, source) == (ROWS[0].0, DataSource::Real) {
        let phrases = [
            ("loss.objective", "logits"),
            ("loss.unlabelled", "data:sst2-glue/train_part1.tsv"),
            ("loss.unlabelled_column", "sentence"),
        ];
        cells.push(taught(PHRASES, &phrases));
    }
    let limited = |cell: Cell| match (source, scale) {
        (DataSource::Embedded, Scale::Quick) => of_quick(cell),
        // The teacher reads long texts slowly.
        (DataSource::Real, Scale::Standard) if imdb => of_imdb(cell),
        _ => cell,
    };
    cells.into_iter().map(limited).collect()
}

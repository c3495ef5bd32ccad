//! A BERT as the teacher of a small tagger.

use super::super::budgets::cell;
use super::{ALONE, CLAIM, KEPT, OF_STUDENTS, OF_TEACHERS, SIZE, TEACHER, of_quick, taught, teacher};
use crate::report::study::{Cell, Claim, DataSource, Measure, Scale, Shows, Study};
use crate::run::Task;
use crate::tasks::tag::Tag;

const F1: Measure = Measure::test(Tag::METRICS, "f1");
const NAME: &str = "distillation_tags";
const ROW: &str = "CoNLL-2003, BiLSTM-CRF";
const MARGINALS: &str = "Marginals";
const ALTERED: &str = "Marginals, altered texts";

/// A tagger by the marginals of its teacher's tags, beside the same model alone.
pub const STUDY: Study = Study {
    name: NAME,
    source: "Section 4.4",
    title: "Distillation of BERT into a small tagger",
    claim: CLAIM,
    rows: "data and student",
    columns: "training",
    baseline: Some(ALONE),
    measures: &[F1, Measure::Parameters, Measure::Megabytes, Measure::Speed],
    claims: &[
        Claim::share(F1, KEPT, MARGINALS, TEACHER),
        Claim::share(F1, KEPT, ALTERED, TEACHER),
        Claim::share(Measure::Parameters, SIZE, MARGINALS, TEACHER),
        Claim::of(F1, MARGINALS, ALONE),
        Claim::of(F1, ALTERED, ALONE),
    ],
    shows: Shows::Means,
    notes: &[OF_TEACHERS, OF_STUDENTS],
    plan,
};

fn plan(scale: Scale, source: DataSource) -> Vec<Cell> {
    let (set, embed, hidden) = match source {
        DataSource::Real => ("conll2003", "64", "64"),
        DataSource::Embedded => ("names-a", "8", "8"),
    };
    let alone = |column| {
        let cell = cell((ROW, column), (set, "bilstm-crf"), (scale, DataSource::Real));
        cell.set_all(&[("model.embed_dim", embed), ("model.hidden_dim", hidden)])
    };
    let cells = vec![
        teacher(ROW, set, scale, source),
        alone(ALONE),
        taught(alone(MARGINALS), NAME),
        taught(alone(ALTERED), NAME).set("loss.copies", "2"),
    ];
    let limited = |cell: Cell| match (source, scale) {
        (DataSource::Embedded, Scale::Quick) => of_quick(cell),
        (DataSource::Real, Scale::Standard) => Cell { seeds: vec![1, 2, 3], ..cell },
        _ => cell,
    };
    cells.into_iter().map(limited).collect()
}

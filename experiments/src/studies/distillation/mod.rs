//! Section 4.4: a BERT as the teacher of small models.
//!
//! | file | students |
//! | --- | --- |
//! | [`classifiers`] | a BiLSTM and a TextCNN, which know the teacher's outputs |
//! | [`layers`] | a small BERT, which also imitates the teacher's layers |
//! | [`taggers`] | a BiLSTM-CRF |

pub mod classifiers;
pub mod layers;
pub mod taggers;

use super::budgets;
use super::pretraining;
use crate::report::study::{Cell, DataSource, Scale};

pub(super) const TEACHER: &str = "Teacher: BERT";
const ALONE: &str = "Alone";
const SOFT: &str = "Soft targets";

/// What the paper claims that a student keeps of its teacher's accuracy, and of its size.
const KEPT: f64 = 0.94;
const SIZE: f64 = 0.1;

const CLAIM: &str = "A small student keeps 94% of the accuracy of its teacher with 90% fewer parameters.";

const OF_TEACHERS: &str = "The teacher on real data is all-MiniLM-L6-v2, a BERT of 22.7 million parameters that was trained for the \
     similarity of sentences, not plain BERT; on generated data a small BERT that was pre-trained here (study pretraining).";

const OF_STUDENTS: &str = "Students learn from the teacher alone (loss.label_weight = 0). They are smaller than the paper's models, so \
     that they have a tenth of the teacher's parameters at most.";

/// A BERT that is fine-tuned on a data set.
fn teacher(row: &'static str, set: &str, scale: Scale, source: DataSource) -> Cell {
    let teacher = budgets::fine_tuned((row, TEACHER), set, (scale, source));
    match source {
        DataSource::Real => teacher.set("model.pretrained", "data:pretrained/all-minilm-l6-v2"),
        DataSource::Embedded => {
            let small = (pretraining::NAME, pretraining::ONE, pretraining::BERT);
            let teacher = teacher.set_run("model.pretrained", small, "pretrained");
            if scale == Scale::Quick { of_quick(teacher.set("train.epochs", "6")) } else { teacher }
        }
    }
}

/// One seed, and all training texts of a generated set.
fn of_quick(cell: Cell) -> Cell {
    Cell { seeds: vec![1], ..cell.set("data.train_limit", "4000") }
}

/// A student that learns from the teacher of its row alone.
fn taught(student: Cell, study: &str) -> Cell {
    let row = student.row;
    student.set_run("loss.teacher", (study, row, TEACHER), "").set("loss.label_weight", "0")
}

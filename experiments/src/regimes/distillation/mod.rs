//! Distillation: a small model, the student, learns what a trained run, the teacher, says of texts (paper, section 4.4).
//!
//! The transfer set is the training split, altered copies of its texts, and texts without labels. The teacher reads each of them
//! once, before the first step; the run keeps what it says in [`FILES`], so that a resumed run needs neither the teacher nor
//! the texts.
//!
//! | file | holds |
//! | --- | --- |
//! | `keys` | the keys of `[loss]` |
//! | `alter` | altered copies of a text |
//! | `transfer` | the transfer set with the teacher's outputs |
//!
//! Sources: Hinton, Vinyals, Dean, "Distilling the knowledge in a neural network", 2015; Tang et al., "Distilling task-specific
//! knowledge from BERT into simple neural networks", 2019.

mod alter;
mod keys;
mod transfer;

pub use alter::{MASKED, altered};
pub use keys::{Distillation, FromTeacher, Objective, OneWay, TEACHER, UNLABELLED};
pub use transfer::{FILES, Transfer, teacher, unlabelled};

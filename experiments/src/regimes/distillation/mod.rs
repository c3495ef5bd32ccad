//! Distillation: a small model, the student, learns what a trained run, the teacher, says of texts (paper, section 4.4).
//!
//! The transfer set is the training split, altered copies of its texts, and texts without labels. The teacher reads each of them
//! once, before the first step; the run keeps what it says in [`FILES`], so that a resumed run needs neither the teacher nor
//! the texts. A student that imitates layers needs the teacher in every step, and keeps its weights in [`LAYERS`].
//!
//! | file | holds |
//! | --- | --- |
//! | `keys` | the keys of `[loss]` |
//! | `alter` | altered copies of a text |
//! | `speech` | words by their part of speech, for these copies |
//! | `transfer` | the transfer set with the teacher's outputs |
//! | `layers` | a teacher whose layers the student imitates |
//!
//! Sources: Hinton, Vinyals, Dean, "Distilling the knowledge in a neural network", 2015; Tang et al., "Distilling task-specific
//! knowledge from BERT into simple neural networks", 2019; Jiao et al., "TinyBERT: Distilling BERT for natural language
//! understanding", 2020.

mod alter;
mod keys;
mod layers;
mod speech;
mod transfer;

pub use alter::{MASKED, altered};
pub use keys::{
    COMMANDS, Distillation, FromTeacher, Hidden, Objective, OneWay, Scores, TAGGER, TEACHER, UNLABELLED,
    UNLABELLED_ENCODING,
};
pub use layers::{LAYERS, LayerTeacher};
pub use speech::PartsOfSpeech;
pub use transfer::{FILES, OF_TRAINING, Transfer, finished_run, said, teacher, unlabelled};

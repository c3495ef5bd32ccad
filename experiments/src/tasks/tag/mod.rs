//! Sequence tagging: entities in sentences.
//!
//! | file | holds |
//! | --- | --- |
//! | `data` | a data set as numbers |
//! | `model` | the architecture and what its decoding allows |
//! | `objective` | the loss on the CRF or on its marginals |
//! | `learner` | what the training loop asks of the task |
//! | `evaluate` | predicted tags and their metrics |

mod data;
mod evaluate;
pub mod generated;
mod learner;
mod model;
mod objective;

pub use data::{Encoded, Prepared, dataset, normalised, prepare, prepare_split, prepare_with};
pub use evaluate::{counts, metrics_of, predict};
pub use model::{constraints, tagger};

//! Reading comprehension: the stretch of a text that answers a question.
//!
//! | file | holds |
//! | --- | --- |
//! | `data` | a data set as numbers |
//! | `model` | the architecture |
//! | `objective` | the loss of the answer's two ends, and the contrastive objectives |
//! | `learner` | what the training loop asks of the task |
//! | `evaluate` | predicted answers and their metrics |

mod data;
mod evaluate;
pub mod generated;
mod learner;
mod model;
mod objective;

pub use data::{Encoded, Prepared, dataset, encode, prepare, prepare_split, prepare_with, tokeniser};
pub use evaluate::{Answered, metrics_of, predict};
pub use model::reader;

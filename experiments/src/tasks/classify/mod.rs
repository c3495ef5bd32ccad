//! Text classification: what a configuration names becomes numbers, a model, a loss and metrics.
//!
//! | file | holds |
//! | --- | --- |
//! | `data` | a data set as numbers, and its batches as tensors |
//! | `model` | the architecture |
//! | `objective` | the loss |
//! | `learner` | what the training loop asks of the task |
//! | `evaluate` | predictions and their metrics |

mod data;
mod evaluate;
pub mod generated;
mod learner;
mod model;
mod objective;

pub use data::{Encoded, Prepared, dataset, prepare, prepare_split, prepare_with, tokeniser};
pub use evaluate::{Prediction, evaluate, metrics_of, metrics_of_counts, predict};
pub use model::classifier;

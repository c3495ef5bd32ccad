//! Training: one loop for every run, from the command line and from the paper's tables.
//!
//! - [`Prepared`]: a data set as numbers; [`classifier`]: the model that a configuration names.
//! - [`run`]: the loop; what it needs to go on is a [`Progress`], saved with the model in the run's folder.
//! - [`RunFolder`]: the files of a run; [`evaluate`]: metrics and predictions of a model on a split.

mod data;
mod error;
mod evaluate;
mod folder;
mod interrupt;
mod losses;
mod model;
mod progress;
mod run;
mod schedule;
mod view;

pub use data::{Encoded, Prepared, dataset, prepare, prepare_with, tensors, tokeniser};
pub use error::TrainError;
pub use evaluate::{Prediction, evaluate, metrics_of, predict};
pub use folder::RunFolder;
pub use interrupt::{interrupted, listen};
pub use model::{classifier, optimizer};
pub use progress::{Progress, Trained};
pub use run::{Where, run};
pub use view::View;

//! Training: one loop for every run, from the command line and from the paper's tables.
//!
//! | file | holds |
//! | --- | --- |
//! | `run` | the loop, to be read from top to bottom |
//! | [`classify`] | the task: its data as numbers, its model, its loss, its metrics |
//! | `progress` | where a run stands, besides its tensors |
//! | `folder` | the files of a run: checkpoint, best parameters, configuration, words, labels, log |
//! | `tensorboard` | losses and metrics as an event file |
//! | `optimizer`, `schedule`, `penalties` | what a configuration says of them |
//! | `interrupt`, `view` | Ctrl-C; what a person sees |

pub mod classify;
mod error;
mod folder;
mod interrupt;
mod optimizer;
mod penalties;
mod progress;
mod run;
mod schedule;
mod tensorboard;
mod view;

pub use error::TrainError;
pub use folder::{RunFolder, TrainedOn};
pub use interrupt::{interrupted, listen};
pub use optimizer::optimizer;
pub use progress::{Progress, Trained};
pub use run::{Where, run};
pub use view::View;

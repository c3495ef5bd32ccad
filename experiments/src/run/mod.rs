//! Training: one loop for every run, from the command line and from the paper's tables.
//!
//! | file | holds |
//! | --- | --- |
//! | `run` | the loop, to be read from top to bottom |
//! | `task` | what the loop must know of a task: the traits [`Task`] and [`Learner`] |
//! | [`classify`], [`tag`], [`read`] | the tasks: each its data as numbers, its model, its loss, its metrics |
//! | [`lexicon`] | words and characters as numbers |
//! | `progress` | where a run stands, besides its tensors |
//! | `rate` | how fast a few steps go |
//! | `folder` | the files of a run: checkpoint, best parameters, configuration, words, labels, log |
//! | `tensorboard` | losses and metrics as an event file |
//! | `optimizer`, `schedule`, `objective`, `penalties`, `vectors` | what a configuration says of them |
//! | `interrupt`, `view` | Ctrl-C; what a person sees |

mod error;
mod folder;
mod interrupt;
pub(crate) mod objective;
mod optimizer;
mod penalties;
mod progress;
mod rate;
mod run;
mod schedule;
pub(crate) mod size;
mod task;
mod tensorboard;
mod vectors;
mod view;

pub use error::TrainError;
pub use folder::{RunFolder, TrainedOn};
pub use interrupt::{interrupted, listen};
pub use objective::Objective;
pub use optimizer::optimizer;
pub use progress::{Progress, Trained};
pub use rate::seconds_per_token;
pub use run::{Where, run};
pub use task::{Learner, Task, prepare, prepare_with};
pub use view::{Bars, View};

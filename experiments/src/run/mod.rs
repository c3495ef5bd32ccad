//! Runs: what a task is, and the one training loop for all of them.
//!
//! | file | holds |
//! | --- | --- |
//! | `task` | what a task is: the trait [`Task`] |
//! | `any` | tasks without their types: [`AnyTask`], [`Job`], [`Learner`] |
//! | `train` | the training loop, to be read from top to bottom |
//! | `step` | one step of it |
//! | `throughput` | how fast a few steps are |
//! | `progress` | where a run stands, besides its tensors |
//! | `state` | what a loss carries from step to step |
//! | `folder`, `lock` | the files of a run; one process at a time |
//! | `metric`, `record`, `understood` | what is measured, logged, understood |
//! | `ask` | what a trained model is asked |
//! | `tensorboard` | losses and metrics as an event file |
//! | `interrupt`, `view` | Ctrl-C; what a person sees |

mod any;
mod ask;
mod error;
mod folder;
mod interrupt;
mod lock;
mod metric;
mod progress;
mod record;
mod state;
mod step;
mod task;
mod tensorboard;
mod throughput;
mod train;
mod understood;
mod view;

pub use any::{
    AnyTask, DescribedSet, Evaluation, From, GeneratedInfo, Job, Learner, Row, SPLIT_SEED, Wanted, sums,
};
pub use ask::{Ask, Style};
pub use error::RunError;
pub use folder::{RunFolder, TrainedOn};
pub use interrupt::{interrupted, listen};
pub use lock::Lock;
pub use metric::{Better, Metric, Unit};
pub use progress::{Progress, Trained};
pub use record::{Epoch, StepLoss};
pub use state::State;
pub use task::{Described, Detail, Details, Generated, Limits, Mistake, Origin, Task};
pub use throughput::seconds_per_token;
pub use train::{Training, Where, train};
pub use understood::Understood;
pub use view::{Bars, View};

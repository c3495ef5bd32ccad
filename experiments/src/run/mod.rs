//! Runs: the trait of tasks, and the training loop that all tasks share.
//!
//! | file | holds |
//! | --- | --- |
//! | `task` | the trait [`Task`] |
//! | `any`, `row`, `prepared` | tasks without their types ([`AnyTask`], [`Job`], [`Learner`]); a task as a row of the registry; its data with a model |
//! | `train` | the training loop; read it from top to bottom |
//! | `step` | one step of it |
//! | `throughput` | measures the time of a few steps |
//! | `progress` | the state of a run, besides its tensors |
//! | `state` | the state of a loss between steps |
//! | `folder`, `trained_on`, `lock` | the files of a run; one process at a time |
//! | `metric`, `record`, `understood` | metrics, logged steps and epochs, the summary before the first epoch |
//! | `attacked` | a model under attack on a split |
//! | `faithful` | how faithful explanations of a model's outputs are, on a sample of a split |
//! | `compression` | weights in int8, without the smallest ones |
//! | `ask` | inputs of a trained model, and the style of its answers |
//! | `continued` | a text that a model continues |
//! | `tensorboard` | losses and metrics as an event file |
//! | `interrupt`, `view` | Ctrl-C; progress bars |

mod any;
mod ask;
mod attacked;
mod compression;
mod continued;
mod error;
mod faithful;
mod folder;
mod interrupt;
mod lock;
mod metric;
mod prepared;
mod progress;
mod record;
mod row;
mod state;
mod step;
mod task;
mod tensorboard;
mod throughput;
mod train;
mod trained_on;
mod understood;
mod view;

pub use any::{AnyTask, DescribedSet, Evaluation, From, GeneratedInfo, Job, Learner, Wanted, sums};
pub use ask::{Ask, NOT_FINITE, Search, Style, places};
pub use attacked::{Attacked, AttackedExample};
pub use compression::Compression;
pub use continued::Continued;
pub use error::RunError;
pub use faithful::{Faithful, OfMethod, Sample};
pub use folder::{RunFolder, no_folder, run_of};
pub use interrupt::{Preparation, exit_code, interrupted, listen};
pub use lock::Lock;
pub use metric::{Better, FLOOR, Metric, PIECES_PER_WORD, TYPE_TOKEN_RATIO, Unit};
pub use progress::{Progress, Trained};
pub use record::{Epoch, StepLoss, recorded};
pub use row::{Row, SPLIT_SEED};
pub use state::State;
pub use task::{Described, Detail, Details, Generated, Limits, Mistake, Origin, Task};
pub use throughput::seconds_per_token;
pub use train::{Training, Where, train};
pub use trained_on::TrainedOn;
pub use understood::{Cut, Understood};
pub use view::{Bars, View};

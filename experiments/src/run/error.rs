use crate::config::ConfigError;
use crate::data::Split;
use crate::data::atomic::WriteError;
use crate::data::error::DataError;
use crate::pretrained::PretrainedError;
use gradus_engine::CudaError;
use gradus_engine::state::StateError;
use std::path::PathBuf;

/// Why a run failed or was interrupted.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The device.
    #[error(transparent)]
    Device(#[from] CudaError),
    /// The data.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A checkpoint.
    #[error(transparent)]
    State(#[from] StateError),
    /// The folder of a pretrained model.
    #[error(transparent)]
    Pretrained(#[from] PretrainedError),
    /// A file of the run's folder that could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A file or folder of the run.
    #[error("cannot {action} {}: {source}; {}", path.display(), advice(action))]
    Io {
        /// `read` or `write`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file of the run's folder has wrong contents.
    #[error("{} is damaged: {reason}; train the run again in another folder", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The checkpoint or the data is not that of the run.
    #[error("{}, {what}: expected {expected}, found {found}; {advice}", path.display())]
    OtherRun {
        /// The checkpoint or the run's folder.
        path: PathBuf,
        /// What differs.
        what: String,
        /// What there is.
        found: String,
        /// What the run needs.
        expected: String,
        /// What to do.
        advice: &'static str,
    },
    /// Settings that exclude each other, or a wrong folder; one sentence.
    #[error("{0}")]
    Settings(String),
    /// A size that the model cannot have.
    #[error("{key}: expected {expected}, found {found}")]
    Model {
        /// The key.
        key: String,
        /// What it must be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// Ctrl-C, or another signal to end the program.
    #[error("interrupted {}{}", at(*step), resume.as_ref().map_or(String::new(), |r| format!("; {r}")))]
    Interrupted {
        /// Steps taken.
        step: u64,
        /// How to continue.
        resume: Option<String>,
    },
    /// An output of a model for an example is not finite.
    #[error(
        "an output of the model for the {split} split is not finite, so that its answers mean nothing; train again with a \
         lower optimizer.lr, or with train.clip_norm"
    )]
    Outputs {
        /// The split.
        split: Split,
    },
    /// The loss, a gradient, an updated parameter or an output is not finite.
    #[error("the {what} of step {step} (epoch {epoch}) is not finite; {advice}")]
    NotFinite {
        /// `loss`, `gradient`, `update`, `loss after the update` or `dev output`.
        what: &'static str,
        /// The step, from 1.
        step: u64,
        /// The epoch, from 1.
        epoch: u64,
        /// Which checkpoint is kept, and what to do.
        advice: String,
    },
}

/// When a run was interrupted.
fn at(step: u64) -> String {
    match step {
        0 => "before the first step".into(),
        step => format!("at step {step}"),
    }
}

/// What to check where an action on a file fails.
fn advice(action: &str) -> &'static str {
    match action {
        "read" => "check the path and its permissions",
        _ => "check the path, its permissions and the space left",
    }
}

use crate::config::ConfigError;
use crate::data::error::DataError;
use gradus_engine::state::StateError;
use std::path::PathBuf;

/// Why training stopped before its end, or could not begin.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// The data.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A checkpoint.
    #[error(transparent)]
    State(#[from] StateError),
    /// A file of the run's folder.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// `read` or `write`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file of the run's folder does not say what it should.
    #[error("{} is damaged: {reason}; train the run anew in another folder", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Two settings that do not go together.
    #[error("{0}")]
    Settings(String),
    /// Somebody pressed Ctrl-C.
    #[error("interrupted at step {step}{}", resume.as_ref().map_or(String::new(), |r| format!("; {r}")))]
    Interrupted {
        /// Steps taken.
        step: u64,
        /// How to go on.
        resume: Option<String>,
    },
    /// The loss or a gradient is no number.
    #[error(
        "the {what} of step {step} (epoch {epoch}) is not finite; the parameters before it are kept{}; lower \
         optimizer.lr or set train.clip_norm (--resume --set may change: {allowed})",
        folder.as_ref().map_or(String::new(), |f| format!(" in {}", f.display()))
    )]
    NotFinite {
        /// `loss` or `gradient`.
        what: &'static str,
        /// The step, from 1.
        step: u64,
        /// The epoch, from 1.
        epoch: u64,
        /// The run's folder.
        folder: Option<PathBuf>,
        /// The keys that may change.
        allowed: String,
    },
}

use std::io;
use std::path::PathBuf;

/// What can be wrong with a file of tensors.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The operating system said no.
    #[error("cannot {action} {}: {source}; check the path, its permissions and the space left", path.display())]
    Io {
        /// `read` or `write`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is no safetensors file, or was cut short.
    #[error("{} is no whole safetensors file ({reason}); it was cut short or is of another kind", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// What the parser found.
        reason: String,
    },
    /// The file lacks a tensor.
    #[error("{} has no tensor {name:?}, which the model needs; it was written by another model ({found})", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// Some names that are there.
        found: String,
    },
    /// The file has a tensor of which the model knows nothing.
    #[error("{} has a tensor {name:?} that the model does not know; it was written by another model", path.display())]
    Unknown {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
    },
    /// A tensor is of another shape.
    #[error("{}: tensor {name:?} has shape {found}, the model expects {expected}; use the configuration it was \
             trained with", path.display())]
    Shape {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// In the file.
        found: String,
        /// In the model.
        expected: String,
    },
    /// The file is one of tensors, but no checkpoint.
    #[error("{} is no checkpoint: {reason}", path.display())]
    NoCheckpoint {
        /// The file.
        path: PathBuf,
        /// What is missing.
        reason: String,
    },
    /// The checkpoint is that of another run.
    #[error("{} does not fit this run: {reason}", path.display())]
    OtherRun {
        /// The file.
        path: PathBuf,
        /// What differs.
        reason: String,
    },
}

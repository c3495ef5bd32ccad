use crate::DType;
use std::io;
use std::path::PathBuf;

/// What can be wrong with a file of tensors.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The operating system reported an error.
    #[error("cannot {action} {}: {source}; {}", path.display(), advice(action))]
    Io {
        /// `read` or `write`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is not a safetensors file, or was cut short.
    #[error("{} is not a whole safetensors file ({}); it was cut short or has another format", path.display(), shortened(reason))]
    Broken {
        /// The file.
        path: PathBuf,
        /// What the parser found.
        reason: String,
    },
    /// The checksum differs.
    #[error("{} is damaged: its contents do not match its checksum; use an earlier copy of it or create it again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// The system refuses the memory for a tensor.
    #[error("{}: tensor {} needs {bytes} bytes, more than the free memory; end other programs or use a larger machine", path.display(), quoted(name))]
    Memory {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// Its size.
        bytes: usize,
    },
    /// The text beside the tensors is too long.
    #[error("cannot write {}: its header of {bytes} bytes is longer than the 100 MB of the format; keep less text beside \
             the tensors", path.display())]
    TooMuchText {
        /// The file.
        path: PathBuf,
        /// The size of the header.
        bytes: u64,
    },
    /// The file lacks a tensor.
    #[error("{} has no tensor {}, which the model needs; it was written by another model ({})", path.display(), quoted(name), shortened(found))]
    Missing {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// Some names that are there.
        found: String,
    },
    /// The file has a tensor that the model does not have.
    #[error("{} has a tensor {} that the model does not have; it was written by another model", path.display(), quoted(name))]
    Unknown {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
    },
    /// A tensor has another shape.
    #[error("{}: tensor {} has shape {found}, the model expects {expected}; use the configuration it was \
             trained with", path.display(), quoted(name))]
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
    /// A tensor holds integers or bools where floats are expected, or the reverse.
    #[error("{}: tensor {} is of {found}, the model expects {expected}; it was written by another model", path.display(), quoted(name))]
    Dtype {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// In the file.
        found: DType,
        /// In the model.
        expected: DType,
    },
    /// The parts of a compressed tensor do not fit together, or not the model.
    #[error("{}: the compressed tensor {} cannot be read: {}; use an earlier copy of the file or compress the run again", path.display(), quoted(name), shortened(reason))]
    Compressed {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// What is wrong with them.
        reason: String,
    },
    /// A value of a tensor is infinite or NaN.
    #[error("{}: tensor {} holds a value that is not finite; use an earlier copy of the file or train again", path.display(), quoted(name))]
    NotFinite {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
    },
    /// The file holds tensors but is not a checkpoint.
    #[error("{} is not a checkpoint: {}", path.display(), shortened(reason))]
    NoCheckpoint {
        /// The file.
        path: PathBuf,
        /// What is missing.
        reason: String,
    },
    /// The checkpoint belongs to another run.
    #[error("{} does not fit this run: {}", path.display(), shortened(reason))]
    OtherRun {
        /// The file.
        path: PathBuf,
        /// What differs.
        reason: String,
    },
}

/// A name from a file, for a sentence: in quotation marks, with escapes, cut after 60 characters.
pub(crate) fn quoted(name: &str) -> String {
    match name.char_indices().nth(60) {
        Some((end, _)) => format!("{:?}…", &name[..end]),
        None => format!("{name:?}"),
    }
}

/// A parser's message, cut after 300 characters, control characters escaped: it may quote the file.
fn shortened(reason: &str) -> String {
    let mut shown: String = reason.chars().take(300).collect();
    if shown.len() < reason.len() {
        shown.push('…');
    }
    let escaped = |c: char| if c.is_control() { c.escape_debug().to_string() } else { c.to_string() };
    shown.chars().map(escaped).collect()
}

/// What to check where an action on a file fails.
fn advice(action: &str) -> &'static str {
    match action {
        "read" => "check the path and its permissions",
        _ => "check the path, its permissions and the space left",
    }
}

//! Parameters and training state in files.
//!
//! All files are safetensors files. A model has PyTorch's names, so that files from elsewhere load unchanged. A
//! [`Checkpoint`] adds the optimizer's tensors and, as JSON in the file's metadata, all other state that a run needs to
//! continue bit for bit. Files are written whole or not at all (see [`files`](crate::files)) and hold a checksum, so that
//! later damage is found.

mod checkpoint;
mod compressed;
mod dict;
mod error;
mod file;
mod header;
mod tensor_file;

pub use checkpoint::Checkpoint;
pub use compressed::{add_compressed, load_compressed};
pub use dict::{StateDict, check_finite, load_state_dict, state_dict};
pub use error::StateError;
pub(crate) use error::quoted;
pub use file::write_tensors;
pub use tensor_file::{TensorFile, TensorInfo, read_tensors};

use crate::Module;
use std::path::Path;

/// Writes a module's parameters to a safetensors file.
pub fn save(module: &dyn Module, path: &Path) -> Result<(), StateError> {
    write_tensors(path, &state_dict(module), "")
}

/// Reads a module's parameters from a safetensors file; names and shapes must be the module's.
pub fn load(module: &dyn Module, path: &Path) -> Result<(), StateError> {
    let (tensors, _) = read_tensors(path)?;
    load_state_dict(module, &tensors, path)
}

#[cfg(test)]
mod damage_tests;
#[cfg(test)]
mod tests;

use super::{StateDict, StateError};
use crate::{DType, Shape, Tensor};
use gradus_kernels::memory::Buffer;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// The key of our own JSON in a file's metadata.
const KEY: &str = "gradus";

/// Writes tensors, and a text beside them, to a safetensors file.
pub fn write_tensors(path: &Path, tensors: &StateDict, text: &str) -> Result<(), StateError> {
    let packed: Vec<(&String, Tensor)> = tensors.iter().map(|(n, t)| (n, t.detach().contiguous())).collect();
    let views = packed.iter().map(|(name, t)| {
        let bytes = t.bytes();
        (
            *name,
            TensorView::new(to_file(t.dtype()), t.shape().to_vec(), bytes)
                .expect("a tensor is as large as it says"),
        )
    });
    let metadata = (!text.is_empty()).then(|| HashMap::from([(KEY.to_owned(), text.to_owned())]));
    let bytes = safetensors::serialize(views, metadata).expect("tensors in memory can be laid out");
    write_atomically(path, &bytes)
}

/// Reads all tensors of a safetensors file, and the text beside them (empty where there is none).
pub fn read_tensors(path: &Path) -> Result<(StateDict, String), StateError> {
    let bytes =
        fs::read(path).map_err(|source| StateError::Io { action: "read", path: path.into(), source })?;
    let broken = |reason: String| StateError::Broken { path: path.into(), reason };
    let file = SafeTensors::deserialize(&bytes).map_err(|e| broken(e.to_string()))?;
    let (_, metadata) = SafeTensors::read_metadata(&bytes).map_err(|e| broken(e.to_string()))?;
    let text = metadata.metadata().as_ref().and_then(|m| m.get(KEY)).cloned().unwrap_or_default();
    let mut tensors = StateDict::new();
    for (name, view) in file.iter() {
        let dtype = from_file(view.dtype()).ok_or_else(|| {
            broken(format!("tensor {name:?} is of a type {:?} that is not known", view.dtype()))
        })?;
        if view.shape().len() > crate::shape::MAX_RANK {
            return Err(broken(format!("tensor {name:?} has {} axes", view.shape().len())));
        }
        let shape = Shape::new(view.shape());
        let mut buffer = Buffer::for_overwrite(dtype, shape.count());
        buffer.bytes_mut().copy_from_slice(view.data());
        tensors.insert(name.to_owned(), Tensor::from_buffer(buffer, shape));
    }
    Ok((tensors, text))
}

/// Writes a file whole or not at all: to a temporary file beside it, to the disk, then by its name.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), StateError> {
    let io = |source: io::Error| StateError::Io { action: "write", path: path.into(), source };
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(name);
    let written = (|| {
        let mut file = File::create(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    })();
    written.map_err(|e| {
        // The half-written file is of no use; where even that cannot be removed, the first error says why.
        let _ = fs::remove_file(&temporary);
        io(e)
    })
}

fn to_file(dtype: DType) -> Dtype {
    match dtype {
        DType::F32 => Dtype::F32,
        DType::F64 => Dtype::F64,
        DType::F16 => Dtype::F16,
        DType::BF16 => Dtype::BF16,
        DType::I64 => Dtype::I64,
        DType::U32 => Dtype::U32,
        DType::Bool => Dtype::BOOL,
    }
}

fn from_file(dtype: Dtype) -> Option<DType> {
    Some(match dtype {
        Dtype::F32 => DType::F32,
        Dtype::F64 => DType::F64,
        Dtype::F16 => DType::F16,
        Dtype::BF16 => DType::BF16,
        Dtype::I64 => DType::I64,
        Dtype::U32 => DType::U32,
        Dtype::BOOL | Dtype::U8 => DType::Bool,
        _ => return None,
    })
}

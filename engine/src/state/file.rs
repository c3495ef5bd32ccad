use super::{StateDict, StateError};
use crate::{DType, Device, Shape, Tensor};
use gradus_kernels::memory::Buffer;
use safetensors::tensor::{Dtype, Metadata, TensorView};
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

/// The key of our own JSON in a file's metadata.
const KEY: &str = "gradus";

/// Writes tensors, and a text beside them, to a safetensors file.
pub fn write_tensors(path: &Path, tensors: &StateDict, text: &str) -> Result<(), StateError> {
    let packed: Vec<(&String, Tensor)> =
        tensors.iter().map(|(n, t)| (n, t.detach().to_device(Device::Cpu).contiguous())).collect();
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
    let io = |source| StateError::Io { action: "read", path: path.into(), source };
    let broken = |reason: String| StateError::Broken { path: path.into(), reason };
    let mut file = File::open(path).map_err(io)?;
    let header = read_header(&mut file).map_err(|fault| match fault {
        Fault::Io(source) => io(source),
        Fault::Broken(reason) => broken(reason),
    })?;
    let mut tensors = StateDict::new();
    // In the order of the file, each into its own buffer.
    for name in header.offset_keys() {
        let Some(info) = header.info(&name) else { continue };
        let dtype = from_file(info.dtype).ok_or_else(|| {
            broken(format!("tensor {name:?} is of a type {:?} that is not known", info.dtype))
        })?;
        if info.shape.len() > crate::shape::MAX_RANK {
            return Err(broken(format!("tensor {name:?} has {} axes", info.shape.len())));
        }
        let shape = Shape::new(&info.shape);
        let mut buffer = Buffer::for_overwrite(dtype, shape.count());
        file.read_exact(buffer.bytes_mut()).map_err(io)?;
        tensors.insert(name, Tensor::from_buffer(buffer, shape));
    }
    let text = header.metadata().as_ref().and_then(|m| m.get(KEY)).cloned().unwrap_or_default();
    Ok((tensors, text))
}

/// What can be wrong with a header.
enum Fault {
    Io(io::Error),
    Broken(String),
}

/// The header of a file that is as long as it says. Then the first tensor comes next, and each follows the one before.
fn read_header(file: &mut File) -> Result<Metadata, Fault> {
    let broken = |reason: &str| Fault::Broken(reason.into());
    let len = file.metadata().map_err(Fault::Io)?.len();
    let mut size = [0; 8];
    if len < 8 {
        return Err(broken("it has no header"));
    }
    file.read_exact(&mut size).map_err(Fault::Io)?;
    let size = u64::from_le_bytes(size);
    if size > len - 8 {
        return Err(broken("its header is longer than the file"));
    }
    let mut header = vec![0; size as usize];
    file.read_exact(&mut header).map_err(Fault::Io)?;
    // This checks that shapes fit sizes and that the tensors lie side by side.
    let header: Metadata = serde_json::from_slice(&header).map_err(|e| Fault::Broken(e.to_string()))?;
    match header.data_len() as u64 == len - 8 - size {
        true => Ok(header),
        false => Err(broken("its tensors do not end where the file does")),
    }
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

use super::header;
use super::{StateDict, StateError};
use crate::files;
use crate::{DType, Device, Tensor};
use crc32fast::Hasher;
use gradus_kernels::memory::Buffer;
use safetensors::tensor::Dtype;
use std::path::Path;

/// Writes tensors and a text to a safetensors file with a checksum over all of it; writes the whole file or nothing.
///
/// # Errors
/// [`StateError::Io`]; [`StateError::TooMuchText`] if the header exceeds the limit of the format.
pub fn write_tensors(path: &Path, tensors: &StateDict, text: &str) -> Result<(), StateError> {
    let mut packed: Vec<(&String, Tensor)> =
        tensors.iter().map(|(n, t)| (n, t.detach().to_device(Device::Cpu).contiguous())).collect();
    // Wider types first, so that each tensor begins at a multiple of its elements' size.
    packed.sort_by_key(|(name, t)| (std::cmp::Reverse(to_file(t.dtype())), *name));
    let mut header = header::encode(&packed, text);
    let size = header.len() as u64;
    if size > header::MOST_BYTES {
        return Err(StateError::TooMuchText { path: path.into(), bytes: size });
    }
    let mut sum = Hasher::new();
    sum.update(&size.to_le_bytes());
    sum.update(&header);
    packed.iter().for_each(|(_, tensor)| sum.update(tensor.bytes()));
    header::seal(&mut header, sum.finalize());
    let written = files::write(path, |out| {
        out.write_all(&size.to_le_bytes())?;
        out.write_all(&header)?;
        packed.iter().try_for_each(|(_, tensor)| out.write_all(tensor.bytes()))
    });
    written.map_err(|source| StateError::Io { action: "write", path: path.into(), source })
}

/// From this size on, a trial allocation is made before a buffer is allocated.
const LARGE: usize = 1 << 20;

/// A buffer to read into, or `None` if the system refuses the memory; [`Buffer`] alone would abort the process.
pub(super) fn buffer(dtype: DType, count: usize) -> Option<Buffer> {
    let bytes = count.checked_mul(dtype.size())?;
    if bytes >= LARGE {
        // The pool's blocks are up to a quarter larger than their buffers.
        let mut trial = Vec::<u8>::new();
        trial.try_reserve_exact(bytes.checked_add(bytes / 4)?).ok()?;
        std::hint::black_box(&trial);
    }
    Some(Buffer::for_overwrite(dtype, count))
}

pub(super) fn to_file(dtype: DType) -> Dtype {
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

pub(super) fn from_file(dtype: Dtype) -> Option<DType> {
    Some(match dtype {
        Dtype::F32 => DType::F32,
        Dtype::F64 => DType::F64,
        Dtype::F16 => DType::F16,
        Dtype::BF16 => DType::BF16,
        Dtype::I64 => DType::I64,
        Dtype::U32 => DType::U32,
        Dtype::BOOL => DType::Bool,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_is_refused_is_none() {
        assert!(buffer(DType::F32, 1 << 60).is_none(), "more than any machine has");
        assert!(buffer(DType::F32, usize::MAX / 2).is_none(), "more than all addresses");
        assert_eq!(buffer(DType::F32, 1 << 19).unwrap().len(), 1 << 19);
    }
}

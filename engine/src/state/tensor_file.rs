use super::file::{buffer, from_file};
use super::header::{Fault, Header};
use super::{StateDict, StateError};
use crate::{DType, Param, Shape, Tensor, files};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// A safetensors file of which only the header has been read. Its tensors are read one at a time, in the order of the file,
/// so that a model is loaded without a second copy of it in memory.
pub struct TensorFile {
    path: PathBuf,
    file: File,
    header: Header,
}

/// The entry of one tensor in the header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorInfo {
    /// Its name.
    pub name: String,
    /// Its type, if the engine has it.
    pub dtype: Option<DType>,
    /// Its type as the file names it.
    pub kind: String,
    /// Its shape.
    pub shape: Vec<usize>,
}

impl TensorFile {
    /// Opens a file and checks its header: the tensors must follow one another without gaps and end where the file does.
    ///
    /// # Errors
    /// [`StateError::Io`]: not a regular file, or one that cannot be read; [`StateError::Broken`]: not a safetensors file;
    /// [`StateError::Damaged`]: its checksum cannot be read.
    pub fn open(path: &Path) -> Result<Self, StateError> {
        let io = |source| StateError::Io { action: "read", path: path.into(), source };
        let mut file = files::open(path).map_err(io)?;
        let header = Header::read(&mut file).map_err(|fault| match fault {
            Fault::Io(source) => io(source),
            Fault::Broken(reason) => StateError::Broken { path: path.into(), reason },
            Fault::Damaged => StateError::Damaged { path: path.into() },
        })?;
        Ok(TensorFile { path: path.into(), file, header })
    }

    /// The tensors in the order of the file.
    pub fn tensors(&self) -> Vec<TensorInfo> {
        let info = |name: String| {
            let info = self.header.metadata.info(&name)?;
            let (dtype, kind, shape) = (from_file(info.dtype), info.dtype.to_string(), info.shape.clone());
            Some(TensorInfo { name, dtype, kind, shape })
        };
        self.header.metadata.offset_keys().into_iter().filter_map(info).collect()
    }

    /// The text beside the tensors; empty if there is none.
    pub fn text(&self) -> String {
        self.header.text()
    }

    /// Reads the tensors that are `wanted` and gives each to `take` before the next one is read. The checksum, if the file
    /// has one, is known only at the end.
    ///
    /// # Errors
    /// [`StateError::Io`]; [`StateError::Broken`]: a wanted tensor of a type that the engine does not have, or a byte other than
    /// 0 and 1 among bools; [`StateError::Memory`]; [`StateError::Damaged`]: the checksum differs.
    pub fn read(
        mut self,
        mut wanted: impl FnMut(&str) -> bool,
        mut take: impl FnMut(String, Tensor) -> Result<(), StateError>,
    ) -> Result<(), StateError> {
        let path = self.path;
        let io = |source| StateError::Io { action: "read", path: path.clone(), source };
        let broken = |reason: String| StateError::Broken { path: path.clone(), reason };
        let mut false_bools = None;
        for name in self.header.metadata.offset_keys() {
            let Some(info) = self.header.metadata.info(&name) else { continue };
            if !wanted(&name) {
                let (start, end) = info.data_offsets;
                skip(&mut self.file, &mut self.header, (end - start) as u64).map_err(io)?;
                continue;
            }
            let dtype = from_file(info.dtype)
                .ok_or_else(|| broken(format!("tensor {name:?} has the unknown type {:?}", info.dtype)))?;
            let shape = Shape::try_new(&info.shape).map_err(|e| broken(format!("tensor {name:?}: {e}")))?;
            let Some(mut buffer) = buffer(dtype, shape.count()) else {
                let bytes = shape.count() * dtype.size();
                return Err(StateError::Memory { path, name, bytes });
            };
            self.file.read_exact(buffer.bytes_mut()).map_err(io)?;
            self.header.add(buffer.bytes());
            let bytes = if dtype == DType::Bool { buffer.bytes() } else { &[] };
            match bytes.iter().find(|byte| **byte > 1) {
                Some(byte) => {
                    let reason = format!("tensor {name:?} is of bool, but holds the byte {byte}");
                    false_bools.get_or_insert(reason);
                }
                None => take(name, Tensor::from_buffer(buffer, shape))?,
            }
        }
        match (self.header.matches(), false_bools) {
            (false, _) => Err(StateError::Damaged { path }),
            (true, Some(reason)) => Err(broken(reason)),
            (true, None) => Ok(()),
        }
    }

    /// Sets parameters, each from the tensor of its name in this file. Floats are converted to the parameter's dtype; other
    /// tensors of the file are skipped. All names, shapes and types are checked before the first parameter changes; a file
    /// that cannot be read to its end, is damaged or holds a value that is not finite leaves some of them changed.
    ///
    /// # Errors
    /// [`StateError::Missing`], [`StateError::Shape`], [`StateError::Dtype`], [`StateError::NotFinite`], and those of
    /// [`read`](TensorFile::read).
    pub fn load(self, params: &BTreeMap<String, Param>) -> Result<(), StateError> {
        let path = self.path.clone();
        let tensors = self.tensors();
        let by_name: BTreeMap<&str, &TensorInfo> = tensors.iter().map(|t| (t.name.as_str(), t)).collect();
        for (name, param) in params {
            let name = name.clone();
            let Some(info) = by_name.get(name.as_str()) else {
                let found = by_name.keys().take(3).copied().collect::<Vec<_>>().join(", ");
                return Err(StateError::Missing { path, name, found });
            };
            if info.shape != param.shape().to_vec() {
                let (found, expected) = (format!("{:?}", info.shape), format!("{:?}", param.shape()));
                return Err(StateError::Shape { path, name, found, expected });
            }
            let expected = param.dtype();
            match info.dtype {
                Some(found) if found != expected && !(found.is_float() && expected.is_float()) => {
                    return Err(StateError::Dtype { path, name, found, expected });
                }
                _ => {}
            }
        }
        self.read(
            |name| params.contains_key(name),
            |name, tensor| {
                let Some(param) = params.get(&name) else { return Ok(()) };
                let value = tensor.to_dtype(param.dtype());
                if value.dtype().is_float() && !value.all_finite() {
                    return Err(StateError::NotFinite { path: path.clone(), name });
                }
                param.adopt(value);
                Ok(())
            },
        )
    }
}

/// Passes over the bytes of a tensor; a checksum covers them as well.
fn skip(file: &mut File, header: &mut Header, bytes: u64) -> io::Result<()> {
    if !header.has_checksum() {
        return file.seek(SeekFrom::Current(bytes as i64)).map(|_| ());
    }
    let mut block = vec![0; bytes.min(1 << 16) as usize];
    let mut left = bytes;
    while left > 0 {
        let part = &mut block[..left.min(1 << 16) as usize];
        file.read_exact(part)?;
        header.add(part);
        left -= part.len() as u64;
    }
    Ok(())
}

/// Reads all tensors of a safetensors file, and its text (empty if there is none).
///
/// # Errors
/// Those of [`TensorFile::open`] and [`TensorFile::read`].
pub fn read_tensors(path: &Path) -> Result<(StateDict, String), StateError> {
    let file = TensorFile::open(path)?;
    let text = file.text();
    let mut tensors = StateDict::new();
    let take = |name, tensor| {
        tensors.insert(name, tensor);
        Ok(())
    };
    file.read(|_| true, take)?;
    Ok((tensors, text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::write_tensors;
    use std::fs;

    fn file(folder: &tempfile::TempDir) -> PathBuf {
        let path = folder.path().join("a.safetensors");
        let tensors = StateDict::from([
            ("a".into(), Tensor::from_slice(&[1.0f32, 2.0], [2])),
            ("b".into(), Tensor::from_slice(&[3.0f32, 4.0], [1, 2]).to_dtype(DType::BF16)),
            ("ids".into(), Tensor::from_slice(&[5i64], [1])),
            ("rest".into(), Tensor::zeros([40_000], DType::F32)),
        ]);
        write_tensors(&path, &tensors, "").unwrap();
        path
    }

    fn param(shape: &[usize]) -> Param {
        Param::new(Tensor::zeros(shape, DType::F32))
    }

    #[test]
    fn parameters_are_set_from_the_names_of_the_file_and_other_tensors_are_skipped() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(&folder);
        let (a, b) = (param(&[2]), param(&[1, 2]));
        let params = [("a".into(), a.tied()), ("b".into(), b.tied())].into();
        TensorFile::open(&path).unwrap().load(&params).unwrap();
        assert_eq!((a.value().to_f64(), b.value().to_f64()), (vec![1.0, 2.0], vec![3.0, 4.0]));
        assert_eq!(b.dtype(), DType::F32);
    }

    #[test]
    fn tensors_are_listed_in_the_order_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let tensors = TensorFile::open(&file(&folder)).unwrap().tensors();
        let listed: Vec<_> =
            tensors.iter().map(|t| (t.name.as_str(), t.kind.as_str(), &t.shape[..])).collect();
        let wide_first = [
            ("ids", "I64", &[1][..]),
            ("a", "F32", &[2]),
            ("rest", "F32", &[40_000]),
            ("b", "BF16", &[1, 2]),
        ];
        assert_eq!(listed, wide_first);
    }

    #[test]
    fn a_file_that_does_not_fit_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(&folder);
        let a = param(&[2]);
        for (name, shape, says) in [
            ("none", &[2][..], "has no tensor \"none\""),
            ("b", &[2], "\"b\" has shape [1, 2], the model expects [2]"),
            ("ids", &[1], "\"ids\" is of i64, the model expects f32"),
        ] {
            let params = [("a".into(), a.tied()), (name.into(), param(shape))].into();
            let error = TensorFile::open(&path).unwrap().load(&params).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
            assert_eq!(a.value().to_f64(), [0.0, 0.0]);
        }
    }

    #[test]
    fn damage_is_found_also_in_what_is_skipped() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(&folder);
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&path, bytes).unwrap();
        let params = [("a".into(), param(&[2]))].into();
        let error = TensorFile::open(&path).unwrap().load(&params).unwrap_err();
        assert!(matches!(error, StateError::Damaged { .. }), "{error}");
    }

    #[test]
    fn a_number_that_is_not_finite_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let tensors = [("a".into(), Tensor::from_slice(&[1.0, 1e300f64], [2]))].into();
        write_tensors(&path, &tensors, "").unwrap();
        let params = [("a".into(), param(&[2]))].into();
        let error = TensorFile::open(&path).unwrap().load(&params).unwrap_err().to_string();
        assert!(error.contains("tensor \"a\" holds a value that is not finite"), "{error}");
    }
}

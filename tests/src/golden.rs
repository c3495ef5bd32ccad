//! Reads golden files and compares with them.

use gradus_engine::state::{StateDict, read_tensors};
use gradus_engine::{DType, Module, Tensor};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// One golden file.
pub struct Golden {
    /// The case.
    pub name: String,
    /// Its attributes.
    pub attr: Value,
    tensors: StateDict,
}

/// The folder of golden files: the one that `GRADUS_GOLDEN` names, else the project's own.
pub fn folder() -> PathBuf {
    match std::env::var_os("GRADUS_GOLDEN") {
        Some(folder) => folder.into(),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("golden"),
    }
}

impl Golden {
    /// Reads a case; panics if it does not exist.
    pub fn read(name: &str) -> Self {
        let path = folder().join(format!("{name}.safetensors"));
        let (tensors, text) = read_tensors(&path).unwrap_or_else(|e| panic!("{e}"));
        let attr = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        Golden { name: name.to_owned(), attr, tensors }
    }

    /// A tensor as it is in the file.
    pub fn raw(&self, name: &str) -> Tensor {
        let tensor = self.tensors.get(name);
        tensor.unwrap_or_else(|| panic!("{}: there is no tensor {name}", self.name)).clone()
    }

    /// A tensor, with floats converted to `dtype`.
    pub fn get(&self, name: &str, dtype: DType) -> Tensor {
        let t = self.raw(name);
        if t.dtype().is_float() { t.to_dtype(dtype) } else { t }
    }

    /// Whether there is a tensor of this name.
    pub fn has(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    /// All tensors under a prefix, without it.
    pub fn under(&self, prefix: &str) -> StateDict {
        let named =
            self.tensors.iter().filter_map(|(n, t)| Some((n.strip_prefix(prefix)?.to_owned(), t.clone())));
        named.collect()
    }

    /// A numeric attribute.
    pub fn number(&self, name: &str) -> usize {
        let number = self.attr[name].as_u64();
        number.unwrap_or_else(|| panic!("{}: there is no attribute {name}", self.name)) as usize
    }

    /// Whether an attribute is true.
    pub fn flag(&self, name: &str) -> bool {
        self.attr[name].as_bool().unwrap_or_else(|| panic!("{}: there is no attribute {name}", self.name))
    }

    /// Sets a module's parameters to the file's, in `dtype`.
    pub fn load(&self, module: &dyn Module, dtype: DType) {
        module.convert(dtype);
        let mut wanted = self.under("param.");
        for (name, param) in module.named_params() {
            let value = wanted.remove(&name).unwrap_or_else(|| panic!("{}: no parameter {name}", self.name));
            param.set(&value.to_dtype(dtype));
        }
        assert!(wanted.is_empty(), "{}: the module lacks {:?}", self.name, wanted.keys());
    }

    /// Panics if `found` is further from the file's tensor than `roundings` rounding errors of its largest element.
    pub fn compare(&self, name: &str, found: &Tensor, roundings: f64) {
        let expected = self.raw(name);
        assert_eq!(found.shape(), expected.shape(), "{} {name}: another shape", self.name);
        let epsilon = match found.dtype() {
            DType::F64 => 1e-9 / roundings,
            _ => f64::from(f32::EPSILON),
        };
        let (found, expected) = (found.to_f64(), expected.to_f64());
        let largest = expected.iter().filter(|x| x.is_finite()).fold(0.0f64, |m, x| m.max(x.abs()));
        let bound = roundings * epsilon * (largest + 0.1);
        for (i, (f, e)) in found.iter().zip(&expected).enumerate() {
            let close = f == e || (f - e).abs() <= bound;
            assert!(close, "{} {name}, element {i}: found {f}, PyTorch has {e}, bound {bound:e}", self.name);
        }
    }
}

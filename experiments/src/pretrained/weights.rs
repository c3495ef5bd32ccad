use super::PretrainedError;
use super::config::Read;
use super::folder::WEIGHTS;
use super::layout::{self, LAYER, POOLER};
use crate::data::DataError;
use crate::data::counted::counted;
use crate::data::error::{listed, quoted};
use gradus_engine::DType;
use gradus_engine::state::{StateError, TensorFile, TensorInfo};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What some files have before every name of the model itself.
pub(super) const PREFIX: &str = "bert.";
/// A buffer of the numbers 0, 1, 2, …, not a weight.
const POSITIONS: &str = "embeddings.position_ids";
/// What the names of the model itself begin with; all others are of heads.
const PARTS: [&str; 3] = ["embeddings.", "encoder.", POOLER];
const ADVICE: &str = "get both files again from one source";

/// The weights of a model in their file.
#[derive(Debug)]
pub(super) struct Weights {
    path: PathBuf,
    /// The name in the file by the name in the model.
    stored: BTreeMap<String, String>,
    /// Tensors of heads.
    unused: Vec<String>,
}

impl Weights {
    /// Reads the header of `path` and compares it with the configuration.
    ///
    /// # Errors
    /// [`StateError`]: not a safetensors file. [`DataError`]: a tensor that is missing, of another shape or type, given twice,
    /// or that a BERT does not have.
    pub fn read(path: &Path, config_path: &Path, config: &Read) -> Result<Self, PretrainedError> {
        let tensors = TensorFile::open(path)?.tensors();
        let mut weights = Weights { path: path.into(), stored: BTreeMap::new(), unused: vec![] };
        let mut found = BTreeMap::new();
        for tensor in tensors {
            let name = name_in_model(&tensor.name);
            if name == POSITIONS {
                continue;
            }
            if !PARTS.iter().any(|part| name.starts_with(part)) {
                weights.unused.push(tensor.name);
                continue;
            }
            if let Some(other) = weights.stored.insert(name.clone(), tensor.name.clone()) {
                let both = listed(&[other, tensor.name]);
                return Err(weights
                    .fault(
                        &format!("one tensor {}", quoted(&name)),
                        both,
                        "get the file again from its source",
                    )
                    .into());
            }
            found.insert(name, tensor);
        }
        weights.compare(config_path, config, &found)?;
        Ok(weights)
    }

    fn compare(
        &self,
        config_path: &Path,
        read: &Read,
        found: &BTreeMap<String, TensorInfo>,
    ) -> Result<(), PretrainedError> {
        let config = &read.config;
        let missing = |name: &str| {
            let found = self.stored.values().chain(&self.unused).take(3).map(String::as_str);
            let (path, found) = (self.path.clone(), found.collect::<Vec<_>>().join(", "));
            StateError::Missing { path, name: name.into(), found }
        };
        let contradiction = |key: &str, stated: usize, found: usize| DataError::Place {
            path: config_path.into(),
            place: key.into(),
            expected: format!("{found}, as in {}", WEIGHTS),
            found: read.found(key, stated),
            advice: ADVICE,
        };
        for size in layout::sizes(config) {
            let tensor = found.get(size.tensor).ok_or_else(|| missing(size.tensor))?;
            match tensor.shape.get(size.axis) {
                Some(&found) if found != size.value => {
                    return Err(contradiction(size.key, size.value, found).into());
                }
                // A tensor with fewer axes is found below.
                Some(_) | None => {}
            }
        }
        let layers = found.keys().filter_map(|name| layer_of(name)).collect::<BTreeSet<_>>().len();
        if layers != config.num_hidden_layers {
            return Err(contradiction("num_hidden_layers", config.num_hidden_layers, layers).into());
        }
        let expected: BTreeMap<String, Vec<usize>> = layout::params(config).into_iter().collect();
        let has_pooler = found.keys().any(|name| name.starts_with(POOLER));
        for (name, shape) in &expected {
            match found.get(name) {
                Some(tensor) => self.check(tensor, shape)?,
                None if name.starts_with(POOLER) && !has_pooler => {}
                None => return Err(missing(name).into()),
            }
        }
        match found.iter().find(|(name, _)| !expected.contains_key(*name)) {
            Some((_, other)) => {
                Err(StateError::Unknown { path: self.path.clone(), name: other.name.clone() }.into())
            }
            None => Ok(()),
        }
    }

    fn check(&self, tensor: &TensorInfo, shape: &[usize]) -> Result<(), DataError> {
        let name = quoted(&tensor.name);
        if tensor.shape != shape {
            let (expected, found) =
                (format!("tensor {name} of shape {shape:?}"), format!("{:?}", tensor.shape));
            return Err(self.fault(
                &expected,
                found,
                "use the configuration that the model was trained with",
            ));
        }
        match tensor.dtype {
            Some(DType::F32 | DType::F16 | DType::BF16) => Ok(()),
            Some(_) | None => {
                let expected = format!("tensor {name} of the type F32, F16 or BF16");
                Err(self.fault(&expected, tensor.kind.clone(), "convert the weights to one of these types"))
            }
        }
    }

    pub fn fault(&self, expected: &str, found: String, advice: &str) -> DataError {
        DataError::File { path: self.path.clone(), expected: expected.into(), found, advice: advice.into() }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The name in the file of a parameter.
    pub fn stored(&self, name: &str) -> Option<&str> {
        self.stored.get(name).map(String::as_str)
    }

    /// The names in the file of tensors of heads.
    pub fn of_heads(&self) -> &[String] {
        &self.unused
    }

    /// A note on tensors that are not used, if there are any.
    pub fn note_of(&self, unused: &[String]) -> Option<String> {
        let (path, tensors) = (self.path.display(), counted(unused.len(), "tensors"));
        (!unused.is_empty()).then(|| format!("{path}: {tensors} of other heads ignored: {}", listed(unused)))
    }

    /// A note that the pooler is missing, if it is.
    pub fn note_of_pooler(&self) -> Option<String> {
        let missing = !self.stored.keys().any(|name| name.starts_with(POOLER));
        missing.then(|| format!("{}: no pooler; its weights stay random", self.path.display()))
    }
}

/// The name that a tensor has in a model.
pub(super) fn name_in_model(stored: &str) -> String {
    let name = stored.strip_prefix(PREFIX).unwrap_or(stored);
    // The first models were written by TensorFlow.
    for (old, new) in [("LayerNorm.gamma", "LayerNorm.weight"), ("LayerNorm.beta", "LayerNorm.bias")] {
        if let Some(start) = name.strip_suffix(old) {
            return format!("{start}{new}");
        }
    }
    name.into()
}

/// The layer that a parameter belongs to.
fn layer_of(name: &str) -> Option<usize> {
    name.strip_prefix(LAYER)?.split('.').next()?.parse().ok()
}

use super::StateError;
use crate::{Module, Tensor};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// Tensors by name.
pub type StateDict = BTreeMap<String, Tensor>;

/// A module's parameters by name; a tied one under its first name.
pub fn state_dict(module: &dyn Module) -> StateDict {
    module.named_params().into_iter().map(|(name, p)| (name, p.value())).collect()
}

/// Sets a module's parameters, either all of them or none; `path` is named in errors.
///
/// A tied parameter is read from any of its names. Floats are converted to the parameter's dtype; integers
/// and bools are refused. Without a conversion the parameter shares the tensor's buffer until its next step.
///
/// # Errors
/// [`StateError::Unknown`], [`StateError::Missing`], [`StateError::Shape`], [`StateError::Dtype`].
pub fn load_state_dict(module: &dyn Module, tensors: &StateDict, path: &Path) -> Result<(), StateError> {
    let all = module.all_names();
    let mut names: HashMap<_, Vec<&String>> = HashMap::new();
    for (name, param) in &all {
        names.entry(param.id()).or_default().push(name);
    }
    let by_name: HashMap<&String, _> = all.iter().map(|(name, param)| (name, param)).collect();
    if let Some(name) = tensors.keys().find(|name| !by_name.contains_key(name)) {
        return Err(StateError::Unknown { path: path.into(), name: name.clone() });
    }
    let mut values = vec![];
    for (first, param) in module.named_params() {
        let mut names = names[&param.id()].iter();
        let Some((name, value)) = names.find_map(|name| tensors.get_key_value(*name)) else {
            let found = tensors.keys().take(3).map(String::as_str).collect::<Vec<_>>().join(", ");
            return Err(StateError::Missing { path: path.into(), name: first, found });
        };
        if value.shape() != param.shape() {
            return Err(StateError::Shape {
                path: path.into(),
                name: name.clone(),
                found: format!("{:?}", value.shape()),
                expected: format!("{:?}", param.shape()),
            });
        }
        let (found, expected) = (value.dtype(), param.dtype());
        if found != expected && !(found.is_float() && expected.is_float()) {
            return Err(StateError::Dtype { path: path.into(), name: name.clone(), found, expected });
        }
        values.push((param, value));
    }
    for (param, value) in values {
        param.adopt(value.to_dtype(param.dtype()));
    }
    Ok(())
}

/// Checks that all floats are finite; `path` is named in the error. Apply it to a model's [`state_dict`] after
/// loading, because an `f64` of a file can overflow the parameter's `f32`.
///
/// # Errors
/// [`StateError::NotFinite`].
pub fn check_finite(tensors: &StateDict, path: &Path) -> Result<(), StateError> {
    match tensors.iter().find(|(_, tensor)| tensor.dtype().is_float() && !tensor.all_finite()) {
        Some((name, _)) => Err(StateError::NotFinite { path: path.into(), name: name.clone() }),
        None => Ok(()),
    }
}

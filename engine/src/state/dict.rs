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

/// Sets a module's parameters, all or none; `path` is named in errors.
///
/// A tied parameter is read from whichever of its names is there. Numbers are converted to the parameter's dtype;
/// where they need not be, the parameter shares the tensor's buffer until its next step.
pub fn load_state_dict(module: &dyn Module, tensors: &StateDict, path: &Path) -> Result<(), StateError> {
    let all = module.all_names();
    let first: HashMap<_, _> = all.iter().rev().map(|(name, p)| (p.id(), name.clone())).collect();
    if let Some(name) = tensors.keys().find(|name| all.iter().all(|(n, _)| n != *name)) {
        return Err(StateError::Unknown { path: path.into(), name: name.clone() });
    }
    let mut values = vec![];
    for (_, param) in module.named_params() {
        let mut names = all.iter().filter(|(_, p)| p.id() == param.id()).map(|(name, _)| name);
        let Some((name, value)) = names.find_map(|name| tensors.get_key_value(name)) else {
            let found = tensors.keys().take(3).map(String::as_str).collect::<Vec<_>>().join(", ");
            return Err(StateError::Missing { path: path.into(), name: first[&param.id()].clone(), found });
        };
        if value.shape() != param.shape() {
            return Err(StateError::Shape {
                path: path.into(),
                name: name.clone(),
                found: format!("{:?}", value.shape()),
                expected: format!("{:?}", param.shape()),
            });
        }
        values.push((param, value));
    }
    for (param, value) in values {
        param.adopt(value.to_dtype(param.dtype()));
    }
    Ok(())
}

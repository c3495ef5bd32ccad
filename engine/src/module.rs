use crate::{DType, Device, Param};
use std::collections::HashSet;

/// Something that has parameters: a layer, a model.
///
/// Implement it by naming the parts; names are those of PyTorch's state dicts, so that files from
/// elsewhere load as they are.
///
/// ```
/// use gradus_engine::{Module, Param, Tensor, Visitor};
///
/// struct Scale { weight: Param }
///
/// impl Module for Scale {
///     fn visit(&self, v: &mut Visitor) {
///         v.param("weight", &self.weight);
///     }
/// }
///
/// let scale = Scale { weight: Param::new(Tensor::scalar(2.0f32)) };
/// assert_eq!(scale.named_params()[0].0, "weight");
/// ```
pub trait Module {
    /// Names each part, in the order of construction.
    fn visit(&self, v: &mut Visitor);

    /// All parameters with their names; a tied one under each of its names.
    fn all_names(&self) -> Vec<(String, Param)> {
        let mut v = Visitor { path: String::new(), found: vec![] };
        self.visit(&mut v);
        v.found
    }

    /// All parameters with their names; a tied one under its first name only.
    fn named_params(&self) -> Vec<(String, Param)> {
        let mut seen = HashSet::new();
        self.all_names().into_iter().filter(|(_, p)| seen.insert(p.id())).collect()
    }

    /// All parameters, tied ones once.
    fn params(&self) -> Vec<Param> {
        self.named_params().into_iter().map(|(_, p)| p).collect()
    }

    /// The number of trained numbers.
    fn param_count(&self) -> usize {
        self.params().iter().map(Param::count).sum()
    }

    /// Where the first parameter lives, and so where inputs are to be; main memory where there is none.
    fn device(&self) -> Device {
        self.params().first().map_or(Device::Cpu, |p| p.kind().device)
    }

    /// Moves all parameters to another device.
    fn move_to(&self, device: Device) {
        self.params().iter().for_each(|p| p.move_to(device));
    }

    /// Turns all parameters to another dtype; gradients are checked in `f64`.
    fn convert(&self, dtype: DType) {
        self.params().iter().for_each(|p| p.convert(dtype));
    }
}

impl<M: Module + ?Sized> Module for Box<M> {
    fn visit(&self, v: &mut Visitor) {
        (**self).visit(v);
    }
}

/// Collects the parameters of a module with their names.
pub struct Visitor {
    path: String,
    found: Vec<(String, Param)>,
}

impl Visitor {
    /// A parameter of the module itself.
    pub fn param(&mut self, name: &str, param: &Param) {
        self.found.push((format!("{}{name}", self.path), param.tied()));
    }

    /// A parameter that may be absent.
    pub fn param_if(&mut self, name: &str, param: &Option<Param>) {
        if let Some(param) = param {
            self.param(name, param);
        }
    }

    /// A part of the module, whose parameters are named `name.…`.
    pub fn module(&mut self, name: &str, module: &dyn Module) {
        let length = self.path.len();
        self.path.push_str(name);
        self.path.push('.');
        module.visit(self);
        self.path.truncate(length);
    }

    /// A part that may be absent.
    pub fn module_if<M: Module>(&mut self, name: &str, module: &Option<M>) {
        if let Some(module) = module {
            self.module(name, module);
        }
    }

    /// A list of parts, named `name.0.…`, `name.1.…`.
    pub fn modules<M: Module>(&mut self, name: &str, modules: &[M]) {
        for (i, module) in modules.iter().enumerate() {
            self.module(&format!("{name}.{i}"), module);
        }
    }
}

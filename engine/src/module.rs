use crate::{DType, Device, Param};
use std::collections::HashSet;

/// Something that has parameters: a layer or a model.
///
/// Implement it by naming the parts. If the names are those of PyTorch's state dicts, files from elsewhere load unchanged.
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
///
/// [`Visitor::module`] names a part, which may also be optional or a list. Parts of lists and tuples are named by their index:
///
/// ```
/// use gradus_engine::nn::{Embedding, LayerNorm, Linear};
/// use gradus_engine::{Module, Rng, Visitor};
///
/// struct Model { emb: Embedding, norm: Option<LayerNorm>, out: Vec<Linear> }
///
/// impl Module for Model {
///     fn visit(&self, v: &mut Visitor) {
///         v.module("emb", &self.emb);
///         v.module("norm", &self.norm);
///         v.module("out", &self.out);
///     }
/// }
///
/// let mut rng = Rng::new(1);
/// let model = Model { emb: Embedding::new(9, 4, 1.0, &mut rng), norm: None, out: vec![Linear::new(4, 2, &mut rng)] };
/// let names: Vec<String> = model.named_params().into_iter().map(|(name, _)| name).collect();
/// assert_eq!(names, ["emb.weight", "out.0.weight", "out.0.bias"]);
///
/// // Two modules that one optimizer trains.
/// let both = (&model, Linear::new(2, 1, &mut rng));
/// assert_eq!(both.params().len(), 5);
/// assert_eq!(both.named_params()[0].0, "0.emb.weight");
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

    /// The number of trained elements.
    fn param_count(&self) -> usize {
        self.params().iter().map(Param::count).sum()
    }

    /// The device of the first parameter, on which inputs must be; the CPU if there are no parameters.
    fn device(&self) -> Device {
        self.params().first().map_or(Device::Cpu, |p| p.kind().device)
    }

    /// Moves all parameters to another device.
    fn move_to(&self, device: Device) {
        self.params().iter().for_each(|p| p.move_to(device));
    }

    /// Converts all parameters to another dtype; gradients are checked in `f64`.
    fn convert(&self, dtype: DType) {
        self.params().iter().for_each(|p| p.convert(dtype));
    }
}

impl<M: Module + ?Sized> Module for &M {
    fn visit(&self, v: &mut Visitor) {
        (**self).visit(v);
    }
}

impl<M: Module + ?Sized> Module for Box<M> {
    fn visit(&self, v: &mut Visitor) {
        (**self).visit(v);
    }
}

/// A part that may be absent. The option adds nothing to the names of its parameters.
impl<M: Module> Module for Option<M> {
    fn visit(&self, v: &mut Visitor) {
        self.iter().for_each(|module| module.visit(v));
    }
}

/// Parts named `0.…`, `1.…`.
impl<M: Module> Module for [M] {
    fn visit(&self, v: &mut Visitor) {
        self.iter().enumerate().for_each(|(i, module)| v.module(&i.to_string(), module));
    }
}

impl<M: Module> Module for Vec<M> {
    fn visit(&self, v: &mut Visitor) {
        self[..].visit(v);
    }
}

impl<M: Module, const N: usize> Module for [M; N] {
    fn visit(&self, v: &mut Visitor) {
        self[..].visit(v);
    }
}

macro_rules! tuple {
    ($($part:ident $place:tt),*) => {
        /// Parts named `0.…`, `1.…`.
        impl<$($part: Module),*> Module for ($($part,)*) {
            fn visit(&self, v: &mut Visitor) {
                $(v.module(stringify!($place), &self.$place);)*
            }
        }
    };
}

tuple!(A 0);
tuple!(A 0, B 1);
tuple!(A 0, B 1, C 2);
tuple!(A 0, B 1, C 2, D 3);
tuple!(A 0, B 1, C 2, D 3, E 4);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);

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

    /// A part of the module, whose parameters are named `name.…`; those of a list `name.0.…`, `name.1.…`.
    pub fn module(&mut self, name: &str, module: &dyn Module) {
        let length = self.path.len();
        self.path.push_str(name);
        self.path.push('.');
        module.visit(self);
        self.path.truncate(length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::Linear;
    use crate::{Rng, Tensor};

    fn names(module: &dyn Module) -> Vec<String> {
        module.all_names().into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn parts_of_containers_are_named_by_their_places() {
        let layer = || Linear::without_bias(1, 1, &mut Rng::new(1));
        assert_eq!(names(&vec![layer(), layer()]), ["0.weight", "1.weight"]);
        assert_eq!(names(&[layer(), layer()]), ["0.weight", "1.weight"]);
        assert_eq!(names(&(layer(), vec![layer()], [layer()])), ["0.weight", "1.0.weight", "2.0.weight"]);
        assert_eq!(names(&Some(layer())), ["weight"]);
        assert_eq!(names(&None::<Linear>), [""; 0]);
        assert_eq!(names(&[None, Some(layer())]), ["1.weight"]);
        assert_eq!(names(&Box::new((layer(),))), ["0.weight"]);
        let mixed: Vec<Box<dyn Module>> = vec![Box::new(layer()), Box::new([layer(), layer()])];
        assert_eq!(names(&mixed), ["0.weight", "1.0.weight", "1.1.weight"]);
        let eight = (
            layer(),
            layer(),
            layer(),
            layer(),
            layer(),
            layer(),
            layer(),
            [Some(layer()), None, Some(layer())],
        );
        assert_eq!(names(&eight)[6..], ["6.weight", "7.0.weight", "7.2.weight"]);
    }

    #[test]
    fn a_module_by_reference_is_the_module() {
        let (a, b) = (Linear::new(2, 3, &mut Rng::new(1)), Linear::new(2, 3, &mut Rng::new(2)));
        let both = (&a, &b);
        both.params().iter().for_each(|p| p.set(&Tensor::ones(p.shape(), DType::F32)));
        assert_eq!((both.param_count(), b.weight.value().to_f64()), (18, vec![1.0; 6]));
        assert_eq!((&a, &a).params().len(), 2, "a tied parameter counts once");
    }
}

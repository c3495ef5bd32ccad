use super::Layer;
use crate::{Mode, Module, Tensor, Visitor};

/// Layers one after the other: y = fₙ(… f₂(f₁(x))). Names are those of PyTorch's `nn.Sequential`: `0.weight`, `2.weight`, …;
/// layers without parameters count too.
///
/// A model that learns the exclusive or:
///
/// ```
/// use gradus_engine::losses::{Reduction, bce_with_logits};
/// use gradus_engine::nn::{Activation, Linear, Sequential};
/// use gradus_engine::optim::{Optimizer, OptimizerConfig, Rule};
/// use gradus_engine::{Mode, Rng, Tensor};
///
/// let x = Tensor::from_slice(&[0.0f32, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0], [4, 2]);
/// let y = Tensor::from_slice(&[0.0f32, 1.0, 1.0, 0.0], [4, 1]);
///
/// let mut rng = Rng::new(1);
/// let model = Sequential::new()
///     .then(Linear::new(2, 8, &mut rng))
///     .then(Activation::Tanh)
///     .then(Linear::new(8, 1, &mut rng));
/// let mut optimizer = Optimizer::new(OptimizerConfig::new(Rule::adam(), 0.05));
/// for _ in 0..200 {
///     let logits = model.forward(&x, &mut Mode::Train(&mut rng));
///     optimizer.step(&model, &bce_with_logits(&logits, &y, Reduction::Mean).backward());
/// }
/// let answers = model.forward(&x, &mut Mode::Eval).sigmoid();
/// assert!((answers - y).abs().to_f64().into_iter().all(|error| error < 0.1));
/// ```
#[derive(Default)]
pub struct Sequential {
    layers: Vec<Box<dyn Layer>>,
}

impl Sequential {
    /// No layers: y = x.
    pub fn new() -> Self {
        Sequential::default()
    }

    /// The same with one more layer at the end.
    pub fn then(mut self, layer: impl Layer + 'static) -> Self {
        self.layers.push(Box::new(layer));
        self
    }

    /// y from x, through all layers.
    pub fn forward(&self, x: &Tensor, mode: &mut Mode) -> Tensor {
        self.layers.iter().fold(x.clone(), |x, layer| layer.forward(&x, mode))
    }
}

impl Layer for Sequential {
    fn forward(&self, x: &Tensor, mode: &mut Mode) -> Tensor {
        Sequential::forward(self, x, mode)
    }
}

impl Module for Sequential {
    fn visit(&self, v: &mut Visitor) {
        self.layers.visit(v);
    }
}

impl std::fmt::Debug for Sequential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sequential({} layers, {} parameters)", self.layers.len(), self.param_count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rng;
    use crate::nn::{Activation, Dropout, Function, LayerNorm, Linear};
    use crate::state::{load_state_dict, state_dict};

    fn names(module: &dyn Module) -> Vec<String> {
        module.named_params().into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn layers_run_in_order_under_the_names_of_their_places() {
        let mut rng = Rng::new(1);
        let (first, last, norm) =
            (Linear::new(3, 4, &mut rng), Linear::new(4, 2, &mut rng), LayerNorm::new(4));
        let x = Tensor::normal([5, 3], 0.0, 1.0, &mut rng);
        let expected = last.forward(&norm.forward(&first.forward(&x).relu())) * 2.0;
        let inner = Sequential::new().then(norm).then(last);
        let doubled = Function(|x: &Tensor| x * 2.0);
        let model = Sequential::new().then(first).then(Activation::Relu).then(inner).then(doubled);
        assert_eq!(model.forward(&x, &mut Mode::Eval).to_f64(), expected.to_f64());
        let expected = ["0.weight", "0.bias", "2.0.weight", "2.0.bias", "2.1.weight", "2.1.bias"];
        assert_eq!(names(&model), expected);
        assert_eq!(format!("{model:?}"), "Sequential(4 layers, 34 parameters)");
    }

    #[test]
    fn the_mode_reaches_the_layers() {
        let mut rng = Rng::new(1);
        let model = Sequential::new().then(Dropout(0.5)).then(Dropout(0.5));
        let x = Tensor::ones([64], crate::DType::F32);
        assert_eq!(model.forward(&x, &mut Mode::Eval).to_f64(), [1.0; 64]);
        let y = model.forward(&x, &mut Mode::Train(&mut rng)).to_f64();
        let mut drawn = Rng::new(1);
        let _both = [drawn.stream(), drawn.stream()];
        assert_eq!(rng, drawn, "each layer draws a stream");
        assert!(y.iter().all(|y| [0.0, 4.0].contains(y)) && y.contains(&0.0) && y.contains(&4.0));
    }

    /// Both have the same state dict.
    #[test]
    fn a_tuple_of_layers_has_the_names_of_a_sequential() {
        let tuple =
            (Linear::new(3, 4, &mut Rng::new(1)), Activation::Relu, Linear::new(4, 2, &mut Rng::new(2)));
        let mut rng = Rng::new(3);
        let row = Sequential::new()
            .then(Linear::new(3, 4, &mut rng))
            .then(Activation::Relu)
            .then(Linear::new(4, 2, &mut rng));
        load_state_dict(&row, &state_dict(&tuple), std::path::Path::new("a tuple")).unwrap();
        let x = Tensor::normal([5, 3], 0.0, 1.0, &mut rng);
        let expected = tuple.2.forward(&tuple.1.forward(&tuple.0.forward(&x)));
        assert_eq!(row.forward(&x, &mut Mode::Eval).to_f64(), expected.to_f64());
    }
}

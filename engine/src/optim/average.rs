use super::optimizer::MOST_STEPS;
use crate::param::Owner;
use crate::state::StateDict;
use crate::{DType, Module, Param, Tensor};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How quickly an average of weights forgets old weights.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AverageConfig {
    /// d, in [0, 1): the share of the average that an update keeps.
    pub decay: f64,
    /// Whether the t-th update after the first keeps min(d, (1 + t) / (10 + t)) instead of d, so that the average quickly
    /// forgets the first weights of training.
    pub warmup: bool,
}

/// The exponential moving average of a model's weights: a ← d a + (1 − d) w at each update; the first one copies w.
///
/// Averages are kept by parameter name, a tied weight once, in `f32` or wider: in `bf16` the small steps would be
/// rounded away. Source: Polyak, Juditsky, SIAM J. Control Optim. 30, 1992, for averages of weights; the warm-up is
/// TensorFlow's `ExponentialMovingAverage`.
///
/// ```
/// use gradus_engine::optim::{AverageConfig, WeightAverage};
/// use gradus_engine::{Rng, nn::Linear};
///
/// let model = Linear::new(3, 1, &mut Rng::new(1));
/// let mut average = WeightAverage::new(AverageConfig { decay: 0.9, warmup: false });
/// average.update(&model); // after each step of the optimizer
/// model.weight.set(&model.weight.value().zeros_like());
/// average.update(&model);
///
/// let averaged = average.apply(&model); // evaluate here
/// assert!(model.weight.value().to_f64().iter().all(|w| *w != 0.0));
/// drop(averaged);
/// assert!(model.weight.value().to_f64().iter().all(|w| *w == 0.0));
/// ```
#[derive(Debug)]
pub struct WeightAverage {
    config: AverageConfig,
    updates: u64,
    values: BTreeMap<String, Tensor>,
    owners: BTreeMap<String, Owner>,
}

impl WeightAverage {
    /// An average without updates.
    #[track_caller]
    pub fn new(config: AverageConfig) -> Self {
        let d = config.decay;
        assert!((0.0..1.0).contains(&d), "average: the decay {d} must be at least 0 and below 1");
        WeightAverage { config, updates: 0, values: BTreeMap::new(), owners: BTreeMap::new() }
    }

    /// The configuration.
    pub fn config(&self) -> AverageConfig {
        self.config
    }

    /// The number of updates so far.
    pub fn updates(&self) -> u64 {
        self.updates
    }

    /// Adds the model's weights to the average.
    ///
    /// Panics if a parameter has the name of another one that was averaged before and still exists.
    #[track_caller]
    pub fn update(&mut self, model: &dyn Module) {
        let rest = 1.0 - self.decay();
        for (name, param) in model.named_params() {
            self.owners.entry(name.clone()).or_default().claim("average", &name, &param);
            let w = param.value();
            let next = match self.values.get(&name) {
                // As a step towards w, so that an average of equal weights is these weights, bit for bit.
                Some(a) => a + (w.to_dtype(a.dtype()) - a) * rest,
                // A copy, because the optimizer changes w in place.
                None => Tensor::from_buffer(w.to_dtype(wide(w.dtype())).packed(), w.shape()),
            };
            self.values.insert(name, next);
        }
        self.updates += 1;
    }

    /// The share of the average that the next update keeps.
    fn decay(&self) -> f64 {
        let t = self.updates as f64;
        match self.config.warmup {
            true => self.config.decay.min((1.0 + t) / (10.0 + t)),
            false => self.config.decay,
        }
    }

    /// Puts the averages into the model until the result is dropped; panics if a parameter has no average.
    #[track_caller]
    pub fn apply(&self, model: &dyn Module) -> Applied {
        let mut pairs = vec![];
        for (name, param) in model.named_params() {
            let value = self.values.get(&name);
            let value =
                value.unwrap_or_else(|| panic!("average: {name:?} has no average; call update first"));
            pairs.push((param, value));
        }
        let weights = pairs.iter().map(|(param, _)| (param.tied(), param.value())).collect();
        pairs.iter().for_each(|(param, value)| param.set(&value.to_dtype(param.dtype())));
        Applied { weights }
    }

    /// All averages by parameter name, and the number of updates.
    pub fn state(&self) -> (StateDict, Value) {
        (self.values.clone(), json!({ "updates": self.updates }))
    }

    /// Restores the state of an average of this model. The decay may differ.
    pub fn load_state(
        &mut self,
        model: &dyn Module,
        mut tensors: StateDict,
        numbers: &Value,
    ) -> Result<(), String> {
        let updates = numbers["updates"].as_u64();
        let updates = updates.ok_or("the average's number of updates is missing")?;
        if updates > MOST_STEPS {
            return Err(format!("the average took {updates} updates, expected at most {MOST_STEPS}"));
        }
        let params = if tensors.is_empty() && updates == 0 { vec![] } else { model.named_params() };
        let mut values = BTreeMap::new();
        for (name, param) in params {
            let tensor =
                tensors.remove(&name).ok_or(format!("the average of the parameter {name:?} is missing"))?;
            let (found, expected) = ((tensor.dtype(), tensor.shape()), (wide(param.dtype()), param.shape()));
            if found != expected {
                return Err(format!(
                    "the average of {name:?} is {} {:?}, the model needs {} {:?}",
                    found.0, found.1, expected.0, expected.1
                ));
            }
            values.insert(name, tensor.to_device(param.kind().device));
        }
        if let Some(name) = tensors.keys().next() {
            return Err(format!("there is an average of {name:?}, which the model does not have"));
        }
        (self.updates, self.values, self.owners) = (updates, values, BTreeMap::new());
        Ok(())
    }
}

/// The dtype of the average of weights of this dtype.
fn wide(dtype: DType) -> DType {
    match dtype {
        DType::F16 | DType::BF16 => DType::F32,
        other => other,
    }
}

/// A model with averages instead of its weights; dropping this value restores the weights, bit for bit.
///
/// Restoring them discards changes that the model got in the meantime, for instance from an optimizer.
#[must_use = "the weights are restored as soon as this is dropped"]
#[derive(Debug)]
pub struct Applied {
    weights: Vec<(Param, Tensor)>,
}

impl Applied {
    /// Keeps the averages in the model permanently.
    pub fn keep(mut self) {
        self.weights.clear();
    }
}

impl Drop for Applied {
    fn drop(&mut self) {
        self.weights.iter().for_each(|(param, w)| param.set(&w.to_dtype(param.dtype())));
    }
}

use super::apply::Taken;
use super::moments::{Moments, settle};
use super::{OptimizerConfig, moments};
use crate::param::Owner;
use crate::state::{StateDict, quoted};
use crate::{DType, Device, Grad, Gradients, Module, Param, Tensor};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// A bound on the number of steps: 34 years at a thousand steps per second.
pub(super) const MOST_STEPS: u64 = 1 << 40;

/// Parameters with a learning rate and a weight decay of their own.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The group has the parameters whose names begin with this.
    pub prefix: String,
    /// lr.
    pub lr: f64,
    /// λ.
    pub weight_decay: f64,
}

/// Takes steps, and keeps each parameter's moments by its name.
///
/// A checkpoint can therefore hold them. A name stands for one parameter: [`step`](Optimizer::step) panics if it gets another
/// parameter of the same name while the first one exists. Once the first one is dropped, a parameter of the same name continues
/// with its moments.
///
/// If only a few rows of a large table have a gradient, as in an embedding, only these rows are changed immediately. The step of
/// the other rows, with gradient 0, is deferred until they are next read: a row when [`Embedding`](crate::nn::Embedding) reads
/// it, all rows at [`Param::value`](crate::Param::value) and [`state`](Optimizer::state). The results have the same bits as if
/// each step changed the whole table. A step does change the whole table if the gradient is not zero elsewhere (weight decay
/// in the gradient, unlike AdamW's; an L1 or L2 term in the loss; a table that is also the output layer), if the table is
/// small, or if half of its rows are read. With [`dense`](Optimizer::dense) every step does. The comment at the head of
/// `optim/moments.rs` explains why and how.
///
/// ```
/// use gradus_engine::optim::{Optimizer, OptimizerConfig, Rule};
/// use gradus_engine::{Rng, Tensor, nn::Linear};
///
/// let model = Linear::new(3, 1, &mut Rng::new(1));
/// let mut optimizer = Optimizer::new(OptimizerConfig::new(Rule::adam(), 1e-2));
/// let x = Tensor::normal([8, 3], 0.0, 1.0, &mut Rng::new(2));
/// let before = model.forward(&x).square().mean_all().item();
/// for _ in 0..50 {
///     let loss = model.forward(&x).square().mean_all();
///     optimizer.step(&model, &loss.backward());
/// }
/// assert!(model.forward(&x).square().mean_all().item() < before / 2.0);
/// ```
#[derive(Debug)]
pub struct Optimizer {
    config: OptimizerConfig,
    groups: Vec<Group>,
    factor: f64,
    states: BTreeMap<String, (Owner, Arc<Mutex<Moments>>)>,
    dense: bool,
}

impl Optimizer {
    /// An optimizer that has taken no step.
    ///
    /// # Panics
    /// Where a value of the configuration is outside its range.
    #[track_caller]
    pub fn new(config: OptimizerConfig) -> Self {
        config.check();
        Optimizer { config, groups: vec![], factor: 1.0, states: BTreeMap::new(), dense: false }
    }

    /// An optimizer with groups; a parameter belongs to the first group whose prefix its name begins with, else to none.
    #[track_caller]
    pub fn with_groups(config: OptimizerConfig, groups: Vec<Group>) -> Self {
        Optimizer { groups, ..Optimizer::new(config) }
    }

    /// The same optimizer without deferred steps: the results have the same bits, but are mostly slower.
    pub fn dense(self) -> Self {
        Optimizer { dense: true, ..self }
    }

    /// The configuration.
    pub fn config(&self) -> OptimizerConfig {
        self.config
    }

    /// Sets the factor by which all learning rates are multiplied from now on; schedules use it.
    pub fn set_lr_factor(&mut self, factor: f64) {
        self.factor = factor;
    }

    /// The current learning rate of parameters that belong to no group.
    pub fn lr(&self) -> f64 {
        self.config.lr * self.factor
    }

    /// Changes every parameter of the model that has a gradient.
    ///
    /// Parameters on a CUDA device with a gradient of all their elements take their steps together: one launch for all
    /// with the same learning rate, weight decay and number of steps taken.
    ///
    /// Panics if a parameter has the name of another one that took a step before and still exists.
    #[track_caller]
    pub fn step(&mut self, model: &dyn Module, gradients: &Gradients) {
        let mut together = vec![];
        for (name, param) in model.named_params() {
            let Some(gradient) = gradients.of(&param) else { continue };
            let (shape, dtype) = match gradient {
                Grad::Dense(g) => (g.shape(), g.dtype()),
                Grad::Rows(rows) => (rows.values.shape().with(0, rows.rows), rows.values.dtype()),
            };
            assert!(
                shape == param.shape() && dtype == param.kind().dtype,
                "optimizer: the gradient of {} is {shape:?} of {dtype}, the parameter {:?} of {}",
                quoted(&name),
                param.shape(),
                param.kind().dtype
            );
            let (mut lr, mut decay) = (self.config.lr, self.config.weight_decay);
            if let Some(group) = self.groups.iter().find(|g| name.starts_with(&g.prefix)) {
                (lr, decay) = (group.lr, group.weight_decay);
            }
            let rule = self.config.rule;
            let fresh = || (Owner::default(), Moments::new(rule, &param));
            let (owner, state) = self.states.entry(name.clone()).or_insert_with(fresh);
            owner.claim("optimizer", &name, &param);
            if !moments::lock(state).are_of(&param) {
                settle(state);
            }
            let (lr, weight_decay) = (lr * self.factor, decay);
            let kind = param.kind();
            if let (Grad::Dense(gradient), DType::F32, Device::Cuda(_)) = (gradient, kind.dtype, kind.device)
            {
                let taken = Taken { lr, weight_decay, t: 0 };
                together.push((param, state.clone(), (gradient.contiguous(), taken)));
                continue;
            }
            param.step(state, |moments, p| {
                moments.step(&param, p, gradient, self.dense, |t| Taken { lr, weight_decay, t })
            });
        }
        together.sort_by_key(|(param, ..)| param.id());
        let (params, gradients): (Vec<_>, Vec<_>) =
            together.into_iter().map(|(param, state, gradient)| ((param, state), gradient)).unzip();
        Param::step_all(&params, |all| moments::step_all(self.config.rule, all, &gradients));
    }

    /// All moments, named `PARAMETER.MOMENT`, and the configuration and numbers of steps.
    pub fn state(&self) -> (StateDict, Value) {
        let names = self.config.rule.state_names();
        let (mut tensors, mut steps) = (StateDict::new(), BTreeMap::new());
        for (param, (_, state)) in &self.states {
            settle(state);
            let state = moments::lock(state);
            for (buffer, name) in state.buffers.iter().zip(names) {
                let values = Tensor::from_buffer(buffer.clone(), [buffer.len()].into());
                tensors.insert(format!("{param}.{name}"), values);
            }
            steps.insert(param, state.steps);
        }
        (tensors, json!({ "config": self.config, "steps": steps }))
    }

    /// Restores the state of this model's optimizer. The rule must be the one that made it; learning rates may differ.
    ///
    /// # Errors
    /// A sentence that names the parameter, if a moment or a number of steps is missing or belongs to no parameter, a moment
    /// differs from its parameter in size or dtype, or the number of steps is 0 or too large. The optimizer is
    /// then unchanged.
    pub fn load_state(
        &mut self,
        model: &dyn Module,
        mut tensors: StateDict,
        numbers: &Value,
    ) -> Result<(), String> {
        let config: OptimizerConfig = serde_json::from_value(numbers["config"].clone())
            .map_err(|e| format!("the optimizer's configuration: {e}"))?;
        let rule = self.config.rule;
        let names = rule.state_names();
        if std::mem::discriminant(&config.rule) != std::mem::discriminant(&rule)
            || config.rule.state_names() != names
        {
            return Err(format!("it was written by the optimizer {:?}, this run has {rule:?}", config.rule));
        }
        let steps: BTreeMap<String, u64> = serde_json::from_value(numbers["steps"].clone())
            .map_err(|e| format!("the optimizer's numbers of steps: {e}"))?;
        let params: BTreeMap<String, Param> = model.named_params().into_iter().collect();
        let mut states = BTreeMap::new();
        for (name, steps) in steps {
            let param = params.get(&name).ok_or_else(|| {
                format!("the optimizer took steps of {}, which the model does not have", quoted(&name))
            })?;
            if !(1..=MOST_STEPS).contains(&steps) {
                return Err(format!(
                    "the optimizer took {steps} steps of {name:?}, expected 1 to {MOST_STEPS}"
                ));
            }
            let mut buffers = vec![];
            for moment in names {
                let key = format!("{name}.{moment}");
                let tensor =
                    tensors.remove(&key).ok_or(format!("the optimizer's tensor {key:?} is missing"))?;
                let (found, expected) = ((tensor.dtype(), tensor.count()), (param.dtype(), param.count()));
                if found != expected {
                    return Err(format!(
                        "the optimizer's tensor {key:?} holds {} {}, the parameter {} {}",
                        found.1, found.0, expected.1, expected.0
                    ));
                }
                buffers.push(tensor.packed());
            }
            states.insert(name, (Owner::default(), Moments::loaded(rule, steps, buffers)));
        }
        if let Some(key) = tensors.keys().next() {
            return Err(format!("the optimizer's tensor {} has no number of steps", quoted(key)));
        }
        self.states = states;
        Ok(())
    }
}

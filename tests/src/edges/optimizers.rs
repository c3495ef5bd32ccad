use gradus_engine::optim::{Optimizer, OptimizerConfig, Rule};
use gradus_engine::{DType, Device, Gradients, Module, Param, Tensor, Visitor};

/// Every rule, with settings for each of its branches.
pub const RULES: fn() -> Vec<(&'static str, Rule)> = || {
    let named = |rule: Rule| {
        let name = match rule {
            Rule::Sgd { .. } => "sgd",
            Rule::AdaGrad { .. } => "adagrad",
            Rule::RmsProp { .. } => "rmsprop",
            Rule::Adam { .. } => "adam",
            Rule::AdamW { .. } => "adamw",
            Rule::RAdam { .. } => "radam",
        };
        (name, rule)
    };
    let more = [
        Rule::Sgd { momentum: 0.9, dampening: 0.1, nesterov: false },
        Rule::Sgd { momentum: 0.9, dampening: 0.0, nesterov: true },
        Rule::RmsProp { alpha: 0.9, eps: 1e-8, momentum: 0.8, centered: true },
    ];
    Rule::all().into_iter().chain(more).map(named).collect()
};

/// A module of one parameter.
struct One(Param);

impl Module for One {
    fn visit(&self, v: &mut Visitor) {
        v.param("weight", &self.0);
    }
}

/// The parameter after some steps with these gradients.
pub fn steps(rule: Rule, weight: &[f32], gradients: &[Vec<f32>], dtype: DType, device: Device) -> Vec<f64> {
    let tensor = |x: &[f32]| Tensor::from_slice(x, [x.len()]).to_dtype(dtype).to_device(device);
    let model = One(Param::new(tensor(weight)));
    let mut optimizer =
        Optimizer::new(OptimizerConfig { weight_decay: 0.01, ..OptimizerConfig::new(rule, 0.01) });
    for g in gradients {
        let mut gradients = Gradients::default();
        gradients.set(&model.0, tensor(g));
        optimizer.step(&model, &gradients);
    }
    model.0.value().to_f64()
}

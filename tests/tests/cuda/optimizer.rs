//! Optimizers' steps and their state.

use gradus_engine::nn::Linear;
use gradus_engine::optim::{AverageConfig, Group, Optimizer, OptimizerConfig, Rule, WeightAverage};
use gradus_engine::state::StateDict;
use gradus_engine::{Device, Gradients, Module, Param, Rng, Tensor, Visitor, cuda};

/// Parameters, named by their learning rates.
struct Many(Vec<(String, Param)>);

impl Many {
    /// More parameters than one launch takes, with lengths near the ends of a kernel's blocks; five have their own rates.
    fn new(device: Device) -> Self {
        let lengths = [1, 3, 255, 1025, 5000].into_iter().chain([2; 70]);
        let params = lengths.enumerate().map(|(i, n)| {
            let rates = if i % 15 == 0 { "slow" } else { "fast" };
            (format!("{rates}.{i}"), Param::new(normal(n, i as u64).to_device(device)))
        });
        Many(params.collect())
    }

    /// Gradients of step `t` for all parameters, except for one at the second step.
    fn gradients(&self, t: u64) -> Vec<Gradients> {
        let with_gradient = self.0.iter().enumerate().filter(|(i, _)| (*i, t) != (3, 2));
        let gradients = with_gradient.map(|(i, (_, param))| {
            let mut gradients = Gradients::default();
            let (n, stream) = (param.count(), 1000 * t + i as u64);
            gradients.set(param, normal(n, stream).to_device(param.kind().device));
            gradients
        });
        gradients.collect()
    }

    fn joined(&self, gradients: &[Gradients]) -> Gradients {
        let mut all = Gradients::default();
        for (_, param) in &self.0 {
            gradients.iter().find_map(|g| g.of(param)).into_iter().for_each(|g| all.set(param, g.clone()));
        }
        all
    }

    fn numbers(&self) -> Vec<f32> {
        self.0.iter().flat_map(|(_, param)| param.value().to_vec::<f32>()).collect()
    }
}

impl Module for Many {
    fn visit(&self, v: &mut Visitor) {
        self.0.iter().for_each(|(name, param)| v.param(name, param));
    }
}

fn normal(n: usize, stream: u64) -> Tensor {
    Tensor::normal([n], 0.0, 1.0, &mut Rng::new(stream))
}

/// All parameters take their steps in one launch for each table of equal constants, in place, with the same bits as one after
/// the other and the same values as on the CPU.
pub fn steps_together(device: Device) {
    let rules = [
        Rule::sgd(0.0),
        Rule::Sgd { momentum: 0.9, dampening: 0.1, nesterov: false },
        Rule::Sgd { momentum: 0.9, dampening: 0.0, nesterov: true },
        Rule::AdaGrad { lr_decay: 0.1, eps: 1e-6 },
        Rule::rmsprop(),
        Rule::RmsProp { alpha: 0.9, eps: 1e-4, momentum: 0.8, centered: false },
        Rule::RmsProp { alpha: 0.9, eps: 1e-4, momentum: 0.8, centered: true },
        Rule::adam(),
        Rule::adamw(),
        Rule::RAdam { beta1: 0.9, beta2: 0.9, eps: 1e-6 },
    ];
    for rule in rules {
        let optimizer = || {
            let config = OptimizerConfig { rule, lr: 0.01, weight_decay: 0.1 };
            let group = Group { prefix: "slow".into(), lr: 0.001, weight_decay: 0.0 };
            Optimizer::with_groups(config, vec![group])
        };
        let [cpu, together, apart] =
            [Device::Cpu, device, device].map(|device| (Many::new(device), optimizer()));
        let [(cpu, mut on_cpu), (together, mut at_once), (apart, mut one_by_one)] = [cpu, together, apart];
        for t in 1..=8 {
            on_cpu.step(&cpu, &cpu.joined(&cpu.gradients(t)));
            apart.gradients(t).iter().for_each(|gradient| one_by_one.step(&apart, gradient));
            let all = together.joined(&together.gradients(t));
            let seen = (t == 5).then(|| together.0[4].1.value());
            let before = seen.as_ref().map(Tensor::to_vec::<f32>);
            let launches = cuda::launches();
            at_once.step(&together, &all);
            // Five slow ones; a table and six more; one of these has its number of steps to itself from the third on.
            let tables = if t < 3 { 3 } else { 4 };
            let copies = u64::from(seen.is_some());
            assert_eq!(cuda::launches() - launches, tables + copies, "{rule:?}, step {t}");
            // A value that was read before the step does not change.
            assert_eq!(seen.map(|value| value.to_vec::<f32>()), before, "{rule:?}");
        }
        let [found, expected, exactly] = [&together, &cpu, &apart].map(Many::numbers);
        assert!(found.iter().zip(&exactly).all(|(f, e)| f.to_bits() == e.to_bits()), "{rule:?}: other bits");
        for (i, (f, e)) in found.iter().zip(&expected).enumerate() {
            assert!((f - e).abs() <= 2e-5 * (1.0 + e.abs()), "{rule:?}: element {i}: {f}, on the CPU {e}");
        }
    }
}

/// The norm of all gradients waits for the device once.
pub fn norms(device: Device) {
    let [expected, found] = [Device::Cpu, device].map(|device| {
        let many = Many::new(device);
        let gradients = many.joined(&many.gradients(1));
        let before = cuda::copies_to_host();
        (gradients.norm(), cuda::copies_to_host() - before)
    });
    assert_eq!((expected.1, found.1), (0, 1));
    assert!((found.0 / expected.0 - 1.0).abs() < 1e-6, "{}, on the CPU {}", found.0, expected.0);
    assert_eq!(Gradients::default().norm(), 0.0);
}

/// Moments and averages that were read from a file are in host memory and must be moved to the parameters' device.
pub fn state_comes_back(device: Device) {
    let model = Linear::new(3, 2, &mut Rng::new(1));
    model.move_to(device);
    let x = Tensor::from_slice(&[1.0f32, -1.0, 0.5], [1, 3]).to_device(device);
    let step = |optimizer: &mut Optimizer, average: &mut WeightAverage| {
        optimizer.step(&model, &model.forward(&x).square().sum_all().backward());
        average.update(&model);
        model.weight.value().to_f64()
    };
    let made = || {
        let average = AverageConfig { decay: 0.5, warmup: false };
        (Optimizer::new(OptimizerConfig::new(Rule::adam(), 1e-2)), WeightAverage::new(average))
    };
    let (mut optimizer, mut average) = made();
    step(&mut optimizer, &mut average);
    let weights = model.weight.value().to_device(Device::Cpu);
    let bias = model.bias.as_ref().map(|bias| bias.value().to_device(Device::Cpu));
    let in_main_memory = |(tensors, numbers): (StateDict, _)| {
        let tensors = tensors.into_iter().map(|(name, tensor)| (name, tensor.to_device(Device::Cpu)));
        (tensors.collect::<StateDict>(), numbers)
    };
    let (moments, averages) = (in_main_memory(optimizer.state()), in_main_memory(average.state()));
    let uninterrupted = step(&mut optimizer, &mut average);

    model.weight.set(&weights);
    model.bias.as_ref().zip(bias).inspect(|(param, bias)| param.set(bias));
    let (mut optimizer, mut resumed) = made();
    optimizer.load_state(&model, moments.0, &moments.1).expect("the moments are those of this model");
    resumed.load_state(&model, averages.0, &averages.1).expect("the averages are those of this model");
    assert_eq!(step(&mut optimizer, &mut resumed), uninterrupted);
    let of = |average: &WeightAverage| average.state().0["weight"].to_f64();
    assert_eq!(of(&resumed), of(&average));
}

use super::*;
use crate::nn::{LayerNorm, Linear};
use crate::optim::{AverageConfig, Optimizer, OptimizerConfig, Rule, WeightAverage};
use crate::{DType, Rng, Tensor, Visitor};
use serde_json::json;
use std::fs;

struct Pair {
    first: Linear,
    tied: Linear,
}

impl Pair {
    fn new(seed: u64) -> Self {
        let first = Linear::new(3, 3, &mut Rng::new(seed));
        let tied = Linear { weight: first.weight.tied(), bias: None };
        Pair { first, tied }
    }
}

impl Module for Pair {
    fn visit(&self, v: &mut Visitor) {
        v.module("first", &self.first);
        v.module("tied", &self.tied);
    }
}

#[test]
fn round_trip_with_a_tied_weight() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.safetensors");
    let (a, b) = (Pair::new(1), Pair::new(2));
    save(&a, &path).unwrap();
    load(&b, &path).unwrap();
    assert_eq!(state_dict(&a).keys().collect::<Vec<_>>(), ["first.bias", "first.weight"]);
    assert_eq!(a.first.weight.value().to_vec::<f32>(), b.tied.weight.value().to_vec::<f32>());
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "no temporary file is left");
}

#[test]
fn every_dtype_survives() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("all");
    let x = Tensor::from_slice(&[0.0f32, 1.0, 2.0], [3]);
    let all = [DType::F32, DType::F64, DType::F16, DType::BF16, DType::I64, DType::U32, DType::Bool];
    let dict: StateDict = all.iter().map(|d| (d.to_string(), x.to_dtype(*d))).collect();
    write_tensors(&path, &dict, "text").unwrap();
    let (read, text) = read_tensors(&path).unwrap();
    assert_eq!(text, "text");
    for (name, t) in dict {
        assert_eq!((read[&name].dtype(), read[&name].to_f64()), (t.dtype(), t.to_f64()), "{name}");
    }
}

#[test]
fn a_file_of_another_model_is_refused_and_nothing_changes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("norm");
    save(&LayerNorm::new(3), &path).unwrap();
    let pair = Pair::new(1);
    let before = pair.first.weight.value().to_f64();
    let message = load(&pair, &path).unwrap_err().to_string();
    assert!(message.contains("norm") && message.contains("\"bias\""), "{message}");
    save(&Linear::new(3, 4, &mut Rng::new(1)), &path).unwrap();
    let message = load(&Linear::new(3, 5, &mut Rng::new(1)), &path).unwrap_err().to_string();
    assert!(message.contains("[4, 3]") && message.contains("[5, 3]"), "{message}");
    assert_eq!(pair.first.weight.value().to_f64(), before);
}

/// After loading, a model holds the tensors that were read, not copies of them.
#[test]
fn loading_copies_nothing_and_a_blank_model_draws_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    let a = Linear::new(3, 4, &mut Rng::new(1));
    save(&a, &path).unwrap();
    let b = Linear::new(3, 4, &mut Rng::blank());
    assert_eq!(b.weight.value().to_f64(), [0.0; 12]);
    let (tensors, _) = read_tensors(&path).unwrap();
    load_state_dict(&b, &tensors, &path).unwrap();
    let place = |t: &Tensor| t.bytes().as_ptr();
    assert_eq!(place(&b.weight.value()), place(&tensors["weight"]));
    assert_eq!(b.weight.value().to_f64(), a.weight.value().to_f64());
}

/// A run with an average of its weights.
struct Run {
    model: Pair,
    optimizer: Optimizer,
    average: WeightAverage,
}

impl Run {
    fn new(seed: u64) -> Self {
        Run {
            model: Pair::new(seed),
            optimizer: Optimizer::new(OptimizerConfig::new(Rule::adam(), 1e-2)),
            average: WeightAverage::new(AverageConfig { decay: 0.99, warmup: true }),
        }
    }

    fn steps(&mut self, steps: std::ops::Range<u64>) {
        for step in steps {
            let x = Tensor::normal([4, 3], 0.0, 1.0, &mut Rng::new(step));
            let y = self.model.tied.forward(&self.model.first.forward(&x));
            self.optimizer.step(&self.model, &y.square().mean_all().backward());
            self.average.update(&self.model);
        }
    }

    fn save(&self, path: &Path, averaged: bool) {
        let average = averaged.then_some(&self.average);
        let state = [("cells".to_owned(), Tensor::from_slice(&[1.5f32, -2.0], [2]))].into();
        Checkpoint::save(path, &self.model, &self.optimizer, average, &state, &json!(7)).unwrap();
    }

    /// Weights and averages, as bits.
    fn bits(&self) -> Vec<(String, Vec<u32>)> {
        let all = state_dict(&self.model).into_iter().chain(self.average.state().0);
        all.map(|(n, t)| (n, t.to_vec::<f32>().into_iter().map(f32::to_bits).collect())).collect()
    }
}

#[test]
fn a_run_with_an_average_goes_on_bit_for_bit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let mut whole = Run::new(1);
    whole.steps(0..20);

    let mut first = Run::new(1);
    first.steps(0..7);
    first.save(&path, true);
    let mut second = Run::new(2);
    let checkpoint = Checkpoint::read(&path).unwrap();
    assert!(checkpoint.has_average());
    assert_eq!(checkpoint.run, json!(7));
    let state = checkpoint.state();
    assert_eq!((state.len(), state["cells"].to_f64()), (1, vec![1.5, -2.0]), "the run's own tensors");
    checkpoint.load_model(&second.model).unwrap();
    checkpoint.load_optimizer(&mut second.optimizer, &second.model).unwrap();
    checkpoint.load_average(&mut second.average, &second.model).unwrap();
    assert_eq!((second.bits(), second.average.updates()), (first.bits(), 7));
    second.steps(7..20);
    assert_eq!(second.bits(), whole.bits());
    assert_ne!(second.bits()[0].1, second.bits()[2].1, "the average is not the weights");
}

#[test]
fn a_checkpoint_without_an_average_loads_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plain");
    let mut run = Run::new(1);
    run.steps(0..3);
    run.save(&path, false);
    let (tensors, text) = read_tensors(&path).unwrap();
    assert!(!text.contains("average") && tensors.keys().all(|name| !name.starts_with("average.")));

    let mut other = Run::new(2);
    let checkpoint = Checkpoint::read(&path).unwrap();
    assert!(!checkpoint.has_average());
    checkpoint.load_model(&other.model).unwrap();
    checkpoint.load_optimizer(&mut other.optimizer, &other.model).unwrap();
    let message = checkpoint.load_average(&mut other.average, &other.model).unwrap_err().to_string();
    assert!(message.contains("plain") && message.contains("no average of weights"), "{message}");
    assert_eq!(state_dict(&other.model)["first.weight"].to_f64(), tensors["model.first.weight"].to_f64());
}

#[test]
fn the_average_of_another_model_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other");
    let mut run = Run::new(1);
    run.steps(0..1);
    run.save(&path, true);
    let checkpoint = Checkpoint::read(&path).unwrap();
    let mut average = WeightAverage::new(run.average.config());
    let message = checkpoint.load_average(&mut average, &LayerNorm::new(3)).unwrap_err().to_string();
    assert!(message.contains("other") && message.contains("\"weight\" is missing"), "{message}");
    assert_eq!(average.updates(), 0);
}

use super::*;
use crate::{DType, Module, Param, Tensor, Visitor};
use serde_json::json;

/// Two parameters, one of them under two names.
struct Pair {
    a: Param,
    b: Param,
}

impl Module for Pair {
    fn visit(&self, v: &mut Visitor) {
        v.param("a", &self.a);
        v.param("b", &self.b);
        v.param("tied", &self.a);
    }
}

fn pair(a: f32, b: f32) -> Pair {
    let param = |x: f32| Param::new(Tensor::from_slice(&[x, -x], [2]));
    Pair { a: param(a), b: param(b) }
}

fn set(param: &Param, x: f32) {
    param.set(&Tensor::from_slice(&[x, -x], [2]).to_dtype(param.dtype()));
}

fn bits(param: &Param) -> Vec<u32> {
    param.value().to_vec::<f32>().into_iter().map(f32::to_bits).collect()
}

fn averages(average: &WeightAverage) -> Vec<(String, Vec<f64>)> {
    average.state().0.into_iter().map(|(name, t)| (name, t.to_f64())).collect()
}

#[test]
fn an_average_by_hand() {
    let model = pair(8.0, 1.0);
    let mut average = WeightAverage::new(AverageConfig { decay: 0.75, warmup: false });
    average.update(&model);
    set(&model.a, 4.0); // 0.75 · 8 + 0.25 · 4 = 7
    average.update(&model);
    set(&model.a, 15.0); // 0.75 · 7 + 0.25 · 15 = 9
    average.update(&model);
    let want = [("a".to_owned(), vec![9.0, -9.0]), ("b".to_owned(), vec![1.0, -1.0])];
    assert_eq!(averages(&average), want, "each average exact, the tied weight once");
    assert_eq!(average.updates(), 3);
}

#[test]
fn the_warm_up_forgets_faster_until_the_decay_is_reached() {
    let model = pair(1.0, 0.0);
    model.convert(DType::F64);
    let mut average = WeightAverage::new(AverageConfig { decay: 0.25, warmup: true });
    let mut want = 1.0;
    average.update(&model);
    for (t, decay) in [(1, 2.0 / 11.0), (2, 3.0 / 12.0), (3, 0.25), (4, 0.25)] {
        let w = f64::from(t * t);
        set(&model.a, w as f32);
        average.update(&model);
        want = decay * want + (1.0 - decay) * w;
        let found = averages(&average)[0].1[0];
        assert!((found - want).abs() < 1e-14 * want, "after {t}: {found}, expected {want}");
    }
}

#[test]
fn an_average_of_equal_weights_is_these_weights() {
    let model = pair(0.1, 1e-30);
    let mut average = WeightAverage::new(AverageConfig { decay: 0.999, warmup: true });
    (0..50).for_each(|_| average.update(&model));
    let before = (bits(&model.a), bits(&model.b));
    average.apply(&model).keep();
    assert_eq!((bits(&model.a), bits(&model.b)), before);
}

#[test]
fn weights_come_back_bit_for_bit_unless_the_averages_are_kept() {
    let model = pair(0.1, 0.3);
    let mut average = WeightAverage::new(AverageConfig { decay: 0.9, warmup: false });
    average.update(&model);
    set(&model.a, 0.7);
    average.update(&model);
    let before = (bits(&model.a), bits(&model.b));
    let mean = averages(&average)[0].1.clone();
    let applied = average.apply(&model);
    assert_eq!(model.a.value().to_f64(), mean);
    drop(applied);
    assert_eq!((bits(&model.a), bits(&model.b)), before);
    average.apply(&model).keep();
    assert_eq!(model.a.value().to_f64(), mean);
}

#[test]
fn a_half_precision_model_has_an_average_in_single() {
    let model = pair(1.0, 1.0);
    model.convert(DType::BF16);
    let mut average = WeightAverage::new(AverageConfig { decay: 0.999, warmup: false });
    average.update(&model);
    set(&model.a, 2.0);
    (0..10).for_each(|_| average.update(&model));
    let (found, want) = (averages(&average)[0].1[0], 2.0 - 0.999f64.powi(10));
    assert!((found - want).abs() < 1e-6, "{found}, expected {want}");
    let applied = average.apply(&model);
    assert_eq!((model.a.dtype(), model.a.value().to_f64()[0]), (DType::BF16, 1.0078125));
    drop(applied);
    assert_eq!(model.a.value().to_f64()[0], 2.0);
}

#[test]
fn the_state_of_another_model_is_refused_and_nothing_changes() {
    let (model, config) = (pair(3.0, 4.0), AverageConfig { decay: 0.5, warmup: false });
    let mut average = WeightAverage::new(config);
    average.update(&model);
    let (good, numbers) = average.state();
    let before = averages(&average);
    let mut refused = |change: &dyn Fn(&mut crate::state::StateDict), says: &str| {
        let mut tensors = good.clone();
        change(&mut tensors);
        let reason = average.load_state(&model, tensors, &numbers).unwrap_err();
        assert!(reason.contains(says), "{reason:?} does not say {says:?}");
    };
    refused(&|t| drop(t.remove("b")), "\"b\" is missing");
    refused(&|t| drop(t.insert("c".into(), Tensor::scalar(1.0f32))), "\"c\", which the model");
    refused(&|t| drop(t.insert("b".into(), Tensor::scalar(1.0f32))), "is f32 [], the model needs f32 [2]");
    let double = good["b"].to_dtype(DType::F64);
    refused(&|t| drop(t.insert("b".into(), double.clone())), "is f64 [2], the model needs f32 [2]");
    for (numbers, says) in
        [(json!({}), "number of updates"), (json!({ "updates": u64::MAX }), "5 updates, expected")]
    {
        let reason = average.load_state(&model, good.clone(), &numbers).unwrap_err();
        assert!(reason.contains(says), "{reason}");
    }
    assert_eq!(averages(&average), before);
}

#[test]
#[should_panic(expected = "\"a\" has no average")]
fn an_average_of_nothing_cannot_be_applied() {
    let average = WeightAverage::new(AverageConfig { decay: 0.5, warmup: false });
    let _applied = average.apply(&pair(1.0, 1.0));
}

#[test]
fn the_state_of_another_optimizer_or_model_is_refused_and_nothing_changes() {
    let (model, config) = (pair(3.0, 4.0), OptimizerConfig::new(Rule::adam(), 0.1));
    let mut optimizer = Optimizer::new(config);
    optimizer.step(&model, &(model.a.tensor() * model.b.tensor()).sum_all().backward());
    let (good, numbers) = optimizer.state();
    let before = |optimizer: &Optimizer| {
        let (tensors, numbers) = optimizer.state();
        (tensors.into_iter().map(|(name, t)| (name, t.to_f64())).collect::<Vec<_>>(), numbers)
    };
    let whole = before(&optimizer);
    let mut refused = |change: &dyn Fn(&mut crate::state::StateDict, &mut serde_json::Value), says: &str| {
        let (mut tensors, mut numbers) = (good.clone(), numbers.clone());
        change(&mut tensors, &mut numbers);
        let reason = optimizer.load_state(&model, tensors, &numbers).unwrap_err();
        assert!(reason.contains(says), "{reason:?} does not say {says:?}");
        assert_eq!(before(&optimizer), whole);
    };
    let three = Tensor::from_slice(&[1.0f32, 2.0, 3.0], [3]);
    refused(
        &|t, _| drop(t.insert("b.exp_avg_sq".into(), three.clone())),
        "\"b.exp_avg_sq\" holds 3 f32, the parameter 2 f32",
    );
    let double = good["a.exp_avg"].to_dtype(DType::F64);
    refused(&|t, _| drop(t.insert("a.exp_avg".into(), double.clone())), "\"a.exp_avg\" holds 2 f64, the");
    refused(&|t, _| drop(t.remove("a.exp_avg")), "\"a.exp_avg\" is missing");
    refused(
        &|t, _| drop(t.insert("c.exp_avg".into(), three.clone())),
        "\"c.exp_avg\" has no number of steps",
    );
    refused(&|_, n| drop(n["steps"].as_object_mut().unwrap().remove("b")), "\"b.exp_avg\" has no number of");
    refused(&|_, n| n["steps"]["c"] = json!(1), "took steps of \"c\", which the model does not have");
    for steps in [0, (1 << 40) + 1, u64::MAX] {
        refused(
            &|_, n| n["steps"]["b"] = json!(steps),
            &format!("took {steps} steps of \"b\", expected 1 to"),
        );
    }
    for steps in [json!(-1), json!(1.5), json!("1"), json!(null)] {
        refused(&|_, n| n["steps"]["b"] = steps.clone(), "the optimizer's numbers of steps");
    }
    refused(&|_, n| drop(n.as_object_mut().unwrap().remove("steps")), "the optimizer's numbers of steps");
    refused(&|_, n| n["config"]["name"] = json!("adamw"), "it was written by the optimizer AdamW");

    let mut other = Optimizer::new(config);
    other.load_state(&model, good.clone(), &numbers).unwrap();
    assert_eq!(before(&other), whole);
}

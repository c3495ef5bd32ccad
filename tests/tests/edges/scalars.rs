//! Numbers beside tensors: comparisons with a number, constants, bounds, quotients, casts and what is printed.

use super::row;
use gradus_engine::nn::Linear;
use gradus_engine::optim::{Moment, Rule, Schedule, ScheduleConfig};
use gradus_engine::optim::{Optimizer, OptimizerConfig};
use gradus_engine::{CreateGraph, DType, Gradients, Param, Rng, Tensor, grad};

fn truths(x: Tensor) -> Vec<u8> {
    x.to_vec::<u8>()
}

#[test]
fn integers_are_compared_with_the_number_itself() {
    let x = Tensor::from_slice(&[0i64, 1, 2, -1], [4]);
    assert_eq!(truths(x.ge_scalar(1.5)), [0, 0, 1, 0]);
    assert_eq!(truths(x.le_scalar(-0.5)), [0, 0, 0, 1]);
    assert_eq!(truths(x.eq_scalar(1.5)), [0; 4]);
    assert_eq!(truths(x.eq_scalar(2.0)), [0, 0, 1, 0]);
    for number in [f64::NAN, f64::INFINITY, 1e30] {
        assert_eq!(truths(x.ge_scalar(number)), [0; 4], "{number}");
        assert_eq!(truths(x.eq_scalar(number)), [0; 4], "{number}");
    }
    assert_eq!(truths(x.le_scalar(f64::NAN)), [0; 4]);
    assert_eq!(truths(x.le_scalar(f64::INFINITY)), [1; 4]);
    assert_eq!(truths(x.ge_scalar(-1e30)), [1; 4]);
    let bools = Tensor::from_slice(&[0u8, 1], [2]);
    assert_eq!(truths(bools.eq_scalar(0.5)), [0, 0]);
    assert_eq!(truths(bools.eq_scalar(2.0)), [0, 0]);
    let unsigned = Tensor::from_slice(&[0u32, 1, 5], [3]);
    assert_eq!(truths(unsigned.le_scalar(-1.0)), [0; 3]);
    assert_eq!(truths(unsigned.eq_scalar(-1.0)), [0; 3]);
    assert_eq!(truths(unsigned.ge_scalar(-1.0)), [1; 3]);
    let nan = row(&[f32::NAN, 1.0]);
    assert_eq!(truths(nan.ge_scalar(f64::NAN)), [0, 0]);
}

#[test]
#[should_panic(expected = "full: 1.5 is no number of i64")]
fn an_integer_constant_is_not_rounded() {
    Tensor::full([2], 1.5, DType::I64);
}

#[test]
#[should_panic(expected = "full: -inf is no number of i64")]
fn an_integer_is_not_filled_with_infinity() {
    let mask = Tensor::from_slice(&[1u8, 0], [2]);
    Tensor::from_slice(&[1i64, 2], [2]).masked_fill(&mask, f64::NEG_INFINITY);
}

#[test]
fn bounds_that_cross_give_the_upper_one() {
    for dtype in [DType::F32, DType::F64] {
        let x = row(&[-5.0, 0.0, 1.5, 5.0]).to_dtype(dtype);
        assert_eq!(x.clamp(2.0, 1.0).to_f64(), [1.0; 4], "{dtype}");
    }
}

#[test]
#[should_panic(expected = "clamp: the bounds NaN and 1 must not be NaN")]
fn a_bound_is_a_number() {
    row(&[1.0]).clamp(f64::NAN, 1.0);
}

#[test]
fn quotients_are_rounded_once() {
    let x = [0.05f64, 1.0, 3.0, 0.7];
    for c in [1099511627775.9999, 3.0, 4.0, 0.1, -2.0, 5e-324, f64::INFINITY] {
        let found = (Tensor::from_slice(&x, [4]) / c).to_vec::<f64>();
        assert_eq!(found, x.map(|x| x / c), "{c}");
    }
}

#[test]
fn a_zero_keeps_its_sign() {
    let x = row(&[-0.0, 0.0]);
    for y in [&x * 2.0, &x / 2.0, &x / 3.0] {
        let signs: Vec<bool> = y.to_vec::<f32>().iter().map(|y| y.is_sign_negative()).collect();
        assert_eq!(signs, [true, false]);
    }
    assert!((&x + 0.0).to_vec::<f32>().iter().all(|y| y.is_sign_positive()));
}

#[test]
fn integers_become_floats_rounded_once() {
    let x =
        [(1i64 << 60) + (1 << 36) + 1, i64::MAX, i64::MIN, (1 << 24) + 1, -((1 << 60) + (1 << 36) + 1), 7];
    let found = Tensor::from_slice(&x, [6]).to_dtype(DType::F32).to_vec::<f32>();
    assert_eq!(found, x.map(|x| x as f32));
    let found = Tensor::from_slice(&x, [6]).to_dtype(DType::F64).to_vec::<f64>();
    assert_eq!(found, x.map(|x| x as f64));
    // A little above the middle of 2⁵⁸ and its successor in bf16, by less than f64 can tell.
    let x = (1i64 << 58) + (1 << 50) + 1;
    let found = Tensor::from_slice(&[x], [1]).to_dtype(DType::BF16).to_f64();
    assert_eq!(found, [2f64.powi(58) + 2f64.powi(51)]);
}

#[test]
fn a_vector_goes_through_a_linear_layer() {
    let layer = Linear::new(3, 2, &mut Rng::new(1));
    let x = row(&[1.0, 2.0, 3.0]);
    let (one, many) = (x.variable(), x.unsqueeze(0).variable());
    let (y, ys) = (layer.forward(&one), layer.forward(&many));
    assert_eq!((y.shape().to_vec(), y.to_vec::<f32>()), (vec![2], ys.to_vec::<f32>()));
    let of = |y: Tensor, x: &Tensor| {
        let gradients = y.square().sum_all().backward();
        (
            gradients.get(x).unwrap().to_vec::<f32>(),
            gradients.of(&layer.weight).unwrap().to_dense().to_vec::<f32>(),
        )
    };
    assert_eq!(of(y, &one), of(ys, &many));
}

#[test]
fn a_floor_above_the_rate_is_the_rate() {
    let at = |step| Moment { step, epoch: 0, total_steps: 10, plateau: 1.0 };
    for schedule in ScheduleConfig::all() {
        let mut table = serde_json::to_value(schedule).unwrap();
        if table.get("min_lr").is_some() {
            table["min_lr"] = 0.5.into();
            let schedule: ScheduleConfig = serde_json::from_value(table).unwrap();
            assert!((0..20).all(|step| schedule.factor(0.1, at(step)) == 1.0), "{schedule:?}");
        }
    }
    assert_eq!(Schedule::LinearWarmup { warmup: 10 }.factor(u64::MAX), 1.0);
}

#[test]
fn a_norm_that_is_nan_spreads() {
    let [a, b] = [[f32::NAN, 1.0], [2.0, 3.0]].map(|x| Param::new(row(&x)));
    let mut gradients = Gradients::default();
    [&a, &b].into_iter().for_each(|p| gradients.set(p, p.value()));
    assert!(gradients.clip_norm(1.0).is_nan());
    assert!(gradients.of(&b).unwrap().to_dense().to_vec::<f32>().iter().all(|g| g.is_nan()));
}

#[test]
fn what_lies_past_the_end_of_a_sequence_has_no_gradient_by_either_rule() {
    let mut rng = Rng::new(1);
    let mut draw = |shape: &[usize]| Tensor::normal(shape.to_vec(), 0.0, 1.0, &mut rng);
    let weights = gradus_engine::ops::LstmWeights {
        w_ih: draw(&[8, 2]).variable(),
        w_hh: draw(&[8, 2]).variable(),
        b_ih: draw(&[8]),
        b_hh: draw(&[8]),
    };
    let (h0, c0) = (draw(&[1, 1, 2]), draw(&[1, 1, 2]));
    let lengths = Tensor::from_slice(&[1i64], [1]);
    for past in [0.0, f32::NAN, f32::INFINITY, -f32::INFINITY] {
        let x = Tensor::from_slice(&[0.5, -1.0, past, past, past, past], [1, 3, 2]).variable();
        let [y, h, c] = x.lstm(&h0, &c0, Some(&lengths), std::slice::from_ref(&weights));
        let loss = y.sum_all() + h.square().sum_all() + c.sum_all();
        let wrt = [&x, &weights.w_ih, &weights.w_hh];
        let fast = grad(&loss, &wrt, CreateGraph::No);
        let slow = grad(&loss, &wrt, CreateGraph::Yes);
        assert_eq!(fast[0].to_vec::<f32>()[2..], [0.0; 4], "{past}");
        for (fast, slow) in fast.iter().zip(&slow) {
            let close = |(a, b): (f32, f32)| (a - b).abs() < 1e-5;
            assert!(fast.to_vec().into_iter().zip(slow.to_vec()).all(close), "{past}: {fast} {slow}");
        }
    }
}

#[test]
#[should_panic(expected = "optimizer: the gradient of \"weight\" is [2, 2] of f32, the parameter [4] of f32")]
fn a_gradient_has_the_shape_of_its_parameter() {
    struct One(Param);
    impl gradus_engine::Module for One {
        fn visit(&self, v: &mut gradus_engine::Visitor) {
            v.param("weight", &self.0);
        }
    }
    let model = One(Param::new(row(&[1.0; 4])));
    let mut gradients = Gradients::default();
    gradients.set(&model.0, row(&[1.0; 4]).reshape([2, 2]));
    Optimizer::new(OptimizerConfig::default()).step(&model, &gradients);
}

#[test]
#[should_panic(expected = "optimizer: β₂ is 2, it must lie in [0, 1)")]
fn a_rule_outside_its_range_is_refused() {
    Optimizer::new(OptimizerConfig::new(Rule::Adam { beta1: 0.9, beta2: 2.0, eps: 1e-8 }, 1e-3));
}

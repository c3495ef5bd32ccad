//! Kinks, ties, empty and masked rows: values and gradients of PyTorch 2.15 on the CPU, copied by hand.
//!
//! A comment marks each value that differs from PyTorch's on purpose.

use super::row;
use gradus_engine::losses::{CrossEntropy, Reduction, bce_with_logits, cross_entropy};
use gradus_engine::ops::Attention;
use gradus_engine::{CreateGraph, DType, Device, Kind, Tensor, grad};
use gradus_tests::devices;
use std::f32::consts::{FRAC_2_SQRT_PI, LN_2};

const INF: f32 = f32::INFINITY;
const NAN: f32 = f32::NAN;
const MIN: f32 = f32::NEG_INFINITY;

fn same(found: &Tensor, expected: &[f32], what: &str) {
    let found = found.to_vec::<f32>();
    assert_eq!(found.len(), expected.len(), "{what}");
    let close =
        |(f, e): (&f32, &f32)| f == e || (f - e).abs() <= 2e-6 * e.abs() || (f.is_nan() && e.is_nan());
    assert!(found.iter().zip(expected).all(close), "{what}: {found:?}, PyTorch {expected:?}");
}

/// y = f(x), and dx of Σ y.
fn check(
    what: &str,
    device: Device,
    f: &dyn Fn(&[Tensor]) -> Tensor,
    x: &[Tensor],
    y: &[f32],
    dx: &[&[f32]],
) {
    let x: Vec<Tensor> = x.iter().map(|x| x.to_device(device).variable()).collect();
    let found = f(&x);
    same(&found.detach(), y, &format!("{what} on {device:?}"));
    for again in [CreateGraph::No, CreateGraph::Yes] {
        let gradients = grad(&found.sum_all(), &x.iter().collect::<Vec<_>>(), again);
        for (gradient, dx) in gradients.iter().zip(dx) {
            same(gradient, dx, &format!("gradient of {what} on {device:?}, graph {again:?}"));
        }
    }
}

#[test]
fn functions_of_one_element() {
    type Unary = (&'static str, fn(&Tensor) -> Tensor, &'static [f32], &'static [f32], &'static [f32]);
    let rows: [Unary; 22] = [
        (
            "relu",
            |x| x.relu(),
            &[-1.0, -0.0, 0.0, 1.0, NAN],
            &[0.0, 0.0, 0.0, 1.0, NAN],
            &[0.0, 0.0, 0.0, 1.0, 1.0],
        ),
        ("abs", |x| x.abs(), &[-1.0, 0.0, 1.0, NAN], &[1.0, 0.0, 1.0, NAN], &[-1.0, 0.0, 1.0, 0.0]),
        (
            "sqrt",
            |x| x.sqrt(),
            &[-1.0, 0.0, 4.0, INF, NAN],
            &[NAN, 0.0, 2.0, INF, NAN],
            &[NAN, INF, 0.25, 0.0, NAN],
        ),
        (
            "ln",
            |x| x.ln(),
            &[-1.0, -0.0, 0.0, 1.0, INF],
            &[NAN, MIN, MIN, 0.0, INF],
            &[-1.0, MIN, INF, 1.0, 0.0],
        ),
        ("ln_1p", |x| x.ln_1p(), &[-2.0, -1.0, 0.0, INF], &[NAN, MIN, 0.0, INF], &[-1.0, INF, 1.0, 0.0]),
        (
            "recip",
            |x| x.recip(),
            &[-0.0, 0.0, 2.0, INF, MIN],
            &[MIN, INF, 0.5, 0.0, 0.0],
            &[MIN, MIN, -0.25, 0.0, 0.0],
        ),
        (
            "clamp",
            |x| x.clamp(-1.0, 1.0),
            &[-2.0, -1.0, 0.0, 1.0, 2.0, NAN, INF],
            &[-1.0, -1.0, 0.0, 1.0, 1.0, NAN, 1.0],
            &[0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0],
        ),
        ("x^2.5", |x| x.powf(2.5), &[-1.0, 0.0, 1.0, INF], &[NAN, 0.0, 1.0, INF], &[NAN, 0.0, 2.5, INF]),
        ("x^0.5", |x| x.powf(0.5), &[-1.0, 0.0, 4.0, INF], &[NAN, 0.0, 2.0, INF], &[NAN, INF, 0.25, 0.0]),
        ("x^0", |x| x.powf(0.0), &[-1.0, 0.0, INF, NAN], &[1.0; 4], &[0.0; 4]),
        ("x^1", |x| x.powf(1.0), &[-1.0, 0.0, INF], &[-1.0, 0.0, INF], &[1.0; 3]),
        ("x^-1", |x| x.powf(-1.0), &[-1.0, 0.0, INF], &[-1.0, INF, 0.0], &[-1.0, MIN, 0.0]),
        (
            "exp",
            |x| x.exp(),
            &[MIN, INF, -200.0, 100.0, NAN],
            &[0.0, INF, 0.0, INF, NAN],
            &[0.0, INF, 0.0, INF, NAN],
        ),
        (
            "exp_m1",
            |x| x.exp_m1(),
            &[MIN, INF, 1e-30, 100.0],
            &[-1.0, INF, 1e-30, INF],
            &[0.0, INF, 1.0, INF],
        ),
        ("tanh", |x| x.tanh(), &[MIN, INF, 0.0, NAN], &[-1.0, 1.0, 0.0, NAN], &[0.0, 0.0, 1.0, NAN]),
        (
            "sigmoid",
            |x| x.sigmoid(),
            &[MIN, INF, -200.0, 0.0, NAN],
            &[0.0, 1.0, 0.0, 0.5, NAN],
            &[0.0, 0.0, 0.0, 0.25, NAN],
        ),
        (
            "softplus",
            |x| x.softplus(),
            &[MIN, INF, -200.0, 0.0, NAN, -30.0, 30.0],
            &[0.0, INF, 0.0, LN_2, NAN, 9.357_623e-14, 30.0],
            &[0.0, 1.0, 0.0, 0.5, NAN, 9.357_623e-14, 1.0],
        ),
        (
            "log_sigmoid",
            |x| x.log_sigmoid(),
            &[MIN, INF, -200.0, 0.0, NAN],
            &[MIN, 0.0, -200.0, -LN_2, NAN],
            &[1.0, 0.0, 1.0, 0.5, NAN],
        ),
        // PyTorch has NaN at ±∞: ∞ · 0. The limits are 0 and ∞, with the slopes 0 and 1.
        (
            "gelu",
            |x| x.gelu(),
            &[MIN, -0.0, 0.0, 10.0, INF, NAN],
            &[0.0, 0.0, 0.0, 10.0, INF, NAN],
            &[0.0, 0.5, 0.5, 1.0, 1.0, NAN],
        ),
        ("erf", |x| x.erf(), &[MIN, INF, 0.0, NAN], &[-1.0, 1.0, 0.0, NAN], &[0.0, 0.0, FRAC_2_SQRT_PI, NAN]),
        ("sign", |x| x.sign() + x * 0.0, &[-0.0, 0.0, 2.0], &[0.0, 0.0, 1.0], &[0.0; 3]),
        ("neg", |x| x.neg(), &[MIN, 0.0, NAN], &[INF, 0.0, NAN], &[-1.0; 3]),
    ];
    for device in devices() {
        for (what, f, x, y, dx) in &rows {
            check(what, device, &|x| f(&x[0]), &[row(x)], y, &[dx]);
        }
    }
}

#[test]
fn functions_of_two_elements() {
    for device in devices() {
        let (a, b) = (row(&[1.0, 2.0, NAN, INF, 0.0]), row(&[1.0, 3.0, 1.0, INF, NAN]));
        let dx: [&[f32]; 2] = [&[0.5, 0.0, 1.0, 0.5, 1.0], &[0.5, 1.0, 1.0, 0.5, 1.0]];
        check("maximum", device, &|x| x[0].maximum(&x[1]), &[a, b], &[1.0, 3.0, NAN, INF, NAN], &dx);
        let (a, b) = (row(&[1.0, 2.0, NAN, MIN, 0.0]), row(&[1.0, 3.0, 1.0, MIN, NAN]));
        let dx: [&[f32]; 2] = [&[0.5, 1.0, 1.0, 0.5, 1.0], &[0.5, 0.0, 1.0, 0.5, 1.0]];
        check("minimum", device, &|x| x[0].minimum(&x[1]), &[a, b], &[1.0, 2.0, NAN, MIN, NAN], &dx);
        let (a, b) = (row(&[1.0, -1.0, 0.0, INF, 1.0]), row(&[0.0, 0.0, 0.0, INF, INF]));
        let dx: [&[f32]; 2] = [&[INF, INF, INF, 0.0, 0.0], &[MIN, INF, NAN, NAN, 0.0]];
        check("div", device, &|x| &x[0] / &x[1], &[a, b], &[INF, MIN, NAN, NAN, 0.0], &dx);
        let dx: [&[f32]; 2] = [&[INF, INF], &[0.0, INF]];
        check("mul", device, &|x| &x[0] * &x[1], &[row(&[0.0, INF]), row(&[INF, INF])], &[NAN, INF], &dx);
    }
}

#[test]
fn reductions() {
    for device in devices() {
        let max = |x: &[Tensor]| x[0].max(0);
        check("max", device, &max, &[row(&[1.0, 3.0, 3.0, 2.0])], &[3.0], &[&[0.0, 0.5, 0.5, 0.0]]);
        check("max", device, &max, &[row(&[MIN, MIN])], &[MIN], &[&[0.5, 0.5]]);
        check("max", device, &max, &[row(&[1.0, NAN, 3.0])], &[NAN], &[&[NAN; 3]]);
        check("min", device, &|x| x[0].min(0), &[row(&[1.0, 1.0, 3.0])], &[1.0], &[&[0.5, 0.5, 0.0]]);
        check("sum", device, &|x| x[0].sum(&[0]), &[row(&[INF, MIN])], &[NAN], &[&[1.0, 1.0]]);
        let places = [(&[1.0, 3.0, 3.0][..], 1i64), (&[1.0, NAN, 3.0, NAN], 1), (&[MIN, MIN], 0)];
        for (x, place) in places {
            assert_eq!(row(x).to_device(device).arg_max(0).to_vec::<i64>(), [place], "{x:?}");
        }
        let none = Tensor::zeros([2, 0], DType::F32).to_device(device);
        same(&none.sum(&[1]), &[0.0; 2], "the sum of nothing");
        same(&none.mean(&[1]), &[NAN; 2], "the mean of nothing");
        same(&none.log_sum_exp(1), &[MIN; 2], "the logarithm of the sum of nothing");
    }
}

#[test]
fn softmax_and_what_is_made_of_it() {
    let rows = |x: &[[f32; 3]]| Tensor::from_slice(&x.concat(), [x.len(), 3]);
    for device in devices() {
        let x =
            rows(&[[1e30, 1e30, 0.0], [0.0, MIN, 0.0], [NAN, 0.0, 0.0], [INF, 0.0, 0.0]]).to_device(device);
        same(&x.softmax(), &[0.5, 0.5, 0.0, 0.5, 0.0, 0.5, NAN, NAN, NAN, NAN, NAN, NAN], "softmax");
        let ln_2 = -LN_2;
        let y = [ln_2, ln_2, -1e30, ln_2, MIN, ln_2, NAN, NAN, NAN, NAN, NAN, NAN];
        same(&x.log_softmax(), &y, "log_softmax");
        // PyTorch gives NaN for rows with only −∞.
        let none = rows(&[[MIN; 3]]);
        check(
            "softmax of none",
            device,
            &|x| x[0].softmax(),
            std::slice::from_ref(&none),
            &[0.0; 3],
            &[&[0.0; 3]],
        );
        check("log_softmax of none", device, &|x| x[0].log_softmax(), &[none], &[MIN; 3], &[&[0.0; 3]]);
        let some = |x: &[Tensor]| {
            let y = x[0].log_softmax();
            Tensor::concat(&[&y.narrow(1, 0, 1), &y.narrow(1, 2, 1)], 1)
        };
        let ln_3 = -1.098_612_3;
        let third = 0.333_333_34;
        check(
            "log_softmax",
            device,
            &some,
            &[rows(&[[0.0, MIN, 0.0], [1e30; 3], [1e4; 3]])],
            &[ln_2, ln_2, ln_3, ln_3, ln_3, ln_3],
            &[&[0.0, 0.0, 0.0, third, -2.0 * third, third, third, -2.0 * third, third]],
        );
        let labels = Tensor::from_slice(&[0i64, 2, 0, 1], [4]).to_device(device);
        check(
            "cross_entropy",
            device,
            &|x| x[0].cross_entropy_rows(&labels, &CrossEntropy::default()),
            &[rows(&[[0.0; 3], [8.0; 3], [0.0, MIN, 0.0], [0.0, MIN, 0.0]])],
            &[-ln_3, -ln_3, -ln_2, INF],
            &[&[-2.0 * third, third, third, third, third, -2.0 * third, -0.5, 0.0, 0.5, 0.5, -1.0, 0.5]],
        );
        // In PyTorch the mean over no rows is NaN.
        let ignored = Tensor::from_slice(&[1i64], [1]).to_device(device);
        for reduction in [Reduction::Mean, Reduction::Sum] {
            let options = CrossEntropy { ignore: Some(1), ..CrossEntropy::default() };
            let loss = |x: &[Tensor]| cross_entropy(&x[0], &ignored, &options, reduction);
            check(
                "cross_entropy of none",
                device,
                &loss,
                &[rows(&[[1.0, 2.0, NAN]]).narrow(1, 0, 2)],
                &[0.0],
                &[&[0.0; 2]],
            );
        }
        let targets = row(&[1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.5]).to_device(device);
        check(
            "bce_with_logits",
            device,
            &|x| bce_with_logits(&x[0], &targets, Reduction::Sum),
            &[row(&[20.0, 100.0, -100.0, -20.0, 0.0, 0.0, 0.0])],
            &[200.0 + 2.0 * 2.061_153_6e-9 + 3.0 * LN_2],
            &[&[-2.061_153_6e-9, 1.0, -1.0, 2.061_153_6e-9, -0.5, 0.5, 0.0]],
        );
        let x = Tensor::ones([1, 1, 2, 2], Kind { dtype: DType::F32, device });
        let keys = Tensor::zeros([1, 2], Kind { dtype: DType::Bool, device });
        let all_masked = Attention { keys: Some(keys), ..Attention::default() };
        let attend = |x: &[Tensor]| x[0].attention(&x[0], &x[0], &all_masked);
        check("attention to nothing", device, &attend, &[x], &[0.0; 4], &[&[0.0; 4]]);
    }
}

#[test]
fn layer_norm_of_constant_rows_and_of_nan() {
    for device in devices() {
        let (gamma, beta) = (row(&[1.0, 2.0, 3.0]).to_device(device), row(&[0.5; 3]).to_device(device));
        let r = 316.227_78;
        check(
            "layer_norm",
            device,
            &|x| x[0].layer_norm(&gamma, &beta, 1e-5),
            &[Tensor::from_slice(&[7.0f32, 7.0, 7.0, 0.0, 0.0, 0.0], [2, 3])],
            &[0.5; 6],
            &[&[-r, 0.0, r, -r, 0.0, r]],
        );
        let x = Tensor::from_slice(&[NAN, 0.0, 1.0, INF, 0.0, 1.0, 1.0, 2.0, 4.0], [3, 3]).to_device(device);
        let (ones, zeros) = (row(&[1.0; 3]).to_device(device), row(&[0.0; 3]).to_device(device));
        let y = [NAN, NAN, NAN, NAN, NAN, NAN, -1.069_041_4, -0.267_260_28, 1.336_301_8];
        same(&x.layer_norm(&ones, &zeros, 1e-5), &y, "layer_norm");
    }
}

#[test]
fn a_weight_that_is_nan_meets_the_padding_too() {
    for device in devices() {
        let x = Tensor::from_slice(&[1.0f32, 2.0, 3.0], [1, 3, 1]).to_device(device);
        let w = Tensor::from_slice(&[1.0, 2.0, NAN], [1, 1, 3]).to_device(device);
        same(&x.conv1d(&w, &row(&[0.0]).to_device(device), 1), &[NAN; 3], "conv1d");
    }
}

/// Two steps of 0.01 by the gradients 0, NaN, ∞, 10³⁰ and 10⁻³⁰, from 1.
#[test]
fn optimizers() {
    use gradus_engine::optim::Rule;
    let rules = [
        (Rule::adam(), [1.0, NAN, NAN, 1.0, 1.0]),
        (Rule::sgd(0.9), [1.0, NAN, MIN, -2.9e28, 1.0]),
        (Rule::adagrad(), [1.0, NAN, NAN, 1.0, 1.0]),
        (Rule::rmsprop(), [1.0, NAN, NAN, 1.0, 1.0]),
        (Rule::adamw(), [0.999_8, NAN, NAN, 0.999_8, 0.999_8]),
        (Rule::radam(), [1.0, NAN, NAN, -2e28, 1.0]),
    ];
    for device in devices() {
        for (rule, expected) in rules {
            use gradus_engine::optim::{Optimizer, OptimizerConfig};
            use gradus_engine::{Gradients, Module, Param, Visitor};
            struct One(Param);
            impl Module for One {
                fn visit(&self, v: &mut Visitor) {
                    v.param("weight", &self.0);
                }
            }
            let model = One(Param::new(row(&[1.0; 5]).to_device(device)));
            let decay = if matches!(rule, Rule::AdamW { .. }) { 0.01 } else { 0.0 };
            let mut optimizer =
                Optimizer::new(OptimizerConfig { weight_decay: decay, ..OptimizerConfig::new(rule, 0.01) });
            for _ in 0..2 {
                let mut gradients = Gradients::default();
                gradients.set(&model.0, row(&[0.0, NAN, INF, 1e30, 1e-30]).to_device(device));
                optimizer.step(&model, &gradients);
            }
            same(&model.0.value(), &expected, &format!("{rule:?} on {device:?}"));
        }
    }
}

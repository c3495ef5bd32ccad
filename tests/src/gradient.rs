//! Gradients against central differences, in `f64`.
//!
//! The loss is Σ wᵢ·yᵢ with random upstream gradients w, which are variables too: layer norm and softmax hide errors
//! if w is all ones, and a backward rule is a function of w that the second order has to differentiate.

use crate::case::Example;
use crate::draw::Draw;
use gradus_engine::{CreateGraph, DType, Device, Tensor, grad, grad_from};

/// The step of the differences: the cube root of ε, near the best for a central difference.
const STEP: f64 = 6e-6;
/// The largest distance of a gradient from a difference, relative to the scale of its terms.
const TOLERANCE: f64 = 2e-6;

/// The loss Σ wᵢ·yᵢ and its variables: the float inputs, then the upstream gradients.
struct Loss<'a> {
    example: &'a Example,
    floats: Vec<usize>,
    /// Float inputs, then upstream gradients.
    at: Vec<Tensor>,
}

impl<'a> Loss<'a> {
    fn new(example: &'a Example, seed: u64) -> Self {
        let mut draw = Draw::new(seed ^ 0x5eed);
        let floats = example.differentiable();
        let mut at: Vec<Tensor> = floats.iter().map(|&i| example.inputs[i].detach()).collect();
        for y in (example.call)(&example.inputs) {
            if y.dtype().is_float() {
                at.push(draw.normal(y.shape()));
            }
        }
        Loss { example, floats, at }
    }

    /// The loss at a point.
    fn of(&self, at: &[Tensor]) -> Tensor {
        let mut inputs = self.example.inputs.clone();
        for (&i, x) in self.floats.iter().zip(at) {
            inputs[i] = x.clone();
        }
        let outputs = (self.example.call)(&inputs).into_iter().filter(|y| y.dtype().is_float());
        let weights = &at[self.floats.len()..];
        let parts = outputs.zip(weights).map(|(y, w)| (y * w).sum_all());
        parts.reduce(|a, b| a + b).expect("an operation has a float output")
    }

    /// The gradient at a point with respect to everything: for the inputs by one sweep that starts at the outputs, without
    /// any other operation; for the upstream gradients it is the outputs themselves.
    fn gradient(&self, at: &[Tensor]) -> Vec<Tensor> {
        let (floats, weights) = at.split_at(self.floats.len());
        let variables: Vec<Tensor> = floats.iter().map(Tensor::variable).collect();
        let mut inputs = self.example.inputs.clone();
        for (&i, x) in self.floats.iter().zip(&variables) {
            inputs[i] = x.clone();
        }
        let outputs: Vec<Tensor> =
            (self.example.call)(&inputs).into_iter().filter(|y| y.dtype().is_float()).collect();
        let roots: Vec<_> = outputs.iter().zip(weights).collect();
        let mut gradient = grad_from(&roots, &variables.iter().collect::<Vec<_>>(), CreateGraph::No);
        gradient.extend(outputs.iter().map(Tensor::detach));
        gradient
    }

    /// The point moved by `step` along a direction.
    fn moved(&self, direction: &[Tensor], step: f64) -> Vec<Tensor> {
        self.at.iter().zip(direction).map(|(x, v)| x + v * step).collect()
    }
}

/// Checks ∂loss/∂x for every element of every float input.
pub fn first_order(example: &Example, seed: u64) -> Result<(), String> {
    let loss = Loss::new(example, seed);
    let gradient = loss.gradient(&loss.at);
    for (place, g) in gradient.iter().enumerate().take(loss.floats.len()) {
        let (values, shape) = (loss.at[place].to_f64(), loss.at[place].shape());
        if g.shape() != shape {
            let input = loss.floats[place];
            return Err(format!("input {input} is {shape:?}, its gradient {:?}", g.shape()));
        }
        for (i, g) in g.to_f64().into_iter().enumerate() {
            let shifted = |step: f64| {
                let mut values = values.clone();
                values[i] += step;
                let mut at = loss.at.clone();
                at[place] = Tensor::from_slice(&values, shape);
                loss.of(&at).item()
            };
            let (above, below) = (shifted(STEP), shifted(-STEP));
            let difference = (above - below) / (2.0 * STEP);
            let scale = 1.0 + g.abs().max(difference.abs()) + above.abs() * 1e-3;
            if differ(g, difference, TOLERANCE * scale) {
                let input = loss.floats[place];
                return Err(format!("input {input}, element {i}: gradient {g}, difference {difference}"));
            }
        }
    }
    Ok(())
}

/// Checks the derivative of the whole gradient (with respect to inputs and upstream gradients) along random
/// directions v, projected on random directions u: ⟨u, ∂²loss v⟩.
pub fn second_order(example: &Example, seed: u64, coarse: bool) -> Result<(), String> {
    let loss = Loss::new(example, seed);
    let mut draw = Draw::new(seed ^ 0xd1ff);
    let mut directions = || loss.at.iter().map(|x| draw.normal(x.shape())).collect::<Vec<_>>();
    for round in 0..2 {
        let (u, v) = (directions(), directions());
        let (above, below) = (loss.gradient(&loss.moved(&v, STEP)), loss.gradient(&loss.moved(&v, -STEP)));
        let difference = (dot(&above, &u) - dot(&below, &u)) / (2.0 * STEP);

        let variables: Vec<Tensor> = loss.at.iter().map(Tensor::variable).collect();
        let wrt: Vec<&Tensor> = variables.iter().collect();
        let first = grad(&loss.of(&variables), &wrt, CreateGraph::Yes);
        let plain = loss.gradient(&loss.at);
        for (a, b) in first.iter().zip(&plain) {
            let (a, b) = (a.to_f64(), b.to_f64());
            if a.iter().zip(&b).any(|(a, b)| differ(*a, *b, 1e-9 * (1.0 + b.abs()))) {
                return Err(format!(
                    "round {round}: the differentiable rule gives {a:?}, the fast one {b:?}"
                ));
            }
        }
        let projected = first.iter().zip(&u).map(|(g, u)| (g * u).sum_all()).reduce(|a, b| a + b);
        let second = match projected {
            Some(p) if p.is_tracked() => dot(&grad(&p, &wrt, CreateGraph::No), &v),
            _ => 0.0,
        };
        let scale = 1.0 + second.abs().max(difference.abs()) + dot(&absolute(&above), &absolute(&u)) * 1e-2;
        let noise = if coarse { 8.0 * f64::from(f32::EPSILON) / STEP } else { TOLERANCE * 10.0 };
        if differ(second, difference, noise * scale) {
            return Err(format!("round {round}: second derivative {second}, difference {difference}"));
        }
    }
    Ok(())
}

/// Checks outputs and gradients in `f32`, by the fast kernels of a device, against `f64`, by the plain ones of the CPU,
/// from the same rounded inputs.
pub fn fast_is_plain(example: &Example, seed: u64, roundings: f64, device: Device) -> Result<(), String> {
    let [fast, plain] = [(DType::F32, device), (DType::F64, Device::Cpu)].map(|(dtype, device)| {
        let inputs: Vec<Tensor> = example.rounded(dtype).iter().map(|x| x.to_device(device)).collect();
        let variables: Vec<Tensor> =
            inputs.iter().map(|x| if x.dtype().is_float() { x.variable() } else { x.clone() }).collect();
        let outputs: Vec<Tensor> =
            (example.call)(&variables).into_iter().filter(|y| y.dtype().is_float()).collect();
        let mut draw = Draw::new(seed ^ 0xfa57);
        let parts = outputs.iter().map(|y| {
            let w = draw.normal(y.shape()).to_dtype(DType::F32).to_dtype(dtype).to_device(device);
            (y * w).sum_all()
        });
        let loss = parts.reduce(|a, b| a + b).expect("an operation has a float output");
        let wrt: Vec<&Tensor> = variables.iter().filter(|x| x.is_tracked()).collect();
        let gradients = match loss.is_tracked() {
            true => grad(&loss, &wrt, CreateGraph::No),
            false => vec![],
        };
        outputs.into_iter().chain(gradients).map(|t| t.to_f64()).collect::<Vec<_>>()
    });
    for (place, (fast, plain)) in fast.iter().zip(&plain).enumerate() {
        let largest = plain.iter().filter(|x| x.is_finite()).fold(0.0f64, |m, x| m.max(x.abs()));
        let bound = roundings * f64::from(f32::EPSILON) * (largest + 0.05);
        for (i, (f, p)) in fast.iter().zip(plain).enumerate() {
            if !(f == p || (f.is_nan() && p.is_nan()) || (f - p).abs() <= bound) {
                return Err(format!("result {place}, element {i}: fast {f}, plain {p}, bound {bound}"));
            }
        }
    }
    Ok(())
}

/// Whether two numbers are further apart than the bound, or one is NaN.
fn differ(a: f64, b: f64, bound: f64) -> bool {
    (a - b).abs() > bound || a.is_nan() || b.is_nan()
}

fn dot(a: &[Tensor], b: &[Tensor]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a * b).sum_all().item()).sum()
}

fn absolute(a: &[Tensor]) -> Vec<Tensor> {
    a.iter().map(Tensor::abs).collect()
}

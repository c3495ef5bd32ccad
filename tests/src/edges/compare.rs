use crate::case::Example;
use crate::draw::Draw;
use gradus_engine::{CreateGraph, DType, Device, Tensor, grad_from};

/// The names of [`Results`]; a further name, `rule`, is for the two ways to compute the same gradient in `f64`.
const NAMES: [&str; 4] = ["output", "gradient", "differentiable gradient", "second derivative"];

/// The results of a call: outputs, gradients by the fast rules, gradients that can be differentiated again, and second
/// derivatives.
pub type Results = [Vec<Vec<f64>>; 4];

/// A difference between two results.
pub struct Difference {
    /// The result: output, gradient, differentiable gradient, second derivative or rule.
    pub result: &'static str,
    /// The found and the expected value.
    pub text: String,
}

/// All results of an example on a device, with random upstream gradients; the last two only if `deep`.
pub fn results(example: &Example, seed: u64, dtype: DType, device: Device, deep: bool) -> Results {
    let inputs: Vec<Tensor> = example.rounded(dtype).iter().map(|x| x.to_device(device)).collect();
    let variable = |x: &Tensor| if x.dtype().is_float() { x.variable() } else { x.clone() };
    let variables: Vec<Tensor> = inputs.iter().map(variable).collect();
    let wrt: Vec<&Tensor> = variables.iter().filter(|x| x.is_tracked()).collect();
    let outputs = (example.call)(&variables);
    let outputs: Vec<Tensor> = outputs.into_iter().filter(|y| y.dtype().is_float()).collect();
    let gradients = |of: &[Tensor], create_graph, order: u64| {
        let mut draw = Draw::new(seed ^ order << 32);
        let mut w =
            |y: &Tensor| draw.normal(y.shape()).to_dtype(DType::F32).to_dtype(dtype).to_device(device);
        let pairs: Vec<(&Tensor, Tensor)> = of.iter().filter(|y| y.is_tracked()).map(|y| (y, w(y))).collect();
        let roots: Vec<(&Tensor, &Tensor)> = pairs.iter().map(|(y, w)| (*y, w)).collect();
        if roots.is_empty() { vec![] } else { grad_from(&roots, &wrt, create_graph) }
    };
    let fast = gradients(&outputs, CreateGraph::No, 1);
    let again = if deep { gradients(&outputs, CreateGraph::Yes, 1) } else { vec![] };
    let second = gradients(&again, CreateGraph::No, 2);
    [outputs, fast, again, second].map(|all| all.iter().map(Tensor::to_f64).collect())
}

/// The differences between results in `f32` and in `f64`, and between the two ways to compute the gradient in `f64`. If `lost`,
/// one of these may be NaN where the other is not.
pub fn differences(fast: &Results, plain: &Results, roundings: f64, lost: bool) -> Vec<Difference> {
    let rule = plain[2].iter().zip(&plain[1]).map(|(again, fast)| {
        let found = |(a, f): (&f64, &f64)| if lost && a.is_nan() { *f } else { *a };
        again.iter().zip(fast).map(found).collect()
    });
    let rule: Vec<Vec<f64>> = rule.collect();
    let first: &[_] = if rule.is_empty() { &[] } else { &plain[1] };
    let pairs =
        NAMES.into_iter().zip(fast.iter().zip(plain)).map(|(name, (f, p))| (name, f, &p[..], roundings));
    let all = pairs.chain([("rule", &rule, first, 256.0)]);
    all.filter_map(|(result, f, p, roundings)| {
        Some(Difference { result, text: difference(f, p, roundings)? })
    })
    .collect()
}

/// The first element of another kind (NaN, ±∞, finite), or further off than `roundings` of the largest element. Terms of long
/// sums may cancel, so that the largest element may be too small for this: it counts as at least 0.05.
fn difference(fast: &[Vec<f64>], plain: &[Vec<f64>], roundings: f64) -> Option<String> {
    if fast.len() != plain.len() {
        return Some(format!("{} tensors, in f64 {}", fast.len(), plain.len()));
    }
    fast.iter().zip(plain).enumerate().find_map(|(place, (fast, plain))| {
        let least: f64 = if roundings >= 256.0 { 0.05 } else { 0.0 };
        let largest = plain.iter().filter(|p| p.is_finite()).fold(least, |m, p| m.max(p.abs()));
        let bound = roundings * f64::from(f32::EPSILON) * largest + f64::from(f32::MIN_POSITIVE);
        let differs = |(f, p): (&f64, &f64)| match () {
            // Above the largest f32 the result is infinite in f32, or NaN as a sum of infinities.
            () if p.abs() > f64::from(f32::MAX) && p.is_finite() => f.is_finite() && (f - p).abs() > bound,
            () if !p.is_finite() => f != p && !(f.is_nan() && p.is_nan()),
            () => (f - p).abs() > bound || f.is_nan(),
        };
        if fast.len() != plain.len() {
            return Some(format!("tensor {place}: {} elements, in f64 {}", fast.len(), plain.len()));
        }
        let i = fast.iter().zip(plain).position(differs)?;
        Some(format!("tensor {place}, element {i}: {:e}, in f64 {:e}", fast[i], plain[i]))
    })
}

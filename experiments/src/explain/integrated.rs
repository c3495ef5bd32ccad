use super::Explained;
use super::explained::{by_word, gradients, texts_in_a_pass};
use gradus_engine::Tensor;

/// The result of integrated gradients.
pub(super) struct Integrated {
    /// a [T].
    pub values: Vec<f64>,
    /// F(x) − F(x′).
    pub change: f64,
    /// The number of steps.
    pub steps: usize,
    /// |Σ a − (F(x) − F(x′))| / |F(x) − F(x′)|, how far the sum is from completeness.
    pub gap: f64,
    /// Whether the sum is complete to 1 %.
    pub complete: bool,
}

/// The largest relative gap at which the sum counts as complete: 1 %.
const GAP: f64 = 0.01;

/// The absolute gap that is always allowed, since F is computed in `f32`.
const ROUNDING: f64 = 1e-5;

/// The first and the largest number of steps.
const STEPS: [usize; 2] = [32, 2048];

/// a_t = Σ_d (x − x′)_td ∫₀¹ ∂F/∂x_td (x′ + α (x − x′)) dα, so that Σ a = F(x) − F(x′) (completeness).
///
/// The integral is a mean over m midpoints α = (k + ½) / m; m doubles until completeness holds to 1 %, at most to 2048.
///
/// Source: Sundararajan, Taly, Yan, "Axiomatic attribution for deep networks", ICML 2017, equations 1 and 3, section 5
/// (steps and the check of completeness).
pub(super) fn attributions(subject: &dyn Explained) -> Integrated {
    let (x, baseline) = (subject.vectors().detach(), subject.baseline().detach());
    let difference = &x - &baseline;
    // As along the path, with a gradient: without one, weights in int8 would give another F.
    let ends = gradients(subject, &Tensor::stack(&[&x, &baseline], 0)).0;
    let change = ends[0] - ends[1];
    let mut steps = STEPS[0];
    loop {
        let mean = mean_gradient(subject, &baseline, &difference, steps);
        let values = by_word(&(&difference * mean));
        let distance = (values.iter().sum::<f64>() - change).abs();
        let complete = distance <= GAP * change.abs() + ROUNDING;
        if complete || steps == STEPS[1] {
            let gap = if distance == 0.0 { 0.0 } else { distance / change.abs() };
            return Integrated { values, change, steps, gap, complete };
        }
        steps *= 2;
    }
}

/// The mean of ∂F/∂x over the midpoints of the path [T, D].
fn mean_gradient(subject: &dyn Explained, baseline: &Tensor, difference: &Tensor, steps: usize) -> Tensor {
    let midpoints: Vec<f64> = (0..steps).map(|k| (k as f64 + 0.5) / steps as f64).collect();
    let pass = |alphas: &[f64]| {
        let alphas = Tensor::from_slice(alphas, [alphas.len(), 1, 1]);
        let alphas = alphas.to_dtype(difference.dtype()).to_device(difference.device());
        let x = baseline.unsqueeze(0) + alphas * difference.unsqueeze(0);
        gradients(subject, &x).1.sum(&[0])
    };
    let sums = midpoints.chunks(texts_in_a_pass(difference.dim(0))).map(pass);
    let sum = sums.reduce(|a, b| a + b).unwrap_or_else(|| difference.zeros_like());
    sum * (1.0 / steps as f64)
}

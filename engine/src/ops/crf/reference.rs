//! The definitions in tensor operations: slow but readable loops over steps.

use crate::{CreateGraph, Tensor, grad};

/// The forward recursion over αₜ(j) = log Σ of all ways to reach tag j at t.
pub(super) fn log_z(x: &[Tensor]) -> Tensor {
    let [emissions, transitions, start, end, lengths] = [0, 1, 2, 3, 4].map(|i| &x[i]);
    let (b, t) = (emissions.dim(0), emissions.dim(1));
    if t == 0 {
        return emissions.sum(&[1, 2]);
    }
    let mut alpha = emissions.at(1, 0) + start;
    for step in 1..t {
        let reached = (alpha.unsqueeze(2) + transitions).log_sum_exp(1) + emissions.at(1, step);
        alpha = within(step, lengths).reshape([b, 1]).select(&reached, &alpha);
    }
    let z = (alpha + end).log_sum_exp(1);
    within(0, lengths).select(&z, &Tensor::zeros([], z.kind()))
}

/// The score of given tags.
pub(super) fn score(x: &[Tensor]) -> Tensor {
    let [emissions, transitions, start, end, lengths, tags] = [0, 1, 2, 3, 4, 5].map(|i| &x[i]);
    let (t, k) = (emissions.dim(1), emissions.dim(2));
    let no_tag = Tensor::zeros([], tags.kind());
    // Zeros [B]; values past the end are not read, so a NaN there cannot spread.
    let mut total = emissions.narrow(1, 0, 0).sum(&[1, 2]);
    for step in 0..t {
        let tag = tags.at(1, step);
        // Values past the end are not tags.
        let inside = within(step, lengths);
        let tag = inside.select(&tag, &no_tag);
        let mut gain = emissions.at(1, step).take_along(&tag.unsqueeze(1)).squeeze(-1);
        gain = match step {
            0 => gain + start.reshape([k, 1]).embedding(&tag).squeeze(-1),
            _ => {
                let before = inside.select(&tags.at(1, step - 1), &no_tag);
                gain + transitions.embedding(&before).take_along(&tag.unsqueeze(1)).squeeze(-1)
            }
        };
        let last = within(step, lengths).and(&within(step + 1, lengths).not());
        let ending = end.reshape([k, 1]).embedding(&tag).squeeze(-1);
        let zero = Tensor::zeros([], gain.kind());
        total = total + inside.select(&gain, &zero) + last.select(&ending, &zero);
    }
    total
}

/// P(y_t = k | x) = ∂ log Z / ∂ e[t, k]: the gradient of the reference itself, differentiable again.
pub(super) fn log_marginals(x: &[Tensor]) -> Tensor {
    let emissions = match x[0].is_tracked() {
        true => x[0].identity(),
        false => x[0].variable(),
    };
    let mut inputs = x.to_vec();
    inputs[0] = emissions.clone();
    let z = log_z(&inputs).sum_all();
    let p = grad(&z, &[&emissions], CreateGraph::Yes).swap_remove(0);
    let (b, t) = (p.dim(0), p.dim(1));
    let inside = Tensor::arange(t).to_device(p.device()).reshape([1, t, 1]).lt(&x[4].reshape([b, 1, 1]));
    // ln 0 = −∞ gets no gradient; outside the sentence the result is ln 1 = 0.
    let none = p.eq_scalar(0.0).and(&inside);
    let safe = inside.and(&none.not()).select(&p, &Tensor::ones([], p.kind()));
    let log_p = safe.ln().masked_fill(&none, f64::NEG_INFINITY);
    log_p.minimum(&Tensor::zeros([], p.kind()))
}

/// Which sequences [B] are not empty.
fn within(step: usize, lengths: &Tensor) -> Tensor {
    Tensor::full([], step as f64, lengths.kind()).lt(lengths)
}

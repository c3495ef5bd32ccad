use super::contrastive::nothing;
use crate::{DType, Tensor};

/// The limit of squared distances, so that their sum cannot overflow in `f32`.
const FAR: f64 = 1e30;
/// The smallest value of ln p: its exponential is 0, and it is finite, so that 0 times it is 0.
const NEVER: f64 = -1e4;

/// SNE: Σᵢ Σⱼ p_ij ln(p_ij / q_ij) over j ≠ i, for points x [B, D] and their images y [B, E] → a scalar.
///
/// p_ij = exp(−‖xᵢ − xⱼ‖² / 2σᵢ²) / Σₖ exp(−‖xᵢ − xₖ‖² / 2σᵢ²) over k ≠ i, with σᵢ such that the entropy of row i is
/// ln(perplexity): the number of neighbours, in effect. q_ij is the same of y with 2σ² = 1. The points x are a constant:
/// the gradient goes to y alone. Where there are no more neighbours than `perplexity`, p is uniform; one point alone
/// gives 0. All B² differences of each input are computed; the widths are computed on the host. Source: Hinton, Roweis, NIPS
/// 2002, equations 1 to 4; paper, table 4.
#[track_caller]
pub fn sne(x: &Tensor, y: &Tensor, perplexity: f64) -> Tensor {
    let (from, to) = (x.shape(), y.shape());
    let paired = from.rank() == 2 && to.rank() == 2 && from[0] == to[0];
    assert!(paired, "sne: x must be [B, D] and y [B, E], they are {from:?} and {to:?}");
    assert!(from.count() > 0 && to.count() > 0, "sne: x {from:?} or y {to:?} is empty");
    assert!(perplexity >= 1.0, "sne: the perplexity {perplexity} must be at least 1");
    let b = from[0];
    if b == 1 {
        return nothing(y);
    }
    let from_x = distances(&x.detach().to_dtype(DType::F64)).to_vec::<f64>();
    let log_p: Vec<f64> = from_x.chunks(b - 1).flat_map(|row| log_neighbours(row, perplexity)).collect();
    let log_p = Tensor::from_slice(&log_p, [b, b - 1]).to_dtype(y.dtype()).to_device(y.device());
    let log_q = distances(y).minimum(&Tensor::full([], FAR, y.kind())).neg().log_softmax();
    (log_p.exp() * (log_p - log_q)).sum_all()
}

/// ‖xᵢ − xⱼ‖² over j ≠ i: [B, D] → [B, B − 1]. From the differences themselves: |x|² + |x'|² − 2 x·x' would lose the
/// digits of close neighbours.
fn distances(x: &Tensor) -> Tensor {
    let b = x.dim(0);
    let others: Vec<i64> = (0..b).flat_map(|i| (0..b).filter(move |&j| j != i)).map(|j| j as i64).collect();
    let all = (x.unsqueeze(1) - x.unsqueeze(0)).square().sum(&[-1]);
    all.take_along(&Tensor::from_slice(&others, [b, b - 1]).to_device(all.device()))
}

/// ln p of one row, from squared distances. The width is found by bisection: the smaller it is, the smaller the entropy.
fn log_neighbours(distances: &[f64], perplexity: f64) -> Vec<f64> {
    let n = distances.len() as f64;
    let nearest = distances.iter().copied().fold(f64::INFINITY, f64::min);
    let spread = distances.iter().map(|d| d - nearest).sum::<f64>() / n;
    if perplexity >= n || spread == 0.0 {
        return vec![-n.ln(); distances.len()];
    }
    // Distances minus the smallest, in units of their mean, so that the widths of all data are in one range.
    // NaN stays NaN: `min` and `max` would return the other operand.
    if spread.is_nan() {
        return vec![f64::NAN; distances.len()];
    }
    let over: Vec<f64> = distances.iter().map(|d| (d - nearest) / spread).collect();
    let at = |log_beta: f64| {
        let beta = log_beta.exp();
        let log_total = over.iter().map(|d| (-beta * d).exp()).sum::<f64>().ln();
        over.iter().map(move |d| (-beta * d - log_total).max(NEVER))
    };
    let (mut low, mut high) = (-50.0, 50.0);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        let entropy: f64 = at(middle).map(|log_p| -log_p.exp() * log_p).sum();
        match entropy > perplexity.ln() {
            true => low = middle,
            false => high = middle,
        }
    }
    at(high).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entropy_of_a_row_is_what_was_asked_for() {
        for scale in [1e-30, 1.0, 1e30] {
            let distances: Vec<f64> = [4.0, 1.0, 9.0, 2.5, 7.0, 30.0].map(|d| d * scale).to_vec();
            for perplexity in [1.5, 2.0, 3.7, 5.5] {
                let row = log_neighbours(&distances, perplexity);
                let (total, entropy) =
                    row.iter().fold((0.0, 0.0), |(t, h), l| (t + l.exp(), h - l.exp() * l));
                assert!((total - 1.0).abs() < 1e-14, "{scale}: Σ p = {total}");
                assert!((entropy.exp() - perplexity).abs() < 1e-12, "{scale}: {entropy} for {perplexity}");
                assert!(row[1] > row[3] && row[3] > row[0] && row[0] > row[4], "{row:?}");
            }
        }
    }

    #[test]
    fn a_row_without_choice_is_uniform() {
        for (distances, perplexity) in
            [(vec![2.0; 4], 2.0), (vec![1.0, 2.0, 3.0, 9.0], 4.0), (vec![5.0], 1.0)]
        {
            let want = -(distances.len() as f64).ln();
            assert!(log_neighbours(&distances, perplexity).iter().all(|l| *l == want));
        }
        let sharp = log_neighbours(&[1.0, 2.0, 1e9], 1.0);
        assert_eq!(sharp.iter().map(|l| l.exp()).collect::<Vec<_>>(), [1.0, 0.0, 0.0]);
    }
}

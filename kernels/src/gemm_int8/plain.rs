//! The layer as its formula has it.

use super::{LARGEST, PANEL, Sizes, factor_and_scale, panel_words};

/// Quantises a row and returns its scale.
pub fn quantize(x: &[f32], q: &mut [i8]) -> f32 {
    q.fill(0);
    if x.iter().any(|x| !x.is_finite()) {
        return f32::NAN;
    }
    let largest = x.iter().fold(0.0f32, |largest, x| largest.max(x.abs()));
    let Some((factor, scale)) = factor_and_scale(largest) else { return 0.0 };
    for (q, &x) in q.iter_mut().zip(x) {
        let rounded = (x * factor).round_ties_even();
        debug_assert!(rounded.abs() <= LARGEST);
        *q = rounded as i8;
    }
    scale
}

/// q_jk of packed weights.
fn weight(packed: &[u32], inputs: usize, j: usize, k: usize) -> i8 {
    let panel = &packed[j / PANEL * panel_words(inputs)..];
    panel[(k / 4 + 1) * PANEL + j % PANEL].to_le_bytes()[k % 4] as i8
}

/// y = x Wᵀ + b.
pub fn linear(sizes: Sizes, x: &[f32], packed: &[u32], scales: &[f32], bias: Option<&[f32]>, y: &mut [f32]) {
    let Sizes { m, k, n } = sizes;
    let mut p = vec![0; k];
    for i in 0..m {
        let scale = quantize(&x[i * k..][..k], &mut p);
        for j in 0..n {
            let sum: i32 = (0..k).map(|l| i32::from(p[l]) * i32::from(weight(packed, k, j, l))).sum();
            let product = sum as f32 * (scale * scales[j]);
            y[i * n + j] = bias.map_or(product, |bias| product + bias[j]);
        }
    }
}

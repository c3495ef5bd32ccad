//! A dense layer with int8 weights, for inference: y = x Wᵀ + b with x [M, K], W [N, K], b [N] and y [M, N].
//!
//! W ≈ diag(s) Q with integers in −127…127 and one scale for each output, s_j = max_k |w_jk| / 127. Each row of x is quantised the
//! same way when the layer runs, x_i ≈ t_i p_i with t_i = max_k |x_ik| / 127:
//!
//! y_ij = (Σ_k p_ik q_jk) (t_i s_j) + b_j.
//!
//! The sum is of integers, of which no order rounds, so that y has the same bits for any split, number of threads, instruction set
//! and device. With exact weights and inputs it differs from x Wᵀ + b by at most s_j/2 Σ|x_ik| + t_i/2 Σ|w_jk| + K t_i s_j/4, and the
//! rounding of three multiplications and an addition in `f32`. A row of x that holds NaN or an infinity has the scale NaN, and so
//! has its whole row of y.
//!
//! The ladder on the CPU: [`plain`]; a tile of 6 × 8 sums (portable and AVX2, whose `vpmaddwd` adds two products of 16 bits); one of
//! 12 × 16 with AVX-512 VNNI, whose `vpdpbusd` adds four products of 8 bits ([`cpu`]). Its left operand is unsigned: it reads
//! p + 128, and sums begin at −128 Σ_k q_jk. `cargo run --release -p gradus-kernels --example int8_ladder` times them beside `f32`.
//!
//! Weights are packed once, in panels of 16 outputs. A panel begins with the 16 integers −128 Σ_k q_jk; then follow, for each four
//! k, the 16 words of four q each. This is \[K/4, N, 4\], cut into columns that a tile reads in order.
//!
//! Source: Jacob et al., "Quantization and training of neural networks for efficient integer-arithmetic-only inference", CVPR
//! 2018; scales per channel: Krishnamoorthi, "Quantizing deep convolutional networks for efficient inference", 2018.

mod cpu;
pub(crate) mod cuda;
pub mod plain;
pub(crate) mod rungs;
#[cfg(test)]
mod tests;

use crate::sizes::{count, lengths};
use crate::{DType, Device, Dst, Outcome, Src};

/// The name in messages.
const OP: &str = "gemm_int8";
/// Outputs of a panel.
const PANEL: usize = 16;
/// The largest K: with more, a sum of products of 127 · 127 may not fit into 32 bits.
pub const MOST_K: usize = 1 << 17;
/// The largest absolute value of an int8.
const LARGEST: f32 = 127.0;

/// M, K and N.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Rows of x and y.
    pub m: usize,
    /// Columns of x: the layer's inputs.
    pub k: usize,
    /// Columns of y: the layer's outputs.
    pub n: usize,
}

/// Words of a panel.
const fn panel_words(k: usize) -> usize {
    (k.div_ceil(4) + 1) * PANEL
}

/// The words that the packed weights of `n` outputs of `k` inputs need.
///
/// Panics if K is more than [`MOST_K`], or if memory has no addresses for the words.
#[track_caller]
pub fn words(k: usize, n: usize) -> usize {
    assert!(k <= MOST_K, "{OP}: K is {k}; sums of int8 products fit into 32 bits up to {MOST_K}");
    count(OP, [n.div_ceil(PANEL), panel_words(k)])
}

/// Quantises the rows of x [R, C]: scale_r = max |x_r| / 127 and q_rc = x_rc / scale_r, to the nearest integer, ties to even.
///
/// A row that holds NaN or an infinity gets the scale NaN; one whose scale would not be a normal number gets zeros. The q of both are
/// 0.
///
/// Panics unless q has as many elements as x, and x as many rows of C as there are scales.
#[track_caller]
pub fn quantize_rows(x: &[f32], q: &mut [i8], scales: &mut [f32]) {
    let rows = scales.len();
    let cols = x.len().checked_div(rows).unwrap_or(0);
    lengths(OP, [("q", q.len(), x.len()), ("x", x.len(), rows * cols)]);
    for (r, scale) in scales.iter_mut().enumerate() {
        let row = r * cols..(r + 1) * cols;
        *scale = plain::quantize(&x[row.clone()], &mut q[row]);
    }
}

/// The factor that turns a row with this largest absolute value into integers, and its scale; `None` for a row of zeros, or of
/// numbers so small that their scale would not be normal.
#[inline(always)]
fn factor_and_scale(largest: f32) -> Option<(f32, f32)> {
    (largest >= LARGEST * f32::MIN_POSITIVE).then(|| (LARGEST / largest, largest / LARGEST))
}

/// Packs the rows of q [N, K] into [`words`].
///
/// Panics if q or the words have another length.
#[track_caller]
pub fn pack(k: usize, n: usize, q: &[i8], packed: &mut [u32]) {
    lengths(OP, [("q", q.len(), count(OP, [n, k])), ("the packed W", packed.len(), words(k, n))]);
    packed.fill(0);
    for (j, row) in q.chunks_exact(k.max(1)).take(n).enumerate() {
        let panel = &mut packed[j / PANEL * panel_words(k)..][..panel_words(k)];
        let sum: i32 = row.iter().map(|&q| i32::from(q)).sum();
        panel[j % PANEL] = (-128 * sum) as u32;
        for (quad, four) in row.chunks(4).enumerate() {
            let bytes: [u8; 4] = std::array::from_fn(|i| four.get(i).map_or(0, |&q| q as u8));
            panel[(quad + 1) * PANEL + j % PANEL] = u32::from_le_bytes(bytes);
        }
    }
}

/// y = x Wᵀ + b of `f32` x and packed weights (of `u32`, as [`pack`] writes them), on any device.
///
/// Panics if an operand has another length, or as [`words`].
#[track_caller]
pub fn linear(sizes: Sizes, x: Src, packed: Src, scales: Src, bias: Option<Src>, y: Dst) -> Outcome {
    let Sizes { m, k, n } = sizes;
    lengths(
        OP,
        [
            ("x", x.len(), count(OP, [m, k])),
            ("the packed W", packed.len(), words(k, n)),
            ("s", scales.len(), n),
            ("b", bias.map_or(n, |bias| bias.len()), n),
            ("y", y.len(), count(OP, [m, n])),
        ],
    );
    if x.dtype() != DType::F32 {
        return Outcome::NoKernel;
    }
    if let Device::Cuda(_) = x.device() {
        return cuda::linear(sizes, x, packed, scales, bias, y);
    }
    let bias = bias.map(|bias| bias.slice());
    cpu::linear(cpu::Unit::best(), sizes, x.slice(), packed.slice(), scales.slice(), bias, y.slice());
    Outcome::Done
}

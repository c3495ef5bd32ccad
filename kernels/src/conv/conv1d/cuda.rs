//! The convolution as matmuls on the device, and the launch of conv1d.cu, which defines it.
//!
//! With channels last the matrix of all windows is x itself, with rows C apart that overlap: the matmuls of
//! [`gemm`](crate::gemm) read it in place, with any tiles and precision. For the gradients the sentences of dy are copied one after
//! the other with k − 1 zero rows between them, so that a window that extends past a sentence's end reads zeros, and all
//! sentences are one matmul.

use super::{Sizes, outputs};
use crate::cuda::{Source, source};
use crate::gemm::{Matmul, batched, batched_with_bias};
use crate::memory::Buffer;
use crate::{DType, Dst, Outcome, Precision, Src, convert, elementwise, reduce};

pub(crate) static SOURCE: Source = source!("conv1d.cu");
/// Blocks that keep a device busy, each of 64 × 64 elements of a matmul.
const BUSY: usize = 256;

/// Each sentence of x [B, T, C] between zeros in `steps` rows, `before` of them first.
pub(crate) fn padded(s: Sizes, x: Src, before: usize, steps: usize) -> Buffer {
    let mut y = Buffer::zeros(x.kind(), s.b * steps * s.c);
    let _ = convert::copy_into(&[s.b, s.t, s.c], x, y.dst(), before * s.c, &[steps * s.c, s.c, 1]);
    y
}

/// y [B, W, O] of the W windows of sentences of `steps` rows, x [B, steps, C].
pub(crate) fn windows(
    s: Sizes,
    steps: usize,
    x: Src,
    w: Src,
    bias: Src,
    y: Dst,
    precision: Precision,
) -> Outcome {
    let depth = s.k * s.c;
    let mut taps = Buffer::for_overwrite(w.kind(), depth * s.o);
    let _ = convert::copy_strided(&[s.k, s.c, s.o], w, &[1, s.k, s.c * s.k], taps.dst());
    let matmul = Matmul {
        count: s.b,
        m: steps + 1 - s.k,
        k: depth,
        n: s.o,
        a_strides: [steps * s.c, s.c, 1],
        b_strides: [0, s.o, 1],
        precision,
    };
    batched_with_bias(matmul, x, taps.src(), Some(bias), y)
}

/// y.
#[track_caller]
pub fn forward(s: Sizes, padding: usize, x: Src, w: Src, bias: Src, y: Dst, precision: Precision) -> Outcome {
    if x.dtype() != DType::F32 {
        return Outcome::NoKernel;
    }
    s.check("conv1d", [x.len(), w.len(), bias.len()], &[(y.len(), outputs("conv1d", s, padding))]);
    if padding == 0 {
        return windows(s, s.t, x, w, bias, y, precision);
    }
    let steps = s.t + 2 * padding;
    windows(s, steps, padded(s, x, padding, steps).src(), w, bias, y, precision)
}

/// The gradients of x, w and the bias.
#[track_caller]
pub fn backward(
    s: Sizes,
    padding: usize,
    x: Src,
    w: Src,
    dy: Src,
    dx: Option<Dst>,
    mut dw: Dst,
    dbias: Dst,
    precision: Precision,
) -> Outcome {
    if x.dtype() != DType::F32 {
        return Outcome::NoKernel;
    }
    let of_dx = dx.as_ref().map_or(x.len(), Dst::len);
    let results = [(dy.len(), outputs("conv1d backward", s, padding)), (of_dx, x.len()), (dw.len(), w.len())];
    s.check("conv1d backward", [x.len(), w.len(), dbias.len()], &results);
    let Sizes { b, t, o, k, .. } = s;
    let (steps, windows) = (t + 2 * padding, s.windows(padding));
    if dy.is_empty() || x.is_empty() {
        dx.map(|dx| elementwise::fill(dx, 0.0));
        let _ = elementwise::fill(dw.again(), 0.0);
        return reduce::sum(1, b * windows, o, dy, dbias);
    }
    // k − 1 zero rows before the first sentence, and as many behind each.
    let mut spread = Buffer::zeros(dy.kind(), (k - 1 + b * steps) * o);
    let _ = convert::copy_into(&[b, windows, o], dy, spread.dst(), (k - 1) * o, &[steps * o, o, 1]);
    if let Some(dx) = dx {
        let _ = backward_x(s, padding, w, spread.src(), dx, precision);
    }
    let between = (padding > 0).then(|| padded(s, x, padding, steps));
    let x = between.as_ref().map_or(x, Buffer::src);
    backward_w(s, steps, x, spread.src().part((k - 1) * o, b * steps * o), dw, precision);
    reduce::sum(1, b * windows, o, dy, dbias)
}

/// Row r of dx, padding included, is the window of k rows that begins at row r of `spread`, by the taps backwards.
fn backward_x(s: Sizes, padding: usize, w: Src, spread: Src, dx: Dst, precision: Precision) -> Outcome {
    let Sizes { b, t, c, o, k } = s;
    let steps = t + 2 * padding;
    let mut taps = Buffer::for_overwrite(w.kind(), k * o * c);
    for i in 0..k {
        let tap = k - 1 - i;
        let from = w.part(tap, w.len() - tap);
        let _ = convert::copy_strided(&[o, c], from, &[c * k, k], taps.dst_range(i * o * c, o * c));
    }
    let matmul = Matmul {
        count: 1,
        m: b * steps,
        k: k * o,
        n: c,
        a_strides: [0, o, 1],
        b_strides: [0, c, 1],
        precision,
    };
    if padding == 0 {
        return batched(matmul, spread, taps.src(), dx);
    }
    let mut all = Buffer::for_overwrite(w.kind(), b * steps * c);
    let _ = batched(matmul, spread, taps.src(), all.dst());
    let inside = all.src().part(padding * c, (b * steps - padding) * c);
    convert::copy_strided(&[b, t, c], inside, &[steps * c, c, 1], dx)
}

/// dw = dyᵀ · windows. Its depth is long and its result small, so each group of sentences is a matmul of its own, and the results
/// are added in order.
fn backward_w(s: Sizes, steps: usize, x: Src, dy: Src, dw: Dst, precision: Precision) {
    let Sizes { b, c, o, k, .. } = s;
    let (size, tiles) = (o * k * c, o.div_ceil(64) * (k * c).div_ceil(64));
    let most = (BUSY / tiles).clamp(1, 16);
    let groups = (1..=most).rev().find(|groups| b % groups == 0).unwrap_or(1);
    let rows = b / groups * steps;
    let matmul = Matmul {
        count: groups,
        m: o,
        // The last windows of a group would reach over its end, and have no gradient.
        k: rows + 1 - k,
        n: k * c,
        a_strides: [rows * o, 1, o],
        b_strides: [rows * c, c, 1],
        precision,
    };
    let mut parts = Buffer::for_overwrite(x.kind(), groups * size);
    let _ = batched(matmul, dy, x, parts.dst());
    let mut taps = Buffer::for_overwrite(x.kind(), size);
    let _ = reduce::sum(1, groups, size, parts.src(), taps.dst());
    let _ = convert::copy_strided(&[o, c, k], taps.src(), &[k * c, 1, c], dw);
}

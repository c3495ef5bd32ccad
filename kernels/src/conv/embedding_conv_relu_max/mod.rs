//! [`conv_relu_max`](crate::conv_relu_max) over embedded words, each distinct word multiplied once.
//!
//! ```text
//! x[b, t] = E[ids[b, t]] for t < lengths_b, else 0        z[b, o] = max_t max(0, bias[o] + Σⱼ ⟨w[o, :, j], x[b, t + j]⟩)
//! ```
//!
//! over the windows t < max(lengths_b, 1) with t + k ≤ max(T, k). The table E is [V, C], ids [B, T], w [O, C, k], bias
//! `[O]`, z [B, O]; `winner` [B, O] is the t of the maximum, the lowest of equals, and −1 where z is 0. z is NaN where
//! a window's value is.
//!
//! A term depends only on the word and the tap, not on the position. So the U distinct words u of a batch are multiplied
//! by all taps in one matmul, and a window is a sum of k rows:
//!
//! ```text
//! P[u, j, o] = Σ_c E[u, c] w[o, c, j]        z[b, o] = max_t max(0, bias[o] + Σⱼ P[ids[b, t + j], j, o])
//! ```
//!
//! That takes U·C·k·O multiplications instead of B·T·C·k·O. The gradient touches only the windows that won, no word's vector
//! is copied, and the table's gradient is kept as the rows of the words in these windows:
//!
//! ```text
//! dw[o, :, j] += dz[b, o] E[id]        dE[id] += dz[b, o] w[o, :, j]        id = ids[b, winner + j]
//! dbias[o] += dz[b, o]                 all over b and o with winner[b, o] ≥ 0
//! ```
//!
//! The ladder: plain loops; rows gathered to x and [`conv_relu_max`](crate::conv_relu_max); words multiplied once,
//! windows summed while vectors run the maximum over them.
//!
//! `RAYON_NUM_THREADS=1 cargo run --release -p gradus-kernels --example conv_ladder` times the rungs. B = 64, T = 400,
//! C = 300, O = 128, k = 4, V = 30000, on one Zen 4 core (AVX2, peak 116 GFLOP/s, measured in the same run), in ms, for words
//! that are all equally frequent and for words as frequent as in text, 1/(rank + 2.7):
//!
//! | rung | equally frequent: forward | backward | text: forward | backward |
//! | --- | --- | --- | --- | --- |
//! | rows gathered | 85.3 | 12.1 | 83.3 | 12.6 |
//! | each word once | 59.3 | 9.3 | 29.0 | 4.9 |
//!
//! Source: Kim, "Convolutional neural networks for sentence classification", EMNLP 2014, equations 2 to 4.

mod cpu;
mod plain;

use crate::conv_relu_max::{live, results};
use crate::conv1d::Sizes;
use crate::index::position;
use crate::memory::Buffer;
use crate::sizes::count;
use crate::slice::on_device;
use crate::{DType, Dst, Outcome, Real, Src};

/// The words of B sentences; `I` is `&[i64]` or [`Src`].
#[derive(Clone, Copy, Debug)]
pub struct Words<I> {
    /// Rows of the table [B, T].
    pub ids: I,
    /// Words of each sentence `[B]`; positions past them count as zeros.
    pub lengths: I,
}

impl<'a> Words<Src<'a>> {
    fn typed(self) -> Words<&'a [i64]> {
        Words { ids: self.ids.slice(), lengths: self.lengths.slice() }
    }
}

impl<'a> Words<&'a [i64]> {
    /// The words of sentence `b`.
    fn of(self, s: Sizes, b: usize) -> &'a [i64] {
        let len = usize::try_from(self.lengths[b]).unwrap_or(0);
        &self.ids[b * s.t..][..len.min(s.t)]
    }

    /// The words of sentence `b` in the window of step `t`: at most k.
    fn window(self, s: Sizes, b: usize, t: usize) -> &'a [i64] {
        let words = self.of(s, b);
        &words[t.min(words.len())..(t + s.k).min(words.len())]
    }

    /// Panics if lengths of slices disagree with the sizes.
    #[track_caller]
    fn check(self, op: &str, s: Sizes, slices: &[(usize, usize)]) {
        assert!(s.k > 0, "{op}: the window of {s:?} has no step");
        for &(found, expected) in
            [(self.ids.len(), count(op, [s.b, s.t])), (self.lengths.len(), s.b)].iter().chain(slices)
        {
            assert_eq!(
                found, expected,
                "{op}: an operand holds {found} elements, but {s:?} needs {expected}"
            );
        }
    }

    /// Panics if the table of `len` elements is not whole rows, or a word is not one of them.
    #[track_caller]
    fn check_table(self, op: &str, s: Sizes, len: usize) {
        let rows = len.checked_div(s.c).unwrap_or(0);
        assert_eq!(rows * s.c, len, "{op}: the table of {len} elements is not made of whole rows of {}", s.c);
        if s.c > 0 {
            self.ids.iter().for_each(|&id| _ = position(op, id, rows));
        }
    }
}

/// Panics if a winner is no window.
#[track_caller]
fn check_winners(op: &str, s: Sizes, winner: &[i64]) {
    let windows = live(s, i64::MAX);
    let none = winner.iter().find(|&&t| t >= windows as i64);
    assert!(none.is_none(), "{op}: winner {none:?} is none of {windows} windows");
}

/// z and the winners.
///
/// Panics if lengths of slices disagree with the sizes, or a word is no row of the table.
#[track_caller]
pub fn embedding_conv_relu_max_forward<T: Real>(
    s: Sizes,
    table: &[T],
    words: Words<&[i64]>,
    w: &[T],
    bias: &[T],
    z: &mut [T],
    winner: &mut [i64],
) {
    const OP: &str = "embedding_conv_relu_max";
    let results = [z.len(), winner.len()].map(|len| (len, results(s)));
    words.check(OP, s, &[&[(w.len(), count(OP, [s.o, s.c, s.k])), (bias.len(), s.o)], &results[..]].concat());
    words.check_table(OP, s, table.len());
    // Vectors without channels have no table: what is left is the bias.
    if !T::IS_F32 || s.c == 0 {
        return plain::forward(s, table, words, w, bias, z, winner);
    }
    cpu::forward(s, T::f32s(table), words, T::f32s(w), T::f32s(bias), T::f32s_mut(z), winner);
}

/// dw and dbias from dz and the winners of the forward.
///
/// Panics if lengths of slices disagree with the sizes, a word is no row of the table, or a winner is no window.
#[track_caller]
pub fn embedding_conv_relu_max_backward<T: Real>(
    s: Sizes,
    table: &[T],
    words: Words<&[i64]>,
    winner: &[i64],
    dz: &[T],
    dw: &mut [T],
    dbias: &mut [T],
) {
    const OP: &str = "embedding_conv_relu_max backward";
    let upstream = [winner.len(), dz.len()].map(|len| (len, results(s)));
    words.check(
        OP,
        s,
        &[&[(dw.len(), count(OP, [s.o, s.c, s.k])), (dbias.len(), s.o)], &upstream[..]].concat(),
    );
    words.check_table(OP, s, table.len());
    check_winners(OP, s, winner);
    if !T::IS_F32 {
        return plain::backward(s, table, words, winner, dz, dw, dbias);
    }
    cpu::backward(s, T::f32s(table), words, winner, T::f32s(dz), T::f32s_mut(dw), T::f32s_mut(dbias));
}

/// The words of the windows that won, ascending and each once, `[U]`, and the gradients of their rows, [U, C]; those
/// of all other rows are 0.
///
/// Panics if lengths of slices disagree with the sizes, or a winner is no window.
#[track_caller]
pub fn embedding_conv_relu_max_backward_rows<T: Real>(
    s: Sizes,
    words: Words<&[i64]>,
    w: &[T],
    winner: &[i64],
    dz: &[T],
) -> (Vec<i64>, Buffer) {
    const OP: &str = "embedding_conv_relu_max backward";
    let upstream = [winner.len(), dz.len()].map(|len| (len, results(s)));
    words.check(OP, s, &[&[(w.len(), count(OP, [s.o, s.c, s.k]))], &upstream[..]].concat());
    check_winners(OP, s, winner);
    if !T::IS_F32 {
        return plain::backward_rows(s, words, w, winner, dz);
    }
    cpu::backward_rows(s, words, T::f32s(w), winner, T::f32s(dz))
}

/// [`embedding_conv_relu_max_forward`] of any device and dtype.
#[track_caller]
pub fn forward(s: Sizes, table: Src, words: Words<Src>, w: Src, bias: Src, z: Dst, winner: Dst) -> Outcome {
    on_device!(table, T => {
        let (w, bias) = (w.slice(), bias.slice());
        embedding_conv_relu_max_forward::<T>(s, table.slice(), words.typed(), w, bias, z.slice(), winner.slice())
    })
}

/// [`embedding_conv_relu_max_backward`] of any device and dtype.
#[track_caller]
pub fn backward(
    s: Sizes,
    table: Src,
    words: Words<Src>,
    winner: Src,
    dz: Src,
    dw: Dst,
    dbias: Dst,
) -> Outcome {
    on_device!(table, T => {
        let (dz, dw, dbias) = (dz.slice(), dw.slice(), dbias.slice());
        embedding_conv_relu_max_backward::<T>(s, table.slice(), words.typed(), winner.slice(), dz, dw, dbias)
    })
}

/// [`embedding_conv_relu_max_backward_rows`] of any device and dtype; `None` if there is no kernel.
#[track_caller]
pub fn backward_rows(
    s: Sizes,
    words: Words<Src>,
    w: Src,
    winner: Src,
    dz: Src,
) -> Option<(Vec<i64>, Buffer)> {
    if !dz.is_cpu() {
        return None;
    }
    let (words, winner) = (words.typed(), winner.slice());
    match dz.dtype() {
        DType::F32 => {
            Some(embedding_conv_relu_max_backward_rows::<f32>(s, words, w.slice(), winner, dz.slice()))
        }
        DType::F64 => {
            Some(embedding_conv_relu_max_backward_rows::<f64>(s, words, w.slice(), winner, dz.slice()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;

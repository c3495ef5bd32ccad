//! One layer of long short-term memory over whole sequences, in one or two directions.
//!
//! a = W_ih x_t + b_ih + W_hh h′ + b_hh, in four blocks i, f, g, o;
//! c_t = σ(f) ⊙ c′ + σ(i) ⊙ tanh(g); h_t = σ(o) ⊙ tanh(c_t),
//! where h′, c′ are those of the step before: t − 1, or t + 1 in the reverse direction. The forward
//! direction begins at token 0 with h0, c0, the reverse one at each sentence's own last token. Steps past
//! a sentence's length are not computed; outputs there are 0. The last state of a sentence of length 0 is its
//! initial state.
//!
//! The gradient, from the last step to the first, with i, f, o after σ and g after tanh. dh is dy_t plus what comes from
//! the step after (W_hhᵀ da), dc what comes from the step after (f ⊙ dc):
//!
//! ```text
//! do = dh ⊙ tanh(c)                  dc += dh ⊙ o ⊙ (1 − tanh²(c))      h = o ⊙ tanh(c)
//! di = dc ⊙ g     df = dc ⊙ c′       dg = dc ⊙ i      dc′ = dc ⊙ f     c = f ⊙ c′ + i ⊙ g
//! da = (di·i(1 − i), df·f(1 − f), dg·(1 − g²), do·o(1 − o))            σ′ = σ(1 − σ), tanh′ = 1 − tanh²
//! dh′ = W_hhᵀ da                     dx = W_ihᵀ da                     a = W_ih x + W_hh h′ + b
//! dW_ih = Σ da xᵀ                    dW_hh = Σ da h′ᵀ                  db = Σ da
//! ```
//!
//! Source: Hochreiter and Schmidhuber, 1997, with the forget gate of Gers, Schmidhuber and Cummins, 2000;
//! the order of gates, names and shapes are PyTorch's.
//!
//! The rungs, forward, B = 32, T = 256, D = 300, H = 128, two directions, on one core of a Zen 4 with a peak of
//! 117 GFLOP/s (`cargo run --release -p gradus-kernels --example lstm_ladder`):
//!
//! | rung | GFLOP/s |
//! | --- | --- |
//! | textbook loops | 2.5 |
//! | one input matmul for all steps | 8.7 |
//! | recurrent weights packed once | 36 |
//! | no padding, gates in one vector pass | 82 |
//!
//! The last rung runs directions and groups of sentences in parallel.

mod check;
mod cpu;
pub(crate) mod cuda;
mod packing;
pub mod plain;
pub(crate) mod rungs;

use crate::sizes::{self, count};
use crate::slice::on_device;
use crate::{DType, Dst, Outcome, Precision, Real, Src, gemm_int8};

/// The sizes of one layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// B, sentences.
    pub batch: usize,
    /// T, steps of the longest sentence, padding included.
    pub time: usize,
    /// D, the input's width.
    pub input: usize,
    /// H, the state's width.
    pub hidden: usize,
    /// 1, or 2 where the sentences are also read backwards.
    pub directions: usize,
}

/// The weights of one direction; `V` is `&[T]` in typed entries and [`Src`] in erased ones.
#[derive(Clone, Copy, Debug)]
pub struct Weights<V> {
    /// W_ih `[4H, D]`.
    pub w_ih: V,
    /// W_hh `[4H, H]`.
    pub w_hh: V,
    /// b_ih `[4H]`.
    pub b_ih: V,
    /// b_hh `[4H]`.
    pub b_hh: V,
}

/// The gradients of one direction's weights; `V` is `&mut [T]` or [`Dst`].
#[derive(Debug)]
pub struct WeightGradients<V> {
    /// `[4H, D]`.
    pub dw_ih: V,
    /// `[4H, H]`.
    pub dw_hh: V,
    /// `[4H]`, the gradient of b_ih and of b_hh, which are equal.
    pub db: V,
}

/// What forward reads and writes; `S` is `&[T]`, `D` `&mut [T]` and `I` `&[i64]`, or [`Src`],
/// [`Dst`] and [`Src`].
pub struct Forward<S, D, I> {
    /// B, T, D, H and the directions.
    pub sizes: Sizes,
    /// The sentences' lengths `[B]`, in any order; all are T if this is `None`.
    pub lengths: Option<I>,
    /// `[B, T, D]`.
    pub x: S,
    /// One for each direction.
    pub weights: Vec<Weights<S>>,
    /// `[directions, B, H]`.
    pub h0: S,
    /// `[directions, B, H]`.
    pub c0: S,
    /// `[B, T, directions · H]`: forward, then reverse.
    pub y: D,
    /// `[directions, B, H]`, the state after each sentence's last step in each direction.
    pub h_n: D,
    /// `[directions, B, H]`.
    pub c_n: D,
    /// For backward, [`saved_len`] elements: with R the sum of lengths, the gates after their activations
    /// `[directions, R, 4H]`, then the cells `[directions, R, H]`. Rows are in the order in which the fast
    /// kernel visits tokens: sentences, longest first, are distributed over groups; a group's rows are ordered by step, and
    /// within a step by sentence.
    pub saved: D,
}

/// What backward reads and writes; `S` is `&[T]`, `D` `&mut [T]` and `I` `&[i64]`, or [`Src`],
/// [`Dst`] and [`Src`].
pub struct Backward<S, D, I> {
    /// B, T, D, H and the directions.
    pub sizes: Sizes,
    /// As given to forward.
    pub lengths: Option<I>,
    /// `[B, T, D]`.
    pub x: S,
    /// One for each direction.
    pub weights: Vec<Weights<S>>,
    /// `[directions, B, H]`.
    pub h0: S,
    /// `[directions, B, H]`.
    pub c0: S,
    /// What forward wrote, `[B, T, directions · H]`.
    pub y: S,
    /// What forward saved. The gates are overwritten with their gradients, which therefore need no memory of their own.
    pub saved: D,
    /// `[B, T, directions · H]`; positions past a sentence's length are not read.
    pub dy: S,
    /// `[directions, B, H]`.
    pub dh_n: S,
    /// `[directions, B, H]`.
    pub dc_n: S,
    /// `[B, T, D]`, if it is needed.
    pub dx: Option<D>,
    /// One for each direction.
    pub dweights: Vec<WeightGradients<D>>,
    /// `[directions, B, H]`.
    pub dh0: D,
    /// `[directions, B, H]`.
    pub dc0: D,
}

/// The number of elements that forward saves for backward: 5H for each direction and each token that is not padding.
///
/// Panics if a length is outside 0..=T.
#[track_caller]
pub fn saved_len(sizes: &Sizes, lengths: Option<&[i64]>) -> usize {
    check::lengths(sizes, lengths);
    let Sizes { batch, time, hidden, directions, .. } = *sizes;
    count("lstm", [directions, batch, time, 5, hidden]);
    let tokens = lengths.map_or(sizes.batch * sizes.time, |l| l.iter().sum::<i64>() as usize);
    sizes.directions * tokens * 5 * sizes.hidden
}

/// [`saved_len`] for any device: a CUDA device saves rows for the padding too, as the host does not know the lengths.
#[track_caller]
pub fn saved(sizes: &Sizes, lengths: Option<Src>) -> usize {
    match lengths {
        Some(lengths) if !lengths.is_cpu() => saved_len(sizes, None),
        lengths => saved_len(sizes, lengths.map(|l| l.slice())),
    }
}

impl<T: Real> Forward<&[T], &mut [T], &[i64]> {
    /// Runs all steps; panics if the length of a slice does not match the sizes.
    #[track_caller]
    pub fn run(self) {
        if !self.checked_has_states() {
            return;
        }
        if T::IS_F32 {
            cpu::forward(self.map(T::f32s, T::f32s_mut, |lengths| lengths), &[]);
        } else {
            plain::forward(self);
        }
    }

    /// Checks the arguments, and returns whether there is a state. Without one there may be more sentences than memory could hold
    /// an order of.
    #[track_caller]
    fn checked_has_states(&self) -> bool {
        let saved = saved_len(&self.sizes, self.lengths);
        check::forward(&self.lens(|x| x.len(), |y| y.len(), |lengths| lengths.len()), saved);
        self.sizes.batch * self.sizes.hidden > 0
    }
}

/// W_ih of a direction, `[4H, D]`, in int8; see [`gemm_int8`](crate::gemm_int8).
#[derive(Clone, Copy, Debug)]
pub struct Int8<'a> {
    /// As [`pack`](crate::gemm_int8::pack) writes it.
    pub packed: &'a [u32],
    /// The scales of its rows, `[4H]`.
    pub scales: &'a [f32],
}

impl Forward<&[f32], &mut [f32], &[i64]> {
    /// [`run`](Forward::run), but W_ih x is computed from W_ih in int8, one for each direction, instead of from the weights' own.
    #[track_caller]
    pub fn run_int8(self, w_ih: &[Int8]) {
        let Sizes { input, hidden, directions, .. } = self.sizes;
        assert_eq!(w_ih.len(), directions, "lstm: {} int8 W_ih for {directions} directions", w_ih.len());
        for w in w_ih {
            let (words, rows) = (gemm_int8::words(input, count("lstm", [4, hidden])), 4 * hidden);
            sizes::lengths(
                "lstm",
                [("int8 W_ih", w.packed.len(), words), ("the scales of W_ih", w.scales.len(), rows)],
            );
        }
        if self.checked_has_states() {
            cpu::forward(self, w_ih);
        }
    }
}

impl<T: Real> Backward<&[T], &mut [T], &[i64]> {
    /// Runs all steps back; panics if the length of a slice does not match the sizes.
    #[track_caller]
    pub fn run(self) {
        let saved = saved_len(&self.sizes, self.lengths);
        check::backward(&self.lens(|x| x.len(), |y| y.len(), |lengths| lengths.len()), saved);
        if self.sizes.batch * self.sizes.hidden == 0 {
            self.dx.into_iter().for_each(|dx| dx.fill(T::ZERO));
            for WeightGradients { dw_ih, dw_hh, db } in self.dweights {
                [dw_ih, dw_hh, db].into_iter().for_each(|dw| dw.fill(T::ZERO));
            }
            return;
        }
        if T::IS_F32 {
            cpu::backward(self.map(T::f32s, T::f32s_mut, |lengths| lengths));
        } else {
            plain::backward(self);
        }
    }
}

/// [`Forward::run`] for any device and dtype; on a device the matmul with the input has that precision, and in bf16
/// W_hh is also rounded, if a block holds it over all steps.
#[track_caller]
pub fn forward(args: Forward<Src, Dst, Src>, precision: Precision) -> Outcome {
    fn typed<T: Real>(args: Forward<Src, Dst, Src>) {
        args.map(|x| x.slice::<T>(), |y| y.slice::<T>(), |lengths| lengths.slice()).run()
    }
    on_device!(args.x, T => typed::<T>(args), cuda => {
        check::forward(&args.lens(Src::len, Dst::len, Src::len), saved_len(&args.sizes, None));
        cuda::forward(args, precision)
    })
}

/// [`Forward::run_int8`] of `f32` in host memory; there is no kernel for others.
#[track_caller]
pub fn forward_int8(args: Forward<Src, Dst, Src>, w_ih: &[Int8]) -> Outcome {
    if !args.x.is_cpu() || args.x.dtype() != DType::F32 {
        return Outcome::NoKernel;
    }
    args.map(|x| x.slice::<f32>(), |y| y.slice::<f32>(), |lengths| lengths.slice()).run_int8(w_ih);
    Outcome::Done
}

/// [`Backward::run`] for any device and dtype; on a device the matmuls for dx and the weights have that precision, and
/// in bf16 W_hh is also rounded, if a block holds it over all steps.
#[track_caller]
pub fn backward(args: Backward<Src, Dst, Src>, precision: Precision) -> Outcome {
    fn typed<T: Real>(args: Backward<Src, Dst, Src>) {
        args.map(|x| x.slice::<T>(), |y| y.slice::<T>(), |lengths| lengths.slice()).run()
    }
    on_device!(args.x, T => typed::<T>(args), cuda => {
        check::backward(&args.lens(Src::len, Dst::len, Src::len), saved_len(&args.sizes, None));
        cuda::backward(args, precision)
    })
}

impl<S> Weights<S> {
    fn lens(&self, read: impl Fn(&S) -> usize) -> Weights<usize> {
        let Weights { w_ih, w_hh, b_ih, b_hh } = self;
        Weights { w_ih: read(w_ih), w_hh: read(w_hh), b_ih: read(b_ih), b_hh: read(b_hh) }
    }

    fn map<R>(self, read: impl Fn(S) -> R) -> Weights<R> {
        Weights { w_ih: read(self.w_ih), w_hh: read(self.w_hh), b_ih: read(self.b_ih), b_hh: read(self.b_hh) }
    }
}

impl<S, D, I> Forward<S, D, I> {
    /// The lengths of the arguments in their place.
    fn lens(
        &self,
        read: impl Fn(&S) -> usize,
        write: impl Fn(&D) -> usize,
        integers: impl Fn(&I) -> usize,
    ) -> Forward<usize, usize, usize> {
        Forward {
            sizes: self.sizes,
            lengths: self.lengths.as_ref().map(integers),
            x: read(&self.x),
            weights: self.weights.iter().map(|w| w.lens(&read)).collect(),
            h0: read(&self.h0),
            c0: read(&self.c0),
            y: write(&self.y),
            h_n: write(&self.h_n),
            c_n: write(&self.c_n),
            saved: write(&self.saved),
        }
    }

    /// The same arguments as slices of another kind.
    fn map<R, W, J>(
        self,
        read: impl Fn(S) -> R,
        write: impl Fn(D) -> W,
        integers: impl Fn(I) -> J,
    ) -> Forward<R, W, J> {
        Forward {
            sizes: self.sizes,
            lengths: self.lengths.map(integers),
            x: read(self.x),
            weights: self.weights.into_iter().map(|w| w.map(&read)).collect(),
            h0: read(self.h0),
            c0: read(self.c0),
            y: write(self.y),
            h_n: write(self.h_n),
            c_n: write(self.c_n),
            saved: write(self.saved),
        }
    }
}

impl<S, D, I> Backward<S, D, I> {
    /// The lengths of the arguments in their place.
    fn lens(
        &self,
        read: impl Fn(&S) -> usize,
        write: impl Fn(&D) -> usize,
        integers: impl Fn(&I) -> usize,
    ) -> Backward<usize, usize, usize> {
        let gradients = |g: &WeightGradients<D>| WeightGradients {
            dw_ih: write(&g.dw_ih),
            dw_hh: write(&g.dw_hh),
            db: write(&g.db),
        };
        Backward {
            sizes: self.sizes,
            lengths: self.lengths.as_ref().map(integers),
            x: read(&self.x),
            weights: self.weights.iter().map(|w| w.lens(&read)).collect(),
            h0: read(&self.h0),
            c0: read(&self.c0),
            y: read(&self.y),
            saved: write(&self.saved),
            dy: read(&self.dy),
            dh_n: read(&self.dh_n),
            dc_n: read(&self.dc_n),
            dx: self.dx.as_ref().map(&write),
            dweights: self.dweights.iter().map(gradients).collect(),
            dh0: write(&self.dh0),
            dc0: write(&self.dc0),
        }
    }

    /// The same arguments as slices of another kind.
    fn map<R, W, J>(
        self,
        read: impl Fn(S) -> R,
        write: impl Fn(D) -> W,
        integers: impl Fn(I) -> J,
    ) -> Backward<R, W, J> {
        let gradients = |g: WeightGradients<D>| WeightGradients {
            dw_ih: write(g.dw_ih),
            dw_hh: write(g.dw_hh),
            db: write(g.db),
        };
        Backward {
            sizes: self.sizes,
            lengths: self.lengths.map(integers),
            x: read(self.x),
            weights: self.weights.into_iter().map(|w| w.map(&read)).collect(),
            h0: read(self.h0),
            c0: read(self.c0),
            y: read(self.y),
            saved: write(self.saved),
            dy: read(self.dy),
            dh_n: read(self.dh_n),
            dc_n: read(self.dc_n),
            dx: self.dx.map(&write),
            dweights: self.dweights.into_iter().map(gradients).collect(),
            dh0: write(self.dh0),
            dc0: write(self.dc0),
        }
    }
}

#[cfg(test)]
mod tests;

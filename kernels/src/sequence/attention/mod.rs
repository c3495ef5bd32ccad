//! Scaled dot-product attention: o = softmax(scale · q kᵀ + mask) v for each sentence and head.
//!
//! Backward, with P the probabilities, Dᵢ = Σ do∘o over row i and dP = do vᵀ: dS = P∘(dP − D),
//! dq = scale · dS k, dk = scale · dSᵀ q, dv = Pᵀ do. With dropout, P̃ = P∘keep/(1 − p) replaces P in
//! o and dv, and dP is multiplied by keep/(1 − p); D is still Σ do∘o.
//!
//! **Why D = Σ do∘o.** The gradient of softmax is dSᵢⱼ = Pᵢⱼ (dPᵢⱼ − Σₗ Pᵢₗ dPᵢₗ). Its sum needs a whole row of P, but
//!
//! Σₗ Pᵢₗ dPᵢₗ = Σₗ Pᵢₗ Σ_c doᵢ_c vₗ_c = Σ_c doᵢ_c (Σₗ Pᵢₗ vₗ_c) = Σ_c doᵢ_c oᵢ_c.
//!
//! (With dropout, P dP contains the same factors as P̃ v, so the sum is again o.) So o replaces a pass over the row.
//!
//! **The running softmax.** Tiles of keys are read one after the other. For the keys read so far a query keeps m, their largest
//! score, l = Σ eˢ⁻ᵐ and the row r = Σ eˢ⁻ᵐ v. If a tile raises the maximum to m′, every term eˢ⁻ᵐ of both sums becomes
//! eˢ⁻ᵐ′ by one and the same factor, eᵐ⁻ᵐ′: l and r are multiplied by it, then the tile is added. At the end o = r / l, in
//! which m cancels, and lse = m + ln l. No exponent is ever positive, so nothing overflows.
//!
//! **What is kept for backward:** q, k, v, o, and lse [B, N, Tq]. P is recomputed tile by tile, as e^(score − lse), which
//! needs no maximum and no sum.
//!
//! A query that may attend to no key gives 0, has lse = −∞ and passes no gradient.
//!
//! Source: Vaswani et al., "Attention is all you need", NeurIPS 2017, section 3.2.1; tiles with a running
//! softmax: Dao et al., "FlashAttention", NeurIPS 2022, algorithms 1 and 4.
//!
//! The ladder: `plain` writes the textbook's whole matrix of each head; `cpu` holds one tile of it at a
//! time, so that memory is linear in T, in register-blocked matmuls of packed tiles (`tile`), and
//! recomputes the tiles in backward from q, k and lse. The rungs, forward and backward in ms on one Zen 4 core (AVX2, peak
//! 117 GFLOP/s, measured in the same run), and the fast one's share of that peak, without the matmuls that are
//! recomputed (`RAYON_NUM_THREADS=1 cargo run --release -p gradus-kernels --example attention_ladder`):
//!
//! | B, N, T, dim | whole matrix, `f64` | tiles, `f32` | of peak |
//! | --- | --- | --- | --- |
//! | 8, 12, 256, 32 | 226 + 742 | 13.6 + 28.4 | 49 % |
//! | 1, 8, 2048, 64, causal | 2235 + 14138 | 53.8 + 124 | 62 % |

mod cpu;
pub(crate) mod cuda;
mod plain;
pub(crate) mod rungs;
mod view;

pub use view::{Place, Strides, View};

use crate::philox::Stream;
use crate::sizes::count;
use crate::slice::on_device;
use crate::{Dst, Element, Outcome, Real, Src};

/// Sizes of an attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// B, sentences.
    pub batch: usize,
    /// N, heads.
    pub heads: usize,
    /// Tq, queries of each sentence.
    pub queries: usize,
    /// Tk, keys and values of each sentence.
    pub keys: usize,
    /// Width of one head's vectors.
    pub dim: usize,
}

/// Probabilities are dropped with probability `p`, the others divided by 1 − p.
///
/// The probability of query i and key j has the index ((b·N + h)·Tq + i)·Tk + j in the stream, and is kept
/// if the uniform number with that index is at least p.
#[derive(Clone, Copy, Debug)]
pub struct Dropout {
    /// In [0, 1).
    pub p: f32,
    /// The random numbers; the same in forward and backward.
    pub stream: Stream,
}

/// The sizes and options of an attention.
#[derive(Clone, Copy, Debug)]
pub struct Attention<'a> {
    /// The sizes.
    pub shape: Shape,
    /// The factor of the scores q kᵀ, usually 1/√dim.
    pub scale: f64,
    /// Whether query i may attend only to keys 0..=i.
    pub causal: bool,
    /// Which keys may be attended to (1) and which not (0), [B, Tk]; `None` if all may.
    pub mask: Option<Src<'a>>,
    /// Dropout of the probabilities.
    pub dropout: Option<Dropout>,
}

/// Queries [B, N, Tq, dim], keys and values [B, N, Tk, dim].
#[derive(Clone, Copy)]
pub struct Inputs<X> {
    /// Queries.
    pub q: View<X>,
    /// Keys.
    pub k: View<X>,
    /// Values.
    pub v: View<X>,
}

/// What forward left and what comes from above.
#[derive(Clone, Copy)]
pub struct Upstream<X> {
    /// The output of forward, [B, N, Tq, dim].
    pub o: View<X>,
    /// lse of forward, [B, N, Tq], contiguous.
    pub lse: X,
    /// Gradient of the output, [B, N, Tq, dim].
    pub dout: View<X>,
}

/// Where dq, dk and dv go: into one buffer each, or all into that of a fused projection.
pub struct Gradients<X> {
    /// The buffers.
    pub buffers: Vec<X>,
    /// Of the queries.
    pub dq: Place,
    /// Of the keys.
    pub dk: Place,
    /// Of the values.
    pub dv: Place,
}

/// [`attention_forward`] for a type known at run time.
#[track_caller]
pub fn forward(attention: &Attention, inputs: Inputs<Src>, o: View<Dst>, lse: Dst) -> Outcome {
    on_device!(inputs.q.data,
    T => attention_forward::<T>(attention, inputs.typed(), o.map(Dst::slice), lse.slice()),
    cuda => {
        check_forward(attention, inputs.map(|x| x.len()), o.place(), o.data.len(), lse.len());
        cuda::forward(attention, inputs, o, lse)
    })
}

/// [`attention_backward`] for a type known at run time.
#[track_caller]
pub fn backward(
    attention: &Attention,
    inputs: Inputs<Src>,
    upstream: Upstream<Src>,
    grads: Gradients<Dst>,
) -> Outcome {
    on_device!(inputs.q.data,
    T => attention_backward::<T>(attention, inputs.typed(), upstream.typed(), grads.typed()),
    cuda => {
        let buffers: Vec<usize> = grads.buffers.iter().map(Dst::len).collect();
        let places = [grads.dq, grads.dk, grads.dv];
        check_backward(attention, inputs.map(|x| x.len()), upstream.map(|x| x.len()), places, &buffers);
        cuda::backward(attention, inputs, upstream, grads)
    })
}

/// o = softmax(scale · q kᵀ + mask) v to `o` [B, N, Tq, dim], and log Σ exp of each row of
/// scale · q kᵀ + mask to `lse` [B, N, Tq].
///
/// Panics if dim is 0, a view leaves its buffer, rows of `o` overlap, or the mask is not [B, Tk].
#[track_caller]
pub fn attention_forward<T: Real>(
    attention: &Attention,
    inputs: Inputs<&[T]>,
    o: View<&mut [T]>,
    lse: &mut [T],
) {
    check_forward(attention, inputs.map(<[T]>::len), o.place(), o.data.len(), lse.len());
    if T::IS_F32 {
        cpu::forward(attention, inputs.map(T::f32s), o.map(T::f32s_mut), T::f32s_mut(lse));
    } else {
        plain::forward(attention, inputs, o, lse);
    }
}

/// The gradients of q, k and v; every element of their views is written.
///
/// Panics if dim is 0, a view leaves its buffer, or gradients overlap.
#[track_caller]
pub fn attention_backward<T: Real>(
    attention: &Attention,
    inputs: Inputs<&[T]>,
    upstream: Upstream<&[T]>,
    grads: Gradients<&mut [T]>,
) {
    let buffers: Vec<usize> = grads.buffers.iter().map(|x| x.len()).collect();
    let places = [grads.dq, grads.dk, grads.dv];
    check_backward(attention, inputs.map(<[T]>::len), upstream.map(<[T]>::len), places, &buffers);
    // Nothing is written; the arrays of a task have rows of dim elements all the same.
    if attention.shape.queries.max(attention.shape.keys) == 0 {
        return;
    }
    if T::IS_F32 {
        cpu::backward(attention, inputs.map(T::f32s), upstream.map(T::f32s), grads.map(T::f32s_mut));
    } else {
        plain::backward(attention, inputs, upstream, grads);
    }
}

/// What [`forward`] asks of lengths, which stand in the place of arrays.
#[track_caller]
fn check_forward(attention: &Attention, inputs: Inputs<usize>, o: Place, len: usize, lse: usize) {
    attention.check(&inputs);
    o.check_disjoint(attention.shape, attention.shape.queries, len, "o");
    attention.check_lse(lse);
}

/// What [`backward`] asks of lengths, which stand in the place of arrays.
#[track_caller]
fn check_backward(
    attention: &Attention,
    inputs: Inputs<usize>,
    upstream: Upstream<usize>,
    [dq, dk, dv]: [Place; 3],
    buffers: &[usize],
) {
    attention.check(&inputs);
    let shape = attention.shape;
    let Shape { queries, keys, .. } = shape;
    upstream.o.check(shape, queries, "o");
    upstream.dout.check(shape, queries, "dout");
    attention.check_lse(upstream.lse);
    let places = [(dq, queries, "dq"), (dk, keys, "dk"), (dv, keys, "dv")];
    for (i, &(place, rows, name)) in places.iter().enumerate() {
        let (buffer, all) = (place.buffer, buffers.len());
        assert!(buffer < all, "attention: {name} goes to buffer {buffer} of {all}");
        place.check_disjoint(shape, rows, buffers[buffer], name);
        for &(other, other_rows, other_name) in &places[..i] {
            place.check_apart(rows, other, other_rows, shape, name, other_name);
        }
    }
}

impl Attention<'_> {
    #[track_caller]
    fn check_lse(&self, len: usize) {
        let Shape { batch, heads, queries, .. } = self.shape;
        let expected = count("attention", [batch, heads, queries]);
        assert!(len == expected, "attention: lse is [{batch}, {heads}, {queries}], not {len} elements");
    }

    #[track_caller]
    fn check(&self, inputs: &Inputs<usize>) {
        let Shape { batch, heads, queries, keys, dim } = self.shape;
        assert!(dim > 0, "attention: the heads have width 0");
        // Kernels count scores, and the elements of rows that are padded to whole vectors.
        count("attention", [batch, heads, queries, keys]);
        count("attention", [batch, heads, queries.max(keys), dim.saturating_add(63)]);
        inputs.q.check(self.shape, queries, "q");
        inputs.k.check(self.shape, keys, "k");
        inputs.v.check(self.shape, keys, "v");
        if let Some(mask) = self.mask {
            assert!(
                mask.len() == batch * keys,
                "attention: the mask is [{batch}, {keys}], not {} elements",
                mask.len()
            );
        }
        if let Some(Dropout { p, .. }) = self.dropout {
            assert!((0.0..1.0).contains(&p), "attention: dropout of {p} is not in [0, 1)");
        }
    }

    /// The number of keys that a query may attend to if there is no mask: 0..this.
    fn visible(&self, query: usize) -> usize {
        if self.causal { self.shape.keys.min(query + 1) } else { self.shape.keys }
    }

    /// The mask of sentence b.
    fn mask_of(&self, b: usize) -> Option<&[u8]> {
        self.mask.map(|mask| &mask.slice()[b * self.shape.keys..][..self.shape.keys])
    }
}

impl Dropout {
    /// What the probability with this logical index is multiplied by: 0 or 1/(1 − p).
    #[inline]
    fn factor(&self, index: u64) -> f64 {
        if self.stream.uniform(index) < self.p { 0.0 } else { 1.0 / (1.0 - f64::from(self.p)) }
    }
}

impl<X> Inputs<X> {
    fn map<Y>(self, f: impl Fn(X) -> Y) -> Inputs<Y> {
        Inputs { q: self.q.map(&f), k: self.k.map(&f), v: self.v.map(&f) }
    }
}

impl<'a> Inputs<Src<'a>> {
    fn typed<T: Element>(self) -> Inputs<&'a [T]> {
        self.map(|x| x.slice())
    }
}

impl<X> Upstream<X> {
    fn map<Y>(self, f: impl Fn(X) -> Y) -> Upstream<Y> {
        Upstream { o: self.o.map(&f), lse: f(self.lse), dout: self.dout.map(&f) }
    }
}

impl<'a> Upstream<Src<'a>> {
    fn typed<T: Element>(self) -> Upstream<&'a [T]> {
        self.map(|x| x.slice())
    }
}

impl<X> Gradients<X> {
    fn map<Y>(self, f: impl Fn(X) -> Y) -> Gradients<Y> {
        let Gradients { buffers, dq, dk, dv } = self;
        Gradients { buffers: buffers.into_iter().map(f).collect(), dq, dk, dv }
    }
}

impl<'a> Gradients<Dst<'a>> {
    fn typed<T: Element>(self) -> Gradients<&'a mut [T]> {
        self.map(|x| x.slice())
    }
}

#[cfg(test)]
mod tests;

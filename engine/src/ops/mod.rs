//! The operations: one file each with formula, shape rule, forward and gradient side by side.
//!
//! A *primitive*'s gradient is written in tensor operations, so it can be differentiated again. A *fused*
//! operation has kernels for forward and backward and a reference in tensor operations, which is its
//! definition, the tests' oracle, its gradient of higher order and the fallback where a kernel is missing.

mod affine;
mod attention;
mod binary;
mod broadcast;
mod cast;
mod compare;
mod concat;
mod conv1d;
mod conv_relu_max;
mod crf;
mod cross_entropy;
mod dropout;
mod embedding_conv_relu_max;
mod identity;
mod index;
mod layer_norm;
mod linear;
mod lstm;
mod matmul;
mod narrow;
mod permute;
mod reduce;
mod registry;
mod reshape;
mod select;
mod softmax;
mod unary;

pub use attention::Attention;
pub use crf::CrfScores;
pub(crate) use crf::check_tags;
pub use cross_entropy::CrossEntropy;
pub use lstm::LstmWeights;
pub use registry::{OpInfo, REGISTRY, find};

use crate::{DType, Device, Kind, Tensor};
use gradus_kernels::Outcome;
use gradus_kernels::memory::Buffer;

/// Panics, with the operation's name, where a primitive has no kernel.
#[track_caller]
pub(crate) fn ran(op: &str, kind: Kind, outcome: Outcome) {
    if outcome == Outcome::NoKernel {
        let Kind { dtype, device } = kind;
        panic!("{op}: there is no kernel for {dtype} on {device}; convert with to_dtype(DType::F32) first");
    }
}

/// Whether a kernel ran; where it did not, the reference will.
pub(crate) fn done(outcome: Outcome) -> bool {
    outcome == Outcome::Done
}

/// Panics, with the operation's name, where two dtypes differ.
#[track_caller]
pub(crate) fn same_dtype(op: &str, a: &Tensor, b: &Tensor) {
    let (a, b) = (a.dtype(), b.dtype());
    assert_eq!(a, b, "{op}: dtypes differ: lhs {a}, rhs {b}; convert one with to_dtype");
}

/// A fresh tensor of `shape` that `write` fills.
#[track_caller]
pub(crate) fn filled(
    op: &str,
    shape: crate::Shape,
    kind: impl Into<Kind>,
    write: impl FnOnce(gradus_kernels::Dst) -> Outcome,
) -> Tensor {
    let kind = kind.into();
    let mut buffer = Buffer::for_overwrite(kind, shape.count());
    ran(op, kind, write(buffer.dst()));
    Tensor::from_buffer(buffer, shape)
}

/// Panics, with the operation's name, where an index (`i64`) does not lie in 0..n, the length of `whole`'s axis that it
/// counts along. On a CUDA device indices are not looked at, for that would wait for it.
#[track_caller]
pub(crate) fn check_indices(op: &str, ids: &Tensor, n: usize, whole: crate::Shape) {
    check_indices_but(op, ids, n, whole, |_, _| false);
}

/// The same, but for those that `spared` says of by their place and value.
#[track_caller]
pub(crate) fn check_indices_but(
    op: &str,
    ids: &Tensor,
    n: usize,
    whole: crate::Shape,
    spared: impl Fn(usize, i64) -> bool,
) {
    let dtype = ids.dtype();
    assert_eq!(dtype, DType::I64, "{op}: indices are of {dtype}, they must be i64; convert with to_dtype");
    if ids.device() != Device::Cpu {
        return;
    }
    let ids = ids.contiguous();
    // One comparison for each: a negative one is above all others.
    let wrong = |&(at, &id): &(usize, &i64)| id as u64 >= n as u64 && !spared(at, id);
    if let Some((at, id)) = ids.elements::<i64>().iter().enumerate().find(wrong) {
        let shape = ids.shape();
        panic!("{op}: index {id}, number {at} of {shape:?}, is outside 0..{n} of {whole:?}");
    }
}

/// Panics where lengths are not `i64` [B] within 0..=T of x [B, T, ..]. On a CUDA device their values are not looked
/// at, for that would wait for it: kernels there take a length outside as the nearest one inside.
#[track_caller]
pub(crate) fn check_lengths(op: &str, x: &Tensor, lengths: &Tensor) {
    let (b, t) = (x.dim(0), x.dim(1) as i64);
    assert_eq!(lengths.shape(), [b].into(), "{op}: there must be one length for each of {b} sequences");
    assert_eq!(lengths.dtype(), DType::I64, "{op}: lengths are of {}, they must be i64", lengths.dtype());
    if lengths.device() != Device::Cpu {
        return;
    }
    for (i, len) in lengths.elements::<i64>().iter().enumerate() {
        assert!(
            (0..=t).contains(len),
            "{op}: length {len} of sequence {i} is outside 0..={t} of x {:?}",
            x.shape()
        );
    }
}

//! The operations: one file each with formula, shape rule, forward and gradient side by side.
//!
//! All are methods of [`Tensor`]. By family:
//!
//! - *Elementwise*: [`neg`](Tensor::neg), [`abs`](Tensor::abs), [`sign`](Tensor::sign), [`step`](Tensor::step),
//!   [`square`](Tensor::square), [`sqrt`](Tensor::sqrt), [`recip`](Tensor::recip), [`exp`](Tensor::exp),
//!   [`exp_m1`](Tensor::exp_m1), [`ln`](Tensor::ln), [`ln_1p`](Tensor::ln_1p), [`tanh`](Tensor::tanh),
//!   [`sigmoid`](Tensor::sigmoid), [`relu`](Tensor::relu), [`gelu`](Tensor::gelu), [`erf`](Tensor::erf),
//!   [`softplus`](Tensor::softplus), [`log_sigmoid`](Tensor::log_sigmoid), [`affine`](Tensor::affine),
//!   [`powf`](Tensor::powf), [`clamp`](Tensor::clamp).
//! - *On two tensors, which broadcast*: [`add`](Tensor::add), [`sub`](Tensor::sub), [`mul`](Tensor::mul),
//!   [`div`](Tensor::div), [`maximum`](Tensor::maximum), [`minimum`](Tensor::minimum); the operators `+ - * /`,
//!   also with a number on the right.
//! - *Comparison, logic and choice*: [`eq`](Tensor::eq), [`ne`](Tensor::ne), [`lt`](Tensor::lt),
//!   [`le`](Tensor::le), [`gt`](Tensor::gt), [`ge`](Tensor::ge), [`eq_scalar`](Tensor::eq_scalar),
//!   [`le_scalar`](Tensor::le_scalar), [`ge_scalar`](Tensor::ge_scalar), [`and`](Tensor::and), [`or`](Tensor::or),
//!   [`not`](Tensor::not), [`select`](Tensor::select), [`masked_fill`](Tensor::masked_fill).
//! - *Reduction over axes*: [`sum`](Tensor::sum), [`sum_all`](Tensor::sum_all), [`mean`](Tensor::mean),
//!   [`mean_all`](Tensor::mean_all), [`max`](Tensor::max), [`min`](Tensor::min), [`arg_max`](Tensor::arg_max),
//!   [`log_sum_exp`](Tensor::log_sum_exp).
//! - *Rows*: [`softmax`](Tensor::softmax), [`log_softmax`](Tensor::log_softmax),
//!   [`layer_norm`](Tensor::layer_norm), [`cross_entropy_rows`](Tensor::cross_entropy_rows);
//!   [`cross_entropy`](crate::losses::cross_entropy) is the mean or the sum of the last.
//! - *Matrix multiplication*: [`matmul`](Tensor::matmul), [`linear`](Tensor::linear),
//!   [`linear_int8`](Tensor::linear_int8), [`linear_cross_entropy`](Tensor::linear_cross_entropy).
//! - *Convolution over time*: [`conv1d`](Tensor::conv1d), [`conv_relu_max`](Tensor::conv_relu_max),
//!   [`embedding_conv_relu_max`](Tensor::embedding_conv_relu_max).
//! - *Sequences*: [`lstm`](Tensor::lstm), [`lstm_int8`](Tensor::lstm_int8), [`attention`](Tensor::attention),
//!   [`cached_attention`](Tensor::cached_attention),
//!   [`crf_log_z`](Tensor::crf_log_z), [`crf_nll`](Tensor::crf_nll),
//!   [`crf_log_marginals`](Tensor::crf_log_marginals), [`crf_viterbi`](Tensor::crf_viterbi).
//! - *Shape*: [`reshape`](Tensor::reshape), [`flatten`](Tensor::flatten), [`unsqueeze`](Tensor::unsqueeze),
//!   [`squeeze`](Tensor::squeeze), [`permute`](Tensor::permute), [`transpose`](Tensor::transpose),
//!   [`t`](Tensor::t), [`broadcast_to`](Tensor::broadcast_to), [`sum_to`](Tensor::sum_to),
//!   [`contiguous`](Tensor::contiguous).
//! - *Parts of an axis*: [`narrow`](Tensor::narrow), [`at`](Tensor::at), [`widen`](Tensor::widen),
//!   [`concat`](Tensor::concat), [`stack`](Tensor::stack).
//! - *By index*: [`embedding`](Tensor::embedding), [`scatter_rows`](Tensor::scatter_rows),
//!   [`take_along`](Tensor::take_along), [`put_along`](Tensor::put_along), [`one_hot`](Tensor::one_hot),
//!   [`top_k`](Tensor::top_k).
//! - *Random*: [`dropout`](Tensor::dropout), [`dropout_mask`](Tensor::dropout_mask).
//! - *Dtype, device and graph*: [`to_dtype`](Tensor::to_dtype), [`to_device`](Tensor::to_device),
//!   [`identity`](Tensor::identity); [`checkpoint`](crate::checkpoint).
//!
//! A *primitive* has a gradient that is written in tensor operations, so it can be differentiated again. A *fused*
//! operation has a kernel for the forward and one for the backward pass, and a reference in tensor operations. The
//! reference is its definition, the oracle of the tests, the source of its higher-order gradients and the fallback if a
//! kernel is missing. [`REGISTRY`] lists both kinds.

mod affine;
mod attention;
mod binary;
mod broadcast;
mod cached_attention;
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
mod linear_cross_entropy;
mod linear_int8;
mod lstm;
mod matmul;
mod narrow;
mod permute;
mod reduce;
mod registry;
mod reshape;
mod select;
mod softmax;
mod top_k;
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

/// Panics, with the operation's name, if a primitive has no kernel.
#[track_caller]
pub(crate) fn ran(op: &str, kind: Kind, outcome: Outcome) {
    if outcome == Outcome::NoKernel {
        let Kind { dtype, device } = kind;
        let advice = match dtype {
            DType::F32 => "move the tensors to the CPU",
            _ => "convert with to_dtype(DType::F32) first",
        };
        panic!("{op}: there is no kernel for {dtype} on {device}; {advice}");
    }
}

/// Whether a kernel ran; if not, the caller runs the reference.
pub(crate) fn done(outcome: Outcome) -> bool {
    outcome == Outcome::Done
}

/// Panics, with the operation's name, if two dtypes differ.
#[track_caller]
pub(crate) fn same_dtype(op: &str, a: &Tensor, b: &Tensor) {
    let (a, b) = (a.dtype(), b.dtype());
    assert_eq!(a, b, "{op}: dtypes differ: lhs {a}, rhs {b}; convert one with to_dtype");
}

/// Whether a dtype has exactly this number, or is of floats, which round it.
pub(crate) fn holds(dtype: DType, number: f64) -> bool {
    match dtype {
        DType::F32 | DType::F64 | DType::F16 | DType::BF16 => true,
        DType::I64 => number.fract() == 0.0 && (-(2f64.powi(63))..2f64.powi(63)).contains(&number),
        DType::U32 => number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number),
        DType::Bool => number == 0.0 || number == 1.0,
    }
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

/// Panics, with the operation's name, if an index (`i64`) is outside 0..n, the length of the axis of `whole` that it
/// indexes. On a CUDA device indices are not checked, because reading them would wait for the device.
#[track_caller]
pub(crate) fn check_indices(op: &str, ids: &Tensor, n: usize, whole: crate::Shape) {
    check_indices_but(op, ids, n, whole, |_, _| false);
}

/// [`check_indices`], except for the indices that `spared` accepts, given their position and value.
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
    // One comparison per index: as `u64`, a negative index is above all others.
    let wrong = |&(at, &id): &(usize, &i64)| id as u64 >= n as u64 && !spared(at, id);
    if let Some((at, id)) = ids.elements::<i64>().iter().enumerate().find(wrong) {
        let shape = ids.shape();
        panic!("{op}: index {id}, at position {at} of {shape:?}, is outside 0..{n} of {whole:?}");
    }
}

/// Panics if lengths are not `i64` [B] within 0..=T of x [B, T, ..]. On a CUDA device the values are not checked, because
/// reading them would wait for the device; the kernels clamp each length to the range.
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

#[cfg(test)]
mod tests {
    use super::REGISTRY;
    use std::{collections::BTreeSet, fs, path::Path};

    /// Names between `before` and `after` in a text.
    fn between<'a>(text: &'a str, before: &'a str, after: char) -> impl Iterator<Item = String> + 'a {
        text.split(before).skip(1).filter_map(move |rest| rest.split(after).next()).map(String::from)
    }

    #[test]
    fn the_page_of_this_module_lists_every_operation() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ops");
        let files = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
        let files = files.map(|path| if path.is_dir() { path.join("mod.rs") } else { path });
        let sources =
            files.filter(|path| *path != folder.join("mod.rs")).map(|path| fs::read_to_string(path).unwrap());
        let methods: BTreeSet<String> = sources
            .filter(|source| source.contains("\nimpl Tensor {"))
            .flat_map(|source| between(&source, "\n    pub fn ", '(').collect::<Vec<_>>())
            .collect();
        let page: String =
            include_str!("mod.rs").lines().take_while(|line| line.starts_with("//!")).collect();
        let listed: BTreeSet<String> = between(&page, "(Tensor::", ')').collect();
        assert_eq!(
            listed, methods,
            "the list of operations at the head of ops/mod.rs, and the methods in ops/"
        );
        let missing = REGISTRY.iter().map(|op| op.name).filter(|name| !page.contains(&format!("[`{name}`]")));
        assert_eq!(
            missing.collect::<Vec<_>>(),
            [""; 0],
            "operations that the head of ops/mod.rs does not link to"
        );
    }
}

//! Launches of dropout.cu.

use crate::cuda::{Arg, Grid, Source, launch, source};
use crate::philox::Stream;
use crate::{DType, Dst, Outcome, Src};

pub(crate) static SOURCE: Source = source!("dropout.cu");
const THREADS: usize = 256;

/// y = x ⊙ m / (1 − p).
#[track_caller]
pub fn forward(x: Src, p: f64, stream: Stream, y: Dst) -> Outcome {
    if x.dtype() != DType::F32 {
        return Outcome::NoKernel;
    }
    crate::sizes::lengths("dropout", [("y", y.len(), x.len())]);
    let (n, scale) = (x.len(), (1.0 / (1.0 - p)) as f32);
    let stream = Arg::stream(stream, x.device());
    let args = [x.into(), (p as f32).into(), scale.into(), stream, y.into(), n.into()];
    launch(&SOURCE, "dropout_forward", Grid::cover(n.div_ceil(4), THREADS), &args)
}

/// y = m / (1 − p).
pub fn mask(p: f64, stream: Stream, y: Dst) -> Outcome {
    fill("dropout_mask", [p, 1.0 / (1.0 - p)], stream, y, 4)
}

/// Uniform in [lo, hi).
pub fn uniform(lo: f64, hi: f64, stream: Stream, y: Dst) -> Outcome {
    fill("dropout_uniform", [lo, hi - lo], stream, y, 4)
}

/// Normal with this mean and standard deviation.
pub fn normal(mean: f64, std: f64, stream: Stream, y: Dst) -> Outcome {
    fill("dropout_normal", [mean, std], stream, y, 2)
}

/// A kernel whose threads write `each` elements from one block of words.
fn fill(kernel: &'static str, [a, b]: [f64; 2], stream: Stream, y: Dst, each: usize) -> Outcome {
    if y.dtype() != DType::F32 {
        return Outcome::NoKernel;
    }
    let (n, stream) = (y.len(), Arg::stream(stream, y.device()));
    let args = [(a as f32).into(), (b as f32).into(), stream, y.into(), n.into()];
    launch(&SOURCE, kernel, Grid::cover(n.div_ceil(each), THREADS), &args)
}

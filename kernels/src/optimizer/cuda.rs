//! Launches of optimizer.cu. Gradients are dense: which rows there are only a device's memory would know.

use super::{AdagradStep, AdamStep, Gradient, RadamStep, RmspropStep, SgdStep};
use crate::cuda::{Arg, Grid, Source, launch, read_f64, source};
use crate::memory::Buffer;
use crate::{DType, Dst, Outcome, Src};

pub(crate) static SOURCE: Source = source!("optimizer.cu");
const THREADS: usize = 256;

/// The gradient and the number of parameters, where there is a kernel for them.
fn dense<'a>(p: &Dst, g: Gradient<'a, Src<'a>>) -> Option<(Src<'a>, usize)> {
    match g {
        Gradient::Dense(g) if p.dtype() == DType::F32 => Some((g, p.len())),
        _ => None,
    }
}

fn floats<const N: usize>(numbers: [f64; N]) -> [Arg; N] {
    numbers.map(|x| (x as f32).into())
}

fn step(
    kernel: &'static str,
    constants: impl IntoIterator<Item = Arg>,
    arrays: Vec<Arg>,
    n: usize,
) -> Outcome {
    let args: Vec<Arg> = constants.into_iter().chain(arrays).chain([n.into()]).collect();
    launch(&SOURCE, kernel, Grid::cover(n, THREADS), &args)
}

/// One step of Adam or AdamW.
pub fn adam(by: &AdamStep, p: Dst, g: Gradient<Src>, m: Dst, v: Dst) -> Outcome {
    let Some((g, n)) = dense(&p, g) else { return Outcome::NoKernel };
    step("optimizer_adam", floats(by.rule().constants()), vec![p.into(), g.into(), m.into(), v.into()], n)
}

/// One step of RAdam.
pub fn radam(by: &RadamStep, p: Dst, g: Gradient<Src>, m: Dst, v: Dst) -> Outcome {
    let Some((g, n)) = dense(&p, g) else { return Outcome::NoKernel };
    let (constants, adaptive) = by.rule().constants();
    let constants = floats(constants).into_iter().chain([adaptive.into()]);
    step("optimizer_radam", constants, vec![p.into(), g.into(), m.into(), v.into()], n)
}

/// One step of RMSprop.
pub fn rmsprop(by: &RmspropStep, p: Dst, g: Gradient<Src>, square: Dst, mean: Dst, u: Dst) -> Outcome {
    let Some((g, n)) = dense(&p, g) else { return Outcome::NoKernel };
    let RmspropStep { lr, alpha, eps, weight_decay, momentum, centered } = *by;
    let constants = floats([lr, alpha, 1.0 - alpha, eps, weight_decay, momentum]);
    let (mean, u) = (centered.then_some(mean), (momentum != 0.0).then_some(u));
    step("optimizer_rmsprop", constants, vec![p.into(), g.into(), square.into(), mean.into(), u.into()], n)
}

/// One step of AdaGrad.
pub fn adagrad(by: &AdagradStep, p: Dst, g: Gradient<Src>, sum: Dst) -> Outcome {
    let Some((g, n)) = dense(&p, g) else { return Outcome::NoKernel };
    step("optimizer_adagrad", floats(by.rule().constants()), vec![p.into(), g.into(), sum.into()], n)
}

/// One step of gradient descent.
pub fn sgd(by: &SgdStep, p: Dst, g: Gradient<Src>, u: Dst) -> Outcome {
    let Some((g, n)) = dense(&p, g) else { return Outcome::NoKernel };
    let SgdStep { lr, momentum, dampening, nesterov, weight_decay, first } = *by;
    let constants = floats([lr, weight_decay, momentum, 1.0 - dampening]);
    let constants = constants.into_iter().chain([first.into(), nesterov.into()]);
    let u = (momentum != 0.0).then_some(u);
    step("optimizer_sgd", constants, vec![p.into(), g.into(), u.into()], n)
}

/// Σ x², which waits for the device.
pub fn sum_of_squares(x: Src, sum: &mut f64) -> Outcome {
    if x.dtype() != DType::F32 {
        return Outcome::NoKernel;
    }
    let n = x.len();
    let blocks = n.div_ceil(THREADS).clamp(1, THREADS);
    let [mut parts, mut joined] = [blocks, 1].map(|n| Buffer::for_overwrite(x.kind().of(DType::F64), n));
    let args = [x.into(), parts.dst().into(), n.into()];
    let _ = launch(&SOURCE, "optimizer_squares", Grid::new(blocks, THREADS), &args);
    let args = [parts.src().into(), joined.dst().into(), blocks.into()];
    let done = launch(&SOURCE, "optimizer_squares_joined", Grid::new(1, THREADS), &args);
    *sum = read_f64(joined.src());
    done
}

/// x ← factor · x.
pub fn scale(x: Dst, factor: f64) -> Outcome {
    if x.dtype() != DType::F32 {
        return Outcome::NoKernel;
    }
    let n = x.len();
    step("optimizer_scale", [], vec![x.into(), (factor as f32).into()], n)
}

/// x held within low and high.
pub fn clamp_values(x: Dst, low: f64, high: f64) -> Outcome {
    if x.dtype() != DType::F32 {
        return Outcome::NoKernel;
    }
    let n = x.len();
    step("optimizer_clamp", [], vec![x.into(), (low as f32).into(), (high as f32).into()], n)
}

//! Steps for any device and dtype: of one parameter, and of many at once.

use super::{Gradient, Steps};
use super::{adagrad_step, adam_step, radam_step, rmsprop_step, sgd_step};
use crate::slice::on_device;
use crate::{Device, Dst, Outcome, Real, Src};

/// A parameter with a gradient for each of its elements.
pub struct Whole<'a> {
    /// The parameter.
    pub p: Dst<'a>,
    /// Its gradient, as long.
    pub g: Src<'a>,
    /// Its state in the order of the arguments of [`adam_step`](super::adam_step) and the like, each as long or, where
    /// an optimizer has none, empty.
    pub state: [Dst<'a>; 3],
}

/// The one step that `steps` holds, for one parameter; `state` as in [`Whole`].
///
/// Panics if lengths differ, or `steps` holds more or fewer than one.
#[track_caller]
pub fn step(steps: Steps, p: Dst, g: Gradient<Src>, state: [Dst; 3]) -> Outcome {
    on_device!(p, T => step_typed::<T>(steps, p.slice(), g.typed(), state.map(|s| s.slice())),
    cuda => match g {
        Gradient::Dense(g) => super::cuda::step_all(steps, vec![Whole { p, g, state }]),
        // Which rows there are only a device's memory would know.
        Gradient::Rows { .. } => Outcome::NoKernel,
    })
}

#[track_caller]
fn step_typed<T: Real>(steps: Steps, p: &mut [T], g: Gradient<&[T]>, [a, b, c]: [&mut [T]; 3]) {
    match steps {
        Steps::Sgd([step]) => sgd_step(step, p, g, a),
        Steps::Adagrad([step]) => adagrad_step(step, p, g, a),
        Steps::Rmsprop([step]) => rmsprop_step(step, p, g, a, b, c),
        Steps::Adam([step]) => adam_step(step, p, g, a, b),
        Steps::Radam([step]) => radam_step(step, p, g, a, b),
        _ => panic!("optimizer: one step is taken at a time, not {steps:?}"),
    }
}

/// The one step that `steps` holds, for many parameters of one CUDA device in one launch, or one for each table of them.
/// The bits are those of [`step`] for each. Elsewhere, and where a parameter is not of `f32`, there is no kernel.
///
/// Panics if lengths or devices differ, or `steps` holds more or fewer than one.
#[track_caller]
pub fn step_all(steps: Steps, all: Vec<Whole>) -> Outcome {
    match all.iter().all(|whole| whole.p.device() != Device::Cpu) {
        true => super::cuda::step_all(steps, all),
        false => Outcome::NoKernel,
    }
}

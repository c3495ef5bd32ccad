//! The rungs of optimizer steps.

use super::{AdagradStep, AdamStep, Gradient, RadamStep, RmspropStep, SgdStep, Steps, Whole};
use crate::cuda::ladder::{as_on_the_cpu, assert_same, numbers};
use crate::cuda::{Grid, launch};
use crate::memory::Buffer;
use crate::{Device, Dst, Kind, optimizer};

pub(crate) fn check(kind: Kind) {
    tables(kind);
    let n = 531;
    let [p, g] = [1, 2].map(|stream| numbers(kind, n, stream));
    let (lr, weight_decay, momentum, eps) = (0.1, 0.1, 0.9, 1e-3);
    let sgd = SgdStep { lr, momentum, dampening: 0.1, nesterov: true, weight_decay, first: false };
    let adagrad = AdagradStep { lr, lr_decay: 0.1, weight_decay, eps, step: 3 };
    let rmsprop = RmspropStep { lr, alpha: 0.9, eps, weight_decay, momentum, centered: true };
    let radam = RadamStep { lr, beta1: 0.9, beta2: 0.99, eps, weight_decay, decoupled: true, step: 30 };
    for steps in
        [Steps::Sgd(&[sgd]), Steps::Adagrad(&[adagrad]), Steps::Rmsprop(&[rmsprop]), Steps::Radam(&[radam])]
    {
        as_on_the_cpu(&format!("{steps:?}"), &[&g], &p, |x, p| {
            let mut state = [(); 3].map(|()| Buffer::zeros(Kind { device: p.device(), ..kind }, n));
            optimizer::step(steps, p, Gradient::Dense(x[0]), state.each_mut().map(Buffer::dst))
        });
    }
    as_on_the_cpu("scale", &[], &p, |_, p| optimizer::scale(p, 0.3));
    as_on_the_cpu("clamp_values", &[], &p, |_, p| optimizer::clamp_values(p, -0.5, 0.5));
    let squares = |x: &Buffer| {
        let mut sum = 0.0;
        let _ = optimizer::sum_of_squares(&[x.src(), x.src()], &mut sum);
        sum
    };
    let (device, cpu) = (squares(&p), squares(&p.to_device(Device::Cpu)));
    assert!((device - cpu).abs() <= 1e-6 * cpu, "sum_of_squares: {device}, on the CPU {cpu}");
}

/// One step of Adam for a table of parameters and more, of which some end within a block or a float4, and the gradients
/// of some begin there.
fn tables(kind: Kind) {
    let by =
        AdamStep { lr: 0.1, beta1: 0.9, beta2: 0.99, eps: 1e-3, weight_decay: 0.1, decoupled: true, step: 3 };
    let lengths = [1, 3, 255, 1024, 1025, 2050].into_iter().cycle().take(optimizer::cuda::ENTRIES + 3);
    let start = lengths.enumerate().map(|(i, n)| {
        let numbers = |n, k| numbers(kind, n, 100 + 4 * i as u64 + k);
        let (p, g, m, mut v) = (numbers(n, 0), numbers(n + i % 2, 1), numbers(n, 2), numbers(n, 3));
        // No mean of squares is negative.
        let _ = optimizer::clamp_values(v.dst(), 0.0, 2.0);
        [p, m, v, g]
    });
    let start: Vec<[Buffer; 4]> = start.collect();
    let mut fast = start.clone();
    let all = fast.iter_mut().map(|[p, m, v, g]| {
        let g = g.src_range(g.len() - p.len(), p.len());
        Whole { p: p.dst(), g, state: [m.dst(), v.dst(), Dst::none(kind.dtype)] }
    });
    let _ = optimizer::step_all(Steps::Adam(&[by]), all.collect());
    for (mut plain, fast) in start.into_iter().zip(&fast) {
        let [p, m, v, g] = &mut plain;
        let n = p.len();
        let (_, mut args, _) = optimizer::cuda::kernel(Steps::Adam(&[by]));
        args.extend([
            p.dst().into(),
            g.src_range(g.len() - n, n).into(),
            m.dst().into(),
            v.dst().into(),
            n.into(),
        ]);
        let _ = launch(&optimizer::cuda::SOURCE, "optimizer_adam_plain", Grid::cover(n, 64), &args);
        for (plain, fast) in plain.iter().zip(fast).take(3) {
            assert_same("optimizer_adam", plain, fast);
        }
    }
}

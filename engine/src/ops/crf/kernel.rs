//! Calls of the kernels.

use crate::graph::{Backward, ForwardOutput};
use crate::ops::done;
use crate::{Kind, Tensor};
use gradus_kernels::Src;
use gradus_kernels::crf::{self, Chains, Gradients, State};
use gradus_kernels::memory::Buffer;

/// Emissions, transitions, start and end as the kernels take them.
pub(super) fn chains(x: &[Tensor]) -> Chains<Src<'_>, Src<'_>> {
    let [emissions, transitions, start, end, lengths] = [0, 1, 2, 3, 4].map(|i| x[i].src());
    Chains { emissions, transitions, start, end, lengths }
}

/// The inputs, contiguous.
fn packed(x: &[&Tensor]) -> Vec<Tensor> {
    x.iter().map(|t| t.detach().contiguous()).collect()
}

/// Buffers of one kind for a kernel's results.
fn fresh<const N: usize>(kind: Kind, counts: [usize; N]) -> [Buffer; N] {
    counts.map(|n| Buffer::for_overwrite(kind, n))
}

fn flat(buffer: Buffer) -> Tensor {
    let n = buffer.len();
    Tensor::from_buffer(buffer, [n].into())
}

/// The backward kernel of log Z needs α [B, T, K], its scale [B, T] and log Z [B].
pub(super) fn log_z_forward(x: &[&Tensor]) -> Option<ForwardOutput> {
    let x = packed(x);
    let (b, t) = (x[0].dim(0), x[0].dim(1));
    let [mut alpha, mut scale, mut z] = fresh(x[0].kind(), [x[0].count(), b * t, b]);
    let state = State { alpha: alpha.dst(), scale: scale.dst() };
    let outcome = crf::log_z::forward(chains(&x), state, z.dst());
    let z = flat(z);
    done(outcome)
        .then(|| ForwardOutput { outputs: vec![z.clone()], extra: vec![flat(alpha), flat(scale), z] })
}

pub(super) fn log_z_backward(cx: &mut Backward) -> bool {
    gradients(cx, |cx, chains, state, dy, grads| {
        crf::log_z::backward(chains, state, cx.extra(2).src(), dy, grads)
    })
}

pub(super) fn nll_forward(x: &[&Tensor]) -> Option<ForwardOutput> {
    let x = packed(x);
    let (b, t) = (x[0].dim(0), x[0].dim(1));
    let [mut alpha, mut scale, mut z, mut nll] = fresh(x[0].kind(), [x[0].count(), b * t, b, b]);
    let state = State { alpha: alpha.dst(), scale: scale.dst() };
    let outcome = crf::nll::forward(chains(&x), x[5].src(), state, z.dst(), nll.dst());
    done(outcome)
        .then(|| ForwardOutput { outputs: vec![flat(nll)], extra: vec![flat(alpha), flat(scale), flat(z)] })
}

pub(super) fn nll_backward(cx: &mut Backward) -> bool {
    gradients(cx, |cx, chains, state, dy, grads| {
        let tags = cx.input(5).contiguous();
        crf::nll::backward(chains, tags.src(), state, cx.extra(2).src(), dy, grads)
    })
}

pub(super) fn marginals_forward(x: &[&Tensor]) -> Option<ForwardOutput> {
    let x = packed(x);
    let (b, t, cells) = (x[0].dim(0), x[0].dim(1), x[0].count());
    let [mut alpha, mut scale, mut beta, mut z, mut log_p] =
        fresh(x[0].kind(), [cells, b * t, cells, b, cells]);
    let state = State { alpha: alpha.dst(), scale: scale.dst() };
    let outcome = crf::marginals::forward(chains(&x), state, beta.dst(), z.dst(), log_p.dst());
    let log_p = Tensor::from_buffer(log_p, x[0].shape());
    let extra = vec![flat(alpha), flat(scale), flat(z), flat(beta)];
    done(outcome).then(|| ForwardOutput { outputs: vec![log_p], extra })
}

pub(super) fn marginals_backward(cx: &mut Backward) -> bool {
    gradients(cx, |cx, chains, state, dy, grads| {
        crf::marginals::backward(chains, state, cx.extra(3).src(), cx.extra(2).src(), dy, grads)
    })
}

/// Runs a backward kernel and gives the gradients of emissions, transitions, start and end.
fn gradients(
    cx: &mut Backward,
    kernel: impl FnOnce(
        &Backward,
        Chains<Src, Src>,
        State<Src>,
        Src,
        Gradients<gradus_kernels::Dst>,
    ) -> gradus_kernels::Outcome,
) -> bool {
    let x: Vec<Tensor> = (0..5).map(|i| cx.input(i).contiguous()).collect();
    let dy = cx.dy().contiguous();
    let [mut demissions, mut dtransitions, mut dstart, mut dend] =
        fresh(dy.kind(), [x[0].count(), x[1].count(), x[2].count(), x[3].count()]);
    let grads = Gradients {
        demissions: demissions.dst(),
        dtransitions: dtransitions.dst(),
        dstart: dstart.dst(),
        dend: dend.dst(),
    };
    let state = State { alpha: cx.extra(0).src(), scale: cx.extra(1).src() };
    if !done(kernel(cx, chains(&x), state, dy.src(), grads)) {
        return false;
    }
    for (i, d) in [demissions, dtransitions, dstart, dend].into_iter().enumerate() {
        cx.give(i, Tensor::from_buffer(d, x[i].shape()));
    }
    true
}

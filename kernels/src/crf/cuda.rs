//! Launches of crf.cu. The marginals are left to the reference.

use super::{Chains, Gradients, State};
use crate::cuda::{Arg, Grid, Source, launch, shared_limit, source};
use crate::memory::Buffer;
use crate::{DType, Dst, Outcome, Src, reduce};

pub(crate) static SOURCE: Source = source!("crf.cu");

/// B, T and K.
struct Sizes {
    batch: usize,
    time: usize,
    tags: usize,
}

impl Sizes {
    /// `None` where there is no kernel: for other floats, and for more tags than a block has shared memory for.
    fn of(chains: &Chains<Src, Src>) -> Option<Self> {
        let (batch, tags) = (chains.lengths.len(), chains.start.len());
        let time = chains.emissions.len().checked_div(batch * tags)?;
        let sizes = Sizes { batch, time, tags };
        let fits = sizes.shared() <= shared_limit(chains.emissions.device());
        (chains.emissions.dtype() == DType::F32 && fits).then_some(sizes)
    }

    /// Bytes for the transitions and two rows of tags.
    fn shared(&self) -> usize {
        4 * self.tags * (self.tags + 2)
    }

    /// A block for each sentence, a thread for each tag up to 256.
    fn grid(&self) -> Grid {
        Grid::new(self.batch, self.tags.next_multiple_of(32).min(256)).shared(self.shared())
    }

    fn args(&self) -> [Arg; 3] {
        [self.batch.into(), self.time.into(), self.tags.into()]
    }
}

fn scores(chains: &Chains<Src, Src>) -> [Arg; 5] {
    let Chains { emissions, transitions, start, end, lengths } = *chains;
    [emissions.into(), transitions.into(), start.into(), end.into(), lengths.into()]
}

fn run(kernel: &'static str, grid: Grid, chains: &Chains<Src, Src>, own: Vec<Arg>, sizes: &Sizes) -> Outcome {
    let args: Vec<Arg> = scores(chains).into_iter().chain(own).chain(sizes.args()).collect();
    launch(&SOURCE, kernel, grid, &args)
}

/// log Z of each sentence.
pub fn log_z_forward(chains: Chains<Src, Src>, state: State<Dst>, log_z: Dst) -> Outcome {
    let Some(sizes) = Sizes::of(&chains) else { return Outcome::NoKernel };
    let own = vec![state.alpha.into(), state.scale.into(), log_z.into()];
    run("crf_log_z", sizes.grid(), &chains, own, &sizes)
}

/// The gradients of log Z.
pub fn log_z_backward(
    chains: Chains<Src, Src>,
    state: State<Src>,
    log_z: Src,
    dlog_z: Src,
    grads: Gradients<Dst>,
) -> Outcome {
    gradient(chains, None, Some(state.alpha), Some(log_z), dlog_z, grads)
}

/// −log P(tags) of each sentence.
pub fn nll_forward(
    chains: Chains<Src, Src>,
    tags: Src,
    state: State<Dst>,
    mut log_z: Dst,
    nll: Dst,
) -> Outcome {
    let Some(sizes) = Sizes::of(&chains) else { return Outcome::NoKernel };
    let _ = log_z_forward(chains, state, log_z.again());
    score(chains, tags, Some(log_z.src()), nll, &sizes)
}

/// The gradients of −log P(tags).
pub fn nll_backward(
    chains: Chains<Src, Src>,
    tags: Src,
    state: State<Src>,
    log_z: Src,
    dnll: Src,
    grads: Gradients<Dst>,
) -> Outcome {
    gradient(chains, Some(tags), Some(state.alpha), Some(log_z), dnll, grads)
}

/// The score of a tagging of each sentence.
pub fn score_forward(chains: Chains<Src, Src>, tags: Src, result: Dst) -> Outcome {
    let Some(sizes) = Sizes::of(&chains) else { return Outcome::NoKernel };
    score(chains, tags, None, result, &sizes)
}

/// The gradients of the score of a tagging.
pub fn score_backward(chains: Chains<Src, Src>, tags: Src, dscore: Src, grads: Gradients<Dst>) -> Outcome {
    gradient(chains, Some(tags), None, None, dscore, grads)
}

fn score(chains: Chains<Src, Src>, tags: Src, log_z: Option<Src>, result: Dst, sizes: &Sizes) -> Outcome {
    let own = vec![tags.into(), log_z.into(), result.into()];
    run("crf_score", Grid::cover(sizes.batch, 64), &chains, own, sizes)
}

fn gradient(
    chains: Chains<Src, Src>,
    tags: Option<Src>,
    alpha: Option<Src>,
    log_z: Option<Src>,
    slopes: Src,
    grads: Gradients<Dst>,
) -> Outcome {
    let Some(sizes) = Sizes::of(&chains) else { return Outcome::NoKernel };
    let (batch, k) = (sizes.batch, sizes.tags);
    // Of each sentence by itself; a sum over them follows.
    let [mut transitions, mut start, mut end] =
        [k * k, k, k].map(|n| Buffer::for_overwrite(slopes.kind(), batch * n));
    let own = vec![
        tags.into(),
        alpha.into(),
        log_z.into(),
        slopes.into(),
        grads.demissions.into(),
        transitions.dst().into(),
        start.dst().into(),
        end.dst().into(),
    ];
    let _ = run("crf_gradient", sizes.grid(), &chains, own, &sizes);
    let _ = reduce::sum(1, batch, k * k, transitions.src(), grads.dtransitions);
    let _ = reduce::sum(1, batch, k, start.src(), grads.dstart);
    reduce::sum(1, batch, k, end.src(), grads.dend)
}

/// The best tagging of each sentence and its score.
pub fn viterbi(chains: Chains<Src, Src>, path: Dst, score: Dst) -> Outcome {
    let Some(sizes) = Sizes::of(&chains) else { return Outcome::NoKernel };
    let mut alpha = Buffer::for_overwrite(chains.emissions.kind(), chains.emissions.len());
    let own = vec![alpha.dst().into(), path.into(), score.into()];
    run("crf_viterbi", sizes.grid(), &chains, own, &sizes)
}

//! Launches of crf.cu and viterbi.cu.

use super::chains::Shape;
use super::log_z::check_state;
use super::score::check_per_sentence;
use super::{Chains, Gradients, State};
use crate::cuda::{Arg, Grid, Source, launch, shared_limit, source};
use crate::memory::Buffer;
use crate::{DType, Dst, Outcome, Src, reduce};

pub(crate) static SOURCE: Source = source!("crf.cu");
pub(crate) static VITERBI: Source = source!("viterbi.cu");
/// Bytes of static shared memory, which kernels use besides what a launch gives them.
const STATIC: usize = 128;
/// The fewest floats of shared memory of viterbi, so that it fetches several rows at a time even for few tags.
const ROWS: usize = 2048;

/// B, T and K.
struct Sizes {
    batch: usize,
    time: usize,
    tags: usize,
}

impl Sizes {
    /// `None` if there is no kernel: for other dtypes, and for more tags than fit into a block's shared memory.
    /// The limit is the same for all kernels, so that every kernel can read what another has saved.
    fn of(chains: &Chains<Src, Src>) -> Option<Self> {
        let Shape { batch, len: time, tags } = shape(chains);
        let sizes = Sizes { batch, time, tags };
        let fits = 4 * sizes.tables(2, 4) + STATIC <= shared_limit(chains.emissions.device());
        (chains.emissions.dtype() == DType::F32 && fits).then_some(sizes)
    }

    /// The elements of `tables` tables [K, K], whose rows are an odd number of elements apart, and of `rows` rows `[K]`.
    fn tables(&self, tables: usize, rows: usize) -> usize {
        self.tags * (tables * (self.tags | 1) + rows)
    }

    /// A block for each sentence, a thread for each tag, and this many elements in shared memory.
    fn grid(&self, shared: usize) -> Grid {
        Grid::new(self.batch, self.tags.next_multiple_of(32).max(32)).shared(4 * shared)
    }

    fn args(&self) -> [Arg; 3] {
        [self.batch.into(), self.time.into(), self.tags.into()]
    }
}

#[track_caller]
fn shape(chains: &Chains<Src, Src>) -> Shape {
    let Chains { emissions, transitions, start, end, lengths } = *chains;
    let [emissions, transitions, start, end, lengths] =
        [emissions, transitions, start, end, lengths].map(|x| x.len());
    Shape::of(Chains { emissions, transitions, start, end, lengths })
}

/// Panics if the tags are not [B, T].
#[track_caller]
fn check_tags(chains: &Chains<Src, Src>, tags: Option<Src>) {
    let Shape { batch, len, .. } = shape(chains);
    let found = tags.map_or(batch * len, |tags| tags.len());
    assert!(found == batch * len, "crf: tags are [{batch}, {len}], not {found} elements");
}

/// Runs a kernel with its own arguments between the scores and the sizes.
fn run(kernel: &'static str, grid: Grid, chains: &Chains<Src, Src>, own: Vec<Arg>, sizes: &Sizes) -> Outcome {
    let Chains { emissions, transitions, start, end, lengths } = *chains;
    let scores = [emissions.into(), transitions.into(), start.into(), end.into(), lengths.into()];
    let args: Vec<Arg> = scores.into_iter().chain(own).chain(sizes.args()).collect();
    launch(&SOURCE, kernel, grid, &args)
}

/// log Z of each sentence.
pub fn log_z_forward(chains: Chains<Src, Src>, state: State<Dst>, log_z: Dst) -> Outcome {
    let Some(sizes) = Sizes::of(&chains) else { return Outcome::NoKernel };
    check_state(shape(&chains), state.alpha.len(), state.scale.len());
    check_per_sentence(shape(&chains), log_z.len(), "log_z");
    let own = vec![state.alpha.into(), state.scale.into(), log_z.into()];
    run("crf_log_z", sizes.grid(sizes.tags * (sizes.tags + 2)), &chains, own, &sizes)
}

/// The gradients of log Z.
pub fn log_z_backward(
    chains: Chains<Src, Src>,
    state: State<Src>,
    _log_z: Src,
    dlog_z: Src,
    grads: Gradients<Dst>,
) -> Outcome {
    gradient(chains, None, Some(state), dlog_z, grads)
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
    _log_z: Src,
    dnll: Src,
    grads: Gradients<Dst>,
) -> Outcome {
    gradient(chains, Some(tags), Some(state), dnll, grads)
}

/// The score of a tagging of each sentence.
pub fn score_forward(chains: Chains<Src, Src>, tags: Src, result: Dst) -> Outcome {
    let Some(sizes) = Sizes::of(&chains) else { return Outcome::NoKernel };
    score(chains, tags, None, result, &sizes)
}

/// The gradients of the score of a tagging.
pub fn score_backward(chains: Chains<Src, Src>, tags: Src, dscore: Src, grads: Gradients<Dst>) -> Outcome {
    gradient(chains, Some(tags), None, dscore, grads)
}

/// A warp for each sentence.
fn score(chains: Chains<Src, Src>, tags: Src, log_z: Option<Src>, result: Dst, sizes: &Sizes) -> Outcome {
    check_tags(&chains, Some(tags));
    check_per_sentence(shape(&chains), result.len(), "the result");
    let own = vec![tags.into(), log_z.into(), result.into()];
    run("crf_score", Grid::new(sizes.batch.div_ceil(4), 128), &chains, own, sizes)
}

#[track_caller]
fn check_gradients(chains: &Chains<Src, Src>, grads: &Gradients<Dst>) {
    let Gradients { demissions, dtransitions, dstart, dend } = grads;
    shape(chains).check_gradients([demissions.len(), dtransitions.len(), dstart.len(), dend.len()]);
}

/// Panics if [`log_marginals_forward`] would read or write other cells than the emissions have.
#[track_caller]
fn check_cells<const N: usize>(chains: &Chains<Src, Src>, lens: [usize; N]) {
    let cells = chains.emissions.len();
    assert!(lens == [cells; N], "crf: beta and the log-marginals have {cells} cells, not {lens:?}");
}

fn gradient(
    chains: Chains<Src, Src>,
    tags: Option<Src>,
    state: Option<State<Src>>,
    slopes: Src,
    grads: Gradients<Dst>,
) -> Outcome {
    let Some(sizes) = Sizes::of(&chains) else { return Outcome::NoKernel };
    check_tags(&chains, tags);
    check_per_sentence(shape(&chains), slopes.len(), "the upstream gradient");
    state.iter().for_each(|state| check_state(shape(&chains), state.alpha.len(), state.scale.len()));
    check_gradients(&chains, &grads);
    let grid = sizes.grid(sizes.tables(2, 2));
    let (alpha, scale) = (state.map(|state| state.alpha), state.map(|state| state.scale));
    summed(&sizes, slopes, grads, |demissions, [transitions, start, end]| {
        let own = vec![tags.into(), alpha.into(), scale.into(), slopes.into(), demissions.into()];
        let weights = [transitions.into(), start.into(), end.into()];
        run("crf_gradient", grid, &chains, own.into_iter().chain(weights).collect(), &sizes)
    })
}

/// Lets a kernel write the gradients of transitions, start and end for each sentence separately, then adds them over
/// sentences. Buffers have the dtype and device of `like`.
fn summed(
    sizes: &Sizes,
    like: Src,
    grads: Gradients<Dst>,
    kernel: impl FnOnce(Dst, [Dst; 3]) -> Outcome,
) -> Outcome {
    let (batch, k) = (sizes.batch, sizes.tags);
    let [mut transitions, mut start, mut end] =
        [k * k, k, k].map(|n| Buffer::for_overwrite(like.kind(), batch * n));
    let _ = kernel(grads.demissions, [transitions.dst(), start.dst(), end.dst()]);
    let _ = reduce::sum(1, batch, k * k, transitions.src(), grads.dtransitions);
    let _ = reduce::sum(1, batch, k, start.src(), grads.dstart);
    reduce::sum(1, batch, k, end.src(), grads.dend)
}

/// The log-marginals.
pub fn log_marginals_forward(
    chains: Chains<Src, Src>,
    mut state: State<Dst>,
    beta: Dst,
    log_z: Dst,
    log_p: Dst,
) -> Outcome {
    let Some(sizes) = Sizes::of(&chains) else { return Outcome::NoKernel };
    check_cells(&chains, [beta.len(), log_p.len()]);
    let again = State { alpha: state.alpha.again(), scale: state.scale.again() };
    let _ = log_z_forward(chains, again, log_z);
    let Chains { emissions, transitions, end, lengths, .. } = chains;
    let given = [emissions, transitions, end, lengths, state.alpha.src(), state.scale.src()].map(Arg::from);
    let written = [beta.into(), log_p.into()];
    let args: Vec<Arg> = given.into_iter().chain(written).chain(sizes.args()).collect();
    launch(&SOURCE, "crf_marginals", sizes.grid(sizes.tables(1, 2)), &args)
}

/// The gradients of the log-marginals.
pub fn log_marginals_backward(
    chains: Chains<Src, Src>,
    state: State<Src>,
    beta: Src,
    _log_z: Src,
    dlog_p: Src,
    grads: Gradients<Dst>,
) -> Outcome {
    let Some(sizes) = Sizes::of(&chains) else { return Outcome::NoKernel };
    check_cells(&chains, [beta.len(), dlog_p.len()]);
    check_state(shape(&chains), state.alpha.len(), state.scale.len());
    check_gradients(&chains, &grads);
    let Chains { emissions, transitions, end, lengths, .. } = chains;
    let given = [emissions, transitions, end, lengths, state.alpha, state.scale, beta, dlog_p].map(Arg::from);
    let grid = sizes.grid(sizes.tables(2, 4));
    summed(&sizes, dlog_p, grads, |demissions, weights| {
        let written = [demissions.into()].into_iter().chain(weights.map(Arg::from));
        let args: Vec<Arg> = given.into_iter().chain(written).chain(sizes.args()).collect();
        launch(&SOURCE, "crf_marginals_gradient", grid, &args)
    })
}

/// The best tagging of each sentence and its score.
pub fn viterbi(chains: Chains<Src, Src>, path: Dst, score: Dst) -> Outcome {
    let Some(sizes) = Sizes::of(&chains) else { return Outcome::NoKernel };
    check_tags(&chains, Some(path.src()));
    check_per_sentence(shape(&chains), score.len(), "the score");
    let mut from = Buffer::for_overwrite(chains.emissions.kind().of(DType::U32), chains.emissions.len());
    let shared = ROWS.max(sizes.tags * (sizes.tags + 2));
    let Chains { emissions, transitions, start, end, lengths } = chains;
    let given = [emissions, transitions, start, end, lengths].map(Arg::from);
    let written = [from.dst().into(), path.into(), score.into()];
    let args: Vec<Arg> =
        given.into_iter().chain(written).chain(sizes.args()).chain([shared.into()]).collect();
    launch(&VITERBI, "crf_viterbi", sizes.grid(shared), &args)
}

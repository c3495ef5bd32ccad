//! The rungs of the CRF: log Z, its gradient, and Viterbi.

use super::{Chains as Scores, Gradients, State, marginals as log_p, score as score_of};
use crate::crf::cuda::{SOURCE, VITERBI};
use crate::cuda::ladder::{as_on_the_cpu, assert_same, integers, ladder, numbers};
use crate::cuda::{Arg, Grid, launch};
use crate::memory::Buffer;
use crate::{DType, Device, Kind, Outcome, Src};

const BATCH: usize = 6;
const TIME: usize = 5;
const TAGS: usize = 11;

/// Emissions, transitions, start, end and lengths.
type Chains = [Buffer; 5];

fn chains(kind: Kind) -> Chains {
    let [emissions, transitions] =
        [(BATCH * TIME * TAGS, 18), (TAGS * TAGS, 19)].map(|(n, stream)| numbers(kind, n, stream));
    let [start, end] = [20, 21].map(|stream| numbers(kind, TAGS, stream));
    [emissions, transitions, start, end, integers(kind, &[5, 1, 0, 3, 4, 2])]
}

fn given(chains: &Chains) -> Vec<Arg> {
    chains.iter().map(|x| x.src().into()).collect()
}

fn sizes() -> [Arg; 3] {
    [BATCH, TIME, TAGS].map(Arg::from)
}

/// A block for each sentence, with shared memory for this many tables and rows.
fn blocks(tables: usize, rows: usize) -> Grid {
    Grid::new(BATCH, 32).shared(4 * TAGS * (tables * (TAGS | 1) + rows))
}

pub(crate) fn check(kind: Kind) {
    let chains = chains(kind);
    log_z(kind, &chains);
    gradient(kind, &chains);
    viterbi(kind, &chains);
    score(kind, &chains);
    marginals(kind, &chains);
}

fn log_z(kind: Kind, chains: &Chains) {
    let rungs = [("crf_log_z_plain", Grid::cover(BATCH, 32)), ("crf_log_z", blocks(1, 2))];
    ladder(kind, &SOURCE, &rungs, &[BATCH * TIME * TAGS, BATCH * TIME, BATCH], |_, y| {
        let written = [0, 1, 2].map(|i| Arg::from(y[i].dst()));
        given(chains).into_iter().chain(written).chain(sizes()).collect()
    });
}

/// Of log Z, less the score of a tagging; of log Z alone; of a score alone.
fn gradient(kind: Kind, chains: &Chains) {
    let [mut alpha, mut scale, mut z] =
        [BATCH * TIME * TAGS, BATCH * TIME, BATCH].map(|n| Buffer::zeros(kind, n));
    let written = [&mut alpha, &mut scale, &mut z].map(|x| Arg::from(x.dst()));
    let args: Vec<Arg> = given(chains).into_iter().chain(written).chain(sizes()).collect();
    let _ = launch(&SOURCE, "crf_log_z", blocks(1, 2), &args);
    let labels: Vec<i64> = (0..BATCH * TIME).map(|i| (7 * i % TAGS) as i64).collect();
    let (labels, slopes) = (integers(kind, &labels), numbers(kind, BATCH, 22));
    let mut rows = Buffer::zeros(kind, BATCH * 2 * TAGS);
    let rungs = [("crf_gradient_plain", Grid::cover(BATCH, 32)), ("crf_gradient", blocks(2, 2))];
    let results = [BATCH * TIME * TAGS, BATCH * TAGS * TAGS, BATCH * TAGS, BATCH * TAGS];
    for (tagged, all) in [(true, true), (false, true), (true, false)] {
        let state = all.then_some([&alpha, &scale]);
        let scratch = Arg::from(rows.dst());
        ladder(kind, &SOURCE, &rungs, &results, |kernel, y| {
            let labels: Option<Src> = tagged.then(|| labels.src());
            let state = [0, 1].map(|i| Arg::from(state.map(|state| state[i].src())));
            let written = [0, 1, 2, 3].map(|i| Arg::from(y[i].dst()));
            let rows = (kernel == "crf_gradient_plain").then(|| scratch.clone());
            let read = [labels.into()].into_iter().chain(state).chain([slopes.src().into()]);
            given(chains).into_iter().chain(read).chain(written).chain(rows).chain(sizes()).collect()
        });
    }
}

fn viterbi(kind: Kind, chains: &Chains) {
    let shared = 3 * TAGS * TAGS;
    let found = [
        ("crf_viterbi_plain", Grid::cover(BATCH, 32), DType::F32),
        ("crf_viterbi", Grid::new(BATCH, 32).shared(4 * shared), DType::U32),
    ]
    .map(|(kernel, grid, dtype)| {
        let mut scratch = Buffer::zeros(kind.of(dtype), BATCH * TIME * TAGS);
        let mut path = Buffer::zeros(kind.of(DType::I64), BATCH * TIME);
        let mut score = Buffer::zeros(kind, BATCH);
        let written = [&mut scratch, &mut path, &mut score].map(|x| Arg::from(x.dst()));
        let mut args: Vec<Arg> = given(chains).into_iter().chain(written).chain(sizes()).collect();
        args.extend((kernel == "crf_viterbi").then(|| Arg::from(shared)));
        let _ = launch(&VITERBI, kernel, grid, &args);
        (path.to_device(Device::Cpu).slice::<i64>().to_vec(), score)
    });
    let [(plain_path, plain_score), (path, score)] = &found;
    assert_eq!(plain_path, path, "crf_viterbi: the paths");
    assert_same("crf_viterbi, the scores", plain_score, score);
}

fn score(kind: Kind, chains: &Chains) {
    let labels: Vec<i64> = (0..BATCH * TIME).map(|i| (7 * i % TAGS) as i64).collect();
    let labels = integers(kind, &labels);
    let operands: Vec<&Buffer> = chains.iter().chain([&labels]).collect();
    as_on_the_cpu("crf_score", &operands, &Buffer::zeros(kind, BATCH), |x, y| {
        let &[emissions, transitions, start, end, lengths, tags] = x else { unreachable!() };
        score_of::forward(Scores { emissions, transitions, start, end, lengths }, tags, y)
    });
}

fn marginals(kind: Kind, chains: &Chains) {
    let dlog_p = numbers(kind, BATCH * TIME * TAGS, 23);
    let run = |device: Device| {
        let on_device = |x: &Buffer| x.to_device(device);
        let (scores, dlog_p) = (chains.each_ref().map(on_device), on_device(&dlog_p));
        let scores = || {
            let [emissions, transitions, start, end, lengths] = scores.each_ref().map(Buffer::src);
            Scores { emissions, transitions, start, end, lengths }
        };
        let zeros = |n: usize| Buffer::zeros(Kind { device, ..kind }, n);
        let cells = BATCH * TIME * TAGS;
        let [mut alpha, mut beta, mut log_p] = [cells; 3].map(zeros);
        let [mut scale, mut log_z] = [BATCH * TIME, BATCH].map(zeros);
        let state = State { alpha: alpha.dst(), scale: scale.dst() };
        let outcome = log_p::forward(scores(), state, beta.dst(), log_z.dst(), log_p.dst());
        assert_eq!(outcome, Outcome::Done, "crf_marginals: no kernel on {device}");
        let mut gradients = [cells, TAGS * TAGS, TAGS, TAGS].map(zeros);
        let [demissions, dtransitions, dstart, dend] = gradients.each_mut().map(Buffer::dst);
        let gradients_to = Gradients { demissions, dtransitions, dstart, dend };
        let state = State { alpha: alpha.src(), scale: scale.src() };
        let outcome = log_p::backward(scores(), state, beta.src(), log_z.src(), dlog_p.src(), gradients_to);
        assert_eq!(outcome, Outcome::Done, "crf_marginals_gradient: no kernel on {device}");
        let [demissions, dtransitions, dstart, dend] = gradients;
        [log_p, demissions, dtransitions, dstart, dend]
    };
    for (result, (device, cpu)) in run(kind.device).iter().zip(&run(Device::Cpu)).enumerate() {
        assert_same(&format!("crf_marginals, result {result}"), cpu, device);
    }
}

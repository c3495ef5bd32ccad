//! Batches of chains, everything that is computed of them, and the same by enumeration.

mod rounding;
mod splits;
mod taggings;

use super::chains::{Chains, Gradients, State};
use super::log_z::{backward_sentence, forward_sentence, log_z_backward, log_z_forward};
use super::marginals::{
    log_marginals_backward, log_marginals_forward, marginals_of_sentence, tangent_of_sentence,
};
use super::nll::{nll_backward, nll_forward};
use super::score::{score_backward, score_forward};
use super::viterbi::viterbi_forward;
use crate::Real;
use crate::philox::Stream;

const NEVER: f64 = f64::NEG_INFINITY;

/// A batch with its sizes; all values are exact in `f32`.
#[derive(Clone)]
struct Batch {
    lengths: Vec<i64>,
    len: usize,
    k: usize,
    emissions: Vec<f64>,
    transitions: Vec<f64>,
    start: Vec<f64>,
    end: Vec<f64>,
    tags: Vec<i64>,
}

/// Everything that is computed of a batch, as `f64`.
struct Results {
    log_z: Vec<f64>,
    nll: Vec<f64>,
    score: Vec<f64>,
    log_p: Vec<f64>,
    path: Vec<i64>,
    best: Vec<f64>,
    /// Of log Z, score, nll and the log-marginals: [demissions | dtransitions | dstart | dend].
    grads: [Vec<f64>; 4],
    /// Which sentences the log-marginals took in logarithms.
    logs: Vec<bool>,
}

fn random(seed: u64, n: usize, scale: f64) -> Vec<f64> {
    let s = Stream { seed, stream: 7 };
    (0..n as u64).map(|i| f64::from((s.normal(i) * scale as f32 * 64.0).round() / 64.0)).collect()
}

impl Batch {
    fn new(seed: u64, lengths: &[i64], len: usize, k: usize, scale: f64) -> Self {
        let b = lengths.len();
        let s = Stream { seed, stream: 9 };
        Batch {
            lengths: lengths.to_vec(),
            len,
            k,
            emissions: random(seed, b * len * k, scale),
            transitions: random(seed + 1, k * k, scale),
            start: random(seed + 2, k, scale),
            end: random(seed + 3, k, scale),
            tags: (0..(b * len) as u64).map(|i| s.below(i, k as u64) as i64).collect(),
        }
    }

    /// Forbids every third transition (never that from a tag to itself), tag 1 at the start, tag 0 at the
    /// end and tag 2 at the second position, if there are such tags and positions.
    fn constrained(mut self) -> Self {
        for i in 0..self.k {
            for j in 0..self.k {
                if i != j && (i + 2 * j) % 3 == 0 {
                    self.transitions[i * self.k + j] = NEVER;
                }
            }
        }
        if self.k > 2 {
            self.start[1] = NEVER;
            self.end[0] = NEVER;
            for b in 0..self.lengths.len() {
                if self.len > 1 {
                    self.emissions[(b * self.len + 1) * self.k + 2] = NEVER;
                }
            }
        }
        self
    }

    fn run<T: Real>(&self, up: &[f64], dlog_p: &[f64]) -> Results {
        let cast = |x: &[f64]| x.iter().map(|&x| T::from_f64(x)).collect::<Vec<T>>();
        let back = |x: &[T]| x.iter().map(|x| x.to_f64()).collect::<Vec<f64>>();
        let (e, tr, st, en) =
            (cast(&self.emissions), cast(&self.transitions), cast(&self.start), cast(&self.end));
        let chains = Chains {
            emissions: &e[..],
            transitions: &tr[..],
            start: &st[..],
            end: &en[..],
            lengths: &self.lengths[..],
        };
        let (b, cells) = (self.lengths.len(), e.len());
        let nan = T::from_f64(f64::NAN);
        let (up, dlog_p) = (cast(up), cast(dlog_p));
        let (mut alpha, mut beta, mut scale) = (vec![nan; cells], vec![nan; cells], vec![nan; b * self.len]);
        let (mut log_z, mut nll, mut score, mut best) =
            (vec![nan; b], vec![nan; b], vec![nan; b], vec![nan; b]);
        let mut log_p = vec![nan; cells];
        let gradients = |f: &mut dyn FnMut(Gradients<&mut [T]>)| {
            let (mut a, mut b, mut c, mut d) =
                (vec![nan; cells], vec![nan; tr.len()], vec![nan; self.k], vec![nan; self.k]);
            f(Gradients { demissions: &mut a, dtransitions: &mut b, dstart: &mut c, dend: &mut d });
            [back(&a), back(&b), back(&c), back(&d)].concat()
        };

        log_marginals_forward(
            chains,
            State { alpha: &mut alpha[..], scale: &mut scale[..] },
            &mut beta,
            &mut log_z,
            &mut log_p,
        );
        let state = State { alpha: &alpha[..], scale: &scale[..] };
        let marginals = gradients(&mut |g| log_marginals_backward(chains, state, &beta, &log_z, &dlog_p, g));
        let logs = (0..b).map(|b| scale.get(b * self.len).is_some_and(|c| c.to_f64() == 0.0)).collect();

        alpha.fill(nan);
        log_z_forward(chains, State { alpha: &mut alpha[..], scale: &mut scale[..] }, &mut log_z);
        let state = State { alpha: &alpha[..], scale: &scale[..] };
        let of_log_z = gradients(&mut |g| log_z_backward(chains, state, &log_z, &up, g));

        score_forward(chains, &self.tags, &mut score);
        let of_score = gradients(&mut |g| score_backward(chains, &self.tags, &up, g));

        let state = State { alpha: &mut alpha[..], scale: &mut scale[..] };
        nll_forward(chains, &self.tags, state, &mut log_z, &mut nll);
        let state = State { alpha: &alpha[..], scale: &scale[..] };
        let of_nll = gradients(&mut |g| nll_backward(chains, &self.tags, state, &log_z, &up, g));

        let mut path = vec![7; b * self.len];
        viterbi_forward(chains, &mut path, &mut best);
        Results {
            log_z: back(&log_z),
            nll: back(&nll),
            score: back(&score),
            log_p: back(&log_p),
            path,
            best: back(&best),
            grads: [of_log_z, of_score, of_nll, marginals],
            logs,
        }
    }

    /// The same by enumeration of all taggings.
    fn enumerate(&self, up: &[f64], dlog_p: &[f64]) -> Results {
        let (b_count, k, cells) = (self.lengths.len(), self.k, self.emissions.len());
        let weights = cells + k * k + 2 * k;
        let mut r = Results {
            log_z: vec![0.0; b_count],
            nll: vec![0.0; b_count],
            score: vec![0.0; b_count],
            log_p: vec![0.0; cells],
            path: vec![-1; b_count * self.len],
            best: vec![0.0; b_count],
            grads: std::array::from_fn(|_| vec![0.0; weights]),
            logs: vec![],
        };
        let scores = [&self.emissions[..], &self.transitions, &self.start, &self.end].concat();
        for b in 0..b_count {
            let n = self.lengths[b] as usize;
            if n == 0 {
                continue;
            }
            let cell = |t: usize, j: usize| (b * self.len + t) * k + j;
            // The scores that a tagging uses.
            let used = |y: &[usize]| {
                let mut used = vec![cells + k * k + y[0], cells + k * k + k + y[n - 1]];
                used.extend(y.iter().enumerate().map(|(t, &j)| cell(t, j)));
                used.extend(y.windows(2).map(|y| cells + y[0] * k + y[1]));
                used
            };
            // Ordered so that the last position counts most: the first best one is Viterbi's.
            let taggings: Vec<Vec<usize>> = (0..k.pow(n as u32))
                .map(|code| (0..n).map(|t| code / k.pow(t as u32) % k).collect())
                .collect();
            let score = |y: &[usize]| used(y).iter().map(|&c| scores[c]).sum::<f64>();
            let all: Vec<f64> = taggings.iter().map(|y| score(y)).collect();
            let max = all.iter().copied().fold(NEVER, f64::max);
            r.best[b] = max;
            let best = taggings[all.iter().position(|&s| s == max).unwrap()].clone();
            let lse = |x: &mut dyn Iterator<Item = f64>| max + x.map(|x| (x - max).exp()).sum::<f64>().ln();
            let tags: Vec<usize> = self.tags[b * self.len..][..n].iter().map(|&y| y as usize).collect();
            r.score[b] = score(&tags);
            r.log_z[b] = if max == NEVER { NEVER } else { lse(&mut all.iter().copied()) };
            r.nll[b] = if r.score[b] == NEVER { -NEVER } else { r.log_z[b] - r.score[b] };
            let add = |g: &mut Vec<f64>, y: &[usize], by: f64| {
                for c in used(y) {
                    if scores[c] > NEVER {
                        g[c] += by;
                    }
                }
            };
            add(&mut r.grads[1], &tags, up[b]);
            if max == NEVER {
                r.log_p[cell(0, 0)..cell(n, 0)].fill(NEVER);
                r.path[b * self.len..][..n].fill(0);
                continue;
            }
            for t in 0..n {
                r.path[b * self.len + t] = best[t] as i64;
                for j in 0..k {
                    let through = taggings.iter().zip(&all).filter(|(y, _)| y[t] == j).map(|(_, &s)| s);
                    r.log_p[cell(t, j)] = lse(&mut through.into_iter()) - r.log_z[b];
                }
            }
            let possible = |c: usize| r.log_p[c] > NEVER;
            let total: f64 = (cell(0, 0)..cell(n, 0)).filter(|&c| possible(c)).map(|c| dlog_p[c]).sum();
            for (y, s) in taggings.iter().zip(&all) {
                let p = (s - r.log_z[b]).exp();
                if p == 0.0 {
                    continue;
                }
                let f: f64 = (0..n)
                    .map(|t| dlog_p[cell(t, y[t])] * (s - r.log_z[b] - r.log_p[cell(t, y[t])]).exp())
                    .sum();
                add(&mut r.grads[0], y, up[b] * p);
                add(&mut r.grads[2], y, up[b] * p);
                add(&mut r.grads[3], y, f - p * total);
            }
            add(&mut r.grads[2], &tags, -up[b]);
        }
        r
    }
}

/// Equal, infinities included, or within `tol` of the largest finite value of the array.
#[track_caller]
fn assert_close(what: &str, found: &[f64], expected: &[f64], tol: f64) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let size = expected.iter().filter(|x| x.is_finite()).fold(1.0f64, |a, x| a.max(x.abs()));
    for (i, (x, y)) in found.iter().zip(expected).enumerate() {
        assert!(x == y || (x - y).abs() <= tol * size, "{what}[{i}]: {x}, expected {y}");
    }
}

#[track_caller]
fn assert_same(found: &Results, expected: &Results, tol: f64) {
    assert_close("log_z", &found.log_z, &expected.log_z, tol);
    assert_close("score", &found.score, &expected.score, tol);
    assert_close("nll", &found.nll, &expected.nll, tol);
    assert_close("log_p", &found.log_p, &expected.log_p, tol);
    assert_close("best", &found.best, &expected.best, tol);
    for (name, (x, y)) in
        ["log_z", "score", "nll", "log_p"].iter().zip(found.grads.iter().zip(&expected.grads))
    {
        assert_close(&format!("gradient of {name}"), x, y, tol);
    }
}

fn upstream(batch: &Batch) -> (Vec<f64>, Vec<f64>) {
    (random(11, batch.lengths.len(), 1.0), random(12, batch.emissions.len(), 1.0))
}

/// Long chains of many tags, whose f32 results stay in the scaled form.
fn long() -> Vec<Batch> {
    let mut all = Vec::new();
    for (seed, (len, k)) in
        [(50, 9), (40, 50), (30, 8), (31, 7), (20, 16), (10, 33), (200, 2), (5, 70)].into_iter().enumerate()
    {
        let n = len as i64;
        let batch = Batch::new(40 + seed as u64, &[n, 1, 0, n / 2, n - 1, n, 2, n, n, 3, n], len, k, 1.5);
        all.extend([batch.clone().constrained(), batch]);
    }
    all
}

/// log Z, log-marginals and the gradients of both by the plain kernels.
fn plain<T: Real>(batch: &Batch, up: &[f64], dlog_p: &[f64]) -> [Vec<f64>; 4] {
    let cast = |x: &[f64]| x.iter().map(|&x| T::from_f64(x)).collect::<Vec<T>>();
    let back = |x: &[T]| x.iter().map(|x| x.to_f64()).collect::<Vec<f64>>();
    let (e, tr, st, en) =
        (cast(&batch.emissions), cast(&batch.transitions), cast(&batch.start), cast(&batch.end));
    let chains = Chains {
        emissions: &e[..],
        transitions: &tr[..],
        start: &st[..],
        end: &en[..],
        lengths: &batch.lengths[..],
    };
    let (shape, zeros) = (chains.shape(), |n: usize| vec![T::ZERO; n]);
    let mut log_z = zeros(shape.batch);
    let (mut log_p, mut de, mut dp) = (zeros(e.len()), zeros(e.len()), zeros(e.len()));
    let (mut slot_e, mut slot_p) = (zeros(shape.weights()), zeros(shape.weights()));
    let (mut alpha, mut beta) = (zeros(shape.cells()), zeros(shape.cells()));
    let mut scratch = zeros(2 * shape.cells().max(shape.len));
    for b in 0..shape.batch {
        let cells = b * shape.cells()..(b + 1) * shape.cells();
        log_z[b] = forward_sentence(&chains, shape, b, &mut alpha, &mut scratch[..shape.len]);
        let g = T::from_f64(up[b]);
        backward_sentence(
            &chains,
            shape,
            b,
            &alpha,
            log_z[b],
            g,
            &mut beta,
            &mut de[cells.clone()],
            &mut slot_e,
        );
        let log_p = &mut log_p[cells.clone()];
        marginals_of_sentence(&chains, shape, b, &mut alpha, &mut scratch[..shape.len], &mut beta, log_p);
        let u = cast(&dlog_p[cells.clone()]);
        tangent_of_sentence(
            &chains,
            shape,
            b,
            &alpha,
            &beta,
            log_z[b],
            &u,
            &mut scratch,
            &mut dp[cells],
            &mut slot_p,
        );
    }
    [back(&log_z), back(&log_p), back(&[de, slot_e].concat()), back(&[dp, slot_p].concat())]
}

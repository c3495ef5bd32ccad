//! The rungs of the CRF kernels, timed: `cargo run --release -p gradus-kernels --example crf_ladder`.
//!
//! The plain rung is the textbook's, in logarithms and `f64`; the fast one is what `f32` runs.

mod rungs;

use gradus_kernels::Real;
use gradus_kernels::crf::{Chains, Gradients, State, marginals, nll, viterbi};
use gradus_kernels::philox::Stream;

const B: usize = 32;
const T: usize = 50;

fn main() {
    println!(
        "B = {B}, T = {T}, median of 41 in ms, {} threads, peak of one core {:.0} GFLOP/s",
        rayon::current_num_threads(),
        rungs::peak()
    );
    println!("{:28}{:>10}{:>10}", "", "plain f64", "f32");
    for k in [9, 50] {
        let (plain, fast) = (times::<f64>(k), times::<f32>(k));
        let names = ["nll and gradient", "log-marginals and gradient", "Viterbi"];
        for (name, (plain, fast)) in names.iter().zip(plain.iter().zip(&fast)) {
            println!("{:28}{plain:10.3}{fast:10.3}", format!("{name}, K = {k}"));
        }
    }
}

fn random<R: Real>(stream: u64, n: usize) -> Vec<R> {
    let s = Stream { seed: 1, stream };
    (0..n as u64).map(|i| R::from_f64(s.normal(i).into())).collect()
}

/// Of the loss, the log-marginals (both with gradients) and Viterbi.
fn times<R: Real>(k: usize) -> [f64; 3] {
    let (emissions, transitions) = (random::<R>(1, B * T * k), random::<R>(2, k * k));
    let (start, end, lengths) = (random::<R>(3, k), random::<R>(4, k), vec![T as i64; B]);
    let chains = Chains {
        emissions: &emissions[..],
        transitions: &transitions[..],
        start: &start[..],
        end: &end[..],
        lengths: &lengths[..],
    };
    let stream = Stream { seed: 1, stream: 5 };
    let tags: Vec<i64> = (0..(B * T) as u64).map(|i| stream.below(i, k as u64) as i64).collect();
    let (up, dlog_p) = (vec![R::ONE; B], random::<R>(6, B * T * k));
    let cells = || vec![R::ZERO; B * T * k];
    let (mut alpha, mut beta, mut log_p, mut demissions) = (cells(), cells(), cells(), cells());
    let mut scale = [R::ZERO; B * T];
    let (mut log_z, mut loss) = (vec![R::ZERO; B], vec![R::ZERO; B]);
    let mut weights = (transitions.clone(), start.clone(), end.clone());
    let mut path = vec![0; B * T];

    let mut gradients = || {
        let mut step = |marginal: bool| {
            let state = State { alpha: &mut alpha[..], scale: &mut scale[..] };
            if marginal {
                marginals::log_marginals_forward(chains, state, &mut beta, &mut log_z, &mut log_p);
            } else {
                nll::nll_forward(chains, &tags, state, &mut log_z, &mut loss);
            }
            let state = State { alpha: &alpha[..], scale: &scale[..] };
            let grads = Gradients {
                demissions: &mut demissions[..],
                dtransitions: &mut weights.0[..],
                dstart: &mut weights.1[..],
                dend: &mut weights.2[..],
            };
            if marginal {
                marginals::log_marginals_backward(chains, state, &beta, &log_z, &dlog_p, grads);
            } else {
                nll::nll_backward(chains, &tags, state, &log_z, &up, grads);
            }
        };
        [median(|| step(false)), median(|| step(true))]
    };
    let [of_nll, of_marginals] = gradients();
    let of_viterbi = median(|| viterbi::viterbi_forward(chains, &mut path, &mut loss));
    [of_nll, of_marginals, of_viterbi]
}

fn median(f: impl FnMut()) -> f64 {
    rungs::median(41, f)
}

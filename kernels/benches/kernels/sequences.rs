//! What goes over sentences: LSTM, attention, CRF.

use crate::{labels, random};
use criterion::{BatchSize, Criterion};
use gradus_kernels::attention::{
    Attention, Gradients, Inputs, Place, Shape, Strides, Upstream, View, attention_backward,
    attention_forward,
};
use gradus_kernels::crf::{self, Chains, State, nll, viterbi};
use gradus_kernels::lstm::{Backward, Forward, Sizes, WeightGradients, Weights, saved_len};

pub fn all(criterion: &mut Criterion) {
    lstm(criterion, Sizes { batch: 32, time: 30, input: 100, hidden: 256, directions: 2 });
    attention(criterion, Shape { batch: 8, heads: 12, queries: 256, keys: 256, dim: 32 }, false);
    attention(criterion, Shape { batch: 1, heads: 8, queries: 1024, keys: 1024, dim: 64 }, true);
    for tags in [9, 50] {
        crf(criterion, tags);
    }
}

fn lstm(criterion: &mut Criterion, sizes: Sizes) {
    let Sizes { batch, time, input: d, hidden: h, directions } = sizes;
    let arrays: Vec<[Vec<f32>; 4]> = (0..directions as u64)
        .map(|i| [4 * h * d, 4 * h * h, 4 * h, 4 * h].map(|count| random(10 * i + count as u64, count, 0.05)))
        .collect();
    let weights = || {
        let mut all = vec![];
        for [w_ih, w_hh, b_ih, b_hh] in &arrays {
            all.push(Weights { w_ih: &w_ih[..], w_hh, b_ih, b_hh });
        }
        all
    };
    let (x, dy) = (random(1, batch * time * d, 1.0), random(2, batch * time * directions * h, 1.0));
    let zeros = vec![0.0; directions * batch * h];
    let (mut y, mut h_n, mut c_n) = (dy.clone(), zeros.clone(), zeros.clone());
    let mut saved = vec![0.0; saved_len(&sizes, None)];
    let (mut dx, mut darrays, mut dh0, mut dc0) = (x.clone(), arrays.clone(), zeros.clone(), zeros.clone());
    let mut forward = || {
        Forward {
            sizes,
            lengths: None,
            x: &x[..],
            weights: weights(),
            h0: &zeros,
            c0: &zeros,
            y: &mut y[..],
            h_n: &mut h_n,
            c_n: &mut c_n,
            saved: &mut saved,
        }
        .run();
    };
    // Backward reads what forward saves.
    forward();
    criterion.bench_function("lstm/forward", |bencher| bencher.iter(&mut forward));
    criterion.bench_function("lstm/backward", |bencher| {
        // A copy each time, outside what is timed: backward overwrites it.
        let saved_again = || saved.clone();
        let backward = |saved: &mut Vec<f32>| {
            let gradients = darrays.iter_mut().map(|[dw_ih, dw_hh, db, _]| WeightGradients {
                dw_ih: &mut dw_ih[..],
                dw_hh: &mut dw_hh[..],
                db: &mut db[..],
            });
            Backward {
                sizes,
                lengths: None,
                x: &x[..],
                weights: weights(),
                h0: &zeros,
                c0: &zeros,
                y: &y,
                saved: &mut saved[..],
                dy: &dy,
                dh_n: &zeros,
                dc_n: &zeros,
                dx: Some(&mut dx[..]),
                dweights: gradients.collect(),
                dh0: &mut dh0,
                dc0: &mut dc0,
            }
            .run();
        };
        bencher.iter_batched_ref(saved_again, backward, BatchSize::PerIteration);
    });
}

/// Over heads that are side by side in each row [B, T, N, dim].
fn attention(criterion: &mut Criterion, shape: Shape, causal: bool) {
    let Shape { batch, heads, queries, dim, .. } = shape;
    let cells = batch * heads * queries * dim;
    let [q, k, v, dout] = [1, 2, 3, 4].map(|stream| random(stream, cells, 1.0));
    let row = heads * dim;
    let strides = Strides { batch: queries * row, head: dim, row };
    let view = |data| View { data, offset: 0, strides };
    let inputs = Inputs { q: view(&q[..]), k: view(&k[..]), v: view(&v[..]) };
    let options = Attention { shape, scale: 1.0 / (dim as f64).sqrt(), causal, mask: None, dropout: None };
    let (mut o, mut lse) = (vec![0.0; cells], vec![0.0; batch * heads * queries]);
    let [mut dq, mut dk, mut dv] = [(); 3].map(|()| vec![0.0; cells]);
    let mut forward =
        || attention_forward(&options, inputs, View { data: &mut o[..], offset: 0, strides }, &mut lse);
    // Backward reads what forward leaves.
    forward();
    let name = format!("attention/{queries}x{dim}{}", if causal { "_causal" } else { "" });
    criterion.bench_function(&format!("{name}/forward"), |bencher| bencher.iter(&mut forward));
    criterion.bench_function(&format!("{name}/backward"), |bencher| {
        bencher.iter(|| {
            let place = |buffer| Place { buffer, offset: 0, strides };
            attention_backward(
                &options,
                inputs,
                Upstream { o: view(&o[..]), lse: &lse[..], dout: view(&dout[..]) },
                Gradients {
                    buffers: vec![&mut dq[..], &mut dk[..], &mut dv[..]],
                    dq: place(0),
                    dk: place(1),
                    dv: place(2),
                },
            );
        });
    });
}

fn crf(criterion: &mut Criterion, k: usize) {
    let (b, t) = (32, 50);
    let (emissions, transitions) = (random(1, b * t * k, 1.0), random(2, k * k, 1.0));
    let (start, end, lengths) = (random(3, k, 1.0), random(4, k, 1.0), vec![t as i64; b]);
    let chains = Chains {
        emissions: &emissions[..],
        transitions: &transitions[..],
        start: &start[..],
        end: &end[..],
        lengths: &lengths[..],
    };
    let (tags, up) = (labels(b * t, k), vec![1.0; b]);
    let (mut alpha, mut scale, mut log_z, mut loss) =
        (vec![0.0; b * t * k], vec![0.0; b * t], vec![0.0; b], vec![0.0; b]);
    let (mut demissions, mut dtransitions) = (emissions.clone(), transitions.clone());
    let (mut dstart, mut dend, mut path) = (start.clone(), end.clone(), vec![0; b * t]);
    criterion.bench_function(&format!("crf/{k}/nll_and_gradient"), |bencher| {
        bencher.iter(|| {
            let state = State { alpha: &mut alpha[..], scale: &mut scale[..] };
            nll::nll_forward(chains, &tags, state, &mut log_z, &mut loss);
            let gradients = crf::Gradients {
                demissions: &mut demissions[..],
                dtransitions: &mut dtransitions[..],
                dstart: &mut dstart[..],
                dend: &mut dend[..],
            };
            let state = State { alpha: &alpha[..], scale: &scale[..] };
            nll::nll_backward(chains, &tags, state, &log_z, &up, gradients);
        });
    });
    criterion.bench_function(&format!("crf/{k}/viterbi"), |bencher| {
        bencher.iter(|| viterbi::viterbi_forward(chains, &mut path, &mut loss));
    });
}

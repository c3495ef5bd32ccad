//! Fused operations.

use crate::case::{Case, Example};
use crate::draw::Draw;
use gradus_engine::ops::{Attention, CrfScores, CrossEntropy, LstmWeights};
use gradus_engine::{DType, Tensor};

/// The rows.
pub const CASES: &[Case] = &[
    Case::new("layer_norm", "rows", |d| {
        let (m, n) = (d.size(), 1 + d.size());
        let inputs = vec![d.normal([m, n]), d.normal([n]), d.normal([n])];
        Example::one(inputs, |x| x[0].layer_norm(&x[1], &x[2], 1e-5))
    })
    .slots(&[0, 1, 2])
    .roundings(4096.0)
    .never_empty(),
    Case::new("layer_norm", "rows for several tasks", |d| {
        let (m, n) = (10 + d.up_to(20), 2100 + d.size());
        let inputs = vec![d.normal([m, n]), d.normal([n]), d.normal([n])];
        Example::one(inputs, |x| x[0].layer_norm(&x[1], &x[2], 1e-5))
    })
    .roundings(4096.0)
    .large(),
    Case::new("cross_entropy", "plain", |d| {
        let (r, k) = (d.size(), 1 + d.size());
        let inputs = vec![d.normal([r, k]), d.ids([r], k)];
        Example::one(inputs, |x| x[0].cross_entropy_rows(&x[1], &CrossEntropy::default()))
    })
    .roundings(64.0)
    .never_empty(),
    Case::new("cross_entropy", "weights, smoothing, ignored labels", |d| {
        let (r, k) = (d.size(), 2 + d.size());
        let weights = d.uniform([k], 0.5, 2.0);
        let options = CrossEntropy { weights: Some(weights), smoothing: 0.1, ignore: Some(1) };
        let inputs = vec![d.normal([r, k]), d.ids([r], k)];
        Example::one(inputs, move |x| x[0].cross_entropy_rows(&x[1], &options))
    })
    .roundings(64.0)
    .never_empty(),
    Case::new("linear_cross_entropy", "plain", |d| {
        let (r, k, width) = (d.size().min(9), 1 + d.size().min(9), d.size().min(9));
        let inputs = vec![d.normal([r, width]), d.normal([k, width]), d.ids([r], k)];
        Example::one(inputs, |x| x[0].linear_cross_entropy(&x[1], None, &x[2], &CrossEntropy::default()))
    })
    .slots(&[0, 1])
    .roundings(512.0)
    .never_empty(),
    Case::new("linear_cross_entropy", "bias, smoothing, ignored labels", |d| {
        let (r, k, width) = (d.size().min(9), 2 + d.size().min(9), d.size().min(9));
        let options = CrossEntropy { smoothing: 0.1, ignore: Some(1), ..CrossEntropy::default() };
        let inputs = vec![d.normal([r, width]), d.normal([k, width]), d.ids([r], k), d.normal([k])];
        Example::one(inputs, move |x| x[0].linear_cross_entropy(&x[1], Some(&x[3]), &x[2], &options))
    })
    .slots(&[0, 1, 3])
    .roundings(512.0)
    .never_empty(),
    Case::new("linear_cross_entropy", "several blocks of rows", |d| {
        let (r, k, width) = (513 + d.up_to(300), 30 + d.up_to(9), d.up_to(9));
        let inputs = vec![d.normal([r, width]), d.normal([k, width]), d.ids([r], k), d.normal([k])];
        let options = CrossEntropy { smoothing: 0.1, ..CrossEntropy::default() };
        Example::one(inputs, move |x| x[0].linear_cross_entropy(&x[1], Some(&x[3]), &x[2], &options))
    })
    .roundings(4096.0)
    .large(),
    Case::new("conv1d", "padding", |d| {
        let (b, c, o, k, padding) = (d.up_to(3), d.size().min(9), d.size().min(9), d.up_to(4), d.below(3));
        let t = k + d.below(6);
        let inputs = vec![d.normal([b, t, c]), d.normal([o, c, k]), d.normal([o])];
        Example::one(inputs, move |x| x[0].conv1d(&x[1], &x[2], padding))
    })
    .slots(&[0, 1, 2])
    .roundings(1024.0)
    .never_empty(),
    Case::new("conv1d", "sentences for several tasks", |d| {
        let (b, c, o, k) = (16 + d.up_to(9), d.up_to(5), d.up_to(5), d.up_to(4));
        let inputs = vec![d.normal([b, k + 2, c]), d.normal([o, c, k]), d.normal([o])];
        Example::one(inputs, |x| x[0].conv1d(&x[1], &x[2], 1))
    })
    .roundings(1024.0)
    .large(),
    Case::new("conv_relu_max", "uneven lengths, some shorter than the window", |d| {
        let (b, c, o, k, t) = (d.up_to(4), d.size().min(9), d.size(), d.up_to(5), d.up_to(9));
        let inputs = vec![d.normal([b, t, c]), d.normal([o, c, k]), d.normal([o]), d.lengths(b, t)];
        Example::one(inputs, |x| x[0].conv_relu_max(&x[1], &x[2], &x[3]))
    })
    .slots(&[0, 1, 2])
    .roundings(1024.0)
    .never_empty(),
    Case::new(
        "embedding_conv_relu_max",
        "repeated words, some sentences empty or shorter than the window",
        |d| {
            let (b, c, o, k, t) = (d.up_to(4), d.size().min(9), d.size(), d.up_to(5), d.up_to(9));
            words(d, [b, t, c, o, k], 6)
        },
    )
    .slots(&[0, 1, 2])
    .roundings(1024.0)
    .never_empty(),
    Case::new("embedding_conv_relu_max", "equal windows", |d| {
        // A single word: all whole windows tie.
        let (t, k) = (4 + d.up_to(3), d.up_to(3));
        words(d, [2, t, 3, 5, k], 1)
    })
    .slots(&[0, 1, 2])
    .roundings(1024.0)
    .never_empty(),
    Case::new("embedding_conv_relu_max", "words and filters for several tasks", |d| {
        let (b, o) = (4 + d.up_to(3), 60 + d.up_to(9));
        words(d, [b, 100, 130, o, 3], 900)
    })
    .roundings(4096.0)
    .large(),
    Case::new("lstm", "sentences for several tasks", |d| {
        let b = 17 + d.up_to(20);
        lstm_of(d, 2, b)
    })
    .roundings(2048.0)
    .large(),
    Case::new("lstm", "one direction", |d| lstm(d, 1))
        .slots(&[0, 1, 2, 4, 5, 6, 7])
        .roundings(2048.0)
        .never_empty(),
    Case::new("lstm", "both directions", |d| lstm(d, 2))
        .slots(&[0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11])
        .roundings(2048.0)
        .never_empty(),
    Case::new("attention", "key mask", |d| attention(d, false, false))
        .slots(&[0, 1, 2])
        .roundings(2048.0)
        .never_empty(),
    Case::new("attention", "causal", |d| attention(d, true, false))
        .slots(&[0, 1, 2])
        .roundings(2048.0)
        .never_empty(),
    Case::new("attention", "dropout", |d| attention(d, false, true))
        .slots(&[0, 1, 2])
        .roundings(2048.0)
        .never_empty(),
    Case::new("attention", "several tiles", |d| {
        let (tq, tk, width) = (64 + d.up_to(80), 64 + d.up_to(80), d.up_to(9));
        let inputs =
            vec![d.normal([1, 1, tq, width]), d.normal([1, 1, tk, width]), d.normal([1, 1, tk, width])];
        Example::one(inputs, |x| x[0].attention(&x[1], &x[2], &Attention::default()))
    })
    .roundings(2048.0)
    .large(),
    Case::new("cached_attention", "shared rows, and places that are none", |d| {
        let (n, heads, dim, t, rows) = (d.up_to(3), d.up_to(2), d.size(), d.up_to(5), d.up_to(4));
        let places = d.ids([n, t], rows).masked_fill(&d.truths([n, t]).not(), -1.0);
        Example::one(vec![d.normal([n, heads, dim]), d.normal([rows, 2, heads, dim]), places], |x| {
            x[0].cached_attention(&x[1], &x[2])
        })
    })
    .slots(&[0, 1])
    .roundings(2048.0)
    .never_empty(),
    Case::new("cached_attention", "wide heads", |d| {
        let (dim, t) = (60 + d.size(), 10 + d.size());
        let places = d.ids([2, t], 6);
        Example::one(vec![d.normal([2, 1, dim]), d.normal([6, 2, 1, dim]), places], |x| {
            x[0].cached_attention(&x[1], &x[2])
        })
    })
    .large()
    .roundings(4096.0)
    .never_empty(),
    Case::new("crf_log_z", "uneven lengths", |d| {
        let inputs = crf(d);
        Example::one(inputs, |x| x[0].crf_log_z(&scores(x), &x[4]))
    })
    .slots(&[0, 1, 2, 3])
    .roundings(256.0)
    .never_empty(),
    Case::new("crf_log_z", "sentences for several tasks", |d| {
        let inputs = many_short(d);
        Example::one(inputs, |x| x[0].crf_log_z(&scores(x), &x[4]))
    })
    .slots(&[0, 1, 2, 3])
    .roundings(1024.0)
    .never_empty(),
    Case::new("crf_nll", "uneven lengths", |d| {
        let mut inputs = crf(d);
        let shape = inputs[0].shape();
        inputs.push(d.ids([shape[0], shape[1]], shape[2]));
        Example::one(inputs, |x| x[0].crf_nll(&scores(x), &x[5], &x[4]))
    })
    .slots(&[0, 1, 2, 3])
    .roundings(1024.0)
    .never_empty(),
    Case::new("crf_nll", "sentences for several tasks", |d| {
        let mut inputs = many_short(d);
        let shape = inputs[0].shape();
        inputs.push(d.ids([shape[0], shape[1]], shape[2]));
        Example::one(inputs, |x| x[0].crf_nll(&scores(x), &x[5], &x[4]))
    })
    .slots(&[0, 1, 2, 3])
    .roundings(1024.0)
    .never_empty(),
    Case::new("crf_log_marginals", "sentences for several tasks", |d| {
        let inputs = many_short(d);
        Example::one(inputs, |x| x[0].crf_log_marginals(&scores(x), &x[4]))
    })
    .slots(&[0, 1, 2, 3])
    .roundings(4096.0)
    .never_empty(),
    Case::new("crf_log_marginals", "uneven lengths", |d| {
        let inputs = crf(d);
        Example::one(inputs, |x| x[0].crf_log_marginals(&scores(x), &x[4]))
    })
    .slots(&[0, 1, 2, 3])
    .roundings(4096.0)
    .never_empty(),
];

/// Sentences of B, T, C, O and k over `v` words.
fn words(d: &mut Draw, [b, t, c, o, k]: [usize; 5], v: usize) -> Example {
    let inputs =
        vec![d.normal([v, c]), d.ids([b, t], v), d.normal([o, c, k]), d.normal([o]), d.lengths(b, t)];
    Example::one(inputs, |x| x[0].embedding_conv_relu_max(&x[1], &x[2], &x[3], &x[4]))
}

fn lstm(d: &mut Draw, dirs: usize) -> Example {
    let b = d.up_to(4);
    lstm_of(d, dirs, b)
}

fn lstm_of(d: &mut Draw, dirs: usize, b: usize) -> Example {
    let (t, width, h) = (d.up_to(4), d.up_to(4), d.size().min(9));
    let mut inputs =
        vec![d.normal([b, t, width]), d.normal([dirs, b, h]), d.normal([dirs, b, h]), d.lengths(b, t)];
    for _ in 0..dirs {
        inputs.extend([d.normal([4 * h, width]), d.normal([4 * h, h]), d.normal([4 * h]), d.normal([4 * h])]);
    }
    Example::new(inputs, |x| {
        let weights: Vec<LstmWeights> = x[4..]
            .chunks(4)
            .map(|w| LstmWeights {
                w_ih: w[0].clone(),
                w_hh: w[1].clone(),
                b_ih: w[2].clone(),
                b_hh: w[3].clone(),
            })
            .collect();
        x[0].lstm(&x[1], &x[2], Some(&x[3]), &weights).to_vec()
    })
}

fn attention(d: &mut Draw, causal: bool, dropout: bool) -> Example {
    let (b, n, width) = (d.up_to(2), d.up_to(2), d.size().min(9));
    let tq = d.up_to(6);
    let tk = if causal { tq } else { d.up_to(6) };
    let keys = (!causal).then(|| d.truths([b, tk]));
    let dropout = dropout.then(|| (0.3, d.stream()));
    let mut inputs =
        vec![d.normal([b, n, tq, width]), d.normal([b, n, tk, width]), d.normal([b, n, tk, width])];
    inputs.extend(keys);
    Example::one(inputs, move |x| {
        x[0].attention(&x[1], &x[2], &Attention { keys: x.get(3).cloned(), causal, dropout })
    })
}

fn crf(d: &mut Draw) -> Vec<Tensor> {
    let (b, t, k) = (d.up_to(3), d.up_to(4), d.size().min(9));
    vec![d.normal([b, t, k]), d.normal([k, k]), d.normal([k]), d.normal([k]), d.lengths(b, t)]
}

/// More sentences than one task takes.
fn many_short(d: &mut Draw) -> Vec<Tensor> {
    let (b, t, k) = (33 + d.up_to(4), d.up_to(2), 1 + d.up_to(2));
    vec![d.normal([b, t, k]), d.normal([k, k]), d.normal([k]), d.normal([k]), d.lengths(b, t)]
}

fn scores(x: &[Tensor]) -> CrfScores {
    CrfScores { transitions: x[1].clone(), start: x[2].clone(), end: x[3].clone() }
}

/// Rows of fused operations with one tensor as two inputs.
pub const SLOTS: &[Case] = &[
    Case::new("attention", "x attends to x", |d| {
        let (n, t, width) = (d.up_to(2), d.up_to(5), d.up_to(8));
        Example::one(vec![d.normal([1, n, t, width])], |x| {
            x[0].attention(&x[0], &x[0], &Attention::default())
        })
    })
    .roundings(2048.0)
    .never_empty(),
    Case::new("attention", "x attends to f(x)", |d| {
        let (n, t, width) = (d.up_to(2), d.up_to(5), d.up_to(8));
        Example::one(vec![d.normal([1, n, t, width])], |x| {
            let y = x[0].tanh();
            x[0].attention(&y, &x[0], &Attention::default())
        })
    })
    .roundings(2048.0)
    .never_empty(),
    Case::new("layer_norm", "x scaled by x", |d| {
        let n = 1 + d.size();
        Example::one(vec![d.normal([n])], |x| x[0].layer_norm(&x[0], &x[0].tanh(), 1e-5))
    })
    .roundings(4096.0)
    .never_empty(),
    Case::new("crf_log_z", "start = end", |d| {
        let (t, k) = (d.up_to(4), d.up_to(5));
        Example::one(vec![d.normal([1, t, k]), d.normal([k, k]), d.normal([k])], move |x| {
            let scores = CrfScores { transitions: x[1].clone(), start: x[2].clone(), end: x[2].clone() };
            x[0].crf_log_z(&scores, &Tensor::full([1], t as f64, x[0].kind().of(DType::I64)))
        })
    })
    .roundings(256.0)
    .never_empty(),
];

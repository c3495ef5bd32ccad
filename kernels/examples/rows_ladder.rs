//! The rungs of the kernels that memory or a vector function bounds, timed:
//! `cargo run --release -p gradus-kernels --example rows_ladder`, with part of a kernel's name for that kernel alone.
//!
//! Each kernel is timed three times: the plain loops, which `f64` runs, on one thread; vectors of `f32` on one thread; all
//! threads. The last two are also given as a share of the memory bandwidth, at which the same number of threads add one
//! array to another in the same run; bytes are those that must be read and written once. Other ways to the same result
//! have lines of their own.

mod rungs;

use gradus_kernels::Real;
use gradus_kernels::cached_attention::{CachedAttention, cached_attention_forward};
use gradus_kernels::convert::copy_strided_forward;
use gradus_kernels::cross_entropy::{Targets, cross_entropy_backward, cross_entropy_forward};
use gradus_kernels::dropout::dropout_forward;
use gradus_kernels::elementwise::{Binary, Unary, add_assign_forward, binary_forward, unary_forward};
use gradus_kernels::embedding::embedding_backward;
use gradus_kernels::index::{gather_rows_forward, scatter_add_rows_forward};
use gradus_kernels::layer_norm::{layer_norm_backward, layer_norm_forward};
use gradus_kernels::optimizer::{
    AdagradStep, AdamStep, Gradient, RadamStep, RmspropStep, SgdStep, adagrad_step, adam_step, radam_step,
    rmsprop_step, sgd_step, squares,
};
use gradus_kernels::philox::Stream;
use gradus_kernels::reduce::{Reduce, reduce_forward};
use gradus_kernels::softmax::{log_softmax_forward, softmax_backward, softmax_forward};
use gradus_kernels::top_k::top_k_forward;
use rayon::ThreadPool;
use rungs::{median, peak, selected};

/// Rows and their width: 32 MiB of `f32`, which no cache of one core holds.
const ROWS: usize = 16_384;
const COLS: usize = 512;
const N: usize = ROWS * COLS;
/// The width of a row of logits.
const CLASSES: usize = 8192;
/// Rows of an embedding's table.
const WORDS: usize = 30_000;
const STREAM: Stream = Stream { seed: 1, stream: 9 };

/// A call to be timed, with all that it needs.
type Work = Box<dyn FnMut() + Send>;

fn main() {
    let pools = [1, rayon::current_num_threads()].map(pool);
    let bandwidths = [0, 1].map(|i| {
        let (x, mut y) = (vec![1.0f32; 1 << 25], vec![2.0f32; 1 << 25]);
        let ms = pools[i].install(|| median(9, || add_assign_forward(&mut y, &x)));
        12.0 * x.len() as f64 / ms / 1e6
    });
    let threads = rayon::current_num_threads();
    println!(
        "{ROWS} rows of {COLS}, tables of {WORDS} rows; ms (median); y += x runs at {:.1} GB/s on one thread, at {:.1} on {threads}",
        bandwidths[0], bandwidths[1]
    );
    println!("peak of one core {:.0} GFLOP/s", peak());
    println!("{:28}{:>10}{:>10}{:>8}{:>10}{:>8}", "", "f64, plain", "vectors", "", "threads", "");
    let time = |i: usize, runs: usize, make: fn() -> Work| {
        let mut work = make();
        pools[i].install(|| median(runs, &mut work))
    };
    for (name, megabytes, plain, fast) in lines().into_iter().filter(|(name, ..)| selected(name)) {
        let share = |i: usize, ms: f64| 100.0 * megabytes / ms / bandwidths[i];
        let plain = plain.map_or("".into(), |plain| format!("{:.2}", time(0, 3, plain)));
        let [one, all] = [0, 1].map(|i| time(i, 9, fast));
        println!(
            "{name:28}{plain:>10}{one:>10.2}{:>6.0} %{all:>10.2}{:>6.0} %",
            share(0, one),
            share(1, all)
        );
    }
}

fn pool(threads: usize) -> ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool of threads")
}

/// Name, megabytes moved in `f32`, the plain rung and the fast one.
type Line = (&'static str, f64, Option<fn() -> Work>, fn() -> Work);

fn lines() -> Vec<Line> {
    // For one array of N elements.
    let mb = 4e-6 * N as f64;
    // For a table, and for the rows of N elements in it.
    let table = 4e-6 * (WORDS * COLS) as f64;
    vec![
        ("softmax forward", 2.0 * mb, Some(softmax::<f64>), softmax::<f32>),
        ("softmax backward", 3.0 * mb, Some(softmax_slope::<f64>), softmax_slope::<f32>),
        ("log_softmax forward", 2.0 * mb, Some(log_softmax::<f64>), log_softmax::<f32>),
        ("cross_entropy forward", mb, Some(cross_entropy::<f64>), cross_entropy::<f32>),
        ("cross_entropy backward", 2.0 * mb, Some(cross_entropy_slope::<f64>), cross_entropy_slope::<f32>),
        ("layer_norm forward", 2.0 * mb, Some(layer_norm::<f64>), layer_norm::<f32>),
        ("layer_norm backward", 3.0 * mb, Some(layer_norm_slope::<f64>), layer_norm_slope::<f32>),
        ("sum along rows", mb, Some(sum_rows::<f64>), sum_rows::<f32>),
        ("sum down columns", mb, Some(sum_columns::<f64>), sum_columns::<f32>),
        ("maximum along rows", mb, Some(maxima::<f64>), maxima::<f32>),
        ("top 10 of 512", mb, Some(top_10::<f64, COLS>), top_10::<f32, COLS>),
        ("top 10 of 8192", mb, Some(top_10::<f64, CLASSES>), top_10::<f32, CLASSES>),
        ("cached attention", mb, Some(cached_attention::<f64>), cached_attention::<f32>),
        ("x + bias", 2.0 * mb, Some(bias::<f64>), bias::<f32>),
        ("exp", 2.0 * mb, Some(exp::<f64>), exp::<f32>),
        ("tanh", 2.0 * mb, Some(tanh::<f64>), tanh::<f32>),
        ("gelu", 2.0 * mb, Some(gelu::<f64>), gelu::<f32>),
        ("dropout", 2.0 * mb, Some(dropout::<f64>), dropout::<f32>),
        ("copy of rows", 2.0 * mb, None, copy_rows),
        ("transpose, one by one", 2.0 * mb, None, turned_plain),
        ("transpose, tiles", 2.0 * mb, None, turned),
        ("gather rows", 2.0 * mb, None, gather),
        ("scatter to a dense table", mb + table, None, scatter_dense),
        ("scatter to rows", 2.0 * mb, None, scatter_rows),
        ("sgd with momentum", 5.0 * mb, Some(sgd::<f64>), sgd::<f32>),
        ("adagrad", 5.0 * mb, Some(adagrad::<f64>), adagrad::<f32>),
        ("rmsprop", 5.0 * mb, Some(rmsprop::<f64>), rmsprop::<f32>),
        ("adamw, a loop for each term", 7.0 * mb, None, adam_terms),
        ("adamw", 7.0 * mb, Some(adam::<f64>), adam::<f32>),
        ("radam", 7.0 * mb, Some(radam::<f64>), radam::<f32>),
        ("sum of squares", mb, Some(norm::<f64>), norm::<f32>),
    ]
}

fn random<R: Real>(stream: u64, n: usize) -> Vec<R> {
    let s = Stream { seed: 1, stream };
    (0..n as u64).map(|i| R::from_f64(s.normal(i).into())).collect()
}

/// Ids in 0..n, one for each row.
fn draw(n: usize) -> Vec<i64> {
    (0..ROWS as u64).map(|i| (f64::from(STREAM.uniform(i)) * n as f64) as i64).collect()
}

fn softmax<R: Real>() -> Work {
    let (x, mut y) = (random::<R>(1, N), vec![R::ZERO; N]);
    Box::new(move || softmax_forward(&x, &mut y, COLS))
}

fn softmax_slope<R: Real>() -> Work {
    let (mut y, dy, mut dx) = (vec![R::ZERO; N], random::<R>(2, N), vec![R::ZERO; N]);
    softmax_forward(&dy, &mut y, COLS);
    Box::new(move || softmax_backward(&y, &dy, &mut dx, COLS))
}

fn log_softmax<R: Real>() -> Work {
    let (x, mut y) = (random::<R>(1, N), vec![R::ZERO; N]);
    Box::new(move || log_softmax_forward(&x, &mut y, COLS))
}

fn targets<R>(labels: &[i64]) -> Targets<'_, R> {
    Targets { labels, weights: None, smoothing: 0.0, ignore: None }
}

fn cross_entropy<R: Real>() -> Work {
    let (x, labels) = (random::<R>(1, N), draw(COLS));
    let (mut loss, mut norms) = (vec![R::ZERO; ROWS], vec![R::ZERO; 2 * ROWS]);
    Box::new(move || cross_entropy_forward(&x, COLS, targets(&labels), &mut loss, &mut norms))
}

fn cross_entropy_slope<R: Real>() -> Work {
    let (x, labels) = (random::<R>(1, N), draw(COLS));
    let (mut loss, mut norms, dloss) = (vec![R::ZERO; ROWS], vec![R::ZERO; 2 * ROWS], vec![R::ONE; ROWS]);
    cross_entropy_forward(&x, COLS, targets(&labels), &mut loss, &mut norms);
    let mut dx = vec![R::ZERO; N];
    Box::new(move || cross_entropy_backward(&x, COLS, targets(&labels), &norms, &dloss, &mut dx))
}

fn layer_norm<R: Real>() -> Work {
    let (x, gamma, beta) = (random::<R>(1, N), random::<R>(2, COLS), random::<R>(3, COLS));
    let (mut y, mut mean, mut rstd) = (vec![R::ZERO; N], vec![R::ZERO; ROWS], vec![R::ZERO; ROWS]);
    Box::new(move || layer_norm_forward(&x, &gamma, &beta, 1e-5, &mut y, &mut mean, &mut rstd))
}

fn layer_norm_slope<R: Real>() -> Work {
    let (x, dy, gamma) = (random::<R>(1, N), random::<R>(2, N), random::<R>(3, COLS));
    let (mut dx, mut mean, mut rstd) = (vec![R::ZERO; N], vec![R::ZERO; ROWS], vec![R::ZERO; ROWS]);
    layer_norm_forward(&x, &gamma, &gamma, 1e-5, &mut dx, &mut mean, &mut rstd);
    let (mut dgamma, mut dbeta) = (gamma.clone(), gamma.clone());
    Box::new(move || {
        layer_norm_backward(&x, &gamma, &mean, &rstd, &dy, &mut dx, &mut dgamma, &mut dbeta);
    })
}

fn sum_rows<R: Real>() -> Work {
    let (x, mut y) = (random::<R>(1, N), vec![R::ZERO; ROWS]);
    Box::new(move || reduce_forward(Reduce::Sum, ROWS, COLS, 1, &x, &mut y))
}

fn sum_columns<R: Real>() -> Work {
    let (x, mut y) = (random::<R>(1, N), vec![R::ZERO; COLS]);
    Box::new(move || reduce_forward(Reduce::Sum, 1, ROWS, COLS, &x, &mut y))
}

fn maxima<R: Real>() -> Work {
    let (x, mut y) = (random::<R>(1, N), vec![R::ZERO; ROWS]);
    Box::new(move || reduce_forward(Reduce::Max, ROWS, COLS, 1, &x, &mut y))
}

fn top_10<R: Real, const WIDTH: usize>() -> Work {
    const K: usize = 10;
    let (x, found) = (random::<R>(1, N), N / WIDTH * K);
    let (mut values, mut indices) = (vec![R::ZERO; found], vec![0; found]);
    Box::new(move || top_k_forward(&x, WIDTH, K, &mut values, &mut indices))
}

/// Queries of 8 heads to 32 places each, which are all rows of a table of keys and values, none of them twice.
fn cached_attention<R: Real>() -> Work {
    let (heads, dim, places) = (8, COLS / 8, 32);
    let rows = N / (2 * COLS);
    let attention = CachedAttention { queries: rows / places, heads, dim, places, scale: 0.125 };
    // An odd factor exchanges the rows, whose number is a power of 2.
    let listed: Vec<i64> = (0..rows).map(|i| (i * 1237 % rows) as i64).collect();
    let (q, kv) = (random::<R>(1, attention.queries * COLS), random::<R>(2, N));
    let mut y = q.clone();
    Box::new(move || cached_attention_forward(&attention, &q, &kv, &listed, &mut y))
}

fn bias<R: Real>() -> Work {
    let (x, b, mut y) = (random::<R>(1, N), random::<R>(2, COLS), vec![R::ZERO; N]);
    Box::new(move || binary_forward(Binary::Add, &[ROWS, COLS], &x, &[COLS, 1], &b, &[0, 1], &mut y))
}

fn map<R: Real>(op: Unary) -> Work {
    let (x, mut y) = (random::<R>(1, N), vec![R::ZERO; N]);
    Box::new(move || unary_forward(op, &x, &mut y))
}

fn exp<R: Real>() -> Work {
    map::<R>(Unary::Exp)
}

fn tanh<R: Real>() -> Work {
    map::<R>(Unary::Tanh)
}

fn gelu<R: Real>() -> Work {
    map::<R>(Unary::Gelu)
}

fn dropout<R: Real>() -> Work {
    let (x, mut y) = (random::<R>(1, N), vec![R::ZERO; N]);
    Box::new(move || dropout_forward(&x, 0.1, STREAM, &mut y))
}

/// Rows in another order, as when heads become a dimension of their own.
fn copy_rows() -> Work {
    let (x, mut y) = (random::<f32>(1, N), vec![0.0f32; N]);
    Box::new(move || copy_strided_forward(&[64, ROWS / 64, COLS], &x, &[COLS, 64 * COLS, 1], &mut y))
}

fn turned_plain() -> Work {
    let (x, mut y) = (random::<f32>(1, N), vec![0.0f32; N]);
    Box::new(move || {
        for (j, column) in y.chunks_exact_mut(ROWS).enumerate() {
            for (i, y) in column.iter_mut().enumerate() {
                *y = x[i * COLS + j];
            }
        }
    })
}

fn turned() -> Work {
    let (x, mut y) = (random::<f32>(1, N), vec![0.0f32; N]);
    Box::new(move || copy_strided_forward(&[COLS, ROWS], &x, &[1, COLS], &mut y))
}

fn gather() -> Work {
    let (table, ids, mut y) = (random::<f32>(1, WORDS * COLS), draw(WORDS), vec![0.0f32; N]);
    Box::new(move || gather_rows_forward(&table, &ids, &mut y))
}

fn scatter_dense() -> Work {
    let (dy, ids, mut table) = (random::<f32>(1, N), draw(WORDS), vec![0.0f32; WORDS * COLS]);
    Box::new(move || {
        table.fill(0.0);
        scatter_add_rows_forward(&ids, &dy, &mut table);
    })
}

fn scatter_rows() -> Work {
    let (dy, ids) = (random::<f32>(1, N), draw(WORDS));
    Box::new(move || drop(embedding_backward(&ids, &dy)))
}

/// The parameter, its gradient and two values of state for each element.
fn trained<R: Real>() -> [Vec<R>; 4] {
    [random(1, N), random(2, N), vec![R::ZERO; N], vec![R::ZERO; N]]
}

fn sgd<R: Real>() -> Work {
    let [mut p, g, mut velocity, _] = trained::<R>();
    let mut step = 0;
    Box::new(move || {
        let rule = SgdStep {
            lr: 1e-3,
            momentum: 0.9,
            dampening: 0.0,
            nesterov: false,
            weight_decay: 0.0,
            first: step == 0,
        };
        step += 1;
        sgd_step(&rule, &mut p, Gradient::Dense(&g[..]), &mut velocity);
    })
}

fn adagrad<R: Real>() -> Work {
    let [mut p, g, mut sum, _] = trained::<R>();
    let rule = AdagradStep { lr: 1e-3, lr_decay: 0.0, weight_decay: 0.0, eps: 1e-10, step: 1 };
    Box::new(move || adagrad_step(&rule, &mut p, Gradient::Dense(&g[..]), &mut sum))
}

fn rmsprop<R: Real>() -> Work {
    let [mut p, g, mut square, _] = trained::<R>();
    let rule =
        RmspropStep { lr: 1e-3, alpha: 0.99, eps: 1e-8, weight_decay: 0.0, momentum: 0.0, centered: false };
    Box::new(move || rmsprop_step(&rule, &mut p, Gradient::Dense(&g[..]), &mut square, &mut [], &mut []))
}

const ADAMW: AdamStep =
    AdamStep { lr: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.01, decoupled: true, step: 1 };

fn adam<R: Real>() -> Work {
    let [mut p, g, mut m, mut v] = trained::<R>();
    Box::new(move || adam_step(&ADAMW, &mut p, Gradient::Dense(&g[..]), &mut m, &mut v))
}

fn radam<R: Real>() -> Work {
    let [mut p, g, mut m, mut v] = trained::<R>();
    let AdamStep { lr, beta1, beta2, eps, weight_decay, decoupled, .. } = ADAMW;
    let rule = RadamStep { lr, beta1, beta2, eps, weight_decay, decoupled, step: 10 };
    Box::new(move || radam_step(&rule, &mut p, Gradient::Dense(&g[..]), &mut m, &mut v))
}

/// AdamW as tensor code has it: each operation a pass over memory.
fn adam_terms() -> Work {
    let [mut p, g, mut m, mut v] = trained::<f32>();
    let (mut root, rate, correction) = (vec![0.0f32; N], 1e-2f32, 0.0316f32);
    Box::new(move || {
        p.iter_mut().for_each(|p| *p *= 1.0 - 1e-5);
        m.iter_mut().for_each(|m| *m *= 0.9);
        m.iter_mut().zip(&g).for_each(|(m, g)| *m += 0.1 * g);
        v.iter_mut().for_each(|v| *v *= 0.999);
        v.iter_mut().zip(&g).for_each(|(v, g)| *v += 0.001 * g * g);
        root.iter_mut().zip(&v).for_each(|(r, v)| *r = v.sqrt());
        root.iter_mut().for_each(|r| *r = *r / correction + 1e-8);
        p.iter_mut().zip(m.iter().zip(&root)).for_each(|(p, (m, r))| *p -= rate * m / r);
    })
}

fn norm<R: Real>() -> Work {
    let x = random::<R>(1, N);
    Box::new(move || {
        std::hint::black_box(squares(&x));
    })
}

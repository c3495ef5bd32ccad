//! The rungs of attention, timed: `cargo run --release -p gradus-kernels --example attention_ladder`, with part of a
//! line's name for that line alone.
//!
//! The plain rung is the textbook's, in `f64`, with the whole matrix of each row of scores; the fast one
//! is what `f32` runs. GFLOP/s count the matmuls of the dense textbook, 4 T² dim forward and 8 T² dim
//! backward (half of that where causal), and none that are computed again. With dropout the fast one is timed alone.

mod rungs;

use gradus_kernels::Real;
use gradus_kernels::attention::{
    Attention, Dropout, Gradients, Inputs, Place, Shape, Strides, Upstream, View, attention_backward,
    attention_forward,
};
use gradus_kernels::philox::Stream;
use rungs::{median, peak, selected};

fn main() {
    let peak = peak();
    println!(
        "{} threads, forward and backward, ms, peak of one core {peak:.0} GFLOP/s",
        rayon::current_num_threads()
    );
    println!("{:40}{:>20}{:>20}{:>10}{:>8}", "", "plain f64", "f32", "GFLOP/s", "%");
    let short = Shape { batch: 8, heads: 12, queries: 256, keys: 256, dim: 32 };
    let long = Shape { batch: 1, heads: 8, queries: 2048, keys: 2048, dim: 64 };
    for (shape, causal, p) in [(short, false, 0.0), (short, false, 0.1), (long, true, 0.0), (long, true, 0.1)]
    {
        let Shape { batch, heads, queries, keys, dim } = shape;
        let name =
            format!("B={batch} N={heads} T={queries} dim={dim}{}", if causal { " causal" } else { "" });
        let name = if p > 0.0 { name + " dropout" } else { name };
        if !selected(&name) {
            continue;
        }
        let dropout = (p > 0.0).then_some(Dropout { p, stream: Stream { seed: 1, stream: 2 } });
        let plain = match dropout {
            None => times::<f64>(shape, causal, dropout, 1).map(|ms| format!("{ms:.1}")).join(" + "),
            Some(_) => String::new(),
        };
        let [forward, backward] = times::<f32>(shape, causal, dropout, 31);
        let matmuls = 12 * batch * heads * queries * keys * dim / if causal { 2 } else { 1 };
        let rate = matmuls as f64 / (forward + backward) / 1e6;
        let share = 100.0 * rate / peak;
        println!("{name:40}{plain:>20}{forward:9.2} +{backward:9.2}{rate:10.1}{share:8.1}");
    }
}

/// Medians of forward and backward over views of a fused projection [B, T, 3, N, dim].
fn times<R: Real>(shape: Shape, causal: bool, dropout: Option<Dropout>, runs: usize) -> [f64; 2] {
    let Shape { batch, heads, queries, dim, .. } = shape;
    let (cells, s) = (batch * heads * queries * dim, Stream { seed: 1, stream: 1 });
    let random = |from: usize, n: usize| -> Vec<R> {
        (from..from + n).map(|i| R::from_f64(s.normal(i as u64).into())).collect()
    };
    let (qkv, dout) = (random(0, 3 * cells), random(3 * cells, cells));
    let row = 3 * heads * dim;
    let strides = Strides { batch: queries * row, head: dim, row };
    let part = |i: usize| View { data: &qkv[..], offset: i * heads * dim, strides };
    let inputs = Inputs { q: part(0), k: part(1), v: part(2) };
    let strides_out = Strides { batch: queries * heads * dim, head: dim, row: heads * dim };
    let attention = Attention { shape, scale: 1.0 / (dim as f64).sqrt(), causal, mask: None, dropout };
    let mut o = vec![R::ZERO; cells];
    let mut lse = vec![R::ZERO; batch * heads * queries];
    let mut dqkv = vec![R::ZERO; 3 * cells];

    let forward = median(runs, || {
        let o = View { data: &mut o[..], offset: 0, strides: strides_out };
        attention_forward(&attention, inputs, o, &mut lse);
    });
    let backward = median(runs, || {
        let view = |data| View { data, offset: 0, strides: strides_out };
        let upstream = Upstream { o: view(&o[..]), lse: &lse[..], dout: view(&dout[..]) };
        let place = |i: usize| Place { buffer: 0, offset: i * heads * dim, strides };
        let grads = Gradients { buffers: vec![&mut dqkv[..]], dq: place(0), dk: place(1), dv: place(2) };
        attention_backward(&attention, inputs, upstream, grads);
    });
    [forward, backward]
}

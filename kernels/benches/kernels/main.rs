//! How long each kernel takes, and whether it is slower than the last time: `cargo bench -p gradus-kernels`.
//!
//! A word selects (`-- lstm`), `-- --save-baseline before` keeps a run and `-- --baseline before` compares with it.
//! `RAYON_NUM_THREADS=1` before the command measures one core. The sizes are those of training: the matmuls of
//! an LSTM and of a transformer, sentences of a batch, rows of a vocabulary.

mod matmuls;
mod rows;
mod sequences;

use criterion::Criterion;
use gradus_kernels::philox::Stream;
use std::time::Duration;

fn main() {
    // Within the pool, as in training: a call from outside would wake a thread for each kernel.
    rayon::scope(|_| {
        let mut criterion = Criterion::default()
            .sample_size(20)
            .warm_up_time(Duration::from_millis(300))
            .measurement_time(Duration::from_secs(1))
            .configure_from_args();
        matmuls::all(&mut criterion);
        sequences::all(&mut criterion);
        rows::all(&mut criterion);
        criterion.final_summary();
    });
}

/// Standard normal values times `scale`.
fn random(stream: u64, count: usize, scale: f32) -> Vec<f32> {
    let s = Stream { seed: 1, stream };
    (0..count as u64).map(|i| scale * s.normal(i)).collect()
}

/// Classes below `classes`.
fn labels(count: usize, classes: usize) -> Vec<i64> {
    let s = Stream { seed: 2, stream: 0 };
    (0..count as u64).map(|i| s.below(i, classes as u64) as i64).collect()
}

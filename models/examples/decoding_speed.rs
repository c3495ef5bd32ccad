//! Times the search for translations: `cargo run --release -p gradus-models --example decoding_speed`.
//!
//! A Transformer of 3 + 3 layers of width 256 over 8000 tokens, with fresh weights, translates 16 sources of 20 tokens, each into at most
//! 60, greedily and with a beam of 5. Prints the best of some runs in ms and a sum of the scores, which shows whether results changed.
#![forbid(unsafe_code)]

use gradus_engine::{Rng, Tensor};
use gradus_models::{Beam, Seq2Seq, Seq2SeqTransformer, Seq2SeqTransformerConfig, beam_search};
use std::time::Instant;

const TOKENS: usize = 8000;
const SOURCES: usize = 16;
const LENGTH: usize = 20;
const RUNS: usize = 5;

fn main() {
    let mut rng = Rng::new(1);
    let config = Seq2SeqTransformerConfig {
        embed_dim: 256,
        layers: 3,
        attention_heads: 4,
        feed_forward: 1024,
        ..Seq2SeqTransformerConfig::default()
    };
    let model = Seq2SeqTransformer::new(config, TOKENS, &mut rng);
    let stream = rng.stream();
    let ids: Vec<i64> =
        (0..(SOURCES * LENGTH) as u64).map(|i| stream.below(i, TOKENS as u64) as i64).collect();
    let source = Tensor::from_slice(&ids, [SOURCES, LENGTH]);
    let lengths = Tensor::from_slice(&[LENGTH as i64; SOURCES], [SOURCES]);
    for width in [1, 5] {
        let beam =
            Beam { width, longest: 3 * LENGTH, length_penalty: 0.6, coverage_penalty: 0.0, start: 1, end: 2 };
        let (mut best, mut score) = (f64::INFINITY, 0.0);
        for _ in 0..RUNS {
            let start = Instant::now();
            let found = beam_search(&mut *model.translator(&source, &lengths), &[beam; SOURCES]);
            best = best.min(start.elapsed().as_secs_f64());
            score = found.iter().flatten().map(|hypothesis| hypothesis.score).sum();
        }
        println!("beam {width}: {:.1} ms, sum of scores {score:.6}", best * 1e3);
    }
}

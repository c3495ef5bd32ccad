//! The amounts that a workload computes and moves.

use crate::ids::{SOURCES, uneven_lengths};
use crate::workload::{Kind, Transformer};

/// The kind of work that bounds a workload.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Work {
    /// Floating-point operations: two for each multiplication of the dense forward and backward, without recomputation.
    Flops(f64),
    /// The same count, but Gradus leaves some of it out because of zeros or repetitions: the rate is effective and has no
    /// share of a peak.
    EffectiveFlops(f64),
    /// Bytes.
    Bytes {
        /// Bytes read and written, if each array goes through memory once per pass.
        moved: f64,
        /// The size of all arrays together, which may fit into a cache.
        kept: f64,
    },
    /// Neither: a chain of small dependent steps.
    Chain,
}

impl Work {
    /// The work of a workload.
    pub fn of(kind: &Kind) -> Self {
        let f = |n: usize| n as f64;
        // The gradient of each factor of a matmul costs another matmul.
        let trained = |multiplications: f64| Work::Flops(2.0 * 3.0 * multiplications);
        // `passes` passes over `arrays` arrays of `elements` elements each.
        let bytes = |passes: usize, arrays: usize, elements: usize| Work::Bytes {
            moved: f(4 * passes * elements),
            kept: f(4 * arrays * elements),
        };
        match *kind {
            Kind::Gemm { m, k, n, .. } => Work::Flops(2.0 * f(m * k) * f(n)),
            Kind::Conv1d { batch, len, c_in, c_out, kernel } => {
                trained(f(batch * (len - kernel + 1)) * f(c_in * kernel * c_out))
            }
            Kind::Lstm { batch, len, input, hidden, layers } => {
                trained(f(batch * len) * lstm(input, hidden, layers, 2))
            }
            Kind::Attention { batch, heads, len, dim, causal } => {
                trained(f(batch * heads) * attention(len, dim, causal))
            }
            Kind::CrfNll { .. } | Kind::CrfViterbi { .. } => Work::Chain,
            // x in and y out; x and dy in and dx out.
            Kind::Layernorm { rows, dim } => bytes(5, 4, rows * dim),
            // The logits are read; read again, and their gradient written.
            Kind::SoftmaxCe { rows, classes } => bytes(3, 2, rows * classes),
            // w, m, v and g in, w, m, v out.
            Kind::Adamw { rows, dim } => bytes(7, 4, rows * dim),
            Kind::TrainTextcnn { batch, len, embed, filters, ref kernels, .. } => {
                let windows = kernels.iter().map(|&k| f((len - k + 1) * k)).sum::<f64>();
                // Each distinct word is multiplied once, and only the windows with the maximum have a gradient.
                Work::EffectiveFlops(6.0 * f(batch) * windows * f(embed * filters))
            }
            Kind::TrainBilstm { batch, len, embed, hidden, layers, .. } => {
                trained(f(batch * len) * lstm(embed, hidden, layers, 2))
            }
            Kind::TrainBilstmCrf { batch, len, embed, hidden, tags, .. } => {
                trained(f(batch * len) * (lstm(embed, hidden, 1, 2) + f(2 * hidden * tags)))
            }
            Kind::TrainBidaf { batch, len, question_len, embed, hidden, .. } => {
                let encoded = f(len + question_len) * (f(4 * embed * embed) + lstm(embed, hidden, 1, 2));
                let flow = 2.0 * f(len * question_len * 2 * hidden);
                let model = lstm(8 * hidden, hidden, 2, 2) + lstm(2 * hidden, hidden, 1, 2) + f(20 * hidden);
                trained(f(batch) * (encoded + flow + f(len) * model))
            }
            Kind::TrainEncoder(sizes) | Kind::TrainEncoderAttentionDropout(sizes) => {
                trained(transformer(sizes, false) + f(sizes.batch * sizes.dim * 2))
            }
            Kind::TrainBert(sizes) => trained(bert(sizes)),
            Kind::Bert(sizes) => Work::Flops(2.0 * bert(sizes)),
            Kind::TrainTransformerLm(sizes) => {
                trained(transformer(sizes, true) + f(sizes.batch * sizes.len) * f(sizes.dim * sizes.vocab))
            }
            Kind::TrainLstmLm { vocab, batch, len, embed, hidden, layers } => {
                trained(f(batch * len) * (lstm(embed, hidden, layers, 1) + f(hidden * vocab)))
            }
            Kind::TrainSeq2seqTransformer(sizes) => {
                let Transformer { vocab, batch, len, dim, .. } = sizes;
                let logits = f(batch * len) * f(dim * vocab);
                trained(transformer(sizes, false) + transformer(sizes, true) + across(sizes) + logits)
            }
            Kind::TrainSeq2seqRnn { vocab, batch, len, embed, hidden } => {
                let wide = 2 * hidden;
                // An LSTM computes nothing past the end of a source.
                let encoder = real(batch, len) * lstm(embed, hidden, 1, 2);
                let decoder = lstm(embed, wide, 1, 1) + f(wide * (wide + 2 * embed)) + f(2 * len * wide);
                trained(encoder + f(batch * len) * (decoder + f(embed * vocab)))
            }
            Kind::Translate { sizes, beam, longest } => {
                let Transformer { vocab, batch, len, dim, ff, layers, .. } = sizes;
                // One sequence of each source at the first step.
                let rows = |t: usize| f(batch * if t == 0 { 1 } else { beam });
                let token =
                    |t: usize| f(layers * (dim * (6 * dim + 2 * ff) + 2 * dim * (t + 1 + len)) + dim * vocab);
                let search: f64 = (0..longest).map(|t| rows(t) * token(t)).sum();
                let memory = f(layers * batch * len) * f(2 * dim * dim);
                Work::Flops(2.0 * (transformer(sizes, false) + memory + search))
            }
        }
    }
}

/// The multiplications of an LSTM for one word.
fn lstm(input: usize, hidden: usize, layers: usize, dirs: usize) -> f64 {
    let layer = |width: usize| (dirs * 4 * hidden * (width + hidden)) as f64;
    layer(input) + (layers - 1) as f64 * layer(dirs * hidden)
}

/// The multiplications of one head over T positions: the scores and the weighted sum.
fn attention(len: usize, dim: usize, causal: bool) -> f64 {
    2.0 * (len * len * dim) as f64 * if causal { 0.5 } else { 1.0 }
}

/// The multiplications of all blocks, the pooler and the classifier.
fn bert(sizes: Transformer) -> f64 {
    transformer(sizes, false) + (sizes.batch * sizes.dim * (sizes.dim + 2)) as f64
}

/// The number of words in B sources of at most T.
fn real(batch: usize, len: usize) -> f64 {
    uneven_lengths([batch, len], SOURCES).to_vec::<i64>().into_iter().sum::<i64>() as f64
}

/// The multiplications of the attention of all blocks of a decoder to as many words of a source.
fn across(sizes: Transformer) -> f64 {
    let Transformer { batch, len, dim, heads, layers, .. } = sizes;
    let dense = (4 * batch * len * dim * dim) as f64;
    layers as f64 * (dense + (batch * heads) as f64 * attention(len, dim / heads, false))
}

/// The multiplications of all blocks.
fn transformer(sizes: Transformer, causal: bool) -> f64 {
    let Transformer { batch, len, dim, heads, ff, layers, .. } = sizes;
    let dense = (batch * len * dim) as f64 * (4 * dim + 2 * ff) as f64;
    layers as f64 * (dense + (batch * heads) as f64 * attention(len, dim / heads, causal))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::Layout;

    #[test]
    fn counts_by_hand() {
        assert_eq!(Work::of(&Kind::Gemm { m: 2, k: 3, n: 4, layout: Layout::Tn }), Work::Flops(48.0));
        let conv = Kind::Conv1d { batch: 1, len: 5, c_in: 2, c_out: 3, kernel: 2 };
        assert_eq!(Work::of(&conv), Work::Flops(6.0 * 4.0 * 12.0));
        let lstm = Kind::Lstm { batch: 1, len: 1, input: 3, hidden: 2, layers: 2 };
        // 2 directions × 8 gates × (3 + 2), then × (4 + 2).
        assert_eq!(Work::of(&lstm), Work::Flops(6.0 * (80.0 + 96.0)));
        let sizes = Transformer { vocab: 7, batch: 2, len: 3, dim: 4, heads: 2, ff: 5, layers: 1 };
        // Dense layers of 6 words in the encoder, 6 in the decoder, attention of 3 words to 3, half of it where causal, and across.
        let encoder = 6.0 * (4.0 * 16.0 + 2.0 * 20.0) + 2.0 * 2.0 * 9.0 * 4.0;
        let decoder = 6.0 * (4.0 * 16.0 + 2.0 * 20.0) + 2.0 * 9.0 * 4.0;
        let across = 6.0 * 4.0 * 16.0 + 2.0 * 2.0 * 9.0 * 4.0;
        let all = encoder + decoder + across + 6.0 * 4.0 * 7.0;
        assert_eq!(Work::of(&Kind::TrainSeq2seqTransformer(sizes)), Work::Flops(6.0 * all));
        // 2 sources of 3 words; the gates of both sides, the matmuls of attention, and logits.
        let rnn = Kind::TrainSeq2seqRnn { vocab: 7, batch: 2, len: 3, embed: 4, hidden: 5 };
        let decoder = 40.0 * 14.0 + 100.0 + 2.0 * 3.0 * 10.0 + 20.0 * 4.0 + 4.0 * 7.0;
        assert_eq!(Work::of(&rnn), Work::Flops(6.0 * 6.0 * (40.0 * 9.0 + decoder)));
        // Two tokens: after one sequence of each source, then after three.
        let token = |t: f64| 6.0 * 16.0 + 2.0 * 20.0 + 2.0 * 4.0 * (t + 3.0) + 28.0;
        let search = 2.0 * token(1.0) + 6.0 * token(2.0);
        let translate = Kind::Translate { sizes, beam: 3, longest: 2 };
        assert_eq!(Work::of(&translate), Work::Flops(2.0 * (encoder + 6.0 * 32.0 + search)));
        assert_eq!(Work::of(&Kind::Adamw { rows: 1, dim: 1 }), Work::Bytes { moved: 28.0, kept: 16.0 });
    }
}

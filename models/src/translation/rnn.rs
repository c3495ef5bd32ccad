use super::hypotheses::Hypotheses;
use super::{Pairs, Seq2Seq};
use crate::invalid::{self, Invalid};
use crate::padding::real_positions;
use crate::{NextToken, parameters};
use gradus_engine::nn::{Dropout, Embedding, Linear, Lstm, LstmConfig};
use gradus_engine::ops::Attention;
use gradus_engine::{DType, Mode, Module, Param, Rng, Tensor, Visitor, no_grad};
use serde::{Deserialize, Serialize};

/// The hyper-parameters of a [`Seq2SeqRnn`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Seq2SeqRnnConfig {
    /// D, the width of a token's vector.
    pub embed_dim: usize,
    /// H, the width of each direction of the encoder; the decoder has 2H.
    pub hidden_dim: usize,
    /// The number of layers of the encoder, and of the decoder.
    pub layers: usize,
    /// Whether the decoder reads, with each token, what it attended to before.
    pub input_feeding: bool,
    /// Dropout on vectors, between layers and on the outputs.
    pub dropout: f64,
}

impl Default for Seq2SeqRnnConfig {
    fn default() -> Self {
        Seq2SeqRnnConfig { embed_dim: 256, hidden_dim: 256, layers: 1, input_feeding: false, dropout: 0.3 }
    }
}

impl Seq2SeqRnnConfig {
    /// Whether a model can be built with these values.
    ///
    /// # Errors
    /// The first key with an invalid value: a size that is 0 or too large, a share outside [0, 1).
    pub fn check(&self) -> Result<(), Invalid> {
        invalid::positive("embed_dim", self.embed_dim)?;
        invalid::positive("hidden_dim", self.hidden_dim)?;
        invalid::layers(self.layers)?;
        invalid::share("dropout", self.dropout)
    }

    /// The number of parameters that a model of `tokens` tokens will have; `None` if it exceeds 64 bits.
    pub fn parameters(&self, tokens: usize) -> Option<u64> {
        let (d, hidden, layers) = (self.embed_dim, self.hidden_dim, self.layers);
        let wide = hidden.checked_mul(2)?;
        let inputs = if self.input_feeding { d.checked_mul(2)? } else { d };
        parameters::sum([
            parameters::linear(d, tokens),
            parameters::lstm(d, hidden, layers),
            parameters::shapes(&[&[4, wide, inputs], &[layers.saturating_sub(1), 4, wide, wide]]),
            parameters::shapes(&[&[layers, 4, wide, wide], &[layers, 2, 4, wide]]),
            parameters::shapes(&[&[wide, wide], &[d, 2, wide]]),
        ])
    }
}

/// LSTMs with attention that translate.
///
/// m = BiLSTM(E\[source\]) \[B, S, 2H\]; h = LSTM(E\[target\]) \[B, T, 2H\], from the last states of the encoder; c_t = Σ_s a_ts m_s with
/// a_t = softmax over s of h_tᵀ W_a m_s ("general"); h̃_t = tanh(W_c \[c_t; h_t\]) \[B, T, D\]. With input feeding the LSTM reads
/// \[E\[y_t\]; h̃_{t−1}\].
///
/// Source: Luong, Pham, Manning, "Effective approaches to attention-based neural machine translation", EMNLP 2015, sections 3.1, 3.3.
#[derive(Clone, Debug)]
pub struct Seq2SeqRnn {
    embed: Embedding,
    encoder: Lstm,
    decoder: Lstm,
    attention: Linear,
    combine: Linear,
    bias: Param,
    config: Seq2SeqRnnConfig,
}

/// The sources: m [B, S, 2H] and which of its places are real [B, S].
struct Memory {
    m: Tensor,
    real: Tensor,
}

/// c [N, T, 2H] from √(2H) W_a h [N, T, 2H].
type Attended<'a> = &'a dyn Fn(&Tensor) -> Tensor;

/// What the decoder remembers: (h, c), each [L, N, 2H], and h̃ [N, 1, D] for input feeding.
struct State {
    h: Tensor,
    c: Tensor,
    fed: Tensor,
}

impl Seq2SeqRnn {
    /// A model with fresh weights.
    ///
    /// # Panics
    /// If [`check`](Seq2SeqRnnConfig::check) fails.
    #[track_caller]
    pub fn new(config: Seq2SeqRnnConfig, tokens: usize, rng: &mut Rng) -> Self {
        config.check().unwrap_or_else(|e| panic!("seq2seq-rnn: {e}"));
        let Seq2SeqRnnConfig { embed_dim: d, hidden_dim: hidden, layers, input_feeding, dropout } = config;
        let inputs = if input_feeding { 2 * d } else { d };
        let lstm =
            |inputs, hidden, bidirectional| LstmConfig { inputs, hidden, layers, bidirectional, dropout };
        Seq2SeqRnn {
            embed: Embedding::new(tokens, d, 0.1, rng),
            encoder: Lstm::new(lstm(d, hidden, true), rng),
            decoder: Lstm::new(lstm(inputs, 2 * hidden, false), rng),
            attention: Linear::without_bias(2 * hidden, 2 * hidden, rng),
            combine: Linear::without_bias(4 * hidden, d, rng),
            bias: Param::new(Tensor::zeros([tokens], DType::F32)),
            config,
        }
    }

    /// The hyper-parameters.
    pub fn config(&self) -> &Seq2SeqRnnConfig {
        &self.config
    }

    fn embedded(&self, ids: &Tensor, mode: &mut Mode) -> Tensor {
        Dropout(self.config.dropout).forward(&self.embed.forward(ids), mode)
    }

    /// The memory of sources, and the state before their targets.
    fn encode(&self, source: &Tensor, lengths: &Tensor, mode: &mut Mode) -> (Memory, State) {
        let output = self.encoder.forward(&self.embedded(source, mode), Some(lengths), mode);
        let (b, layers, hidden) = (source.dim(0), self.config.layers, self.config.hidden_dim);
        // Both directions of a layer side by side: [2L, B, H] → [L, B, 2H].
        let joined = |x: &Tensor| {
            x.reshape([layers, 2, b, hidden]).permute(&[0, 2, 1, 3]).reshape([layers, b, 2 * hidden])
        };
        let fed = Tensor::zeros([b, 1, self.config.embed_dim], output.y.kind());
        let memory = Memory { m: output.y, real: real_positions(lengths, source.dim(1)) };
        (memory, State { h: joined(&output.h), c: joined(&output.c), fed })
    }

    /// h̃ [N, T, D] and h [N, T, 2H] after x [N, T, D]; the state is then that after them.
    fn decode(&self, x: &Tensor, attended: Attended, state: &mut State, mode: &mut Mode) -> (Tensor, Tensor) {
        if !self.config.input_feeding {
            return self.stretch(x, attended, state, mode);
        }
        let step = |t| {
            let input = Tensor::concat(&[&x.narrow(1, t, 1), &state.fed], 2);
            let (fed, h) = self.stretch(&input, attended, state, mode);
            state.fed = fed.clone();
            (fed, h)
        };
        let (attended, h): (Vec<Tensor>, Vec<Tensor>) = (0..x.dim(1)).map(step).unzip();
        let joined = |steps: Vec<Tensor>| Tensor::concat(&steps.iter().collect::<Vec<_>>(), 1);
        (joined(attended), joined(h))
    }

    fn stretch(
        &self,
        x: &Tensor,
        attended: Attended,
        state: &mut State,
        mode: &mut Mode,
    ) -> (Tensor, Tensor) {
        let output = self.decoder.forward_from(x, None, (&state.h, &state.c), mode);
        (state.h, state.c) = (output.h, output.c);
        let h = Dropout(self.config.dropout).forward(&output.y, mode);
        let scale = (2.0 * self.config.hidden_dim as f64).sqrt();
        // The operations divide scores by it.
        let c = attended(&(self.attention.forward(&h) * scale));
        let attended = self.combine.forward(&Tensor::concat(&[&c, &h], 2)).tanh();
        (Dropout(self.config.dropout).forward(&attended, mode), h)
    }
}

impl Memory {
    /// c of the sources' own sequences.
    fn attend(&self, q: &Tensor) -> Tensor {
        let m = self.m.unsqueeze(1);
        let options = Attention { keys: Some(self.real.clone()), ..Attention::default() };
        q.unsqueeze(1).attention(&m, &m, &options).squeeze(1)
    }

    /// [B · S, 2, 1, 2H], of which keys and values are both m.
    fn table(&self) -> Tensor {
        let m = self.m.reshape([self.real.count(), 1, self.m.dim(2)]);
        Tensor::stack(&[&m, &m], 1)
    }
}

impl Seq2Seq for Seq2SeqRnn {
    #[track_caller]
    fn hidden(&self, pairs: &Pairs, mode: &mut Mode) -> Tensor {
        let (memory, mut state) = self.encode(pairs.source, pairs.lengths, mode);
        let x = self.embedded(pairs.target, mode);
        self.decode(&x, &|q| memory.attend(q), &mut state, mode).0
    }

    /// a_ts.
    #[track_caller]
    fn alignment(&self, pairs: &Pairs) -> Tensor {
        no_grad(|| {
            let mode = &mut Mode::Eval;
            let (memory, mut state) = self.encode(pairs.source, pairs.lengths, mode);
            let x = self.embedded(pairs.target, mode);
            let (_, h) = self.decode(&x, &|q| memory.attend(q), &mut state, mode);
            let scores = self.attention.forward(&h).matmul(&memory.m.t());
            scores.masked_fill(&memory.real.not().unsqueeze(1), f64::NEG_INFINITY).softmax()
        })
    }

    #[track_caller]
    fn translator<'a>(&'a self, source: &Tensor, lengths: &Tensor) -> Box<dyn NextToken + 'a> {
        no_grad(|| {
            let (memory, state) = self.encode(source, lengths, &mut Mode::Eval);
            let hypotheses = Hypotheses::new(lengths, source.dim(1));
            Box::new(Translator { model: self, memory: memory.table(), hypotheses, state, h: None })
        })
    }

    fn table(&self) -> &Param {
        &self.embed.weight
    }

    fn bias(&self) -> &Param {
        &self.bias
    }
}

impl Module for Seq2SeqRnn {
    fn visit(&self, v: &mut Visitor) {
        v.module("embed", &self.embed);
        v.module("encoder", &self.encoder);
        v.module("decoder", &self.decoder);
        v.module("attention", &self.attention);
        v.module("combine", &self.combine);
        v.param("bias", &self.bias);
    }
}

/// Sequences that are being translated.
struct Translator<'a> {
    model: &'a Seq2SeqRnn,
    /// The memory of all sources, as rows.
    memory: Tensor,
    hypotheses: Hypotheses,
    state: State,
    /// h of the last step [N, 1, 2H].
    h: Option<Tensor>,
}

impl NextToken for Translator<'_> {
    fn tokens(&self) -> usize {
        self.model.bias.shape()[0]
    }

    fn extend(&mut self, parents: &[usize], tokens: &[usize]) -> Tensor {
        let device = self.model.device();
        no_grad(|| {
            self.hypotheses.grow(parents);
            let places = super::ids(parents, device);
            let of_steps = |x: &Tensor| super::rows(&x.permute(&[1, 0, 2]), &places).permute(&[1, 0, 2]);
            let State { h, c, fed } = &self.state;
            self.state = State { h: of_steps(h), c: of_steps(c), fed: super::rows(fed, &places) };
            let mode = &mut Mode::Eval;
            let x = self.model.embedded(&super::ids(tokens, device).unsqueeze(1), mode);
            let memory = self.hypotheses.memory();
            let attended = |q: &Tensor| q.cached_attention(&self.memory, memory);
            let (fed, h) = self.model.decode(&x, &attended, &mut self.state, mode);
            self.h = Some(h);
            self.model.logits(&fed.squeeze(1)).log_softmax().to_dtype(DType::F32)
        })
    }

    /// a_ts.
    fn attention(&self) -> Option<Vec<Vec<f32>>> {
        let h = self.h.as_ref()?;
        let places = self.hypotheses.memory();
        let weights = no_grad(|| {
            let none = places.le_scalar(-1.0);
            let m = self.memory.at(1, 0).squeeze(1).embedding(&places.masked_fill(&none, 0.0));
            let scores = self.model.attention.forward(h).matmul(&m.t()).squeeze(1);
            scores.masked_fill(&none, f64::NEG_INFINITY).softmax()
        });
        Some(self.hypotheses.of_sources(&weights))
    }
}

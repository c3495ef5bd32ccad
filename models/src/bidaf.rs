use crate::attention::ResidualAttention;
use crate::invalid::{self, Invalid};
use crate::padding::{mean_over_time, without_padding};
use crate::word_vectors::{WordVectors, WordVectorsConfig};
use crate::{
    Attended, CharacterModel, DataSizes, Embeds, Pooled, Reader, ReaderInput, Reading, Side, Words,
    parameters,
};
use gradus_engine::nn::{Dropout, Highway, Linear, Lstm, LstmConfig};
use gradus_engine::{Mode, Module, Param, Rng, Tensor, Visitor};
use serde::{Deserialize, Serialize};

/// The hyper-parameters of a [`BiDaf`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BiDafConfig {
    /// D, the width of a word's vector.
    pub embed_dim: usize,
    /// Standard deviation of the random word vectors.
    pub embed_std: f64,
    /// H, for each direction of each LSTM.
    pub hidden_dim: usize,
    /// Layers of the LSTM that encodes context and question.
    pub layers: usize,
    /// Dropout on the input of each LSTM.
    pub dropout: f64,
    /// Dropout of whole words.
    pub embedding_dropout: f64,
    /// Heads of self-attention over the modelled context; 0: none.
    pub attention_heads: usize,
    /// The model of each word's characters.
    #[serde(flatten)]
    pub characters: CharacterModel,
}

impl Default for BiDafConfig {
    fn default() -> Self {
        BiDafConfig {
            embed_dim: 100,
            embed_std: 0.1,
            hidden_dim: 100,
            layers: 1,
            dropout: 0.2,
            embedding_dropout: 0.0,
            attention_heads: 0,
            characters: CharacterModel::None,
        }
    }
}

impl BiDafConfig {
    /// Whether a model can be built with these values.
    ///
    /// # Errors
    /// The first key with an invalid value: a size that is 0 or too large, a share outside [0, 1), heads that do not
    /// divide the width 2H that they attend over.
    pub fn check(&self) -> Result<(), Invalid> {
        self.vectors().check()?;
        invalid::positive("hidden_dim", self.hidden_dim)?;
        invalid::layers(self.layers)?;
        invalid::share("dropout", self.dropout)?;
        invalid::attention_heads(self.attention_heads, 2 * self.hidden_dim as u128)
    }

    fn vectors(&self) -> WordVectorsConfig {
        let Self { embed_dim, embed_std, embedding_dropout, characters, .. } = *self;
        WordVectorsConfig { embed_dim, embed_std, embedding_dropout, characters }
    }

    /// The number of parameters that the model will have; `None` if it exceeds 64 bits.
    pub fn parameters(&self, sizes: &DataSizes) -> Option<u64> {
        let width = self.vectors().width()?;
        let h = self.hidden_dim;
        let (both, flow, ends) = (h.checked_mul(2)?, h.checked_mul(8)?, h.checked_mul(10)?);
        let highway = parameters::linear(width, width.checked_mul(2)?);
        parameters::sum([
            self.vectors().parameters(sizes),
            highway,
            highway,
            parameters::lstm(width, h, self.layers),
            // w_c with b, w_q and w_cq.
            parameters::shapes(&[&[3, both], &[1]]),
            parameters::lstm(flow, h, 2),
            parameters::attention(both, self.attention_heads),
            parameters::lstm(both, h, 1),
            parameters::linear(ends, 1),
            parameters::linear(ends, 1),
        ])
    }
}

/// Bidirectional attention flow: context and question attend to each other, then the model predicts where the answer starts
/// and ends.
///
/// For the context (T words) and for the question (J words), with the same weights:
/// x = highway²([E[ids]; characters]) \[B, T, D + E\]; c = BiLSTM(dropout(x)) \[B, T, 2H\], q likewise \[B, J, 2H\].
/// S_ij = w_c·c_i + b + w_q·q_j + w_cq·(c_i ⊙ q_j) \[B, T, J\];
/// from context to question c̃_i = Σ_j softmax_j(S_ij) q_j; from question to context
/// q̃ = Σ_i softmax_i(max_j S_ij) c_i, the same at all positions; g = [c; c̃; c ⊙ c̃; c ⊙ q̃] \[B, T, 8H\].
/// m = BiLSTM²(dropout(g)), with attention m ← m + MHSA(m); m₂ = BiLSTM(dropout(m)) \[B, T, 2H\];
/// start = w₁·[g; m] + b₁; end = w₂·[g; m₂] + b₂ \[B, T\]. Every softmax leaves out padding.
///
/// Source: Seo, Kembhavi, Farhadi, Hajishirzi, "Bidirectional attention flow for machine comprehension", ICLR 2017,
/// section 2, equations 1 to 3; paper, Table 8 and section 4.4. Self-attention with a residual after the attention
/// flow: Clark, Gardner, ACL 2018, section 4.
#[derive(Clone, Debug)]
pub struct BiDaf {
    vectors: WordVectors,
    hw: Highway,
    ctx: Lstm,
    wc: Linear,
    wq: Linear,
    wcq: Param,
    m1: Lstm,
    attn: Option<ResidualAttention>,
    m2: Lstm,
    p1: Linear,
    p2: Linear,
    config: BiDafConfig,
}

impl BiDaf {
    /// A model with fresh weights; it does not use `outputs` of the sizes.
    ///
    /// # Panics
    /// If [`check`](BiDafConfig::check) fails, or if the model reads characters and the alphabet is empty.
    #[track_caller]
    pub fn new(config: BiDafConfig, sizes: DataSizes, rng: &mut Rng) -> Self {
        config.check().unwrap_or_else(|e| panic!("bidaf: {e}"));
        let BiDafConfig { hidden_dim: hidden, dropout, attention_heads, .. } = config;
        let lstm = |inputs, layers| LstmConfig { inputs, hidden, layers, bidirectional: true, dropout };
        let both = 2 * hidden;
        let vectors = WordVectors::new(config.vectors(), sizes, rng);
        let width = vectors.width();
        BiDaf {
            vectors,
            hw: Highway::new(width, 2, rng),
            ctx: Lstm::new(lstm(width, config.layers), rng),
            wc: Linear::new(both, 1, rng),
            wq: Linear::without_bias(both, 1, rng),
            wcq: Param::new(Tensor::normal([both], 0.0, 0.05, rng)),
            m1: Lstm::new(lstm(4 * both, 2), rng),
            attn: ResidualAttention::new(both, attention_heads, rng),
            m2: Lstm::new(lstm(both, 1), rng),
            p1: Linear::new(5 * both, 1, rng),
            p2: Linear::new(5 * both, 1, rng),
            config,
        }
    }

    /// x and c of a text.
    #[track_caller]
    fn encode(&self, words: &Words, mode: &mut Mode) -> [Tensor; 2] {
        let x = self.vectors.forward(words, mode);
        let x = self.hw.forward(&x);
        let c = self.run(&self.ctx, &x, words, mode);
        [x, c]
    }

    /// The outputs of an LSTM over dropout(x).
    #[track_caller]
    fn run(&self, lstm: &Lstm, x: &Tensor, words: &Words, mode: &mut Mode) -> Tensor {
        let x = Dropout(self.config.dropout).forward(x, mode);
        lstm.forward(&x, Some(words.lengths), mode).y
    }

    /// S [B, T, J] from c [B, T, 2H] and q [B, J, 2H]; −∞ where `absent` [B, J] marks padding of the question.
    fn similarity(&self, c: &Tensor, q: &Tensor, absent: &Tensor) -> Tensor {
        let linear = self.wc.forward(c) + self.wq.forward(q).transpose(1, 2);
        let s = linear + (c * self.wcq.tensor()).matmul(&q.transpose(1, 2));
        s.masked_fill(&absent.unsqueeze(1), f64::NEG_INFINITY)
    }

    /// g [B, T, 8H] from c [B, T, 2H] and q [B, J, 2H], and masks of their real positions.
    fn flow(&self, c: &Tensor, q: &Tensor, real: [&Tensor; 2]) -> Tensor {
        let absent = real.map(Tensor::not);
        let s = self.similarity(c, q, &absent[1]);
        let to_question = s.softmax().matmul(q);
        let weights = s.max(-1).masked_fill(&absent[0], f64::NEG_INFINITY).softmax();
        let to_context = weights.unsqueeze(1).matmul(c);
        Tensor::concat(&[c, &to_question, &(c * &to_question), &(c * to_context)], -1)
    }
}

/// W [a; b] + bias by two matmuls, so that a and b, which other operations save anyway, are not concatenated.
fn of_both(layer: &Linear, a: &Tensor, b: &Tensor) -> Tensor {
    let (w, bias) = (layer.weight.tensor(), layer.bias.as_ref().map(Param::tensor));
    let (width, rest) = (a.dim(-1), b.dim(-1));
    a.linear(&w.narrow(1, 0, width), bias.as_ref()) + b.linear(&w.narrow(1, width, rest), None)
}

impl Reader for BiDaf {
    #[track_caller]
    fn read(&self, input: &ReaderInput, mode: &mut Mode) -> Reading {
        let ReaderInput::Words { context, question } = *input else {
            panic!("bidaf: expected the words of each text, found the pieces of both in one sequence")
        };
        let real = [context.real(), question.real()];
        let [x_c, c] = self.encode(context, mode);
        let [x_q, q] = self.encode(question, mode);
        let g = self.flow(&c, &q, [&real[0], &real[1]]);
        let mut m = self.run(&self.m1, &g, context, mode);
        if let Some(attn) = &self.attn {
            m = attn.forward(&m, &real[0], mode);
        }
        let m2 = self.run(&self.m2, &m, context, mode);
        let logits = |p: &Linear, m: &Tensor| {
            let all = of_both(p, &g, m).squeeze(-1);
            all.masked_fill(&real[0].not(), f64::NEG_INFINITY)
        };
        let mean = |x: &Tensor, words: &Words| mean_over_time(x, words.lengths);
        Reading {
            start: logits(&self.p1, &m),
            end: logits(&self.p2, &m2),
            embedded: Some(Pooled {
                context: mean(&without_padding(&x_c, &real[0]), context),
                question: mean(&without_padding(&x_q, &real[1]), question),
            }),
            encoded: Some(Pooled { context: mean(&c, context), question: mean(&q, question) }),
        }
    }

    /// The attention from context to question, softmax_j(S); then the self-attention of the context, if there is one.
    #[track_caller]
    fn attentions(&self, input: &ReaderInput) -> Vec<Attended> {
        let ReaderInput::Words { context, question } = input else {
            panic!("bidaf: expected words of both texts, found their pieces in one sequence")
        };
        let (mode, real) = (&mut Mode::Eval, [context.real(), question.real()]);
        let [[_, c], [_, q]] = [context, question].map(|words| self.encode(words, mode));
        let flow = self.similarity(&c, &q, &real[1].not()).softmax().unsqueeze(1);
        let mut all = vec![Attended { weights: flow, between: [Side::Context, Side::Question] }];
        if let Some(attn) = &self.attn {
            let g = self.flow(&c, &q, [&real[0], &real[1]]);
            let m = self.run(&self.m1, &g, context, mode);
            let weights = attn.weights(&m, &real[0]);
            all.push(Attended { weights, between: [Side::Context, Side::Context] });
        }
        all
    }
}

impl Embeds for BiDaf {
    fn embed(&self, words: &Words, mode: &mut Mode) -> Tensor {
        self.vectors.forward(words, mode)
    }

    fn word_table(&self) -> &Param {
        &self.vectors.emb.weight
    }
}

impl Module for BiDaf {
    fn visit(&self, v: &mut Visitor) {
        self.vectors.visit(v);
        v.module("hw", &self.hw);
        v.module("ctx", &self.ctx);
        v.module("wc", &self.wc);
        v.module("wq", &self.wq);
        v.param("wcq", &self.wcq);
        v.module("m1", &self.m1);
        v.module("attn", &self.attn);
        v.module("m2", &self.m2);
        v.module("p1", &self.p1);
        v.module("p2", &self.p2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::best_spans;
    use crate::tests::{Batch, CNN, SIZES};
    use gradus_engine::losses::{CrossEntropy, Reduction, cross_entropy};
    use gradus_engine::optim::{Optimizer, OptimizerConfig, Rule};

    /// Eight contexts of 5 to 8 words; the question names a word, the answer is that word and the next.
    fn texts() -> (Vec<Vec<i64>>, Vec<Vec<i64>>, Vec<i64>) {
        let contexts: Vec<Vec<i64>> =
            (0..8).map(|i| (0..5 + i % 4).map(|j| (i * 5 + j * 7) % 12 + 1).collect()).collect();
        let places: Vec<i64> = (0..8).map(|i| i * 3 % 4).collect();
        let questions = (0..8).map(|i| {
            let mut q = vec![(i % 12 + 1) as i64; i % 3];
            q.push(contexts[i][places[i] as usize]);
            q
        });
        let questions = questions.collect();
        (contexts, questions, places)
    }

    fn small(characters: CharacterModel, attention_heads: usize) -> BiDafConfig {
        BiDafConfig { embed_dim: 6, hidden_dim: 6, attention_heads, characters, ..Default::default() }
    }

    #[test]
    fn eight_answers_are_learned_by_heart() {
        let (contexts, questions, places) = texts();
        let (context, question) = (Batch::of(&contexts, 0), Batch::of(&questions, 0));
        let starts = Tensor::from_slice(&places, [8]);
        let ends = Tensor::from_slice(&places.iter().map(|p| p + 1).collect::<Vec<_>>(), [8]);
        for (characters, heads) in [(CharacterModel::None, 0), (CNN, 2)] {
            let mut rng = Rng::new(3);
            let model = BiDaf::new(small(characters, heads), SIZES, &mut rng);
            let loss = |mode: &mut Mode| {
                let input = ReaderInput::Words { context: &context.words(), question: &question.words() };
                let Reading { start, end, .. } = model.read(&input, mode);
                let options = CrossEntropy::default();
                let of = |x: &Tensor, y: &Tensor| cross_entropy(x, y, &options, Reduction::Mean);
                (of(&start, &starts) + of(&end, &ends), start, end)
            };
            let mut optimizer = Optimizer::new(OptimizerConfig::new(Rule::adam(), 0.02));
            for _ in 0..200 {
                optimizer.step(&model, &loss(&mut Mode::Train(&mut rng)).0.backward());
            }
            let (loss, start, end) = loss(&mut Mode::Eval);
            assert!(loss.item() < 0.1, "{characters:?}: the loss is {}", loss.item());
            for (span, &place) in best_spans(&start, &end, &context.lengths, 3).iter().zip(&places) {
                let span = span.unwrap();
                assert_eq!((span.start as i64, span.end as i64), (place, place + 1));
            }
        }
    }

    /// An empty question or context changes neither the other texts of the batch nor the gradients.
    #[test]
    fn empty_texts_have_finite_gradients() {
        let (contexts, questions) = (vec![vec![1, 2, 3], vec![4, 5], vec![]], vec![vec![2], vec![], vec![3]]);
        let model = BiDaf::new(small(CharacterModel::None, 0), SIZES, &mut Rng::new(2));
        let (c, q) = (Batch::of(&contexts, 0), Batch::of(&questions, 0));
        let input = ReaderInput::Words { context: &c.words(), question: &q.words() };
        let reading = model.read(&input, &mut Mode::Eval);
        assert!(reading.start.at(0, 2).to_f64().iter().all(|&x| x == f64::NEG_INFINITY));
        let start = reading.start.narrow(0, 0, 2);
        let answers = Tensor::from_slice(&[1i64, 0], [2]);
        let loss = cross_entropy(&start, &answers, &CrossEntropy::default(), Reduction::Mean);
        let loss = loss + reading.encoded.unwrap().question.square().mean_all();
        assert!(loss.item().is_finite());
        let gradients = loss.backward();
        for (name, param) in model.named_params() {
            if let Some(gradient) = gradients.of(&param) {
                assert!(gradient.to_dense().all_finite(), "{name}");
            }
        }
    }
}

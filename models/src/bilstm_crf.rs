use crate::attention::ResidualAttention;
use crate::invalid::{self, Invalid};
use crate::word_vectors::{WordVectors, WordVectorsConfig};
use crate::{CharacterModel, DataSizes, Embeds, Tagger, Words, parameters};
use gradus_engine::nn::{Crf, Dropout, Linear, Lstm, LstmConfig};
use gradus_engine::{Mode, Module, Param, Rng, Tensor, Visitor};
use serde::{Deserialize, Serialize};

/// The hyper-parameters of a [`BiLstmCrf`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BiLstmCrfConfig {
    /// D, the width of a word's vector.
    pub embed_dim: usize,
    /// Standard deviation of the random word vectors.
    pub embed_std: f64,
    /// H, for each direction.
    pub hidden_dim: usize,
    /// The number of layers.
    pub layers: usize,
    /// Dropout on the words' vectors, between layers and on the outputs of the LSTM.
    pub dropout: f64,
    /// Dropout of whole words.
    pub embedding_dropout: f64,
    /// Heads of self-attention over the outputs of the LSTM; 0: none.
    pub attention_heads: usize,
    /// The model of each word's characters.
    #[serde(flatten)]
    pub characters: CharacterModel,
}

impl Default for BiLstmCrfConfig {
    fn default() -> Self {
        BiLstmCrfConfig {
            embed_dim: 100,
            embed_std: 0.1,
            hidden_dim: 256,
            layers: 1,
            dropout: 0.5,
            embedding_dropout: 0.0,
            attention_heads: 0,
            characters: CharacterModel::None,
        }
    }
}

impl BiLstmCrfConfig {
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
        let inputs = self.vectors().width()?;
        let (width, k) = (self.hidden_dim.checked_mul(2)?, sizes.outputs);
        parameters::sum([
            self.vectors().parameters(sizes),
            parameters::lstm(inputs, self.hidden_dim, self.layers),
            parameters::attention(width, self.attention_heads),
            parameters::linear(width, k),
            // The CRF's scores: transitions, first tag, last tag.
            parameters::shapes(&[&[k, k], &[k], &[k]]),
        ])
    }
}

/// A bidirectional LSTM that scores the tags of each word, and a CRF that scores their sequence.
///
/// x = [E[ids]; characters] \[B, T, D + E\]; h = BiLSTM(dropout(x)) \[B, T, 2H\]; with attention h ← h + MHSA(h);
/// e = W dropout(h) + b \[B, T, K\]; P(y | x) = exp(Σ e[t, y_t] + Σ A[y_{t−1}, y_t]) / Z.
///
/// Source: Huang, Xu, Yu, "Bidirectional LSTM-CRF models for sequence tagging", 2015; Lample et al., "Neural
/// architectures for named entity recognition", NAACL 2016 (equation 1 and section 4, here without a hidden layer
/// before the CRF); paper, Table 8 and section 4.4 (attention).
#[derive(Clone, Debug)]
pub struct BiLstmCrf {
    vectors: WordVectors,
    rnn: Lstm,
    attn: Option<ResidualAttention>,
    out: Linear,
    crf: Crf,
    config: BiLstmCrfConfig,
}

impl BiLstmCrf {
    /// A model with fresh weights.
    ///
    /// # Panics
    /// If [`check`](BiLstmCrfConfig::check) fails, or if the model reads characters and the alphabet is empty.
    #[track_caller]
    pub fn new(config: BiLstmCrfConfig, sizes: DataSizes, rng: &mut Rng) -> Self {
        config.check().unwrap_or_else(|e| panic!("bilstm-crf: {e}"));
        let BiLstmCrfConfig { hidden_dim: hidden, layers, dropout, attention_heads, .. } = config;
        let vectors = WordVectors::new(config.vectors(), sizes, rng);
        let inputs = vectors.width();
        let (width, tags) = (2 * hidden, sizes.outputs);
        BiLstmCrf {
            vectors,
            rnn: Lstm::new(LstmConfig { inputs, hidden, layers, bidirectional: true, dropout }, rng),
            attn: ResidualAttention::new(width, attention_heads, rng),
            out: Linear::new(width, tags, rng),
            crf: Crf::new(tags, rng),
            config,
        }
    }
}

impl Tagger for BiLstmCrf {
    #[track_caller]
    fn emissions(&self, words: &Words, mode: &mut Mode) -> Tensor {
        let mut h = self.hidden(words, mode);
        if let Some(attn) = &self.attn {
            h = attn.forward(&h, &words.real(), mode);
        }
        self.out.forward(&Dropout(self.config.dropout).forward(&h, mode))
    }

    #[track_caller]
    fn attentions(&self, words: &Words) -> Vec<Tensor> {
        let Some(attn) = &self.attn else { return vec![] };
        vec![attn.weights(&self.hidden(words, &mut Mode::Eval), &words.real())]
    }

    fn crf(&self) -> &Crf {
        &self.crf
    }
}

impl BiLstmCrf {
    /// h [B, T, 2H] before the attention.
    #[track_caller]
    fn hidden(&self, words: &Words, mode: &mut Mode) -> Tensor {
        let x = self.vectors.forward(words, mode);
        let x = Dropout(self.config.dropout).forward(&x, mode);
        self.rnn.forward(&x, Some(words.lengths), mode).y
    }
}

impl Embeds for BiLstmCrf {
    fn embed(&self, words: &Words, mode: &mut Mode) -> Tensor {
        self.vectors.forward(words, mode)
    }

    fn word_table(&self) -> &Param {
        &self.vectors.emb.weight
    }
}

impl Module for BiLstmCrf {
    fn visit(&self, v: &mut Visitor) {
        self.vectors.visit(v);
        v.module("rnn", &self.rnn);
        v.module("attn", &self.attn);
        v.module("out", &self.out);
        v.module("crf", &self.crf);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{Batch, CNN, LSTM, SIZES};
    use gradus_engine::losses::crf_nll;
    use gradus_engine::nn::Constraints;
    use gradus_engine::optim::{Optimizer, OptimizerConfig, Rule};

    /// Eight sentences of two to five words; a tag depends on the word and its position.
    fn toy() -> (Batch, Tensor) {
        let sentence = |i: i64| (0..2 + i % 4).map(|j| (i * 3 + j * 5) % 11 + 1).collect();
        let sentences: Vec<Vec<i64>> = (0..8).map(sentence).collect();
        let tags: Vec<i64> = sentences
            .iter()
            .flat_map(|words| (0..5).map(|j| words.get(j).map_or(0, |id| (id + j as i64) % 3)))
            .collect();
        (Batch::of(&sentences, 5), Tensor::from_slice(&tags, [8, 5]))
    }

    fn small(characters: CharacterModel) -> BiLstmCrfConfig {
        BiLstmCrfConfig { embed_dim: 6, hidden_dim: 8, dropout: 0.1, characters, ..Default::default() }
    }

    #[test]
    fn eight_sentences_are_learned_by_heart() {
        for characters in [CharacterModel::None, CNN, LSTM] {
            let ((batch, tags), mut rng) = (toy(), Rng::new(3));
            let (words, lengths) = (batch.words(), &batch.lengths);
            let model = BiLstmCrf::new(small(characters), SIZES, &mut rng);
            let mut optimizer = Optimizer::new(OptimizerConfig::new(Rule::adam(), 0.02));
            for _ in 0..150 {
                let emissions = model.emissions(&words, &mut Mode::Train(&mut rng));
                let loss = crf_nll(model.crf(), &emissions, &tags, lengths);
                optimizer.step(&model, &loss.backward());
            }
            let emissions = model.emissions(&words, &mut Mode::Eval);
            let loss = crf_nll(model.crf(), &emissions, &tags, lengths).item();
            assert!(loss < 0.05, "{characters:?}: the loss is {loss}");
            let (best, _) = model.decode(&words, None);
            assert_eq!(best.to_vec::<i64>(), tags.to_vec::<i64>());
        }
    }

    #[test]
    fn decoding_obeys_constraints_that_training_does_not_know() {
        let (batch, tags) = toy();
        let model = BiLstmCrf::new(small(CharacterModel::None), SIZES, &mut Rng::new(1));
        // 2 is allowed only after 1 or 2, as an inside tag; the training data has 2 elsewhere too.
        let allowed = |i: Option<usize>, j: Option<usize>| j != Some(2) || i.is_some_and(|i| i > 0);
        let constraints = Constraints::new(3, allowed);
        let broken = |tags: &Tensor| {
            let lengths = batch.lengths.to_vec::<i64>();
            tags.to_vec::<i64>().chunks(5).zip(&lengths).any(|(row, &len)| {
                let row = &row[..len as usize];
                (0..row.len()).any(|t| row[t] == 2 && (t == 0 || row[t - 1] == 0))
            })
        };
        // Emissions that favour 2 everywhere.
        model.out.bias.as_ref().unwrap().set(&Tensor::from_slice(&[0.0f32, 0.0, 3.0], [3]));
        let (free, free_scores) = model.decode(&batch.words(), None);
        let (bound, bound_scores) = model.decode(&batch.words(), Some(&constraints));
        assert!(broken(&free) && !broken(&bound));
        let scores = free_scores.to_vec::<f32>().into_iter().zip(bound_scores.to_vec::<f32>());
        assert!(scores.into_iter().all(|(free, bound)| free >= bound && bound.is_finite()));
        let emissions = model.emissions(&batch.words(), &mut Mode::Eval);
        assert!(crf_nll(model.crf(), &emissions, &tags, &batch.lengths).item().is_finite());
    }

    #[test]
    #[should_panic(expected = "the model reads characters")]
    fn characters_must_be_there_where_they_are_read() {
        let (batch, _) = toy();
        let model = BiLstmCrf::new(small(CNN), SIZES, &mut Rng::new(1));
        model.emissions(&Words { characters: None, ..batch.words() }, &mut Mode::Eval);
    }
}

use crate::classifier::without_padding;
use crate::{CharacterConfig, Characters, Tagger, Words};
use gradus_engine::nn::{
    AttentionMask, Crf, Dropout, Embedding, Linear, Lstm, LstmConfig, MultiHeadAttention,
};
use gradus_engine::{Mode, Module, Rng, Tensor, Visitor};
use serde::{Deserialize, Serialize};

/// The sizes of a [`BiLstmCrf`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BiLstmCrfConfig {
    /// V.
    pub vocabulary: usize,
    /// K.
    pub tags: usize,
    /// D.
    pub embed_dim: usize,
    /// Standard deviation of the random word vectors.
    pub embed_std: f64,
    /// H, for each direction.
    pub hidden_dim: usize,
    /// Layers.
    pub layers: usize,
    /// On the words' vectors, between layers and on the outputs of the LSTM.
    pub dropout: f64,
    /// On whole words.
    pub embedding_dropout: f64,
    /// Heads of self-attention over the outputs of the LSTM; 0: none.
    pub attention_heads: usize,
    /// What reads the characters of each word.
    pub characters: Option<CharacterConfig>,
}

impl Default for BiLstmCrfConfig {
    fn default() -> Self {
        BiLstmCrfConfig {
            vocabulary: 30_000,
            tags: 9,
            embed_dim: 100,
            embed_std: 0.1,
            hidden_dim: 256,
            layers: 1,
            dropout: 0.5,
            embedding_dropout: 0.0,
            attention_heads: 0,
            characters: None,
        }
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
    emb: Embedding,
    chars: Option<Characters>,
    rnn: Lstm,
    attn: Option<MultiHeadAttention>,
    out: Linear,
    crf: Crf,
    config: BiLstmCrfConfig,
}

impl BiLstmCrf {
    /// A model with fresh weights.
    #[track_caller]
    pub fn new(config: BiLstmCrfConfig, rng: &mut Rng) -> Self {
        let BiLstmCrfConfig { vocabulary, tags, embed_dim, hidden_dim: hidden, layers, dropout, .. } = config;
        let emb = Embedding::new(vocabulary, embed_dim, config.embed_std, rng);
        let chars = config.characters.clone().map(|c| Characters::new(c, rng));
        let inputs = embed_dim + chars.as_ref().map_or(0, Characters::width);
        let rnn = LstmConfig { inputs, hidden, layers, bidirectional: true, dropout };
        let (width, heads) = (2 * hidden, config.attention_heads);
        BiLstmCrf {
            emb,
            chars,
            rnn: Lstm::new(rnn, rng),
            attn: (heads > 0).then(|| MultiHeadAttention::new(width, heads, 0.0, rng)),
            out: Linear::new(width, tags, rng),
            crf: Crf::new(tags, rng),
            config,
        }
    }
}

impl Tagger for BiLstmCrf {
    #[track_caller]
    fn emissions(&self, words: &Words, mode: &mut Mode) -> Tensor {
        let drop = Dropout(self.config.dropout);
        let x = words.vectors(&self.emb, self.config.embedding_dropout, &self.chars, mode);
        let mut h = self.rnn.forward(&drop.forward(&x, mode), Some(words.lengths), mode).y;
        if let Some(attn) = &self.attn {
            let real = words.real();
            let mask = AttentionMask { keys: Some(real.clone()), causal: false };
            h = without_padding(&(&h + attn.forward(&h, &mask, mode)), &real);
        }
        self.out.forward(&drop.forward(&h, mode))
    }

    fn crf(&self) -> &Crf {
        &self.crf
    }
}

impl Module for BiLstmCrf {
    fn visit(&self, v: &mut Visitor) {
        v.module("emb", &self.emb);
        v.module_if("chars", &self.chars);
        v.module("rnn", &self.rnn);
        v.module_if("attn", &self.attn);
        v.module("out", &self.out);
        v.module("crf", &self.crf);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CharacterKind;
    use gradus_engine::losses::crf_nll;
    use gradus_engine::nn::Constraints;
    use gradus_engine::optim::{Optimizer, OptimizerConfig, Rule};

    /// Eight sentences of up to five words, two characters a word; the tag is that of the word, but 2 follows 1 where
    /// a word repeats.
    struct Toy {
        ids: Tensor,
        lengths: Tensor,
        chars: Tensor,
        spelled: Tensor,
        tags: Tensor,
    }

    fn toy() -> Toy {
        let (b, t) = (8, 5);
        let lengths: Vec<i64> = (0..b).map(|i| 2 + i % 4).collect();
        let (mut ids, mut chars, mut spelled, mut tags) = (vec![], vec![], vec![], vec![]);
        for (i, &len) in lengths.iter().enumerate() {
            for j in 0..t {
                let real = (j as i64) < len;
                let id = (i as i64 * 3 + j as i64 * 5) % 11 + 1;
                ids.push(if real { id } else { 0 });
                chars.extend([id % 4 + 1, id / 4 + 1]);
                spelled.push(if real { 1 + id % 2 } else { 0 });
                tags.push(if real { (id + j as i64) % 3 } else { 0 });
            }
        }
        let t = t as usize;
        Toy {
            ids: Tensor::from_slice(&ids, [8, t]),
            lengths: Tensor::from_slice(&lengths, [8]),
            chars: Tensor::from_slice(&chars, [8, t, 2]),
            spelled: Tensor::from_slice(&spelled, [8, t]),
            tags: Tensor::from_slice(&tags, [8, t]),
        }
    }

    impl Toy {
        fn words(&self) -> Words<'_> {
            Words { ids: &self.ids, lengths: &self.lengths, characters: Some((&self.chars, &self.spelled)) }
        }
    }

    fn small(characters: Option<CharacterKind>) -> BiLstmCrfConfig {
        BiLstmCrfConfig {
            vocabulary: 12,
            tags: 3,
            embed_dim: 6,
            hidden_dim: 8,
            dropout: 0.1,
            characters: characters.map(|kind| CharacterConfig {
                kind,
                alphabet: 6,
                embed_dim: 4,
                out_dim: 4,
                kernel: 2,
            }),
            ..Default::default()
        }
    }

    #[test]
    fn eight_sentences_are_learned_by_heart() {
        for characters in [None, Some(CharacterKind::Cnn), Some(CharacterKind::Lstm)] {
            let (toy, mut rng) = (toy(), Rng::new(3));
            let model = BiLstmCrf::new(small(characters), &mut rng);
            let mut optimizer = Optimizer::new(OptimizerConfig::new(Rule::adam(), 0.02));
            for _ in 0..150 {
                let emissions = model.emissions(&toy.words(), &mut Mode::Train(&mut rng));
                let loss = crf_nll(model.crf(), &emissions, &toy.tags, &toy.lengths);
                optimizer.step(&model, &loss.backward());
            }
            let emissions = model.emissions(&toy.words(), &mut Mode::Eval);
            let loss = crf_nll(model.crf(), &emissions, &toy.tags, &toy.lengths).item();
            assert!(loss < 0.05, "{characters:?}: the loss stands at {loss}");
            let (best, _) = model.decode(&toy.words(), None);
            assert_eq!(best.to_vec::<i64>(), toy.tags.to_vec::<i64>());
        }
    }

    #[test]
    fn decoding_obeys_constraints_that_training_does_not_know() {
        let toy = toy();
        let model = BiLstmCrf::new(small(None), &mut Rng::new(1));
        // 2 only after 1 or 2, as an inside tag; the training data holds 2 elsewhere too.
        let allowed = |i: Option<usize>, j: Option<usize>| j != Some(2) || i.is_some_and(|i| i > 0);
        let constraints = Constraints::new(3, allowed);
        let broken = |tags: &Tensor| {
            let lengths = toy.lengths.to_vec::<i64>();
            tags.to_vec::<i64>().chunks(5).zip(&lengths).any(|(row, &len)| {
                let row = &row[..len as usize];
                (0..row.len()).any(|t| row[t] == 2 && (t == 0 || row[t - 1] == 0))
            })
        };
        // Emissions that speak for 2 everywhere.
        model.out.bias.as_ref().unwrap().set(&Tensor::from_slice(&[0.0f32, 0.0, 3.0], [3]));
        let (free, free_scores) = model.decode(&toy.words(), None);
        let (bound, bound_scores) = model.decode(&toy.words(), Some(&constraints));
        assert!(broken(&free) && !broken(&bound));
        let scores = free_scores.to_vec::<f32>().into_iter().zip(bound_scores.to_vec::<f32>());
        assert!(scores.into_iter().all(|(free, bound)| free >= bound && bound.is_finite()));
        let emissions = model.emissions(&toy.words(), &mut Mode::Eval);
        assert!(crf_nll(model.crf(), &emissions, &toy.tags, &toy.lengths).item().is_finite());
    }

    #[test]
    fn padding_does_not_change_a_sentence() {
        let model = BiLstmCrf::new(
            BiLstmCrfConfig { attention_heads: 2, ..small(Some(CharacterKind::Cnn)) },
            &mut Rng::new(1),
        );
        let toy = toy();
        let all = model.emissions(&toy.words(), &mut Mode::Eval);
        let ids = toy.ids.narrow(0, 0, 1).narrow(1, 0, 2);
        let (chars, spelled) =
            (toy.chars.narrow(0, 0, 1).narrow(1, 0, 2), toy.spelled.narrow(0, 0, 1).narrow(1, 0, 2));
        let lengths = toy.lengths.narrow(0, 0, 1);
        let words = Words { ids: &ids, lengths: &lengths, characters: Some((&chars, &spelled)) };
        let one = model.emissions(&words, &mut Mode::Eval).to_vec::<f32>();
        let same = all.narrow(0, 0, 1).narrow(1, 0, 2).to_vec::<f32>();
        assert!(one.iter().zip(&same).all(|(a, b)| (a - b).abs() < 1e-6), "{one:?} {same:?}");
    }

    #[test]
    #[should_panic(expected = "the model reads characters")]
    fn characters_must_be_there_where_they_are_read() {
        let toy = toy();
        let model = BiLstmCrf::new(small(Some(CharacterKind::Cnn)), &mut Rng::new(1));
        model.emissions(&Words { characters: None, ..toy.words() }, &mut Mode::Eval);
    }
}

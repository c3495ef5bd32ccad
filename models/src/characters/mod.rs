mod config;
mod distinct;

pub use config::CharacterModel;

use crate::padding::{real_positions, without_padding};
use config::KERNEL;
use distinct::Distinct;
use gradus_engine::nn::{Conv1d, Embedding, Lstm, LstmConfig};
use gradus_engine::{Mode, Module, Rng, Tensor, Visitor};

/// A word's vector from its characters a₁ … a_n, x = E[a] \[n, D\].
///
/// CNN: y = max over t of relu(conv(x))_t over all windows that hold a character; outside the word x is 0.
/// LSTM: y = [h→_n; h←_1], the last states of both directions.
///
/// Padding does not change y. Each distinct word of a batch is computed once.
#[derive(Clone, Debug)]
pub struct Characters {
    emb: Embedding,
    encoder: Encoder,
    width: usize,
}

/// Combines the vectors of a word's characters into one.
#[derive(Clone, Debug)]
enum Encoder {
    Cnn(Conv1d),
    Lstm(Lstm),
}

impl Characters {
    /// A model with fresh weights for an alphabet of that size; the characters' vectors are normal with variance 1/D.
    /// `None` if no characters are read.
    ///
    /// # Panics
    /// If the alphabet is empty, or if the width of an LSTM is odd.
    #[track_caller]
    pub fn new(config: CharacterModel, alphabet: usize, rng: &mut Rng) -> Option<Self> {
        let (embed_dim, width) = config.widths()?;
        assert!(alphabet > 0, "characters: the model reads characters, but the alphabet is empty");
        let emb = Embedding::new(alphabet, embed_dim, 1.0 / (embed_dim.max(1) as f64).sqrt(), rng);
        let encoder = match config {
            CharacterModel::Lstm { .. } => {
                assert!(
                    width.is_multiple_of(2),
                    "characters: {width} features do not divide between two directions"
                );
                let (inputs, hidden) = (embed_dim, width / 2);
                let config = LstmConfig { inputs, hidden, layers: 1, bidirectional: true, dropout: 0.0 };
                Encoder::Lstm(Lstm::new(config, rng))
            }
            CharacterModel::Cnn { .. } => Encoder::Cnn(Conv1d::new(embed_dim, width, KERNEL, 0, rng)),
            CharacterModel::None => return None,
        };
        Some(Characters { emb, encoder, width })
    }

    /// E, the width of y.
    pub fn width(&self) -> usize {
        self.width
    }

    /// y [B, T, E] from character ids [B, T, C] and the length of each word [B, T] (both `i64`, in host memory, where
    /// the distinct words are found); a word of length 0 is padding and has y = 0.
    #[track_caller]
    pub fn forward(&self, chars: &Tensor, lengths: &Tensor, mode: &mut Mode) -> Tensor {
        let (b, t) = (chars.dim(0), chars.dim(1));
        let words = Distinct::of(chars, lengths);
        if words.lengths.is_empty() {
            return Tensor::zeros([b, t, self.width], self.emb.weight.kind());
        }
        let y = self.spell(&words, mode);
        // Row 0 is for padding.
        let rows = y.widen(0, 1, y.dim(0) + 1);
        rows.embedding(&Tensor::from_slice(&words.rows, [b, t]).to_device(rows.device()))
    }

    /// y [W, E] of the distinct words, each of at least one character.
    #[track_caller]
    fn spell(&self, Distinct { chars, lengths, longest, .. }: &Distinct, mode: &mut Mode) -> Tensor {
        let (words, longest) = (lengths.len(), *longest);
        let device = self.emb.weight.kind().device;
        let e = self.emb.forward(&Tensor::from_slice(chars, [words, longest]).to_device(device));
        let all = Tensor::from_slice(lengths, [words]).to_device(device);
        match &self.encoder {
            Encoder::Lstm(rnn) => {
                let h = rnn.forward(&e, Some(&all), mode).h;
                h.transpose(0, 1).reshape([words, self.width])
            }
            Encoder::Cnn(conv) => {
                let e = without_padding(&e, &real_positions(&all, longest));
                // With margins on both sides, the windows are exactly those that contain a character, even in short words.
                let margin = KERNEL - 1;
                let windows: Vec<i64> = lengths.iter().map(|len| len + margin as i64).collect();
                let e = e.widen(1, margin, longest + 2 * margin);
                conv.forward_relu_max(&e, &Tensor::from_slice(&windows, [words]).to_device(device))
            }
        }
    }
}

impl Module for Characters {
    fn visit(&self, v: &mut Visitor) {
        v.module("emb", &self.emb);
        match &self.encoder {
            Encoder::Cnn(conv) => v.module("conv", conv),
            Encoder::Lstm(rnn) => v.module("rnn", rnn),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gradus_engine::DType;

    const KINDS: [CharacterModel; 2] = [
        CharacterModel::Cnn { char_embed_dim: 5, char_dim: 6, char_max_len: 20 },
        CharacterModel::Lstm { char_embed_dim: 5, char_dim: 6, char_max_len: 20 },
    ];

    fn model(config: CharacterModel) -> Characters {
        Characters::new(config, 9, &mut Rng::new(1)).unwrap()
    }

    fn of(model: &Characters, chars: &[i64], lengths: &[i64]) -> Vec<f32> {
        let c = chars.len() / lengths.len();
        let chars = Tensor::from_slice(chars, [1, lengths.len(), c]);
        model.forward(&chars, &Tensor::from_slice(lengths, [1, lengths.len()]), &mut Mode::Eval).to_vec()
    }

    #[test]
    fn padding_of_words_and_of_sentences_changes_nothing() {
        for config in KINDS {
            let model = model(config);
            let tight = of(&model, &[1, 2, 3, 4, 0, 0], &[3, 1]);
            assert!(tight[..6].iter().any(|&x| x != 0.0) && tight[..6] != tight[6..]);
            // Ids past a word's end are not read, and the result of a word of length 0 is 0.
            let wide = of(&model, &[1, 2, 3, 8, 7, 5, 5, 5, 5, 5, 4, 8, 8, 8, 8], &[3, 0, 1]);
            assert_eq!(wide[..6], tight[..6]);
            assert_eq!(wide[6..12], [0.0; 6]);
            assert_eq!(wide[12..], tight[6..]);
        }
    }

    #[test]
    fn a_batch_of_padding_is_zero() {
        for config in KINDS {
            assert_eq!(of(&model(config), &[1, 2, 3, 4], &[0, 0]), [0.0; 12]);
        }
    }

    /// The gradient of a word that appears twice is the sum over both positions.
    #[test]
    fn repeated_words_share_their_computation_and_not_their_gradient() {
        for config in KINDS {
            let model = model(config);
            model.convert(DType::F64);
            let gradient = |chars: &[i64], lengths: &[i64], weights: &[f64]| {
                let n = lengths.len();
                let chars = Tensor::from_slice(chars, [1, n, 2]);
                let y = model.forward(&chars, &Tensor::from_slice(lengths, [1, n]), &mut Mode::Eval);
                let loss = (y.square() * Tensor::from_slice(weights, [1, n, 1])).sum_all();
                loss.backward().of(&model.emb.weight).unwrap().to_dense().to_vec::<f64>()
            };
            let apart = gradient(&[1, 2, 3, 4, 1, 2], &[2, 2, 2], &[2.0, 3.0, 5.0]);
            let summed = gradient(&[1, 2, 3, 4], &[2, 2], &[7.0, 3.0]);
            assert!(apart.iter().any(|&x| x != 0.0));
            assert!(apart.iter().zip(&summed).all(|(a, b)| (a - b).abs() < 1e-12));
        }
    }

    #[test]
    #[should_panic(expected = "length 3 of word 1 is outside 0..=2")]
    fn a_length_beyond_the_characters_is_refused() {
        of(&model(KINDS[0]), &[1, 2, 3, 4], &[2, 3]);
    }
}

use crate::classifier::{real_places, without_padding};
use gradus_engine::nn::{Conv1d, Embedding, Lstm, LstmConfig};
use gradus_engine::{Mode, Module, Rng, Tensor, Visitor};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// How the characters of a word become one vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CharacterKind {
    /// Convolution, ReLU and the maximum over the word. Source: Ma, Hovy, ACL 2016, section 2.1; Seo et al., ICLR
    /// 2017, section 2, layer 1.
    Cnn,
    /// The last states of an LSTM from each side. Source: Lample et al., NAACL 2016, section 4.1.
    Lstm,
}

/// The sizes of [`Characters`]. The default is that of Ma and Hovy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CharacterConfig {
    /// How characters are read.
    pub kind: CharacterKind,
    /// Characters that have a number, padding's 0 among them.
    pub alphabet: usize,
    /// D, the width of a character.
    pub embed_dim: usize,
    /// E, the width of a word; even for [`CharacterKind::Lstm`], whose two directions have half of it each.
    pub out_dim: usize,
    /// Characters in a window, for [`CharacterKind::Cnn`].
    pub kernel: usize,
}

impl Default for CharacterConfig {
    fn default() -> Self {
        CharacterConfig { kind: CharacterKind::Cnn, alphabet: 128, embed_dim: 30, out_dim: 30, kernel: 3 }
    }
}

/// A word's vector from its characters a₁ … a_n, x = E[a] \[n, D\].
///
/// CNN: y = max over t of relu(conv(x))_t over all windows that hold a character; outside the word x is 0.
/// LSTM: y = [h→_n; h←_1], the last states of both directions.
///
/// How far words are padded does not change y. Each distinct word of a batch is computed once.
#[derive(Clone, Debug)]
pub struct Characters {
    emb: Embedding,
    conv: Option<Conv1d>,
    rnn: Option<Lstm>,
    config: CharacterConfig,
}

impl Characters {
    /// A model with fresh weights; the characters' vectors are normal with variance 1/D. Panics where an LSTM is to
    /// have an odd width, or windows are empty.
    #[track_caller]
    pub fn new(config: CharacterConfig, rng: &mut Rng) -> Self {
        let CharacterConfig { kind, alphabet, embed_dim: d, out_dim, kernel } = config;
        let emb = Embedding::new(alphabet, d, 1.0 / (d.max(1) as f64).sqrt(), rng);
        let (conv, rnn) = match kind {
            CharacterKind::Cnn => {
                assert!(kernel > 0, "characters: windows of 0 characters see nothing");
                (Some(Conv1d::new(d, out_dim, kernel, 0, rng)), None)
            }
            CharacterKind::Lstm => {
                assert!(
                    out_dim.is_multiple_of(2),
                    "characters: {out_dim} features do not divide between two directions"
                );
                let config = LstmConfig {
                    inputs: d,
                    hidden: out_dim / 2,
                    layers: 1,
                    bidirectional: true,
                    dropout: 0.0,
                };
                (None, Some(Lstm::new(config, rng)))
            }
        };
        Characters { emb, conv, rnn, config }
    }

    /// E.
    pub fn width(&self) -> usize {
        self.config.out_dim
    }

    /// y [B, T, E] from numbers of characters [B, T, C] and the characters of each word [B, T] (both `i64`, in main
    /// memory, where the distinct words are found); a word of length 0 is padding and has y = 0.
    #[track_caller]
    pub fn forward(&self, chars: &Tensor, lengths: &Tensor, mode: &mut Mode) -> Tensor {
        let (b, t) = (chars.dim(0), chars.dim(1));
        let words = Distinct::of(chars, lengths);
        if words.lengths.is_empty() {
            return Tensor::zeros([b, t, self.width()], self.emb.weight.kind());
        }
        let y = self.spell(&words, mode);
        // Row 0 is padding's.
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
        if let Some(rnn) = &self.rnn {
            let h = rnn.forward(&e, Some(&all), mode).h;
            return h.transpose(0, 1).reshape([words, self.width()]);
        }
        let conv = self.conv.as_ref().expect("characters: a convolution or an LSTM");
        let e = without_padding(&e, &real_places(&all, longest));
        // With margins on both sides the windows are those that hold a character, however short the word.
        let margin = self.config.kernel - 1;
        let windows: Vec<i64> = lengths.iter().map(|len| len + margin as i64).collect();
        let e = e.widen(1, margin, longest + 2 * margin);
        conv.forward_relu_max(&e, &Tensor::from_slice(&windows, [words]).to_device(device))
    }
}

impl Module for Characters {
    fn visit(&self, v: &mut Visitor) {
        v.module("emb", &self.emb);
        v.module_if("conv", &self.conv);
        v.module_if("rnn", &self.rnn);
    }
}

/// The distinct words of a batch in the order in which they appear.
struct Distinct {
    /// [W, longest], 0 past a word's end.
    chars: Vec<i64>,
    /// Of each word, at least 1.
    lengths: Vec<i64>,
    /// Characters of the longest word.
    longest: usize,
    /// For each place of the batch 1 + the number of its word, or 0 for padding.
    rows: Vec<i64>,
}

impl Distinct {
    #[track_caller]
    fn of(chars: &Tensor, lengths: &Tensor) -> Self {
        let (shape, c) = (chars.shape(), chars.dim(-1));
        assert!(shape.rank() == 3, "characters: they must be [B, T, C], they are {shape:?}");
        assert_eq!(
            lengths.shape(),
            [shape[0], shape[1]].into(),
            "characters: one length for each word of {shape:?}"
        );
        let (chars, lengths) = (chars.elements::<i64>(), lengths.elements::<i64>());
        let mut numbers: HashMap<&[i64], i64> = HashMap::new();
        let mut words: Vec<&[i64]> = vec![];
        let rows = lengths.iter().enumerate().map(|(place, &len)| {
            assert!(
                (0..=c as i64).contains(&len),
                "characters: length {len} of word {place} is outside 0..={c}"
            );
            if len == 0 {
                return 0;
            }
            let word = &chars[place * c..][..len as usize];
            *numbers.entry(word).or_insert_with(|| {
                words.push(word);
                words.len() as i64
            })
        });
        let rows = rows.collect();
        let longest = words.iter().map(|w| w.len()).max().unwrap_or(0);
        let mut padded = vec![0; words.len() * longest];
        for (to, word) in padded.chunks_mut(longest.max(1)).zip(&words) {
            to[..word.len()].copy_from_slice(word);
        }
        Distinct { chars: padded, lengths: words.iter().map(|w| w.len() as i64).collect(), longest, rows }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gradus_engine::DType;

    fn model(kind: CharacterKind) -> Characters {
        Characters::new(
            CharacterConfig { kind, alphabet: 9, embed_dim: 5, out_dim: 6, kernel: 3 },
            &mut Rng::new(1),
        )
    }

    fn of(model: &Characters, chars: &[i64], lengths: &[i64]) -> Vec<f32> {
        let c = chars.len() / lengths.len();
        let chars = Tensor::from_slice(chars, [1, lengths.len(), c]);
        model.forward(&chars, &Tensor::from_slice(lengths, [1, lengths.len()]), &mut Mode::Eval).to_vec()
    }

    #[test]
    fn padding_of_words_and_of_sentences_changes_nothing() {
        for kind in [CharacterKind::Cnn, CharacterKind::Lstm] {
            let model = model(kind);
            let tight = of(&model, &[1, 2, 3, 4, 0, 0], &[3, 1]);
            assert!(tight[..6].iter().any(|&x| x != 0.0) && tight[..6] != tight[6..]);
            // What stands past a word's end is not read, and a word of length 0 is 0.
            let wide = of(&model, &[1, 2, 3, 8, 7, 5, 5, 5, 5, 5, 4, 8, 8, 8, 8], &[3, 0, 1]);
            assert_eq!(wide[..6], tight[..6]);
            assert_eq!(wide[6..12], [0.0; 6]);
            assert_eq!(wide[12..], tight[6..]);
        }
    }

    #[test]
    fn a_batch_of_padding_is_zero() {
        for kind in [CharacterKind::Cnn, CharacterKind::Lstm] {
            assert_eq!(of(&model(kind), &[1, 2, 3, 4], &[0, 0]), [0.0; 12]);
        }
    }

    /// A word that appears twice counts twice: its gradient is that of both places.
    #[test]
    fn repeated_words_share_their_computation_and_not_their_gradient() {
        for kind in [CharacterKind::Cnn, CharacterKind::Lstm] {
            let model = model(kind);
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
        of(&model(CharacterKind::Cnn), &[1, 2, 3, 4], &[2, 3]);
    }
}

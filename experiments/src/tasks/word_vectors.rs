//! The vectors of a text's words or pieces, which explanations vary and attacks follow.

use crate::text::{Lexicon, Padded, Text, Tokens};
use gradus_engine::{DType, Mode, Tensor, no_grad};
use gradus_models::{Embeds, Words};

/// A text with its vectors.
pub struct WordVectors {
    /// The words as written, or the pieces.
    pub tokens: Vec<String>,
    /// Their vectors [T, D].
    pub x: Tensor,
    /// The vectors of as many unknown words or masked pieces [T, D].
    pub unknown: Tensor,
}

impl WordVectors {
    /// The vectors of a text of which a lexicon knows the words.
    pub fn of(lexicon: &Lexicon, model: &dyn Embeds, tokens: Vec<String>, text: &Text) -> WordVectors {
        let batch = |text: &Text| lexicon.batch(&[text], 0.0, &mut Mode::Eval);
        WordVectors::new(model, tokens, [batch(text), batch(&lexicon.unknown(text.len()))])
    }

    /// The vectors of a batch of one text, and of one of as many unknown words.
    pub fn new(model: &dyn Embeds, tokens: Vec<String>, text_and_unknown: [Padded; 2]) -> WordVectors {
        let [x, unknown] = text_and_unknown.map(|batch| vectors(model, batch));
        WordVectors { x, unknown, tokens }
    }

    /// The words as written.
    pub fn written(tokens: &Tokens) -> Vec<String> {
        tokens.written().map(String::from).collect()
    }
}

/// The vectors of a batch of one text [T, D].
pub fn vectors(model: &dyn Embeds, batch: Padded) -> Tensor {
    let batch = batch.to_device(model.device());
    no_grad(|| model.embed(&batch.words(), &mut Mode::Eval)).squeeze(0)
}

/// Texts that are given as vectors alone.
pub struct OfVectors {
    ids: Tensor,
    lengths: Tensor,
    /// The pieces and their number, if the vectors are those of pieces.
    pieces: Option<(Tensor, Tensor)>,
    x: Tensor,
}

impl OfVectors {
    /// S texts of T words with vectors [S, T, D].
    pub fn new(x: &Tensor) -> OfVectors {
        let [s, t] = [x.dim(0), x.dim(1)];
        let ids = Tensor::zeros([s, t], DType::I64).to_device(x.device());
        let lengths = Tensor::full([s], t as f64, DType::I64).to_device(x.device());
        OfVectors { ids, lengths, pieces: None, x: x.clone() }
    }

    /// S texts of words in pieces, with the vectors of P pieces [S, P, D]; `first` is the place of the first piece of each word.
    pub fn in_pieces(x: &Tensor, first: &[usize]) -> OfVectors {
        let OfVectors { ids: pieces, lengths: counts, x, .. } = OfVectors::new(x);
        let [s, p, t] = [x.dim(0), x.dim(1), first.len()];
        let places: Vec<i64> =
            (0..s).flat_map(|row| first.iter().map(move |at| (row * p + at) as i64)).collect();
        OfVectors {
            ids: Tensor::from_slice(&places, [s, t]).to_device(x.device()),
            lengths: Tensor::full([s], t as f64, DType::I64).to_device(x.device()),
            pieces: Some((pieces, counts)),
            x,
        }
    }

    /// The batch as models read it.
    pub fn words(&self) -> Words<'_> {
        let pieces = self.pieces.as_ref().map(|(pieces, counts)| (pieces, counts));
        Words { embedded: Some(&self.x), pieces, ..Words::new(&self.ids, &self.lengths) }
    }

    /// The number of words of each text [S].
    pub fn lengths(&self) -> &Tensor {
        &self.lengths
    }
}

/// The features of vectors [T, D] that come from the table of words [T, W], without those of characters.
pub fn word_features(model: &dyn Embeds, x: &Tensor) -> Tensor {
    x.narrow(1, 0, model.word_table().shape()[1])
}

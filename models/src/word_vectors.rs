use crate::invalid::{self, Invalid};
use crate::{CharacterModel, Characters, DataSizes, Words, parameters};
use gradus_engine::nn::{Embedding, EmbeddingDropout};
use gradus_engine::{Mode, Module, Rng, Tensor, Visitor};

/// The keys of a configuration that [`WordVectors`] reads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WordVectorsConfig {
    /// D, the width of a word's vector.
    pub(crate) embed_dim: usize,
    /// Standard deviation of the random word vectors.
    pub(crate) embed_std: f64,
    /// On whole words.
    pub(crate) embedding_dropout: f64,
    /// What reads the characters of each word.
    pub(crate) characters: CharacterModel,
}

/// The first layer of every model: x = [dropout(e); characters] \[B, T, D + E\], where e\[b, t\] is the given vector of a
/// word that has one, else E[ids[b, t]].
///
/// The dropout is of whole words: those of one id are dropped together, given ones too. Given vectors get no gradient,
/// and E gets none from their places.
#[derive(Clone, Debug)]
pub(crate) struct WordVectors {
    pub(crate) emb: Embedding,
    pub(crate) chars: Option<Characters>,
    pub(crate) dropout: EmbeddingDropout,
}

impl WordVectorsConfig {
    pub(crate) fn check(&self) -> Result<(), Invalid> {
        invalid::words(self.embed_dim, self.embed_std, self.embedding_dropout)?;
        self.characters.check()
    }

    /// D + E; `None` where it passes the word size.
    pub(crate) fn width(&self) -> Option<usize> {
        self.embed_dim.checked_add(self.characters.width())
    }

    /// The number of parameters; `None` where it passes 64 bits.
    pub(crate) fn parameters(&self, sizes: &DataSizes) -> Option<u64> {
        parameters::sum([
            parameters::shapes(&[&[sizes.words, self.embed_dim]]),
            self.characters.parameters(sizes.characters),
        ])
    }
}

impl WordVectors {
    /// Fresh vectors; panics where characters are read and there are none.
    #[track_caller]
    pub(crate) fn new(config: WordVectorsConfig, sizes: DataSizes, rng: &mut Rng) -> Self {
        WordVectors {
            emb: Embedding::new(sizes.words, config.embed_dim, config.embed_std, rng),
            chars: Characters::new(config.characters, sizes.characters, rng),
            dropout: EmbeddingDropout(config.embedding_dropout),
        }
    }

    /// D + E.
    pub(crate) fn width(&self) -> usize {
        self.emb.weight.shape()[1] + self.chars.as_ref().map_or(0, Characters::width)
    }

    /// x [B, T, D + E].
    #[track_caller]
    pub(crate) fn forward(&self, words: &Words, mode: &mut Mode) -> Tensor {
        let e = self.emb.forward(words.ids);
        let e = words.given.map_or(e.clone(), |given| given.in_place_of(&e));
        let e = self.dropout.forward(&e, words.ids, self.emb.weight.shape()[0], mode);
        let Some(chars) = &self.chars else { return e };
        let Some((characters, lengths)) = words.characters else {
            panic!("words: the model reads characters, but the words {:?} come without", words.ids.shape());
        };
        Tensor::concat(&[&e, &chars.forward(characters, lengths, mode)], -1)
    }
}

impl Module for WordVectors {
    fn visit(&self, v: &mut Visitor) {
        v.module("emb", &self.emb);
        v.module("chars", &self.chars);
    }
}

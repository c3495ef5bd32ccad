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
    /// Dropout of whole words.
    pub(crate) embedding_dropout: f64,
    /// The model of each word's characters.
    pub(crate) characters: CharacterModel,
}

/// The first layer of every model: x = [dropout(e); characters] \[B, T, D + E\], where e\[b, t\] is the given vector of a
/// word that has one, else E[ids[b, t]].
///
/// Dropout drops whole words: those of one id together, given vectors too. Given vectors get no gradient, and E gets
/// none from their positions. [`Words::embedded`] replaces all of x.
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

    /// D + E; `None` if it overflows `usize`.
    pub(crate) fn width(&self) -> Option<usize> {
        self.embed_dim.checked_add(self.characters.width())
    }

    /// The number of parameters; `None` if it exceeds 64 bits.
    pub(crate) fn parameters(&self, sizes: &DataSizes) -> Option<u64> {
        parameters::sum([
            parameters::shapes(&[&[sizes.words, self.embed_dim]]),
            self.characters.parameters(sizes.characters),
        ])
    }
}

impl WordVectors {
    /// Fresh vectors; panics if the model reads characters and the alphabet is empty.
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
        if let Some(x) = words.embedded {
            let [b, t, width] = [words.ids.dim(0), words.ids.dim(1), self.width()];
            let found = x.shape();
            assert_eq!(
                found,
                [b, t, width].into(),
                "words: vectors {found:?} for [{b}, {t}] words of width {width}"
            );
            return x.clone();
        }
        let e = self.emb.forward(words.ids);
        let e = words.given.map_or(e.clone(), |given| given.in_place_of(&e));
        let e = self.dropout.forward(&e, words.ids, self.emb.weight.shape()[0], mode);
        let Some(chars) = &self.chars else { return e };
        let Some((characters, lengths)) = words.characters else {
            panic!("words: the model reads characters, but the words {:?} have none", words.ids.shape());
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

use crate::{Module, Param, Rng, Tensor, Visitor};

/// y = W[ids]: ids of any shape → [.., D], W [V, D]. The gradient of W is kept as the rows that were read.
#[derive(Clone, Debug)]
pub struct Embedding {
    /// W [V, D].
    pub weight: Param,
}

impl Embedding {
    /// A table of `words` vectors of `width`, standard normal.
    pub fn new(words: usize, width: usize, rng: &mut Rng) -> Self {
        Embedding { weight: Param::new(Tensor::normal([words, width], 0.0, 1.0, rng)) }
    }

    /// The vectors of the words with these numbers (`i64`).
    #[track_caller]
    pub fn forward(&self, ids: &Tensor) -> Tensor {
        self.weight.tensor().embedding(ids)
    }
}

impl Module for Embedding {
    fn visit(&self, v: &mut Visitor) {
        v.param("weight", &self.weight);
    }
}

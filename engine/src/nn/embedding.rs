use crate::{Module, Param, Rng, Tensor, Visitor};

/// y = W[ids]: ids of any shape → [.., D], W [V, D]. The gradient of W is kept as the rows that were read.
#[derive(Clone, Debug)]
pub struct Embedding {
    /// W [V, D].
    pub weight: Param,
}

impl Embedding {
    /// A table of `words` vectors of `width`, normal with mean 0 and standard deviation `std` (PyTorch's is 1).
    pub fn new(words: usize, width: usize, std: f64, rng: &mut Rng) -> Self {
        Embedding { weight: Param::new(Tensor::normal([words, width], 0.0, std, rng)) }
    }

    /// The vectors of the words with these ids (`i64`).
    #[track_caller]
    pub fn forward(&self, ids: &Tensor) -> Tensor {
        self.weight.tensor_for_rows(ids).embedding(ids)
    }
}

impl Module for Embedding {
    fn visit(&self, v: &mut Visitor) {
        v.param("weight", &self.weight);
    }
}

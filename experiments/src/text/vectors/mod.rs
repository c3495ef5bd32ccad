//! Pretrained word vectors in the text format of GloVe and word2vec: each line holds a word and its D numbers,
//! separated by spaces.

mod blocks;
mod given;
mod line;
mod read;
#[cfg(test)]
mod tests;

pub(super) use given::GivenVectors;
pub use read::{KEPT, Spellings, VectorFile};

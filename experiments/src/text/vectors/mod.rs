//! Pretrained word vectors in the text form of GloVe and word2vec: a line holds a word, then its D numbers, spaces between
//! them.

mod blocks;
mod given;
mod line;
mod read;
#[cfg(test)]
mod tests;

pub(super) use given::GivenVectors;
pub use read::{KEPT, Spellings, VectorFile};

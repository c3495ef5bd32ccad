//! Layers: plain structs over parameters, with PyTorch's names in the state dict.
//!
//! The signature of a forward pass has everything that it depends on: layers with randomness take a [`Mode`](crate::Mode). A
//! model is a struct of layers ([`Module`](crate::Module) has an example), or a [`Sequential`].

mod activation;
mod attention;
mod cache;
mod conv1d;
mod crf;
mod decoder;
mod dropout;
mod embedding;
mod highway;
mod init;
mod layer;
mod layer_norm;
mod linear;
mod lstm;
mod sequential;
mod transformer;

pub use activation::Activation;
pub use attention::{AttentionMask, KeysValues, MultiHeadAttention};
pub use cache::{CachePlaces, KeyValueCache};
pub use conv1d::Conv1d;
pub use crf::{Constraints, Crf};
pub use decoder::{DecoderCache, DecoderPlaces, TransformerDecoderBlock};
pub use dropout::{Dropout, EmbeddingDropout, VariationalDropout};
pub use embedding::Embedding;
pub use highway::Highway;
pub use layer::{Function, Layer};
pub use layer_norm::LayerNorm;
pub use linear::Linear;
pub use lstm::{Lstm, LstmConfig, LstmOutput};
pub use sequential::Sequential;
pub use transformer::{Norm, TransformerBlock, TransformerBlockConfig};

//! The paper's architectures: one file each, opening with its paper, its equations and its shapes. The `Default` of
//! each configuration is the paper's Table 8.
//!
//! Models take numbers of tokens and lengths, and return logits; they know no files and no text.
#![forbid(unsafe_code)]

mod bilstm;
mod classifier;
mod textcnn;

pub use bilstm::{BiLstm, BiLstmConfig};
pub use classifier::Classifier;
pub use textcnn::{TextCnn, TextCnnConfig};

//! The paper's architectures: one file each, opening with its paper, its equations and its shapes. The `Default` of
//! each configuration is the paper's Table 8.
//!
//! Models take numbers of tokens and lengths, and return logits; they know no files and no text.
#![forbid(unsafe_code)]

mod bidaf;
mod bilstm;
mod bilstm_crf;
mod characters;
mod classifier;
mod reader;
mod span;
mod tagger;
mod textcnn;
mod words;

pub use bidaf::{BiDaf, BiDafConfig};
pub use bilstm::{BiLstm, BiLstmConfig};
pub use bilstm_crf::{BiLstmCrf, BiLstmCrfConfig};
pub use characters::{CharacterConfig, CharacterKind, Characters};
pub use classifier::Classifier;
pub use reader::{Pooled, Reader, Reading};
pub use span::{Span, best_spans};
pub use tagger::Tagger;
pub use textcnn::{TextCnn, TextCnnConfig};
pub use words::{Given, Words};

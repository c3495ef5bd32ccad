//! The paper's architectures: one file each, opening with its paper, its equations and its shapes. The `Default` of
//! each configuration is the paper's Table 8.
//!
//! Models take batches of ids and return logits; they read neither files nor text. A model is built from
//! its configuration, which the user chooses, and from [`DataSizes`], which the data determines.
#![forbid(unsafe_code)]

mod attention;
mod bert;
mod bidaf;
mod bilstm;
mod bilstm_crf;
mod characters;
mod classifier;
mod decoding;
mod embeds;
mod invalid;
mod language;
mod padding;
mod parameters;
mod places;
mod probe;
mod reader;
mod sizes;
mod span;
mod tagger;
#[cfg(test)]
mod tests;
mod textcnn;
mod translation;
mod word_vectors;
mod words;

pub use bert::{
    Bert, BertActivation, BertClassifier, BertConfig, BertOutput, BertReader, BertStudent, BertTagger,
    MaskedLm, Pooling,
};
pub use bidaf::{BiDaf, BiDafConfig};
pub use bilstm::{BiLstm, BiLstmConfig};
pub use bilstm_crf::{BiLstmCrf, BiLstmCrfConfig};
pub use characters::{CharacterModel, Characters};
pub use classifier::Classifier;
pub use decoding::{Beam, Hypothesis, NextToken, Sampling, beam_search};
pub use embeds::Embeds;
pub use invalid::Invalid;
pub use language::{
    Continuation, LanguageModel, LmState, Positions, RnnLm, RnnLmConfig, TransformerLm, TransformerLmConfig,
};
pub use probe::{Probe, ProbeConfig};
pub use reader::{Attended, PiecePairs, Pooled, Reader, ReaderInput, Reading, Side};
pub use sizes::DataSizes;
pub use span::{Span, best_span, best_spans};
pub use tagger::Tagger;
pub use textcnn::{TextCnn, TextCnnConfig};
pub use translation::{
    Pairs, Seq2Seq, Seq2SeqRnn, Seq2SeqRnnConfig, Seq2SeqTransformer, Seq2SeqTransformerConfig,
};
pub use words::{Given, Words};

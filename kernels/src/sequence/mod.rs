//! Operations on whole sequences.

pub mod attention;
pub mod cached_attention;
pub mod crf;
pub mod lstm;

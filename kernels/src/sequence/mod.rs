//! Operations on whole sequences.

pub mod attention;
pub mod crf;
pub mod lstm;

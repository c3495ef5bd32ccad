//! Rows and elements that are looked up by index, and the gradients of looking them up.

pub mod embedding;
pub mod index;

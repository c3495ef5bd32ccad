//! One file or folder a format: from text to rows, sentences or questions, with the line of whatever is wrong.

pub mod conll;
pub mod imdb;
pub mod labelled;
mod lines;
pub mod scheme;
pub mod squad;

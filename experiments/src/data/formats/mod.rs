//! One file or folder per format: parses text into rows, sentences or questions; errors name the line.

pub mod conll;
pub mod conllu;
pub mod imdb;
pub mod labelled;
pub mod lines;
pub mod scheme;
pub mod squad;
pub mod structured;

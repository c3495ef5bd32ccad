//! One file a format: from text to rows, sentences or questions, with the line of whatever is wrong.

pub mod conll;
pub mod glue_tsv;
pub mod imdb;
pub mod labelled_lines;
pub mod lines;
pub mod scheme;
pub mod squad;

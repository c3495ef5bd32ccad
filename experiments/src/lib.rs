//! Data, text, metrics, training, and every table and figure of the paper.
#![forbid(unsafe_code)]

pub mod paper;
pub mod report;

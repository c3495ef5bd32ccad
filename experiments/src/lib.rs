//! Data, text, metrics, training, and every table and figure of the paper.
#![forbid(unsafe_code)]

pub mod commands;
pub mod config;
pub mod data;
pub mod metrics;
pub mod paper;
pub mod report;
pub mod text;
pub mod train;

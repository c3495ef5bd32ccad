//! Data, text, metrics, training, and every table and figure of the paper.
#![forbid(unsafe_code)]

pub mod cli;
pub mod commands;
pub mod config;
pub mod data;
#[cfg(test)]
mod fuzz;
pub mod metrics;
pub mod report;
pub mod run;
pub mod studies;
pub mod tasks;
pub mod text;

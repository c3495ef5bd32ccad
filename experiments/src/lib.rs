//! The `gradus` command: data, text, metrics, training, the studies of the paper, and their report.
//!
//! | module | contents |
//! | --- | --- |
//! | [`cli`] | the command line |
//! | [`commands`] | what each command does |
//! | [`config`] | the configuration of a run: keys, defaults, TOML, `--set` |
//! | [`data`] | data sets: formats, known sets, the user's files, downloads |
//! | [`text`] | tokenising, vocabulary, batches, word vectors |
//! | [`metrics`] | metrics and tests of significance |
//! | [`pretrained`] | pretrained BERT models: reading and writing their folders |
//! | [`regimes`] | ways to train that wrap a task, such as distillation |
//! | [`tasks`] | the tasks: one folder and one row of [`tasks::TASKS`] each |
//! | [`explain`] | explanations of a model's outputs |
//! | [`attack`] | changes of texts that make a model wrong |
//! | [`run`] | the trait of tasks, the training loop, the folder of a run |
//! | [`studies`] | the tables and figures of the paper: what is compared on which data |
//! | [`report`] | tables, plots and reports, from result files alone |
//!
//! Imports run one way: `data`, then `text`, `metrics`, `config`, `explain` and `attack`, then `pretrained`, `run`, `regimes`,
//! `tasks`, `report`, `studies`, `commands`, `cli`. Nothing outside `tasks` names a task, except `studies`.
#![forbid(unsafe_code)]

pub mod attack;
pub mod cli;
pub mod commands;
pub mod config;
pub mod data;
pub mod explain;
#[cfg(test)]
mod fuzz;
pub mod metrics;
pub mod pretrained;
pub mod regimes;
pub mod report;
pub mod run;
pub mod studies;
pub mod tasks;
pub mod text;

//! The built `gradus` command, as a person runs it: on tiny files, in folders of its own. Signals and limits are those of Unix.
#![cfg(unix)]

mod asks;
mod compare;
mod compress;
mod damage;
mod data;
mod distil;
mod elsewhere;
#[cfg(feature = "cuda-emulator")]
mod emulated;
mod events;
mod explain;
mod faults;
mod fetch;
mod fetch_attacks;
mod fetch_files;
mod hold;
mod keys;
mod kills;
mod labels;
mod language;
mod masked;
mod numbers;
mod place;
mod pretrained;
mod probe;
mod read;
mod report;
mod reproduce;
mod resume;
mod same;
mod server;
mod tag;
mod tasks;
mod tiny;
mod train;
mod translate;

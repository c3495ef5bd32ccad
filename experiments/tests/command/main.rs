//! The built `gradus` command, as a person runs it: on tiny files, in folders of its own. Signals and limits are those of Unix.
#![cfg(unix)]

mod compare;
mod data;
mod events;
mod faults;
mod fetch;
mod fetch_attacks;
mod keys;
mod kills;
mod place;
mod read;
mod reproduce;
mod resume;
mod server;
mod tag;
mod tasks;
mod tiny;
mod train;

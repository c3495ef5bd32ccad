//! The built `gradus` command, as a person runs it: on tiny files, in folders of its own. Signals and limits are those of Unix.
#![cfg(unix)]

mod faults;
mod place;
mod read;
mod reproduce;
mod resume;
mod tag;
mod train;

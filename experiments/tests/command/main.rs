//! The built `gradus` command, as a person runs it: on tiny files, in folders of its own. Signals and limits are those of Unix.
#![cfg(unix)]

mod compare;
mod events;
mod faults;
mod place;
mod reproduce;
mod resume;
mod train;

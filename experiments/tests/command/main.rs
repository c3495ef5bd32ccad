//! The built `gradus` command, as a person runs it: on tiny files, in folders of its own.

mod faults;
mod place;
mod reproduce;
mod resume;
mod train;

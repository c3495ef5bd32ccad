//! The tasks, a folder each.

pub mod classify;
pub mod read;
pub mod tag;

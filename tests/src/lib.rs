//! What holds across crates.
#![forbid(unsafe_code)]

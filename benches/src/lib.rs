//! Timings.
#![forbid(unsafe_code)]

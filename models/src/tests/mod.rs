//! Tests of every architecture.

mod architectures;
mod batch;
mod check;
mod embedded;
mod given;
mod keys;
mod padding;
mod parameters;

pub(crate) use architectures::{CNN, LSTM, SIZES};
pub(crate) use batch::Batch;

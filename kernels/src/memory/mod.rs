//! Buffers: aligned memory from a pool that keeps what is given back.

mod buffer;
mod pool;
mod system;

pub use buffer::Buffer;
pub use pool::{Usage, reset_peak, trim, usage};

//! Buffers: aligned memory from a pool that keeps freed memory.

mod buffer;
mod pool;
mod system;

pub use buffer::Buffer;
pub use pool::{Usage, reset_peak, trim, usage};

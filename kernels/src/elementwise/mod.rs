//! Elementwise functions: yᵢ = f(xᵢ), and of two or three operands with broadcasting and strides.
//!
//! Results are contiguous in row-major order. Operands of [`binary`], [`compare`] and [`select`] have
//! strides in elements, 0 along dimensions that are broadcast.
//!
//! The ladder: the plain loop calls the standard library once for each element; the `f32` kernels read
//! whole vectors wherever an operand has stride 1 or 0 along the innermost dimension (two
//! contiguous operands, a scalar, a bias along rows, a factor for each row), in pieces that stay in cache.
//!
//! The rungs in ms, for 16384 rows of 512 elements on two Zen 4 cores (AVX2), and the share of the
//! memory bandwidth: 36 and 71 GB/s, measured in the same run as one and two threads added one such array to another
//! (`cargo run --release -p gradus-kernels --example rows_ladder`):
//!
//! | | plain loops, `f64`, one thread | vectors, one thread | two threads |
//! | --- | --- | --- | --- |
//! | x + bias | 10.13 | 2.86, 65 % | 2.06, 46 % |
//! | exp | 47.72 | 4.29, 43 % | 2.17, 43 % |
//! | tanh | 147.19 | 4.97, 37 % | 3.08, 31 % |
//! | gelu | 578.72 | 8.76, 21 % | 4.70, 20 % |

mod binary;
mod compare;
mod cpu;
pub(crate) mod cuda;
mod map;
mod plain;
pub(crate) mod rungs;
mod slope;

pub use crate::functions::{Binary, Compare, Unary};
pub use binary::{add_assign, add_assign_forward, binary, binary_forward};
pub use compare::{and, compare, compare_forward, not, or, select, select_forward};
pub use map::{affine, clamp, fill, power, unary, unary_forward};
pub use slope::{gelu_backward, gelu_backward_slices};

#[cfg(test)]
mod tests;

//! Elementwise functions: yᵢ = f(xᵢ), and of two or three operands with broadcasting and strides.
//!
//! Results are contiguous in row-major order. Operands of [`binary`], [`compare`] and [`select`] have
//! strides in elements, 0 along dimensions that are broadcast.
//!
//! The ladder: the plain loop calls the standard library once for each element; the `f32` kernels read
//! whole vectors wherever an operand steps by 1 or stands still along the innermost dimension (two
//! contiguous operands, a scalar, a bias along rows, a factor for each row), in pieces that stay in cache.

mod binary;
mod compare;
pub(crate) mod cuda;
mod map;
mod plain;
mod simd;
mod slope;

pub use binary::{Binary, add_assign, add_assign_forward, binary, binary_forward};
pub use compare::{Compare, and, compare, compare_forward, not, or, select, select_forward};
pub use map::{Unary, affine, clamp, fill, power, unary, unary_forward};
pub use slope::{gelu_backward, gelu_backward_slices};

#[cfg(test)]
mod tests;

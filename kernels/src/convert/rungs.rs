//! Conversions and copies beside the CPU.

use super::{cast, copy_into, copy_strided};
use crate::cuda::ladder::{as_on_the_cpu, numbers};
use crate::memory::Buffer;
use crate::{DType, Kind};

pub(crate) fn check(kind: Kind) {
    let n = 300;
    let x = numbers(kind, n, 1);
    let to = |x: &Buffer, dtype: DType| {
        let mut y = Buffer::zeros(kind.of(dtype), x.len());
        let _ = cast(x.src(), y.dst());
        y
    };
    for dtype in [DType::F64, DType::BF16, DType::F16, DType::I64, DType::U32, DType::Bool] {
        let there = Buffer::zeros(kind.of(dtype), n);
        as_on_the_cpu("cast", &[&x], &there, |x, y| cast(x[0], y));
        as_on_the_cpu("cast", &[&to(&x, dtype)], &Buffer::zeros(kind, n), |x, y| cast(x[0], y));
    }
    for (from, dtype) in [(DType::Bool, DType::I64), (DType::I64, DType::Bool)] {
        as_on_the_cpu("cast", &[&to(&x, from)], &Buffer::zeros(kind.of(dtype), n), |x, y| cast(x[0], y));
    }
    // A transpose of two matrices, and axes that no tile helps.
    let layouts: [(&[usize], &[usize]); 2] = [(&[2, 10, 15], &[150, 1, 10]), (&[2, 5, 30], &[5, 1, 10])];
    for dtype in [DType::Bool, DType::F16, DType::F32, DType::I64] {
        let (x, start) = (to(&x, dtype), Buffer::zeros(kind.of(dtype), n));
        for (shape, strides) in layouts {
            as_on_the_cpu("copy_strided", &[&x], &start, |x, y| copy_strided(shape, x[0], strides, y));
            as_on_the_cpu("copy_into", &[&x], &start, |x, y| copy_into(shape, x[0], y, 0, strides));
        }
    }
}

//! Launches of convert.cu.

use crate::cuda::{Arg, Grid, Source, dims, launch, source};
use crate::sizes::lengths;
use crate::strides::Strides;
use crate::{DType, Dst, Outcome, Src};

pub(crate) static SOURCE: Source = source!("convert.cu");
const THREADS: usize = 256;
/// Rows and columns of a tile of the transpose, and the most blocks along a grid's y and z.
const TILE: usize = 32;
const BLOCKS: usize = 65535;

/// y = x in y's dtype.
#[track_caller]
pub fn cast(x: Src, y: Dst) -> Outcome {
    use DType::{BF16, Bool, F16, F32, F64, I64, U32};
    let kernel = match (x.dtype(), y.dtype()) {
        (F32, F64) => "convert_f32_f64",
        (F32, BF16) => "convert_f32_bf16",
        (F32, F16) => "convert_f32_f16",
        (F32, I64) => "convert_f32_i64",
        (F32, U32) => "convert_f32_u32",
        (F32, Bool) => "convert_f32_bool",
        (F64, F32) => "convert_f64_f32",
        (BF16, F32) => "convert_bf16_f32",
        (F16, F32) => "convert_f16_f32",
        (I64, F32) => "convert_i64_f32",
        (U32, F32) => "convert_u32_f32",
        (Bool, F32) => "convert_bool_f32",
        (Bool, I64) => "convert_bool_i64",
        (I64, Bool) => "convert_i64_bool",
        _ => return Outcome::NoKernel,
    };
    let n = x.len();
    lengths("cast", [("y", y.len(), n)]);
    launch(&SOURCE, kernel, Grid::cover(n, THREADS), &[x.into(), y.into(), n.into()])
}

/// Contiguous y = strided x.
#[track_caller]
pub fn copy_strided(shape: &[usize], x: Src, strides: &[usize], y: Dst) -> Outcome {
    let turned = Strides::new(shape, [strides]);
    super::check("copy_strided", shape, &turned, y.len(), 0, x.len());
    let axes: Vec<(usize, [usize; 1])> = turned.axes().collect();
    // [count, rows, cols] whose rows lie one after the other in x.
    let (count, step, rest) = match axes[..] {
        [(count, [step]), _, _] => (count, step, &axes[1..]),
        _ => (1, 0, &axes[..]),
    };
    if let &[(rows, [1]), (cols, [stride])] = rest
        && stride == rows
        && y.dtype().size() == 4
        && count <= BLOCKS
        && rows.div_ceil(TILE) <= BLOCKS
    {
        let grid = Grid::new([cols.div_ceil(TILE), rows.div_ceil(TILE), count], 8 * TILE);
        let args = [x.into(), y.into(), rows.into(), cols.into(), Arg::stride(step)];
        return launch(&SOURCE, "convert_transpose_4", grid, &args);
    }
    let whole = contiguous(shape);
    copy(shape, x, strides, y, &whole, 0)
}

/// Strided y = contiguous x, from an offset on.
#[track_caller]
pub fn copy_into(shape: &[usize], x: Src, y: Dst, offset: usize, strides: &[usize]) -> Outcome {
    super::check("copy_into", shape, &Strides::new(shape, [strides]), x.len(), offset, y.len());
    let whole = contiguous(shape);
    copy(shape, x, &whole, y, strides, offset)
}

/// Strided y = strided x, from an offset of y on.
pub(crate) fn copy(
    shape: &[usize],
    x: Src,
    x_strides: &[usize],
    y: Dst,
    y_strides: &[usize],
    offset: usize,
) -> Outcome {
    let kernel = ["convert_copy_1", "convert_copy_2", "convert_copy_4", "convert_copy_8"];
    let (n, size) = (shape.iter().product::<usize>(), y.dtype().size());
    let (shape, [x_strides, y_strides]) = dims(&Strides::new(shape, [x_strides, y_strides]));
    let args = [shape, x_strides, y_strides, x.into(), y.into(), Arg::stride(offset), n.into()];
    launch(&SOURCE, kernel[size.ilog2() as usize], Grid::cover(n, THREADS), &args)
}

/// The strides of a shape without gaps.
fn contiguous(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis] * shape[axis];
    }
    strides
}

//! Launches of elementwise.cu.

use super::compare::check;
use crate::cuda::{Grid, Source, dims, launch, source};
use crate::functions::{Binary, Compare, Logic, Parametric, Unary};
use crate::sizes::lengths;
use crate::strides::Strides;
use crate::{DType, Dst, Element, Outcome, Src};

pub(crate) static SOURCE: Source = source!("elementwise.cu");
const THREADS: usize = 256;

/// For contiguous x and y: the kernel that reads four elements at once if alignment allows it, else the other; and its grid.
fn by_fours_or_plain([fours, plain]: [&'static str; 2], x: &Src, y: &Dst) -> (&'static str, Grid) {
    let aligned = [x.pointer(), y.pointer()].iter().all(|p| p.is_some_and(|p| p.is_multiple_of(16)));
    match aligned {
        true => (fours, Grid::cover(x.len().div_ceil(4), THREADS)),
        false => (plain, Grid::cover(x.len(), THREADS)),
    }
}

/// y = f(x).
#[track_caller]
pub fn unary(op: Unary, x: Src, y: Dst) -> Outcome {
    if x.dtype() != DType::F32 {
        return Outcome::NoKernel;
    }
    lengths("elementwise", [("y", y.len(), x.len())]);
    let (kernel, grid) = by_fours_or_plain(["elementwise_unary", "elementwise_unary_plain"], &x, &y);
    let n = x.len();
    launch(&SOURCE, kernel, grid, &[(op as i32).into(), x.into(), y.into(), n.into()])
}

#[track_caller]
fn parametric(op: Parametric, [p, q]: [f64; 2], x: Src, y: Dst) -> Outcome {
    if x.dtype() != DType::F32 {
        return Outcome::NoKernel;
    }
    lengths("elementwise", [("y", y.len(), x.len())]);
    let (kernel, grid) =
        by_fours_or_plain(["elementwise_parametric", "elementwise_parametric_plain"], &x, &y);
    let n = x.len();
    let args = [(op as i32).into(), (p as f32).into(), (q as f32).into(), x.into(), y.into(), n.into()];
    launch(&SOURCE, kernel, grid, &args)
}

/// y = scale·x + shift.
#[track_caller]
pub fn affine(x: Src, scale: f64, shift: f64, y: Dst) -> Outcome {
    parametric(Parametric::Affine, [scale, shift], x, y)
}

/// y = x^exponent.
#[track_caller]
pub fn power(x: Src, exponent: f64, y: Dst) -> Outcome {
    parametric(Parametric::Power, [exponent, 0.0], x, y)
}

/// y = x held within lo and hi.
#[track_caller]
pub fn clamp(x: Src, lo: f64, hi: f64, y: Dst) -> Outcome {
    parametric(Parametric::Clamp, [lo, hi], x, y)
}

/// dx = dy ⊙ gelu′(x).
#[track_caller]
pub fn gelu_backward(x: Src, dy: Src, dx: Dst) -> Outcome {
    if x.dtype() != DType::F32 {
        return Outcome::NoKernel;
    }
    let n = x.len();
    lengths("gelu_backward", [("dy", dy.len(), n), ("dx", dx.len(), n)]);
    let args = [x.into(), dy.into(), dx.into(), n.into()];
    launch(&SOURCE, "elementwise_gelu_backward", Grid::cover(n, THREADS), &args)
}

/// Every element the value, rounded to y's dtype.
pub fn fill(y: Dst, value: f64) -> Outcome {
    let bits = match y.dtype() {
        DType::F32 => u64::from((value as f32).to_bits()),
        DType::F64 => value.to_bits(),
        DType::F16 => u64::from(half::f16::from_f64(value).to_bits()),
        DType::BF16 => u64::from(half::bf16::from_f64(value).to_bits()),
        DType::I64 => i64::from_f64(value) as u64,
        DType::U32 => u64::from(u32::from_f64(value)),
        DType::Bool => u64::from(u8::from_f64(value)),
    };
    let (n, size) = (y.len(), y.dtype().size());
    let kernel = ["elementwise_fill_1", "elementwise_fill_2", "elementwise_fill_4", "elementwise_fill_8"];
    let value = if size == 8 { bits.into() } else { (bits as u32).into() };
    launch(&SOURCE, kernel[size.ilog2() as usize], Grid::cover(n, THREADS), &[value, y.into(), n.into()])
}

/// y = f(a, b) over a shape.
#[track_caller]
pub fn binary(
    op: Binary,
    shape: &[usize],
    a: Src,
    a_strides: &[usize],
    b: Src,
    b_strides: &[usize],
    y: Dst,
) -> Outcome {
    if a.dtype() != DType::F32 {
        return Outcome::NoKernel;
    }
    let (op, n) = (op as i32, y.len());
    let grid = Grid::cover(n, THREADS);
    let walk = Strides::new(shape, [a_strides, b_strides]);
    check("binary", shape, &walk, [a.len(), b.len()], n);
    if walk.is_contiguous() {
        let args = [op.into(), a.into(), b.into(), y.into(), n.into()];
        return launch(&SOURCE, "elementwise_binary_contiguous", grid, &args);
    }
    let (shape, [a_strides, b_strides]) = dims(&walk);
    let args = [op.into(), shape, a_strides, b_strides, a.into(), b.into(), y.into(), n.into()];
    launch(&SOURCE, "elementwise_binary", grid, &args)
}

/// y += x.
#[track_caller]
pub fn add_assign(y: Dst, x: Src) -> Outcome {
    if x.dtype() != DType::F32 {
        return Outcome::NoKernel;
    }
    let n = x.len();
    lengths("add_assign", [("y", y.len(), n)]);
    launch(&SOURCE, "elementwise_add_assign", Grid::cover(n, THREADS), &[y.into(), x.into(), n.into()])
}

/// y = 1 where a ~ b, else 0, over a shape.
#[track_caller]
pub fn compare(
    op: Compare,
    shape: &[usize],
    a: Src,
    a_strides: &[usize],
    b: Src,
    b_strides: &[usize],
    y: Dst,
) -> Outcome {
    let kernel = match a.dtype() {
        DType::F32 => "elementwise_compare_f32",
        DType::I64 => "elementwise_compare_i64",
        DType::Bool => "elementwise_compare_bool",
        _ => return Outcome::NoKernel,
    };
    let n = y.len();
    let walk = Strides::new(shape, [a_strides, b_strides]);
    check("compare", shape, &walk, [a.len(), b.len()], n);
    let (shape, [a_strides, b_strides]) = dims(&walk);
    let args = [(op as i32).into(), shape, a_strides, b_strides, a.into(), b.into(), y.into(), n.into()];
    launch(&SOURCE, kernel, Grid::cover(n, THREADS), &args)
}

/// y = a where the condition holds, else b, over a shape.
#[track_caller]
pub fn select(
    shape: &[usize],
    cond: Src,
    cond_strides: &[usize],
    a: Src,
    a_strides: &[usize],
    b: Src,
    b_strides: &[usize],
    y: Dst,
) -> Outcome {
    let kernel =
        ["elementwise_select_1", "elementwise_select_2", "elementwise_select_4", "elementwise_select_8"];
    let (n, size) = (y.len(), y.dtype().size());
    let walk = Strides::new(shape, [cond_strides, a_strides, b_strides]);
    check("select", shape, &walk, [cond.len(), a.len(), b.len()], n);
    let (shape, [c_strides, a_strides, b_strides]) = dims(&walk);
    let args = [shape, c_strides, a_strides, b_strides, cond.into(), a.into(), b.into(), y.into(), n.into()];
    launch(&SOURCE, kernel[size.ilog2() as usize], Grid::cover(n, THREADS), &args)
}

#[track_caller]
fn logic(op: Logic, a: Src, b: Src, y: Dst) -> Outcome {
    let n = y.len();
    lengths("logical", [("a", a.len(), n), ("b", b.len(), n)]);
    let args = [(op as i32).into(), a.into(), b.into(), y.into(), n.into()];
    launch(&SOURCE, "elementwise_logic", Grid::cover(n, THREADS), &args)
}

/// y = ¬x.
#[track_caller]
pub fn not(x: Src, y: Dst) -> Outcome {
    logic(Logic::Not, x, x, y)
}

/// y = a ∧ b.
#[track_caller]
pub fn and(a: Src, b: Src, y: Dst) -> Outcome {
    logic(Logic::And, a, b, y)
}

/// y = a ∨ b.
#[track_caller]
pub fn or(a: Src, b: Src, y: Dst) -> Outcome {
    logic(Logic::Or, a, b, y)
}

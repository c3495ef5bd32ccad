use super::cuda;
use crate::functions::Compare;
use crate::parallel::{PIECE, pieces};
use crate::slice::on_every;
use crate::strides::{Segment, Strides};
use crate::{Dst, Element, Outcome, Src};

/// Panics if an operand is too short for its strides or y has another length than the shape.
#[track_caller]
pub(super) fn check<const K: usize>(
    op: &str,
    shape: &[usize],
    strides: &Strides<K>,
    lens: [usize; K],
    y: usize,
) {
    assert_eq!(y, strides.len, "{op}: the result holds {y} elements, its shape is {shape:?}");
    for (k, len) in lens.into_iter().enumerate() {
        let reach = strides.reach(k);
        assert!(
            reach <= len,
            "{op}: operand {k} holds {len} elements, its strides over {shape:?} need {reach}"
        );
    }
}

/// y = 1 where a ~ b, else 0, over `shape`, with strides in elements, 0 where an operand is broadcast.
///
/// Panics if strides and shape differ in rank, or an operand is too short for its strides.
#[track_caller]
pub fn compare_forward<T: Element + PartialOrd>(
    op: Compare,
    shape: &[usize],
    a: &[T],
    a_strides: &[usize],
    b: &[T],
    b_strides: &[usize],
    y: &mut [u8],
) {
    let strides = Strides::new(shape, [a_strides, b_strides]);
    check("compare", shape, &strides, [a.len(), b.len()], y.len());
    pieces(y, PIECE, |i, y| {
        let start = i * PIECE;
        match op {
            Compare::Eq => rows(&strides, start, a, b, y, |a, b| a == b),
            Compare::Ne => rows(&strides, start, a, b, y, |a, b| a != b),
            Compare::Lt => rows(&strides, start, a, b, y, |a, b| a < b),
            Compare::Le => rows(&strides, start, a, b, y, |a, b| a <= b),
            Compare::Gt => rows(&strides, start, a, b, y, |a, b| a > b),
            Compare::Ge => rows(&strides, start, a, b, y, |a, b| a >= b),
        }
    });
}

fn rows<T: Copy>(
    strides: &Strides<2>,
    start: usize,
    a: &[T],
    b: &[T],
    y: &mut [u8],
    f: impl Fn(T, T) -> bool,
) {
    let [sa, sb] = strides.steps;
    for Segment { range, at: [a0, b0] } in strides.segments(start..start + y.len()) {
        let y = &mut y[range];
        let n = y.len();
        // The two cases that compilers turn into vectors, then all others.
        if [sa, sb] == [1, 1] {
            let (a, b) = (&a[a0..][..n], &b[b0..][..n]);
            y.iter_mut().zip(a).zip(b).for_each(|((y, &a), &b)| *y = u8::from(f(a, b)));
        } else if [sa, sb] == [1, 0] {
            let b = b[b0];
            y.iter_mut().zip(&a[a0..][..n]).for_each(|(y, &a)| *y = u8::from(f(a, b)));
        } else {
            y.iter_mut().enumerate().for_each(|(i, y)| *y = u8::from(f(a[a0 + i * sa], b[b0 + i * sb])));
        }
    }
}

/// [`compare_forward`] of any device and dtype; y is bool.
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
    on_every!(a, T => compare_forward::<T>(op, shape, a.slice(), a_strides, b.slice(), b_strides, y.slice()),
        cuda => cuda::compare(op, shape, a, a_strides, b, b_strides, y))
}

/// y = a where the condition holds, else b, over `shape`, with strides in elements, 0 where broadcast.
///
/// Panics if strides and shape differ in rank, or an operand is too short for its strides.
#[track_caller]
pub fn select_forward<T: Element>(
    shape: &[usize],
    cond: &[u8],
    cond_strides: &[usize],
    a: &[T],
    a_strides: &[usize],
    b: &[T],
    b_strides: &[usize],
    y: &mut [T],
) {
    let strides = Strides::new(shape, [cond_strides, a_strides, b_strides]);
    check("select", shape, &strides, [cond.len(), a.len(), b.len()], y.len());
    let [sc, sa, sb] = strides.steps;
    pieces(y, PIECE, |i, y| {
        let start = i * PIECE;
        for Segment { range, at: [c0, a0, b0] } in strides.segments(start..start + y.len()) {
            let y = &mut y[range];
            let n = y.len();
            let c = &cond[c0..];
            // What masks do, a constant into a tensor or two tensors, then all others.
            match [sc, sa, sb] {
                [1, 1, 1] => {
                    let both = a[a0..][..n].iter().zip(&b[b0..][..n]);
                    y.iter_mut()
                        .zip(c)
                        .zip(both)
                        .for_each(|((y, &c), (&a, &b))| *y = if c != 0 { a } else { b });
                }
                [1, 0, 1] => {
                    let a = a[a0];
                    y.iter_mut()
                        .zip(c)
                        .zip(&b[b0..][..n])
                        .for_each(|((y, &c), &b)| *y = if c != 0 { a } else { b });
                }
                [1, 1, 0] => {
                    let b = b[b0];
                    y.iter_mut()
                        .zip(c)
                        .zip(&a[a0..][..n])
                        .for_each(|((y, &c), &a)| *y = if c != 0 { a } else { b });
                }
                _ => {
                    for (i, y) in y.iter_mut().enumerate() {
                        let (a, b) = (a[a0 + i * sa], b[b0 + i * sb]);
                        *y = if c[i * sc] != 0 { a } else { b };
                    }
                }
            }
        }
    });
}

/// [`select_forward`] of any device and dtype; the condition is bool.
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
    on_every!(a, T => {
        let (a, b) = (a.slice::<T>(), b.slice());
        select_forward(shape, cond.slice(), cond_strides, a, a_strides, b, b_strides, y.slice());
    }, cuda => cuda::select(shape, cond, cond_strides, a, a_strides, b, b_strides, y))
}

/// yᵢ = ¬xᵢ, both bool.
#[track_caller]
pub fn not(x: Src, y: Dst) -> Outcome {
    if !x.is_cpu() {
        return cuda::not(x, y);
    }
    let x = x.slice::<u8>();
    logical(x, x, y.slice(), |x, _| x == 0)
}

/// yᵢ = aᵢ ∧ bᵢ, all bool.
#[track_caller]
pub fn and(a: Src, b: Src, y: Dst) -> Outcome {
    if !a.is_cpu() {
        return cuda::and(a, b, y);
    }
    logical(a.slice(), b.slice(), y.slice(), |a, b| (a != 0) & (b != 0))
}

/// yᵢ = aᵢ ∨ bᵢ, all bool.
#[track_caller]
pub fn or(a: Src, b: Src, y: Dst) -> Outcome {
    if !a.is_cpu() {
        return cuda::or(a, b, y);
    }
    logical(a.slice(), b.slice(), y.slice(), |a, b| (a != 0) | (b != 0))
}

#[track_caller]
fn logical(a: &[u8], b: &[u8], y: &mut [u8], f: impl Fn(u8, u8) -> bool + Sync) -> Outcome {
    let n = y.len();
    assert!(a.len() == n && b.len() == n, "logical: {} and {} values in, {n} out", a.len(), b.len());
    pieces(y, PIECE, |i, y| {
        let (a, b) = (&a[i * PIECE..], &b[i * PIECE..]);
        y.iter_mut().zip(a).zip(b).for_each(|((y, &a), &b)| *y = u8::from(f(a, b)));
    });
    Outcome::Done
}

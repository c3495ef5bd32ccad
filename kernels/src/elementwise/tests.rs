use super::map::{Map, map_forward};
use super::*;
use crate::isa::{available, dispatch_on};
use crate::parallel::assert_same_in_all_pools;
use crate::philox::Stream;
use crate::strides::Strides;
use crate::{DType, Outcome};

/// Numbers in (lo, hi), with both signs of zero and some that are small.
fn numbers(n: usize, lo: f32, hi: f32) -> Vec<f32> {
    let s = Stream { seed: 7, stream: 1 };
    let mut x: Vec<f32> = (0..n as u64).map(|i| lo + (hi - lo) * s.uniform(i)).collect();
    for (x, special) in x.iter_mut().zip([0.0, -0.0, 1.0, -1.0, 1e-6, -1e-6]) {
        *x = special;
    }
    x
}

/// The simd kernel on every level against the plain one in f64, within `ulps`.
fn check_map(map: Map, x: &[f32], ulps: f64) {
    let x64: Vec<f64> = x.iter().map(|&x| x.into()).collect();
    let mut expected = vec![0.0; x.len()];
    plain::map(map, &x64, &mut expected);
    for &level in available() {
        let mut y = vec![9.0; x.len()];
        dispatch_on(level, cpu::MapKernel { map, x, y: &mut y });
        for i in 0..x.len() {
            let (got, expected) = (f64::from(y[i]), expected[i]);
            let close = (got - expected).abs() <= ulps * f64::from(f32::EPSILON) * expected.abs();
            assert!(
                close || got == expected || got.is_nan() && expected.is_nan(),
                "{map:?}({}) = {got}, not {expected}",
                x[i]
            );
        }
    }
}

#[test]
fn maps_equal_the_plain_ones() {
    for n in [0, 1, 7, 8, 9, 16, 100, 1003] {
        for &op in Unary::ALL {
            check_map(Map::Unary(op), &numbers(n, -6.0, 6.0), 8.0);
        }
        let x = numbers(n, -3.0, 3.0);
        check_map(Map::Clamp { lo: -0.5, hi: 0.75 }, &x, 0.0);
        for exponent in [0.0, 1.0, 2.0, 3.0, -1.0, 0.5, 2.5] {
            check_map(Map::Power(exponent), &x, 2.0);
        }
    }
    // Away from the cancellation at x = -shift / scale.
    check_map(Map::Affine { scale: 2.0, shift: 3.0 }, &numbers(1003, 0.0, 9.0), 2.0);
}

#[test]
fn gelu_backward_equals_the_plain_one() {
    for n in [0, 1, 7, 8, 9, 100, 1003] {
        let (x, dy) = (numbers(n, -6.0, 6.0), numbers(n + 1, -2.0, 2.0)[1..].to_vec());
        for &level in available() {
            let mut dx = vec![9.0; n];
            dispatch_on(level, cpu::GeluBackward { x: &x, dy: &dy, dx: &mut dx });
            for ((&x, &dy), dx) in x.iter().zip(&dy).zip(dx) {
                let (x, dy) = (f64::from(x), f64::from(dy));
                let mut expected = [9.0];
                plain::gelu_backward(&[x], &[dy], &mut expected);
                // The slope is near 0 at -0.75: measured against what is added up there.
                let terms = dy.abs() * (1.0 + x.abs() * (-0.5 * x * x).exp());
                let near = 8.0 * f64::from(f32::EPSILON) * terms;
                assert!(
                    (f64::from(dx) - expected[0]).abs() <= near,
                    "{dy} at {x}: {dx}, not {}",
                    expected[0]
                );
            }
        }
    }
    let x = numbers(3 * crate::parallel::PIECE + 5, -6.0, 6.0);
    assert_same_in_all_pools(|| {
        let mut dx = vec![9.0; x.len()];
        gelu_backward_slices(&x, &x, &mut dx);
        dx
    });
    let mut limits = [9.0f32; 3];
    gelu_backward_slices(&[f32::INFINITY, f32::NEG_INFINITY, f32::NAN], &[1.0; 3], &mut limits);
    assert!(limits[..2] == [1.0, 0.0] && limits[2].is_nan(), "{limits:?}");
}

#[test]
fn nan_stays_and_infinities_have_their_limits() {
    let x = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
    let map = |map| {
        let mut y = [0.0; 3];
        map_forward(map, &x, &mut y);
        y
    };
    for op in [Unary::Relu, Unary::Gelu, Unary::Tanh, Unary::Sigmoid, Unary::Exp, Unary::Softplus, Unary::Erf]
    {
        assert!(map(Map::Unary(op))[0].is_nan(), "{op:?}");
    }
    assert_eq!(map(Map::Unary(Unary::Gelu))[1..], [f32::INFINITY, 0.0]);
    assert_eq!(map(Map::Unary(Unary::Sigmoid))[1..], [1.0, 0.0]);
    assert_eq!(map(Map::Unary(Unary::LogSigmoid))[1..], [0.0, f32::NEG_INFINITY]);
    assert_eq!(map(Map::Unary(Unary::Step))[1..], [1.0, 0.0]);
    let clamped = map(Map::Clamp { lo: -2.0, hi: 3.0 });
    assert!(clamped[0].is_nan() && clamped[1..] == [3.0, -2.0]);
}

/// Shapes with strides of two operands: contiguous, scalar, row, column, transposed, mixed, empty.
type Case<'a> = (&'a [usize], &'a [usize], &'a [usize]);
const CASES: [Case; 12] = [
    (&[], &[], &[]),
    (&[37], &[1], &[1]),
    (&[5, 19], &[19, 1], &[19, 1]),
    (&[5, 19], &[19, 1], &[0, 0]),
    (&[5, 19], &[0, 0], &[19, 1]),
    (&[5, 19], &[19, 1], &[0, 1]),
    (&[5, 19], &[19, 1], &[1, 0]),
    (&[5, 19], &[1, 0], &[0, 1]),
    (&[5, 19], &[1, 5], &[19, 1]),
    (&[2, 3, 4, 9], &[108, 9, 27, 1], &[0, 9, 0, 1]),
    (&[3, 4], &[0, 0], &[0, 0]),
    (&[3, 0, 4], &[0, 4, 1], &[0, 4, 1]),
];

/// What an operand of a case reads, element by element.
fn read<T: Copy>(x: &[T], shape: &[usize], strides: &[usize]) -> Vec<T> {
    let mut at = vec![0];
    for (&n, &s) in shape.iter().zip(strides) {
        at = at.iter().flat_map(|&o| (0..n).map(move |i| o + i * s)).collect();
    }
    at.into_iter().map(|i| x[i]).collect()
}

#[test]
fn binary_equals_a_loop_over_indices() {
    let (a, b) = (numbers(216, -4.0, 4.0), numbers(218, -2.0, 2.0)[2..].to_vec());
    for (shape, sa, sb) in CASES {
        let strides = Strides::new(shape, [sa, sb]);
        for &op in Binary::ALL {
            let (ra, rb) = (read(&a, shape, sa), read(&b, shape, sb));
            let expected: Vec<u32> =
                ra.iter().zip(&rb).map(|(&a, &b)| plain::apply(op, a, b).to_bits()).collect();
            for &level in available() {
                let mut y = vec![9.0; expected.len()];
                let (a, b) = (&a[..], &b[..]);
                dispatch_on(level, cpu::BinaryKernel { op, strides: &strides, start: 0, a, b, y: &mut y });
                let y: Vec<u32> = y.into_iter().map(f32::to_bits).collect();
                assert!(y == expected, "{op:?} {shape:?} {sa:?} {sb:?}");
            }
            let wide = |x: &[f32]| x.iter().map(|&x| x.into()).collect::<Vec<f64>>();
            let mut y = vec![9.0f64; expected.len()];
            binary_forward(op, shape, &wide(&a), sa, &wide(&b), sb, &mut y);
            let expected = ra.iter().zip(&rb).map(|(&a, &b)| plain::apply(op, f64::from(a), f64::from(b)));
            assert!(y.iter().zip(expected).all(|(y, w)| y.to_bits() == w.to_bits()), "{op:?} {shape:?}");
        }
    }
}

#[test]
fn plain_functions_of_two_numbers() {
    use Binary::*;
    let cases = [(Add, 5.0), (Sub, -1.0), (Mul, 6.0), (Div, 2.0 / 3.0), (Max, 3.0), (Min, 2.0), (Pow, 8.0)];
    for (op, expected) in cases {
        assert_eq!(plain::apply(op, 2.0, 3.0), expected);
    }
    for op in [Max, Min] {
        assert!(plain::apply(op, f64::NAN, 1.0).is_nan() && plain::apply(op, 1.0, f64::NAN).is_nan());
        let mut y = [0.0f32; 2];
        binary_forward(op, &[2], &[f32::NAN, 1.0], &[1], &[1.0, f32::NAN], &[1], &mut y);
        assert!(y[0].is_nan() && y[1].is_nan());
    }
}

#[test]
fn compare_and_select_equal_a_loop_over_indices() {
    fn check<T: crate::Element + PartialOrd>(values: &[T]) {
        let x: Vec<T> = (0..216).map(|i| values[i * i % 7 % values.len()]).collect();
        let z: Vec<T> = (0..216).map(|i| values[i % values.len()]).collect();
        type Relation<T> = (Compare, fn(&T, &T) -> bool);
        let relations: [Relation<T>; 6] = [
            (Compare::Eq, |a, b| a == b),
            (Compare::Ne, |a, b| a != b),
            (Compare::Lt, |a, b| a < b),
            (Compare::Le, |a, b| a <= b),
            (Compare::Gt, |a, b| a > b),
            (Compare::Ge, |a, b| a >= b),
        ];
        for (shape, sa, sb) in CASES {
            let (ra, rb) = (read(&x, shape, sa), read(&z, shape, sb));
            for (op, f) in relations {
                let mut y = vec![9u8; ra.len()];
                let done = compare(op, shape, (&x[..]).into(), sa, (&z[..]).into(), sb, (&mut y[..]).into());
                assert_eq!(done, Outcome::Done);
                let expected: Vec<u8> = ra.iter().zip(&rb).map(|(a, b)| f(a, b).into()).collect();
                assert_eq!(y, expected, "{op:?} {shape:?}");
            }
            let cond: Vec<u8> = (0..216).map(|i| (i % 3 == 0).into()).collect();
            // The condition strided as b is, and as a is: each of the fast cases, and others.
            for sc in [sa, sb] {
                let mut y = vec![values[0]; ra.len()];
                select_forward(shape, &cond, sc, &x, sa, &z, sb, &mut y);
                let rc = read(&cond, shape, sc);
                assert!((0..y.len()).all(|i| y[i] == if rc[i] == 1 { ra[i] } else { rb[i] }));
            }
        }
    }
    check(&[1.0f32, -2.0, 3.5, 0.0]);
    check(&[1.0f64, -2.0, 3.5, 0.0]);
    check(&[1i64, -2, i64::MAX, i64::MAX - 1]);
    check(&[1u32, 2, u32::MAX]);
    check(&[0u8, 1]);
}

#[test]
fn the_rest_of_the_entries() {
    let (a, b) = ([0u8, 0, 1, 1], [0u8, 1, 0, 1]);
    let mut y = [9u8; 4];
    let _ = not((&a[..]).into(), (&mut y[..]).into());
    assert_eq!(y, [1, 1, 0, 0]);
    let _ = and((&a[..]).into(), (&b[..]).into(), (&mut y[..]).into());
    assert_eq!(y, [0, 0, 0, 1]);
    let _ = or((&a[..]).into(), (&b[..]).into(), (&mut y[..]).into());
    assert_eq!(y, [0, 1, 1, 1]);
    for n in [0, 1, 8, 13, 40_000] {
        let x = numbers(n, -1.0, 1.0);
        let mut y = vec![1.0f32; n];
        assert_eq!(fill((&mut y[..]).into(), 2.5), Outcome::Done);
        assert_eq!(add_assign((&mut y[..]).into(), (&x[..]).into()), Outcome::Done);
        assert!(y.iter().zip(&x).all(|(&y, &x)| y == 2.5 + x));
        let _ = affine((&x[..]).into(), 2.0, 1.0, (&mut y[..]).into());
        assert!(y.iter().zip(&x).all(|(&y, &x)| (y - (2.0 * x + 1.0)).abs() < 1e-6));
    }
    let half = [half::f16::ONE; 2];
    let mut y = [half::f16::ONE; 2];
    assert_eq!(unary(Unary::Exp, (&half[..]).into(), (&mut y[..]).into()), Outcome::NoKernel);
    let mut ids = [3i64; 2];
    assert_eq!(fill((&mut ids[..]).into(), -1.0), Outcome::Done);
    assert_eq!((ids, crate::Dst::from(&mut ids[..]).dtype()), ([-1, -1], DType::I64));
}

#[test]
fn threads_change_nothing() {
    let x = numbers(50_000, -5.0, 5.0);
    assert_same_in_all_pools(|| {
        let mut y = vec![0.0; 50_000];
        unary_forward(Unary::Gelu, &x, &mut y);
        let mut z = vec![0.0; 50_000];
        binary_forward(Binary::Mul, &[250, 200], &y, &[200, 1], &x, &[0, 1], &mut z);
        z
    });
}

#[test]
#[should_panic(expected = "binary: operand 1 holds 3 elements, its strides over [2, 2] need 4")]
fn a_short_operand_is_refused() {
    binary_forward(Binary::Add, &[2, 2], &[0.0; 4], &[2, 1], &[0.0; 3], &[2, 1], &mut [0.0; 4]);
}

use super::*;
use crate::parallel::assert_same_in_all_pools;

/// What x reads over a shape and strides, element by element.
fn read<T: Copy>(x: &[T], shape: &[usize], strides: &[usize]) -> Vec<T> {
    let mut at = vec![0];
    for (&n, &s) in shape.iter().zip(strides) {
        at = at.iter().flat_map(|&o| (0..n).map(move |i| o + i * s)).collect();
    }
    at.into_iter().map(|i| x[i]).collect()
}

const CASES: [(&[usize], &[usize]); 9] = [
    (&[], &[]),
    (&[40], &[1]),
    (&[7, 9], &[1, 7]),
    (&[65, 33], &[1, 70]),
    (&[3, 40, 37], &[1500, 1, 40]),
    (&[2, 5, 3, 8], &[120, 8, 40, 1]),
    (&[4, 6], &[0, 1]),
    (&[4, 6], &[1, 0]),
    (&[4, 0, 6], &[0, 1, 4]),
];

#[test]
fn strided_copies_equal_a_loop_over_indices() {
    fn check<T: Element>(f: impl Fn(usize) -> T) {
        let x: Vec<T> = (0..5000).map(f).collect();
        for (shape, strides) in CASES {
            let expected = read(&x, shape, strides);
            let mut y = vec![x[0]; expected.len()];
            assert_eq!(copy_strided(shape, (&x[..]).into(), strides, (&mut y[..]).into()), Outcome::Done);
            assert!(y == expected, "{shape:?} {strides:?}");
        }
    }
    check(|i| i as f32);
    check(|i| i as f64);
    check(|i| i as i64);
    check(|i| i as u32);
    check(|i| u8::from(i % 3 == 0));
    check(|i| half::f16::from_f32((i % 100) as f32));
    check(|i| half::bf16::from_f32((i % 100) as f32));
}

#[test]
fn what_is_copied_into_a_region_is_read_back_from_it() {
    for (shape, strides) in
        [(&[3, 4][..], &[10, 1][..]), (&[3, 4], &[1, 3]), (&[2, 3, 2], &[12, 4, 2]), (&[], &[])]
    {
        let len: usize = shape.iter().product();
        let x: Vec<f32> = (1..=len).map(|i| i as f32).collect();
        let mut y = [0.0f32; 40];
        let done = copy_into(shape, (&x[..]).into(), (&mut y[..]).into(), 5, strides);
        assert_eq!(done, Outcome::Done);
        assert_eq!(read(&y[5..], shape, strides), x);
        assert_eq!(y.iter().filter(|&&y| y != 0.0).count(), len, "nothing outside of the region is written");
    }
}

#[test]
fn large_copies_are_split_and_threads_change_nothing() {
    let x: Vec<f32> = (0..90_000).map(|i| i as f32).collect();
    let mut y = vec![0.0; 90_000];
    for (shape, strides) in
        [(&[300, 300][..], &[1, 300][..]), (&[100, 9, 100], &[900, 1, 9]), (&[9, 10_000], &[1, 9])]
    {
        copy_strided_forward(shape, &x, strides, &mut y);
        assert!(y == read(&x, shape, strides), "{shape:?} {strides:?}");
    }
    assert_same_in_all_pools(|| {
        let mut y = vec![0.0; 90_000];
        copy_strided_forward(&[300, 300], &x, &[1, 300], &mut y);
        y
    });
}

fn cast_to<A: Element, B: Element>(x: &[A]) -> Vec<B> {
    let mut y = vec![B::from_f64(0.0); x.len()];
    assert_eq!(cast(x.into(), (&mut y[..]).into()), Outcome::Done);
    y
}

#[test]
fn casts_round_truncate_and_saturate() {
    assert_eq!(cast_to::<f32, i64>(&[1.9, -1.9, f32::NAN, 1e30]), [1, -1, 0, i64::MAX]);
    assert_eq!(cast_to::<f32, u32>(&[1.9, -1.9, 1e30]), [1, 0, u32::MAX]);
    assert_eq!(cast_to::<f32, u8>(&[0.0, -0.0, 0.5, -2.0]), [0, 0, 1, 1]);
    assert_eq!(cast_to::<u8, f32>(&[0, 1]), [0.0, 1.0]);
    assert_eq!(cast_to::<f64, f32>(&[0.1, 1e300]), [0.1f32, f32::INFINITY]);
    assert_eq!(cast_to::<i64, i64>(&[i64::MAX, i64::MIN + 1]), [i64::MAX, i64::MIN + 1]);
    // Halfway between two bf16 goes to the even one; a little more goes up.
    let bf16 = cast_to::<f32, half::bf16>(&[1.003_906_3, 1.003_906_4]);
    assert_eq!(cast_to::<half::bf16, f32>(&bf16), [1.0, 1.0078125]);
    let f16 = cast_to::<f64, half::f16>(&[1.00048828125, 1.0004885, 1e6]);
    assert_eq!(cast_to::<half::f16, f64>(&f16), [1.0, 1.0009765625, f64::INFINITY]);
}

#[test]
#[should_panic(expected = "of which [2, 2] from 0 on needs 5")]
fn a_short_operand_is_refused() {
    copy_strided_forward(&[2, 2], &[0.0; 4], &[3, 1], &mut [0.0; 4]);
}

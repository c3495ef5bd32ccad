use super::*;
use gradus_kernels::convert::{copy_into, copy_strided};
use gradus_kernels::elementwise::{Binary, Compare, binary, compare};
use gradus_kernels::memory::Buffer;
use gradus_kernels::{DType, Src};

/// Numbers that are read.
const LEN: usize = 48;

fn shape_and_strides() -> impl Strategy<Value = (Vec<usize>, Vec<usize>, Vec<usize>)> {
    (0usize..5).prop_flat_map(|rank| {
        let some = || prop::collection::vec(size(), rank);
        (some(), some(), some())
    })
}

fn axes(shape: &[usize], strides: &[usize]) -> Vec<(usize, usize)> {
    shape.iter().copied().zip(strides.iter().copied()).collect()
}

/// Element by element; only where all places were checked.
fn read(x: &[f32], shape: &[usize], strides: &[usize]) -> Vec<f32> {
    if shape.contains(&0) {
        return vec![];
    }
    let mut at = vec![0];
    for (n, s) in axes(shape, strides) {
        at = at.iter().flat_map(|&o| (0..n).map(move |i| o + i * s)).collect();
    }
    at.into_iter().map(|i| x[i]).collect()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn strided_reads((shape, sa, sb) in shape_and_strides()) {
        let x: Vec<f32> = (0..LEN).map(|i| i as f32).collect();
        let n = array(&shape).len();
        let inside = |strides: &[usize]| end(&axes(&shape, strides)) <= LEN as u128;
        let right = |strides: &[usize]| {
            (product(&shape) <= u64::MAX as u128 && n as u128 == true_count(&shape) && inside(strides))
                .then(|| read(&x, &shape, strides))
        };
        let copied = guarded(n, &["copy_strided: ", "strides: "], |y| {
            _ = copy_strided(&shape, x[..].into(), &sa, y.into());
        });
        prop_assert_eq!(&copied, &right(&sa));
        let both = right(&sa).zip(right(&sb));
        let sums = guarded(n, &["binary: ", "strides: "], |y| {
            _ = binary(Binary::Add, &shape, x[..].into(), &sa, x[..].into(), &sb, y.into());
        });
        prop_assert_eq!(sums, both.as_ref().map(|(a, b)| a.iter().zip(b).map(|(a, b)| a + b).collect::<Vec<_>>()));
        let mut less = vec![9u8; n];
        let ran = called(&["compare: ", "strides: "], || {
            _ = compare(Compare::Lt, &shape, x[..].into(), &sa, x[..].into(), &sb, (&mut less[..]).into());
        });
        let expected = both.map(|(a, b)| a.iter().zip(&b).map(|(a, b)| u8::from(a < b)).collect::<Vec<_>>());
        prop_assert_eq!(ran.then_some(less), expected);
    }

    #[test]
    fn strided_writes((shape, strides, _) in shape_and_strides(), offset in size()) {
        let x = array(&shape);
        let fits = product(&shape) <= u64::MAX as u128
            && x.len() as u128 == true_count(&shape)
            && end(&axes(&shape, &strides)).saturating_add(offset as u128) <= LEN as u128;
        let y = guarded(LEN, &["copy_into: ", "strides: "], |y| {
            _ = copy_into(&shape, x[..].into(), y.into(), offset, &strides);
        });
        prop_assert_eq!(y.is_some(), fits);
    }

    #[test]
    fn ranges_of_buffers(start in size(), len in size()) {
        let mut buffer = Buffer::from_slice(&[1.0f32, 2.0, 3.0, 4.0, 5.0]);
        let inside = start as u128 + len as u128 <= 5;
        let right = |x: Src| x.slice::<f32>() == &[1.0, 2.0, 3.0, 4.0, 5.0][start..start + len];
        prop_assert_eq!(called(&["buffer: "], || assert!(right(buffer.src_range(start, len)))), inside);
        prop_assert_eq!(called(&["part: "], || assert!(right(buffer.src().part(start, len)))), inside);
        prop_assert_eq!(called(&["buffer: "], || assert!(right(buffer.dst_range(start, len).src()))), inside);
        prop_assert_eq!(called(&["part: "], || assert!(right(buffer.dst().part(start, len).src()))), inside);
    }

    #[test]
    fn sizes_of_buffers(len in size(), wide in any::<bool>()) {
        // Between these a system may give what it does not have.
        prop_assume!(!(1 << 20..1 << 50).contains(&len));
        let dtype = if wide { DType::F64 } else { DType::Bool };
        for make in [|d: DType, n: usize| Buffer::zeros(d, n), |d, n| Buffer::for_overwrite(d, n)] {
            let made = called(&["buffer: ", "pool: "], || assert_eq!(make(dtype, len).len(), len));
            prop_assert_eq!(made, len < 1 << 20);
        }
    }
}

fn true_count(shape: &[usize]) -> u128 {
    if shape.contains(&0) { 0 } else { product(shape) }
}

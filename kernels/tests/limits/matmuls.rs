use super::*;
use gradus_kernels::gemm::{
    Epilogue, Mat, Matmul, PackedB, batched, gemm, gemm_packed, gemm_packed_serial, gemm_serial, plain,
};
use gradus_kernels::{Precision, Real};

/// The elements of A, B and C.
const LEN: usize = 48;

fn numbers<T: Real>() -> Vec<T> {
    (0..LEN).map(|i| T::lit((i * 7 % 11) as f64 - 5.0)).collect()
}

/// Whether a matmul of these sizes and strides fits into arrays of [`LEN`].
fn fits([m, k, n]: [usize; 3], [a, b]: [[usize; 2]; 2], c_stride: usize) -> bool {
    let inside = |axes: [(usize, usize); 2]| end(&axes) <= LEN as u128;
    inside([(m, a[0]), (k, a[1])])
        && inside([(k, b[0]), (n, b[1])])
        && (m == 0 || n == 0 || c_stride >= n && inside([(m, c_stride), (n, 1)]))
}

/// Whether the loops of a matmul that fits would take too long.
fn long([m, k, n]: [usize; 3]) -> bool {
    m > 0 && n > 0 && k > 1 << 12
}

fn mat<T>(data: &[T], [rows_stride, cols_stride]: [usize; 2]) -> Mat<'_, T> {
    Mat { data, rows_stride, cols_stride }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn matmuls(size in sizes::<3>(), strides in sizes::<5>()) {
        let ([m, k, n], [a0, a1, b0, b1, c_stride]) = (size, strides);
        let (a, b) = (numbers::<f32>(), numbers::<f32>());
        let fits = fits(size, [[a0, a1], [b0, b1]], c_stride);
        prop_assume!(!fits || !long(size));
        let (a, b) = (mat(&a, [a0, a1]), mat(&b, [b0, b1]));
        let run = |threads: bool| guarded(LEN, &["gemm: "], |c| match threads {
            true => gemm(m, k, n, a, b, 0.0, c, c_stride, Epilogue::default()),
            false => gemm_serial(m, k, n, a, b, 0.0, c, c_stride, Epilogue::default()),
        });
        let expected = fits.then(|| guarded(LEN, &[], |c| if n > 0 {
            plain::gemm(m, k, n, a, b, 0.0, c, c_stride, Epilogue::default());
        }).expect("plain loops over what fits"));
        prop_assert_eq!(&run(true), &expected);
        prop_assert_eq!(&run(false), &expected);
        let (a64, b64) = (numbers::<f64>(), numbers::<f64>());
        let ran = called(&["gemm: "], || {
            gemm(m, k, n, mat(&a64, [a0, a1]), mat(&b64, [b0, b1]), 0.0, &mut [0.0f64; LEN], c_stride, Epilogue::default());
        });
        prop_assert_eq!(ran, fits);
    }

    #[test]
    fn packed_before(size in sizes::<3>(), strides in sizes::<5>()) {
        let ([m, k, n], [a0, a1, b0, b1, c_stride]) = (size, strides);
        let (a, b) = (numbers::<f32>(), numbers::<f32>());
        // Even if B has few elements, its panels may be larger than this test's memory.
        prop_assume!(product(&[k, n]) <= FEW || product(&[k, n.saturating_add(31)]) > 1 << 60 || k == 0 || n == 0);
        let b_fits = end(&[(k, b0), (n, b1)]) <= LEN as u128;
        let mut packed = None;
        let made = called(&["gemm: "], || packed = Some(PackedB::new(k, n, mat(&b, [b0, b1]))));
        prop_assert!(b_fits || !made);
        let Some(packed) = packed else { return Ok(()) };
        let fits = fits(size, [[a0, a1], [b0, b1]], c_stride);
        prop_assume!(!fits || !long(size));
        for threads in [true, false] {
            let ran = guarded(LEN, &["gemm: "], |c| match threads {
                true => gemm_packed(m, mat(&a, [a0, a1]), &packed, 0.0, c, c_stride, Epilogue::default()),
                false => gemm_packed_serial(m, mat(&a, [a0, a1]), &packed, 0.0, c, c_stride, Epilogue::default()),
            });
            prop_assert_eq!(ran.is_some(), fits);
        }
    }

    #[test]
    fn batches(count in size(), size in sizes::<3>(), a_strides in sizes::<3>(), b_strides in sizes::<3>()) {
        let [m, k, n] = size;
        let (a, b) = (numbers::<f32>(), numbers::<f32>());
        let c = array(&[count, m, n]);
        let p = Matmul { count, m, k, n, a_strides, b_strides, precision: Precision::F32 };
        let inside = |rows: usize, cols: usize, s: [usize; 3]| {
            end(&[(count, s[0]), (rows, s[1]), (cols, s[2])]) <= LEN as u128
        };
        let fits = inside(m, k, a_strides) && inside(k, n, b_strides);
        prop_assume!(!(fits && long(size)));
        let ran = guarded(c.len(), &["gemm: "], |c| _ = batched(p, a[..].into(), b[..].into(), c.into()));
        prop_assert!(ran.is_none() || c.is_empty() || fits);
    }
}

use super::*;
use gradus_kernels::index::{gather_rows, put_add_along_last, scatter_add_rows, take_along_last};
use gradus_kernels::reduce::{arg_max, sum};
use gradus_kernels::softmax::{forward, log_sum_exp};

proptest! {
    #![proptest_config(config())]

    #[test]
    fn reductions([outer, n, inner] in sizes::<3>()) {
        let (x, y) = (array(&[outer, n, inner]), array(&[outer, inner]));
        let fits = x.len() as u128 == [outer, n, inner].iter().fold(1u128, |all, &n| all.saturating_mul(n as u128))
            && y.len() as u128 == outer as u128 * inner as u128
            && product(&[outer, n, inner]) < 1 << 60;
        let found = guarded(y.len(), &["reduce: "], |y| _ = sum(outer, n, inner, x[..].into(), y.into()));
        let total = |y: &[f32]| y.iter().map(|&y| f64::from(y)).sum::<f64>();
        prop_assert_eq!(found.as_ref().map(|y| total(y)), fits.then(|| total(&x)));
        let mut places = vec![0i64; y.len()];
        let ran = called(&["arg_max: "], || _ = arg_max(outer, n, inner, x[..].into(), (&mut places[..]).into()));
        prop_assert_eq!(ran, fits && (n > 0 || y.is_empty()));
    }

    #[test]
    fn rows_of(rows in size(), cols in size()) {
        let x = array(&[rows, cols]);
        let y = guarded(x.len(), &["softmax: "], |y| _ = forward(x[..].into(), y.into(), cols));
        prop_assert_eq!(y.is_some(), x.is_empty() || x.len().is_multiple_of(cols));
        let few = array(&[rows]).len();
        let y = guarded(few, &["log_sum_exp: "], |y| _ = log_sum_exp(x[..].into(), y.into(), cols));
        prop_assert!(y.is_none() || few as u128 * cols as u128 == x.len() as u128);
    }

    #[test]
    fn indices(len in 0usize..20, ids in prop::collection::vec(any::<i64>(), 0..5), near in -1i64..4, [k, m] in sizes::<2>()) {
        let table: Vec<f32> = (0..len).map(|i| i as f32).collect();
        let ids: Vec<i64> = ids.iter().map(|&id| if id % 3 == 0 { id } else { near }).collect();
        let width = 2 * ids.len();
        guarded(width, &["gather_rows: "], |y| _ = gather_rows(table[..].into(), ids[..].into(), y.into()));
        guarded(len, &["scatter_add_rows: "], |y| {
            _ = scatter_add_rows(ids[..].into(), vec![1.0f32; width][..].into(), y.into());
        });
        guarded(ids.len(), &["take_along_last: "], |y| {
            _ = take_along_last(table[..].into(), k, ids[..].into(), m, y.into());
        });
        let dy = vec![1.0f32; ids.len()];
        guarded(len, &["put_add_along_last: "], |x| {
            _ = put_add_along_last(dy[..].into(), ids[..].into(), m, x.into(), k);
        });
    }
}

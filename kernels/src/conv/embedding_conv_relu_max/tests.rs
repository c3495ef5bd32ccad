use super::*;
use crate::conv_relu_max::{conv_relu_max_backward, conv_relu_max_forward};
use crate::embedding::embedding_backward;
use crate::parallel::assert_same_in_all_pools;
use crate::philox::Stream;

fn numbers(n: usize, stream: u64) -> Vec<f32> {
    let s = Stream { seed: 7, stream };
    (0..n as u64).map(|i| s.normal(i)).collect()
}

fn wide(x: &[f32]) -> Vec<f64> {
    x.iter().map(|&x| x.into()).collect()
}

fn absolute(x: &[f32]) -> Vec<f64> {
    x.iter().map(|x| f64::from(x.abs())).collect()
}

/// Table, w, bias and dz; ids; lengths of 0 to T.
type Inputs<T> = ([Vec<T>; 4], Vec<i64>, Vec<i64>);

/// `v` rows of the table.
fn inputs(s: Sizes, v: usize) -> Inputs<f32> {
    let lens = [v * s.c, s.o * s.c * s.k, s.o, s.b * s.o];
    let ids = Stream { seed: 7, stream: 9 };
    let ids = (0..(s.b * s.t) as u64).map(|i| ids.below(i, v as u64) as i64).collect();
    let lengths = (0..s.b).map(|b| (b * 5 % (s.t + 1)) as i64).collect();
    (std::array::from_fn(|i| numbers(lens[i], i as u64)), ids, lengths)
}

fn map<T, U>((x, ids, lengths): &Inputs<T>, f: impl Fn(&[T]) -> Vec<U>) -> Inputs<U> {
    (x.each_ref().map(|x| f(x)), ids.clone(), lengths.clone())
}

/// z, the table's gradient as a whole, dw, dbias; the winners.
type Results<T> = ([Vec<T>; 4], Vec<i64>);

fn results<T: Real>(
    [table, w, bias, dz]: &[Vec<T>; 4],
    c: usize,
    of: impl FnOnce([&mut Vec<T>; 3], &mut Vec<i64>) -> (Vec<i64>, Buffer),
) -> Results<T> {
    let [mut z, mut dw, mut dbias] = [dz, w, bias].map(|v| vec![T::from_f64(9.0); v.len()]);
    let (mut winner, mut dtable) = (vec![9; dz.len()], vec![T::ZERO; table.len()]);
    let (ids, rows) = of([&mut z, &mut dw, &mut dbias], &mut winner);
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
    assert_eq!(rows.len(), ids.len() * c);
    for (&id, row) in ids.iter().zip(rows.slice::<T>().chunks_exact(c.max(1))) {
        dtable[id as usize * c..][..c].copy_from_slice(row);
    }
    ([z, dtable, dw, dbias], winner)
}

fn run<T: Real>(s: Sizes, (x, ids, lengths): &Inputs<T>) -> Results<T> {
    let words = Words { ids: &ids[..], lengths: &lengths[..] };
    results(x, s.c, |[z, dw, dbias], winner| {
        embedding_conv_relu_max_forward(s, &x[0], words, &x[1], &x[2], z, winner);
        embedding_conv_relu_max_backward(s, &x[0], words, winner, &x[3], dw, dbias);
        embedding_conv_relu_max_backward_rows(s, words, &x[1], winner, &x[3])
    })
}

fn run_plain<T: Real>(s: Sizes, (x, ids, lengths): &Inputs<T>) -> Results<T> {
    let words = Words { ids: &ids[..], lengths: &lengths[..] };
    results(x, s.c, |[z, dw, dbias], winner| {
        plain::forward(s, &x[0], words, &x[1], &x[2], z, winner);
        plain::backward(s, &x[0], words, winner, &x[3], dw, dbias);
        plain::backward_rows(s, words, &x[1], winner, &x[3])
    })
}

/// By way of x: rows gathered, zeros past the ends, the dense convolution's kernels in `f64`, and rows added up.
fn run_gathered(s: Sizes, (x, ids, lengths): &Inputs<f64>) -> Results<f64> {
    let real = |i: usize| i % s.t < lengths[i / s.t] as usize;
    let mut gathered = vec![0.0; s.b * s.t * s.c];
    for (i, &id) in ids.iter().enumerate().filter(|&(i, _)| real(i)) {
        gathered[i * s.c..][..s.c].copy_from_slice(&x[0][id as usize * s.c..][..s.c]);
    }
    results(x, s.c, |[z, dw, dbias], winner| {
        let mut dx = gathered.clone();
        conv_relu_max_forward(s, &gathered, &x[1], &x[2], lengths, z, winner);
        conv_relu_max_backward(s, &gathered, &x[1], winner, &x[3], Some(&mut dx), dw, dbias);
        (0..ids.len()).filter(|&i| !real(i)).for_each(|i| dx[i * s.c..][..s.c].fill(0.0));
        embedding_backward(ids, &dx)
    })
}

/// B, T, C, O, k and V.
const SIZES: [[usize; 6]; 10] = [
    [1, 1, 1, 1, 1, 1],
    [0, 3, 2, 2, 2, 4],
    [3, 0, 4, 5, 2, 4],
    [2, 3, 0, 2, 2, 4],
    [2, 3, 2, 0, 2, 4],
    [4, 2, 3, 9, 5, 2],
    [7, 6, 7, 8, 3, 11],
    [5, 9, 8, 33, 2, 3],
    [9, 13, 31, 47, 4, 40],
    [3, 230, 5, 70, 3, 700],
];

fn sizes([b, t, c, o, k, v]: [usize; 6]) -> (Sizes, usize) {
    (Sizes { b, t, c, o, k }, v)
}

#[test]
fn plain_loops_are_the_convolution_of_gathered_rows() {
    for (s, v) in SIZES.map(sizes) {
        let x = map(&inputs(s, v), wide);
        let ((plain, winner), (gathered, expected)) = (run_plain(s, &x), run_gathered(s, &x));
        assert_eq!(winner, expected, "{s:?}");
        for (i, (plain, gathered)) in plain.iter().zip(&gathered).enumerate() {
            let close = plain.iter().zip(gathered).all(|(a, b)| (a - b).abs() < 1e-12 * (1.0 + b.abs()));
            assert!(close, "{s:?}, result {i}: {plain:?}, {gathered:?}");
        }
    }
}

#[test]
fn words_multiplied_once_equal_the_plain_loops() {
    let eps = f64::from(f32::EPSILON);
    for (s, v) in SIZES.map(sizes) {
        let x = inputs(s, v);
        let (exact, winners) = run_plain(s, &map(&x, wide));
        // Σ |terms|: of z at most the largest sum over absolute values, of the gradients the sum over all windows
        // that won.
        let (absolutes, ids, lengths) = map(&x, absolute);
        let words = Words { ids: &ids[..], lengths: &lengths[..] };
        let ([z, ..], _) = run_plain(s, &(absolutes.clone(), ids.clone(), lengths.clone()));
        let [table, w, _, dz] = &absolutes;
        let (mut scale, _) = results(&absolutes, s.c, |[_, dw, dbias], _| {
            plain::backward(s, table, words, &winners, dz, dw, dbias);
            plain::backward_rows(s, words, w, &winners, dz)
        });
        scale[0] = z;
        let (plain, _) = run_plain(s, &x);
        let (fast, fast_winners) = run(s, &x);
        assert_eq!(fast_winners, winners, "{s:?}");
        for i in 0..4 {
            let error = |y: &[f32], j: usize| (f64::from(y[j]) - exact[i][j]).abs();
            let worst = (0..plain[i].len()).map(|j| error(&plain[i], j)).fold(0.0, f64::max);
            let factor = if i == 0 { 2.0 } else { 3.0 };
            for j in 0..plain[i].len() {
                let (error, bound) = (error(&fast[i], j), (factor * worst).max(4.0 * eps * scale[i][j]));
                assert!(error <= bound, "{s:?}, result {i}: error {error}, bound {bound}");
            }
        }
    }
}

#[test]
fn gradients_equal_central_differences() {
    for t in [2, 6] {
        let s = Sizes { b: 3, t, c: 2, o: 4, k: 3 };
        let x = map(&inputs(s, 5), wide);
        let ([_, dtable, dw, dbias], _) = run(s, &x);
        let loss = |x: &Inputs<f64>| {
            let ([z, ..], _) = run(s, x);
            z.iter().zip(&x.0[3]).map(|(z, dz)| z * dz).sum::<f64>()
        };
        let h = 1e-6;
        for (slot, gradient) in [dtable, dw, dbias].iter().enumerate() {
            for (i, g) in gradient.iter().enumerate() {
                let moved = |h: f64| {
                    let mut x = x.clone();
                    x.0[slot][i] += h;
                    loss(&x)
                };
                let difference = (moved(h) - moved(-h)) / (2.0 * h);
                assert!((g - difference).abs() < 1e-7, "input {slot}, element {i}: {g} {difference}");
            }
        }
    }
}

/// Both precisions; filter 0 copies the words' values, filter 1 their negatives.
fn winners(table: &[f32], ids: &[i64], lengths: &[i64]) -> (Vec<f32>, Vec<i64>) {
    let s = Sizes { b: lengths.len(), t: ids.len() / lengths.len(), c: 1, o: 2, k: 1 };
    let x = [table.to_vec(), vec![1.0, -1.0], vec![0.0; 2], vec![1.0; 2 * s.b]];
    let x = (x, ids.to_vec(), lengths.to_vec());
    let (([z, ..], winner), ([plain, ..], of_plain)) = (run(s, &x), run::<f64>(s, &map(&x, wide)));
    assert_eq!(winner, of_plain);
    assert!(z.iter().zip(&plain).all(|(&a, &b)| f64::from(a) == b || (a.is_nan() && b.is_nan())));
    (z, winner)
}

/// Words 0 to 3 are 1, 3, 0 and −2; word 4 is 3 again.
#[test]
fn ties_go_to_the_lowest_step_and_zeros_to_none() {
    let (z, winner) = winners(&[1.0, 3.0, 0.0, -2.0, 3.0], &[0, 4, 1, 2, 2, 2, 3, 2, 3], &[3, 3, 3]);
    assert_eq!(z, [3.0, 0.0, 0.0, 0.0, 0.0, 2.0]);
    assert_eq!(winner, [1, -1, -1, -1, -1, 0]);
}

#[test]
fn words_past_the_length_do_not_count() {
    let (z, winner) = winners(&[1.0, 2.0, 3.0], &[0, 1, 2, 0, 1, 2], &[0, 2]);
    assert_eq!((z, winner), (vec![0.0, 0.0, 2.0, 0.0], vec![-1, -1, 1, -1]));
}

#[test]
fn a_nan_is_not_lost() {
    let (z, winner) = winners(&[1.0, f32::NAN, 3.0], &[0, 1, 2, 1], &[4]);
    assert!(z.iter().all(|z| z.is_nan()), "{z:?}");
    assert_eq!(winner, [1, 1]);
}

/// A window of the sentence's own words and zeros: shorter than the window, at the sentence's end, and empty.
#[test]
fn short_and_empty_sentences_are_padded() {
    let s = Sizes { b: 3, t: 2, c: 1, o: 1, k: 4 };
    let x = [vec![1.0f32, 2.0], vec![1.0, 10.0, 100.0, 1000.0], vec![0.5], vec![2.0, 3.0, 5.0]];
    let ([z, dtable, dw, dbias], winner) = run(s, &(x, vec![0, 1, 1, 0, 0, 0], vec![2, 1, 0]));
    assert_eq!((z, winner), (vec![21.5, 2.5, 0.5], vec![0, 0, 0]));
    assert_eq!((dtable, dw), (vec![2.0, 23.0], vec![8.0, 4.0, 0.0, 0.0]));
    assert_eq!(dbias, [10.0]);
}

/// What every level must compute the same way as a sum and a maximum of scalars, level by level.
#[test]
fn every_level_finds_the_same_winners() {
    use crate::isa::{available, dispatch_on};
    let (numbers_of, k) = ([2u32, 0, 1, 1, 3, 0, 2], 3);
    for cols in [3, 8, 32, 43] {
        let (projected, bias) = (numbers(4 * k * cols, 8), numbers(cols, 9));
        let term = |t: usize, j: usize, o: usize| {
            numbers_of.get(t + j).map_or(0.0, |&n| projected[(n as usize * k + j) * cols + o])
        };
        let value = |t: usize, o: usize| (0..k).fold(bias[o], |y, j| y + term(t, j, o));
        for &level in available() {
            let (mut best, mut winner) = (vec![9.0; cols], vec![9.0; cols]);
            let (projected, numbers, bias) = (&projected[..], &numbers_of[..], &bias[..]);
            let (best_to, winner_to) = (&mut best[..], &mut winner[..]);
            let windows = cpu::vectors::Windows {
                projected,
                numbers,
                bias,
                k,
                live: 7,
                best: best_to,
                winner: winner_to,
            };
            dispatch_on(level, windows);
            for o in 0..cols {
                let t = (0..7).max_by(|&a, &b| value(a, o).total_cmp(&value(b, o))).unwrap();
                let expected = if value(t, o) > 0.0 { (value(t, o), t as f32) } else { (0.0, -1.0) };
                assert_eq!((best[o], winner[o]), expected, "{} filter {o} of {cols}", level.name());
            }
        }
    }
}

#[test]
fn threads_change_nothing() {
    let s = Sizes { b: 13, t: 120, c: 40, o: 50, k: 4 };
    let x = inputs(s, 900);
    assert_same_in_all_pools(|| run(s, &x));
}

#[test]
fn half_precision_has_no_kernel() {
    let (s, zero, length) = (Sizes { b: 1, t: 1, c: 1, o: 1, k: 1 }, &[0i64][..], &[1i64][..]);
    let words = Words { ids: zero.into(), lengths: length.into() };
    let one = &[half::f16::ONE][..];
    let (mut z, mut winner, mut dw, mut dbias) = (one.to_vec(), [0i64], one.to_vec(), one.to_vec());
    let (z, winner) = ((&mut z[..]).into(), (&mut winner[..]).into());
    assert_eq!(forward(s, one.into(), words, one.into(), one.into(), z, winner), Outcome::NoKernel);
    let (dw, dbias) = ((&mut dw[..]).into(), (&mut dbias[..]).into());
    assert_eq!(backward(s, one.into(), words, zero.into(), one.into(), dw, dbias), Outcome::NoKernel);
    assert!(backward_rows(s, words, one.into(), zero.into(), one.into()).is_none());
}

#[test]
#[should_panic(expected = "embedding_conv_relu_max: index 3 lies outside 0..3")]
fn a_word_outside_the_table_is_refused_also_past_the_length() {
    let s = Sizes { b: 1, t: 2, c: 1, o: 1, k: 1 };
    let words = Words { ids: &[0, 3][..], lengths: &[1][..] };
    embedding_conv_relu_max_forward(s, &[0.0f32; 3], words, &[0.0], &[0.0], &mut [0.0], &mut [0]);
}

#[test]
#[should_panic(expected = "winner Some(4) is none of 3 windows")]
fn a_winner_outside_is_refused() {
    let s = Sizes { b: 1, t: 3, c: 1, o: 1, k: 1 };
    let words = Words { ids: &[0; 3][..], lengths: &[3][..] };
    embedding_conv_relu_max_backward(s, &[0.0f32], words, &[4], &[1.0], &mut [0.0], &mut [0.0]);
}

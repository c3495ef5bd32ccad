use super::*;
use crate::parallel::assert_same_in_all_pools;
use crate::philox::Stream;

fn numbers(n: usize, stream: u64) -> Vec<f32> {
    let s = Stream { seed: 6, stream };
    (0..n as u64).map(|i| s.normal(i)).collect()
}

fn wide(x: &[f32]) -> Vec<f64> {
    x.iter().map(|&x| x.into()).collect()
}

/// x, w, bias, dz, and lengths of 0 to T.
fn inputs(s: Sizes) -> ([Vec<f32>; 4], Vec<i64>) {
    let lens = [s.b * s.t * s.c, s.o * s.c * s.k, s.o, s.b * s.o];
    let lengths = (0..s.b).map(|b| (b * 5 % (s.t + 1)) as i64).collect();
    (std::array::from_fn(|i| numbers(lens[i], i as u64)), lengths)
}

/// z, dx, dw, dbias and the winners.
type Results<T> = ([Vec<T>; 4], Vec<i64>);

fn run<T: Real>(s: Sizes, [x, w, bias, dz]: &[Vec<T>; 4], lengths: &[i64]) -> Results<T> {
    let mut out = [dz, x, w, bias].map(|v| vec![T::from_f64(9.0); v.len()]);
    let mut winner = vec![9; dz.len()];
    let [z, dx, dw, dbias] = &mut out;
    conv_relu_max_forward(s, x, w, bias, lengths, z, &mut winner);
    conv_relu_max_backward(s, x, w, &winner, dz, Some(dx), dw, dbias);
    (out, winner)
}

fn run_plain<T: Real>(s: Sizes, [x, w, bias, dz]: &[Vec<T>; 4], lengths: &[i64]) -> Results<T> {
    let mut out = [dz, x, w, bias].map(|v| vec![T::from_f64(9.0); v.len()]);
    let mut winner = vec![9; dz.len()];
    let [z, dx, dw, dbias] = &mut out;
    plain::forward(s, x, w, bias, lengths, z, &mut winner);
    plain::backward(s, x, w, &winner, dz, Some(dx), dw, dbias);
    (out, winner)
}

const SIZES: [[usize; 5]; 10] = [
    [1, 1, 1, 1, 1],
    [0, 3, 2, 2, 2],
    [3, 0, 4, 5, 2],
    [2, 3, 0, 2, 2],
    [2, 3, 2, 0, 2],
    [4, 2, 3, 9, 5],
    [7, 6, 7, 8, 3],
    [5, 9, 8, 17, 2],
    [9, 13, 31, 15, 4],
    [2, 230, 5, 24, 3],
];

#[test]
fn tiles_equal_the_plain_loops() {
    let eps = f64::from(f32::EPSILON);
    for [b, t, c, o, k] in SIZES {
        let s = Sizes { b, t, c, o, k };
        let (x, lengths) = inputs(s);
        let (exact, winners) = run_plain(s, &x.each_ref().map(|x| wide(x)), &lengths);
        // Σ |terms|: of z at most the largest sum over absolute values, of the gradients the sum over all windows
        // that won.
        let absolute = x.each_ref().map(|x| x.iter().map(|x| f64::from(x.abs())).collect::<Vec<_>>());
        let mut scale = run_plain(s, &absolute, &lengths).0;
        let [_, dx, dw, dbias] = &mut scale;
        plain::backward(s, &absolute[0], &absolute[1], &winners, &absolute[3], Some(dx), dw, dbias);
        let (plain, _) = run_plain(s, &x, &lengths);
        let (fast, fast_winners) = run(s, &x, &lengths);
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
        let (x, lengths) = inputs(s);
        let x = x.each_ref().map(|x| wide(x));
        let ([_, dx, dw, dbias], _) = run(s, &x, &lengths);
        let loss = |x: &[Vec<f64>; 4]| {
            let ([z, ..], _) = run(s, x, &lengths);
            z.iter().zip(&x[3]).map(|(z, dz)| z * dz).sum::<f64>()
        };
        let h = 1e-6;
        for (slot, gradient) in [dx, dw, dbias].iter().enumerate() {
            for (i, g) in gradient.iter().enumerate() {
                let moved = |h: f64| {
                    let mut x = x.clone();
                    x[slot][i] += h;
                    loss(&x)
                };
                let difference = (moved(h) - moved(-h)) / (2.0 * h);
                assert!((g - difference).abs() < 1e-7, "input {slot}, element {i}: {g} {difference}");
            }
        }
    }
}

/// Both precisions; filter 0 copies x, filter 1 its negative.
fn winners(x: &[f32], lengths: &[i64]) -> (Vec<f32>, Vec<i64>) {
    let s = Sizes { b: lengths.len(), t: x.len() / lengths.len(), c: 1, o: 2, k: 1 };
    let ([z, ..], winner) = run(s, &[x.to_vec(), vec![1.0, -1.0], vec![0.0; 2], vec![1.0; 2 * s.b]], lengths);
    let dz = vec![1.0; 2 * s.b];
    let (plain, of_plain) = run::<f64>(s, &[wide(x), vec![1.0, -1.0], vec![0.0; 2], dz], lengths);
    assert_eq!(winner, of_plain);
    assert!(z.iter().zip(&plain[0]).all(|(&a, &b)| f64::from(a) == b || (a.is_nan() && b.is_nan())));
    (z, winner)
}

#[test]
fn ties_go_to_the_lowest_step_and_zeros_to_none() {
    let (z, winner) = winners(&[1.0, 3.0, 3.0, 0.0, 0.0, 0.0, -2.0, -1.0, -2.0], &[3, 3, 3]);
    assert_eq!(z, [3.0, 0.0, 0.0, 0.0, 0.0, 2.0]);
    assert_eq!(winner, [1, -1, -1, -1, -1, 0]);
}

#[test]
fn steps_past_the_length_do_not_count_but_for_one() {
    let (z, winner) = winners(&[1.0, 2.0, 3.0, 1.0, 2.0, 3.0], &[0, 2]);
    assert_eq!((z, winner), (vec![1.0, 0.0, 2.0, 0.0], vec![0, -1, 1, -1]));
}

#[test]
fn a_nan_is_not_lost() {
    let (z, winner) = winners(&[1.0, f32::NAN, 3.0, f32::NAN], &[4]);
    assert!(z.iter().all(|z| z.is_nan()), "{z:?}");
    assert_eq!(winner, [1, 1]);
}

/// A window of the sentence's own steps and zeros.
#[test]
fn a_short_sentence_is_padded() {
    let s = Sizes { b: 1, t: 2, c: 1, o: 1, k: 4 };
    let inputs = [vec![1.0f32, 2.0], vec![1.0, 10.0, 100.0, 1000.0], vec![0.5], vec![2.0]];
    let ([z, dx, dw, dbias], winner) = run(s, &inputs, &[2]);
    assert_eq!((z, winner), (vec![21.5], vec![0]));
    assert_eq!((dx, dw, dbias), (vec![2.0, 20.0], vec![2.0, 4.0, 0.0, 0.0], vec![2.0]));
}

/// What every level must compute the same way as the plain loops, level by level.
#[test]
fn every_level_finds_the_same_winners() {
    use crate::isa::{available, dispatch_on};
    let (rows, cols) = (7, 19);
    let y = numbers(rows * cols, 8);
    let value = |t: usize, o: usize| y[t * cols + o];
    for &level in available() {
        let (mut best, mut winner) = (vec![0.0; cols], vec![-1.0; cols]);
        dispatch_on(level, cpu::vectors::Maximum { y: &y, first: 3, best: &mut best, winner: &mut winner });
        for o in 0..cols {
            let t = (0..rows).max_by(|&a, &b| value(a, o).total_cmp(&value(b, o))).unwrap();
            let expected = if value(t, o) > 0.0 { (value(t, o), t as f32 + 3.0) } else { (0.0, -1.0) };
            assert_eq!((best[o], winner[o]), expected, "{} filter {o}", level.name());
        }
    }
}

#[test]
fn dx_may_be_left_out() {
    let s = Sizes { b: 3, t: 5, c: 4, o: 6, k: 2 };
    let (x, lengths) = inputs(s);
    let ([_, _, dw, dbias], winner) = run(s, &x, &lengths);
    let (mut dw_alone, mut dbias_alone) = (vec![9.0; dw.len()], vec![9.0; dbias.len()]);
    conv_relu_max_backward(s, &x[0], &x[1], &winner, &x[3], None, &mut dw_alone, &mut dbias_alone);
    assert_eq!((dw, dbias), (dw_alone, dbias_alone));
}

#[test]
fn threads_change_nothing() {
    let s = Sizes { b: 13, t: 120, c: 40, o: 50, k: 4 };
    let (x, lengths) = inputs(s);
    assert_same_in_all_pools(|| run(s, &x, &lengths));
}

#[test]
#[should_panic(expected = "winner Some(4) is none of 3 windows")]
fn a_winner_outside_is_refused() {
    let s = Sizes { b: 1, t: 3, c: 1, o: 1, k: 1 };
    conv_relu_max_backward(s, &[0.0f32; 3], &[0.0], &[4], &[1.0], None, &mut [0.0], &mut [0.0]);
}

/// All windows have the value of the bias then, and there may be more of them than can be looked at.
#[test]
fn of_sentences_without_numbers_the_first_window_wins() {
    let t = 1 << 40;
    let of = |c: usize, k: usize| {
        let s = Sizes { b: 1, t, c, o: 2, k };
        let (mut z, mut winner) = (vec![9.0f32; 2], vec![9; 2]);
        conv_relu_max_forward(s, &[], &[], &[0.5, -1.0], &[t as i64], &mut z, &mut winner);
        let (mut wide, mut same) = (vec![9.0f64; 2], vec![9; 2]);
        conv_relu_max_forward::<f64>(s, &[], &[], &[0.5, -1.0], &[t as i64], &mut wide, &mut same);
        assert_eq!((wide, &same), (vec![0.5, 0.0], &winner));
        (z, winner)
    };
    assert_eq!(of(0, 3), (vec![0.5, 0.0], vec![0, -1]));
    assert_eq!(of(0, t), (vec![0.5, 0.0], vec![0, -1]));
}

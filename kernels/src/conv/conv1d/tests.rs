use super::*;
use crate::parallel::assert_same_in_all_pools;
use crate::philox::Stream;

fn numbers(n: usize, stream: u64) -> Vec<f32> {
    let s = Stream { seed: 5, stream };
    (0..n as u64).map(|i| s.normal(i)).collect()
}

fn wide(x: &[f32]) -> Vec<f64> {
    x.iter().map(|&x| x.into()).collect()
}

/// x, w, bias and dy.
fn inputs(s: Sizes, padding: usize) -> [Vec<f32>; 4] {
    let lens = [s.b * s.t * s.c, s.o * s.c * s.k, s.o, s.b * s.windows(padding) * s.o];
    std::array::from_fn(|i| numbers(lens[i], i as u64))
}

/// y, dx, dw and dbias by the entries.
fn run<T: Real>(s: Sizes, padding: usize, [x, w, bias, dy]: &[Vec<T>; 4]) -> [Vec<T>; 4] {
    let mut out = [dy, x, w, bias].map(|v| vec![T::from_f64(9.0); v.len()]);
    let [y, dx, dw, dbias] = &mut out;
    conv1d_forward(s, padding, x, w, bias, y);
    conv1d_backward(s, padding, x, w, dy, Some(dx), dw, dbias);
    out
}

/// The same by the plain loops.
fn run_plain<T: Real>(s: Sizes, padding: usize, [x, w, bias, dy]: &[Vec<T>; 4]) -> [Vec<T>; 4] {
    let mut out = [dy, x, w, bias].map(|v| vec![T::from_f64(9.0); v.len()]);
    let [y, dx, dw, dbias] = &mut out;
    plain::forward(s, padding, x, w, bias, y);
    plain::backward(s, padding, x, w, dy, Some(dx), dw, dbias);
    out
}

#[test]
fn products_equal_the_plain_loops() {
    let eps = f64::from(f32::EPSILON);
    let sizes = [
        ([1, 1, 1, 1, 1], 0),
        ([0, 3, 2, 2, 2], 0),
        ([2, 3, 0, 2, 2], 0),
        ([2, 3, 2, 0, 2], 1),
        ([2, 0, 3, 2, 2], 2),
        ([3, 5, 7, 9, 3], 0),
        ([2, 2, 3, 17, 5], 3),
        ([9, 6, 8, 15, 2], 1),
        ([19, 13, 31, 33, 4], 0),
        ([2, 110, 20, 24, 3], 1),
    ];
    for ([b, t, c, o, k], padding) in sizes {
        let s = Sizes { b, t, c, o, k };
        let x = inputs(s, padding);
        let exact = run_plain(s, padding, &x.each_ref().map(|x| wide(x)));
        // Σ |terms| is the same sum over absolute values.
        let scale =
            run_plain(s, padding, &x.each_ref().map(|x| x.iter().map(|x| f64::from(x.abs())).collect()));
        let (plain, fast) = (run_plain(s, padding, &x), run(s, padding, &x));
        for i in 0..4 {
            let error = |y: &[f32], j: usize| (f64::from(y[j]) - exact[i][j]).abs();
            let worst = (0..plain[i].len()).map(|j| error(&plain[i], j)).fold(0.0, f64::max);
            let factor = if i == 0 { 2.0 } else { 3.0 };
            for j in 0..plain[i].len() {
                let (error, bound) = (error(&fast[i], j), (factor * worst).max(4.0 * eps * scale[i][j]));
                assert!(error <= bound, "{s:?}, padding {padding}, result {i}: error {error}, bound {bound}");
            }
        }
    }
}

#[test]
fn gradients_equal_central_differences() {
    for padding in [0, 2] {
        let s = Sizes { b: 2, t: 4, c: 2, o: 3, k: 3 };
        let x = inputs(s, padding).each_ref().map(|x| wide(x));
        let [_, dx, dw, dbias] = run(s, padding, &x);
        let loss = |x: &[Vec<f64>; 4]| {
            let [y, ..] = run(s, padding, x);
            y.iter().zip(&x[3]).map(|(y, dy)| y * dy).sum::<f64>()
        };
        let h = 1e-5;
        for (slot, gradient) in [dx, dw, dbias].iter().enumerate() {
            for (i, g) in gradient.iter().enumerate() {
                let moved = |h: f64| {
                    let mut x = x.clone();
                    x[slot][i] += h;
                    loss(&x)
                };
                let difference = (moved(h) - moved(-h)) / (2.0 * h);
                assert!((g - difference).abs() < 1e-8, "input {slot}, element {i}: {g} {difference}");
            }
        }
    }
}

#[test]
fn dx_may_be_left_out() {
    let s = Sizes { b: 3, t: 5, c: 4, o: 6, k: 2 };
    let x = inputs(s, 0);
    let [_, _, dw, dbias] = run(s, 0, &x);
    let (mut dw_alone, mut dbias_alone) = (vec![9.0; dw.len()], vec![9.0; dbias.len()]);
    conv1d_backward(s, 0, &x[0], &x[1], &x[3], None, &mut dw_alone, &mut dbias_alone);
    assert_eq!((dw, dbias), (dw_alone, dbias_alone));
}

#[test]
fn threads_change_nothing() {
    for ([b, t, c, o, k], padding) in [([13, 40, 24, 32, 3], 1), ([1, 400, 16, 40, 2], 0)] {
        let s = Sizes { b, t, c, o, k };
        let x = inputs(s, padding);
        assert_same_in_all_pools(|| run(s, padding, &x));
    }
}

#[test]
#[should_panic(expected = "conv1d: the window of 5 is longer than the 4 steps")]
fn a_window_longer_than_the_sentence_is_refused() {
    let s = Sizes { b: 1, t: 2, c: 1, o: 1, k: 5 };
    conv1d_forward(s, 1, &[0.0f32; 2], &[0.0; 5], &[0.0], &mut []);
}

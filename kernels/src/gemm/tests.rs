use super::*;
use crate::isa::{available, dispatch_on};
use crate::philox::Stream;
use cpu::round::Round;

fn numbers(n: usize, stream: u64) -> Vec<f32> {
    let s = Stream { seed: 7, stream };
    (0..n as u64).map(|i| s.uniform(i) * 2.0 - 1.0).collect()
}

/// Largest |C| error of the fast matmul against `f64`, and the bound: twice the plain one's, or c·ε·Σ|terms|.
fn check(m: usize, k: usize, n: usize, transposed: [bool; 2], beta: f32, activation: Activation, bias: bool) {
    let (a, b, c, x) = (numbers(m * k, 1), numbers(k * n, 2), numbers(m * (n + 3), 3), numbers(n, 4));
    let mat_of = |t: bool, rows: usize, cols: usize| if t { [1, rows] } else { [cols, 1] };
    let [sa, sb] = [mat_of(transposed[0], m, k), mat_of(transposed[1], k, n)];
    let wide = |v: &[f32]| v.iter().map(|&x| f64::from(x)).collect::<Vec<f64>>();
    let (a64, b64, mut truth, x64) = (wide(&a), wide(&b), wide(&c), wide(&x));
    let mat64 = |data, s: [usize; 2]| Mat { data, rows_stride: s[0], cols_stride: s[1] };
    let epilogue64 = Epilogue { bias: bias.then_some(&x64[..]), activation };
    plain::gemm(m, k, n, mat64(&a64, sa), mat64(&b64, sb), f64::from(beta), &mut truth, n + 3, epilogue64);
    let mat = |data, s: [usize; 2]| Mat { data, rows_stride: s[0], cols_stride: s[1] };
    let epilogue = Epilogue { bias: bias.then_some(&x[..]), activation };
    let (mut textbook, mut fast, mut serial) = (c.clone(), c.clone(), c.clone());
    plain::gemm(m, k, n, mat(&a, sa), mat(&b, sb), beta, &mut textbook, n + 3, epilogue);
    gemm(m, k, n, mat(&a, sa), mat(&b, sb), beta, &mut fast, n + 3, epilogue);
    gemm_serial(m, k, n, mat(&a, sa), mat(&b, sb), beta, &mut serial, n + 3, epilogue);
    assert_eq!(fast, serial, "{m}x{k}x{n}: the serial matmul has other bits");
    let error = |y: &[f32]| y.iter().zip(&truth).map(|(y, t)| (f64::from(*y) - t).abs()).fold(0.0, f64::max);
    let bound = (2.0 * error(&textbook)).max(4.0 * f64::from(f32::EPSILON) * (k as f64 + 2.0));
    assert!(error(&fast) <= bound, "{m}x{k}x{n} {transposed:?}: error {}, bound {bound}", error(&fast));
    let packed = PackedB::new(k, n, mat(&b, sb));
    let mut again = c.clone();
    gemm_packed(m, mat(&a, sa), &packed, beta, &mut again, n + 3, epilogue);
    assert!(error(&again) <= bound, "{m}x{k}x{n} packed: error {}", error(&again));
}

#[test]
fn awkward_shapes_in_all_orders() {
    for m in [1, 2, 3, 5, 6, 7, 13, 15, 16, 97] {
        for k in [0, 1, 7, 64, 257] {
            for n in [1, 8, 15, 16, 17, 33, 40, 130] {
                let t = [(m + k) % 2 == 0, (k + n) % 3 == 0];
                check(m, k, n, t, if (m + n) % 2 == 0 { 0.0 } else { 0.5 }, Activation::None, n % 2 == 0);
            }
        }
    }
}

/// β C is all there is, however far apart the rows of nothing are.
#[test]
fn no_columns_of_a_leave_c() {
    let (a, b) = (Mat { data: &[], rows_stride: 1 << 62, cols_stride: 1 }, Mat::rows(&[], 3));
    for unpacked in [false, true] {
        let (mut c, epilogue) = ([2.0f32; 15], Epilogue::default());
        match unpacked {
            false => gemm(5, 0, 3, a, b, 0.5, &mut c, 3, epilogue),
            true => gemm_unpacked(5, 0, 3, a, b, 0.5, &mut c, 3, epilogue),
        }
        assert_eq!(c, [1.0; 15], "unpacked: {unpacked}");
    }
}

#[test]
fn larger_than_every_block() {
    check(200, 1000, 1100, [false, false], 0.0, Activation::None, true);
    check(100, 1300, 70, [true, true], 1.0, Activation::None, false);
}

#[test]
fn epilogues() {
    for activation in [Activation::Relu, Activation::Tanh, Activation::Sigmoid, Activation::Gelu] {
        check(13, 20, 35, [false, true], 0.0, activation, true);
        check(50, 300, 100, [false, false], 1.0, activation, true);
    }
}

#[test]
fn threads_do_not_change_a_bit() {
    // With B packed before, and on demand.
    for (m, k, n) in [(230, 300, 500), (230, 900, 130)] {
        let (a, b) = (numbers(m * k, 1), numbers(k * n, 2));
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let mut c = vec![0.0; m * n];
            pool.install(|| {
                gemm(m, k, n, Mat::rows(&a, k), Mat::rows(&b, n), 0.0, &mut c, n, Epilogue::default())
            });
            c
        };
        let one = run(1);
        for threads in [2, 7, 7, 7, 7, 7] {
            assert!(run(threads) == one);
        }
    }
}

#[test]
fn batches_and_broadcast_operands() {
    let (count, m, k, n) = (5, 4, 9, 11);
    let (a, b) = (numbers(count * m * k, 1), numbers(k * n, 2));
    let matmul =
        Matmul { count, m, k, n, a_strides: [m * k, k, 1], b_strides: [0, n, 1], precision: Precision::F32 };
    let mut c = vec![0.0f32; count * m * n];
    let _ = batched(matmul, a[..].into(), b[..].into(), (&mut c[..]).into());
    let mut all = vec![0.0f32; count * m * n];
    plain::gemm(count * m, k, n, Mat::rows(&a, k), Mat::rows(&b, n), 0.0, &mut all, n, Epilogue::default());
    assert!(c.iter().zip(&all).all(|(x, y)| (x - y).abs() < 1e-5));
}

/// C + Aᵀ·B, as of two blocks of rows.
#[test]
fn a_product_is_added_to_c() {
    let (m, k, n) = (23, 40, 19);
    let (a, b, c) = (numbers(k * m, 1), numbers(k * n, 2), numbers(m * n, 3));
    let matmul =
        Matmul { count: 1, m, k, n, a_strides: [0, 1, m], b_strides: [0, n, 1], precision: Precision::F32 };
    let mut sum = c.clone();
    assert_eq!(accumulate(matmul, a[..].into(), b[..].into(), (&mut sum[..]).into()), Outcome::Done);
    let mut expected = c.clone();
    plain::gemm(m, k, n, Mat::rows(&a, m).t(), Mat::rows(&b, n), 1.0, &mut expected, n, Epilogue::default());
    assert!(sum.iter().zip(&expected).all(|(x, y)| (x - y).abs() < 1e-5));
    let short = std::panic::catch_unwind(|| {
        accumulate(matmul, a[1..].into(), b[..].into(), (&mut c.clone()[..]).into())
    });
    let said = short.unwrap_err().downcast_ref::<String>().cloned().unwrap_or_default();
    assert!(
        said.contains("gemm: A is [23, 40] with strides [0, 1, 23], but has only 919 elements"),
        "{said}"
    );
}

#[test]
fn operands_are_rounded_to_the_precision() {
    let (m, k, n) = (3, 50, 7);
    let (a, b) = (numbers(m * k, 1), numbers(k * n, 2));
    let run = |precision: Precision, a: &[f32], b: &[f32]| {
        let matmul = Matmul { count: 1, m, k, n, a_strides: [0, k, 1], b_strides: [0, n, 1], precision };
        let mut c = vec![0.0f32; m * n];
        let _ = batched(matmul, a.into(), b.into(), (&mut c[..]).into());
        c
    };
    let exact = run(Precision::F32, &a, &b);
    for precision in [Precision::Tf32, Precision::Bf16, Precision::F16] {
        let rounded = |x: &[f32]| x.iter().map(|&x| precision.round(x)).collect::<Vec<_>>();
        let found = run(precision, &a, &b);
        assert_eq!(found, run(Precision::F32, &rounded(&a), &rounded(&b)));
        assert_ne!(found, exact);
    }
}

/// Every high half with low halves about the places where rounding turns, and patterns all over.
#[test]
fn vectors_round_as_single_numbers_do_bit_for_bit() {
    let lows = [0, 1, 0xfff, 0x1000, 0x1001, 0x2fff, 0x3000, 0x7fff, 0x8000, 0x8001, 0xefff, 0xf000, 0xffff];
    let halves = (0..1 << 16).flat_map(|high| lows.map(|low| high << 16 | low));
    let random = (0..1 << 18).map(|i| Stream { seed: 7, stream: 5 }.word(i));
    let x: Vec<f32> = halves.chain(random).map(f32::from_bits).chain([1.5, f32::NAN, -2.0]).collect();
    for precision in Precision::ALL {
        let expected: Vec<u32> = x.iter().map(|&x| precision.round(x).to_bits()).collect();
        for &level in available() {
            let mut y = vec![9.0; x.len()];
            dispatch_on(level, Round { precision, x: &x, y: &mut y });
            let differ = y.iter().zip(&expected).position(|(y, expected)| y.to_bits() != *expected);
            assert_eq!(differ.map(|i| (x[i], y[i])), None, "{precision}, {}", level.name());
        }
        let copy = rounded(precision, &x);
        assert!(
            copy.slice::<f32>().iter().zip(&expected).all(|(y, expected)| y.to_bits() == *expected),
            "{precision}"
        );
    }
}

#[test]
#[should_panic(expected = "A is [3, 4]")]
fn a_short_operand_is_named() {
    let mut c = [0.0f32; 6];
    gemm(3, 4, 2, Mat::rows(&[0.0; 11], 4), Mat::rows(&[0.0; 8], 2), 0.0, &mut c, 2, Epilogue::default());
}

#[test]
fn threads_that_wait_for_a_panel_that_failed_fail_too() {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    // B ends before its last row, so the thread that packs a panel of it panics.
    let (k, n) = (40, 40);
    let b: &Mat<f32> = Box::leak(Box::new(Mat::rows(Box::leak(Box::new(numbers(39 * n, 1))), n)));
    let b: &PackedOnDemand = Box::leak(Box::new(PackedOnDemand::new(k, n, *b)));
    let (sender, receiver) = std::sync::mpsc::channel();
    for _ in 0..4 {
        let sender = sender.clone();
        std::thread::spawn(move || {
            let found = catch_unwind(AssertUnwindSafe(|| Right::OnDemand(b).panel(0, k, 0).len()));
            sender.send(found.is_err()).unwrap();
        });
    }
    // No thread may wait for ever, or get a panel that is not ready.
    for _ in 0..4 {
        assert_eq!(receiver.recv_timeout(std::time::Duration::from_secs(20)), Ok(true));
    }
}

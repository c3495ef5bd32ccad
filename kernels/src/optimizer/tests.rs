use super::sweep::{Piece, Simd, plain};
use super::*;
use crate::isa::{available, dispatch_on};
use crate::parallel::assert_same_in_all_pools;
use crate::philox::Stream;
use crate::{DType, Dst, Outcome, Real};

/// A step of some optimizer, the t-th, on parameters and up to three kinds of state.
type Step<T> = fn(t: u64, p: &mut [T], g: Gradient<&[T]>, state: &mut [Vec<T>; 3]);

/// Every optimizer in several settings, with the parameters that 20 steps of `torch.optim` in double
/// precision lead to from pᵢ = cos 2i with the gradients sin(1 + i + 3t) + 0.2 i of step t = 0, 1, …
fn cases<T: Real>() -> Vec<(&'static str, Step<T>, [f64; 4])> {
    fn adam_settings(t: u64, weight_decay: f64, decoupled: bool) -> AdamStep {
        AdamStep { lr: 0.1, beta1: 0.9, beta2: 0.99, eps: 1e-3, weight_decay, decoupled, step: t }
    }
    fn radam_settings(t: u64, decoupled: bool) -> RadamStep {
        RadamStep { lr: 0.1, beta1: 0.9, beta2: 0.99, eps: 1e-3, weight_decay: 0.03, decoupled, step: t }
    }
    fn sgd_settings(t: u64, momentum: f64, dampening: f64, nesterov: bool) -> SgdStep {
        let weight_decay = if momentum == 0.0 { 0.0 } else { 0.03 };
        SgdStep { lr: 0.1, momentum, dampening, nesterov, weight_decay, first: t == 1 }
    }
    fn rmsprop_settings(momentum: f64, centered: bool) -> RmspropStep {
        RmspropStep { lr: 0.01, alpha: 0.9, eps: 1e-3, weight_decay: 0.03, momentum, centered }
    }
    vec![
        (
            "sgd",
            |t, p, g, _| sgd_step(&sgd_settings(t, 0.0, 0.0, false), p, g, &mut []),
            [0.9067896276979943, -0.8947071105372038, -1.4453258429345328, -0.15228121017001106],
        ),
        (
            "sgd with momentum",
            |t, p, g, [u, ..]| sgd_step(&sgd_settings(t, 0.9, 0.2, false), p, g, u),
            [0.31708193316129135, -2.542367322162626, -4.165117801885752, -4.408102362283696],
        ),
        (
            "sgd with nesterov",
            |t, p, g, [u, ..]| sgd_step(&sgd_settings(t, 0.9, 0.0, true), p, g, u),
            [0.2751431616592881, -2.934391645366557, -5.042236184282631, -5.930316174813019],
        ),
        (
            "adagrad",
            |t, p, g, [sum, ..]| {
                let step = AdagradStep { lr: 0.1, lr_decay: 0.05, weight_decay: 0.03, eps: 1e-3, step: t };
                adagrad_step(&step, p, g, sum)
            },
            [0.9085561159210329, -0.5744790372317388, -0.9978849212992374, 0.6637693554167168],
        ),
        (
            "rmsprop",
            |_, p, g, [square, ..]| {
                rmsprop_step(&rmsprop_settings(0.0, false), p, g, square, &mut [], &mut [])
            },
            [0.9624711249941212, -0.49485735224905664, -0.8010402031211279, 0.7985849838664769],
        ),
        (
            "rmsprop, centered, with momentum",
            |_, p, g, [square, mean, u]| rmsprop_step(&rmsprop_settings(0.8, true), p, g, square, mean, u),
            [0.8418592430247575, -0.7408852966251145, -1.3685912532353117, 0.09764106603791578],
        ),
        (
            "adam",
            |t, p, g, [m, v, _]| adam_step(&adam_settings(t, 0.03, false), p, g, m, v),
            [0.7103831258142916, -0.978668660527893, -1.7284506630141867, -0.3407898306816371],
        ),
        (
            "adam that forgets soon",
            |t, p, g, [m, v, _]| {
                adam_step(&AdamStep { beta1: 0.4, ..adam_settings(t, 0.0, false) }, p, g, m, v)
            },
            [0.8809859337321291, -0.9504828031637731, -1.7422396415862815, -0.3743942940166283],
        ),
        (
            "adamw",
            |t, p, g, [m, v, _]| adam_step(&adam_settings(t, 0.03, true), p, g, m, v),
            [0.7420216719255971, -0.9756376771307281, -1.7122384950483693, -0.34608089686728316],
        ),
        (
            "radam",
            |t, p, g, [m, v, _]| radam_step(&radam_settings(t, false), p, g, m, v),
            [0.8422497187867002, -0.7055787089220531, -0.986220465992278, 0.5457007106565969],
        ),
        (
            "radam, decoupled",
            |t, p, g, [m, v, _]| radam_step(&radam_settings(t, true), p, g, m, v),
            [0.8176727628951277, -0.6818325274307184, -0.9522767852843248, 0.5199544877358444],
        ),
    ]
}

fn twenty_steps_equal_torch<T: Real>(bound: f64) {
    for (name, step, expected) in cases::<T>() {
        let mut p: Vec<T> = (0..4).map(|i| T::lit((2.0 * i as f64).cos())).collect();
        let mut state = [(); 3].map(|_| vec![T::ZERO; 4]);
        for t in 0..20 {
            let g: Vec<T> =
                (0..4).map(|i| T::lit((1.0 + i as f64 + 3.0 * t as f64).sin() + 0.2 * i as f64)).collect();
            step(t + 1, &mut p, Gradient::Dense(&g), &mut state);
        }
        for (p, expected) in p.iter().zip(expected) {
            let error = (p.to_f64() - expected).abs();
            assert!(error <= bound * expected.abs().max(1.0), "{name}: {p} instead of {expected}");
        }
    }
}

#[test]
fn twenty_steps_equal_those_of_torch() {
    twenty_steps_equal_torch::<f64>(1e-13);
    twenty_steps_equal_torch::<f32>(20.0 * f64::from(f32::EPSILON));
}

fn numbers(n: usize, stream: u64) -> Vec<f32> {
    let s = Stream { seed: 7, stream };
    (0..n as u64).map(|i| 2.0 * s.uniform(i) - 1.0).collect()
}

/// Five steps; parameters and state as bits.
fn bits_after_five(step: Step<f32>, n: usize, g: impl Fn(u64, &mut dyn FnMut(Gradient<&[f32]>))) -> Vec<u32> {
    let mut p = numbers(n, 0);
    let mut state = [(); 3].map(|_| vec![0.0; n]);
    for t in 1..=5 {
        g(t, &mut |g| step(t, &mut p, g, &mut state));
    }
    p.iter().chain(state.iter().flatten()).map(|x| x.to_bits()).collect()
}

#[test]
fn rows_lead_to_the_bits_of_a_dense_gradient_with_zeros() {
    for (vocabulary, width, ids) in [
        (10, 5, vec![0, 3, 4, 9]),
        (3, 8, vec![1]),
        (4, 7, vec![]),
        (1, 1, vec![0]),
        (700, 50, vec![0, 1, 5, 327, 328, 655, 656, 699]),
    ] {
        let n = vocabulary * width;
        let values = |t| numbers(ids.len() * width, t);
        for (name, step, _) in cases::<f32>() {
            let dense = bits_after_five(step, n, |t, run| {
                let mut g = vec![0.0; n];
                for (row, &id) in values(t).chunks(width).zip(&ids) {
                    g[id as usize * width..][..width].copy_from_slice(row);
                }
                run(Gradient::Dense(&g));
            });
            let rows = bits_after_five(step, n, |t, run| {
                run(Gradient::Rows { ids: &ids, values: &values(t), width })
            });
            assert!(dense == rows, "{name}: [{vocabulary}, {width}]");
        }
    }
}

#[test]
fn threads_change_nothing() {
    for (_, step, _) in cases::<f32>() {
        assert_same_in_all_pools(|| {
            bits_after_five(step, 70_001, |t, run| run(Gradient::Dense(&numbers(70_001, t))))
        });
    }
    let x = numbers(200_001, 1);
    assert_same_in_all_pools(|| squares(&x).to_bits());
}

/// All of RMSprop's branches and state at once: the widest rule.
const RULE: RmspropStep =
    RmspropStep { lr: 0.01, alpha: 0.9, eps: 1e-3, weight_decay: 0.1, momentum: 0.9, centered: true };

/// One step of [`RULE`] in `T` from `f32` inputs: parameters and state.
fn plain_step<T: Real>(p: &[f32], g: &[f32], state: &[Vec<f32>; 3]) -> [Vec<T>; 4] {
    let wide = |x: &[f32]| -> Vec<T> { x.iter().map(|&x| T::lit(f64::from(x))).collect() };
    let (mut p, g) = (wide(p), wide(g));
    let [mut s0, mut s1, mut s2] = [0, 1, 2].map(|k| wide(&state[k]));
    let piece = Piece { start: 0, p: &mut p, state: [&mut s0[..], &mut s1[..], &mut s2[..]] };
    plain(RULE, Gradient::Dense(&g), piece);
    [p, s0, s1, s2]
}

#[test]
fn every_level_equals_the_plain_rule() {
    for n in [0, 1, 7, 8, 9, 31, 64, 67] {
        let (p, g) = (numbers(n, 1), numbers(n, 2));
        // The mean square exceeds the squared mean, so that the variance is far from 0.
        let square = numbers(n, 3).iter().map(|x| 2.0 + x).collect();
        let state = [square, numbers(n, 4), numbers(n, 5)];
        let exact = plain_step::<f64>(&p, &g, &state);
        let single = plain_step::<f32>(&p, &g, &state);
        for &level in available() {
            let mut fast = p.clone();
            let [mut s0, mut s1, mut s2] = state.clone();
            let piece = Piece { start: 0, p: &mut fast, state: [&mut s0[..], &mut s1[..], &mut s2[..]] };
            dispatch_on(level, Simd { rule: RULE, g: Gradient::Dense(&g), piece });
            for (k, y) in [fast, s0, s1, s2].iter().enumerate() {
                let error = |y: &[f32]| {
                    y.iter().zip(&exact[k]).map(|(&y, e)| (f64::from(y) - e).abs()).fold(0.0, f64::max)
                };
                // No term of any sum exceeds 3.
                let bound = (2.0 * error(&single[k])).max(6.0 * f64::from(f32::EPSILON));
                assert!(error(y) <= bound, "{} {n} {k}: {} > {bound}", level.name(), error(y));
            }
        }
    }
}

#[test]
fn sums_of_squares_are_those_of_f64() {
    for n in [0, 1, 7, 8, 9, 511, 513, 70_000] {
        let x = numbers(n, 9);
        let exact = norm::squares_plain(&x);
        for &level in available() {
            let y = dispatch_on(level, norm::Squares(&x));
            // Blocks add 16 squares a lane, then 32 lanes: 24 roundings at most.
            assert!((y - exact).abs() <= 24.0 * f64::from(f32::EPSILON) * exact, "{} {n}", level.name());
        }
        assert!((squares(&x) - exact).abs() <= 24.0 * f64::from(f32::EPSILON) * exact);
    }
    assert_eq!(squares(&[3.0f64, 4.0]), 25.0);
}

#[test]
fn scaling_and_bounds() {
    for n in [0, 1, 7, 8, 9, 70_000] {
        let x = numbers(n, 9);
        let mut scaled = x.clone();
        scale_in_place(&mut scaled, 0.3);
        assert!(x.iter().zip(&scaled).all(|(x, y)| *y == 0.3 * x));
        let mut expected = x.clone();
        norm::clamp_plain(&mut expected, -0.5, 0.25);
        for &level in available() {
            let mut y = x.clone();
            dispatch_on(level, norm::Clamp(&mut y, -0.5, 0.25));
            assert_eq!(y, expected);
        }
        assert!(expected.iter().zip(&x).all(|(y, &x)| *y == x.clamp(-0.5, 0.25)));
    }
    let mut x = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
    clamp_values_in_place(&mut x, -1.0, 1.0);
    assert!(x[0].is_nan());
    assert_eq!(x[1..], [1.0, -1.0]);
}

#[test]
fn erased_entries_know_the_dtype() {
    let step =
        AdamStep { lr: 0.5, beta1: 0.9, beta2: 0.99, eps: 0.0, weight_decay: 0.0, decoupled: true, step: 1 };
    let (mut p, g, mut m, mut v) = ([1.0f64, 2.0], [4.0f64], [0.0f64; 2], [0.0f64; 2]);
    let rows = Gradient::Rows { ids: &[1], values: (&g[..]).into(), width: 1 };
    let state = [(&mut m[..]).into(), (&mut v[..]).into(), Dst::none(DType::F64)];
    let done = super::step(Steps::Adam(&[step]), (&mut p[..]).into(), rows, state);
    assert_eq!(done, Outcome::Done);
    // The first step of Adam is lr · sign(g); with no gradient and ε = 0 it is 0 / 0.
    assert!((p[1] - 1.5).abs() < 1e-12 && p[0].is_nan());
    let mut half = [half::f16::from_f64(1.0)];
    assert_eq!(scale((&mut half[..]).into(), 2.0), Outcome::NoKernel);
    // Many at once are a CUDA device's alone.
    let state = [(); 3].map(|()| Dst::none(DType::F64));
    let whole = Whole { p: (&mut p[..]).into(), g: (&[0.0; 2][..]).into(), state };
    assert_eq!(step_all(Steps::Adam(&[step]), vec![whole]), Outcome::NoKernel);
    let (mut sum, [x, y]) = (0.0, [[3.0f64, 4.0], [1.0, 2.0]]);
    assert_eq!(sum_of_squares(&[(&x[..]).into(), (&y[..]).into()], &mut sum), Outcome::Done);
    assert_eq!(sum, 30.0);
}

#[test]
#[should_panic(expected = "rows are not ascending")]
fn rows_out_of_order_are_refused() {
    let rows = Gradient::Rows { ids: &[1, 0], values: &[1.0, 2.0][..], width: 1 };
    sgd_step(
        &SgdStep { lr: 1.0, momentum: 0.0, dampening: 0.0, nesterov: false, weight_decay: 0.0, first: true },
        &mut [0.0, 0.0],
        rows,
        &mut [],
    );
}

/// `t` steps of each optimizer as [`Steps`], and the same steps one by one; learning rates differ from step to step.
fn with_history(t: u64, check: &mut dyn FnMut(&str, Steps, Step<f32>)) {
    fn lr(t: u64) -> f64 {
        0.1 / t as f64
    }
    fn sgd(t: u64) -> SgdStep {
        let first = t == 1;
        SgdStep { lr: lr(t), momentum: 0.9, dampening: 0.2, nesterov: true, weight_decay: 0.0, first }
    }
    fn plain_sgd(t: u64) -> SgdStep {
        SgdStep { momentum: 0.0, ..sgd(t) }
    }
    fn adagrad(t: u64) -> AdagradStep {
        AdagradStep { lr: lr(t), lr_decay: 0.05, weight_decay: 0.0, eps: 1e-3, step: t }
    }
    fn rmsprop(t: u64) -> RmspropStep {
        RmspropStep { lr: lr(t), alpha: 0.9, eps: 1e-3, weight_decay: 0.0, momentum: 0.8, centered: true }
    }
    fn adam(t: u64) -> AdamStep {
        AdamStep {
            lr: lr(t),
            beta1: 0.9,
            beta2: 0.99,
            eps: 1e-8,
            weight_decay: 0.0,
            decoupled: false,
            step: t,
        }
    }
    fn adamw(t: u64) -> AdamStep {
        AdamStep { weight_decay: 0.03, decoupled: true, ..adam(t) }
    }
    fn radam(t: u64) -> RadamStep {
        let AdamStep { lr, beta1, beta2, eps, weight_decay, decoupled, step } = adam(t);
        RadamStep { lr, beta1, beta2, eps, weight_decay, decoupled, step }
    }
    macro_rules! check {
        ($($kind:ident $make:ident $step:expr;)*) => { $(
            let steps: Vec<_> = (1..=t).map($make).collect();
            check(stringify!($make), Steps::$kind(&steps), $step);
        )* };
    }
    check! {
        Sgd plain_sgd |t, p, g, _| sgd_step(&plain_sgd(t), p, g, &mut []);
        Sgd sgd |t, p, g, [u, ..]| sgd_step(&sgd(t), p, g, u);
        Adagrad adagrad |t, p, g, [sum, ..]| adagrad_step(&adagrad(t), p, g, sum);
        Rmsprop rmsprop |t, p, g, [s, m, u]| rmsprop_step(&rmsprop(t), p, g, s, m, u);
        Adam adam |t, p, g, [m, v, _]| adam_step(&adam(t), p, g, m, v);
        Adam adamw |t, p, g, [m, v, _]| adam_step(&adamw(t), p, g, m, v);
        Radam radam |t, p, g, [m, v, _]| radam_step(&radam(t), p, g, m, v);
    }
}

#[test]
fn a_replay_leads_to_the_bits_of_step_by_step() {
    const T: u64 = 12;
    for (vocabulary, width) in [(10, 5), (9, 8), (40, 31), (90, 300), (7, 1), (6, 67)] {
        let n = vocabulary * width;
        // Every third row has its first gradient at once, so that the others have no state; all but every fourth
        // row come to the last step, from various steps on.
        let ids: Vec<i64> = (0..vocabulary as i64).filter(|id| id % 4 != 3).collect();
        let early: Vec<i64> = (0..vocabulary as i64).step_by(3).collect();
        let (begin, end) = (numbers(early.len() * width, 1), numbers(ids.len() * width, 2));
        with_history(T, &mut |name, steps, step| {
            let start = || {
                let (mut p, mut state) = (numbers(n, 0), [(); 3].map(|_| vec![0.0; n]));
                p[0] = -0.0;
                step(1, &mut p, Gradient::Rows { ids: &early, values: &begin, width }, &mut state);
                (p, state)
            };
            for last in [None, Some(&end[..])] {
                let from: Vec<u32> = ids.iter().map(|id| 1 + (id % 5) as u32).collect();
                let dense = {
                    // Each row by itself, beside rows that are not compared.
                    let (p, state) = start();
                    let mut all = [p, state[0].clone(), state[1].clone(), state[2].clone()];
                    for (k, (&id, &from)) in ids.iter().zip(&from).enumerate() {
                        let (mut p, mut state) = start();
                        let values = last.map(|g| &g[k * width..][..width]);
                        for t in u64::from(from) + 1..=T {
                            match values.filter(|_| t == T) {
                                Some(values) => {
                                    step(t, &mut p, Gradient::Rows { ids: &[id], values, width }, &mut state)
                                }
                                None => step(t, &mut p, Gradient::Dense(&vec![0.0; n]), &mut state),
                            }
                        }
                        let at = id as usize * width..(id as usize + 1) * width;
                        for (all, row) in all.iter_mut().zip([&p, &state[0], &state[1], &state[2]]) {
                            all[at.clone()].copy_from_slice(&row[at.clone()]);
                        }
                    }
                    all.concat().iter().map(|x| x.to_bits()).collect::<Vec<_>>()
                };
                assert_same_in_all_pools(|| {
                    let (mut p, [mut a, mut b, mut c]) = start();
                    let deferred = Deferred { ids: &ids, from: &from, width, last };
                    replay_steps(steps, &mut p, deferred, [&mut a, &mut b, &mut c]);
                    let found: Vec<u32> = [p, a, b, c].concat().iter().map(|x| x.to_bits()).collect();
                    assert!(
                        found == dense,
                        "{name}: [{vocabulary}, {width}], last gradient {}",
                        last.is_some()
                    );
                    found
                });
            }
        });
    }
}

/// One step without a gradient from no state: by a sweep and by a replay, which leaves alone rows that rest.
fn assert_rests_rightly(name: &str, steps: Steps, step: Step<f32>) {
    let start = || (vec![-0.0, 0.0, 1.5, -2.0, 1e-40, f32::INFINITY, 3e38], [(); 3].map(|_| vec![0.0; 7]));
    // The sign of a NaN depends on the processor.
    let bits = |x: Vec<f32>| -> Vec<u32> {
        x.into_iter().map(|x| if x.is_nan() { f32::NAN.to_bits() } else { x.to_bits() }).collect()
    };
    let (mut p, mut state) = start();
    step(1, &mut p, Gradient::Dense(&[0.0; 7]), &mut state);
    let expected = bits([p, state.concat()].concat());
    let (mut p, [mut a, mut b, mut c]) = start();
    let deferred = Deferred { ids: &[0], from: &[0], width: 7, last: None };
    replay_steps(steps, &mut p, deferred, [&mut a, &mut b, &mut c]);
    assert_eq!(bits([p, a, b, c].concat()), expected, "{name}");
}

#[test]
fn rows_rest_only_where_a_step_changes_nothing() {
    const ADAM: AdamStep =
        AdamStep { lr: 0.1, beta1: 0.9, beta2: 0.99, eps: 1e-8, weight_decay: 0.0, decoupled: true, step: 1 };
    const ADAMS: [AdamStep; 9] = [
        ADAM,
        AdamStep { beta1: 0.3, ..ADAM },
        AdamStep { beta1: 1.0, ..ADAM },
        AdamStep { beta2: 1.0, ..ADAM },
        AdamStep { beta2: 1.5, ..ADAM },
        AdamStep { eps: 0.0, ..ADAM },
        AdamStep { lr: -0.1, ..ADAM },
        AdamStep { lr: f64::INFINITY, ..ADAM },
        AdamStep { weight_decay: 0.1, ..ADAM },
    ];
    fn radam(i: usize) -> RadamStep {
        let AdamStep { lr, beta1, beta2, eps, weight_decay, decoupled, step } = ADAMS[i];
        RadamStep { lr, beta1, beta2, eps, weight_decay, decoupled, step }
    }
    // Steps are plain functions, so that each setting has its own.
    macro_rules! adams {
        ($($i:literal)*) => { $(
            let name = format!("{:?}", ADAMS[$i]);
            assert_rests_rightly(&name, Steps::Adam(&[ADAMS[$i]]), |_, p, g, [m, v, _]| adam_step(&ADAMS[$i], p, g, m, v));
            let name = format!("{:?}", radam($i));
            assert_rests_rightly(&name, Steps::Radam(&[radam($i)]), |_, p, g, [m, v, _]| radam_step(&radam($i), p, g, m, v));
        )* };
    }
    adams!(0 1 2 3 4 5 6 7 8);
    const SGD: SgdStep =
        SgdStep { lr: 0.1, momentum: 0.9, dampening: 0.2, nesterov: true, weight_decay: 0.0, first: false };
    const SGDS: [SgdStep; 5] = [
        SGD,
        SgdStep { momentum: 0.0, ..SGD },
        SgdStep { lr: -0.1, ..SGD },
        SgdStep { lr: f64::INFINITY, ..SGD },
        SgdStep { weight_decay: 0.1, ..SGD },
    ];
    const RMS: RmspropStep =
        RmspropStep { lr: 0.1, alpha: 0.9, eps: 1e-8, weight_decay: 0.0, momentum: 0.8, centered: true };
    const RMSPROPS: [RmspropStep; 5] = [
        RMS,
        RmspropStep { momentum: 0.0, ..RMS },
        RmspropStep { eps: 0.0, ..RMS },
        RmspropStep { lr: -0.1, ..RMS },
        RmspropStep { weight_decay: 0.1, ..RMS },
    ];
    macro_rules! others {
        ($($i:literal)*) => { $(
            let name = format!("{:?}", SGDS[$i]);
            assert_rests_rightly(&name, Steps::Sgd(&[SGDS[$i]]), |_, p, g, [u, ..]| sgd_step(&SGDS[$i], p, g, u));
            let name = format!("{:?}", RMSPROPS[$i]);
            assert_rests_rightly(&name, Steps::Rmsprop(&[RMSPROPS[$i]]), |_, p, g, [s, m, u]| {
                rmsprop_step(&RMSPROPS[$i], p, g, s, m, u)
            });
        )* };
    }
    others!(0 1 2 3 4);
}

use super::cpu::gates::{Activate, Differentiate};
use super::*;
use crate::isa::{Isa, Kernel, available, dispatch_on};
use crate::parallel::assert_same_in_all_pools;
use crate::philox::Stream;

/// All inputs of forward and backward.
#[derive(Clone)]
struct Problem<T> {
    sizes: Sizes,
    lengths: Option<Vec<i64>>,
    x: Vec<T>,
    /// For each direction W_ih, W_hh, b_ih, b_hh.
    weights: Vec<[Vec<T>; 4]>,
    h0: Vec<T>,
    c0: Vec<T>,
    dy: Vec<T>,
    dh_n: Vec<T>,
    dc_n: Vec<T>,
}

/// y, h_n, c_n and what is saved.
type Outputs<T> = [Vec<T>; 4];
/// dx, dh0, dc0, then dW_ih, dW_hh, db for each direction.
type Gradients<T> = Vec<Vec<T>>;

fn sizes(batch: usize, time: usize, input: usize, hidden: usize, directions: usize) -> Sizes {
    Sizes { batch, time, input, hidden, directions }
}

impl<T: Real> Problem<T> {
    /// A problem whose k-th input is `fill(length, k)`.
    fn new(sizes: Sizes, lengths: Option<&[i64]>, fill: impl Fn(usize, usize) -> Vec<T>) -> Self {
        let Sizes { batch, time, input: d, hidden: h, directions } = sizes;
        let weights = (0..directions).map(|r| {
            let shapes = [4 * h * d, 4 * h * h, 4 * h, 4 * h];
            [0, 1, 2, 3].map(|k| fill(shapes[k], 10 * r + k))
        });
        let state = directions * batch * h;
        Problem {
            sizes,
            lengths: lengths.map(<[i64]>::to_vec),
            x: fill(batch * time * d, 20),
            weights: weights.collect(),
            h0: fill(state, 21),
            c0: fill(state, 22),
            dy: fill(batch * time * directions * h, 23),
            dh_n: fill(state, 24),
            dc_n: fill(state, 25),
        }
    }

    fn weights(&self) -> Vec<Weights<&[T]>> {
        fn of_direction<T>([w_ih, w_hh, b_ih, b_hh]: &[Vec<T>; 4]) -> Weights<&[T]> {
            Weights { w_ih, w_hh, b_ih, b_hh }
        }
        self.weights.iter().map(of_direction).collect()
    }

    fn forward(&self, run: impl Fn(Forward<&[T], &mut [T], &[i64]>)) -> Outputs<T> {
        let junk = |n| vec![T::lit(7.0); n];
        let (mut y, mut h_n, mut c_n) = (junk(self.dy.len()), junk(self.h0.len()), junk(self.h0.len()));
        let mut saved = junk(saved_len(&self.sizes, self.lengths.as_deref()));
        run(Forward {
            sizes: self.sizes,
            lengths: self.lengths.as_deref(),
            x: &self.x,
            weights: self.weights(),
            h0: &self.h0,
            c0: &self.c0,
            y: &mut y,
            h_n: &mut h_n,
            c_n: &mut c_n,
            saved: &mut saved,
        });
        [y, h_n, c_n, saved]
    }

    fn backward(&self, outputs: &Outputs<T>, run: impl Fn(Backward<&[T], &mut [T], &[i64]>)) -> Gradients<T> {
        let junk = |n| vec![T::lit(7.0); n];
        let mut all = vec![junk(self.x.len()), junk(self.h0.len()), junk(self.h0.len())];
        for [w_ih, w_hh, b_ih, _] in &self.weights {
            all.extend([junk(w_ih.len()), junk(w_hh.len()), junk(b_ih.len())]);
        }
        let [dx, dh0, dc0, dweights @ ..] = &mut all[..] else { unreachable!("three and more were put in") };
        let dweights = dweights.chunks_exact_mut(3).map(|g| match g {
            [dw_ih, dw_hh, db] => {
                WeightGradients { dw_ih: &mut dw_ih[..], dw_hh: &mut dw_hh[..], db: &mut db[..] }
            }
            _ => unreachable!("chunks of three"),
        });
        run(Backward {
            sizes: self.sizes,
            lengths: self.lengths.as_deref(),
            x: &self.x,
            weights: self.weights(),
            h0: &self.h0,
            c0: &self.c0,
            y: &outputs[0],
            saved: &mut outputs[3].clone(),
            dy: &self.dy,
            dh_n: &self.dh_n,
            dc_n: &self.dc_n,
            dx: Some(dx),
            dweights: dweights.collect(),
            dh0,
            dc0,
        });
        all
    }

    /// What stands at padded tokens replaced in x and dy.
    fn with_padding(mut self, junk: T) -> Self {
        let Sizes { batch, time, input, hidden, directions } = self.sizes;
        for b in 0..batch {
            let length = self.lengths.as_ref().map_or(time, |l| l[b] as usize);
            self.x[(b * time + length) * input..(b + 1) * time * input].fill(junk);
            let width = directions * hidden;
            self.dy[(b * time + length) * width..(b + 1) * time * width].fill(junk);
        }
        self
    }
}

/// Numbers of `f32` between −0.8 and 0.8, in `T`.
fn random<T: Real>(n: usize, k: usize) -> Vec<T> {
    let s = Stream { seed: 11, stream: k as u64 };
    (0..n as u64).map(|i| T::lit(f64::from(1.6 * s.uniform(i) - 0.8))).collect()
}

/// Sizes and lengths in which something ends, begins or is missing.
fn cases() -> Vec<(Sizes, Option<Vec<i64>>)> {
    vec![
        (sizes(1, 1, 1, 1, 1), None),
        (sizes(1, 1, 2, 3, 2), None),
        (sizes(2, 3, 2, 2, 1), None),
        (sizes(1, 4, 3, 2, 2), Some(vec![3])),
        (sizes(4, 4, 2, 3, 2), Some(vec![2, 4, 0, 3])),
        (sizes(3, 3, 2, 2, 1), Some(vec![0, 0, 0])),
        (sizes(2, 2, 1, 2, 2), Some(vec![1, 2])),
    ]
}

#[test]
fn plain_equals_torch() {
    let fill = |n: usize, k: usize| (0..n).map(|i| 0.5 * (1.7 * i as f64 + k as f64).sin()).collect();
    let problem = Problem::<f64>::new(sizes(3, 4, 2, 3, 2), Some(&[2, 4, 1]), fill).with_padding(f64::NAN);
    let outputs = problem.forward(plain::forward);
    let gradients = problem.backward(&outputs, plain::backward);
    // Σ cos(i) zᵢ of each result z of torch.nn.LSTM in double precision.
    let digest = |z: &[f64]| z.iter().enumerate().map(|(i, z)| z * (i as f64).cos()).sum::<f64>();
    let expected = [
        -0.9130795637397267,
        0.24769687310960228,
        0.5470984742183868,
        0.008659286491159844,
        -0.11639176882024514,
        -0.6557588187013049,
        -0.44122210491955255,
        -0.01916879243156736,
        -1.0536864997456528,
        0.07906735160572684,
        0.2751458530126749,
        0.6663898309428355,
    ];
    for (z, expected) in outputs[..3].iter().chain(&gradients).zip(expected) {
        assert!((digest(z) - expected).abs() < 1e-13, "{} instead of {expected}", digest(z));
    }
}

#[test]
fn plain_gradients_equal_central_differences() {
    for (sizes, lengths) in cases() {
        let problem = Problem::<f64>::new(sizes, lengths.as_deref(), random);
        let loss = |p: &Problem<f64>| {
            let [y, h_n, c_n, _] = p.forward(plain::forward);
            let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
            dot(&y, &p.dy) + dot(&h_n, &p.dh_n) + dot(&c_n, &p.dc_n)
        };
        let gradients = problem.backward(&problem.forward(plain::forward), plain::backward);
        // The inputs in the order of their gradients; b_hh once more, for it has that of b_ih.
        type Input = fn(&mut Problem<f64>, usize) -> &mut Vec<f64>;
        let states: [Input; 3] = [|p, _| &mut p.x, |p, _| &mut p.h0, |p, _| &mut p.c0];
        let weights: [(Input, usize); 4] = [
            (|p, d| &mut p.weights[d][0], 0),
            (|p, d| &mut p.weights[d][1], 1),
            (|p, d| &mut p.weights[d][2], 2),
            (|p, d| &mut p.weights[d][3], 2),
        ];
        let mut inputs: Vec<(Input, usize, usize)> = (0..3).map(|k| (states[k], 0, k)).collect();
        for d in 0..sizes.directions {
            inputs.extend(weights.iter().map(|&(input, k)| (input, d, 3 + 3 * d + k)));
        }
        for (input, d, gradient) in inputs {
            for i in 0..gradients[gradient].len() {
                let mut moved = problem.clone();
                let x = input(&mut moved, d)[i];
                let step = 1e-5;
                input(&mut moved, d)[i] = x + step;
                let above = loss(&moved);
                input(&mut moved, d)[i] = x - step;
                let slope = (above - loss(&moved)) / (2.0 * step);
                let found = gradients[gradient][i];
                assert!((found - slope).abs() < 1e-8, "{sizes:?} {gradient} {i}: {found}, not {slope}");
            }
        }
    }
}

/// Larger shapes for the fast version: vectors with tails, several groups, sentences in any order.
fn fast_cases() -> Vec<(Sizes, Option<Vec<i64>>)> {
    let lengths = |batch: usize, time: usize| (0..batch).map(|b| ((b * 7 + 3) % (time + 1)) as i64).collect();
    let mut all = cases();
    all.extend([
        (sizes(5, 6, 7, 7, 2), Some(lengths(5, 6))),
        (sizes(16, 5, 3, 8, 1), None),
        (sizes(17, 5, 8, 9, 2), Some(lengths(17, 5))),
        (sizes(40, 9, 10, 20, 2), Some(lengths(40, 9))),
        (sizes(33, 3, 1, 16, 1), Some(lengths(33, 3))),
        (sizes(3, 40, 4, 33, 2), None),
        // More rows than backward copies at once.
        (sizes(18, 250, 2, 3, 2), None),
    ]);
    all
}

fn largest(x: impl Iterator<Item = f64>) -> f64 {
    x.fold(0.0, f64::max)
}

#[test]
fn fast_equals_plain() {
    for (sizes, lengths) in fast_cases() {
        let exact = Problem::<f64>::new(sizes, lengths.as_deref(), random).with_padding(f64::NAN);
        let problem = Problem::<f32>::new(sizes, lengths.as_deref(), random).with_padding(f32::NAN);
        let exact_outputs = exact.forward(plain::forward);
        let (slow, fast) = (problem.forward(plain::forward), problem.forward(|args| cpu::forward(args, &[])));
        let compare = |name, factor: f64, exact: &[f64], slow: &[f32], fast: &[f32]| {
            let error = |y: &[f32]| largest(y.iter().zip(exact).map(|(&y, e)| (f64::from(y) - e).abs()));
            // Sums over D, H and steps whose terms are of the order of the largest result.
            let floor = 16.0 * f64::from(f32::EPSILON) * largest(exact.iter().map(|e| e.abs())).max(1.0);
            let bound = (factor * error(slow)).max(floor);
            assert!(fast.iter().all(|y| y.is_finite()), "{sizes:?} {name} is not finite");
            assert!(error(fast) <= bound, "{sizes:?} {name}: {} > {bound}", error(fast));
        };
        for (k, name) in ["y", "h_n", "c_n", "saved"].into_iter().enumerate() {
            compare(name, 2.0, &exact_outputs[k], &slow[k], &fast[k]);
        }
        let exact_gradients = exact.backward(&exact_outputs, plain::backward);
        let slow = problem.backward(&slow, plain::backward);
        let fast = problem.backward(&fast, cpu::backward);
        for k in 0..fast.len() {
            compare("gradient", 3.0, &exact_gradients[k], &slow[k], &fast[k]);
        }
    }
}

#[test]
fn threads_change_nothing() {
    for (sizes, lengths) in fast_cases() {
        let problem = Problem::<f32>::new(sizes, lengths.as_deref(), random);
        assert_same_in_all_pools(|| {
            let outputs = problem.forward(|args| args.run());
            (problem.backward(&outputs, |args| args.run()), outputs)
        });
    }
}

#[test]
fn sentences_without_tokens_hand_their_state_on() {
    let problem = Problem::<f32>::new(sizes(3, 2, 2, 3, 2), Some(&[0, 2, 0]), random);
    let outputs = problem.forward(|args| args.run());
    let gradients = problem.backward(&outputs, |args| args.run());
    let n = 3;
    for d in 0..2 {
        for b in [0, 2] {
            let state = (d * 3 + b) * n..(d * 3 + b + 1) * n;
            assert_eq!(outputs[1][state.clone()], problem.h0[state.clone()]);
            assert_eq!(outputs[2][state.clone()], problem.c0[state.clone()]);
            assert_eq!(gradients[1][state.clone()], problem.dh_n[state.clone()]);
            assert_eq!(gradients[2][state.clone()], problem.dc_n[state]);
            assert_eq!(outputs[0][(b * 2) * 2 * n..(b * 2 + 2) * 2 * n], [0.0; 12]);
        }
    }
}

#[test]
fn an_input_without_gradient_changes_no_other() {
    let problem = Problem::<f32>::new(sizes(4, 3, 2, 5, 2), Some(&[1, 3, 2, 3]), random);
    let outputs = problem.forward(|args| args.run());
    let all = problem.backward(&outputs, |args| args.run());
    let without = problem.backward(&outputs, |args| Backward { dx: None, ..args }.run());
    assert_eq!(all[1..], without[1..]);
}

#[test]
fn erased_entries_know_the_dtype() {
    let problem = Problem::<f64>::new(sizes(2, 3, 2, 2, 2), Some(&[1, 3]), random);
    let outputs = problem.forward(|args| {
        assert_eq!(forward(args.map(Src::from, Dst::from, Src::from), Precision::F32), Outcome::Done);
    });
    assert_eq!(outputs, problem.forward(plain::forward));
    let gradients = problem.backward(&outputs, |args| {
        assert_eq!(backward(args.map(Src::from, Dst::from, Src::from), Precision::F32), Outcome::Done);
    });
    assert_eq!(gradients, problem.backward(&outputs, plain::backward));
}

#[test]
#[should_panic(expected = "sentence 1 has length 4 in a batch of 3 steps")]
fn a_length_beyond_the_batch_is_refused() {
    saved_len(&sizes(2, 3, 1, 1, 1), Some(&[3, 4]));
}

/// One step's gates, forward and backward, on one instruction set: all that they write.
struct Step<'a> {
    hidden: usize,
    /// Sums of products, bias, c before, dh, dc.
    inputs: &'a [Vec<f32>; 5],
}

impl Kernel for Step<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn run<S: Isa>(self, s: S) -> Vec<f32> {
        let [sums, bias, before, dh, dc] = self.inputs;
        let (mut gates, mut c, mut h, mut cells) =
            (sums.clone(), before.clone(), before.clone(), before.clone());
        Activate { hidden: self.hidden, bias, gates: &mut gates, h: &mut h, c: &mut c, cells: &mut cells }
            .run(s);
        let (mut da, mut db, mut dc) = (gates.clone(), bias.clone(), dc.clone());
        Differentiate {
            hidden: self.hidden,
            cells: &cells,
            cells_before: before,
            dh,
            dc: &mut dc,
            gates: &mut da,
            tanh_c: &mut vec![0.0; self.hidden],
            db: &mut db,
        }
        .run(s);
        assert_eq!(c, cells);
        [gates, c, h, da, db, dc].concat()
    }
}

#[test]
fn every_level_computes_the_same_gates() {
    for n in [1, 7, 8, 9, 20] {
        let rows = 3;
        let inputs = [4 * n * rows, 4 * n, n * rows, n * rows, n * rows];
        let inputs = [0, 1, 2, 3, 4].map(|k| random::<f32>(inputs[k], k));
        let [sums, bias, before, dh, dc] = &inputs;
        let mut exact = [const { Vec::new() }; 6];
        exact[4] = bias.iter().map(|&b| f64::from(b)).collect();
        for row in 0..rows {
            let wide = |x: &[f32], i: usize| f64::from(x[i]);
            let sum = |k: usize, j: usize| wide(sums, (row * 4 + k) * n + j) + wide(bias, k * n + j);
            let mut da = vec![0.0; 4 * n];
            for j in 0..n {
                let (i, f) = (Real::sigmoid(sum(0, j)), Real::sigmoid(sum(1, j)));
                let (g, o) = (sum(2, j).tanh(), Real::sigmoid(sum(3, j)));
                let (before, dh) = (wide(before, row * n + j), wide(dh, row * n + j));
                let c = f * before + i * g;
                let d = wide(dc, row * n + j) + dh * o * (1.0 - c.tanh().powi(2));
                da[j] = d * g * i * (1.0 - i);
                da[n + j] = d * before * f * (1.0 - f);
                da[2 * n + j] = d * i * (1.0 - g * g);
                da[3 * n + j] = dh * c.tanh() * o * (1.0 - o);
                exact[1].push(c);
                exact[2].push(o * c.tanh());
                exact[5].push(d * f);
            }
            for k in 0..4 {
                let activate = |x: f64| if k == 2 { x.tanh() } else { Real::sigmoid(x) };
                exact[0].extend((0..n).map(|j| activate(sum(k, j))));
            }
            exact[4].iter_mut().zip(&da).for_each(|(sum, da)| *sum += da);
            exact[3].extend(da);
        }
        let exact = exact.concat();
        for &level in available() {
            let found = dispatch_on(level, Step { hidden: n, inputs: &inputs });
            assert_eq!(found.len(), exact.len());
            let error = largest(found.iter().zip(&exact).map(|(&y, e)| (f64::from(y) - e).abs()));
            // Sums and products of a few values below 2, functions within 3 ulp.
            assert!(error <= 16.0 * f64::from(f32::EPSILON), "{} {n}: {error}", level.name());
        }
    }
}

/// The product in int8 first, then a plain LSTM whose W_ih selects its part of that product.
#[test]
fn an_input_matmul_in_int8_is_that_of_the_int8_layer() {
    let sizes = sizes(5, 7, 9, 6, 2);
    let problem: Problem<f32> = Problem::new(sizes, Some(&[7, 3, 0, 5, 7]), random);
    let Sizes { batch, time, input, hidden, .. } = sizes;
    let (rows, outputs) = (batch * time, 4 * hidden);
    let packed = problem.weights.iter().map(|[w_ih, ..]| {
        let (mut q, mut scales) = (vec![0; w_ih.len()], vec![0.0; outputs]);
        gemm_int8::quantize_rows(w_ih, &mut q, &mut scales);
        let mut packed = vec![0; gemm_int8::words(input, outputs)];
        gemm_int8::pack(input, outputs, &q, &mut packed);
        (packed, scales)
    });
    let packed: Vec<(Vec<u32>, Vec<f32>)> = packed.collect();
    let w_ih: Vec<Int8> = packed.iter().map(|(packed, scales)| Int8 { packed, scales }).collect();
    let found = problem.forward(|args| args.run_int8(&w_ih));
    let mut x = vec![0.0; rows * 2 * outputs];
    let mut selecting = problem.clone();
    for (d, w) in w_ih.iter().enumerate() {
        let layer = gemm_int8::Sizes { m: rows, k: input, n: outputs };
        let mut product = vec![0.0; rows * outputs];
        gemm_int8::plain::linear(layer, &problem.x, w.packed, w.scales, None, &mut product);
        for (x, product) in x.chunks_exact_mut(2 * outputs).zip(product.chunks_exact(outputs)) {
            x[d * outputs..][..outputs].copy_from_slice(product);
        }
        let one = |i: usize| f32::from(u8::from(i % (2 * outputs) == d * outputs + i / (2 * outputs)));
        selecting.weights[d][0] = (0..2 * outputs * outputs).map(one).collect();
    }
    (selecting.x, selecting.sizes.input) = (x, 2 * outputs);
    let expected = selecting.forward(plain::forward);
    for (found, expected) in found.iter().flatten().zip(expected.iter().flatten()) {
        assert!((found - expected).abs() < 1e-5, "{found}, {expected}");
    }
    assert_ne!(found, problem.forward(|args| args.run()), "the weights of f32 were used");
}

//! Contrastive losses and distances of layers: both orders against central differences, hand-made values, and inputs at the edges of `f32`.

use gradus_engine::losses::{hidden_regression, info_nce, score_regression, sne, triplet, triplet_of};
use gradus_engine::{CreateGraph, DType, Tensor, grad};
use gradus_tests::case::Example;
use gradus_tests::draw::Draw;
use gradus_tests::{devices, gradient};

/// Batch sizes and widths, including a single row and a single column.
const SIZES: [(usize, usize); 6] = [(1, 3), (2, 1), (2, 5), (3, 2), (5, 9), (8, 4)];

/// Examples of every loss at which it is smooth.
fn examples(seed: u64) -> Vec<(String, Example)> {
    let mut draw = Draw::new(seed);
    let mut all = vec![];
    for (b, d) in SIZES {
        let mut matrices = |n: usize| (0..n).map(|_| draw.off_zero([b, d])).collect::<Vec<_>>();
        let mut add = |name: &str, inputs: Vec<Tensor>, call: fn(&[Tensor]) -> Tensor| {
            all.push((format!("{name} [{b}, {d}]"), Example::one(inputs, call)));
        };
        add("info_nce", matrices(2), |x| info_nce(&x[0], &x[1], 0.3));
        // With itself: one tensor as both inputs, similar to two dropout masks of one encoder.
        add("info_nce of itself", matrices(1), |x| info_nce(&x[0], &x[0].tanh(), 0.5));
        add("triplet", matrices(2), |x| triplet(&x[0], &x[1], 0.7));
        add("triplet, all active", matrices(2), |x| triplet(&x[0], &x[1], 50.0));
        add("triplet_of", matrices(3), |x| triplet_of(&x[0], &x[1], &x[2], 0.7));
        let points = draw.normal([b, d + 2]);
        let call = move |y: &[Tensor]| sne(&points, &y[0], 1.7);
        all.push((format!("sne [{b}, {d}]"), Example::one(vec![draw.normal([b, d])], call)));
        // The last text is the longest, and the first one is empty where there are several.
        let lengths: Vec<i64> =
            (1..=b).map(|text| if text == b { d } else { (text - 1) % d } as i64).collect();
        let lengths = Tensor::from_slice(&lengths, [b]);
        let teacher = draw.normal([b, d, 3]).to_dtype(DType::F32);
        let n = lengths.clone();
        let like = |t: &Tensor, x: &Tensor| t.to_device(x.device()).to_dtype(x.dtype());
        let call =
            move |x: &[Tensor]| hidden_regression(&x[0], &like(&teacher, &x[0]), &n.to_device(x[0].device()));
        all.push((format!("hidden states [{b}, {d}, 3]"), Example::one(vec![draw.normal([b, d, 3])], call)));
        let teacher = draw.normal([b, 2, d, d]).to_dtype(DType::F32);
        let call = move |x: &[Tensor]| {
            score_regression(&x[0], &like(&teacher, &x[0]), &lengths.to_device(x[0].device()))
        };
        all.push((format!("scores [{b}, 2, {d}, {d}]"), Example::one(vec![draw.normal([b, 2, d, d])], call)));
    }
    all
}

fn over_all(check: impl Fn(&Example, u64) -> Result<(), String>) {
    for seed in 0..8 {
        for (name, example) in examples(seed) {
            check(&example, seed).unwrap_or_else(|e| panic!("{name}, seed {seed}: {e}"));
        }
    }
}

#[test]
fn first_order() {
    over_all(gradient::first_order);
}

#[test]
fn second_order() {
    over_all(|example, seed| gradient::second_order(example, seed, false));
}

#[test]
fn single_precision_equals_double() {
    for device in devices() {
        over_all(|example, seed| gradient::fast_is_plain(example, seed, 512.0, device));
    }
}

fn matrix(rows: &[&[f32]]) -> Tensor {
    Tensor::from_slice(&rows.concat(), [rows.len(), rows[0].len()])
}

/// The loss and its gradients.
fn with_gradients(loss: impl Fn(&[Tensor]) -> Tensor, inputs: &[Tensor]) -> (f64, Vec<Vec<f64>>) {
    let variables: Vec<Tensor> = inputs.iter().map(Tensor::variable).collect();
    let y = loss(&variables);
    let gradients = grad(&y, &variables.iter().collect::<Vec<_>>(), CreateGraph::No);
    (y.item(), gradients.iter().map(Tensor::to_f64).collect())
}

fn close(found: f64, want: f64) {
    assert!((found - want).abs() <= 1e-6 * (1.0 + want.abs()), "found {found}, expected {want}");
}

#[test]
fn info_nce_of_known_angles() {
    let axes = matrix(&[&[3.0, 0.0], &[0.0, 0.5]]);
    close(info_nce(&axes, &axes, 0.5).item(), (-2.0f64).exp().ln_1p());
    // Positives exchanged: each anchor has cosine 0 with its own and 1 with the other's.
    let swapped = matrix(&[&[0.0, 7.0], &[2.0, 0.0]]);
    close(info_nce(&axes, &swapped, 0.5).item(), 2.0 + (-2.0f64).exp().ln_1p());
    // All equal: the positive cannot be distinguished from the negatives.
    let equal = matrix(&[&[1.0, 2.0][..]; 5]);
    close(info_nce(&equal, &equal, 0.1).item(), 5.0f64.ln());
    // Not symmetric: both rows of one input point in the same direction.
    let (one_way, loss) =
        (matrix(&[&[1.0, 0.0], &[1.0, 0.0]]), |a: &Tensor, p: &Tensor| info_nce(a, p, 1.0).item());
    close(loss(&axes, &one_way), 2.0f64.ln());
    close(loss(&one_way, &axes), ((-1.0f64).exp().ln_1p() + 1.0f64.exp().ln_1p()) / 2.0);
}

#[test]
fn triplets_on_a_line() {
    let line = |x: &[f32]| Tensor::from_slice(x, [x.len(), 1]);
    let (a, p) = (line(&[0.0, 10.0, 13.0]), line(&[1.0, 12.0, 20.0]));
    // d(a, p) = 1, 2, 7; nearest other positives: 12 at 12, 1 at 9 or 20 at 10, 12 at 1.
    close(triplet(&a, &p, 0.5).item(), (0.0 + 0.0 + (7.0 - 1.0 + 0.5)) / 3.0);
    close(triplet(&a, &p, 20.0).item(), ((1.0 - 12.0) + (2.0 - 9.0) + (7.0 - 1.0) + 60.0) / 3.0);
    close(triplet_of(&a, &p, &line(&[2.0, 2.0, 2.0]), 3.0).item(), (2.0 + 0.0 + 0.0) / 3.0);
    let (loss, gradients) = with_gradients(|x| triplet(&x[0], &x[1], 0.5), &[a, p]);
    close(loss, 6.5 / 3.0);
    // The third anchor, 13: −1 from its positive at 20 and −1 from its negative at 12, each over 3.
    let third = 1.0 / 3.0;
    for (found, want) in gradients.concat().into_iter().zip([0.0, 0.0, -2.0 * third, 0.0, third, third]) {
        close(found, want);
    }
}

/// The definition, in loops; the width of each point is found by bisection.
fn sne_by_loops(x: &[Vec<f64>], y: &[Vec<f64>], perplexity: f64) -> f64 {
    let square = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
    let row = |points: &[Vec<f64>], i: usize, beta: f64| -> Vec<f64> {
        let others = (0..points.len()).filter(|&j| j != i);
        let squares: Vec<f64> = others.map(|j| square(&points[i], &points[j])).collect();
        // Relative to the nearest one: if all others are far away, the width is so small that all terms would underflow.
        let nearest = squares.iter().copied().fold(f64::INFINITY, f64::min);
        let e: Vec<f64> = squares.iter().map(|d| (-beta * (d - nearest)).exp()).collect();
        let total: f64 = e.iter().sum();
        e.into_iter().map(|e| e / total).collect()
    };
    let sum = |p: &[f64], q: &[f64]| -> f64 {
        p.iter().zip(q).filter(|(p, _)| **p > 0.0).map(|(p, q)| p * (p / q).ln()).sum()
    };
    let mut loss = 0.0;
    for i in 0..x.len() {
        let (mut beta, mut factor) = (1e-3, 2.0f64);
        while factor > 1.0 + 1e-15 {
            let p = row(x, i, beta * factor);
            let entropy = -sum(&p, &vec![1.0; p.len()]);
            if entropy > perplexity.ln() { beta *= factor } else { factor = factor.sqrt() }
        }
        let (p, q) = (row(x, i, beta), row(y, i, 1.0));
        loss += sum(&p, &q);
    }
    loss
}

#[test]
fn sne_is_its_definition() {
    let mut draw = Draw::new(4);
    let rows = |t: &Tensor| t.to_f64().chunks(t.dim(1)).map(<[f64]>::to_vec).collect::<Vec<_>>();
    for b in [3, 6, 11] {
        let (x, y) = (draw.normal([b, 4]), draw.normal([b, 2]));
        for perplexity in [1.2, 1.9] {
            let want = sne_by_loops(&rows(&x), &rows(&y), perplexity);
            let found = sne(&x, &y, perplexity).item();
            assert!((found - want).abs() < 1e-9 * want, "{b}, {perplexity}: {found}, expected {want}");
            assert!(
                (sne(&(&x * 1e3), &y, perplexity).item() - found).abs() < 1e-9 * want,
                "widths follow the data"
            );
        }
    }
    // Two points have one neighbour each; equal points have equal distances: p = q.
    close(sne(&draw.normal([2, 3]), &draw.normal([2, 2]), 1.5).item(), 0.0);
    let (loss, gradients) = with_gradients(
        |y| sne(&Tensor::ones([4, 3], DType::F32), &y[0], 2.0),
        &[Tensor::ones([4, 2], DType::F32)],
    );
    close(loss, 0.0);
    assert_eq!(gradients[0], [0.0; 8]);
}

/// Every loss is finite, with finite gradients, for one row, equal rows, rows of zeros, and rows of 10^±30.
#[test]
fn edges_are_finite() {
    let mut draw = Draw::new(6);
    let normal = |draw: &mut Draw| draw.normal([4, 3]).to_dtype(DType::F32);
    let (a, p) = (normal(&mut draw), normal(&mut draw));
    let one = |t: &Tensor| t.narrow(0, 0, 1);
    let zeros = Tensor::zeros([4, 3], DType::F32);
    let half = matrix(&[&[0.0; 3], &[1.0, 2.0, 3.0], &[0.0; 3], &[1.0, 2.0, 3.0]]);
    let cases = [
        ("one row", one(&a), one(&p)),
        ("equal", a.clone(), a.clone()),
        ("zeros", zeros.clone(), zeros),
        ("some zeros", half.clone(), half),
        ("huge", &a * 1e30, &p * 1e30),
        ("tiny", &a * 1e-30, &p * 1e-30),
        ("huge and tiny", &a * 1e30, &p * 1e-30),
    ];
    type Loss = fn(&[Tensor]) -> Tensor;
    let losses: [(&str, Loss); 3] = [
        ("info_nce", |x| info_nce(&x[0], &x[1], 0.05)),
        ("triplet", |x| triplet(&x[0], &x[1], 1.0)),
        ("sne", |x| sne(&x[0], &x[1], 2.0) + x[0].sum_all() * 0.0),
    ];
    for (name, a, p) in &cases {
        for (which, loss) in losses {
            let (loss, gradients) = with_gradients(loss, &[a.clone(), p.clone()]);
            assert!(loss.is_finite() && loss >= 0.0, "{which} of {name}: {loss}");
            let finite = gradients.iter().flatten().all(|g| g.is_finite());
            assert!(finite, "{which} of {name}: {gradients:?}");
            if *name == "one row" {
                assert!(loss.abs() < 1e-6 && gradients.iter().flatten().all(|g| g.abs() < 1e-6), "{which}");
            }
        }
    }
    // Only directions matter: scaling either input changes nothing.
    let plain = info_nce(&a, &p, 0.05).item();
    close(info_nce(&(&a * 1e30), &(&p * 1e-30), 0.05).item(), plain);
    close(triplet(&(&a * 1e30), &(&p * 1e30), 0.0).item() / 1e30, triplet(&a, &p, 0.0).item());
}

#[test]
fn wrong_arguments_are_named() {
    let x = |b, d| Tensor::ones([b, d], DType::F32);
    let refused = |f: &dyn Fn() -> Tensor, says: &str| {
        let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| f().item())).unwrap_err();
        let message = panic.downcast_ref::<String>().unwrap();
        assert!(message.contains(says), "{message:?} does not say {says:?}");
    };
    refused(&|| info_nce(&x(2, 3), &x(3, 3), 1.0), "info_nce: both inputs must be [B, D] of one shape");
    refused(&|| info_nce(&x(0, 3), &x(0, 3), 1.0), "info_nce: the inputs [0, 3] are empty");
    refused(&|| info_nce(&x(2, 3), &x(2, 3), 0.0), "temperature 0 must be above 0");
    refused(&|| triplet_of(&x(2, 3), &x(2, 3), &x(2, 2), 1.0), "triplet: both inputs");
    refused(&|| triplet(&x(2, 3), &x(2, 3), -1.0), "margin -1 must not be negative");
    refused(&|| sne(&x(2, 3), &x(3, 3), 2.0), "sne: x must be [B, D] and y [B, E]");
    refused(&|| sne(&x(2, 3), &x(2, 3), 0.5), "perplexity 0.5 must be at least 1");
}

//! The idea of the engine in 100 lines: automatic derivatives of scalars, compared with the engine's of tensors. Both train
//! the same network from the same initial weights, and their losses are equal:
//! `cargo run -p gradus-engine --example scalar`.
//!
//! The parts have their counterparts in the engine: [`Node`] in `graph/node.rs`, [`Scalar::backward`] in `graph/sweep.rs`,
//! and a function here is a file in `ops/`. What the engine adds is everything that arrays need: shapes, devices, memory that
//! is freed on the way, and rules in tensor operations, which can be differentiated again. (Here a rule is one scalar.)

use gradus_engine::prelude::*;
use std::collections::{BTreeMap, HashMap};
use std::ops::{Add, Mul};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A scalar that remembers how it was computed.
#[derive(Clone)]
struct Scalar(Rc<Node>);

struct Node {
    /// Larger than the ids of all inputs, because they were made earlier.
    id: u64,
    value: f64,
    /// Each input with the derivative of this value with respect to it.
    inputs: Vec<(Scalar, f64)>,
}

impl Scalar {
    fn new(value: f64, inputs: Vec<(Scalar, f64)>) -> Scalar {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Scalar(Rc::new(Node { id: NEXT.fetch_add(1, Ordering::Relaxed), value, inputs }))
    }

    fn leaf(value: f64) -> Scalar {
        Scalar::new(value, vec![])
    }

    fn tanh(&self) -> Scalar {
        let y = self.0.value.tanh();
        Scalar::new(y, vec![(self.clone(), 1.0 - y * y)])
    }

    /// ln(1 + eˣ).
    fn softplus(&self) -> Scalar {
        let x = self.0.value;
        Scalar::new(x.max(0.0) + (-x.abs()).exp().ln_1p(), vec![(self.clone(), 1.0 / (1.0 + (-x).exp()))])
    }

    /// The derivative of this value with respect to each leaf, by the leaf's id.
    ///
    /// The pending node with the largest id goes first. All nodes that use it have larger ids, so they are done, and its
    /// gradient is complete. This replaces a topological sort.
    fn backward(&self) -> HashMap<u64, f64> {
        let mut leaves = HashMap::new();
        let mut pending = BTreeMap::from([(self.0.id, (self.clone(), 1.0))]);
        while let Some((id, (node, gradient))) = pending.pop_last() {
            if node.0.inputs.is_empty() {
                leaves.insert(id, gradient);
            }
            for (input, derivative) in &node.0.inputs {
                pending.entry(input.0.id).or_insert((input.clone(), 0.0)).1 += gradient * derivative;
            }
        }
        leaves
    }
}

impl Add for &Scalar {
    type Output = Scalar;
    fn add(self, b: &Scalar) -> Scalar {
        Scalar::new(self.0.value + b.0.value, vec![(self.clone(), 1.0), (b.clone(), 1.0)])
    }
}

impl Mul for &Scalar {
    type Output = Scalar;
    fn mul(self, b: &Scalar) -> Scalar {
        Scalar::new(self.0.value * b.0.value, vec![(self.clone(), b.0.value), (b.clone(), self.0.value)])
    }
}

/// y = W x + b, with W row by row.
fn linear(x: &[Scalar], w: &[Scalar], b: &[Scalar]) -> Vec<Scalar> {
    let rows = w.chunks(x.len()).zip(b);
    rows.map(|(w, b)| w.iter().zip(x).fold(b.clone(), |sum, (w, x)| &sum + &(w * x))).collect()
}

/// Binary cross-entropy of all four examples, for the parameters W₁, b₁, W₂, b₂.
fn loss([w1, b1, w2, b2]: &[Vec<Scalar>; 4]) -> Scalar {
    let losses = INPUTS.chunks(2).zip(TARGETS).map(|(x, target)| {
        let x: Vec<Scalar> = x.iter().map(|&x| Scalar::leaf(x)).collect();
        let hidden: Vec<Scalar> = linear(&x, w1, b1).iter().map(Scalar::tanh).collect();
        let logit = linear(&hidden, w2, b2).remove(0);
        let negative = &logit * &Scalar::leaf(-1.0);
        &(&negative.softplus() * &Scalar::leaf(target)) + &(&logit.softplus() * &Scalar::leaf(1.0 - target))
    });
    let sum = losses.reduce(|a, b| &a + &b).expect("there are four examples");
    &sum * &Scalar::leaf(0.25)
}

const INPUTS: [f64; 8] = [0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0];
const TARGETS: [f64; 4] = [0.0, 1.0, 1.0, 0.0];
const RATE: f64 = 0.5;

/// Trains both.
pub fn main() {
    let mut rng = Rng::new(1);
    let model = (Linear::new(2, 8, &mut rng), Linear::new(8, 1, &mut rng));
    model.convert(DType::F64);
    let mut optimizer = Optimizer::new(OptimizerConfig::new(Rule::sgd(0.0), RATE));
    let (inputs, targets) = (Tensor::from_slice(&INPUTS, [4, 2]), Tensor::from_slice(&TARGETS, [4, 1]));

    let params = model.params();
    let start = |i: usize| params[i].value().to_f64().into_iter().map(Scalar::leaf).collect();
    let mut scalars: [Vec<Scalar>; 4] = std::array::from_fn(start);

    for step in 0..=1000 {
        let logits = model.1.forward(&model.0.forward(&inputs).tanh());
        let of_tensors = losses::bce_with_logits(&logits, &targets, Reduction::Mean);
        let of_scalars = loss(&scalars);
        let (a, b) = (of_scalars.0.value, of_tensors.item());
        if step % 200 == 0 {
            println!("step {step:4}: loss {a:.12} by scalars, {b:.12} by tensors");
        }
        assert!((a - b).abs() < 1e-9, "step {step}: the losses differ: {a} and {b}");

        optimizer.step(&model, &of_tensors.backward());
        let gradients = of_scalars.backward();
        let stepped = |w: &Scalar| Scalar::leaf(w.0.value - RATE * gradients[&w.0.id]);
        scalars = scalars.map(|param| param.iter().map(stepped).collect());
    }
    assert!(loss(&scalars).0.value < 0.05, "the exclusive or was not learned");
}

//! The inputs of another engine, and the results of Gradus for them: a peer is timed only if its results are the same.

use crate::ops::adamw;
use crate::workload::{Kind, Layout};
use anyhow::{Result, ensure};
use gradus_engine::losses::{CrossEntropy, Reduction, cross_entropy};
use gradus_engine::ops::{Attention, LstmWeights};
use gradus_engine::{DType, Gradients, Module, Param, Rng, Tensor, Visitor};

/// One operation: its operands, and its results in Gradus.
pub struct Given {
    /// Inputs and parameters, in the order of Gradus; for a convolution [B, C, T], [O, C, k], `[O]`.
    pub operands: Vec<Tensor>,
    /// The classes of the rows (`i64`), if the operation has any.
    pub classes: Option<Tensor>,
    /// The gradient of the result; `None` if there is no backward.
    pub dy: Option<Tensor>,
    /// The result, then the gradient of each operand; for a convolution with channels before time.
    expected: Vec<Tensor>,
    /// The largest difference that rounding may cause, as a share of the largest element.
    tolerance: f32,
}

impl Given {
    /// `None` if only Gradus and PyTorch run the workload: whole steps, CRFs, stacked LSTMs, causal attention.
    pub fn of(kind: &Kind) -> Option<Self> {
        let mut rng = Rng::new(2);
        let mut normal = |shape: &[usize], deviation| Tensor::normal(shape, 0.0, deviation, &mut rng);
        let mut classes = None;
        let operands = match *kind {
            Kind::Gemm { m, k, n, layout } => {
                let a = if layout == Layout::Tn { [k, m] } else { [m, k] };
                let b = if layout == Layout::Nt { [n, k] } else { [k, n] };
                vec![normal(&a, 1.0), normal(&b, 1.0)]
            }
            Kind::Conv1d { batch, len, c_in, c_out, kernel } => vec![
                normal(&[batch, len, c_in], 1.0),
                normal(&[c_out, c_in, kernel], 0.1),
                normal(&[c_out], 0.1),
            ],
            Kind::Lstm { batch, len, input, hidden, layers: 1 } => {
                let mut operands = vec![normal(&[batch, len, input], 1.0)];
                for _direction in 0..2 {
                    operands.push(normal(&[4 * hidden, input], 0.1));
                    operands.push(normal(&[4 * hidden, hidden], 0.1));
                    operands.extend([(); 2].map(|()| normal(&[4 * hidden], 0.1)));
                }
                operands
            }
            Kind::Attention { batch, heads, len, dim, causal: false } => {
                [(); 3].map(|()| normal(&[batch, heads, len, dim], 1.0)).into()
            }
            Kind::Layernorm { rows, dim } => {
                vec![normal(&[rows, dim], 1.0), normal(&[dim], 1.0), normal(&[dim], 0.1)]
            }
            Kind::SoftmaxCe { rows, classes: count } => {
                let logits = normal(&[rows, count], 1.0);
                classes = Some(
                    crate::ids::draw(Default::default(), count, [rows, 1], &mut Rng::new(3)).reshape([rows]),
                );
                vec![logits]
            }
            Kind::Adamw { rows, dim } => vec![normal(&[rows, dim], 0.1), normal(&[rows, dim], 1.0)],
            _ => return None,
        };
        // AdamW's weight decay, 10⁻⁵ of a weight, must be visible, so only the rounding of the weight itself is allowed.
        let tolerance = if let Kind::Adamw { .. } = kind { 1e-6 } else { 1e-4 };
        let mut given = Given { operands, classes, dy: None, expected: vec![], tolerance };
        given.find(kind, &mut rng);
        Some(given)
    }

    /// Computes the results of Gradus.
    fn find(&mut self, kind: &Kind, rng: &mut Rng) {
        if let Kind::Adamw { .. } = kind {
            self.expected = vec![stepped(&self.operands[0], &self.operands[1])];
            return;
        }
        if let Kind::Gemm { layout, .. } = *kind {
            let [a, b] = [0, 1].map(|i| &self.operands[i]);
            self.expected = vec![match layout {
                Layout::Nn => a.matmul(b),
                Layout::Nt => a.matmul(&b.transpose(0, 1)),
                Layout::Tn => a.transpose(0, 1).matmul(b),
            }];
            return;
        }
        let leaves: Vec<Tensor> = self.operands.iter().map(Tensor::variable).collect();
        let y = forward(kind, &leaves, self.classes.as_ref());
        let dy = match kind {
            Kind::SoftmaxCe { .. } => Tensor::ones(y.shape(), DType::F32),
            _ => Tensor::normal(y.shape(), 0.0, 1.0, rng),
        };
        self.expected = vec![y.clone()];
        let gradients = y.backward_from(dy.clone());
        self.expected.extend(leaves.iter().filter_map(|leaf| gradients.get(leaf)));
        self.dy = Some(dy);
        if let Kind::Conv1d { .. } = kind {
            let [x, dy] = [&mut self.operands[0], self.dy.as_mut().expect("it has a backward")];
            let [y, dx, ..] = &mut self.expected[..] else { unreachable!("a result and three gradients") };
            for array in [x, dy, y, dx] {
                *array = array.transpose(1, 2).contiguous();
            }
        }
    }

    /// Checks that a peer's result and gradients equal these.
    ///
    /// # Errors
    /// They differ.
    pub fn agree(&self, peer: &str, found: &[Vec<f32>]) -> Result<()> {
        ensure!(
            found.len() == self.expected.len(),
            "{peer}: expected a result and gradients, {} arrays, found {}",
            self.expected.len(),
            found.len()
        );
        for (i, (found, expected)) in found.iter().zip(&self.expected).enumerate() {
            let expected = expected.to_vec::<f32>();
            ensure!(
                found.len() == expected.len(),
                "{peer}: expected {} elements in array {i}, found {}",
                expected.len(),
                found.len()
            );
            let most = expected.iter().fold(0f32, |most, x| most.max(x.abs()));
            let apart = || found.iter().zip(&expected).map(|(x, y)| (x - y).abs());
            // Compares each element: a NaN fails every comparison, but a maximum would skip it.
            ensure!(
                apart().all(|x| x <= self.tolerance * most),
                "{peer}: array {i} is {} from that of Gradus, whose largest element is {most}: it is another \
                 computation, not timed",
                apart().fold(0f32, f32::max)
            );
        }
        Ok(())
    }
}

/// The operation on these operands.
fn forward(kind: &Kind, x: &[Tensor], classes: Option<&Tensor>) -> Tensor {
    match (kind, x) {
        (Kind::Conv1d { .. }, [x, weight, bias]) => x.conv1d(weight, bias, 0),
        (Kind::Lstm { batch, hidden, .. }, [x, weights @ ..]) => {
            let zeros = Tensor::zeros([2, *batch, *hidden], DType::F32);
            let weights: Vec<LstmWeights> = weights
                .chunks_exact(4)
                .map(|w| LstmWeights {
                    w_ih: w[0].clone(),
                    w_hh: w[1].clone(),
                    b_ih: w[2].clone(),
                    b_hh: w[3].clone(),
                })
                .collect();
            let [y, ..] = x.lstm(&zeros, &zeros, None, &weights);
            y
        }
        (Kind::Attention { .. }, [q, k, v]) => q.attention(k, v, &Attention::default()),
        (Kind::Layernorm { .. }, [x, gamma, beta]) => x.layer_norm(gamma, beta, 1e-5),
        (Kind::SoftmaxCe { .. }, [x]) => {
            let classes = classes.expect("a loss has classes");
            cross_entropy(x, classes, &CrossEntropy::default(), Reduction::Mean)
        }
        _ => unreachable!("Given::of makes only these"),
    }
}

/// The weights after one step of AdamW.
fn stepped(weight: &Tensor, gradient: &Tensor) -> Tensor {
    struct One(Param);
    impl Module for One {
        fn visit(&self, v: &mut Visitor) {
            v.param("weight", &self.0);
        }
    }
    let one = One(Param::new(weight.clone()));
    let mut gradients = Gradients::default();
    gradients.set(&one.0, gradient.clone());
    adamw().step(&one, &gradients);
    one.0.value()
}

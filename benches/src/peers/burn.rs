//! Burn on its CPU back end `flex`, with SIMD, rayon, AVX-512 matmuls, and its own autodiff.

use super::given::Given;
use super::{Crate, Timer};
use crate::clock::measure;
use crate::workload::{Kind, Layout};
use burn::module::Param;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::{BiLstmConfig, GateController, Linear, Lstm};
use burn::optim::{AdamWConfig, GradientsParams};
use burn::tensor::module::{attention, conv1d, layer_norm};
use burn::tensor::ops::{AttentionModuleOptions, ConvOptions};
use burn::tensor::{Device, Gradients, Int, Tensor, TensorData};

/// Reads an array, outside the timed part.
type Found = Box<dyn FnOnce() -> Vec<f32>>;

/// One run: the result, and the gradient of each operand.
type Run = Box<dyn FnMut() -> Vec<Found>>;

/// Burn on the CPU.
pub const BURN: Crate = Crate { name: "Burn", timer };

/// The workload in Burn, after its results have been compared with those of Gradus.
fn timer(kind: &Kind) -> Option<anyhow::Result<Timer<'static>>> {
    Given::of(kind).map(|given| {
        let mut run = make(kind, &given);
        let found: Vec<Vec<f32>> = run().into_iter().map(|read| read()).collect();
        given.agree(BURN.name, &found)?;
        Ok(Box::new(move |seconds| Ok(measure(seconds, 1, &mut || drop(run())))) as Timer)
    })
}

fn make(kind: &Kind, given: &Given) -> Run {
    match *kind {
        Kind::Gemm { layout, .. } => {
            let [a, b] = [0, 1].map(|i| plain::<2>(&given.operands[i]));
            let a = if layout == Layout::Tn { a.transpose() } else { a };
            let b = if layout == Layout::Nt { b.transpose() } else { b };
            Box::new(move || vec![read(a.clone().matmul(b.clone()))])
        }
        Kind::Conv1d { .. } => {
            let (x, w, bias) = (leaf::<3>(given, 0), leaf::<3>(given, 1), leaf::<1>(given, 2));
            let dy = dy::<3>(given);
            Box::new(move || {
                let options = ConvOptions::new([1], [0], [1], 1);
                let y = conv1d(x.clone(), w.clone(), Some(bias.clone()), options);
                let mut g = backward(&y, &dy);
                vec![read(y), gradient(&x, &mut g), gradient(&w, &mut g), gradient(&bias, &mut g)]
            })
        }
        Kind::Lstm { input, hidden, .. } => bilstm(input, hidden, given),
        Kind::Attention { .. } => {
            let ([q, k, v], dy) = ([0, 1, 2].map(|i| leaf::<4>(given, i)), dy::<4>(given));
            Box::new(move || {
                let options = AttentionModuleOptions::default();
                let y = attention(q.clone(), k.clone(), v.clone(), None, None, options);
                let mut g = backward(&y, &dy);
                vec![read(y), gradient(&q, &mut g), gradient(&k, &mut g), gradient(&v, &mut g)]
            })
        }
        Kind::Layernorm { .. } => {
            let (x, [gamma, beta]) = (leaf::<2>(given, 0), [1, 2].map(|i| leaf::<1>(given, i)));
            let dy = dy::<2>(given);
            Box::new(move || {
                let y = layer_norm(x.clone(), gamma.clone(), Some(beta.clone()), 1e-5);
                let mut g = backward(&y, &dy);
                vec![read(y), gradient(&x, &mut g), gradient(&gamma, &mut g), gradient(&beta, &mut g)]
            })
        }
        Kind::SoftmaxCe { .. } => {
            let (x, device) = (leaf::<2>(given, 0), device());
            let classes = given.classes.as_ref().expect("a loss has classes").to_vec::<i64>();
            let rows = classes.len();
            let classes = Tensor::<1, Int>::from_data(TensorData::new(classes, [rows]), &device);
            let loss = CrossEntropyLossConfig::new().init(&device);
            Box::new(move || {
                let y = loss.forward(x.clone(), classes.clone());
                let mut g = y.backward();
                vec![read(y), gradient(&x, &mut g)]
            })
        }
        _ => adamw(given),
    }
}

/// The weights are split by gate and transposed, as Burn expects them.
fn bilstm(input: usize, hidden: usize, given: &Given) -> Run {
    let (x, dy) = (leaf::<3>(given, 0), dy::<3>(given));
    let mut both = BiLstmConfig::new(input, hidden, true).init(&device());
    for (lstm, first) in [(&mut both.forward, 1), (&mut both.reverse, 5)] {
        for (number, gate) in gates(lstm).into_iter().enumerate() {
            for (i, linear) in [&mut gate.input_transform, &mut gate.hidden_transform].into_iter().enumerate()
            {
                let [weight, bias] = [first + i, first + 2 + i].map(|at| &given.operands[at]);
                let of_gate = weight.narrow(0, number * hidden, hidden).t().contiguous();
                linear.weight = Param::from_tensor(plain::<2>(&of_gate).autodiff());
                let of_gate = bias.narrow(0, number * hidden, hidden).contiguous();
                linear.bias = Some(Param::from_tensor(plain::<1>(&of_gate).autodiff()));
            }
        }
    }
    Box::new(move || {
        let (y, _) = both.forward(x.clone(), None);
        let mut g = backward(&y, &dy);
        let mut found = vec![read(y), gradient(&x, &mut g)];
        for lstm in [&mut both.forward, &mut both.reverse] {
            let mut parts: [Vec<Found>; 4] = Default::default();
            for gate in gates(lstm) {
                for (i, linear) in [&gate.input_transform, &gate.hidden_transform].into_iter().enumerate() {
                    let Linear { weight, bias } = linear;
                    let bias = bias.as_ref().expect("it was given one");
                    parts[i].push(transposed(weight.val().grad_remove(&mut g)));
                    parts[2 + i].push(gradient(&bias.val(), &mut g));
                }
            }
            let joined = |gates: Vec<Found>| -> Found {
                Box::new(move || gates.into_iter().flat_map(|read| read()).collect())
            };
            found.extend(parts.map(joined));
        }
        found
    })
}

/// The gates in the order of Gradus.
fn gates(lstm: &mut Lstm) -> [&mut GateController; 4] {
    let Lstm { input_gate, forget_gate, cell_gate, output_gate, .. } = lstm;
    [input_gate, forget_gate.as_mut().expect("only coupled gates lack it"), cell_gate, output_gate]
}

fn adamw(given: &Given) -> Run {
    let [weight, gradient] = [0, 1].map(|i| plain::<2>(&given.operands[i]));
    let mut weight = Some(Param::from_tensor(weight.autodiff()));
    let mut optimizer = AdamWConfig::new().with_epsilon(1e-8).with_weight_decay(0.01).init();
    Box::new(move || {
        let before = weight.take().expect("it is put back");
        let mut gradients = GradientsParams::new();
        gradients.register(before.id, gradient.clone());
        let after = optimizer.step(1e-3, before, gradients);
        // The copy is dropped before the next step, which may then work in place.
        let found = after.clone();
        weight = Some(after);
        vec![Box::new(move || values(found.val().inner()))]
    })
}

fn device() -> Device {
    Device::flex().autodiff()
}

fn plain<const D: usize>(x: &gradus_engine::Tensor) -> Tensor<D> {
    Tensor::from_data(TensorData::new(x.to_vec::<f32>(), x.shape().to_vec()), &Device::flex())
}

fn leaf<const D: usize>(given: &Given, i: usize) -> Tensor<D> {
    plain(&given.operands[i]).autodiff().require_grad()
}

fn dy<const D: usize>(given: &Given) -> Tensor<D> {
    plain(given.dy.as_ref().expect("it has a backward")).autodiff()
}

fn backward<const D: usize>(y: &Tensor<D>, dy: &Tensor<D>) -> Gradients {
    (y.clone() * dy.clone()).sum().backward()
}

fn gradient<const D: usize>(leaf: &Tensor<D>, gradients: &mut Gradients) -> Found {
    let gradient = leaf.grad_remove(gradients);
    Box::new(move || gradient.map_or_else(Vec::new, values))
}

fn transposed(gradient: Option<Tensor<2>>) -> Found {
    Box::new(move || gradient.map_or_else(Vec::new, |gradient| values(gradient.transpose())))
}

fn read<const D: usize>(x: Tensor<D>) -> Found {
    Box::new(move || values(x.inner()))
}

fn values<const D: usize>(x: Tensor<D>) -> Vec<f32> {
    x.into_data().try_to_vec().unwrap_or_default()
}

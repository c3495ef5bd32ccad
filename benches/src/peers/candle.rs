//! Candle on the CPU, with its own autodiff.
//!
//! Layer norm and LSTM are the differentiable ones of `candle-nn`: the fused layer norm has no backward, and the LSTM
//! reads in one direction only, so a second one reads each sequence reversed. Attention is two matmuls around a softmax.

use super::given::Given;
use super::{Crate, Timer};
use crate::clock::measure;
use crate::workload::{Kind, Layout};
use candle_core::{DType, Device, Result, Tensor, Var};
use candle_nn::{AdamW, LSTM, LSTMConfig, Optimizer, ParamsAdamW, RNN, VarBuilder, loss, ops};
use std::collections::HashMap;

/// One run: the result, and the gradient of each operand.
type Run = Box<dyn FnMut() -> Result<Vec<Tensor>>>;

/// Candle on the CPU.
pub const CANDLE: Crate = Crate { name: "Candle", timer };

/// The workload in Candle, after its results have been compared with those of Gradus.
fn timer(kind: &Kind) -> Option<anyhow::Result<Timer<'static>>> {
    Given::of(kind).map(|given| {
        let mut run = make(kind, &given)?;
        let flat = |x: &Tensor| x.flatten_all()?.to_vec1::<f32>();
        let found = run()?.iter().map(flat).collect::<Result<Vec<_>>>()?;
        given.agree(CANDLE.name, &found)?;
        let timer = move |seconds| {
            let mut result = Ok(());
            let times = measure(seconds, 1, &mut || {
                if let Err(error) = run() {
                    result = Err(error);
                }
            });
            Ok(result.map(|()| times)?)
        };
        Ok(Box::new(timer) as Timer)
    })
}

fn make(kind: &Kind, given: &Given) -> Result<Run> {
    let leaves = given.operands.iter().map(leaf).collect::<Result<Vec<Var>>>()?;
    let x: Vec<Tensor> = leaves.iter().map(|leaf| leaf.as_tensor().clone()).collect();
    if let Kind::Gemm { layout, .. } = *kind {
        let [a, b] = [0, 1].map(|i| leaves[i].as_detached_tensor());
        let a = if layout == Layout::Tn { a.t()? } else { a };
        let b = if layout == Layout::Nt { b.t()? } else { b };
        return Ok(Box::new(move || Ok(vec![a.matmul(&b)?])));
    }
    if let Kind::Adamw { .. } = kind {
        let gradients = (&x[0] * leaves[1].as_detached_tensor())?.sum_all()?.backward()?;
        let weight = leaves[0].clone();
        let mut optimizer = AdamW::new(vec![weight.clone()], ParamsAdamW::default())?;
        return Ok(Box::new(move || {
            optimizer.step(&gradients)?;
            Ok(vec![weight.as_tensor().clone()])
        }));
    }
    let forward = forward(kind, x, given)?;
    let dy = given.dy.as_ref().map(leaf).transpose()?.expect("the others have a backward");
    let dy = dy.as_detached_tensor();
    Ok(Box::new(move || {
        let y = forward()?;
        let gradients = (&y * &dy)?.sum_all()?.backward()?;
        let of = |leaf: &Var| gradients.get(leaf.as_tensor()).cloned();
        Ok([y].into_iter().chain(leaves.iter().filter_map(of)).collect())
    }))
}

/// The operation on these operands, which are leaves of the graph.
fn forward(kind: &Kind, x: Vec<Tensor>, given: &Given) -> Result<Box<dyn Fn() -> Result<Tensor>>> {
    Ok(match *kind {
        Kind::Conv1d { c_out, .. } => {
            Box::new(move || x[0].conv1d(&x[1], 0, 1, 1, 1)?.broadcast_add(&x[2].reshape((1, c_out, 1))?))
        }
        Kind::Lstm { input, hidden, .. } => {
            let [there, back] = [&x[1..5], &x[5..9]].map(|weights| lstm(input, hidden, weights));
            let (there, back) = (there?, back?);
            Box::new(move || {
                let reversed = back.states_to_tensor(&back.seq(&x[0].flip(&[1])?)?)?.flip(&[1])?;
                Tensor::cat(&[there.states_to_tensor(&there.seq(&x[0])?)?, reversed], 2)
            })
        }
        Kind::Attention { dim, .. } => Box::new(move || {
            let scores = (x[0].matmul(&x[1].t()?)? / (dim as f64).sqrt())?;
            ops::softmax(&scores, 3)?.matmul(&x[2])
        }),
        Kind::Layernorm { .. } => Box::new(move || ops::layer_norm_slow(&x[0], &x[1], &x[2], 1e-5)),
        _ => {
            let classes = given.classes.as_ref().expect("a loss has classes").to_vec::<i64>();
            let classes = Tensor::from_vec(classes, given.operands[0].dim(0), &Device::Cpu)?;
            Box::new(move || loss::cross_entropy(&x[0], &classes))
        }
    })
}

fn lstm(input: usize, hidden: usize, weights: &[Tensor]) -> Result<LSTM> {
    let names = ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"].map(str::to_owned);
    let weights: HashMap<String, Tensor> = names.into_iter().zip(weights.iter().cloned()).collect();
    LSTM::new(
        input,
        hidden,
        LSTMConfig::default(),
        VarBuilder::from_tensors(weights, DType::F32, &Device::Cpu),
    )
}

fn leaf(x: &gradus_engine::Tensor) -> Result<Var> {
    Var::from_vec(x.to_vec::<f32>(), &x.shape()[..], &Device::Cpu)
}

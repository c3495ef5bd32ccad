use crate::case::{Case, Example};
use gradus_engine::{DType, Tensor};

/// A row for a comparison of two tensors.
macro_rules! compare {
    ($name:literal, $call:ident) => {
        Case::new($name, "row", |d| {
            let (m, n) = (d.size(), d.size());
            Example::one(vec![d.normal([m, n]), d.normal([n])], |x| x[0].$call(&x[1]).to_dtype(x[0].dtype()))
        })
    };
}

/// A row for a function of one matrix.
macro_rules! unary {
    ($name:literal, $call:expr) => {
        Case::new($name, "matrix", |d| {
            let (m, n) = (1 + d.size(), 1 + d.size());
            Example::one(vec![d.normal([m, n])], |x| {
                let call: fn(&Tensor) -> Tensor = $call;
                call(&x[0])
            })
        })
    };
}

/// Rows for functions that are not a node of a graph: those without a gradient, and some that are composed of operations.
pub const OTHERS: &[Case] = &[
    compare!("eq", eq),
    compare!("ne", ne),
    compare!("lt", lt),
    compare!("le", le),
    compare!("gt", gt),
    compare!("ge", ge),
    unary!("sign", |x| x.sign()),
    unary!("step", |x| x.step()),
    unary!("arg_max", |x| x.arg_max(0).to_dtype(x.dtype())),
    unary!("mean", |x| x.mean(&[1])).roundings(256.0),
    unary!("log_sum_exp", |x| x.log_sum_exp(-1)).roundings(64.0),
    Case::new("crf_viterbi", "score", |d| {
        let (t, k) = (d.up_to(4), d.up_to(4));
        let inputs = vec![d.normal([2, t, k]), d.normal([k, k]), d.normal([k]), d.normal([k])];
        Example::one(inputs, move |x| {
            let scores = gradus_engine::ops::CrfScores {
                transitions: x[1].clone(),
                start: x[2].clone(),
                end: x[3].clone(),
            };
            let lengths = Tensor::full([2], t as f64, x[0].kind().of(DType::I64));
            x[0].crf_viterbi(&scores, &lengths).1
        })
    })
    .roundings(256.0),
];

//! Views, copies and matmuls.

use crate::case::{Case, Example};
use gradus_engine::{DType, Tensor, checkpoint};

/// The rows.
pub const CASES: &[Case] = &[
    Case::new("reshape", "of a transposed view", |d| {
        let (m, n) = (d.size(), d.size());
        Example::one(vec![d.normal([m, n, 2])], move |x| x[0].transpose(0, 1).reshape([n * m, 2]).square())
    }),
    Case::new("permute", "three axes", |d| {
        let (l, m, n) = (d.size(), d.size(), d.up_to(4));
        Example::one(vec![d.normal([l, m, n])], |x| x[0].permute(&[2, 0, 1]))
    }),
    Case::new("contiguous", "of a transposed view", |d| {
        let (m, n) = (2 + d.size(), 2 + d.size());
        Example::one(vec![d.normal([m, n])], |x| x[0].t().contiguous())
    }),
    Case::new("broadcast_to", "new and old axes", |d| {
        let (l, m, n) = (2 + d.size(), d.size(), d.size());
        Example::one(vec![d.normal([m, 1])], move |x| x[0].broadcast_to([l, m, n]))
    }),
    Case::new("narrow", "inside", |d| {
        let (m, n) = (d.size(), d.size());
        Example::one(vec![d.normal([m, n + 3])], move |x| x[0].narrow(1, 2, n))
    }),
    Case::new("widen", "inside", |d| {
        let (m, n) = (d.size(), d.size());
        Example::one(vec![d.normal([m, n])], move |x| x[0].widen(0, 1, m + 3))
    }),
    Case::new("concat", "three parts", |d| {
        let (m, n, k) = (d.size(), d.size(), d.size());
        let inputs = vec![d.normal([m, n]), d.normal([m, 1]), d.normal([m, k])];
        Example::one(inputs, |x| Tensor::concat(&[&x[0], &x[1], &x[2]], 1))
    })
    .slots(&[0, 1, 2]),
    Case::new("matmul", "plain", |d| {
        let (m, k, n) = (d.size(), d.size(), d.size());
        Example::one(vec![d.normal([m, k]), d.normal([k, n])], |x| x[0].matmul(&x[1]))
    })
    .slots(&[0, 1])
    .roundings(256.0),
    Case::new("matmul", "both transposed", |d| {
        let (m, k, n) = (d.size(), d.size(), d.size());
        Example::one(vec![d.normal([k, m]), d.normal([n, k])], |x| x[0].t().matmul(&x[1].t()))
    })
    .slots(&[0, 1])
    .roundings(256.0),
    Case::new("matmul", "one weight for all", |d| {
        let (b, m, k, n) = (d.up_to(4), d.size(), d.size(), d.size());
        Example::one(vec![d.normal([b, m, k]), d.normal([k, n])], |x| x[0].matmul(&x[1]))
    })
    .slots(&[0, 1])
    .roundings(512.0),
    Case::new("matmul", "leading axes broadcast", |d| {
        let (b, h, m, k, n) = (d.up_to(3), d.up_to(3), d.size(), d.size(), d.size());
        Example::one(vec![d.normal([b, 1, m, k]), d.normal([h, k, n])], |x| x[0].matmul(&x[1]))
    })
    .slots(&[0, 1])
    .roundings(512.0),
    Case::new("linear", "with bias", |d| {
        let (b, t, i, o) = (d.up_to(3), d.size(), d.size(), d.size());
        let inputs = vec![d.normal([b, t, i]), d.normal([o, i]), d.normal([o])];
        Example::one(inputs, |x| x[0].linear(&x[1], Some(&x[2])))
    })
    .slots(&[0, 1, 2])
    .roundings(512.0),
    Case::new("linear", "without bias", |d| {
        let (b, i, o) = (d.size(), d.size(), d.size());
        Example::one(vec![d.normal([b, i]), d.normal([o, i])], |x| x[0].linear(&x[1], None))
    })
    .slots(&[0, 1])
    .roundings(512.0),
    Case::new("to_dtype", "to another float and back", |d| {
        let shape = d.shape();
        Example::one(vec![d.normal(shape)], |x| {
            let from = x[0].dtype();
            let other = if from == DType::F64 { DType::F32 } else { DType::F64 };
            let there_and_back = x[0].to_dtype(other).to_dtype(from);
            // The rounding error is added again as a constant, so that differences are exact.
            let rest = x[0].detach() - there_and_back.detach();
            there_and_back + rest
        })
    })
    .coarse(),
    Case::new("identity", "identity", |d| {
        let shape = d.shape();
        Example::one(vec![d.normal(shape)], |x| x[0].identity())
    }),
    Case::new("checkpoint", "two steps", |d| {
        let (m, n) = (d.size(), d.size());
        Example::one(vec![d.normal([m, n]), d.normal([n])], |x| {
            checkpoint(&[&x[0], &x[1]], |x| vec![(x[0].tanh() * &x[1]).exp()]).swap_remove(0)
        })
    })
    .slots(&[0, 1])
    .roundings(256.0),
];

//! One tensor as two inputs of an operation: twice directly, and once directly and once through another function.
//!
//! Fused and checkpointed operations must give a *partial* derivative for each input. `engine/src/graph/partials.rs` explains
//! what otherwise goes wrong with op(x, x), with op(x, f(x)) and in the second order.

use crate::case::{Case, Example};
use gradus_engine::checkpoint;
use gradus_engine::ops::CrossEntropy;

/// The rows.
pub const CASES: &[Case] = &[
    Case::new("mul", "x · x", |d| {
        let shape = d.shape();
        Example::one(vec![d.normal(shape)], |x| &x[0] * &x[0])
    }),
    Case::new("matmul", "x · f(x)", |d| {
        let n = d.size();
        Example::one(vec![d.normal([n, n])], |x| x[0].matmul(&x[0].tanh()))
    })
    .roundings(256.0),
    Case::new("linear_cross_entropy", "x as its own weight", |d| {
        let (n, width) = (1 + d.size().min(6), d.size().min(6));
        Example::one(vec![d.normal([n, width]), d.ids([n], n)], |x| {
            x[0].linear_cross_entropy(&x[0], None, &x[1], &CrossEntropy::default())
        })
    })
    .slots(&[0, 1])
    .roundings(512.0)
    .never_empty(),
    Case::new("checkpoint", "x twice", |d| {
        let shape = d.shape();
        Example::one(vec![d.normal(shape)], |x| {
            checkpoint(&[&x[0], &x[0]], |x| vec![&x[0] * &x[1].tanh()]).swap_remove(0)
        })
    })
    .slots(&[0, 1]),
    Case::new("checkpoint", "x and f(x)", |d| {
        let shape = d.shape();
        Example::one(vec![d.normal(shape)], |x| {
            checkpoint(&[&x[0], &x[0].tanh()], |x| vec![&x[0] * &x[1]]).swap_remove(0)
        })
    })
    .slots(&[0, 1]),
];

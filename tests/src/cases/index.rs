//! Reading and writing by index.

use crate::case::{Case, Example};
use gradus_engine::Tensor;

/// The rows.
pub const CASES: &[Case] = &[
    Case::new("embedding", "repeated words", |d| {
        let (v, width, b, t) = (2 + d.size(), d.size(), d.size(), d.up_to(3));
        Example::one(vec![d.normal([v, width]), d.ids([b, t], v)], |x| x[0].embedding(&x[1]))
    })
    .roundings(64.0),
    Case::new("scatter_rows", "repeated rows", |d| {
        let (v, width, n) = (2 + d.size(), d.size(), d.size());
        Example::one(vec![d.normal([n, width]), d.ids([n], v)], move |x| {
            Tensor::scatter_rows(&x[0], &x[1], v)
        })
    })
    .roundings(64.0),
    Case::new("take_along", "repeated places", |d| {
        let (r, k, m) = (d.size(), 1 + d.size(), d.size());
        Example::one(vec![d.normal([r, k]), d.ids([r, m], k)], |x| x[0].take_along(&x[1]))
    })
    .roundings(64.0),
    Case::new("put_along", "repeated places", |d| {
        let (r, k, m) = (d.size(), 1 + d.size(), d.size());
        Example::one(vec![d.normal([r, m]), d.ids([r, m], k)], move |x| x[0].put_along(&x[1], k))
    })
    .roundings(64.0),
    Case::new("top_k", "rows", |d| {
        let (r, n) = (d.size(), d.size());
        let k = d.below(n + 1);
        Example::one(vec![d.normal([r, n])], move |x| x[0].top_k(k).0)
    }),
    Case::new("top_k", "rows longer than vectors", |d| {
        let k = d.up_to(5);
        Example::one(vec![d.normal([2, 70])], move |x| x[0].top_k(k).0)
    }),
];

//! Elementwise functions of one or two tensors, and reductions.

use crate::case::{Case, Example};
use crate::draw::Draw;
use gradus_engine::Tensor;

/// A row for a function of one tensor whose inputs are drawn by `input`.
macro_rules! unary {
    ($op:literal, $input:ident, $call:expr) => {
        Case::new($op, $op, |d| {
            let shape = d.shape();
            Example::one(vec![d.$input(shape)], |x| {
                let call: fn(&Tensor) -> Tensor = $call;
                call(&x[0])
            })
        })
    };
}

/// A row for a function of two tensors, of which one may broadcast.
macro_rules! binary {
    ($op:literal, $name:literal, $shapes:ident, $call:expr) => {
        Case::new($op, $name, |d| {
            let (a, b) = $shapes(d);
            Example::one(vec![d.off_zero(a), d.off_zero(b)], |x| {
                let call: fn(&Tensor, &Tensor) -> Tensor = $call;
                call(&x[0], &x[1])
            })
        })
        .slots(&[0, 1])
        .roundings(32.0)
    };
}

type Dims = Vec<usize>;

fn equal(d: &mut Draw) -> (Dims, Dims) {
    let s = d.shape().to_vec();
    (s.clone(), s)
}

fn row(d: &mut Draw) -> (Dims, Dims) {
    let (m, n) = (d.size(), d.size());
    (vec![m, n], vec![n])
}

fn column(d: &mut Draw) -> (Dims, Dims) {
    let (m, n) = (d.size(), d.size());
    (vec![m, 1], vec![m, n])
}

fn outer(d: &mut Draw) -> (Dims, Dims) {
    let (l, m, n) = (d.up_to(3), d.size(), d.size());
    (vec![l, 1, n], vec![m, 1])
}

/// One value in [0.5, 2] for functions of positive numbers.
fn positive(d: &mut Draw) -> Tensor {
    let shape = d.shape();
    d.uniform(shape, 0.5, 2.0)
}

/// Rows in which every value occurs twice.
fn twice(d: &mut Draw) -> Tensor {
    let (m, n) = (d.size(), d.up_to(9));
    let x = d.distinct([m, n]);
    Tensor::concat(&[&x, &x], 1)
}

/// The rows.
pub const CASES: &[Case] = &[
    unary!("neg", normal, |x| x.neg()),
    unary!("abs", off_zero, |x| x.abs()),
    unary!("square", normal, |x| x.square()),
    Case::new("sqrt", "sqrt", |d| Example::one(vec![positive(d)], |x| x[0].sqrt())),
    unary!("recip", off_zero, |x| x.recip()).roundings(64.0),
    unary!("exp", normal, |x| x.exp()),
    unary!("exp_m1", normal, |x| x.exp_m1()),
    Case::new("ln", "ln", |d| Example::one(vec![positive(d)], |x| x[0].ln())),
    Case::new("ln_1p", "ln_1p", |d| Example::one(vec![positive(d)], |x| x[0].ln_1p())),
    unary!("tanh", normal, |x| x.tanh()),
    unary!("sigmoid", normal, |x| x.sigmoid()),
    unary!("relu", off_zero, |x| x.relu()),
    unary!("gelu", normal, |x| x.gelu()),
    unary!("erf", normal, |x| x.erf()),
    unary!("softplus", normal, |x| x.softplus()),
    unary!("log_sigmoid", normal, |x| x.log_sigmoid()),
    unary!("affine", normal, |x| x.affine(-1.5, 0.25)),
    Case::new("powf", "2.5", |d| Example::one(vec![positive(d)], |x| x[0].powf(2.5))).roundings(64.0),
    unary!("powf", normal, |x| x.powf(3.0)).roundings(64.0),
    // The gradient is 0, so a wrong sign cannot be detected.
    unary!("powf", normal, |x| x.powf(0.0)).slots(&[]),
    // Clamped at ±0.05, where off_zero has no values: no element is at a kink.
    unary!("clamp", off_zero, |x| (x * 2.0).clamp(-0.05, 1e3)),
    unary!("clamp", off_zero, |x| (x * 2.0).clamp(-1e3, 0.05)),
    binary!("add", "equal", equal, |a, b| a + b),
    binary!("add", "row", row, |a, b| a + b),
    binary!("add", "outer", outer, |a, b| a + b),
    binary!("sub", "column", column, |a, b| a - b),
    binary!("sub", "outer", outer, |a, b| a - b),
    binary!("mul", "equal", equal, |a, b| a * b),
    binary!("mul", "row", row, |a, b| a * b),
    binary!("mul", "column", column, |a, b| a * b),
    binary!("mul", "outer", outer, |a, b| a * b),
    binary!("div", "row", row, |a, b| a / b).roundings(256.0),
    binary!("div", "outer", outer, |a, b| a / b).roundings(256.0),
    binary!("maximum", "outer", outer, Tensor::maximum),
    binary!("minimum", "outer", outer, Tensor::minimum),
    // Each of two equal inputs gets half of the gradient, which is also the central difference.
    Case::new("maximum", "equals", |d| {
        let shape = d.shape();
        let a = d.normal(shape);
        Example::one(vec![a.clone(), a], |x| x[0].maximum(&x[1]))
    })
    .slots(&[0, 1])
    .at_kinks(),
    Case::new("minimum", "equals", |d| {
        let shape = d.shape();
        let a = d.normal(shape);
        Example::one(vec![a.clone(), a], |x| x[0].minimum(&x[1]))
    })
    .slots(&[0, 1])
    .at_kinks(),
    Case::new("maximum", "distinct", |d| {
        let shape = d.shape();
        let a = d.distinct(shape);
        let b = d.off_zero(shape);
        let b = &a + b;
        Example::one(vec![a, b], |x| x[0].maximum(&x[1]))
    })
    .slots(&[0, 1]),
    Case::new("minimum", "distinct", |d| {
        let shape = d.shape();
        let a = d.distinct(shape);
        let b = d.off_zero(shape);
        let b = &a + b;
        Example::one(vec![a, b], |x| x[0].minimum(&x[1]))
    })
    .slots(&[0, 1]),
    Case::new("select", "broadcast", |d| {
        let (m, n) = (d.size(), d.size());
        let inputs = vec![d.truths([m, n]), d.normal([m, n]), d.normal([n])];
        Example::one(inputs, |x| x[0].select(&x[1], &x[2]))
    })
    .slots(&[1, 2]),
    Case::new("select", "both broadcast", |d| {
        let (m, n) = (d.size(), d.size());
        let inputs = vec![d.truths([m, n]), d.normal([m, 1]), d.normal([n])];
        Example::one(inputs, |x| x[0].select(&x[1], &x[2]))
    })
    .slots(&[1, 2]),
    Case::new("sum", "one axis", |d| {
        let shape = d.shape();
        let axis = d.below(shape.rank()) as isize;
        Example::one(vec![d.normal(shape)], move |x| x[0].sum(&[axis]))
    }),
    Case::new("sum", "all", |d| {
        let shape = d.shape();
        Example::one(vec![d.normal(shape)], |x| x[0].sum_all())
    }),
    Case::new("max", "one axis", |d| {
        let shape = d.shape();
        let axis = d.below(shape.rank()) as isize;
        Example::one(vec![d.distinct(shape)], move |x| x[0].max(axis))
    })
    .never_empty(),
    Case::new("min", "one axis", |d| {
        let shape = d.shape();
        let axis = d.below(shape.rank()) as isize;
        Example::one(vec![d.distinct(shape)], move |x| x[0].min(axis))
    })
    .never_empty(),
    Case::new("max", "two share it", |d| {
        let x = twice(d);
        Example::one(vec![x], |x| x[0].max(1))
    })
    .at_kinks(),
    Case::new("min", "two share it", |d| {
        let x = twice(d);
        Example::one(vec![x], |x| x[0].min(1))
    })
    .at_kinks(),
    Case::new("sum", "log_sum_exp", |d| {
        let shape = d.shape();
        let axis = d.below(shape.rank()) as isize;
        Example::one(vec![d.normal(shape)], move |x| x[0].log_sum_exp(axis))
    })
    .never_empty(),
    Case::new("softmax", "rows", |d| {
        let (m, n) = (d.size(), d.size());
        Example::one(vec![d.normal([m, n])], |x| x[0].softmax())
    })
    .roundings(64.0)
    .never_empty(),
    Case::new("log_softmax", "rows", |d| {
        let (m, n) = (d.size(), d.size());
        Example::one(vec![d.normal([m, n])], |x| x[0].log_softmax())
    })
    .roundings(64.0)
    .never_empty(),
    Case::new("dropout", "p = 0.4", |d| {
        let (shape, stream) = (d.shape(), d.stream());
        Example::one(vec![d.normal(shape)], move |x| x[0].dropout(0.4, stream))
    }),
];

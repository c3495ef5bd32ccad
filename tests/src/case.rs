//! A row of the table.

use crate::draw::Draw;
use gradus_engine::{DType, Tensor};

/// The call of an operation on drawn inputs: float inputs are `f64`, the checks convert them.
pub type Call = Box<dyn Fn(&[Tensor]) -> Vec<Tensor>>;

/// One drawn example: inputs and the call on them, with the attributes that were drawn.
pub struct Example {
    /// The inputs; those of a float type get gradients.
    pub inputs: Vec<Tensor>,
    /// The operation.
    pub call: Call,
}

impl Example {
    /// An example.
    pub fn new(inputs: Vec<Tensor>, call: impl Fn(&[Tensor]) -> Vec<Tensor> + 'static) -> Self {
        Example { inputs, call: Box::new(call) }
    }

    /// An example of an operation with one result.
    pub fn one(inputs: Vec<Tensor>, call: impl Fn(&[Tensor]) -> Tensor + 'static) -> Self {
        Example::new(inputs, move |x| vec![call(x)])
    }

    /// The places of the inputs that get gradients.
    pub fn differentiable(&self) -> Vec<usize> {
        (0..self.inputs.len()).filter(|&i| self.inputs[i].dtype().is_float()).collect()
    }

    /// The same with float inputs rounded to `f32` and kept in `dtype`.
    pub fn rounded(&self, dtype: DType) -> Vec<Tensor> {
        let round = |t: &Tensor| match t.dtype().is_float() {
            true => t.to_dtype(DType::F32).to_dtype(dtype),
            false => t.clone(),
        };
        self.inputs.iter().map(round).collect()
    }
}

/// A row: an operation, and how to draw examples of it.
#[derive(Clone, Copy)]
pub struct Case {
    /// The operation's name in the registry.
    pub op: &'static str,
    /// What is particular in this row.
    pub name: &'static str,
    /// Draws an example.
    pub draw: fn(&mut Draw) -> Example,
    /// How many rounding errors of its largest term an `f32` result may have: the length of its sums.
    pub roundings: f64,
    /// Which inputs of the *operation* get gradients, as the places in its node, for planted errors.
    pub slots: &'static [usize],
    /// Whether the operation allows empty axes.
    pub empty: bool,
    /// Whether its gradient in `f64` is rounded to `f32` on the way, which differences of gradients show.
    pub coarse: bool,
    /// How many orders are compared with differences.
    pub orders: usize,
}

impl Case {
    /// A row for an operation of one differentiable input and few roundings.
    pub const fn new(op: &'static str, name: &'static str, draw: fn(&mut Draw) -> Example) -> Self {
        Case { op, name, draw, roundings: 16.0, slots: &[0], empty: true, coarse: false, orders: 2 }
    }
    /// The same with other slots.
    pub const fn slots(self, slots: &'static [usize]) -> Self {
        Case { slots, ..self }
    }
    /// The same with longer sums.
    pub const fn roundings(self, roundings: f64) -> Self {
        Case { roundings, ..self }
    }
    /// The same for an operation that needs at least one element on each axis.
    pub const fn never_empty(self) -> Self {
        Case { empty: false, ..self }
    }
    /// The same for an operation whose gradient is rounded to `f32`.
    pub const fn coarse(self) -> Self {
        Case { coarse: true, ..self }
    }
    /// The same for points where the gradient jumps, being the mean of both sides, and has no derivative.
    pub const fn at_kinks(self) -> Self {
        Case { orders: 1, ..self }
    }
    /// The same for inputs too large to be moved one element after the other: the fast kernels alone are checked.
    pub const fn large(self) -> Self {
        Case { orders: 0, slots: &[], ..self }
    }

    /// The example with this seed; every fourth seed draws empty axes where they are allowed.
    pub fn example(&self, seed: u64) -> Example {
        let mut draw = Draw::new(seed);
        draw.empty = self.empty && seed % 4 == 3;
        (self.draw)(&mut draw)
    }
}

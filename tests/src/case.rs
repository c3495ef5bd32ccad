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

    /// The indices of the inputs that get gradients.
    pub fn differentiable(&self) -> Vec<usize> {
        (0..self.inputs.len()).filter(|&i| self.inputs[i].dtype().is_float()).collect()
    }

    /// The inputs with floats rounded to `f32` and stored in `dtype`.
    pub fn rounded(&self, dtype: DType) -> Vec<Tensor> {
        let round = |t: &Tensor| match t.dtype().is_float() {
            true => t.to_dtype(DType::F32).to_dtype(dtype),
            false => t.clone(),
        };
        self.inputs.iter().map(round).collect()
    }
}

/// A row: an operation and a function that draws examples of it.
#[derive(Clone, Copy)]
pub struct Case {
    /// The operation's name in the registry.
    pub op: &'static str,
    /// What is special about this row.
    pub name: &'static str,
    /// Draws an example.
    pub draw: fn(&mut Draw) -> Example,
    /// How many rounding errors of its largest term an `f32` result may have: the length of its sums.
    pub roundings: f64,
    /// The inputs of the *operation* that get gradients, as indices in its node, for planted errors.
    pub slots: &'static [usize],
    /// Whether the operation allows empty axes.
    pub empty: bool,
    /// Whether its gradient in `f64` is rounded to `f32` on the way, so that differences of gradients are less exact.
    pub coarse: bool,
    /// The number of orders that are compared with differences.
    pub orders: usize,
}

impl Case {
    /// A row for an operation with one differentiable input and few roundings.
    pub const fn new(op: &'static str, name: &'static str, draw: fn(&mut Draw) -> Example) -> Self {
        Case { op, name, draw, roundings: 16.0, slots: &[0], empty: true, coarse: false, orders: 2 }
    }
    /// This row with other slots.
    pub const fn slots(self, slots: &'static [usize]) -> Self {
        Case { slots, ..self }
    }
    /// This row with longer sums.
    pub const fn roundings(self, roundings: f64) -> Self {
        Case { roundings, ..self }
    }
    /// This row for an operation that needs at least one element on each axis.
    pub const fn never_empty(self) -> Self {
        Case { empty: false, ..self }
    }
    /// This row for an operation whose gradient is rounded to `f32`.
    pub const fn coarse(self) -> Self {
        Case { coarse: true, ..self }
    }
    /// This row for points where the gradient jumps: it is the mean of both sides and has no derivative.
    pub const fn at_kinks(self) -> Self {
        Case { orders: 1, ..self }
    }
    /// This row for inputs that are too large to move each element: only the fast kernels are checked.
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

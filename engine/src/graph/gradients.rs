use super::Edge;
use crate::{CreateGraph, Param, ParamId, Tensor};
use gradus_kernels::{elementwise, embedding};
use std::collections::HashMap;
use std::sync::Arc;

/// The gradient of a table if few of its rows were read: those rows, sorted and distinct; all others are 0.
#[derive(Clone, Debug)]
pub struct RowGrad {
    /// Row numbers, ascending and distinct, `i64` [U].
    pub ids: Tensor,
    /// The gradients of these rows [U, D].
    pub values: Tensor,
    /// The number of rows of the whole table.
    pub rows: usize,
}

impl RowGrad {
    /// The same gradient as a whole table [rows, D].
    pub fn to_dense(&self) -> Tensor {
        Tensor::scatter_rows(&self.values, &self.ids, self.rows)
    }
}

/// A gradient: a tensor of its parameter's shape, or rows of it.
#[derive(Clone, Debug)]
pub enum Grad {
    /// Every element.
    Dense(Tensor),
    /// Some rows; the others are 0.
    Rows(RowGrad),
}

impl From<Tensor> for Grad {
    fn from(t: Tensor) -> Self {
        Grad::Dense(t)
    }
}

impl Grad {
    /// The gradient as a whole tensor.
    pub fn to_dense(&self) -> Tensor {
        match self {
            Grad::Dense(t) => t.clone(),
            Grad::Rows(r) => r.to_dense(),
        }
    }

    /// Σ g² over all elements, in a fixed order.
    pub fn sum_of_squares(&self) -> f64 {
        sum_of_squares([self])
    }

    /// c · g.
    pub fn scaled(self, c: f64) -> Grad {
        match self {
            Grad::Dense(t) => Grad::Dense(t.affine(c, 0.0)),
            Grad::Rows(r) => Grad::Rows(RowGrad { values: r.values.affine(c, 0.0), ..r }),
        }
    }

    /// g with every element clamped to ±limit.
    pub fn clamped(self, limit: f64) -> Grad {
        match self {
            Grad::Dense(t) => Grad::Dense(t.clamp(-limit, limit)),
            Grad::Rows(r) => Grad::Rows(RowGrad { values: r.values.clamp(-limit, limit), ..r }),
        }
    }

    /// a + b; in place if nothing else holds a.
    pub(super) fn add(self, other: Grad, create_graph: CreateGraph) -> Grad {
        match (self, other) {
            (Grad::Dense(a), Grad::Dense(b)) if create_graph == CreateGraph::Yes => Grad::Dense(a + b),
            (Grad::Dense(a), Grad::Dense(b)) => Grad::Dense(accumulate(a, &b)),
            (Grad::Rows(a), Grad::Rows(b)) => {
                let ids = Tensor::concat(&[&a.ids, &b.ids], 0);
                let values = Tensor::concat(&[&a.values, &b.values], 0);
                Grad::Rows(rows_of(&ids, &values, a.rows))
            }
            (a, b) => Grad::Dense(a.to_dense()).add(Grad::Dense(b.to_dense()), create_graph),
        }
    }
}

/// Σ g² over all elements of some gradients, in their order. Waits once for consecutive gradients on one CUDA device.
fn sum_of_squares<'a>(gradients: impl IntoIterator<Item = &'a Grad>) -> f64 {
    let values = gradients.into_iter().map(|gradient| match gradient {
        Grad::Dense(t) => t.contiguous(),
        Grad::Rows(r) => r.values.contiguous(),
    });
    let values: Vec<Tensor> = values.collect();
    let alike = values.chunk_by(|a, b| a.kind() == b.kind()).map(|alike| {
        let (sources, mut sum) = (alike.iter().map(Tensor::src).collect::<Vec<_>>(), 0.0);
        let outcome = gradus_kernels::optimizer::sum_of_squares(&sources, &mut sum);
        crate::ops::ran("sum_of_squares", alike[0].kind(), outcome);
        sum
    });
    alike.sum()
}

/// Sums the rows of `values` [N, D] that have the same id.
pub(crate) fn rows_of(ids: &Tensor, values: &Tensor, rows: usize) -> RowGrad {
    let values = values.contiguous();
    let width = values.dim(-1);
    let summed = embedding::rows_gradient(ids.contiguous().src(), values.src());
    let (unique, summed) =
        summed.unwrap_or_else(|| panic!("embedding: no gradient is implemented for {}", values.dtype()));
    let ids = Tensor::from_slice(&unique, [unique.len()]);
    RowGrad { values: Tensor::from_buffer(summed, [unique.len(), width].into()), ids, rows }
}

fn accumulate(mut a: Tensor, b: &Tensor) -> Tensor {
    let reusable = a.edge.is_none() && a.layout.is_contiguous() && a.layout.offset() == 0;
    if reusable
        && let Some(buffer) = Arc::get_mut(&mut a.storage)
        && buffer.len() == b.count()
    {
        crate::ops::ran("add", b.kind(), elementwise::add_assign(buffer.dst(), b.contiguous().src()));
        return a;
    }
    a + b
}

/// The gradients of a loss, by parameter.
///
/// A separate value: parameters and model do not change until an optimizer takes a step with it.
#[derive(Default)]
pub struct Gradients {
    pub(crate) by_leaf: HashMap<u64, Grad>,
}

impl Gradients {
    /// The gradient of a [`variable`](Tensor::variable), or of the tensor of a parameter.
    pub fn get(&self, leaf: &Tensor) -> Option<Tensor> {
        let Edge { node, .. } = leaf.edge.as_ref()?;
        self.by_leaf.get(&node.id).map(Grad::to_dense)
    }

    /// The gradient of a parameter.
    pub fn of(&self, param: &Param) -> Option<&Grad> {
        self.by_leaf.get(&param.id().0)
    }

    /// The gradient of the parameter with this identity.
    pub fn by_id(&self, id: ParamId) -> Option<&Grad> {
        self.by_leaf.get(&id.0)
    }

    /// Replaces the gradient of a parameter.
    pub fn set(&mut self, param: &Param, gradient: impl Into<Grad>) {
        self.by_leaf.insert(param.id().0, gradient.into());
    }

    /// Adds the gradients of another loss: those of a batch that is computed in parts.
    pub fn add(&mut self, other: Gradients) {
        for (id, gradient) in other.by_leaf {
            let sum = match self.by_leaf.remove(&id) {
                Some(before) => before.add(gradient, CreateGraph::No),
                None => gradient,
            };
            self.by_leaf.insert(id, sum);
        }
    }

    /// The number of leaves that have a gradient.
    pub fn len(&self) -> usize {
        self.by_leaf.len()
    }

    /// Whether no leaf has a gradient.
    pub fn is_empty(&self) -> bool {
        self.by_leaf.is_empty()
    }

    /// √Σ g² over all gradients, summed in the order of the parameters' identities.
    pub fn norm(&self) -> f64 {
        let mut leaves: Vec<_> = self.by_leaf.iter().collect();
        leaves.sort_by_key(|(id, _)| **id);
        sum_of_squares(leaves.into_iter().map(|(_, g)| g)).sqrt()
    }

    /// Scales all gradients so that their norm is at most `max`; returns the norm before scaling.
    ///
    /// g ← g · min(1, max / (‖g‖ + 10⁻⁶)). Source: Pascanu, Mikolov, Bengio, ICML 2013, algorithm 1; the
    /// 10⁻⁶ as in PyTorch.
    #[track_caller]
    pub fn clip_norm(&mut self, max: f64) -> f64 {
        assert!(!max.is_nan(), "clip_norm: the largest norm must not be NaN");
        let norm = self.norm();
        let scale = max / (norm + 1e-6);
        // NaN spreads to all of them.
        if scale < 1.0 || scale.is_nan() {
            self.scale(scale);
        }
        norm
    }

    /// Clamps every element of every gradient to ±limit.
    #[track_caller]
    pub fn clip_value(&mut self, limit: f64) {
        assert!(limit >= 0.0, "clip_value: the limit {limit} must be at least 0");
        self.change(|g| g.clamped(limit));
    }

    /// g ← c · g for every gradient.
    pub fn scale(&mut self, c: f64) {
        self.change(|g| g.scaled(c));
    }

    fn change(&mut self, f: impl Fn(Grad) -> Grad) {
        self.by_leaf = std::mem::take(&mut self.by_leaf).into_iter().map(|(id, g)| (id, f(g))).collect();
    }

    /// Whether no gradient holds a NaN or an infinity.
    pub fn all_finite(&self) -> bool {
        self.by_leaf.values().all(|g| match g {
            Grad::Dense(t) => t.all_finite(),
            Grad::Rows(r) => r.values.all_finite(),
        })
    }
}

impl std::fmt::Debug for Gradients {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Gradients of {} leaves", self.len())
    }
}

use super::{Gradients, Sweep};
use crate::Tensor;

/// Whether the computation of gradients is recorded too, so that they can be differentiated again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreateGraph {
    /// They are part of the graph.
    ///
    /// This costs time and memory, already for the first gradient. The results of backward kernels cannot be differentiated,
    /// so each fused operation runs its reference in tensor operations instead: an LSTM and a CRF loop over their steps,
    /// attention stores all of its weights. In addition every intermediate result of the backward pass is kept. Use it only
    /// if you need a second derivative.
    Yes,
    /// They are constants, computed by the backward kernels.
    No,
}

impl Tensor {
    /// The gradients of this loss with respect to every leaf.
    ///
    /// Consumes the graph and frees saved data on the way. A second pass over any part of it panics and names the operation;
    /// [`grad`] keeps the graph. Panics if the loss does not have exactly one element.
    #[track_caller]
    pub fn backward(self) -> Gradients {
        let shape = self.shape();
        assert_eq!(
            self.count(),
            1,
            "backward: the loss has shape {shape:?}, it must have exactly one element"
        );
        let one = self.ones_like();
        self.backward_from(one)
    }

    /// [`backward`](Tensor::backward) from any result with its gradient `dy`.
    #[track_caller]
    pub fn backward_from(self, dy: Tensor) -> Gradients {
        assert_eq!(self.shape(), dy.shape(), "backward: the gradient and the result differ in shape");
        assert!(self.is_tracked(), "backward: the result depends on no parameter or variable");
        let sweep = Sweep {
            create_graph: CreateGraph::No,
            consume: true,
            targets: &[],
            stop_at_targets: false,
            leaves: true,
        };
        let found = sweep.run(vec![(self, dy)]);
        Gradients { by_leaf: found.leaves.into_iter().map(|(id, (_, g))| (id, g)).collect() }
    }
}

/// ∂y/∂x for each x of `wrt`, any tensors of y's graph; zeros where y does not depend on one.
///
/// If y has several elements, these are the gradients of Σ y. The graph is kept. With [`CreateGraph::Yes`] the gradients can
/// be differentiated again, which makes fused operations slower (see there).
///
/// ```
/// # use gradus_engine::{Tensor, grad, CreateGraph};
/// let x = Tensor::scalar(3.0f64).variable();
/// let y = &x * &x * &x;
/// let dy = grad(&y, &[&x], CreateGraph::Yes);
/// let ddy = grad(&dy[0], &[&x], CreateGraph::No);
/// assert_eq!((dy[0].item(), ddy[0].item()), (27.0, 18.0));
/// ```
#[track_caller]
pub fn grad(y: &Tensor, wrt: &[&Tensor], create_graph: CreateGraph) -> Vec<Tensor> {
    grad_from(&[(y, &y.ones_like())], wrt, create_graph)
}

/// [`grad`] of Σᵢ ⟨yᵢ, dyᵢ⟩ for several results with their upstream gradients.
#[track_caller]
pub fn grad_from(roots: &[(&Tensor, &Tensor)], wrt: &[&Tensor], create_graph: CreateGraph) -> Vec<Tensor> {
    for (y, dy) in roots {
        assert!(
            y.shape() == dy.shape() && y.kind() == dy.kind(),
            "grad: the upstream gradient is {:?} of {}, the result {:?} of {}",
            dy.shape(),
            dy.dtype(),
            y.shape(),
            y.dtype()
        );
    }
    assert!(
        wrt.iter().all(|t| t.is_tracked()),
        "grad: a tensor of wrt is untracked; make it a variable() first"
    );
    let targets: Vec<_> = wrt.iter().filter_map(|t| t.edge.clone()).collect();
    let sweep =
        Sweep { create_graph, consume: false, targets: &targets, stop_at_targets: false, leaves: false };
    let roots = roots.iter().map(|&(y, dy)| (y.clone(), dy.clone())).collect();
    let found = sweep.run(roots);
    found
        .targets
        .into_iter()
        .zip(wrt)
        .map(|(g, x)| g.map_or_else(|| x.zeros_like(), |g| g.to_dense()))
        .collect()
}

/// The Hessian-vector product H·v, where H = ∂²y/∂x² over all tensors of `wrt` together.
///
/// This is one backward pass through the graph of the gradient: ∂⟨∂y/∂x, v⟩/∂x. That graph is recorded with
/// [`CreateGraph::Yes`], from the references of fused operations instead of their kernels. For many vectors and one H,
/// call [`grad`] once and [`grad_from`] for each v. Source: Pearlmutter, "Fast exact multiplication by the Hessian", Neural
/// Computation 6(1), 1994.
///
/// ```
/// # use gradus_engine::{Tensor, hvp};
/// let x = Tensor::from_slice(&[1.0f64, 2.0], [2]).variable();
/// let y = (&x * &x * &x).sum_all(); // H = diag(6x)
/// let v = Tensor::from_slice(&[1.0f64, 10.0], [2]);
/// assert_eq!(hvp(&y, &[&x], &[&v])[0].to_vec::<f64>(), [6.0, 120.0]);
/// ```
#[track_caller]
pub fn hvp(y: &Tensor, wrt: &[&Tensor], v: &[&Tensor]) -> Vec<Tensor> {
    assert_eq!(wrt.len(), v.len(), "hvp: one vector for each tensor of wrt");
    for (x, v) in wrt.iter().zip(v) {
        assert_eq!(x.shape(), v.shape(), "hvp: a vector and its tensor differ in shape");
        crate::ops::same_dtype("hvp", x, v);
    }
    let gradients = grad(y, wrt, CreateGraph::Yes);
    let roots: Vec<_> = gradients.iter().zip(v.iter().copied()).collect();
    grad_from(&roots, wrt, CreateGraph::No)
}

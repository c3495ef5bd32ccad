//! Training steps that are recorded once and replayed.

use crate::graph::{Grad, Gradients};
use crate::{DType, Device, Mode, Module, Precision, Rng, Shape, Tensor, cuda, precision};
use gradus_kernels::convert;
use std::collections::HashMap;
use std::sync::Arc;

/// The function of a step: the loss of inputs.
type Step<'a> = Box<dyn Fn(&[Tensor], &mut Mode) -> Tensor + 'a>;

/// A loss and its gradients, for inputs of recurring shapes. On a CUDA device the forward and the backward pass are recorded
/// as a graph, and later steps are one call to the driver instead of hundreds.
///
/// The first step with given shapes runs as usual, so that kernels are loaded. The second one is recorded. It and all later
/// ones are replayed: inputs are copied to the buffers that the graph reads, and the loss and the gradients are copied from
/// those that it writes. The results have the same bits as those of a step without a graph. Dropout draws a new mask each time,
/// from the same streams as without a graph. A step with other shapes, or after a parameter has moved in memory, runs as usual;
/// the second such step in a row is recorded and replaces the graph. The CPU has no graphs, so every step runs as usual there.
///
/// A replay reads the inputs and the model's parameters again, and nothing else. Any other effect of the function happens
/// when it is recorded and not when it is replayed; other tensors keep the values that they had then. The optimizer and
/// clipping belong outside the function.
///
/// ```
/// use gradus_engine::optim::{Optimizer, OptimizerConfig, Rule};
/// use gradus_engine::{Recorded, Rng, Tensor, nn::Linear};
///
/// let model = Linear::new(3, 1, &mut Rng::new(1));
/// let mut optimizer = Optimizer::new(OptimizerConfig::new(Rule::adam(), 1e-2));
/// let mut step = Recorded::new(&model, |inputs, _| model.forward(&inputs[0]).square().mean_all());
/// let x = Tensor::normal([8, 3], 0.0, 1.0, &mut Rng::new(2));
/// let mut rng = Rng::new(3);
/// let (first, gradients) = step.run(&[&x], &mut rng);
/// optimizer.step(&model, &gradients);
/// assert!(step.run(&[&x], &mut rng).0.item() < first.item());
/// ```
pub struct Recorded<'a> {
    model: &'a dyn Module,
    step: Step<'a>,
    /// The circumstances of the last step, unless it was replayed.
    last: Option<Circumstances>,
    tape: Option<Tape>,
}

/// What must be unchanged for a recorded step to be replayed.
#[derive(PartialEq)]
struct Circumstances {
    inputs: Vec<(Shape, DType)>,
    precision: Precision,
    params: Vec<u64>,
}

/// A step that was recorded.
struct Tape {
    of: Circumstances,
    /// The generator before the step, and the number of streams that the step draws.
    rng: Rng,
    streams: u64,
    inputs: Vec<Tensor>,
    graph: cuda::Graph,
    loss: Tensor,
    gradients: Vec<(u64, Tensor)>,
}

impl<'a> Recorded<'a> {
    /// A step of a model; nothing is recorded yet. The function returns the loss, a scalar.
    pub fn new(model: &'a dyn Module, step: impl Fn(&[Tensor], &mut Mode) -> Tensor + 'a) -> Self {
        Recorded { model, step: Box::new(step), last: None, tape: None }
    }

    /// Whether there is a recorded step.
    pub fn is_recorded(&self) -> bool {
        self.tape.is_some()
    }

    /// The loss of these inputs, on whichever device they are, and its gradients.
    ///
    /// Panics if the function reads values into host memory while it is recorded.
    #[track_caller]
    pub fn run(&mut self, inputs: &[&Tensor], rng: &mut Rng) -> (Tensor, Gradients) {
        let device = self.model.device();
        let inputs: Vec<Tensor> = inputs.iter().map(|x| x.detach().to_device(device)).collect();
        if device == Device::Cpu {
            return self.run_once(&inputs, rng);
        }
        let now = Circumstances {
            inputs: inputs.iter().map(|x| (x.shape(), x.dtype())).collect(),
            precision: precision(),
            params: self.model.params().iter().map(|p| p.value().storage.address()).collect(),
        };
        let fits = |tape: &&mut Tape| tape.of == now && tape.rng.has_seed_of(rng);
        if let Some(tape) = self.tape.as_mut().filter(fits) {
            self.last = None;
            return tape.replay(&inputs, rng);
        }
        if self.last.as_ref() != Some(&now) {
            self.last = Some(now);
            return self.run_once(&inputs, rng);
        }
        // Frees the memory of the previous graph for this one.
        self.tape = None;
        let tape = self.record(now, &inputs, rng.clone(), device);
        self.tape.insert(tape).replay(&inputs, rng)
    }

    fn run_once(&self, inputs: &[Tensor], rng: &mut Rng) -> (Tensor, Gradients) {
        let loss = (self.step)(inputs, &mut Mode::Train(rng));
        (loss.detach(), loss.backward())
    }

    fn record(&self, of: Circumstances, inputs: &[Tensor], rng: Rng, device: Device) -> Tape {
        let inputs: Vec<Tensor> = inputs.iter().map(copy).collect();
        let mut draws = rng.clone();
        let (graph, (loss, gradients)) = cuda::Graph::record(device, || {
            let loss = (self.step)(&inputs, &mut Mode::Train(&mut draws));
            let value = copy(&loss);
            let gradients = loss.backward().by_leaf;
            // A gradient of rows needs their ids in host memory, which would have panicked.
            (value, gradients.into_iter().map(|(id, g)| (id, copy(&g.to_dense()))).collect())
        });
        let streams = draws.drawn() - rng.drawn();
        Tape { of, rng, streams, inputs, graph, loss, gradients }
    }
}

impl Tape {
    #[track_caller]
    fn replay(&mut self, inputs: &[Tensor], rng: &mut Rng) -> (Tensor, Gradients) {
        for (held, given) in self.inputs.iter_mut().zip(inputs) {
            let held = Arc::get_mut(&mut held.storage)
                .unwrap_or_else(|| panic!("recorded: the step kept one of its inputs"));
            let (shape, strides) = (given.shape(), given.layout().strides());
            let outcome = convert::copy_strided(&shape, given.src(), strides, held.dst());
            crate::ops::ran("contiguous", given.kind(), outcome);
        }
        self.graph.replay(rng.drawn().wrapping_sub(self.rng.drawn()));
        rng.skip(self.streams);
        let by_leaf: HashMap<u64, Grad> =
            self.gradients.iter().map(|(id, gradient)| (*id, copy(gradient).into())).collect();
        (copy(&self.loss), Gradients { by_leaf })
    }
}

/// The same elements in a buffer of their own, without the graph.
fn copy(x: &Tensor) -> Tensor {
    Tensor::from_buffer(x.packed(), x.shape())
}

impl std::fmt::Debug for Recorded<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Recorded({})", if self.is_recorded() { "replayed" } else { "not recorded" })
    }
}

use super::node::{Saves, record_always, set_recording};
use super::{Backward, CreateGraph, Sweep, is_recording, no_grad};
use crate::Tensor;

/// Runs `f` without saving anything inside it; backward runs it again.
///
/// Memory for time: of all that `f` computes, only the inputs are kept. Parameters that `f` uses get
/// their gradients as usual. Random operations in `f` take streams that were drawn before, so the second
/// run is the same as the first. Source: Chen, Xu, Zhang, Guestrin, "Training deep nets with sublinear
/// memory cost", 2016.
///
/// ```
/// # use gradus_engine::{Tensor, checkpoint};
/// let x = Tensor::scalar(0.5f64).variable();
/// let y = checkpoint(&[&x], |x| vec![x[0].tanh().exp()]).swap_remove(0);
/// let (direct, again) = (x.tanh().exp().backward(), y.backward());
/// assert_eq!(direct.get(&x).unwrap().item(), again.get(&x).unwrap().item());
/// ```
pub fn checkpoint<F>(inputs: &[&Tensor], f: F) -> Vec<Tensor>
where
    F: Fn(&[Tensor]) -> Vec<Tensor> + Send + Sync + 'static,
{
    let outputs = no_grad(|| f(&inputs.iter().map(|t| t.detach()).collect::<Vec<_>>()));
    if !is_recording() {
        return outputs;
    }
    const ALL: &[usize] = &[0, 1, 2, 3, 4, 5, 6, 7];
    assert!(inputs.len() <= ALL.len(), "checkpoint: at most {} inputs", ALL.len());
    let saves = Saves { inputs: &ALL[..inputs.len()], outputs: &[], extra: vec![] };
    record_always("checkpoint", inputs, outputs, saves, Box::new(move |cx| again(&f, cx)))
}

/// The second run, with its graph, and the sweep over that.
fn again(f: &dyn Fn(&[Tensor]) -> Vec<Tensor>, cx: &mut Backward) {
    let create_graph = if cx.creates_graph() { CreateGraph::Yes } else { CreateGraph::No };
    let slots: Vec<Tensor> = (0..cx.inputs())
        .map(|i| match cx.needs(i) {
            true if create_graph == CreateGraph::No => cx.input(i).variable(),
            true => cx.input(i).identity(),
            false => cx.input(i).detach(),
        })
        .collect();
    let outputs = set_recording(true, || f(&slots));
    let roots =
        outputs.into_iter().enumerate().filter_map(|(i, y)| cx.dy_if_any(i).map(|dy| (y, dy))).collect();
    let targets: Vec<_> = slots.iter().filter_map(|t| t.edge.clone()).collect();
    let sweep = Sweep {
        create_graph,
        consume: create_graph == CreateGraph::No,
        targets: &targets,
        stop_at_targets: true,
        leaves: true,
    };
    let found = sweep.run(roots);
    let wanted: Vec<usize> = (0..cx.inputs()).filter(|&i| cx.needs(i)).collect();
    for (i, g) in wanted.into_iter().zip(found.targets) {
        if let Some(g) = g {
            cx.give(i, g);
        }
    }
    for (id, (edge, gradient)) in found.leaves {
        if targets.iter().all(|t| t.node.id != id) {
            cx.give_leaf(edge, gradient);
        }
    }
}

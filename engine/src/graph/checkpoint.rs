use super::node::record_always;
use super::partials::partials;
use super::{Keep, Saves, is_recording, no_grad};
use crate::Tensor;

/// Runs `f` without saving anything inside it; backward runs it again.
///
/// This saves memory and costs time: only the inputs of `f` are kept, none of its intermediate results. Parameters that `f`
/// uses get their gradients as usual. Random operations in `f` take streams that were drawn before, so the second run equals
/// the first. Source: Chen, Xu, Zhang, Guestrin, "Training deep nets with sublinear memory cost", 2016.
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
    let saves = Saves { inputs: Keep::All, outputs: Keep::None, extra: vec![] };
    record_always("checkpoint", inputs, outputs, saves, Box::new(move |cx| partials(&f, cx)))
}

use super::check_indices_but;
use crate::Tensor;
use crate::graph::{Backward, ForwardOutput, Fused, Keep};
use gradus_kernels::cross_entropy;
use gradus_kernels::memory::Buffer;

/// How each row's cross-entropy is weighed.
#[derive(Clone, Debug, Default)]
pub struct CrossEntropy {
    /// A weight for each class [K].
    pub weights: Option<Tensor>,
    /// ε of label smoothing: the target is 1 − ε on the label and ε / K on every class.
    pub smoothing: f64,
    /// Rows with this label have loss 0 and no gradient.
    pub ignore: Option<i64>,
}

impl Tensor {
    /// Each row's loss, not yet reduced: logits [R, K], labels `i64` [R] → [R], with log p the log-softmax,
    ///
    /// loss = −(1 − ε) w_y log p_y − ε/K Σₖ wₖ log pₖ.
    #[track_caller]
    pub fn cross_entropy_rows(&self, labels: &Tensor, options: &CrossEntropy) -> Tensor {
        let shape = self.shape();
        assert_eq!(shape.rank(), 2, "cross_entropy: logits must be [R, K], they are {shape:?}");
        assert_eq!(labels.shape(), [shape[0]].into(), "cross_entropy: one label for each row of {shape:?}");
        let classes = shape[1];
        let smoothing = options.smoothing;
        assert!(
            (0.0..=1.0).contains(&smoothing),
            "cross_entropy: the smoothing {smoothing} must lie in [0, 1]"
        );
        check_indices_but("cross_entropy", labels, classes, shape, |_, label| Some(label) == options.ignore);
        let weights = match &options.weights {
            Some(w) => w.to_dtype(self.dtype()).to_device(self.device()).contiguous(),
            None => Tensor::ones([classes], self.kind()),
        };
        assert_eq!(
            weights.shape(),
            [classes].into(),
            "cross_entropy: one weight for each of {classes} classes"
        );
        let (smoothing, ignore, weighted) = (options.smoothing, options.ignore, options.weights.is_some());
        Fused {
            op: "cross_entropy",
            inputs: &[self, &labels.contiguous(), &weights],
            reference: move |x| vec![reference(&x[0], &x[1], &x[2], smoothing, ignore)],
            forward: |x| forward(x, weighted, smoothing, ignore),
            saved_outputs: Keep::None,
            backward: move |cx| backward(cx, weighted, smoothing, ignore),
        }
        .apply_one()
    }
}

fn reference(x: &Tensor, labels: &Tensor, weights: &Tensor, smoothing: f64, ignore: Option<i64>) -> Tensor {
    let classes = x.dim(-1);
    let ignored = labels.eq(&Tensor::full([], ignore.unwrap_or(-1) as f64, labels.kind()));
    let safe = ignored.select(&Tensor::zeros([], labels.kind()), labels);
    let safe = if ignore.is_some() { &safe } else { labels };
    let target = safe.one_hot(classes, x.dtype()).affine(1.0 - smoothing, smoothing / classes as f64);
    // It selects, since 0 · ∞ is NaN: a class with target 0 may have probability 0, and an ignored row may hold anything.
    let terms = (x.log_softmax() * &target * weights).masked_fill(&target.eq_scalar(0.0), 0.0);
    let rows = terms.sum(&[-1]).neg();
    if ignore.is_some() { rows.masked_fill(&ignored, 0.0) } else { rows }
}

fn forward(x: &[&Tensor], weighted: bool, smoothing: f64, ignore: Option<i64>) -> Option<ForwardOutput> {
    let [logits, labels, weights] = [0, 1, 2].map(|i| x[i].detach().contiguous());
    let (rows, classes) = (logits.dim(0), logits.dim(1));
    let [mut loss, mut norms] = [rows, 2 * rows].map(|n| Buffer::for_overwrite(logits.kind(), n));
    let outcome = cross_entropy::forward(
        logits.src(),
        classes,
        labels.src(),
        weighted.then(|| weights.src()),
        smoothing,
        ignore,
        loss.dst(),
        norms.dst(),
    );
    let (loss, norms) =
        (Tensor::from_buffer(loss, [rows].into()), Tensor::from_buffer(norms, [rows, 2].into()));
    super::done(outcome).then(|| ForwardOutput { outputs: vec![loss], extra: vec![norms] })
}

fn backward(cx: &mut Backward, weighted: bool, smoothing: f64, ignore: Option<i64>) -> bool {
    let [logits, labels, weights] = [0, 1, 2].map(|i| cx.input(i).contiguous());
    let dloss = cx.dy().contiguous();
    let mut dlogits = Buffer::for_overwrite(logits.kind(), logits.count());
    let outcome = cross_entropy::backward(
        logits.src(),
        logits.dim(1),
        labels.src(),
        weighted.then(|| weights.src()),
        smoothing,
        ignore,
        cx.extra(0).src(),
        dloss.src(),
        dlogits.dst(),
    );
    if super::done(outcome) {
        cx.give(0, Tensor::from_buffer(dlogits, logits.shape()));
    }
    super::done(outcome)
}

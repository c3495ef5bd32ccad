use super::{CrossEntropy, done};
use crate::Tensor;
use crate::graph::{Backward, ForwardOutput, Fused, Keep, is_recording};
use gradus_kernels::cross_entropy;
use gradus_kernels::gemm::{self, Matmul};
use gradus_kernels::memory::Buffer;
use std::sync::Arc;

/// The rows whose logits are in memory at one time: enough for the matmuls to run at full speed.
const ROWS: usize = 256;

impl Tensor {
    /// Σ lossᵣ of a linear layer before a cross-entropy, with the loss of a row as in
    /// [`cross_entropy_rows`](Tensor::cross_entropy_rows): x [R, D], weight [K, D], bias [K], labels `i64` [R] → a scalar.
    ///
    /// The logits [R, K] are never stored: those of 256 rows are computed, and their gradient, which a sum of losses allows without
    /// waiting for the backward pass, is spent on dx and dW before the next rows come. The backward pass multiplies both with the
    /// gradient of the sum. There are no class weights.
    ///
    /// Source: Hsu et al., "Liger Kernel: efficient Triton kernels for LLM training", 2024, section 3.2.
    #[track_caller]
    pub fn linear_cross_entropy(
        &self,
        weight: &Tensor,
        bias: Option<&Tensor>,
        labels: &Tensor,
        options: &CrossEntropy,
    ) -> Tensor {
        let (x_shape, w_shape) = (self.shape(), weight.shape());
        assert!(
            x_shape.rank() == 2 && w_shape.rank() == 2 && x_shape[1] == w_shape[1],
            "linear_cross_entropy: x {x_shape:?} and the weight {w_shape:?} must be [R, D] and [K, D]"
        );
        let (rows, classes) = (x_shape[0], w_shape[0]);
        if let Some(b) = bias {
            let shape = b.shape();
            assert_eq!(
                shape,
                [classes].into(),
                "linear_cross_entropy: the bias for {classes} classes is {shape:?}"
            );
        }
        assert_eq!(
            labels.shape(),
            [rows].into(),
            "linear_cross_entropy: one label for each row of {x_shape:?}"
        );
        assert!(
            options.weights.is_none(),
            "linear_cross_entropy: there are no class weights; use linear and cross_entropy"
        );
        let (smoothing, ignore) = (options.smoothing, options.ignore);
        assert!(
            (0.0..=1.0).contains(&smoothing),
            "linear_cross_entropy: the smoothing {smoothing} must lie in [0, 1]"
        );
        super::check_indices_but(
            "linear_cross_entropy",
            labels,
            classes,
            [rows, classes].into(),
            |_, label| Some(label) == ignore,
        );
        let labels = labels.contiguous();
        let mut inputs = vec![self, weight, &labels];
        inputs.extend(bias);
        Fused {
            op: "linear_cross_entropy",
            inputs: &inputs,
            reference: move |x| vec![reference(x, smoothing, ignore)],
            forward: |x| forward(x, smoothing, ignore),
            saved_outputs: Keep::None,
            backward,
        }
        .apply_one()
    }
}

fn reference(x: &[Tensor], smoothing: f64, ignore: Option<i64>) -> Tensor {
    let options = CrossEntropy { weights: None, smoothing, ignore };
    x[0].linear(&x[1], x.get(3)).cross_entropy_rows(&x[2], &options).sum_all()
}

/// The sum of the losses; extra are dx, dW and db, each empty if it is not needed.
fn forward(inputs: &[&Tensor], smoothing: f64, ignore: Option<i64>) -> Option<ForwardOutput> {
    let needs = |i: usize| is_recording() && inputs.get(i).is_some_and(|x| x.edge.is_some());
    let all: Vec<Tensor> = inputs.iter().map(|x| x.detach().contiguous()).collect();
    let (x, weight, labels, bias) = (&all[0], &all[1], &all[2], all.get(3));
    let (rows, classes, kind) = (x.dim(0), weight.dim(0), x.kind());
    let mut losses = vec![];
    let (mut dx, mut dw, mut db) = (vec![], None, None);
    for start in (0..rows).step_by(ROWS) {
        let n = ROWS.min(rows - start);
        let [x, labels] = [x, labels].map(|all| all.narrow(0, start, n));
        let logits = x.linear(weight, bias);
        let learns = [0, 1, 3].into_iter().any(needs);
        let (loss, dlogits) = block(&logits, &labels, classes, (smoothing, ignore), learns)?;
        losses.push(loss);
        let Some(dlogits) = dlogits else { continue };
        if needs(0) {
            dx.push(dlogits.matmul(weight));
        }
        if needs(1) {
            dw = Some(plus_product(dw, &dlogits, &x));
        }
        if needs(3) {
            let sum = dlogits.sum(&[0]);
            db = Some(db.map_or_else(|| sum.clone(), |db: Tensor| db + &sum));
        }
    }
    let none = || Tensor::zeros([0], kind);
    let total = match losses.is_empty() {
        true => Tensor::zeros([], kind),
        false => Tensor::concat(&losses.iter().collect::<Vec<_>>(), 0).sum_all(),
    };
    let dx = match dx.is_empty() {
        true if needs(0) => Tensor::zeros(x.shape(), kind),
        true => none(),
        false => Tensor::concat(&dx.iter().collect::<Vec<_>>(), 0),
    };
    let of = |sum: Option<Tensor>, i: usize| match (sum, needs(i)) {
        (Some(sum), _) => sum,
        (None, true) => Tensor::zeros(all[i].shape(), kind),
        (None, false) => none(),
    };
    Some(ForwardOutput { outputs: vec![total], extra: vec![dx, of(dw, 1), of(db, 3)] })
}

/// The losses of some rows, and the gradient of their logits if it is wanted.
fn block(
    logits: &Tensor,
    labels: &Tensor,
    classes: usize,
    (smoothing, ignore): (f64, Option<i64>),
    learns: bool,
) -> Option<(Tensor, Option<Tensor>)> {
    let (rows, kind) = (logits.dim(0), logits.kind());
    let [mut loss, mut norms] = [rows, 2 * rows].map(|n| Buffer::for_overwrite(kind, n));
    let outcome = cross_entropy::forward(
        logits.src(),
        classes,
        labels.src(),
        None,
        smoothing,
        ignore,
        loss.dst(),
        norms.dst(),
    );
    if !done(outcome) {
        return None;
    }
    let loss = Tensor::from_buffer(loss, [rows].into());
    if !learns {
        return Some((loss, None));
    }
    let ones = Tensor::ones([rows], kind);
    let mut dlogits = Buffer::for_overwrite(kind, logits.count());
    let outcome = cross_entropy::backward(
        logits.src(),
        classes,
        labels.src(),
        None,
        smoothing,
        ignore,
        norms.src(),
        ones.src(),
        dlogits.dst(),
    );
    done(outcome).then(|| (loss, Some(Tensor::from_buffer(dlogits, logits.shape()))))
}

/// `sum` + dlogitsᵀ x, [K, D]; in place where there is a kernel for that.
fn plus_product(sum: Option<Tensor>, dlogits: &Tensor, x: &Tensor) -> Tensor {
    let (n, classes, width) = (dlogits.dim(0), dlogits.dim(1), x.dim(1));
    let Some(sum) = sum else { return dlogits.t().matmul(x) };
    let matmul = Matmul {
        count: 1,
        m: classes,
        k: n,
        n: width,
        a_strides: [0, 1, classes],
        b_strides: [0, width, 1],
        precision: crate::precision(),
    };
    let x = x.contiguous();
    let shape = sum.shape();
    let mut buffer = Arc::try_unwrap(sum.storage).unwrap_or_else(|shared| Buffer::clone(&shared));
    match done(gemm::accumulate(matmul, dlogits.src(), x.src(), buffer.dst())) {
        true => Tensor::from_buffer(buffer, shape),
        false => Tensor::from_buffer(buffer, shape) + dlogits.t().matmul(&x),
    }
}

fn backward(cx: &mut Backward) -> bool {
    let dy = cx.dy();
    for (input, extra) in [(0, 0), (1, 1), (3, 2)] {
        if input < cx.inputs() {
            cx.give_with(input, |cx| cx.extra(extra) * &dy);
        }
    }
    true
}

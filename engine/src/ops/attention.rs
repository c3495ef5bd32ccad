use crate::graph::{Backward, ForwardOutput, Fused, Keep};
use crate::{DType, Stream, Tensor};
use gradus_kernels::Src;
use gradus_kernels::attention::{self, Dropout, Gradients, Inputs, Place, Shape, Strides, Upstream, View};
use gradus_kernels::memory::Buffer;

/// What an attention may see, and its dropout.
#[derive(Clone, Debug, Default)]
pub struct Attention {
    /// Real keys [B, Tk] (`bool`); `None`: all.
    pub keys: Option<Tensor>,
    /// Whether a query sees no later key than itself.
    pub causal: bool,
    /// Dropout of the attention weights.
    pub dropout: Option<(f64, Stream)>,
}

/// The attributes that a rule may hold.
#[derive(Clone, Copy)]
struct Options {
    causal: bool,
    dropout: Option<(f64, Stream)>,
    scale: f64,
}

impl Tensor {
    /// Scaled dot-product attention: y = dropout(softmax(q kᵀ / √d + mask)) v, with this as q [B, N, Tq, d], k and v
    /// [B, N, Tk, d] → y [B, N, Tq, d]. The result of a query that may see no key is 0.
    ///
    /// The kernel works in tiles and never stores the Tq×Tk weights. Source: Vaswani et al., NIPS 2017, equation 1;
    /// Dao et al., "FlashAttention", NeurIPS 2022.
    #[track_caller]
    pub fn attention(&self, k: &Tensor, v: &Tensor, options: &Attention) -> Tensor {
        let (q_shape, k_shape) = (self.shape(), k.shape());
        let fits = q_shape.rank() == 4 && v.shape() == k_shape && q_shape.with(2, 0) == k_shape.with(2, 0);
        assert!(fits, "attention: q {q_shape:?}, k {k_shape:?} and v {:?} do not fit", v.shape());
        let keys_shape = [q_shape[0], k_shape[2]];
        let keys = match &options.keys {
            Some(keys) => keys.contiguous(),
            None => Tensor::ones(keys_shape, self.kind().of(DType::Bool)),
        };
        assert!(
            keys.shape() == keys_shape.into() && keys.dtype() == DType::Bool,
            "attention: the key mask must be bool {keys_shape:?}, it is {} {:?}",
            keys.dtype(),
            keys.shape()
        );
        let options = Options {
            causal: options.causal,
            // Kernels compare in f32, so the probability is rounded for all of them.
            dropout: options.dropout.map(|(p, stream)| (f64::from(p as f32), stream)),
            scale: 1.0 / (q_shape[3].max(1) as f64).sqrt(),
        };
        Fused {
            op: "attention",
            inputs: &[self, k, v, &keys],
            reference: move |x| vec![reference(x, options)],
            forward: |x| forward(x, options),
            saved_outputs: Keep::All,
            backward: move |cx| backward(cx, options),
        }
        .apply_one()
    }
}

fn reference(x: &[Tensor], options: Options) -> Tensor {
    let (q, k, v, keys) = (&x[0], &x[1], &x[2], &x[3]);
    let (b, tq, tk) = (q.dim(0), q.dim(2), k.dim(2));
    let mut seen = keys.reshape([b, 1, 1, tk]);
    if options.causal {
        seen = seen.and(
            &Tensor::arange(tk)
                .reshape([1, 1, 1, tk])
                .le(&Tensor::arange(tq).reshape([1, 1, tq, 1]))
                .to_device(q.device()),
        );
    }
    let scores = (q.matmul(&k.t()) * options.scale).masked_fill(&seen.not(), f64::NEG_INFINITY);
    let mut weights = scores.softmax();
    if let Some((p, stream)) = options.dropout {
        weights = weights.dropout(p, stream);
    }
    weights.matmul(v)
}

fn kernel_options<'a>(q: &Tensor, k: &Tensor, keys: Src<'a>, options: Options) -> attention::Attention<'a> {
    let shape = Shape { batch: q.dim(0), heads: q.dim(1), queries: q.dim(2), keys: k.dim(2), dim: q.dim(3) };
    let dropout = options.dropout.map(|(p, stream)| Dropout { p: p as f32, stream });
    attention::Attention { shape, scale: options.scale, causal: options.causal, mask: Some(keys), dropout }
}

/// A tensor [B, N, T, d] for the kernels: as it is if the elements of each row are contiguous, else a copy.
fn rows(x: &Tensor) -> Tensor {
    let whole = x.layout.strides()[3] == 1 || x.dim(-1) == 1;
    if whole { x.detach() } else { Tensor::from_buffer(x.packed(), x.shape()) }
}

fn strides(x: &Tensor) -> Strides {
    let s = x.layout.strides();
    Strides { batch: s[0], head: s[1], row: s[2] }
}

fn view(x: &Tensor) -> View<Src<'_>> {
    View { data: x.src(), offset: 0, strides: strides(x) }
}

fn forward(x: &[&Tensor], options: Options) -> Option<ForwardOutput> {
    let [q, k, v] = [0, 1, 2].map(|i| rows(x[i]));
    let (shape, keys) = (q.shape(), x[3].contiguous());
    // [B, T, N, d] in memory, viewed as [B, N, T, d]: the caller joins the heads of each step.
    let laid = Tensor::from_buffer(
        Buffer::for_overwrite(q.kind(), q.count()),
        [shape[0], shape[2], shape[1], shape[3]].into(),
    );
    let layout = laid.layout.permute(&[0, 2, 1, 3]);
    let (mut o, mut lse) = (laid, Buffer::for_overwrite(q.kind(), q.count() / shape[3].max(1)));
    let s = layout.strides();
    let place = Strides { batch: s[0], head: s[1], row: s[2] };
    let buffer = std::sync::Arc::get_mut(&mut o.storage).expect("attention: a fresh buffer is not shared");
    let outcome = attention::forward(
        &kernel_options(&q, &k, keys.src(), options),
        Inputs { q: view(&q), k: view(&k), v: view(&v) },
        View { data: buffer.dst(), offset: 0, strides: place },
        lse.dst(),
    );
    let lse_len = lse.len();
    let lse = Tensor::from_buffer(lse, [lse_len].into());
    super::done(outcome).then(|| ForwardOutput { outputs: vec![o.view(layout)], extra: vec![lse] })
}

fn backward(cx: &mut Backward, options: Options) -> bool {
    let [q, k, v] = [0, 1, 2].map(|i| rows(&cx.input(i)));
    let (o, dout, keys) = (cx.output(0), rows(&cx.dy()), cx.input(3));
    let mut buffers = [&q, &k, &v].map(|x| Buffer::for_overwrite(x.kind(), x.count()));
    let place = |buffer: usize, x: &Tensor| {
        let strides = Strides::contiguous(x.dim(1), x.dim(2), x.dim(3));
        Place { buffer, offset: 0, strides }
    };
    let gradients = Gradients {
        buffers: buffers.iter_mut().map(Buffer::dst).collect(),
        dq: place(0, &q),
        dk: place(1, &k),
        dv: place(2, &v),
    };
    let outcome = attention::backward(
        &kernel_options(&q, &k, keys.src(), options),
        Inputs { q: view(&q), k: view(&k), v: view(&v) },
        Upstream { o: view(&o), lse: cx.extra(0).src(), dout: view(&dout) },
        gradients,
    );
    if super::done(outcome) {
        for (i, (buffer, x)) in buffers.into_iter().zip([&q, &k, &v]).enumerate() {
            cx.give(i, Tensor::from_buffer(buffer, x.shape()));
        }
    }
    super::done(outcome)
}

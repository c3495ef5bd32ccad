use crate::graph::{Backward, Fused, Made};
use crate::{DType, Stream, Tensor};

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
    /// [B, N, Tk, d] → y [B, N, Tq, d]. A query that may see no key gives 0.
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
            None => Tensor::ones(keys_shape, DType::Bool),
        };
        assert!(
            keys.shape() == keys_shape.into() && keys.dtype() == DType::Bool,
            "attention: the key mask must be bool {keys_shape:?}, it is {} {:?}",
            keys.dtype(),
            keys.shape()
        );
        let options = Options {
            causal: options.causal,
            dropout: options.dropout,
            scale: 1.0 / (q_shape[3].max(1) as f64).sqrt(),
        };
        Fused {
            op: "attention",
            inputs: &[self, k, v, &keys],
            reference: move |x| vec![reference(x, options)],
            forward: |x| forward(x, options),
            saved_outputs: &[0],
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
        seen = seen
            .and(&Tensor::arange(tk).reshape([1, 1, 1, tk]).le(&Tensor::arange(tq).reshape([1, 1, tq, 1])));
    }
    let scores = (q.matmul(&k.t()) * options.scale).masked_fill(&seen.not(), f64::NEG_INFINITY);
    let mut weights = scores.softmax();
    if let Some((p, stream)) = options.dropout {
        weights = weights.dropout(p, stream);
    }
    weights.matmul(v)
}

fn forward(_: &[&Tensor], _: Options) -> Option<Made> {
    None
}
fn backward(_: &mut Backward, _: Options) -> bool {
    false
}

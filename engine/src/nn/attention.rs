use super::{KeyValueCache, Linear, init};
use crate::ops::Attention;
use crate::{Mode, Module, Param, Rng, Tensor, Visitor};

/// Which keys a query may attend to.
#[derive(Clone, Debug, Default)]
pub struct AttentionMask {
    /// Real keys [B, T] (`bool`); `None`: all.
    pub keys: Option<Tensor>,
    /// Whether a query sees only keys up to its own position.
    pub causal: bool,
}

/// Keys and values of texts, [B, T, 2, N, d].
#[derive(Clone, Debug)]
pub struct KeysValues(pub(super) Tensor);

impl KeysValues {
    /// K and V, each [B, N, T, d].
    fn heads(&self) -> [Tensor; 2] {
        [0, 1].map(|i| self.0.at(2, i).permute(&[0, 2, 1, 3]))
    }

    /// All places one after the other, [B · T, 2, N, d].
    pub(super) fn rows(&self) -> Tensor {
        let shape = self.0.shape();
        self.0.reshape([shape[0] * shape[1], shape[2], shape[3], shape[4]])
    }
}

/// Multi-head self-attention: concat_n(softmax(Qₙ Kₙᵀ / √d) Vₙ) W_oᵀ + b_o, with Q, K, V from one matmul.
/// Source: Vaswani et al., "Attention is all you need", NIPS 2017, section 3.2.2. Names and layout as in
/// PyTorch's `nn.MultiheadAttention`.
///
/// Forward and backward never store the weights [B, N, T, T], except under [`CreateGraph::Yes`](crate::CreateGraph::Yes),
/// where the backward pass stores several such matrices.
#[derive(Clone, Debug)]
pub struct MultiHeadAttention {
    in_proj_weight: Param,
    in_proj_bias: Param,
    out_proj: Linear,
    heads: usize,
    dropout: f64,
}

impl MultiHeadAttention {
    /// `heads` heads over `width` features, with dropout on the attention weights; panics if the heads do not
    /// divide the width.
    #[track_caller]
    pub fn new(width: usize, heads: usize, dropout: f64, rng: &mut Rng) -> Self {
        assert!(
            heads > 0 && width.is_multiple_of(heads),
            "attention: {heads} heads do not divide the width {width}"
        );
        let out_proj = Linear::new(width, width, rng);
        out_proj.bias.iter().for_each(|b| b.set(&b.value().zeros_like()));
        MultiHeadAttention {
            in_proj_weight: init::xavier([3 * width, width], rng),
            in_proj_bias: init::constant([3 * width], 0.0),
            out_proj,
            heads,
            dropout,
        }
    }

    /// y [B, T, D] from x [B, T, D].
    #[track_caller]
    pub fn forward(&self, x: &Tensor, mask: &AttentionMask, mode: &mut Mode) -> Tensor {
        let [b, t, d] = [x.dim(0), x.dim(1), x.dim(2)];
        let [q, k, v] = self.heads(x);
        let options = Attention {
            keys: mask.keys.clone(),
            causal: mask.causal,
            dropout: mode.stream().filter(|_| self.dropout > 0.0).map(|s| (self.dropout, s)),
        };
        let y = q.attention(&k, &v, &options);
        self.out_proj.forward(&y.permute(&[0, 2, 1, 3]).reshape([b, t, d]))
    }

    /// The keys and values of x [B, T, D], for queries that come later ([`attend`](Self::attend)).
    #[track_caller]
    pub fn keys_values(&self, x: &Tensor) -> KeysValues {
        let width = self.out_proj.bias.as_ref().map_or(x.dim(2), |b| b.shape()[0]);
        let part = |p: &Param| p.tensor().narrow(0, width, 2 * width);
        let [b, t] = [x.dim(0), x.dim(1)];
        let kv = x.linear(&part(&self.in_proj_weight), Some(&part(&self.in_proj_bias)));
        KeysValues(kv.reshape([b, t, 2, self.heads, width / self.heads]))
    }

    /// y [B, Tq, D] from the queries of x [B, Tq, D] to keys and values of whatever text, of which `keys` [B, T] (`bool`) are real;
    /// `None`: all. Source: Vaswani et al. 2017, section 3.2.3.
    #[track_caller]
    pub fn attend(&self, x: &Tensor, to: &KeysValues, keys: Option<&Tensor>, mode: &mut Mode) -> Tensor {
        let [b, t, d] = [x.dim(0), x.dim(1), x.dim(2)];
        let q = self.queries(x);
        let options = Attention {
            keys: keys.cloned(),
            causal: false,
            dropout: mode.stream().filter(|_| self.dropout > 0.0).map(|s| (self.dropout, s)),
        };
        let [k, v] = to.heads();
        let y = q.attention(&k, &v, &options);
        self.out_proj.forward(&y.permute(&[0, 2, 1, 3]).reshape([b, t, d]))
    }

    /// y [M, 1, D] from one query x [M, 1, D] for each sequence, in evaluation, to the places `i64` [M, T] of a cache, of which a
    /// negative one is none.
    #[track_caller]
    pub fn attend_cached(&self, x: &Tensor, to: &KeyValueCache, places: &Tensor) -> Tensor {
        let y = self.queries(x).squeeze(2).cached_attention(&to.table(), places);
        self.out_proj.forward(&y.reshape(x.shape()))
    }

    /// The weights [M, N, T] with which [`attend_cached`](Self::attend_cached) attends to places [M, T]; 0 where there is none.
    #[track_caller]
    pub fn weights_cached(&self, x: &Tensor, to: &KeyValueCache, places: &Tensor) -> Tensor {
        let (q, table) = (self.queries(x), to.table());
        let [m, n, t, d] = [q.dim(0), q.dim(1), places.dim(1), q.dim(3)];
        let none = places.le_scalar(-1.0);
        let keys = table.at(1, 0).reshape([to.len(), n * d]).embedding(&places.masked_fill(&none, 0.0));
        let k = keys.reshape([m, t, n, d]).permute(&[0, 2, 1, 3]);
        softmax_of_scores(&q, &k, &AttentionMask { keys: Some(none.not()), causal: false }).squeeze(2)
    }

    /// Q [B, N, T, d] from x [B, T, D].
    #[track_caller]
    fn queries(&self, x: &Tensor) -> Tensor {
        let [b, t, d] = [x.dim(0), x.dim(1), x.dim(2)];
        let part = |p: &Param| p.tensor().narrow(0, 0, d);
        let q = x.linear(&part(&self.in_proj_weight), Some(&part(&self.in_proj_bias)));
        q.reshape([b, t, self.heads, d / self.heads]).permute(&[0, 2, 1, 3])
    }

    /// Q, K and V [B, N, T, d] from x [B, T, D], as views of one matmul's result.
    #[track_caller]
    fn heads(&self, x: &Tensor) -> [Tensor; 3] {
        let [b, t, d] = [x.dim(0), x.dim(1), x.dim(2)];
        let qkv = x.linear(&self.in_proj_weight.tensor(), Some(&self.in_proj_bias.tensor()));
        let qkv = qkv.reshape([b, t, 3, self.heads, d / self.heads]);
        // [B, T, N, d] → [B, N, T, d].
        [0, 1, 2].map(|i| qkv.at(2, i).permute(&[0, 2, 1, 3]))
    }

    /// softmax(Q Kᵀ / √d) [B, N, T, T], the weights with which [`forward`](Self::forward) attends in evaluation; 0 in a row
    /// without a key. For explanations: it takes memory quadratic in T.
    #[track_caller]
    pub fn weights(&self, x: &Tensor, mask: &AttentionMask) -> Tensor {
        let [q, k, _] = self.heads(x);
        softmax_of_scores(&q, &k, mask)
    }

    /// softmax(Q Kᵀ / √d) [B, N, Tq, T], the weights with which [`attend`](Self::attend) attends in evaluation; 0 in a row without
    /// a key. For explanations.
    #[track_caller]
    pub fn weights_to(&self, x: &Tensor, to: &KeysValues, keys: Option<&Tensor>) -> Tensor {
        let [k, _] = to.heads();
        softmax_of_scores(&self.queries(x), &k, &AttentionMask { keys: keys.cloned(), causal: false })
    }
}

/// softmax(Q Kᵀ / √d) [B, N, Tq, T] with 0 where the mask hides a key.
#[track_caller]
fn softmax_of_scores(q: &Tensor, k: &Tensor, mask: &AttentionMask) -> Tensor {
    let [queries, t] = [q.dim(2), k.dim(2)];
    let scores = q.matmul(&k.t()) * (1.0 / (q.dim(-1) as f64).sqrt());
    let keys = |real: &Tensor| real.reshape([real.dim(0), 1, 1, t]).not();
    let mut masks: Vec<Tensor> = mask.keys.iter().map(keys).collect();
    if mask.causal {
        let places = |n| Tensor::arange(n).to_device(q.device());
        masks.push(places(queries).reshape([queries, 1]).lt(&places(t).reshape([1, t])));
    }
    masks.iter().fold(scores, |scores, hidden| scores.masked_fill(hidden, f64::NEG_INFINITY)).softmax()
}

impl Module for MultiHeadAttention {
    fn visit(&self, v: &mut Visitor) {
        v.param("in_proj_weight", &self.in_proj_weight);
        v.param("in_proj_bias", &self.in_proj_bias);
        v.module("out_proj", &self.out_proj);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DType;

    /// concat_n(weights Vₙ) W_oᵀ + b_o is the output, with padding, with and without causality; each row sums to 1.
    #[test]
    fn weights_are_those_of_the_output() {
        let mut rng = Rng::new(3);
        let layer = MultiHeadAttention::new(6, 2, 0.0, &mut rng);
        layer.convert(DType::F64);
        let x = Tensor::normal([2, 4, 6], 0.0, 1.0, &mut rng).to_dtype(DType::F64);
        let keys = Tensor::from_slice(&[1u8, 1, 1, 1, 1, 1, 0, 0], [2, 4]);
        for (keys, causal) in [(None, false), (Some(keys.clone()), false), (Some(keys), true)] {
            let mask = AttentionMask { keys, causal };
            let weights = layer.weights(&x, &mask);
            let [_, _, v] = layer.heads(&x);
            let y = weights.matmul(&v).permute(&[0, 2, 1, 3]).reshape([2, 4, 6]);
            let composed = layer.out_proj.forward(&y).to_f64();
            let fused = layer.forward(&x, &mask, &mut Mode::Eval).to_f64();
            let close = fused.iter().zip(&composed).all(|(a, b)| (a - b).abs() < 1e-12);
            assert!(close, "{mask:?}: {fused:?} {composed:?}");
            assert!(weights.sum(&[-1]).to_f64().iter().all(|sum| (sum - 1.0).abs() < 1e-12), "{mask:?}");
        }
    }

    /// The same of the queries of one text to the keys and values of another, of which some places are padding.
    #[test]
    fn weights_to_another_text_are_those_of_the_output() {
        let mut rng = Rng::new(4);
        let layer = MultiHeadAttention::new(6, 2, 0.0, &mut rng);
        layer.convert(DType::F64);
        let [x, other] = [3, 4].map(|t| Tensor::normal([2, t, 6], 0.0, 1.0, &mut rng).to_dtype(DType::F64));
        let keys = Tensor::from_slice(&[1u8, 1, 1, 1, 1, 1, 0, 0], [2, 4]);
        let to = layer.keys_values(&other);
        let weights = layer.weights_to(&x, &to, Some(&keys));
        assert_eq!(weights.shape().to_vec(), [2, 2, 3, 4]);
        let y = weights.matmul(&to.heads()[1]).permute(&[0, 2, 1, 3]).reshape([2, 3, 6]);
        let composed = layer.out_proj.forward(&y).to_f64();
        let fused = layer.attend(&x, &to, Some(&keys), &mut Mode::Eval).to_f64();
        assert!(fused.iter().zip(&composed).all(|(a, b)| (a - b).abs() < 1e-12));
        assert!(weights.narrow(0, 1, 1).narrow(3, 2, 2).to_f64().iter().all(|w| *w == 0.0));
    }

    /// A query to places of a cache is one to a text of those places.
    #[test]
    fn places_of_a_cache_are_a_text() {
        let mut rng = Rng::new(5);
        let layer = MultiHeadAttention::new(6, 2, 0.0, &mut rng);
        layer.convert(DType::F64);
        let [x, texts] = [1, 3].map(|t| Tensor::normal([2, t, 6], 0.0, 1.0, &mut rng).to_dtype(DType::F64));
        let cache = KeyValueCache::new(&layer.keys_values(&texts));
        let listed = Tensor::from_slice(&[4i64, 1, -1, 5, 5, 0], [2, 3]);
        let cached = layer.attend_cached(&x, &cache, &listed).to_f64();
        let rows = texts.reshape([6, 6]);
        for (i, places) in [&[4i64, 1][..], &[5, 5, 0]].into_iter().enumerate() {
            let text = rows.embedding(&Tensor::from_slice(places, [1, places.len()]));
            let to = layer.keys_values(&text);
            let alone = layer.attend(&x.narrow(0, i, 1), &to, None, &mut Mode::Eval).to_f64();
            assert!(alone.iter().zip(&cached[6 * i..]).all(|(a, b)| (a - b).abs() < 1e-12), "{i}");
            let weights = layer.weights_to(&x.narrow(0, i, 1), &to, None).to_f64();
            let found = layer.weights_cached(&x, &cache, &listed).narrow(0, i, 1).to_f64();
            let real = found.chunks(3).flat_map(|row| &row[..places.len()]);
            assert!(weights.iter().zip(real).all(|(a, b)| (a - b).abs() < 1e-12), "{i}");
            assert!(found.chunks(3).all(|row| row[places.len()..].iter().all(|w| *w == 0.0)), "{i}");
        }
    }
}

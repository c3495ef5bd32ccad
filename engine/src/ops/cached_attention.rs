use super::{check_indices_but, done};
use crate::Tensor;
use crate::graph::{Backward, ForwardOutput, Fused, Keep};
use gradus_kernels::cached_attention::{self, CachedAttention};
use gradus_kernels::memory::Buffer;

impl Tensor {
    /// Attention of one query for each sequence to rows of a table: y[n, h] = Σₜ softmaxₜ(q[n, h] · k[pₙₜ, h] / √d) v[pₙₜ, h], with this
    /// as q [N, H, d], k and v in kv [R, 2, H, d], and places p `i64` [N, T], of which a negative one is none → y [N, H, d]. A sequence
    /// without a place gives 0.
    ///
    /// For decoding: sequences that have a beginning in common share its rows, and if they are exchanged, only their places are.
    /// Gradients come from the reference, which gathers the rows.
    ///
    /// # Panics
    /// If shapes do not fit, or a place is past the table; on a CUDA device such a place counts as none.
    #[track_caller]
    pub fn cached_attention(&self, kv: &Tensor, places: &Tensor) -> Tensor {
        let (q, table, listed) = (self.shape(), kv.shape(), places.shape());
        let fits = q.rank() == 3
            && table.rank() == 4
            && table[1..] == [2, q[1], q[2]]
            && listed.rank() == 2
            && listed[0] == q[0];
        assert!(fits, "cached_attention: q {q:?}, kv {table:?} and places {listed:?} do not fit");
        check_indices_but("cached_attention", places, table[0], table, |_, place| place < 0);
        let attention = CachedAttention {
            queries: q[0],
            heads: q[1],
            dim: q[2],
            places: listed[1],
            scale: 1.0 / (q[2].max(1) as f64).sqrt(),
        };
        Fused {
            op: "cached_attention",
            inputs: &[self, kv, places],
            reference: move |x| vec![reference(x, attention)],
            forward: |x| forward(x, attention),
            saved_outputs: Keep::None,
            backward: |_: &mut Backward| false,
        }
        .apply_one()
    }
}

fn reference(x: &[Tensor], attention: CachedAttention) -> Tensor {
    let (q, kv, places) = (&x[0], &x[1], &x[2]);
    let CachedAttention { queries: n, heads, dim, places: t, scale } = attention;
    let none = places.le_scalar(-1.0);
    let rows = kv.reshape([kv.dim(0), 2 * heads * dim]).embedding(&places.masked_fill(&none, 0.0));
    // [N, T, 2, H, d] → [2, N, H, T, d].
    let gathered = rows.reshape([n, t, 2, heads, dim]).permute(&[2, 0, 3, 1, 4]);
    let [k, v] = [0, 1].map(|i| gathered.at(0, i).masked_fill(&none.reshape([n, 1, t, 1]), 0.0));
    let scores = q.unsqueeze(2).matmul(&k.t()) * scale;
    let scores = scores.masked_fill(&none.reshape([n, 1, 1, t]), f64::NEG_INFINITY);
    scores.softmax().matmul(&v).squeeze(2)
}

fn forward(x: &[&Tensor], attention: CachedAttention) -> Option<ForwardOutput> {
    let [q, kv, places] = [0, 1, 2].map(|i| x[i].detach().contiguous());
    let mut y = Buffer::for_overwrite(q.kind(), q.count());
    let outcome = cached_attention::forward(&attention, q.src(), kv.src(), places.src(), y.dst());
    done(outcome).then(|| ForwardOutput { outputs: vec![Tensor::from_buffer(y, q.shape())], extra: vec![] })
}

use super::{check_indices, check_lengths, done, same_dtype};
use crate::graph::{Backward, ForwardOutput, Fused, Grad, Keep, RowGrad};
use crate::{DType, Device, Shape, Tensor};
use gradus_kernels::conv1d::Sizes;
use gradus_kernels::embedding_conv_relu_max::{self as kernel, Words};
use gradus_kernels::memory::Buffer;

impl Tensor {
    /// z[b, o] = max over t of relu(conv1d(x)[b, t, o]), x[b, t] = table[ids[b, t]] for t < lengths_b, else 0: this
    /// table [V, C], ids [B, T] and lengths `[B]` (`i64`), weight [O, C, k], bias `[O]` → z [B, O].
    ///
    /// The result equals that of [`conv_relu_max`](Tensor::conv_relu_max) on embedded words, with the same windows and ties,
    /// but each distinct word of the batch is multiplied once, and x [B, T, C] is never stored. The gradient of the table is
    /// kept as the rows of the words in windows with the maximum.
    #[track_caller]
    pub fn embedding_conv_relu_max(
        &self,
        ids: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        lengths: &Tensor,
    ) -> Tensor {
        check(self, ids, weight, bias);
        check_lengths("embedding_conv_relu_max", ids, lengths);
        check_indices("embedding_conv_relu_max", ids, self.dim(0), self.shape());
        if self.device() != Device::Cpu {
            // Computing each word once pays off on a CPU's caches; a device gathers the words and convolves.
            return words(self, ids, lengths).conv_relu_max(weight, bias, lengths);
        }
        Fused {
            op: "embedding_conv_relu_max",
            inputs: &[self, weight, bias, &ids.contiguous(), &lengths.contiguous()],
            reference: |x| vec![reference(&x[0], &x[1], &x[2], &x[3], &x[4])],
            forward,
            saved_outputs: Keep::None,
            backward,
        }
        .apply_one()
    }
}

/// The vectors of the words [B, T, C], 0 past the lengths.
fn words(table: &Tensor, ids: &Tensor, lengths: &Tensor) -> Tensor {
    let (b, t) = (ids.dim(0), ids.dim(1));
    let real = Tensor::arange(t).to_device(ids.device()).reshape([1, t, 1]).lt(&lengths.reshape([b, 1, 1]));
    real.select(&table.embedding(ids), &Tensor::zeros([], table.kind()))
}

fn reference(table: &Tensor, weight: &Tensor, bias: &Tensor, ids: &Tensor, lengths: &Tensor) -> Tensor {
    super::conv_relu_max::reference(&words(table, ids, lengths), weight, bias, lengths)
}

#[track_caller]
fn check(table: &Tensor, ids: &Tensor, weight: &Tensor, bias: &Tensor) {
    const OP: &str = "embedding_conv_relu_max";
    same_dtype(OP, table, weight);
    same_dtype(OP, table, bias);
    let [e, i, w, b] = [table, ids, weight, bias].map(Tensor::shape);
    let fits = e.rank() == 2 && i.rank() == 2 && w.rank() == 3 && e[1] == w[1] && w[2] > 0 && *b == [w[0]];
    assert!(
        fits,
        "{OP}: table {e:?} (rows, channels), ids {i:?} (batch, time), weight {w:?} (out, in, window), bias {b:?} \
         do not fit"
    );
}

/// B, T, C, O and k of the weight and the ids.
fn sizes(weight: &Tensor, ids: &Tensor) -> Sizes {
    Sizes { b: ids.dim(0), t: ids.dim(1), c: weight.dim(1), o: weight.dim(0), k: weight.dim(2) }
}

/// Besides the inputs, the backward kernel needs the windows with the maximum [B, O].
fn forward(x: &[&Tensor]) -> Option<ForwardOutput> {
    let [table, w, bias] = [0, 1, 2].map(|i| x[i].detach().contiguous());
    let (s, words) = (sizes(&w, x[3]), Words { ids: x[3].src(), lengths: x[4].src() });
    let shape = Shape::from([s.b, s.o]);
    let mut z = Buffer::for_overwrite(table.kind(), shape.count());
    let mut winner = Buffer::for_overwrite(table.kind().of(DType::I64), shape.count());
    let outcome = kernel::forward(s, table.src(), words, w.src(), bias.src(), z.dst(), winner.dst());
    let [z, winner] = [z, winner].map(|buffer| Tensor::from_buffer(buffer, shape));
    done(outcome).then(|| ForwardOutput { outputs: vec![z], extra: vec![winner] })
}

fn backward(cx: &mut Backward) -> bool {
    let (table, w, dz) = (cx.input(0).contiguous(), cx.input(1).contiguous(), cx.dy().contiguous());
    let (ids, lengths) = (cx.input(3), cx.input(4));
    let s = sizes(&w, &ids);
    let words = Words { ids: ids.src(), lengths: lengths.src() };
    let winner = cx.extra(0).clone();
    let [mut dw, mut dbias] = [w.count(), s.o].map(|n| Buffer::for_overwrite(dz.kind(), n));
    if !done(kernel::backward(s, table.src(), words, winner.src(), dz.src(), dw.dst(), dbias.dst())) {
        return false;
    }
    cx.give_with(0, |_| rows(kernel::backward_rows(s, words, w.src(), winner.src(), dz.src()), &table));
    cx.give(1, Tensor::from_buffer(dw, w.shape()));
    cx.give(2, Tensor::from_buffer(dbias, [s.o].into()));
    true
}

/// The gradient of the table, from the ids and rows of the words in windows with the maximum.
fn rows(found: Option<(Vec<i64>, Buffer)>, table: &Tensor) -> Grad {
    let (ids, values) = found.expect("embedding_conv_relu_max: the kernel of dw also gives the rows");
    let [rows, c] = [table.dim(0), table.dim(1)];
    let values = Tensor::from_buffer(values, [ids.len(), c].into());
    Grad::Rows(RowGrad { ids: Tensor::from_slice(&ids, [ids.len()]), values, rows })
}

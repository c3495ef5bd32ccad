use crate::graph::{Backward, ForwardOutput, Fused, Keep};
use crate::{DType, Int8Weight, Shape, Tensor, precision};
use gradus_kernels::lstm::{self, Int8, Sizes, WeightGradients, Weights};
use gradus_kernels::memory::Buffer;
use gradus_kernels::{Dst, Outcome, Src};

/// The weights of one direction of one layer, gates in the order i, f, g, o.
#[derive(Clone, Debug)]
pub struct LstmWeights {
    /// [4H, D].
    pub w_ih: Tensor,
    /// [4H, H].
    pub w_hh: Tensor,
    /// [4H].
    pub b_ih: Tensor,
    /// [4H].
    pub b_hh: Tensor,
}

impl Tensor {
    /// One layer of LSTM over whole sequences, one or two directions: x [B, T, D], h0 and c0 [dirs, B, H], lengths [B]
    /// (`i64`; `None`: all T) → y [B, T, dirs·H], h_n and c_n [dirs, B, H].
    ///
    /// a_t = W_ih x_t + b_ih + W_hh h_{t−1} + b_hh; c_t = σ(f) c_{t−1} + σ(i) tanh(g); h_t = σ(o) tanh(c_t). The reverse
    /// direction starts at each sequence's own last step. Past a sequence's end y is 0 and the states do not change.
    #[track_caller]
    pub fn lstm(
        &self,
        h0: &Tensor,
        c0: &Tensor,
        lengths: Option<&Tensor>,
        weights: &[LstmWeights],
    ) -> [Tensor; 3] {
        let lengths = checked_lengths(self, h0, c0, lengths, weights);
        let mut inputs = vec![self, h0, c0, &lengths];
        inputs.extend(weights.iter().flat_map(|w| [&w.w_ih, &w.w_hh, &w.b_ih, &w.b_hh]));
        let outputs = Fused {
            op: "lstm",
            inputs: &inputs,
            reference: |x| reference(x),
            forward,
            saved_outputs: Keep::These(&[0]),
            backward,
        }
        .apply();
        outputs.try_into().expect("lstm: three outputs")
    }

    /// [`lstm`](Tensor::lstm) for inference in which the matmul with the inputs is in int8: `w_ih` has W_ih [4H, D] for each
    /// direction, in place of those of `weights`. Only `f32` on the CPU has a kernel.
    ///
    /// # Panics
    /// As [`lstm`](Tensor::lstm), and where a gradient would be recorded: rounding has none.
    #[track_caller]
    pub fn lstm_int8(
        &self,
        h0: &Tensor,
        c0: &Tensor,
        lengths: Option<&Tensor>,
        weights: &[LstmWeights],
        w_ih: &[&Int8Weight],
    ) -> [Tensor; 3] {
        let lengths = checked_lengths(self, h0, c0, lengths, weights);
        let all = weights.iter().flat_map(|w| [&w.w_hh, &w.b_ih, &w.b_hh]);
        super::linear_int8::check_not_recorded("lstm_int8", [self, h0, c0].into_iter().chain(all));
        let mut inputs = vec![self, h0, c0, &lengths];
        inputs.extend(weights.iter().flat_map(|w| [&w.w_ih, &w.w_hh, &w.b_ih, &w.b_hh]));
        let int8 =
            w_ih.iter().map(|w| Int8 { packed: w.packed.src().slice(), scales: w.scales.src().slice() });
        let int8: Vec<Int8> = int8.collect();
        let run = |args: lstm::Forward<Src, Dst, Src>| lstm::forward_int8(args, &int8);
        let Some(found) = forward_by(&inputs, run) else {
            let kind = self.kind();
            panic!("lstm_int8: there is no kernel for {} on {}; use lstm", kind.dtype, kind.device)
        };
        found.outputs.try_into().expect("lstm: three outputs")
    }
}

/// Checks the arguments, and returns the lengths, which are all T where none are given.
#[track_caller]
fn checked_lengths(
    x: &Tensor,
    h0: &Tensor,
    c0: &Tensor,
    lengths: Option<&Tensor>,
    weights: &[LstmWeights],
) -> Tensor {
    let fits = x.rank() == 3 && h0.rank() == 3;
    assert!(
        fits,
        "lstm: x must be [B, T, D] and h0 [directions, B, H], they are {:?} and {:?}",
        x.shape(),
        h0.shape()
    );
    let (b, t, d) = (x.dim(0), x.dim(1), x.dim(-1));
    let dirs = weights.len();
    let hidden = h0.dim(-1);
    assert!(dirs == 1 || dirs == 2, "lstm: there are {dirs} directions, expected 1 or 2");
    assert_eq!(h0.shape(), [dirs, b, hidden].into(), "lstm: h0 does not fit x {:?}", x.shape());
    assert_eq!(c0.shape(), h0.shape(), "lstm: c0 does not fit h0");
    for LstmWeights { w_ih, w_hh, b_ih, b_hh } in weights {
        let found = [w_ih.shape(), w_hh.shape(), b_ih.shape(), b_hh.shape()];
        let expected =
            [[4 * hidden, d].into(), [4 * hidden, hidden].into(), [4 * hidden].into(), [4 * hidden].into()];
        assert_eq!(found, expected, "lstm: weights do not fit x {:?} and h0 {:?}", x.shape(), h0.shape());
    }
    let all = || Tensor::full([b], t as f64, x.kind().of(DType::I64));
    let lengths = lengths.map_or_else(all, Tensor::contiguous);
    super::check_lengths("lstm", x, &lengths);
    lengths
}

/// The operation's inputs by name: tensors, or their indices in the list of inputs.
struct Inputs<T> {
    x: T,
    h0: T,
    c0: T,
    lengths: T,
    /// By direction.
    weights: Vec<Weights<T>>,
}

impl<T> Inputs<T> {
    /// From the list of inputs: these four, then four weights for each direction.
    fn named(list: impl ExactSizeIterator<Item = T>) -> Self {
        let directions = (list.len() - 4) / 4;
        let mut list = list;
        let mut next = || list.next().expect("lstm: a direction has four weights");
        let (x, h0, c0, lengths) = (next(), next(), next(), next());
        let weights =
            (0..directions).map(|_| Weights { w_ih: next(), w_hh: next(), b_ih: next(), b_hh: next() });
        Inputs { x, h0, c0, lengths, weights: weights.collect() }
    }
}

/// The weights of a direction, as kernels read them.
fn sources<'a>(w: &Weights<&'a Tensor>) -> Weights<Src<'a>> {
    Weights { w_ih: w.w_ih.src(), w_hh: w.w_hh.src(), b_ih: w.b_ih.src(), b_hh: w.b_hh.src() }
}

/// The gradients of a direction's weights, as kernels write them.
fn destinations(d: &mut WeightGradients<Buffer>) -> WeightGradients<Dst<'_>> {
    WeightGradients { dw_ih: d.dw_ih.dst(), dw_hh: d.dw_hh.dst(), db: d.db.dst() }
}

/// The loop over steps, one direction after the other.
fn reference(x: &[Tensor]) -> Vec<Tensor> {
    let Inputs { x, h0, c0, lengths, weights } = Inputs::named(x.iter());
    let directions = weights.iter().enumerate();
    let directions: Vec<[Tensor; 3]> =
        directions.map(|(dir, w)| direction(x, h0.at(0, dir), c0.at(0, dir), lengths, w, dir == 1)).collect();
    let join =
        |i: usize, axis: isize| Tensor::concat(&directions.iter().map(|d| &d[i]).collect::<Vec<_>>(), axis);
    vec![join(0, -1), join(1, 0), join(2, 0)]
}

fn direction(
    x: &Tensor,
    h0: Tensor,
    c0: Tensor,
    lengths: &Tensor,
    w: &Weights<&Tensor>,
    reverse: bool,
) -> [Tensor; 3] {
    let (b, t, hidden) = (x.dim(0), x.dim(1), h0.dim(-1));
    let (mut h, mut c) = (h0, c0);
    let mut outputs: Vec<Option<Tensor>> = vec![None; t];
    for i in 0..t {
        let step = if reverse { t - 1 - i } else { i };
        // What lies past the end of a sequence is not read, be it NaN, nor has it a gradient.
        let inside = Tensor::full([], step as f64, lengths.kind()).lt(&lengths.reshape([b, 1]));
        let x_step = x.at(1, step).masked_fill(&inside.not(), 0.0);
        let a = x_step.linear(w.w_ih, Some(w.b_ih)) + h.linear(w.w_hh, Some(w.b_hh));
        let gate = |n: usize| a.narrow(1, n * hidden, hidden);
        let next_c = gate(1).sigmoid() * &c + gate(0).sigmoid() * gate(2).tanh();
        let next_h = gate(3).sigmoid() * next_c.tanh();
        // Past a sequence's end the states do not change and the output is 0.
        outputs[step] = Some(next_h.masked_fill(&inside.not(), 0.0));
        (h, c) = (inside.select(&next_h, &h), inside.select(&next_c, &c));
    }
    let steps: Vec<&Tensor> = outputs.iter().flatten().collect();
    let y = match steps.is_empty() {
        true => Tensor::zeros([b, 0, hidden], x.kind()),
        false => Tensor::stack(&steps, 1),
    };
    [y, h.unsqueeze(0), c.unsqueeze(0)]
}

fn sizes(Inputs { x, h0, .. }: &Inputs<&Tensor>) -> Sizes {
    let [directions, batch, hidden] = [h0.dim(0), h0.dim(1), h0.dim(2)];
    Sizes { batch, time: x.dim(1), input: x.dim(2), hidden, directions }
}

fn forward(x: &[&Tensor]) -> Option<ForwardOutput> {
    forward_by(x, |args| lstm::forward(args, precision()))
}

fn forward_by(x: &[&Tensor], run: impl Fn(lstm::Forward<Src, Dst, Src>) -> Outcome) -> Option<ForwardOutput> {
    let packed: Vec<Tensor> = x.iter().map(|t| t.detach().contiguous()).collect();
    let inputs = Inputs::named(packed.iter());
    let (sizes, kind, lengths) = (sizes(&inputs), inputs.x.kind(), inputs.lengths.src());
    let y_shape = Shape::from([sizes.batch, sizes.time, sizes.directions * sizes.hidden]);
    let saved_len = lstm::saved(&sizes, Some(lengths));
    let states = inputs.h0.count();
    let [mut y, mut h_n, mut c_n, mut saved] =
        [y_shape.count(), states, states, saved_len].map(|n| Buffer::for_overwrite(kind, n));
    let args = lstm::Forward {
        sizes,
        lengths: Some(lengths),
        x: inputs.x.src(),
        weights: inputs.weights.iter().map(sources).collect(),
        h0: inputs.h0.src(),
        c0: inputs.c0.src(),
        y: y.dst(),
        h_n: h_n.dst(),
        c_n: c_n.dst(),
        saved: saved.dst(),
    };
    let outcome = run(args);
    let state = |b| Tensor::from_buffer(b, inputs.h0.shape());
    super::done(outcome).then(|| ForwardOutput {
        outputs: vec![Tensor::from_buffer(y, y_shape), state(h_n), state(c_n)],
        extra: vec![Tensor::from_buffer(saved, [saved_len].into())],
    })
}

fn backward(cx: &mut Backward) -> bool {
    let packed: Vec<Tensor> = (0..cx.inputs()).map(|i| cx.input(i).detach().contiguous()).collect();
    let (inputs, places) = (Inputs::named(packed.iter()), Inputs::named(0..cx.inputs()));
    let (sizes, kind, lengths) = (sizes(&inputs), inputs.x.kind(), inputs.lengths.src());
    let (y, [dy, dh_n, dc_n]) = (cx.output(0), [0, 1, 2].map(|i| cx.dy_of(i).contiguous()));
    let fresh = |input: &Tensor| Buffer::for_overwrite(kind, input.count());
    let mut dx = cx.needs(places.x).then(|| fresh(inputs.x));
    let (mut dh0, mut dc0) = (fresh(inputs.h0), fresh(inputs.c0));
    let dweights = inputs.weights.iter();
    let dweights =
        dweights.map(|w| WeightGradients { dw_ih: fresh(w.w_ih), dw_hh: fresh(w.w_hh), db: fresh(w.b_ih) });
    let mut dweights: Vec<WeightGradients<Buffer>> = dweights.collect();
    let mut saved = cx.take_extra(0);
    let args = lstm::Backward {
        sizes,
        lengths: Some(lengths),
        x: inputs.x.src(),
        weights: inputs.weights.iter().map(sources).collect(),
        h0: inputs.h0.src(),
        c0: inputs.c0.src(),
        y: y.src(),
        saved: saved.dst(),
        dy: dy.src(),
        dh_n: dh_n.src(),
        dc_n: dc_n.src(),
        dx: dx.as_mut().map(Buffer::dst),
        dweights: dweights.iter_mut().map(destinations).collect(),
        dh0: dh0.dst(),
        dc0: dc0.dst(),
    };
    let outcome = lstm::backward(args, precision());
    if !super::done(outcome) {
        return false;
    }
    let like = |input: &Tensor, gradient| Tensor::from_buffer(gradient, input.shape());
    if let Some(dx) = dx {
        cx.give(places.x, like(inputs.x, dx));
    }
    cx.give(places.h0, like(inputs.h0, dh0));
    cx.give(places.c0, like(inputs.c0, dc0));
    for ((place, w), d) in places.weights.iter().zip(&inputs.weights).zip(dweights) {
        cx.give(place.w_ih, like(w.w_ih, d.dw_ih));
        cx.give(place.w_hh, like(w.w_hh, d.dw_hh));
        // The gates add both biases, so their gradients are equal and share a buffer.
        let db = like(w.b_ih, d.db);
        cx.give(place.b_ih, db.clone());
        cx.give(place.b_hh, db);
    }
    true
}

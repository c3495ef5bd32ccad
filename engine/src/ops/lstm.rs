use crate::graph::{Backward, ForwardOutput, Fused, Keep};
use crate::{DType, Shape, Tensor, precision};
use gradus_kernels::Src;
use gradus_kernels::lstm::{self, Sizes, WeightGradients, Weights};
use gradus_kernels::memory::Buffer;

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
    /// direction starts at each sequence's own last step. Past a sequence's end y is 0 and the states stand still.
    #[track_caller]
    pub fn lstm(
        &self,
        h0: &Tensor,
        c0: &Tensor,
        lengths: Option<&Tensor>,
        weights: &[LstmWeights],
    ) -> [Tensor; 3] {
        let (b, t, d) = (self.dim(0), self.dim(1), self.dim(-1));
        let dirs = weights.len();
        let hidden = h0.dim(-1);
        assert!(dirs == 1 || dirs == 2, "lstm: there are {dirs} directions, it must be 1 or 2");
        assert_eq!(h0.shape(), [dirs, b, hidden].into(), "lstm: h0 does not fit x {:?}", self.shape());
        assert_eq!(c0.shape(), h0.shape(), "lstm: c0 does not fit h0");
        for LstmWeights { w_ih, w_hh, b_ih, b_hh } in weights {
            let found = [w_ih.shape(), w_hh.shape(), b_ih.shape(), b_hh.shape()];
            let expected = [
                [4 * hidden, d].into(),
                [4 * hidden, hidden].into(),
                [4 * hidden].into(),
                [4 * hidden].into(),
            ];
            assert_eq!(
                found,
                expected,
                "lstm: weights do not fit x {:?} and h0 {:?}",
                self.shape(),
                h0.shape()
            );
        }
        let all = || Tensor::full([b], t as f64, self.kind().of(DType::I64));
        let lengths = lengths.map_or_else(all, Tensor::contiguous);
        super::check_lengths("lstm", self, &lengths);
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
}

/// The loop over steps, one direction after the other.
fn reference(x: &[Tensor]) -> Vec<Tensor> {
    let [input, h0, c0, lengths] = [0, 1, 2, 3].map(|i| &x[i]);
    let directions: Vec<[Tensor; 3]> = x[4..]
        .chunks(4)
        .enumerate()
        .map(|(dir, w)| direction(input, h0.at(0, dir), c0.at(0, dir), lengths, w, dir == 1))
        .collect();
    let join =
        |i: usize, axis: isize| Tensor::concat(&directions.iter().map(|d| &d[i]).collect::<Vec<_>>(), axis);
    vec![join(0, -1), join(1, 0), join(2, 0)]
}

fn direction(
    x: &Tensor,
    h0: Tensor,
    c0: Tensor,
    lengths: &Tensor,
    w: &[Tensor],
    reverse: bool,
) -> [Tensor; 3] {
    let (b, t, hidden) = (x.dim(0), x.dim(1), h0.dim(-1));
    let (mut h, mut c) = (h0, c0);
    let mut outputs: Vec<Option<Tensor>> = vec![None; t];
    for i in 0..t {
        let step = if reverse { t - 1 - i } else { i };
        let a = x.at(1, step).linear(&w[0], Some(&w[2])) + h.linear(&w[1], Some(&w[3]));
        let gate = |n: usize| a.narrow(1, n * hidden, hidden);
        let next_c = gate(1).sigmoid() * &c + gate(0).sigmoid() * gate(2).tanh();
        let next_h = gate(3).sigmoid() * next_c.tanh();
        // Past a sequence's end the states stand still and the output is 0.
        let inside = Tensor::full([], step as f64, lengths.kind()).lt(&lengths.reshape([b, 1]));
        outputs[step] = Some(&next_h * inside.to_dtype(x.dtype()));
        (h, c) = (inside.select(&next_h, &h), inside.select(&next_c, &c));
    }
    let steps: Vec<&Tensor> = outputs.iter().flatten().collect();
    let y = match steps.is_empty() {
        true => Tensor::zeros([b, 0, hidden], x.kind()),
        false => Tensor::stack(&steps, 1),
    };
    [y, h.unsqueeze(0), c.unsqueeze(0)]
}

fn sizes(x: &[Tensor]) -> Sizes {
    let hidden = x[1].dim(-1);
    Sizes { batch: x[0].dim(0), time: x[0].dim(1), input: x[0].dim(2), hidden, directions: x[1].dim(0) }
}

/// The weights of each direction, as the kernels read them.
fn weights(x: &[Tensor]) -> Vec<Weights<Src<'_>>> {
    x[4..]
        .chunks(4)
        .map(|w| Weights { w_ih: w[0].src(), w_hh: w[1].src(), b_ih: w[2].src(), b_hh: w[3].src() })
        .collect()
}

fn forward(x: &[&Tensor]) -> Option<ForwardOutput> {
    let x: Vec<Tensor> = x.iter().map(|t| t.detach().contiguous()).collect();
    let (sizes, kind, lengths) = (sizes(&x), x[0].kind(), x[3].src());
    let y_shape = Shape::from([sizes.batch, sizes.time, sizes.directions * sizes.hidden]);
    let saved_len = lstm::saved(&sizes, Some(lengths));
    let states = x[1].count();
    let [mut y, mut h_n, mut c_n, mut saved] =
        [y_shape.count(), states, states, saved_len].map(|n| Buffer::for_overwrite(kind, n));
    let args = lstm::Forward {
        sizes,
        lengths: Some(lengths),
        x: x[0].src(),
        weights: weights(&x),
        h0: x[1].src(),
        c0: x[2].src(),
        y: y.dst(),
        h_n: h_n.dst(),
        c_n: c_n.dst(),
        saved: saved.dst(),
    };
    let outcome = lstm::forward(args, precision());
    let state = |b| Tensor::from_buffer(b, x[1].shape());
    super::done(outcome).then(|| ForwardOutput {
        outputs: vec![Tensor::from_buffer(y, y_shape), state(h_n), state(c_n)],
        extra: vec![Tensor::from_buffer(saved, [saved_len].into())],
    })
}

fn backward(cx: &mut Backward) -> bool {
    let x: Vec<Tensor> = (0..cx.inputs()).map(|i| cx.input(i).detach().contiguous()).collect();
    let (sizes, kind, lengths) = (sizes(&x), x[0].kind(), x[3].src());
    let (y, [dy, dh_n, dc_n]) = (cx.output(0), [0, 1, 2].map(|i| cx.dy_of(i).contiguous()));
    let mut room: Vec<Buffer> = x.iter().map(|t| Buffer::for_overwrite(kind, t.count())).collect();
    let (first, rest) = room.split_at_mut(4);
    let [dx, dh0, dc0, _] = first else { unreachable!("lstm: the first four inputs are no weights") };
    // The gradients of b_ih and b_hh are the same numbers: the fourth buffer of a direction stays unused.
    let mut dweights = vec![];
    for direction in rest.chunks_mut(4) {
        let [dw_ih, dw_hh, db, _] = direction else { unreachable!("lstm: a direction has four weights") };
        dweights.push(WeightGradients { dw_ih: dw_ih.dst(), dw_hh: dw_hh.dst(), db: db.dst() });
    }
    let mut saved = cx.take_extra(0);
    let args = lstm::Backward {
        sizes,
        lengths: Some(lengths),
        x: x[0].src(),
        weights: weights(&x),
        h0: x[1].src(),
        c0: x[2].src(),
        y: y.src(),
        saved: saved.dst(),
        dy: dy.src(),
        dh_n: dh_n.src(),
        dc_n: dc_n.src(),
        dx: cx.needs(0).then(|| dx.dst()),
        dweights,
        dh0: dh0.dst(),
        dc0: dc0.dst(),
    };
    let outcome = lstm::backward(args, precision());
    if !super::done(outcome) {
        return false;
    }
    for (i, (buffer, input)) in room.into_iter().zip(&x).enumerate() {
        let is_b_hh = i >= 4 && i % 4 == 3;
        if i == 3 || is_b_hh {
            continue;
        }
        let gradient = Tensor::from_buffer(buffer, input.shape());
        if i >= 4 && i % 4 == 2 {
            cx.give(i + 1, gradient.clone());
        }
        cx.give(i, gradient);
    }
    true
}

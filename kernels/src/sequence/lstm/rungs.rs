//! The rungs of the LSTM: all of them write the same gates, cells and states.

use crate::cuda::ladder::{assert_same, cast, integers, numbers};
use crate::cuda::shared_limit;
use crate::cuda::{Arg, Grid, launch};
use crate::lstm::cuda::{HELD, Held, Pass, SOURCE, STEPS, each_step, step_blocks, steps};
use crate::lstm::{self, Backward, Forward, Sizes, WeightGradients, Weights};
use crate::memory::Buffer;
use crate::{DType, Device, Kind, Precision, convert};

const DIRECTIONS: usize = 2;

/// How a rung is launched.
#[derive(Clone, Copy)]
enum Run {
    Plain,
    /// Each of some steps by itself.
    Steps,
    /// All steps, with W_hh held in f32.
    All,
    /// All steps, with W_hh held in bf16.
    Bf16,
}

const RUNS: [Run; 4] = [Run::Plain, Run::Steps, Run::All, Run::Bf16];

/// A layer of these sizes on a device.
struct Layer {
    kind: Kind,
    sizes: Sizes,
    lengths: Buffer,
    /// `[directions, 4H, H]`, of bf16 so that holding it so changes nothing.
    w_hh: Buffer,
}

pub(crate) fn check(kind: Kind) {
    // Columns, rows and slices in part, all weights in registers; then more sentences than a block of a step has, rows of whole
    // float4s, and weights in shared memory; then both in part.
    for (batch, hidden) in [(6, 19), (35, 132), (3, 141)] {
        let sizes = Sizes { batch, time: 3, input: 0, hidden, directions: DIRECTIONS };
        let lengths: Vec<i64> = [3, 1, 0, 2].into_iter().cycle().take(batch).collect();
        let layer = Layer { kind, sizes, lengths: integers(kind, &lengths), w_hh: weights(kind, hidden) };
        layer.check();
    }
    check_operation(kind);
}

/// Values such that sums of `hidden` products are about as large as the values.
fn weights(kind: Kind, hidden: usize) -> Buffer {
    let w_hh = numbers(kind, DIRECTIONS * 4 * hidden * hidden, 13).to_device(Device::Cpu);
    let scale = 1.0 / (hidden as f32).sqrt();
    let w_hh: Vec<f32> = w_hh.slice::<f32>().iter().map(|w| w * scale).collect();
    let w_hh = Buffer::from_slice(&w_hh).to_device(kind.device);
    cast(&cast(&w_hh, DType::BF16), DType::F32)
}

impl Layer {
    fn check(&self) {
        let states = || [15, 16].map(|stream| numbers(self.kind, self.state(), stream));
        let forward = RUNS.map(|run| self.forward(run, states()));
        self.compare("forward", &forward);
        let [Some([gates, cells, ..]), ..] = &forward else { unreachable!("the plain rung runs everywhere") };
        self.compare("backward", &RUNS.map(|run| self.backward(run, states(), [gates, cells])));
    }

    fn compare<const N: usize>(&self, what: &str, found: &[Option<[Buffer; N]>; 4]) {
        let mut found = found.iter().enumerate().filter_map(|(run, results)| Some((run, results.as_ref()?)));
        let (_, plain) = found.next().expect("the plain rung runs everywhere");
        for (run, rung) in found {
            for (result, (plain, fast)) in plain.iter().zip(rung).enumerate() {
                let hidden = self.sizes.hidden;
                assert_same(&format!("lstm {what}, H = {hidden}, rung {run}, result {result}"), plain, fast);
            }
        }
    }

    /// Numbers of the states.
    fn state(&self) -> usize {
        DIRECTIONS * self.sizes.batch * self.sizes.hidden
    }

    fn counts(&self) -> [Arg; 4] {
        let Sizes { batch, time, hidden, .. } = self.sizes;
        [batch, time, hidden, DIRECTIONS].map(Arg::from)
    }

    fn plain_blocks(&self) -> Grid {
        Grid::new([self.sizes.batch.div_ceil(32), DIRECTIONS], 32)
    }

    /// W_hh turned, `[directions, H, 4H]`.
    fn turned(&self) -> Buffer {
        let (hidden, wide) = (self.sizes.hidden, 4 * self.sizes.hidden);
        let mut turned = Buffer::zeros(self.kind, self.w_hh.len());
        let strides = [wide * hidden, 1, hidden];
        let _ = convert::copy_strided(&[DIRECTIONS, hidden, wide], self.w_hh.src(), &strides, turned.dst());
        turned
    }

    /// How blocks hold W_hh, and what they hold; `None` where a device's are too small.
    fn held(&self, run: Run, pass: Pass) -> Option<(Held, Buffer)> {
        let rounded = matches!(run, Run::Bf16);
        let held = Held::new(&self.sizes, pass, rounded, shared_limit(self.kind.device))?;
        let size = self.w_hh.len() / DIRECTIONS;
        let each = (0..DIRECTIONS).map(|i| self.w_hh.src_range(i * size, size));
        let shares = held.shares(self.sizes.hidden, each, self.kind);
        Some((held, shares))
    }

    /// Gates, cells, outputs and final states.
    fn forward(&self, run: Run, [h0, c0]: [Buffer; 2]) -> Option<[Buffer; 5]> {
        let (kind, time) = (self.kind, self.sizes.time);
        let units = time * self.state();
        let mut gates = numbers(kind, 4 * units, 17);
        let [mut cells, mut y] = [(); 2].map(|()| Buffer::zeros(kind, units));
        let [mut h_n, mut c_n] = [(); 2].map(|()| Buffer::zeros(kind, self.state()));
        let written = [&mut gates, &mut cells, &mut y].map(|x| Arg::from(x.dst()));
        let ends = [&mut h_n, &mut c_n].map(|x| Arg::from(x.dst()));
        let args = |w_hh: &Buffer, ends: &[Arg]| -> Vec<Arg> {
            let given = [&self.lengths, w_hh, &h0, &c0].map(|x| x.src().into());
            given
                .into_iter()
                .chain(written.clone())
                .chain(ends.iter().cloned())
                .chain(self.counts())
                .collect()
        };
        let _ = match run {
            Run::Plain => {
                launch(&SOURCE, "lstm_forward_plain", self.plain_blocks(), &args(&self.w_hh, &ends))
            }
            Run::Steps => {
                let blocks = step_blocks(&self.sizes, Pass::Forward);
                each_step(0..steps(time), args(&self.w_hh, &[]), "lstm_forward_step", blocks);
                let given = [&self.lengths, &h0, &c0, &cells].map(|x| Arg::from(x.src()));
                let written = [y.dst().into()].into_iter().chain(ends);
                let args: Vec<Arg> = given.into_iter().chain(written).chain(self.counts()).collect();
                launch(&STEPS, "lstm_forward_end", Grid::cover(self.state(), 64), &args)
            }
            Run::All | Run::Bf16 => {
                let (held, shares) = self.held(run, Pass::Forward)?;
                let (kernel, grid) = held.kernel();
                launch(&HELD, kernel, grid, &args(&shares, &ends))
            }
        };
        Some([gates, cells, y, h_n, c_n])
    }

    /// The gates' gradients, and those of the states before.
    fn backward(
        &self,
        run: Run,
        [dh_n, dc_n]: [Buffer; 2],
        [gates, cells]: [&Buffer; 2],
    ) -> Option<[Buffer; 3]> {
        let (kind, mut gates) = (self.kind, gates.clone());
        let (c0, dy) = (numbers(kind, dh_n.len(), 18), numbers(kind, cells.len(), 19));
        let [mut dh0, mut dc0] = [(); 2].map(|()| Buffer::zeros(kind, dh_n.len()));
        let saved = [gates.dst().into(), cells.src().into()];
        let above = [&dy, &dh_n, &dc_n].map(|x| Arg::from(x.src()));
        let written = [&mut dh0, &mut dc0].map(|x| Arg::from(x.dst()));
        let rest: Vec<Arg> = saved.into_iter().chain(above).chain(written).chain(self.counts()).collect();
        let args = |w_hh: &Buffer| -> Vec<Arg> {
            [&self.lengths, w_hh, &c0].map(|x| x.src().into()).into_iter().chain(rest.clone()).collect()
        };
        match run {
            Run::Plain => {
                let _ = launch(&SOURCE, "lstm_backward_plain", self.plain_blocks(), &args(&self.w_hh));
            }
            Run::Steps => {
                let steps = (-1..steps(self.sizes.time)).rev();
                let blocks = step_blocks(&self.sizes, Pass::Backward);
                each_step(steps, args(&self.turned()), "lstm_backward_step", blocks);
            }
            Run::All | Run::Bf16 => {
                let (held, shares) = self.held(run, Pass::Backward)?;
                let (kernel, grid) = held.kernel();
                let _ = launch(&HELD, kernel, grid, &args(&shares));
            }
        }
        Some([gates, dh0, dc0])
    }
}

/// A layer so wide that no block holds W_hh, as the operation runs it, finds what it finds on the CPU.
fn check_operation(kind: Kind) {
    let sizes = Sizes { batch: 3, time: 4, input: 5, hidden: 160, directions: DIRECTIONS };
    let expected = operation(sizes, kind, Device::Cpu);
    for (result, (cpu, found)) in expected.iter().zip(&operation(sizes, kind, kind.device)).enumerate() {
        assert_same(&format!("lstm, result {result}"), cpu, found);
    }
}

/// What forward and backward write, except what they save, from values made on one device and run on another.
fn operation(sizes: Sizes, kind: Kind, device: Device) -> Vec<Buffer> {
    let Sizes { batch, time, input, hidden, directions } = sizes;
    let (wide, state) = (4 * hidden, directions * batch * hidden);
    let given = |n: usize, stream: u64| numbers(kind, n, stream).to_device(device);
    let zeros = |n: usize| Buffer::zeros(Kind { device, ..kind }, n);
    let lengths = integers(kind, &[4, 0, 3]).to_device(device);
    let (x, dy) = (given(batch * time * input, 40), given(batch * time * directions * hidden, 41));
    let states: [Buffer; 4] = [42, 43, 44, 45].map(|stream| given(state, stream));
    let [h0, c0, dh_n, dc_n] = states.each_ref().map(Buffer::src);
    let w_hh = weights(kind, hidden).to_device(device);
    let [w_ih, b_ih, b_hh] =
        [(input, 46), (1, 47), (1, 48)].map(|(n, stream)| given(directions * wide * n, stream));
    let both = || {
        let each = (0..directions).map(|i| Weights {
            w_ih: w_ih.src_range(i * wide * input, wide * input),
            w_hh: w_hh.src_range(i * wide * hidden, wide * hidden),
            b_ih: b_ih.src_range(i * wide, wide),
            b_hh: b_hh.src_range(i * wide, wide),
        });
        each.collect()
    };
    let mut saved = zeros(lstm::saved(&sizes, Some(lengths.src())));
    let [mut y, mut dx] = [dy.len(), x.len()].map(zeros);
    let mut ends = [(); 4].map(|()| zeros(state));
    let [h_n, c_n, dh0, dc0] = ends.each_mut().map(Buffer::dst);
    let mut gradients: Vec<Buffer> =
        [input, hidden, 1].repeat(directions).into_iter().map(|n| zeros(wide * n)).collect();
    let (lengths, precision) = (Some(lengths.src()), Precision::F32);
    let (x, dy) = (x.src(), dy.src());
    let forward =
        Forward { sizes, lengths, x, weights: both(), h0, c0, y: y.dst(), h_n, c_n, saved: saved.dst() };
    let _ = lstm::forward(forward, precision);
    let dweights = gradients.chunks_exact_mut(3).map(|of| {
        let [dw_ih, dw_hh, db] = of else { unreachable!("chunks of three") };
        WeightGradients { dw_ih: dw_ih.dst(), dw_hh: dw_hh.dst(), db: db.dst() }
    });
    let backward = Backward {
        sizes,
        lengths,
        x,
        weights: both(),
        h0,
        c0,
        y: y.src(),
        saved: saved.dst(),
        dy,
        dh_n,
        dc_n,
        dx: Some(dx.dst()),
        dweights: dweights.collect(),
        dh0,
        dc0,
    };
    let _ = lstm::backward(backward, precision);
    [y, dx].into_iter().chain(ends).chain(gradients).collect()
}

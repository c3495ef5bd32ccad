//! Times on the device, and the arrays that kernels work on.

use crate::Failure;
use crate::options::Options;
use crate::report::{Row, Work};
use gradus_kernels::cuda::Timer;
use gradus_kernels::cuda::cublas::Cublas;
use gradus_kernels::memory::Buffer;
use gradus_kernels::philox::Stream;
use gradus_kernels::{DType, Device, Kind, Outcome, Precision};
use std::time::{Duration, Instant};

/// Rounds in which sides alternate, each a sample.
const ROUNDS: usize = 11;
/// Milliseconds that a sample takes at least: so long that the clock's steps and the first launch do not count.
const SAMPLE: f64 = 10.0;
/// Calls of a sample at most.
const MOST: f64 = 1000.0;
/// So long a device works before it is timed, for its clock to rise.
const WARM_UP: Duration = Duration::from_millis(200);

/// What all rows are measured with.
pub struct Bench {
    /// Floats on the device.
    pub kind: Kind,
    /// Whether sizes are those of the emulator.
    pub small: bool,
    /// The peer, if there is one.
    pub cublas: Option<Cublas>,
    architecture: u32,
    only: String,
    timer: Timer,
    rows: Vec<Row>,
}

/// A kernel whose gradient is timed with it.
pub trait Trained {
    /// The result, and what the gradient needs of it.
    fn forward(&mut self, precision: Precision) -> Outcome;
    /// The gradients.
    fn backward(&mut self, precision: Precision) -> Outcome;
}

/// Milliseconds of a call of one side: all samples, in the order of rounds.
pub struct Samples {
    /// One for each round.
    pub ms: Vec<f64>,
    /// Calls that they took together.
    pub calls: usize,
}

impl Bench {
    /// On an open device.
    pub fn new(device: Device, architecture: u32, options: &Options) -> Result<Self, Failure> {
        Ok(Bench {
            kind: Kind { dtype: DType::F32, device },
            small: options.small,
            cublas: Cublas::new(device)?,
            architecture,
            only: options.only.clone(),
            timer: Timer::new(device)?,
            rows: vec![],
        })
    }

    /// The peer's version, in words.
    pub fn cublas_version(&self) -> Result<Option<String>, Failure> {
        let version = self.cublas.as_ref().map(Cublas::version).transpose()?;
        Ok(version.map(|v| format!("{}.{}.{}", v / 10_000, v % 10_000 / 100, v % 100)))
    }

    /// The rows that were measured.
    pub fn into_rows(self) -> Result<Vec<Row>, Failure> {
        match self.rows.is_empty() {
            true => Err(format!("--only {}: no row has this in its name", self.only).into()),
            false => Ok(self.rows),
        }
    }

    /// Whether a row was requested.
    pub fn selects(&self, name: &str) -> bool {
        name.contains(&self.only)
    }

    /// Those of some precisions in which the device multiplies; in the others it would fall back to `f32`.
    pub fn precisions(&self, all: &[Precision]) -> Vec<Precision> {
        let new = |precision: &Precision| matches!(precision, Precision::Tf32 | Precision::Bf16);
        all.iter().copied().filter(|precision| self.architecture >= 80 || !new(precision)).collect()
    }

    /// The size for a GPU, or that for the emulator.
    pub fn size<T>(&self, full: T, small: T) -> T {
        if self.small { small } else { full }
    }

    /// Values between −1 and 1.
    pub fn numbers(&self, n: usize, stream: u64) -> Buffer {
        let stream = Stream { seed: 1, stream };
        let x: Vec<f32> = (0..n as u64).map(|i| 2.0 * stream.uniform(i) - 1.0).collect();
        Buffer::from_slice(&x).to_device(self.kind.device)
    }

    /// Zeros.
    pub fn zeros(&self, n: usize) -> Buffer {
        Buffer::zeros(self.kind, n)
    }

    /// Classes below `classes`.
    pub fn labels(&self, n: usize, classes: usize) -> Buffer {
        let stream = Stream { seed: 2, stream: 0 };
        let x: Vec<i64> = (0..n as u64).map(|i| stream.below(i, classes as u64) as i64).collect();
        Buffer::from_slice(&x).to_device(self.kind.device)
    }

    /// One value, repeated.
    pub fn integers(&self, n: usize, x: i64) -> Buffer {
        Buffer::from_slice(&vec![x; n]).to_device(self.kind.device)
    }

    /// Measures one side, if its row was requested.
    pub fn row(
        &mut self,
        name: &str,
        precision: Precision,
        work: Work,
        mut run: impl FnMut() -> Outcome,
    ) -> Result<(), Failure> {
        if !self.selects(name) {
            return Ok(());
        }
        let mut done = Outcome::Done;
        let mut samples = self.samples(&mut [&mut || done = run()])?;
        if done == Outcome::NoKernel {
            return Err(format!("{name}: the device has no such kernel").into());
        }
        let samples = samples.remove(0);
        self.add(Row::new(name, precision, work, &samples, None));
        Ok(())
    }

    /// Measures a kernel alone, then with its gradient; `works` are those of each. Nothing is made for rows that were not
    /// asked for.
    pub fn trained<K: Trained>(
        &mut self,
        name: &str,
        precision: Precision,
        works: [Work; 2],
        make: impl FnOnce(&Self) -> K,
    ) -> Result<(), Failure> {
        let [alone, both] = ["fwd", "fwdbwd"].map(|which| format!("{name}_{which}"));
        if !self.selects(&alone) && !self.selects(&both) {
            return Ok(());
        }
        let mut kernel = make(self);
        self.row(&alone, precision, works[0], || kernel.forward(precision))?;
        self.row(&both, precision, works[1], || match kernel.forward(precision) {
            Outcome::Done => kernel.backward(precision),
            Outcome::NoKernel => Outcome::NoKernel,
        })
    }

    /// Adds a row, and shows it.
    pub fn add(&mut self, row: Row) {
        println!("{}", row.line());
        self.rows.push(row);
    }

    /// Times all sides in rounds, one after the other, after each was run alone.
    pub fn samples(&mut self, sides: &mut [&mut dyn FnMut()]) -> Result<Vec<Samples>, Failure> {
        let (rounds, warm_up, most) = self.size((ROUNDS, WARM_UP, MOST), (3, Duration::ZERO, 1.0));
        let mut samples = vec![];
        for run in sides.iter_mut() {
            // The first call may compile the kernel.
            self.timer.time(&mut **run)?;
            let start = Instant::now();
            let mut once = self.timer.time(&mut **run)?;
            while start.elapsed() < warm_up {
                once = self.timer.time(&mut **run)?;
            }
            let calls = (SAMPLE / once.max(1e-6)).ceil().clamp(1.0, most) as usize;
            samples.push(Samples { ms: vec![], calls });
        }
        for _ in 0..rounds {
            for (run, samples) in sides.iter_mut().zip(&mut samples) {
                let calls = samples.calls;
                let ms = self.timer.time(|| (0..calls).for_each(|_| run()))?;
                samples.ms.push(ms / calls as f64);
            }
        }
        samples.iter_mut().for_each(|samples| samples.calls *= rounds);
        Ok(samples)
    }
}

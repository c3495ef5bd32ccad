//! Comparison of the rungs of a ladder.

use super::{Arg, Grid, Source, launch};
use crate::memory::Buffer;
use crate::philox::Stream;
use crate::{DType, Device, Dst, Kind, Outcome, Src};

/// A kernel of a ladder: its name and its grid.
pub(crate) type Rung = (&'static str, Grid);

pub(crate) const SEED: Stream = Stream { seed: 7, stream: 3 };

/// Values between −2 and 2 on the device.
pub(crate) fn numbers(kind: Kind, n: usize, stream: u64) -> Buffer {
    let stream = Stream { stream, ..SEED };
    let x: Vec<f32> = (0..n).map(|i| 4.0 * stream.uniform(i as u64) - 2.0).collect();
    Buffer::from_slice(&x).to_device(kind.device)
}

pub(crate) fn integers(kind: Kind, x: &[i64]) -> Buffer {
    Buffer::from_slice(x).to_device(kind.device)
}

/// Runs each rung on the arguments that `args` returns for its name and its results, and compares the results with those of the
/// first rung.
pub(crate) fn ladder(
    kind: Kind,
    source: &'static Source,
    rungs: &[Rung],
    results: &[usize],
    args: impl Fn(&str, &mut [Buffer]) -> Vec<Arg>,
) {
    let mut first: Vec<Buffer> = vec![];
    for &(kernel, grid) in rungs {
        let mut found: Vec<Buffer> = results.iter().map(|&n| Buffer::zeros(kind, n)).collect();
        let _ = launch(source, kernel, grid, &args(kernel, &mut found));
        if first.is_empty() {
            first = found;
            continue;
        }
        for (result, (plain, fast)) in first.iter().zip(&found).enumerate() {
            assert_same(&format!("{kernel}, result {result}"), plain, fast);
        }
    }
}

/// Panics if two sums of the same `k` products, of factors of at most 2, differ by more than the rounding of their additions.
pub(crate) fn assert_near(name: &str, found: &Buffer, expected: &Buffer, k: usize) {
    let [found, expected] = [found, expected].map(|x| x.to_device(Device::Cpu).slice::<f32>().to_vec());
    let bound = 2.0 * k as f32 * f32::EPSILON / 2.0 * 4.0 * k as f32;
    for (i, (f, e)) in found.iter().zip(&expected).enumerate() {
        assert!((f - e).abs() <= bound, "{name}: element {i}: {f}, on the CPU {e}");
    }
}

/// Panics if two results of one ladder differ by more than rounding.
pub(crate) fn assert_same(kernel: &str, plain: &Buffer, fast: &Buffer) {
    let [plain, fast] = [plain, fast].map(|x| x.to_device(Device::Cpu).slice::<f32>().to_vec());
    for (i, (p, f)) in plain.iter().zip(&fast).enumerate() {
        let bound = 2e-5 * (1.0 + p.abs());
        assert!(
            p == f || p.is_nan() && f.is_nan() || (p - f).abs() <= bound,
            "{kernel}: element {i}: {f}, plain {p}"
        );
    }
}

pub(crate) fn cast(x: &Buffer, dtype: DType) -> Buffer {
    let mut y = Buffer::for_overwrite(x.kind().of(dtype), x.len());
    let _ = crate::convert::cast(x.src(), y.dst());
    y
}

/// Runs an operation that has only one kernel on the device and on the CPU, and compares the results.
pub(crate) fn as_on_the_cpu(
    name: &str,
    operands: &[&Buffer],
    start: &Buffer,
    op: impl Fn(&[Src], Dst) -> Outcome,
) {
    let run = |device: Device| {
        let operands: Vec<Buffer> = operands.iter().map(|x| x.to_device(device)).collect();
        let operands: Vec<Src> = operands.iter().map(Buffer::src).collect();
        let mut result = start.to_device(device);
        assert_eq!(op(&operands, result.dst()), Outcome::Done, "{name}: no kernel on {device}");
        result.to_device(Device::Cpu)
    };
    let (device, cpu) = (run(start.device()), run(Device::Cpu));
    match start.dtype() {
        DType::F32 => assert_same(name, &cpu, &device),
        _ => assert_eq!(cpu.bytes(), device.bytes(), "{name}: differs from the CPU"),
    }
}

//! Matmuls, beside cuBLAS if the machine has it.

use crate::Failure;
use crate::bench::Bench;
use crate::report::{Row, Work};
use gradus_kernels::cuda::cublas::Cublas;
use gradus_kernels::gemm::{Matmul, batched};
use gradus_kernels::memory::Buffer;
use gradus_kernels::philox::Stream;
use gradus_kernels::{DType, Device, Outcome, Precision};
use half::f16;

/// The matmuls of an LSTM's gates with the input, B = 32, T = 256, D = 300, H = 128; the weight is transposed.
const LSTM: [usize; 3] = [8192, 300, 512];
/// The gradient of such a weight: the gates' gradients are transposed, and sums are long.
const WEIGHTS: [usize; 3] = [512, 8192, 300];
/// The logits of a language model.
const LOGITS: [usize; 3] = [1120, 200, 10_000];

/// A matmul by name; the two of its operands that are compared, and the two that are timed.
struct Case {
    name: String,
    matmul: Matmul,
    exact: [Vec<f32>; 2],
    random: [Vec<f32>; 2],
}

pub fn all(bench: &mut Bench) -> Result<(), Failure> {
    for side in bench.size(vec![256, 1024, 2048, 4096], vec![16, 40]) {
        measure(bench, &format!("gemm_{side}"), [side; 3], [false; 2])?;
    }
    let sizes = [
        ("lstm_input", LSTM, [24, 10, 32], [false, true]),
        ("lstm_weights", WEIGHTS, [12, 600, 9], [true, false]),
        ("logits", LOGITS, [12, 20, 70], [false; 2]),
    ];
    for (name, full, small, turned) in sizes {
        let [m, k, n] = bench.size(full, small);
        measure(bench, &format!("gemm_{name}_{m}x{k}x{n}"), [m, k, n], turned)?;
    }
    Ok(())
}

/// All precisions of one size; `turned` is whether A and B are column-major.
fn measure(bench: &mut Bench, name: &str, [m, k, n]: [usize; 3], turned: [bool; 2]) -> Result<(), Failure> {
    if !bench.selects(name) {
        return Ok(());
    }
    let strides = |turned, [rows, cols]: [usize; 2]| if turned { [0, 1, rows] } else { [0, cols, 1] };
    let (a_strides, b_strides) = (strides(turned[0], [m, k]), strides(turned[1], [k, n]));
    let matmul = Matmul { count: 1, m, k, n, a_strides, b_strides, precision: Precision::F32 };
    let case = Case {
        name: name.into(),
        matmul,
        exact: [(m * k, 1), (k * n, 2)].map(|(count, stream)| numbers(count, stream, eighths)),
        random: [(m * k, 3), (k * n, 4)].map(|(count, stream)| numbers(count, stream, |u| 2.0 * u - 1.0)),
    };
    // From values that no precision rounds, so that it is the same for all precisions.
    let [a, b] = &case.exact;
    let mut expected = Buffer::for_overwrite(DType::F32, m * n);
    let _ = batched(matmul, a[..].into(), b[..].into(), expected.dst());
    for precision in bench.precisions(&Precision::ALL) {
        compared(bench, &case, precision, expected.slice())?;
        timed(bench, &case, precision)?;
    }
    Ok(())
}

fn numbers(count: usize, stream: u64, of: impl Fn(f32) -> f32) -> Vec<f32> {
    let stream = Stream { seed: 1, stream };
    (0..count as u64).map(|i| of(stream.uniform(i))).collect()
}

/// From u in 0..1, a multiple of ⅛ from −1 to 1. Three significant bits are exact in every precision; products are multiples of
/// 2⁻⁶, and a sum of 2¹⁸ of them fits into 24 bits, so that no sum is rounded, in any order. So every way to multiply gives the
/// same bits.
fn eighths(u: f32) -> f32 {
    ((u * 17.0).floor() - 8.0) / 8.0
}

/// The device's and cuBLAS's results must be the CPU's.
fn compared(bench: &mut Bench, case: &Case, precision: Precision, expected: &[f32]) -> Result<(), Failure> {
    let matmul = Matmul { precision, ..case.matmul };
    let operands = Operands::new(&case.exact, precision, bench.kind.device);
    let mut c = bench.zeros(matmul.m * matmul.n);
    if ours(matmul, &operands, &mut c) == Outcome::NoKernel {
        return Err(format!("{}: the device has no matmul in {precision}", case.name).into());
    }
    same(case, precision, "the device", &c, expected)?;
    if let Some(cublas) = &mut bench.cublas {
        let mut c = Buffer::zeros(bench.kind, matmul.m * matmul.n);
        theirs(cublas, matmul, &operands, &mut c)?;
        same(case, precision, "cuBLAS", &c, expected)?;
    }
    Ok(())
}

fn same(case: &Case, precision: Precision, who: &str, c: &Buffer, expected: &[f32]) -> Result<(), Failure> {
    let found = c.to_device(Device::Cpu);
    let wrong = found.slice::<f32>().iter().zip(expected).position(|(f, e)| f != e);
    let Some(i) = wrong else { return Ok(()) };
    let (f, e, name) = (found.slice::<f32>()[i], expected[i], &case.name);
    Err(format!("{name}, {precision}: element {i} is {f} by {who}, {e} by the CPU, and both are exact")
        .into())
}

fn timed(bench: &mut Bench, case: &Case, precision: Precision) -> Result<(), Failure> {
    let matmul = Matmul { precision, ..case.matmul };
    let operands = Operands::new(&case.random, precision, bench.kind.device);
    let Matmul { m, k, n, .. } = matmul;
    let work = Work::Flops(2.0 * (m * n) as f64 * k as f64);
    let [mut c, mut d] = [(); 2].map(|()| bench.zeros(m * n));
    let mut run = || _ = ours(matmul, &operands, &mut c);
    let mut cublas = bench.cublas.take();
    let row = if let Some(cublas) = &mut cublas {
        let mut answer = Ok(());
        let mut peer = || {
            if answer.is_ok() {
                answer = theirs(cublas, matmul, &operands, &mut d);
            }
        };
        let samples = bench.samples(&mut [&mut run, &mut peer])?;
        answer?;
        Row::new(&case.name, precision, work, &samples[0], Some(&samples[1]))
    } else {
        let samples = bench.samples(&mut [&mut run])?;
        Row::new(&case.name, precision, work, &samples[0], None)
    };
    bench.cublas = cublas;
    bench.add(row);
    Ok(())
}

/// The operands of a matmul on the device: in `f32`, as our kernels and cuBLAS read them; where the precision is `f16`, cuBLAS
/// reads them rounded already, half as many bytes, which is its fastest way.
struct Operands {
    full: [Buffer; 2],
    half: Option<[Buffer; 2]>,
}

impl Operands {
    fn new(numbers: &[Vec<f32>; 2], precision: Precision, device: Device) -> Self {
        let full = numbers.each_ref().map(|x| Buffer::from_slice(x).to_device(device));
        let half = (precision == Precision::F16).then(|| {
            let rounded = |x: &Vec<f32>| x.iter().map(|&x| f16::from_f32(x)).collect::<Vec<f16>>();
            numbers.each_ref().map(|x| Buffer::from_slice(&rounded(x)).to_device(device))
        });
        Operands { full, half }
    }
}

fn ours(matmul: Matmul, operands: &Operands, c: &mut Buffer) -> Outcome {
    let [a, b] = &operands.full;
    batched(matmul, a.src(), b.src(), c.dst())
}

fn theirs(cublas: &mut Cublas, matmul: Matmul, operands: &Operands, c: &mut Buffer) -> Result<(), Failure> {
    let [a, b] = operands.half.as_ref().unwrap_or(&operands.full);
    Ok(cublas.multiply(matmul, a.src(), b.src(), c.dst())?)
}

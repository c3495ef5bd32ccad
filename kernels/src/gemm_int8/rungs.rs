//! The rungs of the int8 layer: all kernels give the bits of the CPU.

use super::cuda::{SOURCE, quantized};
use super::{Sizes, linear, pack, quantize_rows, words};
use crate::cuda::ladder::numbers;
use crate::cuda::{Arg, Grid, launch};
use crate::memory::Buffer;
use crate::{Device, Kind, Outcome};

pub(crate) fn check(kind: Kind) {
    for (m, k, n) in [(1, 1, 1), (3, 5, 17), (70, 131, 66), (2, 0, 3)] {
        layer(kind, Sizes { m, k, n });
    }
}

fn layer(kind: Kind, sizes: Sizes) {
    let Sizes { m, k, n } = sizes;
    let on_host = |x: Buffer| x.to_device(Device::Cpu);
    let mut x = on_host(numbers(kind, m * k, 1)).slice::<f32>().to_vec();
    // A row of zeros, one with an infinity and one with NaN.
    if m > 50 {
        x[20 * k..21 * k].fill(0.0);
        (x[30 * k + 2], x[40 * k + 7]) = (f32::NEG_INFINITY, f32::NAN);
    }
    let w = on_host(numbers(kind, n * k, 2));
    let (mut q, mut scales, mut packed) = (vec![0; n * k], vec![0.0; n], vec![0; words(k, n)]);
    quantize_rows(w.slice(), &mut q, &mut scales);
    pack(k, n, &q, &mut packed);
    let bias = on_host(numbers(kind, n, 3));
    let mut expected = vec![0.0f32; m * n];
    let done = linear(
        sizes,
        x[..].into(),
        packed[..].into(),
        scales[..].into(),
        Some(bias.src()),
        (&mut expected[..]).into(),
    );
    assert_eq!(done, Outcome::Done);
    let [x, scales, bias] =
        [&x, &scales, &bias.slice::<f32>().to_vec()].map(|x| Buffer::from_slice(x).to_device(kind.device));
    let packed = Buffer::from_slice(&packed).to_device(kind.device);
    let [p, steps] = quantized(sizes, x.src());
    let rungs = [
        ("gemm_int8_plain", Grid::cover(m * n, 64)),
        ("gemm_int8_tiled", Grid::new([n.div_ceil(64), m.div_ceil(64)], 256)),
    ];
    let same = |name: &str, y: &Buffer| {
        let y = y.to_device(Device::Cpu);
        for (i, (y, e)) in y.slice::<f32>().iter().zip(&expected).enumerate() {
            assert!(y == e || y.is_nan() && e.is_nan(), "{name}: element {i}: {y}, on the CPU {e}");
        }
    };
    for (kernel, grid) in rungs {
        let mut y = Buffer::zeros(kind, m * n);
        let buffers = [&p, &packed, &steps, &scales, &bias].map(|x| Arg::from(x.src()));
        let sizes = [m, n, k.div_ceil(4)].map(Arg::from);
        let args: Vec<Arg> = buffers.into_iter().chain([y.dst().into()]).chain(sizes).collect();
        let _ = launch(&SOURCE, kernel, grid, &args);
        same(kernel, &y);
    }
    let mut y = Buffer::zeros(kind, m * n);
    let done = linear(sizes, x.src(), packed.src(), scales.src(), Some(bias.src()), y.dst());
    assert_eq!(done, Outcome::Done);
    same("gemm_int8", &y);
}

//! The rungs of matmuls.

use super::cuda::{SOURCE, TENSOR_CORES};
use super::{Matmul, batched_with_bias};
use crate::cuda::ladder::{assert_near, cast, ladder, numbers};
use crate::cuda::{Arg, Grid, architecture, launch};
use crate::memory::Buffer;
use crate::{DType, Device, Kind, Precision};

pub(crate) fn check(kind: Kind) {
    // Only partial tiles; then some whole ones, whose elements can be read four at once.
    for (m, k, n) in [(70, 37, 67), (132, 20, 260)] {
        let (a, b, bias) = (numbers(kind, m * k, 7), numbers(kind, k * n, 8), numbers(kind, n, 9));
        let tiles = |side: usize| Grid::new([n.div_ceil(side), m.div_ceil(side)], 256);
        let rungs = [
            ("gemm_plain", Grid::cover(m * n, 64)),
            ("gemm_tiled", tiles(16)),
            ("gemm_blocked", tiles(64)),
            ("gemm_wide", tiles(128)),
        ];
        // Both operands by rows, then both by columns.
        for strides in [[k, 1, n, 1], [1, m, 1, k]] {
            ladder(kind, &SOURCE, &rungs, &[m * n], |_, c| {
                let [a_row, a_col, b_row, b_col] = strides.map(Arg::stride);
                let arrays = [a.src().into(), b.src().into(), bias.src().into(), c[0].dst().into()];
                let sizes = [m.into(), k.into(), n.into(), 0i64.into(), a_row, a_col];
                let batch = [0, 1, k].map(Arg::from);
                arrays.into_iter().chain(sizes).chain([0i64.into(), b_row, b_col]).chain(batch).collect()
            });
        }
    }
    slices(kind);
    tensor_cores(kind);
}

/// A matmul whose k is cut in slices, the last of them shorter.
fn slices(kind: Kind) {
    let (m, k, n) = (19, 700, 21);
    let [a, b, bias] = [(m * k, 28), (k * n, 29), (n, 30)].map(|(n, stream)| numbers(kind, n, stream));
    let (a_strides, b_strides) = ([0, k, 1], [0, n, 1]);
    for precision in Precision::ALL {
        let matmul = Matmul { count: 1, m, k, n, a_strides, b_strides, precision };
        let mut c = Buffer::zeros(kind, m * n);
        let _ = batched_with_bias(matmul, a.src(), b.src(), Some(bias.src()), c.dst());
        let expected = Buffer::from_slice(&on_the_cpu(matmul, [&a, &b, &bias]));
        assert_near(&format!("a matmul in slices, {precision}"), &c, &expected, k);
    }
}

/// Two matmuls of 67 × 37 × 70, with only partial tiles, then one of 132 × 40 × 132, where some tiles are whole and can be
/// read four elements at once, with operands by rows and by columns.
fn tensor_cores(kind: Kind) {
    for sizes in [[2, 67, 37, 70], [1, 132, 40, 132]] {
        tensor_core_matmuls(kind, sizes);
    }
}

fn tensor_core_matmuls(kind: Kind, [count, m, k, n]: [usize; 4]) {
    let [a, b, bias] =
        [(count * m * k, 25), (count * k * n, 26), (n, 27)].map(|(n, stream)| numbers(kind, n, stream));
    let newer = architecture(kind.device) >= 80;
    let mut precisions =
        vec![(Precision::F16, ["gemm_f16_plain", "gemm_f16_warp", "gemm_f16_64", "gemm_f16_128"])];
    if newer {
        let tf32 = ["gemm_tf32_plain", "gemm_tf32_warp", "gemm_tf32_64", "gemm_tf32_128"];
        let bf16 = ["gemm_bf16_plain", "gemm_bf16_warp", "gemm_bf16_64", "gemm_bf16_128"];
        precisions.extend([(Precision::Tf32, tf32), (Precision::Bf16, bf16)]);
    }
    for [a_row, a_col, b_row, b_col] in [[k, 1, n, 1], [1, m, 1, k]] {
        let (a_strides, b_strides) = ([m * k, a_row, a_col], [k * n, b_row, b_col]);
        let run = |kernel: &'static str, a: &Buffer, b: &Buffer, bias: &Buffer| {
            let grid = match kernel.rsplit('_').next() {
                Some("plain") => Grid::new([(m * n).div_ceil(64), 1, count], 64),
                Some("warp") => Grid::new([n.div_ceil(32), m.div_ceil(16), count], 128),
                Some("64") => Grid::new([n.div_ceil(64), m.div_ceil(64), count], 128),
                _ => Grid::new([n.div_ceil(128), m.div_ceil(128), count], 256),
            };
            let mut c = Buffer::zeros(a.kind(), count * m * n);
            let mut args: Vec<Arg> = vec![a.src().into(), b.src().into(), bias.src().into(), c.dst().into()];
            args.extend([m, k, n].map(Arg::from));
            args.extend([a_strides, b_strides].concat().into_iter().map(Arg::stride));
            args.extend([0, count, k].map(Arg::from));
            let _ = launch(&TENSOR_CORES, kernel, grid, &args);
            c
        };
        for &(precision, kernels) in &precisions {
            let matmul = Matmul { count, m, k, n, a_strides, b_strides, precision };
            let expected = Buffer::from_slice(&on_the_cpu(matmul, [&a, &b, &bias]));
            for kernel in kernels {
                assert_near(kernel, &run(kernel, &a, &b, &bias), &expected, k);
            }
        }
        let bf16 = ["gemm_stored_bf16_warp", "gemm_stored_bf16_64", "gemm_stored_bf16_128"];
        let f16 = ["gemm_stored_f16_warp", "gemm_stored_f16_64", "gemm_stored_f16_128"];
        for (dtype, plain, kernels) in
            [(DType::F16, "gemm_stored_f16_plain", f16), (DType::BF16, "gemm_stored_bf16_plain", bf16)]
        {
            if dtype == DType::BF16 && !newer {
                continue;
            }
            let [a, b, bias] = [&a, &b, &bias].map(|x| cast(x, dtype));
            let plain = cast(&run(plain, &a, &b, &bias), DType::F32).to_device(Device::Cpu);
            for kernel in kernels {
                let found = cast(&run(kernel, &a, &b, &bias), DType::F32).to_device(Device::Cpu);
                // Results are rounded to 8 or 11 bits: a sum in another order may round to the neighbour.
                for (i, (f, p)) in found.slice::<f32>().iter().zip(plain.slice::<f32>()).enumerate() {
                    assert!((f - p).abs() <= 0.01 * (p.abs() + 0.1), "{kernel}: element {i}: {f}, plain {p}");
                }
            }
        }
    }
}

/// A matmul with bias of operands that lie on the device.
fn on_the_cpu(matmul: Matmul, operands: [&Buffer; 3]) -> Vec<f32> {
    let [a, b, bias] = operands.map(|x| x.to_device(Device::Cpu));
    let mut c = vec![0.0f32; matmul.count * matmul.m * matmul.n];
    let _ = batched_with_bias(matmul, a.src(), b.src(), Some(bias.src()), (&mut c[..]).into());
    c
}

//! The rungs of the k largest elements, and their values and indices beside the CPU's.

use super::cuda::{SOURCE, THREADS};
use super::top_k;
use crate::cuda::ladder::{Rung, numbers};
use crate::cuda::{Grid, launch};
use crate::memory::Buffer;
use crate::{DType, Device, Dst, Kind, Outcome};

pub(crate) fn check(kind: Kind) {
    for (rows, cols, k) in [(3, 1, 1), (5, 37, 4), (2, 700, 33), (1, 9, 9)] {
        same_as_on_the_cpu(kind, [rows, cols, k], &numbers(kind, rows * cols, 2));
    }
    let odd = [f32::NAN, 1.0, -0.0, 0.0, f32::INFINITY, 1.0, f32::NAN, f32::NEG_INFINITY, 1e-40, -1e-40];
    same_as_on_the_cpu(kind, [1, odd.len(), odd.len()], &Buffer::from_slice(&odd).to_device(kind.device));
    let equal = vec![0.5f32; 2 * 300];
    same_as_on_the_cpu(kind, [2, 300, 7], &Buffer::from_slice(&equal).to_device(kind.device));
}

/// Each rung has the values and the indices of the CPU, bit by bit.
fn same_as_on_the_cpu(kind: Kind, [rows, cols, k]: [usize; 3], x: &Buffer) {
    let found = |device: Device, run: &dyn Fn(Dst, Dst) -> Outcome| {
        let kind = Kind { device, ..kind };
        let mut results = (Buffer::zeros(kind, rows * k), Buffer::zeros(kind.of(DType::I64), rows * k));
        assert_eq!(run(results.0.dst(), results.1.dst()), Outcome::Done);
        let (values, indices) = (results.0.to_device(Device::Cpu), results.1.to_device(Device::Cpu));
        let bits: Vec<u32> = values.slice::<f32>().iter().map(|x| x.to_bits()).collect();
        (bits, indices.slice::<i64>().to_vec())
    };
    let here = x.to_device(Device::Cpu);
    let expected = found(Device::Cpu, &|values, indices| top_k(here.src(), cols, k, values, indices));
    let rungs: [Rung; 2] =
        [("top_k_plain", Grid::cover(rows, 32)), ("top_k_block", Grid::new(rows, THREADS))];
    for (kernel, grid) in rungs {
        let on_the_device = found(kind.device, &|values, indices| {
            let args = [x.src().into(), values.into(), indices.into(), rows.into(), cols.into(), k.into()];
            launch(&SOURCE, kernel, grid, &args)
        });
        assert!(
            on_the_device == expected,
            "{kernel} [{rows}, {cols}], {k}: {on_the_device:?}, on the CPU {expected:?}"
        );
    }
}

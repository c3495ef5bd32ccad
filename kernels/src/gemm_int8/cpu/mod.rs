//! The layer on the CPU: x is quantised once, then tiles of y are computed over threads.
//!
//! Tiles are one generic body over [`Set`], the few instructions in which the instruction sets differ.

mod quantize;
mod set;
mod tile;
#[cfg(target_arch = "x86_64")]
mod vnni;

use super::{PANEL, Sizes, panel_words};
use crate::isa::{self, Level};
use crate::memory::Buffer;
use crate::{DType, parallel};
use quantize::{Input, quantized};
use set::Portable;
use std::marker::PhantomData;
use tile::Task;

/// Rows of y of a task: with K of 1536 their quantised x fills a quarter of the second-level cache.
const ROWS: usize = 96;
/// Tasks that a matmul is split into if it has few rows.
const TASKS: usize = 8;
/// Panels of a task at least, if the columns are split.
const PANELS: usize = 4;
/// Multiplications below which a matmul stays on its thread.
const ONE_THREAD: usize = 1 << 20;

/// The versions of the tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Portable Rust.
    Portable,
    /// AVX2.
    Avx2,
    /// AVX-512 with VNNI.
    Vnni,
}

impl Unit {
    /// Those that this machine can run, narrowest first.
    #[cfg(test)]
    pub fn available() -> Vec<Unit> {
        isa::available().iter().map(|&level| Unit::of(level)).collect()
    }

    /// The widest one that [`isa::level`] allows.
    pub fn best() -> Unit {
        Unit::of(isa::level())
    }

    fn of(level: Level) -> Unit {
        match level {
            Level::Scalar => Unit::Portable,
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 if vnni::Vnni::detect().is_some() => Unit::Vnni,
            Level::Avx2 | Level::Avx512 => Unit::Avx2,
        }
    }
}

/// The arguments of the layer.
#[derive(Clone, Copy)]
struct Layer<'a> {
    sizes: Sizes,
    packed: &'a [u32],
    scales: &'a [f32],
    bias: Option<&'a [f32]>,
}

/// y = x Wᵀ + b, by one of the versions.
///
/// Panics if the machine lacks it, or if an operand is too short.
pub fn linear(
    unit: Unit,
    sizes: Sizes,
    x: &[f32],
    packed: &[u32],
    scales: &[f32],
    bias: Option<&[f32]>,
    y: &mut [f32],
) {
    let layer = Layer { sizes, packed, scales, bias };
    match unit {
        Unit::Portable => over_tasks(layer, x, y, |task| task.run(Portable)),
        #[cfg(target_arch = "x86_64")]
        Unit::Avx2 => {
            let avx2 = isa::Avx2::detect().expect("gemm_int8: this machine has no AVX2");
            over_tasks(layer, x, y, |task| avx2.enter(set::OnAvx2(task, avx2)));
        }
        #[cfg(target_arch = "x86_64")]
        Unit::Vnni => {
            let vnni = vnni::Vnni::detect().expect("gemm_int8: this machine has no AVX-512 VNNI");
            over_tasks(layer, x, y, |task| vnni.enter(task));
        }
        #[cfg(not(target_arch = "x86_64"))]
        Unit::Avx2 | Unit::Vnni => panic!("gemm_int8: {unit:?} is of x86-64"),
    }
}

/// [`linear`] by the definition of `vpdpbusd`, on any machine: the tiles, the unsigned inputs and the offsets of [`Unit::Vnni`].
#[cfg(test)]
pub fn linear_by_definition_of_vnni(
    sizes: Sizes,
    x: &[f32],
    packed: &[u32],
    scales: &[f32],
    bias: Option<&[f32]>,
    y: &mut [f32],
) {
    over_tasks(Layer { sizes, packed, scales, bias }, x, y, |task| task.run(set::DefinitionOfVnni));
}

/// Where y is, for tasks that each write their own tiles.
#[derive(Clone, Copy)]
struct Output<'a> {
    start: *mut f32,
    life: PhantomData<&'a mut [f32]>,
}

// SAFETY: each task writes other elements; see `over_tasks`.
unsafe impl Sync for Output<'_> {}

/// Quantises x, and runs tasks that depend on the shape alone.
fn over_tasks<P: Input>(layer: Layer, x: &[f32], y: &mut [f32], run: impl Fn(Task<P>) + Sync) {
    let Sizes { m, k, n } = layer.sizes;
    let panels = n.div_ceil(PANEL);
    // On these lengths the pointers of the tasks rely.
    assert!(x.len() == m * k && y.len() == m * n && layer.scales.len() == n);
    assert!(layer.packed.len() == panels * panel_words(k) && layer.bias.is_none_or(|bias| bias.len() == n));
    if y.is_empty() {
        return;
    }
    let mut p = Buffer::for_overwrite(DType::U32, (m * k.div_ceil(4) * 4 * size_of::<P>()).div_ceil(4));
    let p = &mut bytemuck::cast_slice_mut(p.slice_mut::<u32>())[..m * k.div_ceil(4) * 4];
    let mut steps = vec![0.0; m];
    quantized(x, k, p, &mut steps);
    let (p, steps) = (&*p, &steps[..]);
    let down = m.div_ceil(ROWS);
    let across = if down < TASKS { (TASKS / down).min(panels.div_ceil(PANELS)) } else { 1 };
    let each = panels.div_ceil(across);
    let output = Output { start: y.as_mut_ptr(), life: PhantomData };
    let task = |i: usize| {
        // The tasks of other i have other rows or other panels, so that no element of y is written by two.
        let (row, panel) = (i % down * ROWS, i / down * each);
        let (rows, panels) = (row..(row + ROWS).min(m), panel.min(panels)..(panel + each).min(panels));
        run(Task { layer, p, steps, rows, panels, output });
    };
    let tasks = down * across;
    match m.saturating_mul(n).saturating_mul(k.max(1)) > ONE_THREAD {
        true => parallel::ranges(tasks, 1, |i, _| task(i)),
        false => (0..tasks).for_each(task),
    }
}

//! The loops of a task, and the tile.

use super::quantize::Input;
use super::set::Set;
use super::{Layer, Output, PANEL, Sizes, panel_words};
use std::ops::Range;

/// Some rows of y and some panels of its columns.
pub struct Task<'a, P> {
    pub(super) layer: Layer<'a>,
    /// The quantised x, [M, whole quads of K].
    pub(super) p: &'a [P],
    /// The scales of its rows.
    pub(super) steps: &'a [f32],
    pub(super) rows: Range<usize>,
    pub(super) panels: Range<usize>,
    pub(super) output: Output<'a>,
}

/// The sums of a tile of at most R rows, whose panel has 16 columns.
type Sums<const R: usize> = [[i32; PANEL]; R];

impl<P: Input> Task<'_, P> {
    /// Computes the task.
    #[inline(always)]
    pub fn run<S: Set<Input = P>>(self, s: S) {
        for panel in self.panels.clone() {
            let mut row = self.rows.start;
            while row < self.rows.end {
                let left = self.rows.end - row;
                // Tall tiles read the weights less often.
                row += match (S::ROWS, left) {
                    (12, 12..) => self.strip::<S, 12>(s, row, panel),
                    (_, 6..) => self.strip::<S, 6>(s, row, panel),
                    (_, 3..) => self.strip::<S, 3>(s, row, panel),
                    _ => self.strip::<S, 1>(s, row, panel),
                };
            }
        }
    }

    /// R rows of a panel from `row` on; returns R.
    #[inline(always)]
    fn strip<S: Set<Input = P>, const R: usize>(&self, s: S, row: usize, panel: usize) -> usize {
        let Sizes { k, n, .. } = self.layer.sizes;
        let quads = k.div_ceil(4);
        let words = &self.layer.packed[panel * panel_words(k)..][..panel_words(k)];
        let p = &self.p[row * quads * 4..][..R * quads * 4];
        let mut sums: Sums<R> = [[0; PANEL]; R];
        for first in (0..PANEL).step_by(S::COLS) {
            // SAFETY: `p` holds R rows of `quads` quads, `words` `quads` + 1 rows of 16 words, and `first` + COLS is at most 16.
            unsafe { tile::<S, R>(s, p.as_ptr(), quads, words.as_ptr().add(first), first, &mut sums) };
        }
        let columns = panel * PANEL..(panel * PANEL + PANEL).min(n);
        let scales = &self.layer.scales[columns.clone()];
        let bias = self.layer.bias.map(|bias| &bias[columns.clone()]);
        for (r, sums) in sums.iter().enumerate() {
            let step = self.steps[row + r];
            // SAFETY: y is [M, N] (`over_tasks`), and only this task writes these rows of these columns.
            let y = unsafe {
                let start = self.output.start.add((row + r) * n + columns.start);
                std::slice::from_raw_parts_mut(start, columns.len())
            };
            for ((y, &sum), scale) in y.iter_mut().zip(sums).zip(scales) {
                *y = sum as f32 * (step * scale);
            }
            for (y, bias) in y.iter_mut().zip(bias.unwrap_or_default()) {
                *y += bias;
            }
        }
        R
    }
}

/// The sums of R rows and the columns from `first` on.
///
/// # Safety
/// `p` is readable for R rows of `quads` quads; `words`, which begin at the first column, for `quads` + 1 rows that are 16 words
/// apart, COLS of each.
#[inline(always)]
unsafe fn tile<S: Set, const R: usize>(
    s: S,
    p: *const S::Input,
    quads: usize,
    words: *const u32,
    first: usize,
    out: &mut Sums<R>,
) {
    // SAFETY: the caller's pointers are readable as far as these loops go.
    unsafe {
        let mut sums = [s.start(words); R];
        for quad in 0..quads {
            let weights = s.weights(words.add((quad + 1) * PANEL));
            for (r, sums) in sums.iter_mut().enumerate() {
                *sums = s.add(*sums, s.four(p.add((r * quads + quad) * 4)), weights);
            }
        }
        for (out, sums) in out.iter_mut().zip(sums) {
            s.store(sums, out[first..first + S::COLS].as_mut_ptr());
        }
    }
}

//! The rungs of layer normalisation.

use super::cuda::SOURCE;
use crate::cuda::ladder::{assert_same, ladder, numbers};
use crate::cuda::{Arg, Grid, launch};
use crate::memory::Buffer;
use crate::rows::ladder::{Rows, each};
use crate::{Kind, Src, layer_norm, reduce};

pub(crate) fn check(kind: Kind) {
    each(kind, |rows, x| layer_norms(kind, rows, x));
}

fn layer_norms(kind: Kind, rows: Rows, x: &Buffer) {
    let Rows { count, cols, .. } = rows;
    let dy = rows.array(kind, 4);
    let [gamma, beta, mean] = [(cols, 5), (cols, 6), (count, 7)].map(|(n, stream)| numbers(kind, n, stream));
    let mut forward =
        rows.rungs(["layer_norm_forward_plain", "layer_norm_forward_held", "layer_norm_forward_long"]);
    forward.retain(|(kernel, _)| rows.by_fours() || !kernel.ends_with("held"));
    ladder(kind, &SOURCE, &forward, &[rows.len(), count, count], |_, y| {
        let given = [rows.of(x).into(), gamma.src().into(), beta.src().into(), 1e-2f32.into()];
        given.into_iter().chain([0, 1, 2].map(|i| y[i].dst().into())).chain(rows.sizes()).collect()
    });
    layer_norm_gradients(kind, rows, [rows.of(x), gamma.src(), mean.src(), mean.src(), rows.of(&dy)]);
}

/// Of x, γ, the mean, the deviation's inverse and dy: dx, dγ and dβ, from one kernel or from two.
fn layer_norm_gradients(kind: Kind, rows: Rows, given: [Src; 5]) {
    let Rows { count, cols, .. } = rows;
    // Fewer rows than the kernel for columns adds up at a time; and in two parts.
    let (part, columns) = (count.div_ceil(2), Grid::cover(cols, 32));
    let parts = count.div_ceil(part);
    let held = "layer_norm_backward_held";
    let warps = Grid::warps(parts * Grid::WARPS).shared(Grid::WARPS * 8 * cols);
    let narrow = (cols <= 1024).then_some((held, warps)).filter(|_| rows.by_fours());
    let long = ("layer_norm_backward_long", Grid::new(count, 32));
    let wide = Some((held, Grid::new(parts, rows.threads()).shared(8 * cols))).filter(|_| rows.by_fours());
    let run = |(kernel, grid): (&'static str, Grid)| {
        let alone = kernel.ends_with("plain") || kernel.ends_with("long");
        let parts = if alone { 1 } else { parts };
        let mut dx = Buffer::zeros(kind, rows.len());
        let mut sums = [(); 2].map(|()| Buffer::zeros(kind, parts * cols));
        let sum = sums.each_mut().map(|sum| Arg::from(sum.dst()));
        let start = given.map(Arg::from).into_iter().chain([dx.dst().into()]);
        let args: Vec<Arg> = match alone {
            true => start.chain(rows.sizes()).collect(),
            false => start.chain(sum.clone()).chain(rows.sizes()).chain([part.into()]).collect(),
        };
        let _ = launch(&SOURCE, kernel, grid, &args);
        if alone {
            let [x, _, mean, rstd, dy] = given.map(Arg::from);
            let args: Vec<Arg> = [x, mean, rstd, dy].into_iter().chain(sum).chain(rows.sizes()).collect();
            let _ = launch(&SOURCE, "layer_norm_columns", columns, &args);
        }
        let [dgamma, dbeta] = sums.map(|sums| {
            let mut all = Buffer::zeros(kind, cols);
            let _ = reduce::sum(1, parts, cols, sums.src(), all.dst());
            all
        });
        [dx, dgamma, dbeta]
    };
    let whole = || {
        let mut found = [rows.len(), cols, cols].map(|n| Buffer::zeros(kind, n));
        let [dx, dgamma, dbeta] = found.each_mut().map(Buffer::dst);
        let [x, gamma, mean, rstd, dy] = given;
        let _ = layer_norm::backward(x, gamma, mean, rstd, dy, dx, dgamma, dbeta);
        found
    };
    let plain = run(("layer_norm_backward_plain", Grid::cover(count, 32)));
    let rungs = [long].into_iter().chain(wide).chain(narrow).map(|rung| (rung.0, run(rung)));
    for (kernel, found) in rungs.chain([("layer_norm::backward", whole())]) {
        for (name, (plain, fast)) in ["dx", "dgamma", "dbeta"].iter().zip(plain.iter().zip(&found)) {
            assert_same(&format!("{kernel}, {name}"), plain, fast);
        }
    }
}

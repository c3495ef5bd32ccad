//! The same on every instruction set and with any number of threads.

use super::{Results, assert_close, long, plain, random, upstream};
use crate::crf::cpu::product::{self, add_outer, row_times};
use crate::crf::cpu::{Backward, Forward, MarginalsBackward, MarginalsForward, Potentials};
use crate::crf::{Chains, State};
use crate::isa::{Isa, Kernel, available, dispatch_on};

#[test]
fn the_same_with_any_number_of_threads() {
    for batch in [&long()[0], &long()[2]] {
        let (up, dlog_p) = upstream(batch);
        let bits = |r: Results| {
            let all = [r.log_z, r.nll, r.log_p, r.best, r.grads.concat()].concat();
            (all.iter().map(|x| x.to_bits()).collect::<Vec<_>>(), r.path)
        };
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            bits(pool.install(|| batch.run::<f32>(&up, &dlog_p)))
        };
        let one = with(1);
        assert!(one == with(2) && one == with(7));
    }
}

/// The product of a row and a matrix and the sum of outer products, on one instruction set.
struct Products<'a>(&'a [f32], &'a [f32], usize);

impl Kernel for Products<'_> {
    type Output = [Vec<f32>; 3];
    #[inline(always)]
    fn run<S: Isa>(self, s: S) -> [Vec<f32>; 3] {
        let Products(x, m, width) = self;
        let (mut sums, mut maxima) = (vec![0.0; width], vec![0.0; width]);
        row_times::<S, product::Real>(s, x, m, &mut sums);
        row_times::<S, product::Tropical>(s, x, m, &mut maxima);
        // x [n, 1] and m [n, width].
        let mut outer = vec![1.0; width];
        add_outer(s, x, 1, m, width, &mut outer);
        [sums, maxima, outer]
    }
}

#[test]
fn products_on_every_instruction_set() {
    for k in [1, 2, 3, 4, 5, 9, 23] {
        for width in [8, 16, 24, 32, 40, 48, 56, 64, 72, 112] {
            let cast = |x: Vec<f64>| x.iter().map(|&x| x as f32).collect::<Vec<_>>();
            let (x, m) = (cast(random(1, k, 1.0)), cast(random(2, k * width, 1.0)));
            let column = |j: usize| (0..k).map(move |i| (i, i * width + j));
            let sums: Vec<f64> =
                (0..width).map(|j| column(j).map(|(i, c)| f64::from(x[i]) * f64::from(m[c])).sum()).collect();
            let maxima: Vec<f32> = (0..width)
                .map(|j| column(j).map(|(i, c)| x[i] + m[c]).fold(f32::NEG_INFINITY, f32::max))
                .collect();
            for &level in available().iter().filter(|level| width % level.lanes() == 0) {
                let found = dispatch_on(level, Products(&x, &m, width));
                let wide = |x: &[f32]| x.iter().map(|&x| f64::from(x)).collect::<Vec<_>>();
                assert_close(level.name(), &wide(&found[0]), &sums, 1e-6);
                assert_eq!(found[1], maxima, "{}", level.name());
                assert_close(
                    level.name(),
                    &wide(&found[2]),
                    &sums.iter().map(|s| s + 1.0).collect::<Vec<_>>(),
                    1e-6,
                );
            }
        }
    }
}

#[test]
fn the_scaled_form_on_every_instruction_set() {
    let batch = &long()[0];
    let (up, dlog_p) = upstream(batch);
    let exact = plain::<f64>(batch, &up, &dlog_p);
    let cast = |x: &[f64]| x.iter().map(|&x| x as f32).collect::<Vec<_>>();
    let (e, tr, st, en) =
        (cast(&batch.emissions), cast(&batch.transitions), cast(&batch.start), cast(&batch.end));
    let chains = &Chains {
        emissions: &e[..],
        transitions: &tr[..],
        start: &st[..],
        end: &en[..],
        lengths: &batch.lengths[..],
    };
    let (shape, up, dlog_p) = (chains.shape(), &cast(&up)[..], &cast(&dlog_p)[..]);
    for &level in available() {
        let potentials = &Potentials::on(level, chains);
        let (mut alpha, mut beta, mut scale) =
            (vec![0.0; e.len()], vec![0.0; e.len()], vec![0.0; shape.batch * shape.len]);
        let (mut log_z, mut log_p) = (vec![0.0; shape.batch], vec![0.0; e.len()]);
        let (mut de, mut slot) = (vec![0.0; e.len()], vec![0.0; shape.weights()]);
        let (mut dp, mut slot_p) = (de.clone(), slot.clone());
        let state = State { alpha: &mut alpha[..], scale: &mut scale[..] };
        dispatch_on(
            level,
            MarginalsForward {
                chains,
                potentials,
                shape,
                state,
                beta: &mut beta,
                log_z: &mut log_z,
                log_p: &mut log_p,
            },
        );
        let state = State { alpha: &alpha[..], scale: &scale[..] };
        dispatch_on(
            level,
            MarginalsBackward {
                chains,
                potentials,
                shape,
                state,
                beta: &beta,
                log_z: &log_z,
                dlog_p,
                demissions: &mut dp,
                slot: &mut slot_p,
            },
        );
        let state = State { alpha: &mut alpha[..], scale: &mut scale[..] };
        dispatch_on(level, Forward { chains, potentials, shape, state, log_z: &mut log_z });
        let state = State { alpha: &alpha[..], scale: &scale[..] };
        dispatch_on(
            level,
            Backward {
                chains,
                potentials,
                shape,
                state,
                log_z: &log_z,
                dlog_z: up,
                demissions: &mut de,
                slot: &mut slot,
            },
        );
        let found = [log_z, log_p, [de, slot].concat(), [dp, slot_p].concat()];
        for (found, exact) in found.iter().zip(&exact) {
            let found: Vec<f64> = found.iter().map(|&x| x.into()).collect();
            assert_close(level.name(), &found, exact, 1e-5);
        }
    }
}

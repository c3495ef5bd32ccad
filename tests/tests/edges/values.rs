//! Single values, computed in `f64` or given by the definition.

use super::row;
use gradus_engine::losses::{Reduction, bce_with_logits};
use gradus_engine::ops::CrfScores;
use gradus_engine::{CreateGraph, DType, Device, Param, Tensor, grad, grad_from};
use gradus_tests::devices;
use gradus_tests::draw::Draw;
use std::f32::consts::LN_2;

const INF: f32 = f32::INFINITY;

#[test]
fn log_sum_exp_of_infinities_and_of_nothing() {
    for (x, y) in [
        (&[INF, 0.0][..], INF),
        (&[INF, INF], INF),
        (&[INF, -INF], INF),
        (&[-INF, -INF], -INF),
        (&[-INF, 0.5], 0.5),
        (&[1e30, -1e30], 1e30),
        (&[-1e30, -1e30], -1e30),
        (&[3e-41, -3e-41], LN_2),
        (&[], -INF),
    ] {
        assert_eq!(row(x).log_sum_exp(0).to_vec::<f32>(), [y], "{x:?}");
    }
    assert!(row(&[f32::NAN, INF]).log_sum_exp(0).to_vec::<f32>()[0].is_nan());
    let empty = Tensor::zeros([2, 0, 3], DType::F32);
    assert_eq!(empty.log_sum_exp(1).to_vec::<f32>(), [-INF; 6]);
}

#[test]
fn binary_cross_entropy_of_large_logits() {
    let loss =
        |x: f32, t: f32| bce_with_logits(&row(&[x]), &row(&[t]), Reduction::Sum).to_vec::<f32>()[0] as f64;
    for x in [0.0f32, 1e-30, 0.5, 3.0, 10.0, 16.0, 20.0, 80.0] {
        let wanted = (-x as f64).exp().ln_1p();
        for found in [loss(x, 1.0), loss(-x, 0.0)] {
            assert!((found - wanted).abs() <= 1e-6 * wanted, "x = {x}: {found}, not {wanted}");
        }
        let other = wanted + x as f64;
        assert!((loss(x, 0.0) - other).abs() <= 1e-6 * other, "x = {x}, t = 0");
    }
}

#[test]
#[should_panic(expected = "narrow: 2 entries from 18446744073709551615 exceed axis 0 of [4]")]
fn a_start_near_the_largest_integer_does_not_wrap() {
    row(&[1.0; 4]).narrow(0, usize::MAX, 2);
}

#[test]
#[should_panic(expected = "widen: 4 entries from 18446744073709551613 exceed an axis of length 9")]
fn a_place_near_the_largest_integer_does_not_wrap() {
    row(&[1.0; 4]).widen(0, usize::MAX - 2, 9);
}

/// y is √ or ln of an operation's result: where the result does not depend on x, the gradient is 0, even if dy is infinite.
#[test]
fn no_gradient_flows_where_an_operation_holds_its_input() {
    type Held = fn(&Tensor) -> Tensor;
    let ops: [(&str, Held, [f32; 3]); 9] = [
        ("relu sqrt", |x| x.relu().sqrt(), [0.0, 0.0, 0.25]),
        ("relu ln", |x| x.relu().ln(), [0.0, 0.0, 0.25]),
        ("relu powf", |x| x.relu().powf(0.5), [0.0, 0.0, 0.25]),
        ("clamp sqrt", |x| x.clamp(0.0, 10.0).sqrt(), [0.0, 0.0, 0.25]),
        ("abs sqrt", |x| x.abs().sqrt(), [-0.5, 0.0, 0.25]),
        ("maximum sqrt", |x| x.maximum(&row(&[0.0; 3])).sqrt(), [0.0, INF, 0.25]),
        ("minimum recip", |x| x.minimum(&row(&[0.0; 3])).recip(), [-1.0, -INF, 0.0]),
        ("max sqrt", |x| (x.reshape([1, 3]).max(0) - row(&[-1.0, 0.0, 0.0])).sqrt(), [INF, INF, 0.25]),
        ("max over axis sqrt", |x| (x.max(0) - 4.0).sqrt(), [0.0, 0.0, INF]),
    ];
    for (name, of, expected) in ops {
        let x = row(&[-1.0, 0.0, 4.0]).variable();
        let dx = grad(&of(&x).sum_all(), &[&x], CreateGraph::No).remove(0);
        assert_eq!(dx.to_vec::<f32>(), expected, "{name}");
    }
}

#[test]
fn the_norm_of_gradients_that_f32_cannot_square() {
    for (scale, norm) in
        [(1e20, 2f64.sqrt() * 1e20), (1e-30, 2f64.sqrt() * 1e-30), (0.0, 0.0), (f64::INFINITY, f64::INFINITY)]
    {
        let x = Param::new(row(&[1.0, 1.0]));
        let mut gradients = (x.tensor() * scale).sum_all().backward();
        let found = gradients.clip_norm(1.0);
        assert!(found == norm || (found - norm).abs() < 1e-6 * norm, "{scale}: {found}");
        if scale == 1e20 {
            let clipped = gradients.of(&x).unwrap().to_dense().to_vec::<f32>();
            assert!(clipped.iter().all(|g| (g - 0.5f32.sqrt()).abs() < 1e-6), "{clipped:?}");
        }
    }
}

#[test]
fn a_quotient_is_rounded_once() {
    for (x, number) in
        [(7.0f32, 3.0f64), (1e-40, 1e-40), (1e30, 1e30), (5.0, 8.0), (1.0, 49.0), (-3.0, 1e-39), (0.0, 7.0)]
    {
        let y = (row(&[x]) / number).to_vec::<f32>()[0];
        assert_eq!(y, x / number as f32, "{x} / {number}");
    }
    let x = row(&[7.0]).variable();
    let dx = grad(&(&x / 3.0).sum_all(), &[&x], CreateGraph::No).remove(0);
    assert_eq!(dx.to_vec::<f32>(), [1.0f32 / 3.0]);
}

/// A NaN score makes everything NaN, so that training detects it.
#[test]
fn nan_is_not_lost_in_a_chain() {
    let scores = |f64: bool| {
        let of = move |x: &[f32], shape: &[usize]| {
            let x = Tensor::from_slice(x, shape.to_vec());
            if f64 { x.to_dtype(DType::F64) } else { x }
        };
        (of(&[0.1, -0.2, 0.3, 0.4], &[2, 2]), of(&[0.0, 0.0], &[2]), of(&[0.0, 0.0], &[2]), of)
    };
    for f64 in [false, true] {
        let (transitions, start, end, of) = scores(f64);
        let crf = CrfScores { transitions, start, end };
        for (n, nan) in [(1, 0), (1, 1), (2, 0), (2, 3), (3, 2)] {
            let mut emissions = [-0.5f32, 1.0, 2.0, 0.5, -1.0, 0.25][..2 * n].to_vec();
            emissions[nan] = f32::NAN;
            let x = of(&emissions, &[1, n, 2]).variable();
            let (tags, lengths) =
                (Tensor::from_slice(&vec![1i64; n], [1, n]), Tensor::from_slice(&[n as i64], [1]));
            let case = format!("f64 {f64}, length {n}, NaN at {nan}");
            let log_z = x.crf_log_z(&crf, &lengths);
            let nll = x.crf_nll(&crf, &tags, &lengths);
            let marginals = x.crf_log_marginals(&crf, &lengths);
            for y in [&log_z, &nll, &marginals] {
                assert!(y.to_f64().iter().all(|y| y.is_nan()), "{case}: {:?}", y.to_f64());
            }
            let dx = grad(&nll.sum_all(), &[&x], CreateGraph::No).remove(0);
            assert!(dx.to_f64().iter().any(|y| y.is_nan()), "{case}: {:?}", dx.to_f64());
        }
    }
}

/// Rows with close values far from 0: the error is no larger than the rounding of x itself explains.
#[test]
fn layer_norm_far_from_zero() {
    for device in devices() {
        for (cols, offset, spread) in
            [(7, 1e4f32, 0.01f32), (64, 1e4, 0.01), (1001, -3e5, 1.0), (8, 1e8, 64.0)]
        {
            let mut draw = Draw::new(cols as u64);
            let x = (draw.normal([3, cols]) * f64::from(spread) + f64::from(offset)).to_dtype(DType::F32);
            let dy = draw.normal([3, cols]).to_dtype(DType::F32);
            let [gamma, beta] = [1.0, 0.25].map(|to| draw.normal([cols]).to_dtype(DType::F32) * to);
            let run = |dtype, device, again| {
                let [x, dy, gamma, beta] =
                    [&x, &dy, &gamma, &beta].map(|x| x.to_dtype(dtype).to_device(device).variable());
                let y = x.layer_norm(&gamma, &beta, 1e-5);
                let gradients = grad_from(&[(&y, &dy.detach())], &[&x, &gamma], again);
                [vec![y.detach()], gradients].concat().iter().map(Tensor::to_f64).collect::<Vec<_>>()
            };
            for again in [CreateGraph::No, CreateGraph::Yes] {
                let found = run(DType::F32, device, again);
                let expected = run(DType::F64, Device::Cpu, CreateGraph::No);
                for (k, (f, e)) in found.iter().zip(&expected).enumerate() {
                    let largest = e.iter().fold(0.0f64, |m, e| m.max(e.abs()));
                    let off = f.iter().zip(e).fold(0.0f64, |m, (f, e)| m.max((f - e).abs())) / largest;
                    assert!(
                        off < 1e-5,
                        "{cols} of {offset}, {again:?} on {device:?}: result {k} is {off:e} off"
                    );
                }
            }
        }
    }
}

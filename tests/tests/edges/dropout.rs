//! The mask of dropout selects: a dropped element is 0 in both directions, even if it was NaN or infinite.

use gradus_engine::nn::{EmbeddingDropout, VariationalDropout};
use gradus_engine::{CreateGraph, Device, Mode, Rng, Tensor, grad};
use gradus_tests::devices;

const INF: f32 = f32::INFINITY;

/// y and dx of x and dy, all on a device.
fn run(f: impl Fn(&Tensor) -> Tensor, x: &Tensor, dy: f32, device: Device) -> [Vec<f32>; 2] {
    let x = x.to_device(device).variable();
    let y = f(&x);
    let dx = grad(&(&y * f64::from(dy)).sum_all(), &[&x], CreateGraph::No).remove(0);
    [y.to_vec(), dx.to_vec()]
}

#[test]
fn of_elements_words_and_features() {
    let ids = Tensor::arange(16).reshape([2, 8]);
    for device in devices() {
        let ids = ids.to_device(device);
        let by_element = |x: &Tensor| x.dropout(0.5, Rng::new(3).stream());
        let by_word =
            |x: &Tensor| EmbeddingDropout(0.5).forward(x, &ids, 16, &mut Mode::Train(&mut Rng::new(3)));
        let by_feature = |x: &Tensor| VariationalDropout(0.5).forward(x, &mut Mode::Train(&mut Rng::new(3)));
        type Way<'a> = (&'a str, &'a dyn Fn(&Tensor) -> Tensor);
        let ways: [Way; 3] = [("elements", &by_element), ("words", &by_word), ("features", &by_feature)];
        for (name, way) in ways {
            let [ones, slope] = run(way, &Tensor::from_slice(&[1.0f32; 32], [2, 8, 2]), 1.0, device);
            assert!(
                ones.contains(&0.0) && ones.contains(&2.0) && slope == ones,
                "{name}: {ones:?}, {slope:?}"
            );
            for value in [INF, f32::NAN] {
                let [y, _] = run(way, &Tensor::from_slice(&[value; 32], [2, 8, 2]), 1.0, device);
                let [_, dx] = run(way, &Tensor::from_slice(&[1.0f32; 32], [2, 8, 2]), value, device);
                for found in [y, dx] {
                    let right = found.iter().zip(&ones).all(|(f, one)| match *one == 0.0 {
                        true => *f == 0.0,
                        false => f.is_nan() == value.is_nan() && !f.is_finite(),
                    });
                    assert!(right, "{name} on {device:?}: {found:?}");
                }
            }
        }
    }
}

//! Vectors of places.

use gradus_engine::Tensor;
use std::ops::Range;

/// sin (t / 10000^(2i / D)) at 2i and its cosine at 2i + 1, for some places t: [T, D]. Source: Vaswani et al. 2017, section 3.5.
pub(crate) fn sinusoids(places: Range<usize>, width: usize) -> Tensor {
    let value = |place: usize, i: usize| {
        let angle = place as f64 / 10_000f64.powf((i - i % 2) as f64 / width as f64);
        if i.is_multiple_of(2) { angle.sin() } else { angle.cos() }
    };
    let t = places.len();
    let all: Vec<f64> = places.flat_map(|place| (0..width).map(move |i| value(place, i))).collect();
    Tensor::from_slice(&all, [t, width])
}

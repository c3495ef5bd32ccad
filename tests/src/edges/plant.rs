use crate::case::{Case, Example};
use crate::draw::Draw;
use gradus_engine::{DType, Tensor};

/// The values that are planted: zeros, subnormal, tiny and huge numbers, infinities and NaN.
pub const VALUES: [f32; 11] =
    [0.0, -0.0, 1e-40, -1e-40, 1e-30, -1e-30, 1e30, -1e30, f32::INFINITY, f32::NEG_INFINITY, f32::NAN];

/// An example with edge values in it.
pub struct Planted {
    /// The value.
    pub value: f32,
    /// Where it was planted, in words.
    pub place: String,
    /// The example; its float inputs are `f64` tensors with values of `f32`.
    pub example: Example,
}

/// The examples of one row and seed: each value in one element of each input, in all elements of an input with and without
/// alternating signs, and in all inputs.
pub fn planted(case: &Case, seed: u64) -> Vec<Planted> {
    let floats = case.example(seed).differentiable();
    let mut all = vec![];
    for value in VALUES {
        let mut add = |place: String, at: &[usize], write: &dyn Fn(usize, usize) -> Option<f32>| {
            let mut example = case.example(seed);
            for (i, x) in example.rounded(DType::F64).into_iter().enumerate() {
                let Some(_) = at.iter().find(|&&j| j == i) else {
                    example.inputs[i] = x;
                    continue;
                };
                let mut numbers = x.to_f64();
                let n = numbers.len();
                for (k, number) in numbers.iter_mut().enumerate() {
                    *number = write(k, n).map_or(*number, f64::from);
                }
                example.inputs[i] = Tensor::from_slice(&numbers, x.shape());
            }
            all.push(Planted { value, place, example });
        };
        for &input in &floats {
            let mut draw = Draw::new(seed ^ 0xed6e ^ (input as u64) << 32);
            let one = draw.below(1 << 20);
            add(format!("one element of input {input}"), &[input], &|k, n| (k == one % n).then_some(value));
            add(format!("input {input}"), &[input], &|_, _| Some(value));
            add(format!("input {input}, signs changing"), &[input], &|k, _| {
                Some(if k % 2 == 0 { value } else { -value })
            });
        }
        if floats.len() > 1 {
            add("all inputs".into(), &floats, &|_, _| Some(value));
        }
    }
    all
}

//! NaN in, NaN out: every result that depends on a NaN is NaN.

use super::row;
use gradus_engine::losses::sne;
use gradus_engine::{DType, Device, Gradients, Param, Tensor};
use gradus_tests::case::Case;
use gradus_tests::{devices, edges};

/// The float results of a row's call with one element of an input replaced.
fn outputs(case: &Case, input: usize, place: usize, value: Option<f64>, device: Device) -> Vec<Vec<f64>> {
    let example = case.example(0);
    let mut inputs = example.rounded(DType::F32);
    if let Some(value) = value {
        let mut numbers = inputs[input].to_f64();
        numbers[place] = value;
        inputs[input] = Tensor::from_slice(&numbers, inputs[input].shape()).to_dtype(DType::F32);
    }
    let inputs: Vec<Tensor> = inputs.iter().map(|x| x.to_device(device)).collect();
    let outputs = (example.call)(&inputs);
    outputs.iter().filter(|y| y.dtype().is_float()).map(Tensor::to_f64).collect()
}

/// Operations that do not pass NaN on: comparisons and indices. `top_k` passes it on to the first result alone.
const WITHOUT: [&str; 10] = ["eq", "ne", "lt", "le", "gt", "ge", "sign", "step", "arg_max", "top_k"];

/// An element depends on an input element if it changes when that grows or falls by 3.
#[test]
fn what_depends_on_nan_is_nan() {
    for device in devices() {
        let mut lost = vec![];
        for case in edges::rows().iter().filter(|case| !WITHOUT.contains(&case.op)) {
            let example = case.example(0);
            let usual = outputs(case, 0, 0, None, device);
            for input in example.differentiable() {
                let numbers = example.rounded(DType::F32)[input].to_f64();
                // Five elements are enough: the first, the last, and three between them.
                let n = numbers.len();
                for place in (0..n).step_by(n.div_ceil(4).max(1)).chain(n.checked_sub(1)) {
                    let moved =
                        [3.0, -3.0].map(|by| outputs(case, input, place, Some(numbers[place] + by), device));
                    let nan = outputs(case, input, place, Some(f64::NAN), device);
                    for (k, usual) in usual.iter().enumerate() {
                        // |x| has a gradient of 0 at NaN, as in PyTorch.
                        if case.op == "l1" && k == 1 {
                            continue;
                        }
                        let depends = |i: usize| moved.iter().any(|moved| moved[k][i] != usual[i]);
                        if let Some(i) = (0..usual.len()).find(|&i| depends(i) && !nan[k][i].is_nan()) {
                            lost.push(format!(
                                "{} ({}): NaN at {place} of input {input}, result {k} has {} at {i}",
                                case.op, case.name, nan[k][i]
                            ));
                        }
                    }
                }
            }
        }
        assert!(lost.is_empty(), "on {device:?}:\n{}", lost.join("\n"));
    }
}

#[test]
fn the_largest_of_a_row_with_nan_is_nan() {
    for device in devices() {
        let x = row(&[1.0, f32::NAN, 3.0, 2.0]).to_device(device);
        let found = x.top_k(3).0.to_f64();
        assert!(found[0].is_nan() && found[1..] == [3.0, 2.0], "{found:?}");
    }
}

#[test]
fn a_point_that_is_nan_makes_sne_nan() {
    let [mut x, y] = [[0.5f32, -1.0, 0.25, 2.0, -0.125, 1.5], [1.0; 6]];
    x[2] = f32::NAN;
    let [x, y] = [x, y].map(|numbers| Tensor::from_slice(&numbers, [3, 2]));
    assert!(sne(&x, &y, 1.5).item().is_nan());
}

#[test]
fn norms_and_limits_of_gradients_keep_nan() {
    for device in devices() {
        let param = Param::new(row(&[1.0, 2.0, 3.0]).to_device(device));
        let mut gradients = Gradients::default();
        gradients.set(&param, row(&[0.5, f32::NAN, 9.0]).to_device(device));
        assert!(gradients.norm().is_nan());
        gradients.clip_value(1.0);
        let found = gradients.of(&param).expect("it was set").to_dense().to_f64();
        assert!(found[0] == 0.5 && found[1].is_nan() && found[2] == 1.0, "{found:?}");
        assert!(gradients.clip_norm(1.0).is_nan());
        assert!(!gradients.all_finite());
    }
}

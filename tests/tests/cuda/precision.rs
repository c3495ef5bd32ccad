//! Matmuls in lower precision.

use gradus_engine::ops::LstmWeights;
use gradus_engine::{DType, Device, Precision, Rng, Tensor, cuda, with_precision};

/// 80 stands for sm_80.
fn architecture(device: Device) -> u32 {
    let Device::Cuda(number) = device else { panic!("the CPU has no architecture") };
    let (_, devices) = cuda::found().driver.unwrap_or_else(|e| panic!("{e}"));
    devices[number as usize].architecture
}

/// A matmul of 16-bit values, on a device with tensor cores for them, equals that of the rounded values.
pub fn half_precision(device: Device) {
    let older = architecture(device) < 80;
    for dtype in [DType::F16, DType::BF16] {
        if dtype == DType::BF16 && older {
            continue;
        }
        let mut rng = Rng::new(3);
        let [a, b] =
            [[9, 20], [20, 7]].map(|shape| Tensor::normal(shape, 0.0, 1.0, &mut rng).to_dtype(dtype));
        // The values directly, and again after a conversion to f32 and back on the device.
        let there = a.to_device(device).to_dtype(DType::F32).to_dtype(dtype);
        assert_eq!(there.to_f64(), a.to_f64());
        let found = there.matmul(&b.to_device(device)).to_dtype(DType::F32).to_f64();
        let expected = a.to_dtype(DType::F32).matmul(&b.to_dtype(DType::F32)).to_f64();
        for (i, (f, e)) in found.iter().zip(&expected).enumerate() {
            assert!((f - e).abs() <= 0.01 * (e.abs() + 0.1), "{dtype}, element {i}: {f}, expected {e}");
        }
    }
}

/// Operands of tensor cores are rounded; results and gradients differ from those of `f32` only by that.
pub fn mixed_precision(device: Device) {
    let mut rng = Rng::new(4);
    let (b, t, d, h) = (3, 7, 20, 6);
    let shapes: [&[usize]; 8] =
        [&[b, t, d], &[9, d], &[9], &[5, 9, 3], &[5], &[4 * h, d], &[4 * h, h], &[4 * h]];
    let inputs = shapes.map(|shape| Tensor::normal(shape, 0.0, 0.5, &mut rng).variable());
    // The squared norms of a matmul, a convolution and an LSTM, and the gradients of their inputs.
    let run = |device: Device, precision: Precision| {
        let [x, w, bias, taps, offsets, w_ih, w_hh, b_lstm] = inputs.each_ref().map(|x| x.to_device(device));
        let state = Tensor::zeros([1, b, h], x.kind());
        let weights = LstmWeights { w_ih, w_hh, b_ih: b_lstm.clone(), b_hh: b_lstm };
        let loss = with_precision(precision, || {
            let y = x.linear(&w, Some(&bias));
            let [states, ..] = x.lstm(&state, &state, None, std::slice::from_ref(&weights));
            let convolved = y.conv1d(&taps, &offsets, 1);
            let products = y.matmul(&y.t());
            [products, convolved, states].iter().map(|y| y.square().mean_all()).reduce(|a, b| a + b)
        });
        let loss = loss.expect("three terms");
        let value = loss.item();
        let gradients = loss.backward();
        (value, inputs.each_ref().map(|x| gradients.get(x).expect("every input is used").to_vec::<f32>()))
    };
    let (exact, slopes) = run(Device::Cpu, Precision::F32);
    for precision in [Precision::Tf32, Precision::Bf16, Precision::F16] {
        let bound = 16.0 * precision.epsilon();
        let (found, rounded) = run(device, precision);
        assert!((found - exact).abs() <= f64::from(bound) * exact, "{precision}: {found}, in f32 {exact}");
        for (i, (found, exact)) in rounded.iter().zip(&slopes).enumerate() {
            let length = |x: &mut dyn Iterator<Item = f32>| x.map(|x| x * x).sum::<f32>().sqrt();
            let apart = length(&mut found.iter().zip(exact).map(|(f, e)| f - e));
            let bound = bound * length(&mut exact.iter().copied());
            assert!(
                apart <= bound,
                "{precision}: the gradient of input {i} is off by {apart}, at most {bound}"
            );
        }
    }
    // With tensor cores something was rounded; below sm_80 only to f16.
    assert_ne!(run(device, Precision::F16).0, run(device, Precision::F32).0);
}

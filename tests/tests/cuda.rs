//! A CUDA device beside the CPU: every row of the table, and what training there must not do.
//!
//! With the feature `cuda-emulator` the device is the emulator, for the architecture in `EMULATED_ARCH` (750, 800 or
//! 900). On a machine with a GPU the same tests run on it: `cargo test -p gradus-tests --test cuda -- --ignored`, or with all
//! else that wants one, `kernels/src/cuda/gpu`.

use gradus_engine::losses::{CrossEntropy, Reduction, cross_entropy};
use gradus_engine::nn::Linear;
use gradus_engine::ops::LstmWeights;
use gradus_engine::optim::{AverageConfig, Optimizer, OptimizerConfig, Rule, WeightAverage};
use gradus_engine::state::StateDict;
use gradus_engine::{DType, Device, Mode, Module, Precision, Recorded, Rng, Tensor, cuda, with_precision};
use gradus_models::{BiLstm, BiLstmConfig, Classifier, TextCnn, TextCnnConfig};
use gradus_tests::{cases, checks};

/// `ONLY=lstm` checks the rows of one operation.
fn every_row(device: Device) {
    let only = std::env::var("ONLY").unwrap_or_default();
    let rows = cases::all().into_iter().filter(|case| only.is_empty() || case.op == only);
    let check = |case: &_, seed| checks::fast_is_plain(case, seed, device);
    let failures: Vec<String> = rows.filter_map(|case| checks::failure(check, &case)).collect();
    assert!(failures.is_empty(), "{} rows fail:\n{}", failures.len(), failures.join("\n"));
}

/// The gradient of a tensor that came from another device goes back there.
fn gradients_cross(device: Device) {
    let x = Tensor::from_slice(&[1.0f32, -2.0, 3.0], [3]).variable();
    let loss = x.to_device(device).square().sum_all();
    assert_eq!((loss.device(), loss.item()), (device, 14.0));
    let gradients = loss.backward();
    let gradient = gradients.get(&x).expect("x has a gradient");
    assert_eq!((gradient.device(), gradient.to_vec::<f32>()), (Device::Cpu, vec![2.0, -4.0, 6.0]));
}

/// Forward, backward and an optimizer's step leave all numbers on the device: nothing is copied to main memory unasked.
fn training_stays(device: Device) {
    let config =
        BiLstmConfig { vocabulary: 20, embed_dim: 6, hidden_dim: 5, classes: 3, ..Default::default() };
    let model = BiLstm::new(config, &mut Rng::new(1));
    model.move_to(device);
    let ids = Tensor::from_slice(&[3i64, 4, 5, 6, 7, 0], [2, 3]).to_device(device);
    let [lengths, labels] =
        [[3i64, 2], [0, 2]].map(|numbers| Tensor::from_slice(&numbers, [2]).to_device(device));
    let mut optimizer = Optimizer::new(OptimizerConfig::new(Rule::adam(), 1e-3));
    let mut rng = Rng::new(2);
    let before = cuda::copies_to_host();
    let mut losses = vec![];
    for _ in 0..3 {
        let logits = model.logits(&ids, &lengths, &mut Mode::Train(&mut rng));
        let loss = cross_entropy(&logits, &labels, &CrossEntropy::default(), Reduction::Mean);
        losses.push(loss.detach());
        optimizer.step(&model, &loss.backward());
    }
    assert_eq!(cuda::copies_to_host(), before, "something was copied to main memory");
    assert!(losses.iter().all(|loss| loss.item().is_finite()));
}

/// 80 stands for sm_80.
fn architecture(device: Device) -> u32 {
    let Device::Cuda(number) = device else { panic!("the CPU has no architecture") };
    let (_, devices) = cuda::found().driver.unwrap_or_else(|e| panic!("{e}"));
    devices[number as usize].architecture
}

/// A product of numbers stored in 16 bits, where the device has tensor cores for them, is that of the rounded numbers.
fn half_precision(device: Device) {
    let older = architecture(device) < 80;
    for dtype in [DType::F16, DType::BF16] {
        if dtype == DType::BF16 && older {
            continue;
        }
        let mut rng = Rng::new(3);
        let [a, b] =
            [[9, 20], [20, 7]].map(|shape| Tensor::normal(shape, 0.0, 1.0, &mut rng).to_dtype(dtype));
        // The numbers themselves, and again after a way through f32 on the device.
        let there = a.to_device(device).to_dtype(DType::F32).to_dtype(dtype);
        assert_eq!(there.to_f64(), a.to_f64());
        let found = there.matmul(&b.to_device(device)).to_dtype(DType::F32).to_f64();
        let expected = a.to_dtype(DType::F32).matmul(&b.to_dtype(DType::F32)).to_f64();
        for (i, (f, e)) in found.iter().zip(&expected).enumerate() {
            assert!((f - e).abs() <= 0.01 * (e.abs() + 0.1), "{dtype}, element {i}: {f}, expected {e}");
        }
    }
}

/// What tensor cores take is rounded, and results and gradients differ from those of `f32` by that alone.
fn mixed_precision(device: Device) {
    let mut rng = Rng::new(4);
    let (b, t, d, h) = (3, 7, 20, 6);
    let shapes: [&[usize]; 8] =
        [&[b, t, d], &[9, d], &[9], &[5, 9, 3], &[5], &[4 * h, d], &[4 * h, h], &[4 * h]];
    let inputs = shapes.map(|shape| Tensor::normal(shape, 0.0, 0.5, &mut rng).variable());
    // The squared length of a product, a convolution and an LSTM, and the gradients of their inputs.
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
    // Where there are tensor cores something was rounded; below sm_80 to f16 alone.
    assert_ne!(run(device, Precision::F16).0, run(device, Precision::F32).0);
}

/// Moments and averages that were written and read again lie in main memory, and must find back to the parameters.
fn state_comes_back(device: Device) {
    let model = Linear::new(3, 2, &mut Rng::new(1));
    model.move_to(device);
    let x = Tensor::from_slice(&[1.0f32, -1.0, 0.5], [1, 3]).to_device(device);
    let step = |optimizer: &mut Optimizer, average: &mut WeightAverage| {
        optimizer.step(&model, &model.forward(&x).square().sum_all().backward());
        average.update(&model);
        model.weight.value().to_f64()
    };
    let made = || {
        let average = AverageConfig { decay: 0.5, warmup: false };
        (Optimizer::new(OptimizerConfig::new(Rule::adam(), 1e-2)), WeightAverage::new(average))
    };
    let (mut optimizer, mut average) = made();
    step(&mut optimizer, &mut average);
    let weights = model.weight.value().to_device(Device::Cpu);
    let bias = model.bias.as_ref().map(|bias| bias.value().to_device(Device::Cpu));
    let in_main_memory = |(tensors, numbers): (StateDict, _)| {
        let tensors = tensors.into_iter().map(|(name, tensor)| (name, tensor.to_device(Device::Cpu)));
        (tensors.collect::<StateDict>(), numbers)
    };
    let (moments, averages) = (in_main_memory(optimizer.state()), in_main_memory(average.state()));
    let uninterrupted = step(&mut optimizer, &mut average);

    model.weight.set(&weights);
    model.bias.as_ref().zip(bias).inspect(|(param, bias)| param.set(bias));
    let (mut optimizer, mut resumed) = made();
    optimizer.load_state(moments.0, &moments.1).expect("the moments are those of this model");
    resumed.load_state(&model, averages.0, &averages.1).expect("the averages are those of this model");
    assert_eq!(step(&mut optimizer, &mut resumed), uninterrupted);
    let of = |average: &WeightAverage| average.state().0["weight"].to_f64();
    assert_eq!(of(&resumed), of(&average));
}

/// Steps that are replayed find the bits that others find, with dropout and an optimizer, and after other shapes and moved
/// parameters.
fn graphs(device: Device) {
    let train = |recorded: bool| {
        let config = TextCnnConfig {
            vocabulary: 30,
            embed_dim: 6,
            kernel_sizes: vec![2, 3],
            filters: 5,
            classes: 3,
            dropout: 0.5,
            ..Default::default()
        };
        let model = TextCnn::new(config, &mut Rng::new(1));
        model.move_to(device);
        let mut rng = Rng::new(2);
        let mut optimizer = Optimizer::new(OptimizerConfig::new(Rule::adam(), 1e-2));
        let loss_of = |inputs: &[Tensor], mode: &mut Mode| {
            let logits = model.logits(&inputs[0], &inputs[1], mode);
            cross_entropy(&logits, &inputs[2], &CrossEntropy::default(), Reduction::Mean)
        };
        let mut step = Recorded::new(&model, loss_of);
        let (mut losses, mut replayed) = (vec![], 0);
        for (t, length) in [5usize, 5, 5, 5, 6, 5, 5, 5, 5].into_iter().enumerate() {
            let ids: Vec<i64> = (0..4 * length).map(|i| (2 + (7 * i + 5 * t) % 28) as i64).collect();
            let ids = Tensor::from_slice(&ids, [4, length]);
            let lengths = Tensor::from_slice(&[length as i64, 3, 4, 5], [4]);
            let labels = Tensor::from_slice(&[0i64, 1, 2, (t % 3) as i64], [4]);
            if t == 6 {
                // Another buffer in the parameters' place.
                model.params().iter().for_each(|p| p.set(&p.value()));
            }
            let was_recorded = step.is_recorded();
            let (loss, gradients) = if recorded {
                step.run(&[&ids, &lengths, &labels], &mut rng)
            } else {
                let inputs = [ids, lengths, labels].map(|x| x.to_device(device));
                let loss = loss_of(&inputs, &mut Mode::Train(&mut rng));
                (loss.detach(), loss.backward())
            };
            replayed += usize::from(was_recorded && step.is_recorded());
            losses.push(loss.item());
            optimizer.step(&model, &gradients);
        }
        if recorded {
            assert!(replayed >= 6, "{replayed} steps found a graph");
        }
        (losses, model.params().iter().map(|p| p.value().to_vec::<f32>()).collect::<Vec<_>>())
    };
    assert_eq!(train(true), train(false));
}

/// What asks for a number while it is recorded is told so, and the device records no more.
fn graphs_end(device: Device) {
    let x = Tensor::from_slice(&[1.0f32, 2.0], [2]).to_device(device);
    let asked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        cuda::Graph::record(device, || x.square().sum_all().item())
    }));
    let said = asked.expect_err("it would wait");
    let said = said.downcast_ref::<&str>().copied().unwrap_or_default();
    assert!(said.contains("asks for numbers in main memory"), "{said}");
    let (graph, y) = cuda::Graph::record(device, || x.square());
    for _ in 0..2 {
        graph.replay(0);
        assert_eq!(y.to_vec::<f32>(), [1.0, 4.0]);
    }
    // What the graph reads stays where it is.
    drop(x);
    let _others: Vec<Tensor> = (0..9).map(|_| Tensor::zeros([2], y.kind())).collect();
    graph.replay(0);
    assert_eq!(y.to_vec::<f32>(), [1.0, 4.0]);
}

/// One after the other, for copies are counted for the whole process.
fn all(device: Device) {
    every_row(device);
    gradients_cross(device);
    training_stays(device);
    half_precision(device);
    mixed_precision(device);
    state_comes_back(device);
    graphs(device);
    graphs_end(device);
}

#[cfg(feature = "cuda-emulator")]
#[test]
fn on_the_emulator() {
    all(Device::open("cuda-emulated").unwrap_or_else(|e| panic!("{e}")));
}

#[test]
#[ignore = "wants a GPU"]
fn on_a_gpu() {
    let name = std::env::var("GRADUS_TEST_DEVICE").unwrap_or_else(|_| "cuda".into());
    let device = Device::open(&name).unwrap_or_else(|e| panic!("{e}"));
    cuda::rungs::check(device);
    all(device);
}

#[test]
fn what_is_missing_is_said() {
    let said = |name: &str| Device::open(name).unwrap_err().to_string();
    assert!(said("gpu").contains("expected cpu, cuda, cuda:N"), "{}", said("gpu"));
    assert!(said("cuda:x").contains("is no device"));
    if !cfg!(feature = "cuda-emulator") {
        assert!(said("cuda-emulated").contains("--features cuda-emulator"));
    }
}

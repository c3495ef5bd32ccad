//! A CUDA device against the CPU: every row of the table, and what training on a device must not do.
//!
//! With the feature `cuda-emulator` the device is the emulator, for the architecture in `EMULATED_ARCH` (750, 800 or
//! 900). On a machine with a GPU the same tests run on it: `cargo test -p gradus-tests --test cuda -- --ignored`, or
//! `kernels/tools/gpu`, which runs everything that needs a GPU.

mod graphs;
mod optimizer;
mod precision;

use gradus_engine::losses::{CrossEntropy, Reduction, cross_entropy};
use gradus_engine::nn::Linear;
use gradus_engine::ops::REGISTRY;
use gradus_engine::optim::{Optimizer, OptimizerConfig, Rule};
use gradus_engine::{DType, Device, Int8Rows, Mode, Module, Rng, Tensor, cuda, no_grad};
use gradus_models::{BiLstm, BiLstmConfig, Classifier, DataSizes, Given, Words};
use gradus_tests::{cases, checks};

/// `ONLY=lstm` checks the rows of one operation.
fn every_row(device: Device) {
    let only = std::env::var("ONLY").unwrap_or_default();
    let rows = cases::all().into_iter().filter(|case| only.is_empty() || case.op == only);
    let check = |case: &_, seed| checks::fast_is_plain(case, seed, device);
    let failures: Vec<String> = rows.filter_map(|case| checks::failure(check, &case)).collect();
    assert!(failures.is_empty(), "{} rows fail:\n{}", failures.len(), failures.join("\n"));
}

/// Every operation launches a kernel, and only listed ones run their reference.
fn every_operation_has_kernels(device: Device) {
    for op in REGISTRY {
        let rows = cases::all().into_iter().filter(|case| case.op == op.name);
        let before = cuda::launches();
        for case in rows {
            let example = case.example(0);
            let inputs: Vec<Tensor> =
                example.rounded(DType::F32).iter().map(|x| x.to_device(device)).collect();
            (example.call)(&inputs);
        }
        let moves_nothing = ["reshape", "permute", "broadcast_to", "narrow", "identity"].contains(&op.name);
        assert!(
            moves_nothing || cuda::launches() > before,
            "{} launches no CUDA kernel: write one (docs/adding-an-operation.md)",
            op.name
        );
    }
    let missing = gradus_tests::coverage::without_cuda();
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

/// The gradient of a tensor that was copied from another device is copied back to that device.
fn gradients_cross(device: Device) {
    let x = Tensor::from_slice(&[1.0f32, -2.0, 3.0], [3]).variable();
    let loss = x.to_device(device).square().sum_all();
    assert_eq!((loss.device(), loss.item()), (device, 14.0));
    let gradients = loss.backward();
    let gradient = gradients.get(&x).expect("x has a gradient");
    assert_eq!((gradient.device(), gradient.to_vec::<f32>()), (Device::Cpu, vec![2.0, -4.0, 6.0]));
}

/// Forward, backward and an optimizer's step leave all values on the device, also with given vectors: nothing is copied to
/// host memory implicitly.
fn training_stays(device: Device) {
    let config = BiLstmConfig { embed_dim: 6, hidden_dim: 5, ..Default::default() };
    let sizes = DataSizes { words: 20, characters: 0, outputs: 3 };
    let model = BiLstm::new(config, sizes, &mut Rng::new(1));
    let ids = Tensor::from_slice(&[3i64, 4, 5, 6, 7, 0], [2, 3]);
    let [lengths, labels] = [[3i64, 2], [0, 2]].map(|numbers| Tensor::from_slice(&numbers, [2]));
    let known = Tensor::from_slice(&[0u8, 1, 0, 0, 1, 0], [2, 3]);
    let vectors = Tensor::normal([2, 3, 6], 0.0, 1.0, &mut Rng::new(3));
    let given = Some(Given { known: &known, vectors: &vectors });
    let words = Words { given, ..Words::new(&ids, &lengths) };
    let expected = model.logits(&words, &mut Mode::Eval).to_f64();

    model.move_to(device);
    let [ids, lengths, labels, known, vectors] =
        [ids, lengths, labels, known, vectors].map(|numbers| numbers.to_device(device));
    let given = Some(Given { known: &known, vectors: &vectors });
    let words = Words { given, ..Words::new(&ids, &lengths) };
    let found = model.logits(&words, &mut Mode::Eval).to_f64();
    assert!(found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-5), "{found:?} {expected:?}");
    let mut optimizer = Optimizer::new(OptimizerConfig::new(Rule::adam(), 1e-3));
    let mut rng = Rng::new(2);
    let before = cuda::copies_to_host();
    let mut losses = vec![];
    for _ in 0..3 {
        let logits = model.logits(&words, &mut Mode::Train(&mut rng));
        let loss = cross_entropy(&logits, &labels, &CrossEntropy::default(), Reduction::Mean);
        losses.push(loss.detach());
        optimizer.step(&model, &loss.backward());
    }
    assert_eq!(cuda::copies_to_host(), before, "something was copied to host memory");
    assert!(losses.iter().all(|loss| loss.item().is_finite()));
}

/// A dense layer in int8 has the bits of the CPU's on a device, to which its weights move.
fn int8(device: Device) {
    let mut rng = Rng::new(5);
    let layer = Linear::new(70, 33, &mut rng);
    layer.weight.set_int8(&Int8Rows::quantize(&layer.weight.value()));
    let x = Tensor::normal([3, 9, 70], 0.0, 1.0, &mut rng);
    let expected = no_grad(|| layer.forward(&x));
    layer.move_to(device);
    let (before, x) = (cuda::launches(), x.to_device(device));
    let found = no_grad(|| layer.forward(&x));
    assert_eq!((found.device(), cuda::launches() - before), (device, 2), "x is quantised and multiplied");
    assert_eq!(found.to_vec::<f32>(), expected.to_vec::<f32>());
}

/// One check of a device.
type Part = fn(Device);

/// All checks of a device, by name.
const PARTS: [(&str, Part); 13] = [
    ("rows", every_row),
    ("kernels", every_operation_has_kernels),
    ("gradients_cross", gradients_cross),
    ("training_stays", training_stays),
    ("int8", int8),
    ("steps_together", optimizer::steps_together),
    ("norms", optimizer::norms),
    ("state_comes_back", optimizer::state_comes_back),
    ("half_precision", precision::half_precision),
    ("mixed_precision", precision::mixed_precision),
    ("graphs", graphs::graphs),
    ("graphs_end", graphs::graphs_end),
    ("graphs_share", graphs::graphs_share),
];

/// Runs the parts one after the other, because copies and launches are counted for the whole process. `PART=norms` runs only
/// that part, for a device on which an error breaks everything that follows.
fn all(device: Device) {
    let only = std::env::var("PART").unwrap_or_default();
    let mut parts = PARTS.iter().filter(|(name, _)| only.is_empty() || *name == only).peekable();
    assert!(parts.peek().is_some(), "there is no part PART={only}");
    parts.for_each(|(_, part)| part(device));
}

#[cfg(feature = "cuda-emulator")]
#[test]
fn on_the_emulator() {
    all(Device::open("cuda-emulated").unwrap_or_else(|e| panic!("{e}")));
}

#[test]
#[ignore = "needs a GPU"]
fn on_a_gpu() {
    let name = std::env::var("GRADUS_TEST_DEVICE").unwrap_or_else(|_| "cuda".into());
    let device = Device::open(&name).unwrap_or_else(|e| panic!("{e}"));
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

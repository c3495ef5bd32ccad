//! Steps that are recorded and replayed.

use gradus_engine::losses::{CrossEntropy, Reduction, cross_entropy};
use gradus_engine::optim::{Optimizer, OptimizerConfig, Rule};
use gradus_engine::{Device, Mode, Module, Recorded, Rng, Tensor, cuda};
use gradus_models::{Classifier, DataSizes, TextCnn, TextCnnConfig, Words};

/// Replayed steps give the same bits as others, with dropout and an optimizer, and after other shapes and moved
/// parameters.
pub fn graphs(device: Device) {
    let train = |recorded: bool| {
        let config = TextCnnConfig {
            embed_dim: 6,
            kernel_sizes: vec![2, 3],
            hidden_dim: 5,
            dropout: 0.5,
            ..Default::default()
        };
        let sizes = DataSizes { words: 30, characters: 0, outputs: 3 };
        let model = TextCnn::new(config, sizes, &mut Rng::new(1));
        model.move_to(device);
        let mut rng = Rng::new(2);
        let mut optimizer = Optimizer::new(OptimizerConfig::new(Rule::adam(), 1e-2));
        let loss_of = |inputs: &[Tensor], mode: &mut Mode| {
            let logits = model.logits(&Words::new(&inputs[0], &inputs[1]), mode);
            cross_entropy(&logits, &inputs[2], &CrossEntropy::default(), Reduction::Mean)
        };
        let mut step = Recorded::new(&model, loss_of);
        let (mut losses, mut replayed) = (vec![], String::new());
        // Steps with other shapes in between.
        for (t, length) in [5usize, 5, 5, 5, 6, 5, 6, 5, 5, 5, 5].into_iter().enumerate() {
            let ids: Vec<i64> = (0..4 * length).map(|i| (2 + (7 * i + 5 * t) % 28) as i64).collect();
            let ids = Tensor::from_slice(&ids, [4, length]);
            let lengths = Tensor::from_slice(&[length as i64, 3, 4, 5], [4]);
            let labels = Tensor::from_slice(&[0i64, 1, 2, (t % 3) as i64], [4]);
            if t == 8 {
                // New buffers for the parameters.
                model.params().iter().for_each(|p| p.set(&p.value()));
            }
            let before = cuda::launches();
            let (loss, gradients) = if recorded {
                step.run(&[&ids, &lengths, &labels], &mut rng)
            } else {
                let inputs = [ids, lengths, labels].map(|x| x.to_device(device));
                let loss = loss_of(&inputs, &mut Mode::Train(&mut rng));
                (loss.detach(), loss.backward())
            };
            // A replay launches no single kernels, except for copies.
            replayed.push(if cuda::launches() - before < 20 { 'r' } else { '.' });
            losses.push(loss.item());
            optimizer.step(&model, &gradients);
        }
        // The second one is launched to be recorded, and again after the parameters have moved.
        let expected = if recorded { "..rr.r.r..r" } else { "..........." };
        assert_eq!(replayed, expected, "which steps were replayed");
        (losses, model.params().iter().map(|p| p.value().to_vec::<f32>()).collect::<Vec<_>>())
    };
    assert_eq!(train(true), train(false));
}

/// Reading a value during a recording panics with a message, and ends the recording.
pub fn graphs_end(device: Device) {
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
    // The buffers that the graph reads stay where they are.
    drop(x);
    let _others: Vec<Tensor> = (0..9).map(|_| Tensor::zeros([2], y.kind())).collect();
    graph.replay(0);
    assert_eq!(y.to_vec::<f32>(), [1.0, 4.0]);
}

/// The buffers that a graph reads stay alive, even if another graph kept them before.
pub fn graphs_share(device: Device) {
    let x = Tensor::from_slice(&[1.0f32, 2.0], [2]).to_device(device);
    let (first, y) = cuda::Graph::record(device, || x.square());
    let (second, z) = cuda::Graph::record(device, || &x + &y);
    // The first one keeps x, and the second one keeps y with all buffers that the first one worked in.
    drop(x);
    first.replay(0);
    drop(y);
    drop(first);
    let _others: Vec<Tensor> = (0..9).map(|_| Tensor::zeros([2], z.kind())).collect();
    second.replay(0);
    assert_eq!(z.to_vec::<f32>(), [2.0, 6.0]);
}

//! A network of two layers learns the exclusive or: `cargo run -p gradus-engine --example xor`.

use gradus_engine::prelude::*;

/// Trains, and checks the answers.
pub fn main() {
    let inputs = Tensor::from_slice(&[0.0f32, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0], [4, 2]);
    let targets = Tensor::from_slice(&[0.0f32, 1.0, 1.0, 0.0], [4, 1]);

    let mut rng = Rng::new(1);
    let model = Sequential::new()
        .then(Linear::new(2, 8, &mut rng))
        .then(Activation::Tanh)
        .then(Linear::new(8, 1, &mut rng));
    let mut optimizer = Optimizer::new(OptimizerConfig::new(Rule::adam(), 0.05));

    for step in 0..=200 {
        let logits = model.forward(&inputs, &mut Mode::Train(&mut rng));
        let loss = losses::bce_with_logits(&logits, &targets, Reduction::Mean);
        if step % 40 == 0 {
            println!("step {step:3}: loss {:.4}", loss.item());
        }
        let gradients = loss.backward();
        optimizer.step(&model, &gradients);
    }

    let outputs = model.forward(&inputs, &mut Mode::Eval).sigmoid();
    println!("outputs {outputs:.3}");
    assert!(
        (outputs - targets).abs().to_f64().iter().all(|&error| error < 0.1),
        "it did not learn the exclusive or"
    );
}

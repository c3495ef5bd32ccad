//! Whole training steps: the same bits whatever the threads, in place, and with less memory under `checkpoint`.

use gradus_engine::losses::{CrossEntropy, Reduction, cross_entropy};
use gradus_engine::memory::{self, Report};
use gradus_engine::nn::{LayerNorm, Linear};
use gradus_engine::optim::{Optimizer, OptimizerConfig, Rule};
use gradus_engine::state::state_dict;
use gradus_engine::{Mode, Rng, Tensor, checkpoint};
use gradus_models::{BiLstm, BiLstmConfig, Classifier, TextCnn, TextCnnConfig};
use gradus_tests::draw::Draw;
use std::sync::{Mutex, PoisonError};

/// The count of copies is the process's: tests that take steps run one after the other.
static ALONE: Mutex<()> = Mutex::new(());

fn models(rng: &mut Rng) -> Vec<Box<dyn Classifier>> {
    let cnn = TextCnnConfig {
        vocabulary: 50,
        embed_dim: 24,
        filters: 20,
        attention_heads: 4,
        ..Default::default()
    };
    let lstm = BiLstmConfig {
        vocabulary: 50,
        embed_dim: 24,
        hidden_dim: 20,
        attention_heads: 4,
        layer_norm: true,
        ..Default::default()
    };
    vec![Box::new(TextCnn::new(cnn, rng)), Box::new(BiLstm::new(lstm, rng))]
}

/// Losses and parameters, as bits, of five steps with dropout.
fn train(threads: usize) -> Vec<u32> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        let mut rng = Rng::new(3);
        let mut bits = vec![];
        for model in models(&mut rng) {
            let mut draw = Draw::new(9);
            let mut optimizer = Optimizer::new(OptimizerConfig::new(Rule::adam(), 1e-2));
            for _ in 0..5 {
                let (ids, labels) = (draw.ids([17, 33], 50), draw.ids([17], 2));
                let lengths = draw.lengths(17, 33);
                let logits = model.logits(&ids, &lengths, &mut Mode::Train(&mut rng));
                let loss = cross_entropy(&logits, &labels, &CrossEntropy::default(), Reduction::Mean);
                bits.push((loss.item() as f32).to_bits());
                let mut gradients = loss.backward();
                gradients.clip_norm(1.0);
                optimizer.step(model.as_ref(), &gradients);
            }
            bits.extend(
                state_dict(model.as_ref()).values().flat_map(|t| t.to_vec::<f32>()).map(f32::to_bits),
            );
        }
        bits
    })
}

#[test]
fn threads_do_not_change_a_bit() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let one = train(1);
    assert!(train(2) == one, "2 threads give other bits than 1");
    assert!(train(7) == one, "7 threads give other bits than 1");
}

#[test]
fn steps_change_parameters_in_place() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let before = memory::copied_by_steps();
    train(2);
    assert_eq!(memory::copied_by_steps(), before, "a step had to copy a parameter that something still held");
}

#[test]
fn checkpoint_saves_less_and_gives_the_same_gradients() {
    let mut rng = Rng::new(5);
    let layers: Vec<(Linear, LayerNorm)> =
        (0..4).map(|_| (Linear::new(16, 16, &mut rng), LayerNorm::new(16))).collect();
    let x = Tensor::normal([8, 16], 0.0, 1.0, &mut rng).variable();
    let all: Vec<(Linear, LayerNorm)> = layers
        .iter()
        .map(|(l, n)| {
            (
                Linear { weight: l.weight.tied(), bias: l.bias.as_ref().map(|b| b.tied()) },
                LayerNorm { weight: n.weight.tied(), bias: n.bias.tied(), eps: n.eps },
            )
        })
        .collect();
    let run = move |x: &Tensor| {
        all.iter().fold(x.clone(), |x, (linear, norm)| norm.forward(&linear.forward(&x)).gelu())
    };
    let plain = run(&x).square().mean_all();
    let spared = checkpoint(&[&x], move |x| vec![run(&x[0])]).swap_remove(0).square().mean_all();
    assert!(Report::of(&spared).bytes < Report::of(&plain).bytes / 3);
    let (plain, spared) = (plain.backward(), spared.backward());
    assert_eq!(plain.get(&x).unwrap().to_vec::<f32>(), spared.get(&x).unwrap().to_vec::<f32>());
    for (linear, _) in &layers {
        let of = |g: &gradus_engine::Gradients| g.of(&linear.weight).unwrap().to_dense().to_vec::<f32>();
        assert_eq!(of(&plain), of(&spared));
    }
}

#[test]
fn a_consumed_graph_is_named() {
    let x = Tensor::scalar(2.0f32).variable();
    let h = x.tanh();
    let loss = &h * &h;
    loss.backward();
    let again = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| h.backward())).unwrap_err();
    let message = again.downcast_ref::<String>().unwrap();
    assert!(message.contains("this tanh was consumed"), "{message}");
}

#[test]
fn a_graph_of_a_hundred_thousand_nodes_is_swept_and_freed() {
    let x = Tensor::scalar(1.0f64).variable();
    let y = (0..100_000).fold(x.clone(), |y, _| y.affine(1.0, 1e-9));
    drop(y.clone() + 1.0);
    assert_eq!(y.backward().get(&x).unwrap().item(), 1.0);
}

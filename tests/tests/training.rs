//! Whole training steps: the same bits with any number of threads, in place, and with less memory under `checkpoint`.

use gradus_engine::losses::{CrossEntropy, Reduction, crf_nll, cross_entropy};
use gradus_engine::memory::{self, Report};
use gradus_engine::nn::{LayerNorm, Linear};
use gradus_engine::optim::{Optimizer, OptimizerConfig, Rule};
use gradus_engine::state::state_dict;
use gradus_engine::{Mode, Module, Rng, Tensor, checkpoint};
use gradus_models::{
    BiDaf, BiDafConfig, BiLstm, BiLstmConfig, BiLstmCrf, BiLstmCrfConfig, CharacterModel, Classifier,
    DataSizes, Reader, ReaderInput, Tagger, TextCnn, TextCnnConfig, Words,
};
use gradus_tests::draw::Draw;
use std::sync::{Mutex, PoisonError};

/// Copies are counted for the whole process, so tests that take steps run one after the other.
static ALONE: Mutex<()> = Mutex::new(());

const SIZES: DataSizes = DataSizes { words: 50, characters: 20, outputs: 9 };
const CNN: CharacterModel = CharacterModel::Cnn { char_embed_dim: 30, char_dim: 32, char_max_len: 6 };
const LSTM: CharacterModel = CharacterModel::Lstm { char_embed_dim: 30, char_dim: 32, char_max_len: 6 };

fn models(rng: &mut Rng) -> Vec<Box<dyn Classifier>> {
    let cnn = TextCnnConfig { embed_dim: 24, hidden_dim: 20, attention_heads: 4, ..Default::default() };
    let lstm = BiLstmConfig {
        embed_dim: 24,
        hidden_dim: 20,
        attention_heads: 4,
        layer_norm: true,
        characters: LSTM,
        ..Default::default()
    };
    // Without attention and characters, each distinct word is multiplied only once.
    let words = TextCnnConfig { attention_heads: 0, ..cnn.clone() };
    let cnn = TextCnnConfig { characters: CNN, ..cnn };
    vec![
        Box::new(TextCnn::new(cnn, SIZES, rng)),
        Box::new(TextCnn::new(words, SIZES, rng)),
        Box::new(BiLstm::new(lstm, SIZES, rng)),
    ]
}

/// Bits of the losses of five steps, and of the parameters after them.
fn steps(model: &dyn Module, mut loss_of: impl FnMut() -> Tensor) -> Vec<u32> {
    let mut optimizer = Optimizer::new(OptimizerConfig::new(Rule::adam(), 1e-2));
    let mut bits = vec![];
    for _ in 0..5 {
        let loss = loss_of();
        bits.push((loss.item() as f32).to_bits());
        let mut gradients = loss.backward();
        gradients.clip_norm(1.0);
        optimizer.step(model, &gradients);
    }
    bits.extend(state_dict(model).values().flat_map(|t| t.to_vec::<f32>()).map(f32::to_bits));
    bits
}

fn classify(model: &dyn Classifier, rng: &mut Rng) -> Vec<u32> {
    let mut draw = Draw::new(9);
    steps(model, || {
        let labels = draw.ids([17], 9);
        let logits = with_words(&mut draw, [17, 33], |words| model.logits(words, &mut Mode::Train(rng)));
        cross_entropy(&logits, &labels, &CrossEntropy::default(), Reduction::Mean)
    })
}

/// Runs `f` on `b` sequences of 1 to `t` words of up to six characters.
fn with_words<R>(draw: &mut Draw, [b, t]: [usize; 2], f: impl FnOnce(&Words) -> R) -> R {
    let lengths: Vec<i64> = (0..b).map(|_| draw.up_to(t) as i64).collect();
    let (ids, chars, spelled) = (draw.ids([b, t], 50), draw.ids([b, t, 6], 20), draw.ids([b, t], 7));
    let lengths = Tensor::from_slice(&lengths, [b]);
    f(&Words { characters: Some((&chars, &spelled)), ..Words::new(&ids, &lengths) })
}

fn tag(characters: CharacterModel, rng: &mut Rng) -> Vec<u32> {
    let config = BiLstmCrfConfig {
        embed_dim: 24,
        hidden_dim: 20,
        attention_heads: 4,
        characters,
        ..Default::default()
    };
    let (model, mut draw) = (BiLstmCrf::new(config, SIZES, rng), Draw::new(9));
    steps(&model, || {
        let tags = draw.ids([17, 33], 9);
        with_words(&mut draw, [17, 33], |words| {
            let emissions = model.emissions(words, &mut Mode::Train(rng));
            crf_nll(model.crf(), &emissions, &tags, words.lengths)
        })
    })
}

fn answer(characters: CharacterModel, rng: &mut Rng) -> Vec<u32> {
    let config =
        BiDafConfig { embed_dim: 24, hidden_dim: 20, attention_heads: 4, characters, ..Default::default() };
    let (model, mut draw, mut questions) = (BiDaf::new(config, SIZES, rng), Draw::new(9), Draw::new(10));
    // Every context has a first word.
    let first = Tensor::from_slice(&[0i64; 9], [9]);
    steps(&model, || {
        let reading = with_words(&mut questions, [9, 7], |question| {
            with_words(&mut draw, [9, 33], |context| {
                model.read(&ReaderInput::Words { context, question }, &mut Mode::Train(rng))
            })
        });
        let of = |logits| cross_entropy(logits, &first, &CrossEntropy::default(), Reduction::Mean);
        of(&reading.start) + of(&reading.end)
    })
}

/// Losses and parameters, as bits, of five steps with dropout of each model.
fn train(threads: usize) -> Vec<u32> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        let mut rng = Rng::new(3);
        let mut bits = vec![];
        for model in models(&mut rng) {
            bits.extend(classify(model.as_ref(), &mut rng));
        }
        for characters in [CNN, LSTM] {
            bits.extend(tag(characters, &mut rng));
            bits.extend(answer(characters, &mut rng));
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

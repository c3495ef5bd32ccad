//! Models and ten training steps of each.

use super::{ROUNDINGS, dim, everywhere, rng};
use gradus_engine::losses::{CrossEntropy, Reduction, crf_nll, cross_entropy};
use gradus_engine::optim::{Optimizer, OptimizerConfig, Rule};
use gradus_engine::{DType, Device, Gradients, Mode, Module, Tensor};
use gradus_models::{
    BiDaf, BiDafConfig, BiLstm, BiLstmConfig, BiLstmCrf, BiLstmCrfConfig, CharacterModel, Classifier,
    DataSizes, LanguageModel, LmState, Pairs, Positions, Reader, ReaderInput, Reading, RnnLm, RnnLmConfig,
    Seq2Seq, Seq2SeqRnn, Seq2SeqRnnConfig, Seq2SeqTransformer, Seq2SeqTransformerConfig, Tagger, TextCnn,
    TextCnnConfig, TransformerLm, TransformerLmConfig, Words,
};
use gradus_tests::golden::Golden;

/// Loss and gradients, then ten steps with SGD-momentum for all parameters and with Adam for all but the frozen ones;
/// the parameters are loaded already.
fn trained(golden: &Golden, model: &dyn Module, dtype: DType, loss_of: &dyn Fn() -> Tensor) {
    let frozen: Vec<String> = serde_json::from_value(golden.attr["frozen"].clone()).unwrap();
    let loss = loss_of();
    golden.compare("out.loss", &loss, ROUNDINGS);
    let gradients = loss.backward();
    for (n, p) in model.named_params() {
        golden.compare(&format!("grad.{n}"), &gradients.of(&p).unwrap().to_dense(), ROUNDINGS);
    }
    let setting = |name: &str, usual: f64| golden.attr[name].as_f64().unwrap_or(usual);
    let adam = Rule::Adam { beta1: 0.9, beta2: 0.999, eps: setting("eps", 1e-8) };
    for (kind, config) in [
        ("sgd", OptimizerConfig::new(Rule::sgd(0.9), setting("rate", 0.05))),
        ("adam", OptimizerConfig::new(adam, 1e-3)),
    ] {
        golden.load(model, dtype);
        let mut optimizer = Optimizer::new(config);
        let mut seen = vec![];
        for _ in 0..10 {
            let loss = loss_of();
            seen.push(loss.item());
            let gradients = loss.backward();
            let mut kept = Gradients::default();
            for (n, p) in model.named_params() {
                if kind == "sgd" || !frozen.contains(&n) {
                    kept.set(&p, gradients.of(&p).unwrap().clone());
                }
            }
            optimizer.step(model, &kept);
        }
        let seen = Tensor::from_slice(&seen, [10]).to_dtype(dtype);
        // Ten steps amplify rounding: Adam's first steps are the sign of the gradient, even if that is tiny.
        let roundings = if kind == "sgd" { 4.0 * ROUNDINGS } else { 16.0 * ROUNDINGS };
        golden.compare(&format!("out.{kind}.losses"), &seen, roundings);
        for (n, p) in model.named_params() {
            golden.compare(&format!("out.{kind}.{n}"), &p.value(), roundings);
        }
    }
}

/// The words of a golden file.
struct Read {
    ids: Tensor,
    lengths: Tensor,
    /// Characters and the length of each word.
    characters: Option<[Tensor; 2]>,
}

impl Read {
    fn from(golden: &Golden, prefix: &str, device: Device) -> Self {
        let name = |n: &str| format!("in.{prefix}{n}");
        let [ids, lengths] = ["ids", "lengths"].map(|n| golden.raw(&name(n)).to_device(device));
        let spelled = golden.has(&name("chars"));
        let characters = spelled.then(|| ["chars", "spelled"].map(|n| golden.raw(&name(n))));
        Read { ids, lengths, characters }
    }

    fn words(&self) -> Words<'_> {
        let characters = self.characters.as_ref().map(|[chars, spelled]| (chars, spelled));
        Words { characters, ..Words::new(&self.ids, &self.lengths) }
    }
}

fn characters(golden: &Golden) -> CharacterModel {
    let Some(kind) = golden.attr["characters"].as_str() else { return CharacterModel::None };
    let (char_embed_dim, char_max_len) = (dim(golden, "param.chars.emb.weight", 1), 5);
    if kind == "cnn" {
        let char_dim = dim(golden, "param.chars.conv.weight", 0);
        CharacterModel::Cnn { char_embed_dim, char_dim, char_max_len }
    } else {
        let char_dim = 2 * dim(golden, "param.chars.rnn.weight_hh_l0", 1);
        CharacterModel::Lstm { char_embed_dim, char_dim, char_max_len }
    }
}

/// The numbers of words, characters and outputs of a golden file's model, if it has them.
fn sizes(golden: &Golden) -> DataSizes {
    let [words, characters, outputs] = ["emb", "chars.emb", "out"].map(|name| {
        let name = format!("param.{name}.weight");
        if golden.has(&name) { dim(golden, &name, 0) } else { 0 }
    });
    DataSizes { words, characters, outputs }
}

fn classifier(golden: &Golden) -> Box<dyn Classifier> {
    let embed_dim = dim(golden, "param.emb.weight", 1);
    let (sizes, attention_heads) = (sizes(golden), golden.number("attention"));
    if golden.name.starts_with("model_textcnn") {
        let w = |i: usize| golden.raw(&format!("param.convs.{i}.weight"));
        let kernel_sizes = (0..3).map(|i| w(i).dim(2)).collect();
        let config = TextCnnConfig {
            embed_dim,
            hidden_dim: w(0).dim(0),
            kernel_sizes,
            dropout: 0.0,
            attention_heads,
            characters: characters(golden),
            ..Default::default()
        };
        return Box::new(TextCnn::new(config, sizes, &mut rng()));
    }
    let hidden_dim = dim(golden, "param.rnn.weight_hh_l0", 1);
    let config = BiLstmConfig {
        embed_dim,
        hidden_dim,
        layers: 2,
        dropout: 0.0,
        layer_norm: golden.flag("norm"),
        attention_heads,
        characters: characters(golden),
        ..Default::default()
    };
    Box::new(BiLstm::new(config, sizes, &mut rng()))
}

#[test]
fn classifiers() {
    for name in [
        "model_textcnn",
        "model_textcnn_attention",
        "model_textcnn_cnn",
        "model_bilstm",
        "model_bilstm_all",
        "model_bilstm_lstm",
    ] {
        let golden = Golden::read(name);
        for (dtype, device) in everywhere() {
            let read = Read::from(&golden, "", device);
            let labels = golden.raw("in.labels").to_device(device);
            let model = classifier(&golden);
            model.move_to(device);
            golden.load(model.as_ref(), dtype);
            let logits = || model.logits(&read.words(), &mut Mode::Eval);
            golden.compare("out.logits", &logits(), ROUNDINGS);
            trained(&golden, model.as_ref(), dtype, &|| {
                cross_entropy(&logits(), &labels, &CrossEntropy::default(), Reduction::Mean)
            });
        }
    }
}

#[test]
fn taggers() {
    for name in ["model_bilstm_crf", "model_bilstm_crf_cnn", "model_bilstm_crf_lstm"] {
        let golden = Golden::read(name);
        let config = BiLstmCrfConfig {
            embed_dim: dim(&golden, "param.emb.weight", 1),
            hidden_dim: dim(&golden, "param.rnn.weight_hh_l0", 1),
            dropout: 0.0,
            attention_heads: golden.number("attention"),
            characters: characters(&golden),
            ..Default::default()
        };
        for (dtype, device) in everywhere() {
            let read = Read::from(&golden, "", device);
            let tags = golden.raw("in.tags").to_device(device);
            let model = BiLstmCrf::new(config.clone(), sizes(&golden), &mut rng());
            model.move_to(device);
            golden.load(&model, dtype);
            let emissions = || model.emissions(&read.words(), &mut Mode::Eval);
            golden.compare("out.emissions", &emissions(), ROUNDINGS);
            let (best, _) = model.decode(&read.words(), None);
            assert_eq!(best.to_vec::<i64>(), golden.raw("out.best").to_vec::<i64>());
            trained(&golden, &model, dtype, &|| crf_nll(model.crf(), &emissions(), &tags, &read.lengths));
        }
    }
}

#[test]
fn readers() {
    for name in ["model_bidaf", "model_bidaf_cnn"] {
        let golden = Golden::read(name);
        let config = BiDafConfig {
            embed_dim: dim(&golden, "param.emb.weight", 1),
            hidden_dim: dim(&golden, "param.ctx.weight_hh_l0", 1),
            dropout: 0.0,
            attention_heads: golden.number("attention"),
            characters: characters(&golden),
            ..Default::default()
        };
        for (dtype, device) in everywhere() {
            let [context, question] =
                ["context.", "question."].map(|prefix| Read::from(&golden, prefix, device));
            let [first, last] = ["in.start", "in.end"].map(|name| golden.raw(name).to_device(device));
            let model = BiDaf::new(config.clone(), sizes(&golden), &mut rng());
            model.move_to(device);
            golden.load(&model, dtype);
            let read = || {
                let input = ReaderInput::Words { context: &context.words(), question: &question.words() };
                let Reading { start, end, embedded, encoded } = model.read(&input, &mut Mode::Eval);
                (start, end, [embedded, encoded].map(Option::unwrap))
            };
            let (start, end, [embedded, encoded]) = read();
            for (name, found) in [("start", start), ("end", end)] {
                golden.compare(&format!("out.{name}"), &found, ROUNDINGS);
            }
            for (layer, found) in [("embedded", embedded), ("encoded", encoded)] {
                golden.compare(&format!("out.{layer}.context"), &found.context, ROUNDINGS);
                golden.compare(&format!("out.{layer}.question"), &found.question, ROUNDINGS);
            }
            trained(&golden, &model, dtype, &|| {
                let (start, end, means) = read();
                let cross = |x, y| cross_entropy(x, y, &CrossEntropy::default(), Reduction::Mean);
                // The loss includes the pooled vectors, so that their gradients are compared too.
                let pooled = means.map(|p| (p.context * p.question).sum(&[1]).mean_all());
                let [embedded, encoded] = pooled;
                cross(&start, &first) + cross(&end, &last) + embedded + encoded
            });
        }
    }
}

fn language_model(golden: &Golden) -> Box<dyn LanguageModel> {
    let (tokens, embed_dim) = (dim(golden, "param.embed.weight", 0), dim(golden, "param.embed.weight", 1));
    if golden.name == "model_rnn_lm" {
        let hidden_dim = dim(golden, "param.rnns.0.weight_hh_l0", 1);
        let config = RnnLmConfig { embed_dim, hidden_dim, layers: 3, dropout: 0.0, embedding_dropout: 0.0 };
        return Box::new(RnnLm::new(config, tokens, &mut rng()));
    }
    let config = TransformerLmConfig {
        embed_dim,
        layers: 2,
        attention_heads: golden.number("heads"),
        feed_forward: dim(golden, "param.blocks.0.linear1.weight", 0),
        context: dim(golden, "param.positions", 0),
        positions: Positions::Learned,
        dropout: 0.0,
    };
    Box::new(TransformerLm::new(config, tokens, &mut rng()))
}

/// The second of two stretches of text; a model with a state remembers the first, without a gradient.
#[test]
fn language_models() {
    for name in ["model_rnn_lm", "model_transformer_lm"] {
        let golden = Golden::read(name);
        for (dtype, device) in everywhere() {
            let [first, ids, next] =
                ["in.first", "in.ids", "in.next"].map(|name| golden.raw(name).to_device(device));
            let model = language_model(&golden);
            model.move_to(device);
            golden.load(model.as_ref(), dtype);
            let remembered = || model.hidden(&first, &LmState::default(), &mut Mode::Eval).1.detach();
            let (h, _) = model.hidden(&ids, &remembered(), &mut Mode::Eval);
            golden.compare("out.logits", &model.logits(&h), ROUNDINGS);
            let options = CrossEntropy { smoothing: 0.1, ..CrossEntropy::default() };
            trained(&golden, model.as_ref(), dtype, &|| {
                model.loss(&ids, &next, &remembered(), &options, &mut Mode::Eval).0
            });
        }
    }
}

fn translation_model(golden: &Golden) -> Box<dyn Seq2Seq> {
    let (tokens, embed_dim) = (dim(golden, "param.embed.weight", 0), dim(golden, "param.embed.weight", 1));
    if golden.name.starts_with("model_seq2seq_rnn") {
        let hidden_dim = dim(golden, "param.encoder.weight_hh_l0", 1);
        let input_feeding = golden.flag("feeding");
        let config = Seq2SeqRnnConfig { embed_dim, hidden_dim, layers: 2, input_feeding, dropout: 0.0 };
        return Box::new(Seq2SeqRnn::new(config, tokens, &mut rng()));
    }
    let config = Seq2SeqTransformerConfig {
        embed_dim,
        layers: 2,
        attention_heads: golden.number("heads"),
        feed_forward: dim(golden, "param.encoder.0.linear1.weight", 0),
        pre_norm: golden.flag("pre_norm"),
        dropout: 0.0,
    };
    Box::new(Seq2SeqTransformer::new(config, tokens, &mut rng()))
}

#[test]
fn translation_models() {
    for name in [
        "model_seq2seq_rnn",
        "model_seq2seq_rnn_feeding",
        "model_seq2seq_transformer_pre",
        "model_seq2seq_transformer_post",
    ] {
        let golden = Golden::read(name);
        for (dtype, device) in everywhere() {
            let [source, lengths, target, next] = ["source", "lengths", "target", "next"]
                .map(|n| golden.raw(&format!("in.{n}")).to_device(device));
            let pairs = Pairs { source: &source, lengths: &lengths, target: &target, next: &next };
            let model = translation_model(&golden);
            model.move_to(device);
            golden.load(model.as_ref(), dtype);
            let logits = model.logits(&model.hidden(&pairs, &mut Mode::Eval));
            golden.compare("out.logits", &logits, ROUNDINGS);
            let options = CrossEntropy { smoothing: 0.1, ignore: Some(0), ..CrossEntropy::default() };
            trained(&golden, model.as_ref(), dtype, &|| model.loss(&pairs, &options, &mut Mode::Eval));
        }
    }
}

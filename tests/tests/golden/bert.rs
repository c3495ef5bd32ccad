//! BERT against Hugging Face's transformers.

use super::{ROUNDINGS, everywhere, layer, real, rng};
use gradus_engine::losses::{CrossEntropy, Reduction, cross_entropy};
use gradus_engine::optim::{Optimizer, OptimizerConfig, Rule};
use gradus_engine::{Device, Mode, Module, Tensor};
use gradus_models::{
    BertClassifier, BertConfig, BertReader, Classifier, MaskedLm, PiecePairs, Pooling, Reader, ReaderInput,
    Words,
};
use gradus_tests::golden::Golden;

/// x with 0 where the places of its axis, counted from the front, are not real.
fn kept(x: &Tensor, real: &Tensor, axis: usize) -> Tensor {
    let mut shape = vec![1; x.shape().rank()];
    (shape[0], shape[axis]) = (real.dim(0), real.dim(1));
    x.masked_fill(&real.reshape(&shape[..]).not(), 0.0)
}

#[test]
fn bert() {
    for name in ["model_bert_gelu", "model_bert_gelu_new", "model_bert_relu"] {
        let golden = Golden::read(name);
        let config = config(&golden);
        for (dtype, device) in everywhere() {
            let [ids, types, lengths, places, targets] = ["ids", "types", "lengths", "places", "targets"]
                .map(|name| golden.raw(&format!("in.{name}")).to_device(device));
            let real = real(&lengths.to_device(Device::Cpu), ids.dim(1)).to_device(device);
            let direction = golden.get("in.direction", dtype).to_device(device);
            let model = MaskedLm::new(&config, &mut rng());
            model.move_to(device);
            golden.load(&model, dtype);

            let output = model.bert.forward(&ids, Some(&types), &real, &mut Mode::Eval);
            assert_eq!(output.layers.len(), 3);
            for (i, layer) in output.layers.iter().enumerate() {
                golden.compare(&format!("out.hidden.{i}"), &kept(layer, &real, 1), ROUNDINGS);
            }
            for (i, weights) in model.bert.attentions(&ids, Some(&types), &real).iter().enumerate() {
                golden.compare(&format!("out.attention.{i}"), &kept(weights, &real, 2), ROUNDINGS);
            }
            golden.compare("out.pooled", &output.pooled, ROUNDINGS);
            golden.compare("out.logits", &model.logits_at(output.last(), &places), ROUNDINGS);

            let loss_of = || {
                let output = model.bert.forward(&ids, Some(&types), &real, &mut Mode::Eval);
                let logits = model.logits_at(output.last(), &places);
                let masked = cross_entropy(&logits, &targets, &CrossEntropy::default(), Reduction::Mean);
                masked + (output.pooled * &direction).mean_all()
            };
            golden.compare("out.loss", &loss_of(), ROUNDINGS);
            let gradients = loss_of().backward();
            for (n, p) in model.named_params() {
                golden.compare(&format!("grad.{n}"), &gradients.of(&p).unwrap().to_dense(), ROUNDINGS);
            }
            let rate = golden.attr["rate"].as_f64().unwrap();
            let mut optimizer = Optimizer::new(OptimizerConfig::new(Rule::sgd(0.9), rate));
            let mut losses = vec![];
            for _ in 0..10 {
                let loss = loss_of();
                losses.push(loss.item());
                optimizer.step(&model, &loss.backward());
            }
            let losses = Tensor::from_slice(&losses, [10]).to_dtype(dtype);
            golden.compare("out.sgd.losses", &losses, 4.0 * ROUNDINGS);
            for (n, p) in model.named_params() {
                golden.compare(&format!("out.sgd.{n}"), &p.value(), 4.0 * ROUNDINGS);
            }
        }
    }
}

fn config(golden: &Golden) -> BertConfig {
    serde_json::from_value(golden.attr["config"].clone()).unwrap()
}

#[test]
fn bert_with_a_head() {
    let inputs = ["ids", "types", "lengths"];
    let classifier = |g: &Golden| BertClassifier::new(&config(g), Pooling::Cls, 2, &mut rng());
    layer("model_bert_classifier", classifier, &inputs, |m, _, x| {
        vec![("logits", m.logits(&Words::new(&x[0], &x[2]), &mut Mode::Eval))]
    });
    let reader = |g: &Golden| BertReader::new(&config(g), &mut rng());
    layer("model_bert_reader", reader, &inputs, |m, _, x| {
        let places = real(&x[2], x[0].dim(1));
        let pairs = PiecePairs { pieces: Words::new(&x[0], &x[2]), types: &x[1], places: &places };
        let found = m.read(&ReaderInput::Pieces(pairs), &mut Mode::Eval);
        // Elsewhere they are −∞.
        vec![("start", kept(&found.start, &places, 1)), ("end", kept(&found.end, &places, 1))]
    });
}

//! Vectors of words that the caller gives in place of the model's own.

use super::architectures::{Model, Options, models};
use super::batch::Batch;
use crate::{Embeds, Words};
use gradus_engine::{CreateGraph, DType, Mode, Tensor, grad};

const TEXTS: [&[i64]; 2] = [&[3, 1, 4, 6, 5], &[2, 7, 9]];

fn embeds(model: &Model) -> &dyn Embeds {
    match model {
        Model::TextCnn(model) => model.as_ref(),
        Model::BiLstm(model) => model.as_ref(),
        Model::BiLstmCrf(model) => model.as_ref(),
        Model::BiDaf(model) => model.as_ref(),
    }
}

/// All finite outputs.
fn outputs(model: &Model, words: &Words) -> Vec<Tensor> {
    let all = model.outputs(words, words, &mut Mode::Eval).into_iter().map(|output| output.values);
    all.map(|values| {
        let finite: Vec<u8> = values.detach().to_f64().into_iter().map(|x| u8::from(x.is_finite())).collect();
        let zeros = Tensor::zeros([], values.kind());
        Tensor::from_slice(&finite, values.shape()).select(&values, &zeros)
    })
    .collect()
}

fn batch() -> Batch {
    Batch::with_noise(&TEXTS.map(<[i64]>::to_vec), 0, 5)
}

#[test]
fn the_models_own_vectors_give_its_own_outputs() {
    let batch = batch();
    for options in Options::all() {
        for model in models(options) {
            for words in [batch.words(), batch.with_given()] {
                let x = embeds(&model).embed(&words, &mut Mode::Eval);
                let found = outputs(&model, &Words { embedded: Some(&x), ..words });
                for (found, own) in found.iter().zip(outputs(&model, &words)) {
                    let (found, own) = (found.to_f64(), own.to_f64());
                    let close = found.iter().zip(&own).all(|(a, b)| (a - b).abs() < 1e-5);
                    assert!(close, "{options:?}: {found:?} {own:?}");
                }
            }
        }
    }
}

/// d/dx Σ wᵢ outputᵢ against central differences in f64, for each architecture with attention and characters.
#[test]
fn gradients_reach_the_vectors() {
    let batch = batch();
    let options = Options::all().filter(|options| options.attention_heads > 0);
    for options in options {
        for model in models(options) {
            model.module().convert(DType::F64);
            let x = embeds(&model).embed(&batch.words(), &mut Mode::Eval).detach();
            let score = |x: &Tensor| {
                let words = Words { embedded: Some(x), ..batch.words() };
                let of = |values: &Tensor| {
                    let weights: Vec<f64> =
                        (0..values.count()).map(|i| (i as f64 * 0.7).sin() + 0.3).collect();
                    (values * Tensor::from_slice(&weights, values.shape())).sum_all()
                };
                outputs(&model, &words).iter().map(of).reduce(|a, b| a + b).unwrap()
            };
            let variable = x.variable();
            let gradient = grad(&score(&variable), &[&variable], CreateGraph::No).remove(0).to_f64();
            let values = x.to_f64();
            let h = 1e-5;
            for place in (0..values.len()).step_by(7) {
                let moved = |by: f64| {
                    let mut values = values.clone();
                    values[place] += by;
                    score(&Tensor::from_slice(&values, x.shape())).item()
                };
                let difference = (moved(h) - moved(-h)) / (2.0 * h);
                let error = (gradient[place] - difference).abs();
                assert!(error < 1e-6 * (1.0 + difference.abs()), "{options:?}, {place}: {error}");
            }
        }
    }
}

#[test]
#[should_panic(expected = "words: vectors [2, 5, 3] for [2, 5] words of width 6")]
fn vectors_of_another_width_are_refused() {
    let options = Options::all().next().unwrap();
    let (batch, x) = (batch(), Tensor::zeros([2, 5, 3], DType::F32));
    let [model, ..] = models(options);
    outputs(&model, &Words { embedded: Some(&x), ..batch.words() });
}

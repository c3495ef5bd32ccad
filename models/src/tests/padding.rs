//! A model's outputs for a text depend neither on the other texts of its batch nor on the amount of padding.

use super::architectures::{CNN, LSTM, Options, SIZES, models};
use super::batch::Batch;
use crate::{CharacterModel, Words};
use gradus_engine::{DType, Mode};
use proptest::collection::vec;
use proptest::prelude::*;

/// One to four texts of 1 to 9 words, each with a question of 1 to 4 words.
fn texts() -> impl Strategy<Value = Vec<(Vec<i64>, Vec<i64>)>> {
    let word = 1..SIZES.words as i64;
    vec((vec(word.clone(), 1..10), vec(word, 1..5)), 1..5)
}

fn options() -> impl Strategy<Value = Options> {
    let characters = prop::sample::select(vec![CharacterModel::None, CNN, LSTM]);
    (characters, prop::sample::select(vec![0, 2]), any::<bool>()).prop_map(
        |(characters, attention_heads, layer_norm)| Options { characters, attention_heads, layer_norm },
    )
}

fn words(batch: &Batch, given: bool) -> Words<'_> {
    if given { batch.with_given() } else { batch.words() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_text_alone_is_the_text_in_any_batch(
        texts in texts(),
        options in options(),
        given in any::<bool>(),
        extra in (0usize..7, 0usize..7),
        noise in any::<u64>(),
    ) {
        let (texts, questions): (Vec<_>, Vec<_>) = texts.into_iter().unzip();
        let [all_texts, all_questions] = [(&texts, extra.0), (&questions, extra.1)].map(|(texts, extra)| {
            let longest = texts.iter().map(Vec::len).max().unwrap_or(0);
            Batch::with_noise(texts, longest + extra, noise)
        });
        for (dtype, tolerance) in [(DType::F32, 1e-6), (DType::F64, 1e-13)] {
            for model in models(options) {
                model.module().convert(dtype);
                let run = |text: &Batch, question: &Batch| {
                    model.outputs(&words(text, given), &words(question, given), &mut Mode::Eval)
                };
                let all = run(&all_texts, &all_questions);
                for (b, text) in texts.iter().enumerate() {
                    let one = run(&Batch::of(&texts[b..=b], 0), &Batch::of(&questions[b..=b], 0));
                    for (all, one) in all.iter().zip(&one) {
                        let (all, one, name) = (all.of_text(b, text.len()), one.of_text(0, text.len()), all.name);
                        let most = one.iter().fold(0.0f64, |most, x| most.max(x.abs()));
                        let close = all.iter().zip(&one).all(|(a, b)| (a - b).abs() <= tolerance * most);
                        prop_assert!(
                            close && most.is_finite() && all.len() == one.len(),
                            "{name} of {text:?} in {dtype}: alone {one:?}, in the batch {all:?}"
                        );
                    }
                }
            }
        }
    }
}

/// Texts of one word, alone and padded, in every architecture with every option: no window and no question is too short.
#[test]
fn one_word_is_enough() {
    for options in Options::all() {
        let one = Batch::of(&[vec![5]], 0);
        for model in models(options) {
            for output in model.outputs(&one.words(), &one.words(), &mut Mode::Eval) {
                assert!(output.values.all_finite(), "{} with {options:?}", output.name);
            }
        }
    }
}

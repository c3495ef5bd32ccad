//! Vectors that come with a batch.

use super::architectures::{EMBED_DIM, Model, Options, models};
use crate::word_vectors::WordVectors;
use crate::{Given, Words};
use gradus_engine::nn::{Embedding, EmbeddingDropout};
use gradus_engine::{DType, Mode, Rng, Tensor};

/// The id of an unknown word.
const UNK: i64 = 1;
/// The id of a word whose row in the table equals its given vector.
const SAME: i64 = 9;

/// Two texts with SAME at three positions, at which the vector of SAME may be given for UNK instead.
const TEXTS: [i64; 10] = [SAME, 2, 3, SAME, 4, 5, SAME, 6, 0, 0];
const LENGTHS: [i64; 2] = [5, 3];

/// Vectors of `words` words, without characters.
fn vectors_of(words: usize, width: usize, dropout: f64) -> WordVectors {
    let emb = Embedding::new(words, width, 1.0, &mut Rng::new(1));
    WordVectors { emb, chars: None, dropout: EmbeddingDropout(dropout) }
}

fn place(word: i64) -> Tensor {
    Tensor::from_slice(&TEXTS.map(|id| if id == SAME { word } else { id }), [2, 5])
}

fn table(model: &Model) -> gradus_engine::Param {
    let named = model.module().named_params();
    named.into_iter().find(|(name, _)| name == "emb.weight").map(|(_, table)| table).unwrap()
}

/// The outputs of a model with words of the table, and with the same vectors given; and the gradients of its table.
fn both_ways(model: &Model) -> [(Vec<f64>, Tensor); 2] {
    model.module().convert(DType::F64);
    let lengths = Tensor::from_slice(&LENGTHS, [2]);
    let table = table(model);
    let row = table.value().at(0, SAME as usize).reshape([1, 1, EMBED_DIM]);
    let vectors = row.broadcast_to([2, 5, EMBED_DIM]);
    let known = Tensor::from_slice(&TEXTS.map(|id| u8::from(id == SAME)), [2, 5]);
    let chars = Tensor::from_slice(&[1i64; 10], [2, 5, 1]);
    let spelled = Tensor::from_slice(&[1i64; 10], [2, 5]);
    let (same, unk) = (place(SAME), place(UNK));
    let plain = Words { characters: Some((&chars, &spelled)), ..Words::new(&same, &lengths) };
    let given = Given { known: &known, vectors: &vectors };
    let given = Words { ids: &unk, given: Some(given), ..plain };
    [plain, given].map(|words| {
        let outputs = model.outputs(&words, &words, &mut Mode::Eval);
        let finite = outputs.iter().map(|output| {
            let finite = output.values.detach().to_f64().into_iter().map(|x| u8::from(x.is_finite()));
            let finite = Tensor::from_slice(&finite.collect::<Vec<_>>(), output.values.shape());
            finite.select(&output.values, &Tensor::zeros([], output.values.kind()))
        });
        let finite: Vec<Tensor> = finite.collect();
        let values = finite.iter().flat_map(Tensor::to_f64).collect();
        let loss = finite.iter().map(|x| x.square().sum_all()).reduce(|a, b| a + b).unwrap();
        (values, loss.backward().of(&table).unwrap().to_dense())
    })
}

#[test]
fn given_vectors_stand_in_for_rows_of_the_table_and_keep_gradients_from_it() {
    for options in Options::all() {
        for model in models(options) {
            let [(plain, plain_rows), (given, given_rows)] = both_ways(&model);
            let close = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-12);
            assert!(close(&plain, &given), "{options:?}: {plain:?} {given:?}");
            for id in 0..13 {
                let [plain, given] = [&plain_rows, &given_rows].map(|rows| rows.at(0, id).to_f64());
                let none = |row: &[f64]| row.iter().all(|&x| x == 0.0);
                match id as i64 {
                    // A word with a given vector; without it, its row has a gradient.
                    SAME => assert!(!none(&plain) && none(&given), "{options:?}: {plain:?} {given:?}"),
                    UNK => assert!(none(&given), "{options:?}: {given:?}"),
                    // Padding and words that no text contains have no gradient; the gradients of the others do not change.
                    0 | 7.. => assert!(none(&plain) && none(&given), "{options:?}: {id}"),
                    _ => assert!(!none(&plain) && close(&plain, &given), "{options:?}: {plain:?} {given:?}"),
                }
            }
        }
    }
}

/// An unknown word without a given vector is read from the table, and trains it.
#[test]
fn what_is_not_known_keeps_its_row() {
    let model = vectors_of(3, 2, 0.0);
    let (ids, lengths) = (Tensor::from_slice(&[UNK, UNK, 2], [1, 3]), Tensor::from_slice(&[3i64], [1]));
    let known = Tensor::from_slice(&[1u8, 0, 0], [1, 3]);
    let vectors = Tensor::from_slice(&[5.0f32, 6.0, f32::NAN, f32::NAN, f32::NAN, f32::NAN], [1, 3, 2]);
    let given = Some(Given { known: &known, vectors: &vectors });
    let x = model.forward(&Words { given, ..Words::new(&ids, &lengths) }, &mut Mode::Eval);
    let table = model.emb.weight.value().to_f64();
    assert_eq!(x.to_f64(), [&[5.0, 6.0], &table[2..]].concat());
    let gradient = x.sum_all().backward().of(&model.emb.weight).unwrap().to_dense().to_f64();
    assert_eq!(gradient, [0.0, 0.0, 1.0, 1.0, 1.0, 1.0]);
}

/// Words of one id are dropped together, even if their given vectors differ.
#[test]
fn given_words_are_dropped_like_others() {
    let model = vectors_of(3, 1, 0.5);
    let (ids, lengths) = (Tensor::from_slice(&[UNK, UNK], [1, 2]), Tensor::from_slice(&[2i64], [1]));
    let (known, vectors) =
        (Tensor::from_slice(&[1u8, 1], [1, 2]), Tensor::from_slice(&[3.0f32, 4.0], [1, 2, 1]));
    let words =
        Words { given: Some(Given { known: &known, vectors: &vectors }), ..Words::new(&ids, &lengths) };
    let (mut rng, mut seen) = (Rng::new(2), [0, 0]);
    for _ in 0..40 {
        let x = model.forward(&words, &mut Mode::Train(&mut rng)).to_f64();
        assert!(x == [0.0, 0.0] || x == [6.0, 8.0], "{x:?}");
        seen[usize::from(x[0] > 0.0)] += 1;
    }
    assert!(seen.iter().all(|&n| n > 5), "{seen:?}");
}

#[test]
#[should_panic(expected = "given vectors [1, 2, 2] for words [1, 2] of bool; expected [1, 2, 1]")]
fn vectors_of_another_width_are_refused() {
    let (ids, lengths) = (Tensor::from_slice(&[UNK, UNK], [1, 2]), Tensor::from_slice(&[2i64], [1]));
    let (known, vectors) = (Tensor::from_slice(&[1u8, 1], [1, 2]), Tensor::zeros([1, 2, 2], DType::F32));
    let words =
        Words { given: Some(Given { known: &known, vectors: &vectors }), ..Words::new(&ids, &lengths) };
    vectors_of(3, 1, 0.0).forward(&words, &mut Mode::Eval);
}

//! Pretrained models, where `GRADUS_DATA` names a folder that has them.

use crate::folder;
use gradus::pretrained::{Pretrained, save};
use gradus_engine::{DType, Mode, Module, Rng, Tensor};
use gradus_models::Bert;
use serde::Deserialize;
use std::fs;
use std::path::PathBuf;

const NAME: &str = "pretrained/all-minilm-l6-v2";

/// Pieces and sentence vectors that a program in NumPy found, rounded to six digits.
#[derive(Deserialize)]
struct Reference {
    sentences: Vec<Sentence>,
}

#[derive(Deserialize)]
struct Sentence {
    text: String,
    input_ids: Vec<u32>,
    embedding: Vec<f64>,
}

/// The folder of the model, or nothing with a line that says so.
fn model() -> Option<PathBuf> {
    let path = folder()?.join(NAME);
    if !path.is_dir() {
        println!("skipped: {} is not there", path.display());
        return None;
    }
    Some(path)
}

fn load(path: &std::path::Path) -> (Pretrained, Bert) {
    let pretrained = Pretrained::open(path).unwrap_or_else(|error| panic!("{error}"));
    let bert = Bert::new(pretrained.config(), &mut Rng::blank());
    pretrained.load_into(&bert).unwrap_or_else(|error| panic!("{error}"));
    (pretrained, bert)
}

#[test]
fn sentences_have_their_pieces_and_vectors() {
    let Some(path) = model() else { return };
    let (pretrained, bert) = load(&path);
    assert_eq!(pretrained.notes(), &[] as &[String]);
    let reference = fs::read_to_string(path.join("reference_embeddings.json")).unwrap();
    let reference: Reference = serde_json::from_str(&reference).unwrap();
    assert_eq!(reference.sentences.len(), 6);
    let mut largest = 0.0f64;
    for sentence in reference.sentences {
        let pieces = pretrained.pieces().encode(&sentence.text, 128);
        assert_eq!(pieces.ids, sentence.input_ids, "{}", sentence.text);
        let ids: Vec<i64> = pieces.ids.iter().map(|id| i64::from(*id)).collect();
        let ids = Tensor::from_slice(&ids, [1, ids.len()]);
        let real = Tensor::ones(ids.shape().to_vec(), DType::Bool);
        let last = bert.forward(&ids, None, &real, &mut Mode::Eval).last().mean(&[1]).to_f64();
        let norm = last.iter().map(|x| x * x).sum::<f64>().sqrt();
        for (found, expected) in last.iter().zip(&sentence.embedding) {
            largest = largest.max((found / norm - expected).abs());
        }
    }
    println!("largest difference from the reference: {largest:.1e}");
    assert!(largest < 1e-5, "{largest}");
}

/// Sentence vectors have no use for the head that predicts masked pieces.
#[test]
fn a_head_for_masked_pieces_is_started_anew() {
    let Some(path) = model() else { return };
    let pretrained = Pretrained::open(&path).unwrap();
    let [note] = &pretrained.notes_for_masked()[..] else { panic!("{:?}", pretrained.notes_for_masked()) };
    assert!(note.ends_with("no head for masked pieces; a new one starts from random weights"), "{note}");
}

#[test]
fn what_is_saved_is_loaded() {
    let Some(path) = model() else { return };
    let (pretrained, bert) = load(&path);
    let folder = tempfile::tempdir().unwrap();
    save(folder.path(), pretrained.config(), &bert, pretrained.pieces()).unwrap();
    let (again, loaded) = load(folder.path());
    assert_eq!(again.config(), pretrained.config());
    for ((name, a), (_, b)) in bert.named_params().iter().zip(loaded.named_params()) {
        assert!(a.value().to_vec::<f32>() == b.value().to_vec::<f32>(), "{name}");
    }
    let text = "Unaffable naïve café 中国 👍 [MASK] it's 12.5%";
    assert_eq!(again.pieces().encode(text, 64), pretrained.pieces().encode(text, 64));
}

use super::*;
use crate::nn::{LayerNorm, Linear};
use crate::{DType, Rng, Tensor, Visitor};
use std::fs;

struct Pair {
    first: Linear,
    tied: Linear,
}

impl Pair {
    fn new(seed: u64) -> Self {
        let first = Linear::new(3, 3, &mut Rng::new(seed));
        let tied = Linear { weight: first.weight.tied(), bias: None };
        Pair { first, tied }
    }
}

impl Module for Pair {
    fn visit(&self, v: &mut Visitor) {
        v.module("first", &self.first);
        v.module("tied", &self.tied);
    }
}

#[test]
fn round_trip_with_a_tied_weight() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.safetensors");
    let (a, b) = (Pair::new(1), Pair::new(2));
    save(&a, &path).unwrap();
    load(&b, &path).unwrap();
    assert_eq!(state_dict(&a).keys().collect::<Vec<_>>(), ["first.bias", "first.weight"]);
    assert_eq!(a.first.weight.value().to_vec::<f32>(), b.tied.weight.value().to_vec::<f32>());
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "no temporary file is left");
}

#[test]
fn every_dtype_survives() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("all");
    let x = Tensor::from_slice(&[0.0f32, 1.0, 2.0], [3]);
    let all = [DType::F32, DType::F64, DType::F16, DType::BF16, DType::I64, DType::U32, DType::Bool];
    let dict: StateDict = all.iter().map(|d| (d.to_string(), x.to_dtype(*d))).collect();
    write_tensors(&path, &dict, "text").unwrap();
    let (read, text) = read_tensors(&path).unwrap();
    assert_eq!(text, "text");
    for (name, t) in dict {
        assert_eq!((read[&name].dtype(), read[&name].to_f64()), (t.dtype(), t.to_f64()), "{name}");
    }
}

#[test]
fn a_file_of_another_model_is_refused_and_nothing_changes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("norm");
    save(&LayerNorm::new(3), &path).unwrap();
    let pair = Pair::new(1);
    let before = pair.first.weight.value().to_f64();
    let message = load(&pair, &path).unwrap_err().to_string();
    assert!(message.contains("norm") && message.contains("\"bias\""), "{message}");
    save(&Linear::new(3, 4, &mut Rng::new(1)), &path).unwrap();
    let message = load(&Linear::new(3, 5, &mut Rng::new(1)), &path).unwrap_err().to_string();
    assert!(message.contains("[4, 3]") && message.contains("[5, 3]"), "{message}");
    assert_eq!(pair.first.weight.value().to_f64(), before);
}

#[test]
fn a_file_cut_anywhere_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut");
    save(&LayerNorm::new(5), &path).unwrap();
    let whole = fs::read(&path).unwrap();
    for len in 0..whole.len() {
        fs::write(&path, &whole[..len]).unwrap();
        let message = load(&LayerNorm::new(5), &path).unwrap_err().to_string();
        assert!(message.contains("cut"), "{len}: {message}");
    }
    assert!(
        load(&LayerNorm::new(5), &folder.path().join("none"))
            .unwrap_err()
            .to_string()
            .contains("cannot read")
    );
}

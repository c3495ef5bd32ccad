//! A wrong index panics with the operation that was called, the index, both shapes and the caller's line.

use super::row;
use gradus_engine::losses::{
    CrossEntropy, Ghm, Reduction, crf_nll, cross_entropy, focal, ghm, token_focal, token_log_probabilities,
};
use gradus_engine::nn::{Crf, Embedding};
use gradus_engine::ops::CrfScores;
use gradus_engine::{DType, Rng, Tensor};
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::{Arc, Mutex};

fn matrix(rows: usize, cols: usize) -> Tensor {
    Tensor::normal([rows, cols], 0.0, 1.0, &mut Rng::new(1))
}

fn ids(of: &[i64], shape: &[usize]) -> Tensor {
    Tensor::from_slice(of, shape.to_vec())
}

/// The message of a call's panic, and the file that it names.
fn panic_of(call: &dyn Fn()) -> (String, String) {
    let said = Arc::new(Mutex::new((String::from("no panic"), String::new())));
    let (usual, here) = (take_hook(), std::thread::current().id());
    let write = said.clone();
    set_hook(Box::new(move |info| {
        let text = info.payload().downcast_ref::<String>().cloned().unwrap_or_default();
        let file = info.location().map_or(String::new(), |at| at.file().to_owned());
        match std::thread::current().id() == here {
            true => *write.lock().expect("no holder of the lock panics") = (text, file),
            false => usual(info),
        }
    }));
    let _ = catch_unwind(AssertUnwindSafe(call));
    drop(take_hook());
    let said = said.lock().expect("no holder of the lock panics");
    said.clone()
}

/// An operation, the expected message, and the call.
type Call = (&'static str, String, Box<dyn Fn()>);

#[test]
fn every_operation_names_itself_and_its_caller() {
    let mut calls: Vec<Call> = vec![];
    for bad in [-1i64, 5, i64::MAX, i64::MIN] {
        let mut add = |op, whole: &str, call: Box<dyn Fn()>| {
            calls.push((op, format!("index {bad}, at position 3 of {whole}"), call))
        };
        let of = move |shape: &[usize]| ids(&[0, 4, 1, bad], shape);
        let logits = || matrix(4, 5);
        let table = || matrix(5, 3);
        add(
            "embedding",
            "[2, 2], is outside 0..5 of [5, 3]",
            Box::new(move || drop(table().embedding(&of(&[2, 2])))),
        );
        add(
            "embedding",
            "[4], is outside 0..5 of [5, 2]",
            Box::new(move || drop(Embedding::new(5, 2, 1.0, &mut Rng::new(1)).forward(&of(&[4])))),
        );
        add(
            "scatter_rows",
            "[4], is outside 0..5 of [5, 3]",
            Box::new(move || drop(Tensor::scatter_rows(&matrix(4, 3), &of(&[4]), 5))),
        );
        add(
            "take_along",
            "[4, 1], is outside 0..5 of [4, 5]",
            Box::new(move || drop(logits().take_along(&of(&[4, 1])))),
        );
        add(
            "put_along",
            "[2, 2], is outside 0..5 of [2, 5]",
            Box::new(move || drop(matrix(2, 2).put_along(&of(&[2, 2]), 5))),
        );
        add(
            "one_hot",
            "[4], is outside 0..5 of [5]",
            Box::new(move || drop(of(&[4]).one_hot(5, DType::F32))),
        );
        add(
            "cross_entropy",
            "[4], is outside 0..5 of [4, 5]",
            Box::new(move || drop(logits().cross_entropy_rows(&of(&[4]), &CrossEntropy::default()))),
        );
        let options =
            || CrossEntropy { weights: Some(row(&[1.0; 5])), ignore: Some(1), ..CrossEntropy::default() };
        add(
            "cross_entropy",
            "[4], is outside 0..5 of [4, 5]",
            Box::new(move || drop(cross_entropy(&logits(), &of(&[4]), &options(), Reduction::Mean))),
        );
        add(
            "focal",
            "[4], is outside 0..5 of [4, 5]",
            Box::new(move || drop(focal(&logits(), &of(&[4]), 2.0, Reduction::Mean))),
        );
        let config = Ghm { bins: 10, momentum: 0.0 };
        add(
            "ghm",
            "[4], is outside 0..5 of [4, 5]",
            Box::new(move || drop(ghm(&logits(), &of(&[4]), &config, &config.start()))),
        );
        add(
            "embedding_conv_relu_max",
            "[1, 4], is outside 0..5 of [5, 3]",
            Box::new(move || {
                let weight = matrix(2, 6).reshape([2, 3, 2]);
                drop(table().embedding_conv_relu_max(
                    &of(&[1, 4]),
                    &weight,
                    &row(&[0.0; 2]),
                    &ids(&[4], &[1]),
                ))
            }),
        );
        let emissions = || matrix(4, 5).reshape([1, 4, 5]);
        let lengths = || ids(&[4], &[1]);
        add(
            "crf_nll",
            "[1, 4], is outside 0..5 of [1, 4, 5]",
            Box::new(move || {
                let scores =
                    CrfScores { transitions: matrix(5, 5), start: row(&[0.0; 5]), end: row(&[0.0; 5]) };
                drop(emissions().crf_nll(&scores, &of(&[1, 4]), &lengths()))
            }),
        );
        let crf = || Crf::new(5, &mut Rng::new(1));
        add(
            "crf_nll",
            "[1, 4], is outside 0..5 of [1, 4, 5]",
            Box::new(move || drop(crf_nll(&crf(), &emissions(), &of(&[1, 4]), &lengths()))),
        );
        add(
            "token_log_probabilities",
            "[1, 4], is outside 0..5 of [1, 4, 5]",
            Box::new(move || drop(token_log_probabilities(&crf(), &emissions(), &of(&[1, 4]), &lengths()))),
        );
        add(
            "token_log_probabilities",
            "[1, 4], is outside 0..5 of [1, 4, 5]",
            Box::new(move || drop(token_focal(&crf(), &emissions(), &of(&[1, 4]), &lengths(), 2.0))),
        );
    }
    for (op, says, call) in calls {
        let (text, file) = panic_of(&*call);
        assert_eq!(text, format!("{op}: {says}"));
        assert!(file.ends_with("indices.rs"), "{op}: {file}");
    }
}

/// Ignored labels, and indices past a sentence's end, may be anything.
#[test]
fn what_does_not_count_is_not_looked_at() {
    let labels = ids(&[0, -100, 4, -100], &[4]);
    let options = CrossEntropy { ignore: Some(-100), ..CrossEntropy::default() };
    assert!(cross_entropy(&matrix(4, 5), &labels, &options, Reduction::Mean).item().is_finite());
    let (crf, emissions) = (Crf::new(5, &mut Rng::new(1)), matrix(4, 5).reshape([1, 4, 5]));
    let (tags, lengths) = (ids(&[0, 1, 99, -7], &[1, 4]), ids(&[2], &[1]));
    assert!(crf_nll(&crf, &emissions, &tags, &lengths).item().is_finite());
    assert!(token_focal(&crf, &emissions, &tags, &lengths, 2.0).item().is_finite());
}

#[test]
#[should_panic(expected = "embedding: indices are of f32, they must be i64; convert with to_dtype")]
fn numbers_are_integers() {
    matrix(5, 3).embedding(&row(&[0.0, 1.0]));
}

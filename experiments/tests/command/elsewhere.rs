//! Evaluating a run on another data set of its task.

use crate::place::Place;
use serde_json::Value;

const SMALL: &str = "--threads 1 --set model.embed_dim=8 --set model.hidden_dim=8 --set train.epochs=1 --set data.train_limit=60 \
                     --set data.dev_limit=20 --set data.test_limit=50";

#[test]
fn a_run_is_evaluated_on_sets_with_its_labels() {
    let place = Place::new();
    place.gradus(&format!("train tag --dataset names-a --out run {SMALL}")).well();
    let text = place.gradus("evaluate run --dataset names-b").well();
    for part in
        ["50 sentences of names-b (test)", "PER", "predictions are in run/predictions.names-b.test.conll"]
    {
        assert!(text.contains(part), "expected {part:?} in: {text}");
    }
    assert!(place.text("run/predictions.names-b.test.conll").lines().count() > 100);
    let json = place.gradus("evaluate run --dataset names-d --split dev --json").well();
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&json["data"], &json["split"], &json["examples"]),
        (&"names-d".into(), &"dev".into(), &20.into())
    );
    assert_eq!(json["unchanged"], Value::Null);
    // The run's own set gives what the run's own split gives.
    let own = |args: &str| {
        let json: Value =
            serde_json::from_str(&place.gradus(&format!("evaluate run {args} --json")).well()).unwrap();
        json["metrics"].clone()
    };
    assert_eq!(own("--dataset names-a"), own(""));

    let refused =
        |args: &str, parts: &[&str]| place.gradus(&format!("evaluate run {args}")).refused(1, parts);
    refused(
        "--dataset names",
        &["expected data with the labels of the model", "found", "WORK", "--dataset NAME"],
    );
    refused("--dataset names-e", &["'names-e'", "did you mean 'names-"]);
    refused("--dataset reviews", &["'reviews'", "tag"]);
    refused("--dataset conll2003-plo", &["conll2003-plo", "--data DIR"]);
    refused("--dataset conll2003-plo --data run", &["no files of the data set 'conll2003-plo'"]);
    assert_eq!(place.gradus("evaluate run --dataset names-b --file x").code, Some(2));
    assert_eq!(place.gradus("evaluate run --dataset names-b --train x").code, Some(2));
    assert!(!place.path("run/predictions.names.test.conll").exists());
}

#[test]
fn a_run_on_ones_own_file_is_evaluated_on_a_set() {
    let place = Place::new();
    let rows: String = (0..60).map(|i| ["positive\tgood film\n", "negative\tbad film\n"][i % 2]).collect();
    place.write("mine.tsv", rows.as_bytes());
    place
        .gradus("train classify --train mine.tsv --format tab --out run --threads 1 --set train.epochs=1")
        .well();
    let text = place.gradus("evaluate run --dataset domain-3 --split dev").well();
    assert!(text.starts_with("1000 examples of domain-3 (dev)\n"), "{text}");
}

/// A set whose texts have several labels asks for the loss that fits, and only such a set or a file does.
#[test]
fn several_labels_need_their_loss_in_named_sets_too() {
    let place = Place::new();
    let rows: String = (0..17_528).map(|i| format!("a line\t{}, {}\n", i % 7 + 1, 8)).collect();
    std::fs::create_dir_all(place.path("d/xed")).unwrap();
    place.write("d/xed/en-annotated.tsv", rows.as_bytes());
    let train = format!("train classify --dataset xed-en --data d --out run {SMALL}");
    place.gradus(&train).refused(1, &["`loss.name` must be binary_cross_entropy", "cross_entropy"]);
    place.gradus(&format!("{train} --loss binary_cross_entropy")).well();
    assert!(place.gradus("evaluate run --split dev").well().contains("trust"));
    assert!(place.gradus("data stats xed-en --data d").well().contains("label trust"));
    place
        .gradus("train classify --dataset reviews --loss binary_cross_entropy --out b")
        .refused(1, &["`loss.name`", "a loss for one label a text"]);
}

/// A set that has a test split alone can be described and evaluated on, but nothing can be trained on it.
#[test]
fn a_set_without_training_files_is_for_evaluation() {
    let place = Place::new();
    let sentences = "Ada\tB-PER\nleft\tO\n\n".repeat(1000);
    std::fs::create_dir_all(place.path("d/uner")).unwrap();
    place.write("d/uner/de_pud-ud-test.iob2", sentences.as_bytes());
    place
        .gradus("train tag --dataset uner-de-pud --data d --out a")
        .refused(1, &["the train split of 'uner-de-pud' is empty"]);
    let text = place.gradus("data stats uner-de-pud --data d --out plots").well();
    for part in ["label PER", "1,000", "the most frequent words of test\n     1      1,000  50.00%  ada"] {
        assert!(text.contains(part), "expected {part:?} in: {text}");
    }
    assert!(!text.contains("100.00%"), "{text}");
    place.gradus(&format!("train tag --dataset names-a --out run {SMALL}")).well();
    let text = place.gradus("evaluate run --dataset uner-de-pud --data d").well();
    assert!(text.starts_with("50 sentences of uner-de-pud (test)"), "{text}");
    place
        .gradus("evaluate run --dataset uner-de-pud --split dev --data d")
        .refused(1, &["the dev split of 'uner-de-pud' is empty"]);
}

//! Two runs side by side.

use crate::place::{Place, accuracy_in, examples};
use serde_json::Value;

/// A run that has learnt much, `good`, and one that has learnt nothing, `bad`.
fn two_runs() -> Place {
    let place = Place::new();
    let unseen: String = examples(600).split_inclusive('\n').skip(240).collect();
    place.write("test.tsv", unseen.as_bytes());
    let tiny = |out: &str| format!("{} --test test.tsv", place.tiny(out));
    place.gradus(&format!("{} --set train.epochs=8", tiny("good"))).well();
    place.gradus(&format!("{} --seed 2 --set optimizer.lr=1e-30", tiny("bad"))).well();
    place
}

fn json(place: &Place, args: &str) -> Value {
    serde_json::from_str(&place.gradus(&format!("compare {args} --json")).well()).unwrap()
}

#[track_caller]
fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("no number: {value}"))
}

#[test]
fn a_good_run_and_a_bad_one() {
    let place = two_runs();
    let found = json(&place, "bad good");
    let accuracy = |run: &str| accuracy_in(&place.gradus(&format!("evaluate {run}")).well());
    let of = |i: usize| 100.0 * number(&found["metrics"]["accuracy"][i]);
    for (i, run) in ["bad", "good"].into_iter().enumerate() {
        assert!((of(i) - accuracy(run)).abs() < 0.006, "{run}: {} {}", of(i), accuracy(run));
    }
    assert!((100.0 * number(&found["difference"]) - (of(1) - of(0))).abs() < 1e-9);
    let interval = [&found["interval"][0], &found["interval"][1]].map(number);
    let d = number(&found["difference"]);
    assert!(0.0 < interval[0] && interval[0] < d && d < interval[1], "{found}");
    assert!(number(&found["p"]) < 0.001 && number(&found["mcnemar_p"]) < 0.001, "{found}");
    assert_eq!(found["metric"], "accuracy");
    let configuration = found["configuration"].as_object().unwrap();
    let keys: Vec<&String> = configuration.keys().collect();
    assert_eq!(keys, ["optimizer.lr", "seed", "train.epochs"]);
    assert_eq!(configuration["seed"], serde_json::json!(["2", "1"]));

    // The predictions that evaluate wrote say how often only one is right.
    let right = |run: &str| -> Vec<bool> {
        let table = place.text(&format!("{run}/predictions.test.tsv"));
        let of = |line: &str| line.split('\t').take(2).map(String::from).collect::<Vec<_>>();
        table.lines().skip(1).map(|line| of(line)[0] == of(line)[1]).collect()
    };
    let (bad, good) = (right("bad"), right("good"));
    let only = |x: &[bool], y: &[bool]| x.iter().zip(y).filter(|&(&x, &y)| x && !y).count();
    assert_eq!(found["only_right"], serde_json::json!([only(&bad, &good), only(&good, &bad)]));
    assert_eq!(found["examples"], good.len());
}

#[test]
fn the_same_again_swapped_and_with_other_threads() {
    let place = two_runs();
    let there = json(&place, "bad good --threads 1");
    assert_eq!(there, json(&place, "bad good --threads 3"));
    let back = json(&place, "good bad");
    assert_eq!(number(&back["difference"]), -number(&there["difference"]));
    assert_eq!(number(&back["interval"][0]), -number(&there["interval"][1]));
    assert_eq!([&back["p"], &back["mcnemar_p"]], [&there["p"], &there["mcnemar_p"]]);
    let same = json(&place, "good good --split dev");
    assert_eq!([&same["p"], &same["mcnemar_p"], &same["difference"]].map(number), [1.0, 1.0, 0.0]);
}

#[test]
fn as_a_person_reads_it() {
    let place = two_runs();
    let text = place.gradus("compare bad good").well();
    for part in
        ["examples of", "(test)", "difference", "f1_macro", "a significant difference", "optimizer.lr"]
    {
        assert!(text.contains(part), "{part} is missing: {text}");
    }
    let same = place.gradus("compare bad bad").well();
    for part in ["p = 1.0000", "no significant difference", "do not differ in any setting"] {
        assert!(same.contains(part), "{part} is missing: {same}");
    }
    let files = place.files("bad");
    assert!(!files.keys().any(|file| file.to_string_lossy().contains("predictions")), "nothing is written");
}

#[test]
fn by_another_metric() {
    let place = Place::new();
    place.gradus(&format!("{} --set train.metric=f1_macro", place.tiny("a"))).well();
    place.gradus(&format!("{} --set optimizer.lr=1e-30", place.tiny("b"))).well();
    let found = json(&place, "a b");
    assert_eq!(found["metric"], "f1_macro");
    let of = |i: usize| number(&found["metrics"]["f1_macro"][i]);
    assert!((number(&found["difference"]) - (of(1) - of(0))).abs() < 1e-12, "{found}");
    assert!(of(1) < of(0) && number(&found["interval"][1]) < 0.0, "{found}");
}

#[test]
fn runs_that_cannot_be_compared() {
    let place = Place::new();
    place.gradus(&place.tiny("a")).well();
    place.gradus("compare a none").refused(1, &["none is no folder of a run"]);
    place.gradus(&format!("{} --set data.test_limit=9", place.tiny("few"))).well();
    place
        .gradus("compare a few")
        .refused(1, &["do not have the same test examples", "(24 and 9)", "another split"]);
    place.gradus("compare a few --split dev").well();
    place.write("train.tsv", examples(200).as_bytes());
    place.gradus(&place.tiny("other")).well();
    place.gradus("compare a other").refused(1, &["only runs on the same data can be compared", "checksum"]);
    // Both read the changed file: they can be compared, and it is said.
    let text = place.gradus("compare a few --split dev").well();
    assert!(text.contains("which is not as it was in training"), "{text}");
}

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
    place.gradus("compare a none").refused(1, &["none: expected the folder of a run, but it does not exist"]);
    place.gradus(&format!("{} --set data.test_limit=9", place.tiny("few"))).well();
    place.gradus("compare a few").refused(
        1,
        &[
            "do not have the same test examples",
            "(24 and 9): their settings differ in data.test_limit;",
            "another split",
        ],
    );
    place.gradus("compare a few --split dev").well();
    place.write("train.tsv", examples(200).as_bytes());
    place.gradus(&place.tiny("other")).well();
    let says = [
        "only runs on the same data can be compared",
        "checksum",
        ": their settings agree, so that the files were",
    ];
    place.gradus("compare a other").refused(1, &says);
    // Both read the changed file: they can be compared, and it is said.
    let text = place.gradus("compare a few --split dev").well();
    assert!(text.contains("which has changed since training"), "{text}");
}

/// Of all the settings in which two runs differ, those are named that make them incomparable.
#[test]
fn the_settings_that_make_runs_incomparable_are_named() {
    const SIZES: &str = "--threads 1 --set model.hidden_size=8 --set model.num_hidden_layers=1 --set \
                         model.num_attention_heads=2 --set model.intermediate_size=12 --set train.epochs=1 --set \
                         data.train_limit=24 --set data.dev_limit=6 --set data.test_limit=7";
    let place = Place::new();
    let train = |args: &str| {
        let (task, more) = args.split_once(' ').unwrap();
        place.gradus(&format!("train {task} {SIZES} {more}")).well()
    };
    train("probe --dataset probe-a --set model.vocab_size=90 --out pos");
    train(
        "probe --dataset probe-a --set model.vocab_size=80 --set probe.property=depth --set probe.rank=9 --seed 2 --out depth",
    );
    for flags in ["", "--split dev"] {
        let says = "their settings differ in probe.property;";
        place.gradus(&format!("compare pos depth {flags}")).refused(1, &["pos and depth ", says]);
    }
    train("masked --dataset almanac --set model.vocab_size=90 --out many");
    train("masked --dataset almanac --set model.vocab_size=80 --set optimizer.lr=1e-2 --seed 2 --out few");
    train(
        "masked --dataset almanac --set model.vocab_size=90 --set data.mask_share=0.3 --set model.hidden_size=12 --out more",
    );
    for (run, says) in [
        ("few", "(7 and 7): their settings differ in model.vocab_size;"),
        ("more", "(7 and 7): their settings differ in data.mask_share;"),
    ] {
        place
            .gradus(&format!("compare many {run}"))
            .refused(1, &["do not have the same test examples", says]);
    }
    place
        .gradus(&format!("{} --set data.max_vocab=9 --set data.lowercase=false", place.tiny("first")))
        .well();
    place.write("test.tsv", examples(30).as_bytes());
    place.gradus(&format!("{} --test test.tsv", place.tiny("second"))).well();
    let says = ["only runs on the same data can be compared", "): their settings differ in data.test;"];
    place.gradus("compare first second").refused(1, &says);
    place.gradus(&format!("{} --set data.positive=no --set data.test_limit=9", place.tiny("third"))).well();
    place
        .gradus("compare first third")
        .refused(1, &["(24 and 9): their settings differ in data.test_limit, data.positive;"]);
}

/// The recall of one label is not compared with that of another.
#[test]
fn metrics_of_different_labels_are_not_compared() {
    let place = Place::new();
    place.gradus(&place.tiny("yes")).well();
    place.gradus(&format!("{} --set data.positive=no", place.tiny("no"))).well();
    for flags in ["", "--file train.tsv"] {
        place.gradus(&format!("compare yes no {flags}")).refused(
            1,
            &[
                "yes and no are different quantities: in the first, precision",
                "label 'yes'; in the second",
                "label 'no'; their settings differ in data.positive;",
            ],
        );
    }
    place.gradus(&format!("{} --set data.positive=yes --seed 3", place.tiny("named"))).well();
    place.gradus("compare yes named").well();
}

/// A good and a bad run on an embedded corpus with a split of 150 examples to compare on.
fn two_on(task: &str, corpus: &str, sets: &str) -> Place {
    let place = Place::new();
    let args = format!(
        "train {task} --dataset {corpus} --threads 1 --set model.embed_dim=16 --set model.hidden_dim=12 --set \
         optimizer.lr=1e-2 --set train.batch_size=16 --set data.dev_limit=50 --set data.test_limit=150 {sets}"
    );
    place.gradus(&format!("{args} --out good")).well();
    let bad = "--set optimizer.lr=1e-30 --set train.epochs=1 --seed 2";
    let scheme = if task == "tag" { "--set data.scheme=iob2" } else { "" };
    place.gradus(&format!("{args} {bad} {scheme} --out bad")).well();
    place
}

/// The metric that `gradus evaluate` prints of a run, in percent.
fn evaluated(place: &Place, run: &str, metric: &str) -> f64 {
    let told = place.gradus(&format!("evaluate {run}")).well();
    let line = told.lines().find(|line| line.split_whitespace().next() == Some(metric)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// The metrics are those of evaluate, the good run is better, and the difference is told in the same words.
fn found_better(place: &Place, metrics: &[&str]) -> Value {
    let found = json(place, "bad good");
    let of = |metric: &str, i: usize| 100.0 * number(&found["metrics"][metric][i]);
    for metric in metrics {
        for (i, run) in ["bad", "good"].into_iter().enumerate() {
            let evaluated = evaluated(place, run, metric);
            assert!((of(metric, i) - evaluated).abs() < 0.006, "{run} {metric}: {found} {evaluated}");
        }
    }
    assert_eq!(found["metric"], "f1");
    let d = 100.0 * number(&found["difference"]);
    assert!((d - (of("f1", 1) - of("f1", 0))).abs() < 1e-9, "{found}");
    assert!(number(&found["interval"][0]) > 0.0 && number(&found["p"]) < 0.01, "{found}");
    assert_eq!(found["examples"], 150);
    assert_eq!(found, json(place, "bad good --threads 2"));
    found
}

#[test]
fn two_taggers_by_entities() {
    let place = two_on("tag", "names-small", "--set train.epochs=8");
    let found = found_better(&place, &["f1", "precision", "recall", "accuracy"]);
    // Word, right and predicted tag stand in the columns that evaluate wrote. Both are IOB2 whatever the model uses, so
    // that the entities are the same where the tags are.
    let right = |run: &str| -> Vec<bool> {
        let columns = place.text(&format!("{run}/predictions.test.conll"));
        let same = |line: &str| {
            let tags: Vec<&str> = line.rsplitn(3, ' ').collect();
            tags[0] == tags[1]
        };
        columns.trim_end().split("\n\n").map(|sentence| sentence.lines().all(same)).collect()
    };
    let (bad, good) = (right("bad"), right("good"));
    let only = |x: &[bool], y: &[bool]| x.iter().zip(y).filter(|&(&x, &y)| x && !y).count();
    assert_eq!(found["only_right"], serde_json::json!([only(&bad, &good), only(&good, &bad)]));
    assert!(found["configuration"]["data.scheme"].is_array(), "{found}");
    let text = place.gradus("compare bad good").well();
    assert!(text.starts_with("150 sentences of names-small (test)"), "{text}");
}

#[test]
fn two_readers_by_answers() {
    let place = two_on("read", "passages", "--set train.epochs=4 --set data.train_limit=600");
    let found = found_better(&place, &["f1", "em"]);
    let [only_bad, only_good] = [0, 1].map(|i| number(&found["only_right"][i]));
    let em = number(&found["metrics"]["em"][1]) - number(&found["metrics"]["em"][0]);
    assert!((only_good - only_bad - 150.0 * em).abs() < 1e-6, "{found}");
    assert!(only_good > only_bad && number(&found["mcnemar_p"]) < 0.05, "{found}");
    let text = place.gradus("compare bad good").well();
    assert!(text.starts_with("150 questions of passages (test)"), "{text}");
    place.gradus(&place.tiny("classifier")).well();
    let both = ["gradus train classify", "gradus train read", "only runs of the same task"];
    place.gradus("compare classifier good").refused(1, &both);
}

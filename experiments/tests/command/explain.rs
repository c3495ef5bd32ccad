//! `gradus explain` and `gradus attack`: for every task, on what its models read; and on a model whose decisive words are known.

use crate::place::{Place, Ran, lines};
use crate::tasks::{TEXT, about};
use crate::tiny::Tiny;
use serde_json::Value;

const METHODS: [&str; 5] = ["gradient", "integrated", "occlusion", "attention", "rollout"];

/// `gradus explain RUN --text TEXT ARGS`, with the context where one is needed.
fn explain(place: &Place, tiny: &Tiny, run: &str, args: &[&str]) -> Ran {
    let mut command = place.command(&format!("explain {run}"));
    command.args(["--text", TEXT]).args(about(tiny)).args(args).output().unwrap().into()
}

fn numbers(values: &Value) -> Vec<f64> {
    values.as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
}

/// What every explanation is: complete, of all words, with attention whose rows sum to 1.
fn check(output: &Value) {
    let words = output["tokens"].as_array().unwrap().len();
    let methods = output["attributions"].as_array().unwrap();
    assert_eq!(methods.iter().map(|a| a["method"].as_str().unwrap()).collect::<Vec<_>>(), METHODS);
    for attribution in methods {
        let values = numbers(&attribution["values"]);
        assert!(values.len() == words && values.iter().all(|value| value.is_finite()), "{attribution}");
        for area in ["deletion_area", "insertion_area"] {
            assert!((0.0..=1.0).contains(&attribution[area].as_f64().unwrap()), "{attribution}");
        }
        let sum: f64 = values.iter().sum();
        let change = output["log_odds"].as_f64().unwrap() - output["baseline_log_odds"].as_f64().unwrap();
        match attribution["method"].as_str().unwrap() {
            "integrated" => assert!((sum - change).abs() <= 0.01 * change.abs() + 1e-4, "{sum} {change}"),
            "attention" | "rollout" => assert!((sum - 1.0).abs() < 1e-4, "{attribution}"),
            _ => {}
        }
    }
    assert_eq!(output["agreement"].as_array().unwrap().len(), 10);
    let maps = output["attention"].as_array().unwrap();
    assert!(!maps.is_empty());
    for map in maps {
        let [rows, columns] = ["rows", "columns"].map(|axis| numbers(&map[axis]));
        for head in map["heads"].as_array().unwrap() {
            let head = head.as_array().unwrap();
            assert_eq!(head.len() as f64, rows[1] - rows[0]);
            for row in head {
                let row = numbers(row);
                assert_eq!(row.len() as f64, columns[1] - columns[0]);
                assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-4, "{row:?}");
            }
        }
    }
}

#[test]
fn each_model_is_explained_and_attacked() {
    let place = Place::new();
    let models = Tiny::all().into_iter().flat_map(|tiny| tiny.each("model.name"));
    for (i, tiny) in models.enumerate() {
        let tiny = tiny.with(&["model.attention_heads=2", "model.characters=cnn", "model.char_dim=6"]);
        let run = &format!("run{i}");
        place.gradus(&tiny.train(run)).well();
        // A tagger that finds no entity asks for a word.
        let ran = explain(&place, &tiny, run, &[]);
        let other = "expected a run that gives texts or words labels";
        if ran.err.contains(other) {
            let is = format!("found one of gradus train {}", tiny.name());
            ran.refused(1, &[other, &is]);
            place.gradus(&format!("attack {run}")).refused(1, &[other, &is]);
            continue;
        }
        let (word, plain): (&[&str], _) = match ran.code {
            Some(0) => (&[], Some(ran.well())),
            _ => {
                ran.refused(1, &["no entity in the text", "--word N, 1 to 6"]);
                (&["--word", "3"], None)
            }
        };
        let with = |args: &[&'static str]| explain(&place, &tiny, run, &[word, args].concat());
        let plain = plain.unwrap_or_else(|| with(&[]).well());
        assert!(plain.contains("probability") && !plain.contains('\u{1b}'), "{plain}");
        let json = with(&["--format", "json"]).well();
        assert_eq!(with(&["--format", "json", "--threads", "2"]).well(), json);
        let found = lines(&json).remove(0);
        assert_eq!((&found["text"], &found["run"]), (&TEXT.into(), &run.as_str().into()));
        let outputs = found["outputs"].as_array().unwrap();
        assert!(!outputs.is_empty());
        outputs.iter().for_each(check);

        let out = with(&["--format", "html", "--out", "page.html", "--overwrite"]).well();
        assert_eq!(out, "the explanation is in page.html\n");
        let page = place.text("page.html");
        assert!(
            page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>\n") && !page.contains("http://")
        );
        assert_eq!(page.matches("data-maps>").count(), outputs.len());
        let one = lines(&with(&["--format", "json", "--method", "occlusion"]).well()).remove(0);
        assert_eq!(one["outputs"][0]["attributions"].as_array().unwrap().len(), 1);
        assert_eq!(one["outputs"][0]["attributions"][0], outputs[0]["attributions"][2]);

        with(&["--target", "no such"]).refused(1, &["--target: expected ", "found 'no such'"]);
        with(&["--out", "."]).refused(1, &["cannot be written"]);
        assert_eq!(with(&["--method", "magic"]).code, Some(2));
        attacked(&place, &tiny, run);
    }
}

/// The attacks of a run: of every kind, with the same seed the same, within the budget.
fn attacked(place: &Place, tiny: &Tiny, run: &str) {
    for kind in ["characters", "words", "hotflip"] {
        let args = format!("attack {run} --kind {kind} --budget 2 --limit 5");
        let found = place.json(&format!("{args} --format json")).remove(0);
        let [clean, attacked] = ["clean", "attacked"].map(|when| found["accuracy"][when].as_f64().unwrap());
        assert!((0.0..=clean).contains(&attacked), "{found}");
        let outcomes = found["outcomes"].as_array().unwrap();
        assert_eq!(outcomes.len() as u64 + found["left_out"].as_u64().unwrap(), 5);
        for outcome in outcomes {
            assert!(outcome["changed_places"].as_array().unwrap().len() <= 2, "{outcome}");
            let tried = outcome["attacked"].as_bool().unwrap();
            assert_eq!(outcome["words"].as_array().unwrap().is_empty(), !tried, "{outcome}");
            assert!(outcome["queries"].as_u64().unwrap() >= 1);
            let right_after = outcome["right_after"].as_bool().unwrap();
            for key in ["right", "predicted"] {
                assert!(outcome[key].is_null() == right_after, "{outcome}");
                assert!(right_after || outcome[key].is_string(), "{outcome}");
            }
        }
        for metric in tiny.task.metrics() {
            assert!(found["metrics"]["attacked"][metric.name].is_f64(), "{found}");
        }
        if kind == "characters" {
            let text = place.gradus(&args).well();
            assert!(text.contains("queries in the mean") && text.contains("right as a whole"), "{text}");
            assert_eq!(place.json(&format!("{args} --format json --threads 2")).remove(0), found);
        }
    }
}

#[test]
fn the_word_that_decides_is_found_and_attacked() {
    let place = Place::new();
    for (run, model) in [("cnn", "textcnn"), ("lstm", "bilstm")] {
        place.gradus(&format!("{} --set train.epochs=10", place.tiny_of(model, run))).well();
        let mut command = place.command(&format!("explain {run} --format json --target yes"));
        let ran: Ran = command.args(["--text", "the plot was fine and its cast"]).output().unwrap().into();
        let found = lines(&ran.well()).remove(0);
        let output = &found["outputs"][0];
        for attribution in output["attributions"].as_array().unwrap() {
            let values = numbers(&attribution["values"]);
            let most = (0..values.len()).max_by(|&a, &b| values[a].total_cmp(&values[b])).unwrap();
            if attribution["method"] != "gradient" {
                assert_eq!(output["tokens"][most], "fine", "{model}: {attribution}");
            }
        }
        for kind in ["characters", "hotflip"] {
            let found = place
                .json(&format!("attack {run} --kind {kind} --budget 1 --limit 0 --format json"))
                .remove(0);
            let [clean, attacked] =
                ["clean", "attacked"].map(|when| found["accuracy"][when].as_f64().unwrap());
            assert!(clean > 0.9 && attacked < 0.8 * clean, "{model}, {kind}: {clean} {attacked}");
            let decisive = ["fine", "great", "warm", "dull", "poor", "cold"];
            let fallen = found["outcomes"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|o| o["right_after"] == false && o["attacked"] == true);
            let hits = fallen.clone().filter(|outcome| {
                let place = outcome["changed_places"][0].as_u64().unwrap() as usize;
                decisive.contains(&outcome["words"][place].as_str().unwrap())
            });
            assert!(2 * hits.count() > fallen.count(), "{model}, {kind}: {found}");
        }
    }
}

#[test]
fn what_cannot_be_explained_or_attacked_is_refused() {
    let place = Place::new();
    place.gradus(&format!("{} --set train.epochs=1", place.tiny("a"))).well();
    for (args, parts) in [
        (
            "explain a --text fine --method rollout",
            &["--method rollout: the model has no self-attention"][..],
        ),
        ("explain a --text fine --word 1", &["--word", "no tags of words; leave the flag out"]),
        (
            "explain a --text fine --target maybe",
            &["--target: expected one of the labels", "'no', 'yes'", "'maybe'"],
        ),
        ("explain a --text fine --context here", &["--context", "leave the flag out"]),
        ("explain none --text fine", &["none"]),
        ("attack a --budget 0", &["--budget: expected at least 1 word"]),
        ("attack a --similarity 0.3", &["--similarity has an effect only with --kind words"]),
        ("attack a --kind words --similarity 2", &["--similarity: expected a cosine from -1 to 1, found 2"]),
        ("attack a --file none.tsv", &["none.tsv"]),
    ] {
        place.gradus(args).refused(1, parts);
    }
    // Neither a file of a run nor what the run reads is replaced, also through a link.
    let before = (place.files("a"), place.read("train.tsv"));
    std::os::unix::fs::symlink("a/best.safetensors", place.path("link")).unwrap();
    for (out, parts) in [
        ("a/best.safetensors", ["name of one that gradus writes", "--out"]),
        ("a/predictions.test.tsv", ["name of one that gradus writes", "--out"]),
        ("link", ["name of one that gradus writes", "--out"]),
        ("train.tsv", ["train.tsv: the explanation would overwrite this file", "data.train"]),
    ] {
        place.gradus(&format!("explain a --text fine --out {out}")).refused(1, &parts);
    }
    assert_eq!((place.files("a"), place.read("train.tsv")), before);
    for text in ["-5 stars, awful", "- awful", "--fine"] {
        for command in ["predict", "explain"] {
            let ran: Ran = place.command(&format!("{command} a --text")).arg(text).output().unwrap().into();
            ran.well();
        }
    }
    place.gradus("explain a --text fine --out /dev/null").well();
    place.write("mine.txt", b"kept");
    place
        .gradus("explain a --text fine --out mine.txt")
        .refused(1, &["mine.txt: there is a file already", "replace it with --overwrite"]);
    assert_eq!(place.text("mine.txt"), "kept");
    place.gradus("explain a --text fine --out mine.txt --overwrite").well();
    assert_ne!(place.text("mine.txt"), "kept");
    assert!(!std::fs::metadata("/dev/null").unwrap().is_file());
    let ran: Ran = place.command("explain a --text").arg(" ").output().unwrap().into();
    ran.refused(1, &["expected a text with words, found ' '"]);
    for args in [
        "explain a",
        "explain a --text fine --format pdf",
        "attack a --kind none",
        "attack a --file x --split dev",
    ] {
        assert_eq!(place.gradus(args).code, Some(2), "{args}");
    }
}

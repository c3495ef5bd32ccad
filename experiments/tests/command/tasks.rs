//! What every task does from the command line, whichever it is: the registry is walked, and no task is named.

use crate::place::{Place, Ran, lines};
use crate::tiny::Tiny;
use gradus::data::Split;
use serde_json::Value;

/// A text, and a context for tasks whose texts are about one.
pub const TEXT: &str = "the fine cast was in Oslo";
pub const CONTEXT: &str = "Ada Marsh left Oslo early . Bert lives in Bergen .";

/// What asks a run of the task about a text: the context where one is needed.
pub fn about(tiny: &Tiny) -> Vec<&'static str> {
    if tiny.task.has_context() { vec!["--context", CONTEXT] } else { vec![] }
}

/// `gradus predict RUN ARGS`, with the context where one is needed.
pub fn predict(place: &Place, tiny: &Tiny, run: &str, args: &[&str]) -> Ran {
    place.command(&format!("predict {run}")).args(about(tiny)).args(args).output().unwrap().into()
}

/// Whether `--tokenized` was refused, since the run reads no words.
pub fn of_no_words(ran: &Ran) -> bool {
    ran.code == Some(1) && ran.err.contains("--tokenized has no effect on")
}

/// The examples of each split of a tiny run.
fn counts(tiny: &Tiny) -> [usize; 3] {
    let limit = |split: &str| {
        let set = tiny.sets().iter().find_map(|set| set.strip_prefix(&format!("data.{split}_limit=")));
        set.expect("a tiny run has a limit of each split").parse().unwrap()
    };
    ["train", "dev", "test"].map(limit)
}

#[track_caller]
fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("no number: {value}"))
}

/// `run` is a trained run of the task; `other` one of another seed.
fn evaluated(place: &Place, tiny: &Tiny, run: &str) {
    let names: Vec<&str> = tiny.task.metrics().iter().map(|metric| metric.name).collect();
    for (split, count) in Split::ALL.into_iter().zip(counts(tiny)) {
        let table = place.gradus(&format!("evaluate {run} --split {split}")).well();
        assert!(table.starts_with(&format!("{count} {} of ", tiny.task.unit())), "{table}");
        let predictions = table.lines().find_map(|line| line.strip_prefix("predictions are in ")).unwrap();
        let written = place.text(predictions);
        assert!(!written.is_empty());

        let found = place.json(&format!("evaluate {run} --split {split} --json")).remove(0);
        assert_eq!(place.text(predictions), written);
        assert_eq!((number(&found["examples"]), &found["unchanged"]), (count as f64, &true.into()));
        assert_eq!(
            (&found["split"], &found["predictions"]),
            (&split.to_string().into(), &predictions.into())
        );
        let metrics = found["metrics"].as_object().unwrap();
        assert!(metrics.keys().all(|name| names.contains(&name.as_str())) && metrics.len() == names.len());
        for metric in tiny.task.metrics() {
            let row = [metric.name, &metric.show(number(&metrics[metric.name]))];
            assert!(table.lines().any(|line| line.split_whitespace().eq(row)), "{row:?} is missing: {table}");
        }
    }
    let log = place.text(&format!("{run}/metrics.jsonl"));
    let best = lines(&log).into_iter().filter(|line| line.get("dev").is_some());
    let dev = place.json(&format!("evaluate {run} --split dev --json")).remove(0);
    let chosen = tiny.task.metrics()[0].name;
    let reached = number(&dev["metrics"][chosen]);
    assert!(best.map(|epoch| number(&epoch["dev"][chosen])).any(|epoch| epoch == reached), "{log} {reached}");
}

fn compared(place: &Place, tiny: &Tiny, run: &str, other: &str) {
    let test = counts(tiny)[2];
    let same = place.json(&format!("compare {run} {run} --json")).remove(0);
    assert_eq!([&same["p"], &same["mcnemar_p"], &same["difference"]].map(number), [1.0, 1.0, 0.0]);
    assert_eq!((number(&same["examples"]), &same["counted"]), (test as f64, &tiny.task.unit().into()));
    let found = place.json(&format!("compare {run} {other} --json")).remove(0);
    let keys: Vec<&String> = found["configuration"].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["seed"]);
    let chosen = tiny.task.metrics()[0].name;
    assert_eq!(found["metric"], chosen);
    for (i, run) in [run, other].into_iter().enumerate() {
        let alone = place.json(&format!("evaluate {run} --json")).remove(0);
        for (name, value) in alone["metrics"].as_object().unwrap() {
            assert_eq!(&found["metrics"][name][i], value, "{run} {name}");
        }
    }
    let of = |i: usize| number(&found["metrics"][chosen][i]);
    assert!((number(&found["difference"]) - (of(1) - of(0))).abs() < 1e-9, "{found}");
    assert!((0.0..=1.0).contains(&number(&found["p"])), "{found}");
    let text = place.gradus(&format!("compare {run} {other}")).well();
    assert!(text.starts_with(&format!("{test} {} of ", tiny.task.unit())), "{text}");
}

fn asked(place: &Place, tiny: &Tiny, run: &str) {
    let texts = [TEXT, "Ada", "no words that were seen"].map(|text| tiny.asked(text));
    let texts = texts.each_ref().map(String::as_str);
    let given: Vec<&str> = texts.iter().flat_map(|text| ["--text", *text]).collect();
    place.write("texts", (texts.join("\n") + "\n").as_bytes());
    let objects = texts.map(|text| match tiny.task.has_context() {
        true => serde_json::json!({ "question": text, "context": CONTEXT }).to_string(),
        false => serde_json::json!({ "text": text }).to_string(),
    });
    place.write("texts.jsonl", (objects.join("\n") + "\n").as_bytes());
    place.write("texts.conll", texts.map(|text| text.replace(' ', " O\n") + " O\n").join("\n").as_bytes());
    for json in [&[][..], &["--json"]] {
        let with = |args: &[&str]| predict(place, tiny, run, &[args, json].concat()).well();
        let answers = with(&given);
        assert_eq!(answers.lines().count(), texts.len(), "{answers}");
        assert_eq!(with(&["--file", "texts"]), answers);
        let split = predict(
            place,
            tiny,
            run,
            &[&["--file", "texts", "--threads", "2", "--tokenized"], json].concat(),
        );
        assert!(of_no_words(&split) || split.well().lines().count() == texts.len());
        let flags = about(tiny).concat();
        let piped = match flags.is_empty() {
            true => place.predict(&format!("{run} {}", json.concat()), &texts.join("\n")),
            false => place.predict(&format!("{run} --format jsonl {}", json.concat()), &objects.join("\n")),
        };
        assert_eq!(piped.well(), answers);
        let objects =
            place.gradus(&format!("predict {run} --format jsonl --file texts.jsonl {}", json.concat()));
        assert_eq!(objects.well(), answers);
    }
    let answers =
        lines(&predict(place, tiny, run, &["--json", "--file", "texts.conll", "--format", "conll"]).well());
    assert_eq!(answers.len(), texts.len());
    // A question is said with its answer, a text with its labels.
    let asked = answers.iter().map(|answer| answer.get("text").or(answer.get("question")).unwrap());
    assert!(asked.eq(texts.iter()), "{answers:?}");
    if tiny.task.has_context() {
        place.gradus(&format!("predict {run} --text where")).refused(1, &["--context", "--format jsonl"]);
    } else {
        let mark = tiny.task.mark();
        if !mark.is_empty() {
            let ran = place.gradus(&format!("predict {run} --text where"));
            assert!(ran.err.contains(&format!("'where': expected {mark} in place of a word")), "{}", ran.err);
            assert_eq!((ran.code, ran.out.as_str()), (Some(1), "\n"));
        }
        let ran = place.gradus(&format!("predict {run} --text where --context here"));
        ran.refused(1, &["--context", &format!("gradus train {}", tiny.name()), "leave the flag out"]);
    }
}

#[test]
fn each_task_is_trained_evaluated_compared_and_asked() {
    let place = Place::new();
    for tiny in Tiny::all() {
        let (tiny, run, other) = (tiny.with_state(), tiny.name(), format!("{}-other", tiny.name()));
        let said = place.gradus(&tiny.train(run));
        assert!(said.err.starts_with("data "), "{}", said.err);
        let out = said.well();
        assert!(out.contains(&format!("the run is in {run}\n")), "{out}");
        place.gradus(&format!("{} --seed 2", tiny.train(&other))).well();
        evaluated(&place, &tiny, run);
        compared(&place, &tiny, run, &other);
        asked(&place, &tiny, run);
    }
}

/// Whatever a task can be trained with is trained for an epoch: each model, each loss, each way to read characters.
#[test]
fn every_variant_runs() {
    let place = Place::new();
    let mut runs = 0;
    for tiny in Tiny::all() {
        let few =
            tiny.with(&["train.epochs=1", "data.train_limit=12", "data.dev_limit=3", "data.test_limit=2"]);
        for variant in few.variants() {
            place.gradus(&variant.train(&format!("run{runs}"))).well();
            runs += 1;
        }
    }
    assert!(runs >= 12, "{runs}");
}

/// A run of another task is not continued as if it were one of this task.
#[test]
fn tasks_of_runs_are_told_apart() {
    let place = Place::new();
    let all = Tiny::all();
    for tiny in &all {
        place.gradus(&tiny.with(&["train.epochs=1", "data.train_limit=12"]).train(tiny.name())).well();
    }
    for tiny in &all {
        for other in all.iter().filter(|other| other.name() != tiny.name()) {
            let files = place.files(other.name());
            let ran = place.gradus(&tiny.resume(other.name()));
            let is = format!("{} is a run of gradus train {}", other.name(), other.name());
            ran.refused(1, &[&is, &format!("gradus train {} --out", other.name())]);
            let both = place.gradus(&format!("compare {} {}", tiny.name(), other.name()));
            both.refused(1, &[&format!("gradus train {}", other.name()), "only runs of the same task"]);
            assert!(place.files(other.name()) == files);
        }
    }
}

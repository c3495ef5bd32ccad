//! Language models from the command line: their tokens and metrics, and texts that they continue.

use crate::place::{Place, lines};
use crate::tiny::Tiny;
use serde_json::Value;

/// Lines of three words, with letters of two and four bytes.
fn texts(n: usize) -> String {
    let words = ["fine", "dull", "wärm", "cast", "plot", "c😀ld"];
    (0..n)
        .map(|i| (0..3).map(|k| words[(7 * i + k * k + i / 5) % 6]).collect::<Vec<_>>().join(" ") + "\n")
        .collect()
}

const SIZES: &str = "--threads 1 --set model.embed_dim=8 --set data.stretch=16 --set data.context=8 --set data.stride=8 \
                     --set train.batch_size=4 --set train.epochs=2 --set optimizer.lr=1e-2";

/// A run of each model with each unit, by name.
fn runs(place: &Place) -> Vec<String> {
    place.write("text.txt", texts(60).as_bytes());
    let mut runs = vec![];
    for (model, sizes) in [
        ("rnn-lm", "hidden_dim=6 --set model.layers=2"),
        ("transformer-lm", "feed_forward=12 --set model.layers=1"),
    ] {
        for unit in ["words", "subwords", "characters"] {
            let out = format!("{model}-{unit}");
            let args = format!(
                "train language --train text.txt --model {model} --set model.{sizes} --set data.unit={unit} --out {out} {SIZES}"
            );
            let ran = place.gradus(&args);
            assert!(ran.err.contains("a tenth of the training texts held out, the last ones"), "{}", ran.err);
            ran.well();
            runs.push(out);
        }
    }
    runs
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("no number: {value}"))
}

#[test]
fn metrics_compare_units_and_do_not_depend_on_batches() {
    let place = Place::new();
    for run in runs(&place) {
        let found = place.json(&format!("evaluate {run} --json")).remove(0);
        let written = place.text(&format!("{run}/predictions.test.tsv"));
        let log_p: Vec<f64> =
            written.lines().skip(1).map(|line| line.split('\t').nth(2).unwrap().parse().unwrap()).collect();
        // Six lines of three words, each with an end.
        let nats: f64 = -log_p.iter().sum::<f64>();
        let characters = texts(60).lines().skip(54).map(|line| line.chars().count() + 1).sum::<usize>();
        let metrics = &found["metrics"];
        for (name, expected) in [
            ("perplexity", (nats / log_p.len() as f64).exp()),
            ("perplexity_per_word", (nats / 24.0).exp()),
            ("bits_per_character", nats / 2f64.ln() / characters as f64),
        ] {
            let value = number(&metrics[name]);
            assert!((value - expected).abs() < 1e-4 * expected, "{run} {name}: {value} {expected}");
        }
        assert_eq!(log_p.len() == 24, run.ends_with("-words"), "{run}");
        let config = place.text(&format!("{run}/config.toml"));
        let batches = |n: usize| config.replace("eval_batch_size = 128", &format!("eval_batch_size = {n}"));
        assert_ne!(config, batches(1));
        for n in [1, 4] {
            place.write("other.toml", batches(n).as_bytes());
            place.gradus(&format!("train language --config other.toml --out other-{run}-{n}")).well();
            let again = place.text(&format!("{run}/metrics.jsonl"));
            assert_eq!(place.text(&format!("other-{run}-{n}/metrics.jsonl")), again, "{run}");
        }
    }
}

#[test]
fn a_text_is_continued_and_again_by_the_same_seed() {
    let place = Place::new();
    for run in runs(&place) {
        let generate = |args: &str| place.gradus(&format!("generate {run} --tokens 40 {args}"));
        let text = generate("--prompt fine").well();
        assert!(text.starts_with("fine") && text.ends_with('\n') && text.len() > 20, "{text}");
        assert_eq!(generate("--prompt fine --threads 2 --seed 1").well(), text);
        assert_ne!(generate("--prompt fine --seed 2").well(), text);
        // Of a prompt that is longer than the context of a Transformer, the end is seen, and the user is told.
        let prompt = texts(20);
        let ran = place.piped(&format!("generate {run} --tokens 40 --json"), &prompt);
        let said = ran.err.contains("of which the model sees the last 16");
        assert_eq!(said, run.starts_with("transformer"), "{}", ran.err);
        let found = lines(&ran.well()).remove(0);
        assert_eq!(found["prompt"], prompt.trim_end());
        assert_eq!((found["tokens"].as_array().unwrap().len(), &found["seed"]), (40, &1.into()));
        assert!(found["tokens"].as_array().unwrap().iter().all(|token| number(&token["log_p"]) <= 0.0));
        assert!(!found.to_string().contains("pad>"), "{found}");
        // The likeliest token alone is the likeliest one, whatever the seed.
        let greedy = generate("--prompt fine --top-k 1 --temperature 2 --seed 5").well();
        assert_eq!(generate("--prompt fine --top-p 1e-9 --seed 6").well(), greedy);
        let found =
            place.json(&format!("generate {run} --tokens 3 --prompt fine --top-k 1 --json")).remove(0);
        let said = place.json(&format!("predict {run} --json --text fine")).remove(0);
        // What predict says of the end of the line comes from the same probabilities.
        assert_eq!(
            found["tokens"][0]["token"],
            said["tokens"].as_array().unwrap().last().unwrap()["likeliest"]
        );
        assert_ne!(place.piped(&format!("generate {run} --tokens 9"), "\n").well(), "");
        assert_eq!(place.gradus(&format!("generate {run} --tokens 0 --prompt fine")).well(), "fine\n");
    }
}

#[test]
fn what_cannot_be_continued_is_said_in_one_sentence() {
    let place = Place::new();
    for tiny in Tiny::all() {
        let run = tiny.name();
        place.gradus(&tiny.train(run)).well();
        match run {
            "language" => {
                for (args, says) in [
                    ("--temperature 0", "expected a finite temperature above 0, found 0"),
                    ("--temperature -1", "expected a finite temperature above 0, found -1"),
                    ("--top-p 0", "expected a top-p above 0, at most 1, found 0"),
                    ("--top-p 1.5", "expected a top-p above 0, at most 1, found 1.5"),
                ] {
                    place.gradus(&format!("generate {run} --prompt a {args}")).refused(1, &[says]);
                }
                for command in ["explain language --text fine", "attack language"] {
                    place.gradus(command).refused(1, &["found one of gradus train language"]);
                }
            }
            _ => {
                let says = format!(
                    "expected a run of a language model, which continues texts, found one of gradus train {run}"
                );
                place.gradus(&format!("generate {run} --prompt a")).refused(1, &[run, &says]);
            }
        }
    }
    place.gradus("generate nothing --prompt a").refused(1, &["nothing"]);
}

#[test]
fn settings_that_do_not_fit_together_are_refused() {
    let place = Place::new();
    for (sets, says) in [
        (
            "--model transformer-lm --set data.stretch=32",
            "`data.context` must be at most `data.stretch`, which is 32",
        ),
        (
            "--model transformer-lm --set data.context=100",
            "`data.stride` must be at most 29, so that they fit in `data.stretch`, 128, together with `data.context`, 100",
        ),
        (
            "--model transformer-lm --set model.attention_heads=3",
            "`model.attention_heads` must be a divisor of embed_dim, 256",
        ),
        ("--model transformer-lm --set model.context=9", "model.context"),
        ("--set data.stride=0", "`data.stride` must be at least 1"),
        (
            "--set model.layers=1 --set model.hidden_dim=9",
            "`model.hidden_dim` must be 650, the default, since the only layer",
        ),
        ("--set data.stretch=100000", "`data.stretch` must be at most 65536"),
        ("--set data.unit=subwords --set data.vocab_size=258", "`data.vocab_size` must be from 259 to"),
        ("--set data.unit=characters --set data.min_count=1", "`data.min_count` has no effect"),
        ("--set train.parts=2", "since the loss of a batch is not that of its parts (model.name = rnn-lm)"),
    ] {
        place.gradus(&format!("train language --dataset language-a-text --out a {sets}")).refused(1, &[says]);
    }
    assert!(!place.path("a").exists());
}

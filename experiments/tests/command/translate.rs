//! Translation from the command line: own files, searches, alignments, and the file that sacreBLEU reads.

use crate::place::{Place, lines};
use serde_json::Value;

const SIZES: &str = "--set model.embed_dim=16 --set model.layers=1 --set data.vocab_size=300 --set \
                     train.batch_size=10 --set train.epochs=3 --set optimizer.lr=1e-2";

/// Sentences and their translations, of which `first` says which ones.
fn sides(first: usize, n: usize) -> [String; 2] {
    const WORDS: [(&str, &str); 6] = [
        ("dog", "Hund"),
        ("cat", "Katze"),
        ("house", "Haus"),
        ("tree", "Baum"),
        ("red", "rot"),
        ("old", "alt"),
    ];
    let all = (first..first + n).map(|i| {
        let words: Vec<_> = (0..2 + i % 3).map(|k| WORDS[(i / 6usize.pow(k as u32)) % 6]).collect();
        let line = |side: fn(&(&str, &str)) -> String| words.iter().map(side).collect::<Vec<_>>().join(" ");
        [line(|(word, _)| (*word).to_owned()), line(|(_, word)| (*word).to_owned())]
    });
    let all: Vec<[String; 2]> = all.collect();
    [0, 1].map(|side| all.iter().map(|pair| pair[side].clone() + "\n").collect())
}

/// The same pairs in columns.
fn columns([sources, targets]: &[String; 2]) -> String {
    sources.lines().zip(targets.lines()).map(|(a, b)| format!("{a}\t{b}\n")).collect()
}

fn place() -> Place {
    let place = Place::new();
    for (name, first, n) in [("train", 0, 60), ("dev", 100, 10), ("test", 150, 12)] {
        let sides = sides(first, n);
        place.write(&format!("{name}.tsv"), columns(&sides).as_bytes());
        place.write(&format!("{name}.en"), sides[0].as_bytes());
        // As Windows has it, and with an empty line at the end.
        place.write(&format!("{name}.de"), (sides[1].replace('\n', "\r\n") + "\r\n").as_bytes());
    }
    place
}

const FILES: &str = "--train train.tsv --dev dev.tsv --test test.tsv";

fn train(place: &Place, out: &str, more: &str) -> String {
    let ran = place.gradus(&format!("train translate {FILES} {SIZES} --out {out} {more}"));
    let said = ran.err.clone();
    ran.well();
    said
}

#[test]
fn two_files_are_what_one_file_in_columns_is() {
    let place = place();
    let said = train(&place, "a", "");
    assert!(said.contains("60 train, 10 dev, 12 test") && said.contains("subwords"), "{said}");
    let two = "train translate --train train.en --dev dev.en --test test.en --target de";
    place.gradus(&format!("{two} {SIZES} --out b")).well();
    let weights = |run: &str| place.read(&format!("{run}/best.safetensors"));
    let tensors = |run: &str| {
        let found =
            gradus_engine::state::read_tensors(&place.path(&format!("{run}/best.safetensors"))).unwrap().0;
        found.into_iter().map(|(name, tensor)| (name, tensor.to_f64())).collect::<Vec<_>>()
    };
    assert!(tensors("a") == tensors("b") && !weights("a").is_empty());
    let [a, b] = ["a", "b --file test.en"].map(|run| place.json(&format!("evaluate {run} --json")).remove(0));
    assert_eq!(a["metrics"], b["metrics"]);
    let rule = "bleu nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp; chrf nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no; perplexity";
    assert!(a["rule"].as_str().unwrap().starts_with(rule), "{}", a["rule"]);
    assert_eq!(place.text("a/predictions.test.txt").lines().count(), 12);
}

#[test]
fn pairs_that_do_not_fit_are_said_with_their_files() {
    let place = place();
    place.write("short.en", b"one\ntwo\nthree\n");
    place.write("short.de", b"eins\nzwei\n");
    place.write("gap.en", b"one\n\nthree\n");
    place.write("gap.de", b"eins\nzwei\ndrei\n");
    place.write("half.tsv", b"one\teins\ntwo\t\n");
    for (args, says) in [
        ("--train short.en --target de", "short.de: expected as many lines as "),
        ("--train short.en --target de", "short.en has, 3, found 2; each line must be the translation"),
        ("--train gap.en --target de", "gap.en, line 2: expected a sentence, found an empty line"),
        (
            "--train half.tsv",
            "half.tsv, line 2: expected a source and its translation, separated by a tab, found an empty translation",
        ),
        (
            "--train train.en",
            "train.en, line 1: expected a source and its translation, separated by a tab, found 'dog dog'",
        ),
        (
            "--train train.en --target en",
            "train.en: expected sources, whose translations are in a file with the ending en",
        ),
        ("--train train.en --target fr", "train.fr"),
        (
            "--train train.en --target a/b",
            "--target a/b: `data.target` must be the ending of a file, such as de, found a/b",
        ),
        (
            "--dataset translate-b --target de",
            "`data.target` has no effect on this run of gradus train translate: it belongs to runs with data.train",
        ),
        ("--train train.tsv --set data.vocab_size=258", "`data.vocab_size` must be at least 259"),
        ("--train train.tsv --max-len 1", "`data.max_len` must be from 2 to 2048, found 1"),
        ("--train train.tsv --set search.beam=0", "`search.beam` must be at least 1"),
        (
            "--train train.tsv --set model.attention_heads=3",
            "`model.attention_heads` must be a divisor of embed_dim",
        ),
        ("--train train.tsv --set model.embed_dim=9", "`model.embed_dim` must be an even number"),
        ("--train train.tsv --set model.input_feeding=true", "it belongs to model.name = seq2seq-rnn"),
        ("--train train.tsv --set model.embed_dim=1000000", "model: expected at most 2000000000 parameters"),
    ] {
        place.gradus(&format!("train translate --out x {args}")).refused(1, &[says]);
        assert!(!place.path("x").exists(), "{args}");
    }
}

#[test]
fn long_texts_are_cut_and_counted() {
    let place = place();
    let long = "old ".repeat(40);
    place.write("long.tsv", format!("{}{long}\talt\nred\t{long}\n", place.text("train.tsv")).as_bytes());
    let said = train(&place, "a", "--set data.max_len=20").replace('\n', " ");
    assert!(!said.contains("cut"), "{said}");
    let ran = place.gradus(&format!(
        "train translate --train long.tsv --dev dev.tsv --test test.tsv {SIZES} --set data.max_len=20 --out b"
    ));
    for says in [
        "1 source has more than 20 pieces and is cut to 20",
        "1 translation has more than 20 pieces and is cut to 20",
    ] {
        assert!(ran.err.contains(says), "{says}: {}", ran.err);
    }
    let ran = place.predict("b", &format!("dog\n{long}\n"));
    assert!(ran.err.contains("1 of 2 texts was cut to 20 pieces"), "{}", ran.err);
    assert_eq!(ran.well().lines().count(), 2);
}

/// Several references: all of them count, and the first one is learned.
#[test]
fn further_references_count() {
    let place = place();
    train(&place, "a", "--set train.epochs=30 --set train.metric=perplexity");
    let found = place.gradus("evaluate a").well();
    assert!(found.contains("bleu ") && found.contains("nrefs:1|"), "{found}");
    let written = place.text("a/predictions.test.txt");
    let with = |more: fn(&str) -> String| -> String {
        let of = place.text("test.tsv");
        of.lines().zip(written.lines()).map(|(pair, found)| format!("{pair}\t{}\n", more(found))).collect()
    };
    place.write("two.tsv", with(|found| format!("x\t{found}")).as_bytes());
    place.write("ragged.tsv", with(|_| String::new()).as_bytes());
    let of = |file: &str| place.json(&format!("evaluate a --file {file} --json")).remove(0);
    let (one, two, ragged) = (of("test.tsv"), of("two.tsv"), of("ragged.tsv"));
    assert!(two["rule"].as_str().unwrap().contains("nrefs:3|"), "{two}");
    assert_eq!(
        (two["metrics"]["chrf"].as_f64(), &two["metrics"]["perplexity"]),
        (Some(100.0), &one["metrics"]["perplexity"])
    );
    assert_eq!(ragged["metrics"], one["metrics"]);
}

#[test]
fn what_is_found_for_a_text_is_said_as_it_is_asked_for() {
    let place = place();
    for (run, model) in [("a", "seq2seq-transformer"), ("b", "seq2seq-rnn --set model.hidden_dim=8")] {
        train(
            &place,
            run,
            &format!(
                "--model {model} --set search.beam=2 --set train.epochs=30 --set train.metric=perplexity"
            ),
        );
        let said = |args: &str| place.predict(&format!("{run} {args}"), "red dog\n\nold tree house\n").well();
        let plain = said("");
        assert_eq!(plain.lines().count(), 3);
        assert_eq!(plain.lines().nth(1), Some(""), "nothing is said of nothing");
        assert_eq!(said("--beam 2"), plain);
        let best = lines(&said("--json"));
        assert_eq!(best[0]["text"], "red dog");
        assert!(best[0].get("hypotheses").is_none() && best[0].get("alignment").is_none());

        let several = lines(&said("--json --n-best 3 --alignment"));
        for (answer, text) in several.iter().zip(["red dog", "", "old tree house"]) {
            assert_eq!(answer["text"], text);
            let hypotheses = answer["hypotheses"].as_array().unwrap();
            assert_eq!(hypotheses.len(), if text.is_empty() { 1 } else { 3 });
            let scores: Vec<f64> = hypotheses.iter().map(|h| h["score"].as_f64().unwrap()).collect();
            assert!(scores.is_sorted_by(|a, b| a >= b) && answer["score"] == scores[0], "{scores:?}");
            let sources = answer["source_tokens"].as_array().unwrap();
            assert_eq!(sources.last().unwrap(), "<end>");
            for hypothesis in hypotheses {
                let rows = hypothesis["alignment"].as_array().unwrap();
                assert_eq!(rows.len(), hypothesis["tokens"].as_array().unwrap().len());
                for row in rows {
                    let row: Vec<f64> = row.as_array().unwrap().iter().filter_map(Value::as_f64).collect();
                    assert!(row.len() == sources.len() && (row.iter().sum::<f64>() - 1.0).abs() < 1e-5);
                }
            }
        }
        // A wider beam is searched only as far as it is asked for.
        let listed = said("--n-best 2");
        assert_eq!(listed.matches("\n\n").count(), 3, "{listed}");
        let first: Vec<&str> = listed.split("\n\n").filter_map(|of_text| of_text.lines().next()).collect();
        let texts: Vec<&str> = first.iter().map(|line| line.split_once('\t').unwrap().1).collect();
        assert_eq!(texts, plain.lines().collect::<Vec<_>>());
        let shown = said("--alignment");
        assert!(shown.contains('%') && shown.starts_with(plain.lines().next().unwrap()), "{shown}");
        // A penalty of 0 prefers shorter ones: the score is the log-probability itself.
        let sum = lines(&said("--json --length-penalty 0"));
        assert!(sum.iter().all(|answer| answer["score"] == answer["log_probability"]), "{sum:?}");
        // Coverage is at most 0, so that it only lowers scores; an empty text has nothing to cover.
        let covered = lines(&said("--json --length-penalty 0 --coverage-penalty 0.5"));
        let below = |answer: &Value| answer["score"].as_f64() < answer["log_probability"].as_f64();
        assert!(covered.iter().all(|answer| below(answer) != (answer["text"] == "")), "{covered:?}");
    }
    place
        .gradus("predict a --text x --beam 2 --n-best 3")
        .refused(1, &["--n-best 3: expected at most as many as the beam is wide, 2"]);
    for wrong in [
        "--beam 0",
        "--n-best 0",
        "--length-penalty -1",
        "--length-penalty 11",
        "--length-penalty nan",
        "--coverage-penalty -1",
    ] {
        assert_eq!(place.gradus(&format!("predict a --text x {wrong}")).code, Some(2), "{wrong}");
    }
    let few =
        "--set model.embed_dim=4 --set train.epochs=1 --set data.train_limit=40 --set data.dev_limit=10";
    place.gradus(&format!("train classify --dataset reviews --model textcnn {few} --out c")).well();
    for flag in ["--beam 2", "--length-penalty 1", "--coverage-penalty 1", "--n-best 2", "--alignment"] {
        let name = flag.split(' ').next().unwrap();
        let says = format!(
            "{name}: the run is one of gradus train classify, whose answers are not searched for; leave the flag out"
        );
        place.gradus(&format!("predict c --text x {flag}")).refused(1, &[&says]);
    }
}

/// The search may differ when a run is continued, and dev is always translated as it was.
#[test]
fn a_continued_run_may_search_in_another_way() {
    let place = place();
    train(&place, "a", "");
    place.gradus("train translate --out a --resume --set train.epochs=4 --set search.beam=3").well();
    place
        .gradus("train translate --out a --resume --set data.vocab_size=301")
        .refused(1, &["data.vocab_size"]);
}

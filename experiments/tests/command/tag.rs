//! Tagging from the command line: train, resume, evaluate, predict, and files that are wrong.

use crate::place::Place;
use serde_json::Value;

/// Sentences in columns: a name follows `mr` or `in`, which tell its kind; names are many and say nothing themselves.
fn sentences(n: usize) -> String {
    let name =
        |i: usize| format!("{}{}", ["Al", "Be", "Ko", "Mi", "Ta"][i % 5], ["ra", "no", "lis"][i / 5 % 3]);
    (0..n)
        .map(|i| match i % 3 {
            0 => format!("mr O\n{} B-PER\nsleeps O\n\n", name(i * 7 + i / 3)),
            1 => format!("we O\nlive O\nin O\n{} B-LOC\n{} I-LOC\n\n", name(i * 3), name(i * 5 + 1)),
            _ => "nobody O\nsleeps O\nhere O\n\n".to_owned(),
        })
        .collect()
}

fn columns_of(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}

fn place() -> Place {
    let place = Place::new();
    place.write("train.conll", sentences(240).as_bytes());
    place
}

fn args(out: &str, sets: &str) -> String {
    format!(
        "train tag --out {out} --train train.conll --threads 1 --set model.embed_dim=12 --set model.hidden_dim=8 --set \
         train.epochs=8 --set train.batch_size=8 --set optimizer.lr=2e-2 {sets}"
    )
}

#[test]
fn a_tagger_is_trained_evaluated_and_asked() {
    let place = place();
    for (out, sets) in [
        ("crf", "--format conll"),
        ("focal", "--loss focal --set model.characters=cnn --set model.char_dim=8"),
        ("ghm", "--loss ghm --set model.characters=lstm --set model.char_dim=8 --set data.scheme=iob2"),
        ("average", "--loss sequence_focal --set train.average=0.9"),
        ("token", "--loss token_cross_entropy --set model.constraints=false"),
    ] {
        place.gradus(&args(out, sets)).well();
        let evaluated = place.gradus(&format!("evaluate {out} --split test")).well();
        let f1 = evaluated.lines().find_map(|line| line.strip_prefix("f1")).unwrap().trim();
        assert!(f1.parse::<f64>().unwrap() > 90.0, "{out}: {evaluated}");
        assert!(evaluated.contains("LOC") && evaluated.contains("PER"), "{evaluated}");
        // Word, then right and predicted tag: as the model has them and, where these are not IOB2, in IOB2.
        let columns = place.text(&format!("{out}/predictions.test.conll"));
        let width = if sets.contains("iob2") { 3 } else { 5 };
        let rows: Vec<Vec<&str>> = columns.lines().filter(|line| !line.is_empty()).map(columns_of).collect();
        assert!(rows.iter().all(|row| row.len() == width && !row[width - 1].starts_with("E-")), "{columns}");
        assert_eq!(columns.contains("S-PER"), width == 5, "{columns}");
        // As conlleval and seqeval count, which read the last two columns.
        let right = rows.iter().filter(|row| row[width - 2] == row[width - 1]).count();
        let accuracy = evaluated.lines().find_map(|line| line.strip_prefix("accuracy")).unwrap().trim();
        assert_eq!(accuracy, format!("{:.2}", 100.0 * right as f64 / rows.len() as f64), "{out}");
    }
    let shown = place.command("predict crf --text").arg("we live in Alra Beno").output().unwrap();
    assert_eq!(String::from_utf8(shown.stdout).unwrap(), "we live in [Alra Beno LOC]\n");
    let shown = place.command("predict crf --text").arg("we live in [x] Alra Beno").output().unwrap();
    assert!(String::from_utf8(shown.stdout).unwrap().contains("\\[x\\]"));
    let json = place.command("predict focal --json --text").arg("mr Kolis sleeps").output().unwrap();
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["entities"][0]["kind"], "PER");
    assert_eq!((&json["entities"][0]["start"], &json["entities"][0]["end"]), (&3.into(), &8.into()));
    // What is explained is what is chosen: a tag that no sequence can have at a word has no probability.
    let asked = "--text nobody --word 1 --target I-PER";
    place.gradus(&format!("explain crf {asked}")).refused(1, &["--target", "does not allow I-PER at word 1"]);
    place.gradus(&format!("explain token {asked}")).well();
}

#[test]
fn punctuation_is_split_from_words_as_the_columns_have_it() {
    let place = Place::new();
    let marked = sentences(240).replace("sleeps O\n", "sleeps O\n. O\n").replace("live O\n", "live O\n, O\n");
    place.write("train.conll", marked.as_bytes());
    place.gradus(&args("a", "")).well();
    let ask = |text: &str, more: &str| {
        let ran = place.command(&format!("predict a {more} --text")).arg(text).output().unwrap();
        String::from_utf8(ran.stdout).unwrap()
    };
    assert_eq!(ask("we live, in Alra Beno.", ""), "we live, in [Alra Beno LOC].\n");
    assert_eq!(ask("we live, in Alra Beno.", "--tokenized"), "we live, in [Alra Beno. LOC]\n");
}

#[test]
fn tags_that_are_said_to_be_plain_are_plain_whatever_they_look_like() {
    let place = place();
    place.write("bare.conll", "a B\nb I\nc O\nd S\ne E\n\n".repeat(40).as_bytes());
    for (file, labels) in [
        ("train.conll", "[\"B-LOC\",\"B-PER\",\"I-LOC\",\"O\"]"),
        ("bare.conll", "[\"B\",\"E\",\"I\",\"O\",\"S\"]"),
    ] {
        let run = file.split('.').next().unwrap();
        place.gradus(&args(run, "--set data.tags=plain").replace("train.conll", file)).well();
        assert!(place.text(&format!("{run}/data.json")).contains(&format!("\"labels\":{labels}")));
        // The file is read again, with these labels.
        for more in ["--split test".to_owned(), format!("--file {file}")] {
            let evaluated = place.json(&format!("evaluate {run} {more} --json")).remove(0);
            assert!(evaluated["metrics"]["accuracy"].as_f64().unwrap() > 0.95, "{evaluated}");
        }
        let answer = place.gradus(&format!("predict {run} --json --text mr")).well();
        assert!(answer.contains("\"tags\":[{\"end\":"), "{answer}");
    }
}

#[test]
fn a_resumed_tagger_has_the_bits_of_an_undisturbed_one() {
    let place = place();
    // All kinds of state: characters, singletons drawn as UNK, GHM's average, the weights' average.
    let sets = "--loss ghm --set model.characters=cnn --set train.average=0.9 --set train.checkpoint_every=3";
    place.gradus(&args("whole", sets)).well();
    place.gradus(&format!("{} --set train.epochs=2", args("parts", sets))).well();
    place.gradus("train tag --out parts --resume --set train.epochs=8").well();
    let (whole, parts) = (place.state("whole"), place.state("parts"));
    assert!(whole.0 == parts.0, "the tensors differ");
    assert_eq!(place.read("whole/metrics.jsonl"), place.read("parts/metrics.jsonl"));
    assert_eq!(place.read("whole/best.safetensors"), place.read("parts/best.safetensors"));
}

/// Another file is read by the kinds that the run knows, in whichever scheme it is written.
#[test]
fn another_file_is_evaluated_in_any_scheme() {
    let place = place();
    place.gradus(&args("a", "")).well();
    let iob2 = sentences(60);
    let mut bioes = String::new();
    for sentence in iob2.split_terminator("\n\n") {
        let rows: Vec<(&str, &str)> = sentence.lines().map(|line| line.split_once(' ').unwrap()).collect();
        for (i, (word, tag)) in rows.iter().enumerate() {
            let goes_on = rows.get(i + 1).is_some_and(|(_, next)| next.starts_with("I-"));
            let tag = match (tag.split_once('-'), goes_on) {
                (Some(("B", kind)), false) => format!("S-{kind}"),
                (Some(("I", kind)), false) => format!("E-{kind}"),
                _ => (*tag).to_owned(),
            };
            bioes += &format!("{word} {tag}\n");
        }
        bioes += "\n";
    }
    place.write("iob2.conll", iob2.as_bytes());
    place.write("bioes.conll", bioes.as_bytes());
    let of = |file: &str| place.json(&format!("evaluate a --file {file} --json")).remove(0)["metrics"].take();
    assert!(of("iob2.conll")["f1"].as_f64().unwrap() > 0.9);
    assert_eq!(of("iob2.conll"), of("bioes.conll"));
    place.write("other.conll", b"mr O\nAlra B-PER\n\nin O\nOslo B-CITY\n");
    place
        .gradus("evaluate a --file other.conll")
        .refused(1, &["other.conll, line 5", "'LOC', 'PER'", "B-CITY"]);
}

#[test]
fn a_wrong_file_is_named_with_its_line() {
    let place = place();
    place.write("train.conll", b"mr O\nAlra B-PER\n\nwe O\nlive\n");
    place.gradus(&args("a", "")).refused(1, &["train.conll, line 5", "expected"]);
    place.write("train.conll", b"mr O\nAlra X-PER\n\nwe O\nlive O\n");
    place.gradus(&args("a", "")).refused(1, &["train.conll, line 2", "X-PER"]);
    place.gradus(&args("a", "--format squad")).refused(1, &["data.format", "one of conll", "squad"]);
    place.gradus(&args("a", "--loss hinge")).refused(1, &["loss.name", "hinge", "crf"]);
    place.gradus(&args("a", "--model bilstm")).refused(1, &["model.name", "bilstm-crf"]);
    place.gradus("train tag --out a --dataset reviews").refused(1, &["reviews", "gradus train classify"]);
}

#[test]
fn keys_of_entities_are_refused_where_tags_are_plain() {
    let place = Place::new();
    place.write("train.conll", "the DET\ncat NOUN\nsat VERB\n\n".repeat(40).as_bytes());
    for (set, says) in [
        ("data.scheme=iob2", "data.scheme: expected bioes, the default, since the tags are plain"),
        (
            "model.constraints=false",
            "model.constraints: expected true, the default, since the tags are plain",
        ),
    ] {
        place.gradus(&args("a", &format!("--set {set}"))).refused(1, &[says]);
        assert!(!place.path("a").exists());
    }
    place.gradus(&args("a", "--set data.scheme=bioes")).well();
    place.gradus("evaluate a").well();

    place
        .gradus(&args("b", "--set data.tag_column=9"))
        .refused(1, &["its tag in another, 9, found 2 columns", "data.tag_column = 0 for the last column"]);
    place
        .gradus(&args("b", "--set data.word_column=2"))
        .refused(1, &["column 2 and its tag in another, the last"]);
}

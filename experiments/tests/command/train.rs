//! Train, evaluate, predict, list.

use crate::place::{Place, accuracy_in, examples};
use gradus::tasks::TASKS;
use gradus_engine::state::read_tensors;
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;
use std::time::Duration;

#[test]
fn own_files_are_learned_evaluated_and_used() {
    let place = Place::new();
    place.write("test.tsv", examples(40).as_bytes());
    let out = place
        .gradus(&format!("{} --test test.tsv --set train.epochs=12", place.tiny_of("textcnn", "a")))
        .well();
    assert!(out.contains("the run is in a") && out.contains("by dev accuracy"), "{out}");

    let out = place.gradus("evaluate a --split test").well();
    assert!(out.starts_with("40 examples of train (test)\n"), "{out}");
    let accuracy = accuracy_in(&out);
    assert!(accuracy > 90.0, "one word tells the label, but the accuracy is {accuracy}");
    let table = place.text("a/predictions.test.tsv");
    let rows: Vec<Vec<&str>> = table.lines().skip(1).map(|line| line.split('\t').collect()).collect();
    let right = rows.iter().filter(|row| row[0] == row[1]).count();
    assert_eq!((rows.len(), format!("{:.2}", right as f64 / 0.4)), (40, format!("{accuracy:.2}")));

    let out = place.command("predict a --json --text").arg("the plot was dull").output().unwrap();
    let json: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!((&json["label"], &json["text"]), (&"no".into(), &"the plot was dull".into()));
    let [no, yes] = ["no", "yes"].map(|label| json["probabilities"][label].as_f64().unwrap());
    assert!((no + yes - 1.0).abs() < 1e-6 && no > yes, "{json}");
}

#[test]
fn predictions_come_line_by_line_from_standard_input() {
    let place = Place::new();
    place.gradus(&place.tiny("a")).well();
    let mut child = place.command("predict a").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all("a fine film\n\nnever seen words\n".as_bytes()).unwrap();
    let out = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines.len(), 3, "{out}");
    assert!(lines.iter().all(|line| line.contains('%')) && lines[0].ends_with("a fine film"), "{out}");
}

#[test]
fn each_line_is_answered_before_the_next_is_written() {
    let place = Place::new();
    place.gradus(&place.tiny("a")).well();
    let mut child = place.command("predict a").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut asks, answers) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let (send, receive) = std::sync::mpsc::channel();
    std::thread::spawn(move || BufReader::new(answers).lines().try_for_each(|line| send.send(line.unwrap())));
    for text in ["a fine film", "a dull film"] {
        writeln!(asks, "{text}").unwrap();
        let answer =
            receive.recv_timeout(Duration::from_secs(60)).expect("an answer while the input is open");
        assert!(answer.ends_with(text), "{answer}");
    }
    drop(asks);
    assert!(child.wait().unwrap().success());
}

#[test]
fn prediction_reads_no_optimizer() {
    let place = Place::new();
    place.gradus(&place.tiny("a")).well();
    let (best, _) = read_tensors(&place.path("a/best.safetensors")).unwrap();
    let (all, _) = read_tensors(&place.path("a/checkpoint.safetensors")).unwrap();
    let of_model: Vec<&str> = all.keys().filter_map(|name| name.strip_prefix("model.")).collect();
    assert!(all.len() > of_model.len() && best.keys().eq(of_model), "{best:?}");
    let said = || place.gradus("predict a --text fine --json").well();
    let before = said();
    std::fs::remove_file(place.path("a/checkpoint.safetensors")).unwrap();
    assert_eq!(said(), before);
}

#[test]
fn a_run_is_found_from_another_folder() {
    let place = Place::new();
    place.gradus(&place.tiny("a")).well();
    std::fs::create_dir(place.path("elsewhere")).unwrap();
    let out =
        place.command("evaluate ../a --split dev").current_dir(place.path("elsewhere")).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
}

#[test]
fn results_do_not_depend_on_threads() {
    for model in ["bilstm", "textcnn"] {
        let place = Place::new();
        for threads in [1, 2] {
            let out = format!("with{threads}");
            let args = format!(
                "{} --threads {threads} --set model.attention_heads=2 --set loss.l2=1e-4",
                place.tiny_of(model, &out)
            );
            place.gradus(&args).well();
        }
        assert!(place.state("with1") == place.state("with2"), "{model} differs");
        assert_eq!(place.read("with1/metrics.jsonl"), place.read("with2/metrics.jsonl"));
    }
}

#[test]
fn every_loss_optimizer_and_schedule_runs() {
    let place = Place::new();
    let mut runs = 0;
    let mut run = |set: &str| {
        runs += 1;
        place.gradus(&format!("{} --set train.epochs=1 --set {set}", place.tiny(&format!("r{runs}")))).well();
    };
    let keys = TASKS.iter().find(|task| task.name() == "classify").unwrap().keys();
    for key in ["loss.name", "optimizer.name", "schedule.name"] {
        for name in keys.choices_of(key) {
            // This loss is for texts that may have several labels.
            let more = if name == "binary_cross_entropy" { " --set data.label_separator=," } else { "" };
            run(&format!("{key}={name}{more}"));
        }
    }
    run("loss.class_weights=1,3");
    run("loss.l1=1e-4");
    run("train.clip_norm=0.5");
    run("train.clip_value=0.1");
}

#[test]
fn patience_ends_a_run_and_the_best_epoch_is_kept() {
    let place = Place::new();
    let args = format!("{} --set train.patience=2 --set train.epochs=60", place.tiny("a"));
    let out = place.gradus(&args).well();
    let (_, state) = place.state("a");
    let progress = &state["run"]["progress"];
    let best = progress["best"][0].as_u64().unwrap();
    assert_eq!(progress["epoch"].as_u64(), Some(best + 2), "{out}");
    let accuracies: Vec<f64> = progress["epochs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|epoch| epoch["dev"]["accuracy"].as_f64().unwrap())
        .collect();
    let largest = accuracies.iter().copied().fold(0.0, f64::max);
    assert_eq!(
        accuracies.iter().position(|&a| a == largest),
        Some(best as usize - 1),
        "the first best counts"
    );
    let dev = place.gradus("evaluate a --split dev").well();
    assert!((accuracy_in(&dev) - 100.0 * largest).abs() < 0.01, "{dev} {largest}");
}

#[test]
fn vectors_from_a_file_stand_in_the_model_before_its_first_step() {
    let place = Place::new();
    let numbers: Vec<String> = (1..13).map(|i| format!("{}", i as f64 / 8.0)).collect();
    place.write(
        "vectors.txt",
        format!("film {}\nnobody {}\n", numbers.join(" "), numbers.join(" ")).as_bytes(),
    );
    // A rate too small to move them.
    let args = format!("{} --embeddings vectors.txt --set optimizer.lr=1e-30", place.tiny("a"));
    place.gradus(&args).well();
    let id = place.text("a/vocabulary.txt").lines().position(|word| word == "film").unwrap();
    let (tensors, _) = place.state("a");
    let row: Vec<f64> =
        tensors["best emb.weight"][12 * id..][..12].iter().map(|&bits| f64::from_bits(bits)).collect();
    assert_eq!(row, (1..13).map(|i| i as f64 / 8.0).collect::<Vec<_>>());

    // The run keeps how much of each split the file covers.
    let on: serde_json::Value = serde_json::from_str(&place.text("a/data.json")).unwrap();
    let train = &on["coverage"][0];
    assert_eq!(
        (on["coverage"].as_array().unwrap().len(), &train["words_with_vector"]),
        (3, &1.into()),
        "{on}"
    );
    assert!(train["tokens_with_vector"].as_u64().unwrap() > 0, "{on}");
    place.gradus(&place.tiny("without")).well();
    assert!(!place.text("without/data.json").contains("coverage"));
}

#[test]
fn an_encoding_goes_by_its_usual_names() {
    let place = Place::new();
    let text: Vec<u8> = examples(240).replace("film", "caf\u{e9}").chars().map(|c| c as u8).collect();
    place.write("train.tsv", &text);
    place.gradus(&format!("{} --encoding cp1252", place.tiny("a"))).well();
    assert!(place.text("a/config.toml").contains("encoding = \"windows-1252\""));
    place.gradus(&format!("{} --encoding cp9", place.tiny("b"))).refused(1, &["data.encoding", "cp9"]);
}

#[test]
fn list_names_everything_and_help_has_examples() {
    let place = Place::new();
    let list = place.gradus("list").well();
    for name in
        ["table10", "reviews-long", "sst2", "bilstm", "ghm", "radam", "cosine", "f1_macro", "min_count"]
    {
        assert!(list.contains(name), "{name} is missing: {list}");
    }
    let commands = ["", "reproduce", "evaluate", "compare", "predict", "list", "report", "data"];
    let tasks = TASKS.iter().map(|task| format!("train {}", task.name()));
    for command in commands.map(String::from).into_iter().chain(tasks) {
        let help = place.gradus(&format!("{command} --help")).well();
        assert!(help.contains("Example"), "{command}: {help}");
    }
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let place = Place::new();
    let ran = place.after("exec 1>&-; true", "list");
    assert!(!ran.err.contains("fault"), "{}", ran.err);
    let mut child = place.command("list").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(output.status.success());
}

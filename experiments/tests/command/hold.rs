//! Runs that hold: one process a folder, data that moved, files of the user's own that stay, a block that says what was
//! understood.

use crate::place::{Place, examples, signal};
use crate::resume::assert_same_runs;
use crate::tiny::Tiny;

#[test]
fn of_two_trainings_in_one_folder_the_second_names_the_first() {
    let place = Place::new();
    let long = format!("{} --set train.epochs=100000", place.tiny("a"));
    let first = place.start(&long);
    place.wait_for(|| place.path("a/best.safetensors").exists());
    let says = format!("a: process {} is training in this folder; wait for it to end or", first.id());
    for second in [&long, &format!("{long} --overwrite"), "train classify --out a --resume"] {
        place.gradus(second).refused(1, &[&says, "another folder with --out"]);
    }
    // What reads a run does not disturb it.
    place.gradus("predict a --text fine").well();
    signal("INT", &first);
    let stopped: crate::place::Ran = first.wait_with_output().unwrap().into();
    stopped.refused(130, &["interrupted at step"]);
    let step = |place: &Place| place.state("a").1["run"]["progress"]["epoch"].as_u64().unwrap();
    place.gradus(&format!("train classify --out a --resume --set train.epochs={}", step(&place) + 1)).well();
}

#[test]
fn data_that_moved_is_found_where_it_is_now_said_to_be() {
    let place = Place::new();
    place.write("dev.tsv", examples(300).lines().skip(240).collect::<Vec<_>>().join("\n").as_bytes());
    let tiny = |out: &str| format!("{} --dev dev.tsv", place.tiny(out));
    place.gradus(&format!("{} --set train.epochs=6", tiny("whole"))).well();
    place.gradus(&tiny("parts")).well();
    std::fs::create_dir(place.path("moved")).unwrap();
    std::fs::rename(place.path("train.tsv"), place.path("moved/other.tsv")).unwrap();
    let resume = "train classify --out parts --resume --set train.epochs=6";
    place.gradus(resume).refused(1, &["train.tsv", "nothing there", "its new place with --train FILE"]);
    place.write("changed.tsv", examples(239).as_bytes());
    place
        .gradus(&format!("{resume} --train changed.tsv"))
        .refused(1, &["checksum", "train a new run in another folder"]);
    place.gradus(&format!("{resume} --train moved/other.tsv")).well();
    assert!(place.text("parts/config.toml").contains("moved/other.tsv"));
    assert_eq!(place.read("whole/best.safetensors"), place.read("parts/best.safetensors"));
    assert_eq!(place.read("whole/metrics.jsonl"), place.read("parts/metrics.jsonl"));
    place.gradus("evaluate parts").well();
    // A set by name is not a file.
    let mixed = format!("{resume} --dataset reviews");
    place.gradus(&mixed).refused(1, &["data.dataset", "has no effect"]);
}

#[test]
fn the_files_of_a_trained_run_may_move() {
    let place = Place::new();
    place.write("dev.tsv", examples(300).lines().skip(240).collect::<Vec<_>>().join("\n").as_bytes());
    place.gradus(&format!("{} --dev dev.tsv", place.tiny("a"))).well();
    let before = place.gradus("evaluate a").well();
    std::fs::rename(place.path("train.tsv"), place.path("moved.tsv")).unwrap();
    place.write("changed.tsv", examples(239).as_bytes());
    place.write("other.tsv", examples(20).as_bytes());
    for command in ["evaluate a", "compare a a", "evaluate a --split train"] {
        place.gradus(command).refused(1, &["train.tsv", "if the file has moved", "with --train FILE"]);
        place.gradus(&format!("{command} --train moved.tsv")).well();
        let changed = format!("{command} --train changed.tsv");
        place.gradus(&changed).refused(1, &["changed.tsv, the checksum of the t", "must be the same"]);
        place
            .gradus(&format!("{command} --train none.tsv"))
            .refused(1, &["--train none.tsv", "nothing there"]);
        let held_out = format!("{command} --test moved.tsv");
        place.gradus(&held_out).refused(1, &["--test", "the run has no test file", "--train FILE"]);
    }
    assert_eq!(place.gradus("evaluate a --train moved.tsv").well(), before);
    // The file of a split is enough.
    std::fs::rename(place.path("dev.tsv"), place.path("there.tsv")).unwrap();
    place.gradus("evaluate a --split dev").refused(1, &["dev.tsv", "with --dev FILE"]);
    place.gradus("evaluate a --split dev --dev there.tsv").well();
    assert_eq!(place.gradus("evaluate a --file other.tsv --train moved.tsv").code, Some(2));
    place.gradus("report a --train moved.tsv --dev there.tsv").well();
    let tiny = Tiny::all().remove(0).with(&["train.epochs=1"]);
    place.gradus(&tiny.train("generated")).well();
    let named = "evaluate generated --train moved.tsv";
    place.gradus(named).refused(1, &["--train moved.tsv", "was trained on the data set"]);
}

#[test]
fn a_split_is_read_without_the_others() {
    let place = Place::new();
    place.write("test.tsv", examples(260).lines().skip(240).collect::<Vec<_>>().join("\n").as_bytes());
    place.gradus(&format!("{} --test test.tsv --dev test.tsv", place.tiny("a"))).well();
    let before = ["test", "dev"].map(|split| place.gradus(&format!("evaluate a --split {split}")).well());
    std::fs::remove_file(place.path("train.tsv")).unwrap();
    let after = ["test", "dev"].map(|split| place.gradus(&format!("evaluate a --split {split}")).well());
    assert_eq!(before, after);
    place.gradus("compare a a").well();
    place.gradus("predict a --text fine").well();
    place.gradus("evaluate a --split train").refused(1, &["train.tsv", "with --train FILE"]);

    // Of a known set, too.
    std::fs::create_dir_all(place.path("data/SST-2")).unwrap();
    for (name, rows) in [("train", 67_349), ("dev", 872)] {
        let rows: String = (0..rows).map(|i| format!("some words here\t{}\n", i % 2)).collect();
        place.write(&format!("data/SST-2/{name}.tsv"), format!("sentence\tlabel\n{rows}").as_bytes());
    }
    let limits = "--set data.train_limit=40 --set data.dev_limit=10 --set data.test_limit=20";
    let tiny = place.tiny("b").replace("--train train.tsv", "--dataset sst2 --data data");
    place.gradus(&format!("{tiny} {limits}")).well();
    let before = place.gradus("evaluate b").well();
    std::fs::remove_file(place.path("data/SST-2/train.tsv")).unwrap();
    assert_eq!(place.gradus("evaluate b").well(), before);
    place.gradus("evaluate b --split dev").refused(1, &["SST-2/train.tsv"]);
}

/// A folder that cannot be written does not keep the metrics from being printed.
#[test]
fn metrics_are_printed_though_predictions_cannot_be_written() {
    let place = Place::new();
    place.gradus(&place.tiny("a")).well();
    let metrics = place.gradus("evaluate a").well();
    let metrics = metrics.split_once("\npredictions are in").unwrap().0.to_owned();
    // Even root cannot replace a folder by a file.
    std::fs::remove_file(place.path("a/predictions.test.tsv")).unwrap();
    std::fs::create_dir(place.path("a/predictions.test.tsv")).unwrap();
    let ran = place.gradus("evaluate a");
    assert_eq!(ran.out, metrics);
    ran.refused(1, &["a/predictions.test.tsv: cannot be written"]);
    let ran = place.gradus("evaluate a --json");
    let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert!(json["metrics"]["accuracy"].is_number() && json["predictions"].is_null(), "{json}");
    ran.refused(1, &["a/predictions.test.tsv: cannot be written"]);
}

#[test]
fn another_labelled_file_is_evaluated_in_the_place_of_a_split() {
    let place = Place::new();
    let rows: Vec<String> = examples(300).lines().skip(240).map(String::from).collect();
    place.write("other.tsv", (rows.join("\n") + "\n").as_bytes());
    place.gradus(&format!("{} --set train.epochs=8", place.tiny("a"))).well();
    place.gradus(&format!("{} --seed 2 --set optimizer.lr=1e-30", place.tiny("b"))).well();
    let text = place.gradus("evaluate a --file other.tsv").well();
    assert!(
        text.starts_with("60 examples of other.tsv\n") && text.contains("a/predictions.other.tsv.tsv"),
        "{text}"
    );
    let json = place.json("evaluate a --file other.tsv --json").remove(0);
    assert_eq!((&json["data"], &json["split"], &json["examples"]), (&"other".into(), &().into(), &60.into()));
    let table = place.text("a/predictions.other.tsv.tsv");
    let labels: Vec<&str> = table.lines().skip(1).map(|line| line.split('\t').next().unwrap()).collect();
    assert!(labels.iter().zip(&rows).all(|(label, row)| row.starts_with(label)), "{table}");
    // A file that is named like a split does not replace the predictions on that split.
    place.gradus("evaluate a").well();
    let of_split = place.text("a/predictions.test.tsv");
    place.write("test", (rows.join("\n") + "\n").as_bytes());
    let json = place.json("evaluate a --file test --json").remove(0);
    assert_eq!(json["predictions"], "a/predictions.test.file.tsv");
    assert_eq!(
        (place.text("a/predictions.test.tsv"), place.text("a/predictions.test.file.tsv")),
        (of_split, table)
    );
    // Nor does another file of the same name.
    std::fs::create_dir(place.path("more")).unwrap();
    place.write("more/other.tsv", (rows[..30].join("\n") + "\n").as_bytes());
    let found = place.json("evaluate a --file more/other.tsv --json").remove(0);
    assert_eq!(found["predictions"], "a/predictions.other.tsv.2.tsv");
    assert_eq!(place.text("a/predictions.other.tsv.tsv").lines().count(), 61);
    let found = place.json("compare b a --file other.tsv --json").remove(0);
    assert_eq!(found["metrics"]["accuracy"][1], json["metrics"]["accuracy"]);
    assert!(found["p"].as_f64().unwrap() < 0.05, "{found}");
    // A file of a line or two says little of its format, but its labels are known.
    for (name, few) in [
        ("a.txt", "no\tdull\n"),
        ("b.txt", "dull film\tno\nfine\tyes\n"),
        ("c.csv", "\"dull, poor\",no\n\"a, b\",yes\n"),
        ("d.txt", "no dull film\nyes fine\n"),
        ("e.tsv", "text\tlabel\nfine film\tyes\n"),
    ] {
        place.write(name, few.as_bytes());
        let found = place.json(&format!("evaluate a --file {name} --json")).remove(0);
        assert_eq!(found["examples"], few.lines().count() - usize::from(few.starts_with("text")), "{name}");
    }
    place.write("wrong.tsv", b"yes\tfine film\nmaybe\ta film\n");
    place.gradus("evaluate a --file wrong.tsv").refused(1, &["wrong.tsv, line 2", "'maybe'", "'no', 'yes'"]);
    place.write("empty.tsv", b"");
    place.gradus("evaluate a --file empty.tsv").refused(1, &["empty.tsv"]);
    place.gradus("evaluate a --file none.tsv").refused(1, &["none.tsv"]);
    // A run on a generated set, evaluated on the user's file.
    let tiny = Tiny::all().remove(0).with(&["train.epochs=1"]);
    place.gradus(&tiny.train("generated")).well();
    let ran = place.gradus("evaluate generated --file other.tsv");
    ran.refused(1, &["other.tsv, line 1", "expected one of the"]);
}

#[test]
fn paths_of_a_configuration_are_relative_to_it() {
    let place = Place::new();
    std::fs::create_dir_all(place.path("sets/deep")).unwrap();
    place.write("sets/mine.tsv", &place.read("train.tsv"));
    place.write("sets/deep/c.toml", b"task = 'classify'\n[data]\ntrain = '../mine.tsv'\nmin_count = 1\n");
    let more = "--set model.embed_dim=8 --set model.hidden_dim=6 --set train.epochs=1";
    place.gradus(&format!("train classify --config sets/deep/c.toml --out a {more}")).well();
    place
        .gradus(&format!(
            "train classify --set data.train=sets/mine.tsv --out b --set data.min_count=1 {more}"
        ))
        .well();
    for run in ["a", "b"] {
        std::fs::create_dir_all(place.path("elsewhere")).unwrap();
        let elsewhere = place.path("elsewhere");
        for args in [format!("evaluate ../{run}"), format!("train classify --out ../{run} --resume")] {
            let ran = place.command(&args).current_dir(&elsewhere).output().unwrap();
            assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        }
    }
    assert_eq!(place.read("a/best.safetensors"), place.read("b/best.safetensors"));
}

#[test]
fn files_of_the_users_own_are_not_replaced() {
    let place = Place::new();
    std::fs::create_dir(place.path("mine")).unwrap();
    let config = b"task = 'classify'\n[data]\ntrain = '../train.tsv'\n";
    let with = "train classify --config mine/config.toml --out mine";
    for (name, bytes, args, parts) in [
        (
            "config.toml",
            &config[..],
            with,
            &["mine/config.toml", "the run would overwrite this file, which it also reads"][..],
        ),
        ("vocabulary.txt", b"my words", "", &["mine: expected an empty folder", "vocabulary.txt"]),
        (
            "checkpoint.safetensors",
            b"my weights",
            "",
            &["mine: expected an empty folder", "checkpoint.safetensors"],
        ),
    ] {
        place.write(&format!("mine/{name}"), bytes);
        let args = if args.is_empty() { place.tiny("mine") } else { args.to_owned() };
        // The first refusal is no leave for the second.
        for args in [&args, &args, &format!("{args} --overwrite")] {
            place.gradus(args).refused(1, parts);
            let left: Vec<_> =
                std::fs::read_dir(place.path("mine")).unwrap().map(|e| e.unwrap().file_name()).collect();
            assert_eq!(left, [name], "nothing else is written");
            assert_eq!(place.read(&format!("mine/{name}")), bytes);
        }
        std::fs::remove_file(place.path(&format!("mine/{name}"))).unwrap();
    }
    // Data that lies where the run would write.
    place.write("mine/vocabulary.txt", &place.read("train.tsv"));
    let args = place.tiny("mine").replace("--train train.tsv", "--train mine/vocabulary.txt");
    place.gradus(&args).refused(1, &["mine/vocabulary.txt", "move the file"]);
    assert_eq!(place.read("mine/vocabulary.txt"), place.read("train.tsv"));
    // A file with a name of its own stays beside the run.
    std::fs::rename(place.path("mine/vocabulary.txt"), place.path("mine/notes.tsv")).unwrap();
    place.gradus(&place.tiny("mine").replace("--train train.tsv", "--train mine/notes.tsv")).well();
    assert_eq!(place.read("mine/notes.tsv"), place.read("train.tsv"));
}

#[test]
fn a_run_is_replaced_where_that_is_asked_for() {
    let place = Place::new();
    place.gradus(&place.tiny("a")).well();
    place.gradus("evaluate a").well();
    place.write("a/notes", b"kept");
    let before = place.files("a");
    let other = format!("{} --seed 7 --overwrite", place.tiny_of("textcnn", "a"));
    // Not before the new one can begin.
    for wrong in ["--set data.test=none.tsv", "--set model.hidden_dim=1000000000", "--device cuda:99"] {
        assert_eq!(place.gradus(&format!("{other} {wrong}")).code, Some(1), "{wrong}");
        assert!(place.files("a") == before, "{wrong}");
    }
    place.gradus(&other).well();
    let after = place.files("a");
    assert_eq!(after[&place.path("a/notes")], b"kept");
    assert!(!after.contains_key(&place.path("a/predictions.test.tsv")), "predictions of the run before");
    place.gradus(&other.replace(" --out a", " --out b").replace(" --overwrite", "")).well();
    std::fs::remove_file(place.path("a/notes")).unwrap();
    assert_same_runs(&place, "a", "b");
}

#[test]
fn a_schedule_that_depends_on_the_epochs_says_so_when_they_change() {
    let place = Place::new();
    for (name, note) in [("cosine", true), ("constant", false)] {
        place.gradus(&format!("{} --set schedule.name={name}", place.tiny(name))).well();
        let resume = format!("train classify --out {name} --resume");
        let ran = place.gradus(&resume);
        assert!(!ran.err.contains("note:"), "{}", ran.err);
        let ran = place.gradus(&format!("{resume} --set train.epochs=5"));
        let says =
            "note: the learning rate of this schedule depends on train.epochs, which changes from 3 to 5";
        assert_eq!(ran.err.contains(says), note, "{}", ran.err);
        ran.well();
    }
}

#[test]
fn what_was_understood_is_said_before_the_first_epoch() {
    let place = Place::new();
    let test = "yes\tfine unheard words\nno\tdull unheard words\n";
    place.write("test.tsv", test.repeat(2).as_bytes());
    place.write("train.tsv", (examples(240) + "odd\ta film\n").as_bytes());
    let ran = place.gradus(&format!("{} --test test.tsv --dev test.tsv", place.tiny("a")));
    let (block, epochs) =
        ran.err.split_once("train bilstm epoch 1/3").unwrap_or_else(|| panic!("{}", ran.err));
    assert!(!epochs.contains("warning:"), "{epochs}");
    let line = |what: &str| {
        let found = block.lines().find(|line| line.split(' ').next() == Some(what));
        found.unwrap_or_else(|| panic!("{what} is missing: {block}"))[what.len()..].trim().to_owned()
    };
    assert!(line("data").ends_with("/train.tsv"));
    assert_eq!(line("splits"), "241 train, 4 dev, 4 test examples");
    assert!(line("labels").contains("no 1") && line("labels").contains(", odd 1"), "{block}");
    assert_eq!(line("vocabulary"), "15 words");
    assert!(line("train").ends_with("tokens, 0.0 % unknown"), "{block}");
    assert_eq!(line("test"), "12 tokens, 66.7 % unknown");
    let parameters = line("model");
    assert!(ran.out.starts_with(parameters.strip_prefix("bilstm, ").unwrap()), "{parameters}: {}", ran.out);
    for warning in ["the label 'odd' occurs less than twice", "the dev split has only 4 examples"] {
        let said = block.lines().any(|line| line.starts_with("warning: ") && line.contains(warning));
        assert!(said, "{warning} is missing: {block}");
    }
    for tiny in Tiny::all() {
        let ran = place.gradus(&tiny.with(&["train.epochs=1"]).train(tiny.name()));
        for what in ["data ", "splits ", "vocabulary ", "train ", "dev ", "test ", "model "] {
            assert!(ran.err.lines().any(|line| line.starts_with(what)), "{what}: {}", ran.err);
        }
        assert!(ran.err.contains("48 train, 12 dev, 13 test"), "{}", ran.err);
    }
}

#[test]
fn a_run_has_its_folder_outside_the_folders_of_its_classes() {
    let place = Place::new();
    for (i, row) in examples(60).lines().enumerate() {
        let (label, text) = row.split_once('\t').unwrap();
        std::fs::create_dir_all(place.path(&format!("mine/{label}"))).unwrap();
        place.write(&format!("mine/{label}/{i}.txt"), text.as_bytes());
    }
    let args = |out: &str| place.tiny(out).replace("--train train.tsv", "--train mine");
    for out in ["mine/run", "mine/yes", "mine"] {
        let before = place.files("mine");
        place.gradus(&args(out)).refused(1, &["expected a folder outside", "--out"]);
        assert!(place.files("mine") == before);
    }
    place.gradus(&args("run")).well();
    place.gradus("evaluate run").well();
}

#[test]
fn a_run_is_not_resumed_with_fewer_epochs_than_it_has() {
    let place = Place::new();
    place.gradus(&place.tiny("a")).well();
    let before = place.files("a");
    let says = "train.epochs: expected at least the 3 epochs that the run has finished, found 2";
    place.gradus("train classify --out a --resume --set train.epochs=2").refused(1, &[says]);
    assert!(place.files("a") == before);
}

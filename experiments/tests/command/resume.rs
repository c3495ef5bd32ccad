//! A run that was stopped, killed or filled the disk, and went on, ends with the bits of one that was not.

use crate::events;
use crate::place::{Place, accuracy_in, replaced, signal};
use gradus_engine::state::read_tensors;
use serde_json::Value;
use std::process::Stdio;
use std::time::Duration;

/// A run with all kinds of state: moments, dropout, a moving average of the loss, a plateau.
fn args(place: &Place, out: &str) -> String {
    format!(
        "{} --loss ghm --set schedule.name=plateau --set schedule.patience=0 --set train.epochs=20 --set \
         train.checkpoint_every=1",
        place.tiny(out)
    )
}

fn undisturbed(place: &Place) {
    place.gradus(&args(place, "whole")).well();
}

#[track_caller]
fn assert_same(place: &Place) {
    assert_same_runs(place, "whole", "parts");
}

/// Both runs have the same files with the same bits, but for times.
#[track_caller]
pub fn assert_same_runs(place: &Place, whole: &str, parts: &str) {
    let (mut state, mut of_parts) = (place.state(whole), place.state(parts));
    assert_eq!(state.1.take(), of_parts.1.take(), "where the runs stand");
    assert!(state.0 == of_parts.0, "the tensors differ");
    let left: Vec<_> = place.files(parts).into_keys().collect();
    assert_eq!(left.len(), place.files(whole).len(), "half-written files are left: {left:?}");
    let log = |run: &str| place.read(&format!("{run}/metrics.jsonl"));
    assert_eq!(log(whole), log(parts));
    assert_eq!(events::read(place, whole).0, events::read(place, parts).0);
}

#[test]
fn killed_at_any_moment() {
    let place = Place::new();
    undisturbed(&place);
    let checkpoint = place.path("parts/checkpoint.safetensors");
    let mut killed = 0;
    for i in 0..12u64 {
        let first = !checkpoint.exists();
        let mut run = match first {
            true => place.start(&args(&place, "parts")),
            false => place.start("train classify --out parts --resume"),
        };
        place.wait_for(|| checkpoint.exists());
        std::thread::sleep(Duration::from_millis(7 + 5 * i));
        let ended = run.try_wait().unwrap().is_some();
        run.kill().unwrap();
        run.wait().unwrap();
        killed += usize::from(!ended);
    }
    assert!(killed >= 3, "the run was too short to be killed: {killed}");
    place.gradus("train classify --out parts --resume").well();
    assert_same(&place);
}

#[test]
fn stopped_by_ctrl_c() {
    let place = Place::new();
    undisturbed(&place);
    let checkpoint = place.path("parts/checkpoint.safetensors");
    let run = place.start(&args(&place, "parts"));
    place.wait_for(|| checkpoint.exists());
    std::thread::sleep(Duration::from_millis(10));
    signal("INT", &run);
    let ran: crate::place::Ran = run.wait_with_output().unwrap().into();
    ran.refused(130, &["interrupted at step", "continue with: gradus train classify --out parts --resume"]);
    place.gradus("train classify --out parts --resume").well();
    assert_same(&place);
}

/// While data is read, nothing has been written, and a signal ends the command with a line that says so.
#[test]
#[cfg(target_os = "linux")]
fn stopped_before_the_first_step() {
    let place = Place::new();
    // Long enough to be read for seconds.
    place.write("train.tsv", crate::place::examples(400_000).as_bytes());
    let before = place.files("");
    for (name, number, code) in [("INT", 2, 130), ("TERM", 15, 143)] {
        let run = place.start(&place.tiny("parts"));
        let caught = || {
            let status = std::fs::read_to_string(format!("/proc/{}/status", run.id())).unwrap_or_default();
            let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap_or_default();
            u64::from_str_radix(mask.trim(), 16).unwrap_or_default() >> (number - 1) & 1 == 1
        };
        place.wait_for(caught);
        signal(name, &run);
        let ran: crate::place::Ran = run.wait_with_output().unwrap().into();
        assert_eq!(ran.err, "error: interrupted before the first step; nothing was written\n");
        assert_eq!(ran.code, Some(code));
        assert!(place.files("") == before && !place.path("parts").exists());
    }
}

/// A signal is heeded while a split is evaluated, and a resumed run begins with this evaluation.
#[test]
fn stopped_in_an_evaluation() {
    let place = Place::new();
    place.write("dev.tsv", crate::place::examples(6000).as_bytes());
    let args = |out: &str| {
        let sets = "--set train.epochs=1 --set train.checkpoint_every=1 --set train.eval_batch_size=1";
        format!("{} --dev dev.tsv {sets} --set data.train_limit=16", place.tiny(out))
    };
    let run = place.start(&args("parts"));
    let checkpoint = place.path("parts/checkpoint.safetensors");
    let step = || {
        let (_, text) = read_tensors(&checkpoint).ok()?;
        serde_json::from_str::<Value>(&text).ok()?["run"]["progress"]["step"].as_u64()
    };
    place.wait_for(|| step() == Some(1));
    signal("TERM", &run);
    let ran: crate::place::Ran = run.wait_with_output().unwrap().into();
    ran.refused(143, &["interrupted at step 1; its checkpoint is kept"]);
    assert!(!place.path("parts/metrics.jsonl").exists(), "the epoch has not ended");
    place.gradus("train classify --out parts --resume").well();
    place.gradus(&args("whole")).well();
    assert_same(&place);
}

/// A student whose teacher still reads has nothing to lose.
#[test]
fn stopped_while_a_teacher_reads() {
    let place = Place::new();
    place.gradus(&place.tiny("teacher")).well();
    let run = place.start("distil teacher --student bilstm --out student --set loss.copies=1000");
    std::thread::sleep(Duration::from_millis(500));
    // A process that was started in the background may ignore INT.
    signal("TERM", &run);
    let began = std::time::Instant::now();
    assert_ne!(run.wait_with_output().unwrap().status.code(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert!(!place.path("student").exists());
}

/// A terminal that hangs up is treated like Ctrl-C, unless hanging up was ignored at the start.
#[test]
fn a_hang_up_stops_a_run_that_does_not_ignore_it() {
    let place = Place::new();
    undisturbed(&place);
    let checkpoint = place.path("parts/checkpoint.safetensors");
    // What the tests themselves were started under says nothing of the run.
    let start = |under: &str| {
        let args = replaced(&args(&place, "parts"));
        let line = format!("exec {under} {} {args}", env!("CARGO_BIN_EXE_gradus"));
        let mut run = std::process::Command::new("sh");
        run.args(["-c", &line]).current_dir(place.path(".")).stdin(Stdio::null());
        run.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let hung_up = || {
        let _ = std::fs::remove_dir_all(place.path("parts"));
        let run = start("env --default-signal=HUP");
        place.wait_for(|| checkpoint.exists());
        // The shell and the system may both send one.
        [0; 2].iter().for_each(|_| signal("HUP", &run));
        crate::place::Ran::from(run.wait_with_output().unwrap())
    };
    // On a busy machine a run may end before the signal comes.
    let ran = (0..9).map(|_| hung_up()).find(|ran| ran.code != Some(0)).expect("no signal came in time");
    ran.refused(129, &["interrupted at step", "continue with: gradus train classify --out parts --resume"]);
    place.gradus("train classify --out parts --resume").well();
    assert_same(&place);

    std::fs::remove_dir_all(place.path("parts")).unwrap();
    let run = start("nohup");
    place.wait_for(|| checkpoint.exists());
    signal("HUP", &run);
    let ran: crate::place::Ran = run.wait_with_output().unwrap().into();
    ran.well();
    assert_same(&place);
}

/// A checkpoint stands before the best parameters have a file of their own: what is lost with the second file is
/// still in the first.
#[test]
fn killed_between_checkpoint_and_best() {
    let place = Place::new();
    undisturbed(&place);
    place.gradus(&format!("{} --set train.epochs=1", args(&place, "parts"))).well();
    std::fs::remove_file(place.path("parts/best.safetensors")).unwrap();
    let says = "the checkpoint holds the same parameters; write the file anew with: gradus train classify --out parts --resume";
    place.gradus("evaluate parts").refused(1, &["parts/best.safetensors is missing", says]);
    place.gradus("train classify --out parts --resume").well();
    place.gradus("evaluate parts").well();
    std::fs::remove_file(place.path("parts/predictions.test.tsv")).unwrap();
    place.gradus("train classify --out parts --resume --set train.epochs=20").well();
    assert_same(&place);
}

/// Only the file of the best parameters has them once a later epoch has ended: without it, there is nothing to go on from.
#[test]
fn best_parameters_that_are_lost_are_missed_before_any_work() {
    let place = Place::new();
    place.gradus(&format!("{} --set train.epochs=12", place.tiny_of("textcnn", "a"))).well();
    place.gradus("train classify --out a --resume --set train.epochs=14 --set optimizer.lr=20").well();
    let best = place.read("a/best.safetensors");
    let lost = "the best epoch; put the file back, or train the run again with --overwrite";
    let goes_on =
        ["train classify --out a --resume --set train.epochs=15", "evaluate a", "predict a --text fine"];
    for command in goes_on {
        std::fs::remove_file(place.path("a/best.safetensors")).unwrap();
        place
            .gradus(command)
            .refused(1, &["error: a/best.safetensors is missing: it holds the parameters of", lost]);
        place.write("a/best.safetensors", &best[..best.len() / 2]);
        place
            .gradus(command)
            .refused(1, &["a/best.safetensors is not a whole safetensors file", "cut short", lost]);
    }
    // The data was not read, nor was anything written.
    std::fs::remove_file(place.path("train.tsv")).unwrap();
    let before = place.files("a");
    place.gradus(goes_on[0]).refused(1, &["a/best.safetensors", lost]);
    assert!(place.files("a") == before);
    // Whether the checkpoint could help cannot be told without it.
    std::fs::remove_file(place.path("a/best.safetensors")).unwrap();
    std::fs::remove_file(place.path("a/checkpoint.safetensors")).unwrap();
    place.gradus("predict a --text fine").refused(1, &["a/best.safetensors is missing", lost]);
    place.gradus(goes_on[0]).refused(1, &["a/checkpoint.safetensors is missing: put the file back"]);
}

/// A run that was killed while it wrote its first files is begun anew, and no file of the user's own is replaced.
#[test]
fn killed_before_the_first_checkpoint() {
    let place = Place::new();
    undisturbed(&place);
    let late = ["checkpoint.safetensors", "best.safetensors", "metrics.jsonl", "data.json", "config.toml"];
    // In the order in which they were not written yet.
    for n in 4..=late.len() {
        let _ = std::fs::remove_dir_all(place.path("parts"));
        place.gradus(&args(&place, "parts")).well();
        for file in place.files("parts").into_keys() {
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            if late[..n].contains(&name.as_str()) || name.starts_with("events") {
                std::fs::remove_file(file).unwrap();
            }
        }
        let says =
            "parts holds a run that was stopped before its first checkpoint; start it again with the same";
        for command in ["train classify --out parts --resume", "evaluate parts", "predict parts --text fine"]
        {
            place.gradus(command).refused(1, &[says, "without --resume"]);
        }
        if n == 4 {
            // A copy without hidden files.
            std::fs::remove_file(place.path("parts/.lock")).unwrap();
        }
        place.gradus(&args(&place, "parts")).well();
        assert_same(&place);
    }
    std::fs::remove_dir_all(place.path("parts")).unwrap();
    std::fs::create_dir(place.path("parts")).unwrap();
    place.write("parts/.lock", b"1");
    place.write("parts/config.toml", b"mine = true\n");
    let mine = ["parts: expected an empty folder or one of a run, found another file named config.toml"];
    place.gradus(&args(&place, "parts")).refused(1, &mine);
    assert_eq!(place.text("parts/config.toml"), "mine = true\n");
}

/// With a limit on the size of files the system kills the program, or refuses, at a byte of our choice.
#[test]
fn killed_at_any_byte_of_a_checkpoint() {
    let place = Place::new();
    undisturbed(&place);
    let first = format!("{} --set train.epochs=1", args(&place, "parts"));
    place.gradus(&first).well();
    let size = place.read("parts/checkpoint.safetensors").len() / 512;
    let before = place.read("parts/checkpoint.safetensors");
    for blocks in [size / 7, size / 3, size / 2, size - 1] {
        let goes_on = "train classify --out parts --resume --set train.epochs=20";
        let killed = place.after(&format!("ulimit -c 0; ulimit -f {blocks}"), goes_on);
        assert_ne!(killed.code, Some(0), "{}", killed.err);
        assert!(place.read("parts/checkpoint.safetensors") == before, "the checkpoint was touched");
    }
    place.gradus("train classify --out parts --resume --set train.epochs=20").well();
    assert_same(&place);
}

#[test]
fn no_space_left() {
    let place = Place::new();
    undisturbed(&place);
    place.gradus(&format!("{} --set train.epochs=1", args(&place, "parts"))).well();
    let before = place.read("parts/checkpoint.safetensors");
    let full = format!("trap '' XFSZ; ulimit -f {}", before.len() / 1024);
    let goes_on = "train classify --out parts --resume --set train.epochs=20";
    place.after(&full, goes_on).refused(1, &["cannot write parts/checkpoint.safetensors", "space left"]);
    assert!(place.read("parts/checkpoint.safetensors") == before, "the checkpoint was touched");
    place.gradus(goes_on).well();
    assert_same(&place);
}

#[test]
fn a_full_output_is_an_error() {
    if !std::path::Path::new("/dev/full").exists() {
        return;
    }
    let place = Place::new();
    place.after("exec >/dev/full", "list").refused(1, &["cannot write to standard output"]);
}

#[test]
fn cut_short_at_any_byte() {
    let place = Place::new();
    place.gradus(&place.tiny("a")).well();
    let files = place.files("a");
    for name in ["checkpoint.safetensors", "best.safetensors"] {
        let path = format!("a/{name}");
        let whole = place.read(&path);
        for cut in [0, 1, 7, 8, 9, 100, whole.len() / 3, whole.len() / 2, whole.len() - 1] {
            place.write(&path, &whole[..cut]);
            let command = match name {
                "best.safetensors" => "evaluate a",
                _ => "train classify --out a --resume --set train.epochs=5",
            };
            place.gradus(command).refused(1, &[&path, "cut short"]);
            assert_eq!(place.read(&path).len(), cut, "the damaged file was replaced");
        }
        place.write(&path, &whole);
    }
    assert!(place.files("a") == files, "other files were touched");
}

#[test]
fn a_whole_run_goes_on_with_more_epochs_and_without_its_vectors() {
    let place = Place::new();
    let vectors = format!("film {}\n", ["0.5"; 12].join(" "));
    place.write("vectors.txt", vectors.as_bytes());
    let args = |out: &str| format!("{} --embeddings vectors.txt", place.tiny(out));
    place.gradus(&format!("{} --set train.epochs=6", args("whole"))).well();
    place.gradus(&args("parts")).well();
    std::fs::remove_file(place.path("vectors.txt")).unwrap();
    place.gradus("train classify --out parts --resume --set train.epochs=6").well();
    assert_same(&place);
    place.gradus("train classify --out parts --resume").well();
    assert_same(&place);
}

#[test]
fn the_best_epoch_is_reported_though_later_ones_were_resumed() {
    let place = Place::new();
    place.gradus(&format!("{} --set train.epochs=12", place.tiny_of("textcnn", "a"))).well();
    let goes_on = "train classify --out a --resume --set train.epochs=14 --set optimizer.lr=20";
    place.gradus("evaluate a").well();
    assert!(place.path("a/predictions.test.tsv").exists());
    let out = place.gradus(goes_on).well();
    assert!(!place.path("a/predictions.test.tsv").exists(), "they are of another model");
    let (_, state) = place.state("a");
    let progress = &state["run"]["progress"];
    let best = 100.0 * progress["best"][1].as_f64().unwrap();
    let last = 100.0 * progress["epochs"][13]["dev"]["accuracy"].as_f64().unwrap();
    assert!(last < best, "the last epoch was to be worse: {last} {best}");
    // Once more, though nothing is left to train.
    for out in [out, place.gradus(goes_on).well()] {
        assert!((accuracy_in(&out) - best).abs() < 0.01, "{out} {best}");
    }
}

#[test]
fn a_run_that_exploded_goes_on_from_its_last_finite_checkpoint() {
    let place = Place::new();
    let sets = "--set optimizer.name=sgd --set optimizer.lr=1e30";
    place.gradus(&format!("{} {sets}", place.tiny_of("textcnn", "a"))).refused(
        1,
        &[
            "of step 2 (epoch 1) is not finite",
            "checkpoint, of step 0, is kept",
            "train.clip_norm",
            "--resume --set",
        ],
    );
    assert!(!place.path("a/best.safetensors").exists());
    // The rate is not to blame for the first loss.
    let first = format!("{} --set model.embed_std=1e38", place.tiny_of("textcnn", "b"));
    place
        .gradus(&first)
        .refused(1, &["the loss of step 1 (epoch 1) is not finite; no step was made", "initial weights"]);
    place.gradus("evaluate a").refused(
        1,
        &[
            "a/best.safetensors is missing: the run has not finished an epoch",
            "continue it with: gradus train classify --out a --resume",
        ],
    );
    let goes_on = "train classify --out a --resume --set";
    place
        .gradus(&format!("{goes_on} optimizer.momentum=0.5"))
        .refused(1, &["optimizer.momentum", "cannot change"]);
    place.gradus(&format!("{goes_on} optimizer.lr=1e-2")).well();
    assert!(place.text("a/config.toml").contains("lr = 0.01"));
    place.gradus("evaluate a").well();
}

#[test]
fn a_key_that_cannot_change_is_named_itself() {
    let place = Place::new();
    place.gradus(&place.tiny("a")).well();
    for (flag, says) in [
        ("--loss focal", "`loss.name` cannot change from \"cross_entropy\" to \"focal\""),
        ("--model textcnn", "`model.name` cannot change from"),
    ] {
        place.gradus(&format!("train classify --out a --resume {flag}")).refused(1, &[says]);
    }
    std::fs::remove_file(place.path("a/data.json")).unwrap();
    place.gradus("evaluate a").refused(1, &["a/data.json is missing: put the file back"]);
}

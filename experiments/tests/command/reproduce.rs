//! The main job: runs what is missing, and only that.

use crate::place::{Place, signal};
use gradus::studies::{self, DataSource, Scale};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// The files of all runs of these studies.
fn planned(studies: &str) -> BTreeSet<PathBuf> {
    let studies = studies.split(' ').map(|name| studies::find(name).unwrap());
    let runs = studies.flat_map(|study| study.runs(Scale::Smoke, DataSource::Embedded));
    runs.map(|run| run.file()).collect()
}

/// A result without what differs from one run to the next.
fn result(place: &Place, file: &str) -> Value {
    let mut json: Value = serde_json::from_slice(&place.read(file)).unwrap();
    for key in ["seconds", "tokens_per_second", "peak_memory_bytes"] {
        assert!(json.as_object_mut().unwrap().remove(key).is_some());
    }
    // Only of some studies.
    json.as_object_mut().unwrap().remove("examples_per_second");
    json
}

#[test]
fn runs_what_is_missing_and_only_that() {
    let place = Place::new();
    let studies = "table10 figure5";
    let args = format!("reproduce {studies} --scale smoke");
    place.gradus(&args).well();
    for file in planned(studies) {
        assert!(place.path("results").join(&file).exists(), "{} is missing", file.display());
    }
    let html = place.text("results/report.html");
    assert!(html.contains("Table 10") && html.contains("<svg"), "the report lacks a table or a plot");

    let runs = place.files("results/runs");
    let again = place.gradus(&args);
    assert_eq!(again.err, "", "nothing was missing");
    again.well();
    assert!(place.files("results/runs") == runs);

    let removed = "results/runs/figure5/sst-2--radam--seed1.json";
    let before = result(&place, removed);
    std::fs::remove_file(place.path(removed)).unwrap();
    let ran = place.gradus(&format!("{args} --threads 1"));
    assert!(ran.err.contains("[1/1] figure5"), "{}", ran.err);
    ran.well();
    assert_eq!(result(&place, removed), before, "with another number of threads");
    let mut now = place.files("results/runs");
    now.insert(place.path(removed), runs[&place.path(removed)].clone());
    assert!(now == runs, "another result was touched");
}

#[test]
fn a_hole_is_shown_and_a_damaged_result_is_named() {
    let place = Place::new();
    place.gradus("reproduce figure3 --scale smoke --out r").well();
    let whole = place.text("r/report.md");
    let file = place.files("r/runs").into_keys().next().unwrap();
    let bytes = std::fs::read(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    place.gradus("report r").well();
    assert_ne!(place.text("r/report.md"), whole);
    std::fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    let before = place.files("r");
    let name = file.file_name().unwrap().to_str().unwrap();
    for command in ["report r", "reproduce figure3 --scale smoke --out r"] {
        place.gradus(command).refused(1, &[name, "delete it"]);
    }
    assert!(place.files("r") == before);
}

#[test]
fn results_of_another_scale_or_with_other_settings_are_not_replaced() {
    let place = Place::new();
    place.gradus("reproduce figure3 --scale smoke --out r").well();
    let before = place.files("r");
    place.gradus("reproduce figure3 --scale quick --out r").refused(1, &["at scale smoke", "--out"]);
    let other = "reproduce figure3 --scale smoke --out r --set optimizer.lr=1";
    place.gradus(other).refused(1, &["with other settings", "--out"]);
    place.gradus("reproduce figure3 --scale smoke --out r --set train.lr=1").refused(1, &["`optimizer.lr`"]);
    assert!(place.files("r") == before);
}

#[test]
fn statistics_are_a_study_of_their_own() {
    let place = Place::new();
    place.gradus("reproduce table7 --scale smoke --out r").well();
    assert!(place.text("r/report.md").contains("Table 7"));
    std::fs::remove_file(place.path("r/data/reviews.json")).unwrap();
    place.gradus("reproduce table7 --scale smoke --out r").well();
    assert!(place.path("r/data/reviews.json").exists());
}

#[test]
fn stopped_by_ctrl_c_it_keeps_what_ended() {
    let place = Place::new();
    let args = "reproduce figure3 --scale smoke --out r --set train.epochs=60";
    let run = place.start(args);
    // Until the first run has ended and the second has begun.
    place.wait_for(|| !checkpoints(&place, "r").is_empty());
    let first = checkpoints(&place, "r");
    place.wait_for(|| checkpoints(&place, "r").iter().any(|folder| !first.contains(folder)));
    signal("INT", &run);
    let ran: crate::place::Ran = run.wait_with_output().unwrap().into();
    ran.refused(130, &["interrupted", "the same command continues"]);
    let kept = place.files("r/runs");
    assert!(!kept.is_empty());
    assert_eq!(checkpoints(&place, "r").len(), 1, "the run under way has a checkpoint");
    assert!(kept.len() < studies::find("figure3").unwrap().runs(Scale::Smoke, DataSource::Embedded).len());
    place.gradus(args).well();
    let all = place.files("r/runs");
    assert!(kept.iter().all(|(path, bytes)| all[path] == *bytes), "a result that had ended was made anew");
    assert!(all.len() > kept.len());
    assert!(!place.path("r/working").exists(), "what was needed on the way is gone");
}

/// The folders of runs under way that have a checkpoint.
fn checkpoints(place: &Place, out: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(place.path(out).join("working")) else { return vec![] };
    let folders = entries.map(|entry| entry.unwrap().path());
    folders.filter(|folder| folder.join("checkpoint.safetensors").exists()).collect()
}

/// Every result in a folder, but for times.
fn results(place: &Place, out: &str) -> BTreeMap<String, Value> {
    let names = place
        .files(&format!("{out}/runs"))
        .into_keys()
        .map(|path| path.strip_prefix(place.path(out)).unwrap().to_str().unwrap().to_owned());
    names.map(|name| (name.clone(), result(place, &format!("{out}/{name}")))).collect()
}

#[test]
fn killed_it_goes_on_from_a_checkpoint_with_the_same_bits() {
    let place = Place::new();
    let args = |out: &str| format!("reproduce table9 --scale smoke --set train.epochs=30 --out {out}");
    place.gradus(&args("whole")).well();
    let mut run = place.start(&args("parts"));
    // The first epoch of a run has ended, and no result file has its bits yet.
    place.wait_for(|| {
        checkpoints(&place, "parts").iter().any(|folder| folder.join("best.safetensors").exists())
    });
    run.kill().unwrap();
    run.wait().unwrap();
    let folders = checkpoints(&place, "parts");
    assert_eq!(folders.len(), 1);
    let checkpoint = folders[0].join("checkpoint.safetensors");
    let whole = std::fs::read(&checkpoint).unwrap();
    std::fs::write(&checkpoint, &whole[..whole.len() / 2]).unwrap();
    place.gradus(&args("parts")).refused(1, &["table9 ", "delete that folder", "cut short"]);
    std::fs::write(&checkpoint, whole).unwrap();
    let dry = place.gradus(&format!("{} --dry-run", args("parts"))).well();
    assert_eq!(dry.matches("continues from its checkpoint").count(), 1, "{dry}");
    place.gradus(&args("parts")).well();
    assert!(results(&place, "whole") == results(&place, "parts"));
    // The peak of memory is that of a whole run, or is not told.
    let resumed = place.files("parts/runs").into_values().filter(|bytes| {
        let json: Value = serde_json::from_slice(bytes).unwrap();
        json["peak_memory_bytes"].is_null()
    });
    assert_eq!(resumed.count(), 1, "one run was resumed");
    assert!(!place.path("parts/working").exists());
}

/// Runs whose folders other runs read are trained again where these are lost.
#[test]
fn what_a_student_reads_is_trained_again() {
    let place = Place::new();
    place.gradus("reproduce distillation --scale smoke --out r").well();
    let before = results(&place, "r");
    assert!(
        before.keys().any(|name| name.contains("pretraining")),
        "the runs of another study that are read"
    );
    let student = "r/runs/distillation/sst-2-textcnn--logits--seed1.json";
    std::fs::remove_file(place.path(student)).unwrap();
    let again = place.gradus("reproduce distillation --scale smoke --out r");
    assert!(again.err.contains("[1/1] distillation"), "{}", again.err);
    again.well();
    assert!(results(&place, "r") == before);

    std::fs::remove_file(place.path(student)).unwrap();
    std::fs::remove_dir_all(place.path("r/kept")).unwrap();
    let again = place.gradus("reproduce distillation --scale smoke --out r");
    for part in ["[1/3] pretraining", "[2/3] distillation", "[3/3] distillation"] {
        assert!(again.err.contains(part), "{part} is missing: {}", again.err);
    }
    again.well();
    assert!(results(&place, "r") == before);
}

/// The models without adversarial training are trained once, then attacked for one study and explained for another.
#[test]
fn a_finished_run_is_attacked_and_explained() {
    let place = Place::new();
    place.gradus("reproduce robustness faithfulness --scale smoke --out r").well();
    let trials = |study: &str, run: &str| {
        let result = result(&place, &format!("r/runs/{study}/sst-2-{run}--seed1.json"));
        result["trials"].as_object().unwrap().clone()
    };
    for run in ["bert--plain", "bilstm--fgm", "textcnn--pgd"] {
        let attacked = trials("robustness", run);
        assert_eq!(attacked.len(), 3);
        for (name, numbers) in attacked {
            let of = |number: &str| numbers[number].as_f64().unwrap();
            assert!(
                (0.0..=of("clean")).contains(&of("accuracy")) && of("queries") >= 0.0,
                "{name}: {numbers}"
            );
        }
    }
    for (run, methods) in [("bert--plain", 6), ("bilstm--plain", 4)] {
        let explained = trials("faithfulness", run);
        assert_eq!(explained.len(), methods);
        for (name, numbers) in explained {
            let of = |number: &str| numbers[number].as_f64().unwrap();
            assert!(
                [of("deletion"), of("insertion")].iter().all(|area| (0.0..=1.0).contains(area)),
                "{name}"
            );
            assert!((-1.0..=1.0).contains(&of("agreement")), "{name}: {numbers}");
        }
    }
    let report = place.text("r/report.md");
    assert!(report.contains("Plain: insertion, %, by trial."), "{report}");
}

#[test]
fn two_jobs_find_what_one_finds() {
    let place = Place::new();
    // Of all tasks; students read the runs of their teachers.
    let studies = "table9 contrastive pretraining distillation";
    let args = |out: &str| format!("reproduce {studies} --scale smoke --out {out}");
    place.gradus(&args("one")).well();
    let ran = place.gradus(&format!("{} --jobs 2 --threads 2", args("two")));
    assert!(ran.err.contains("[2/"), "{}", ran.err);
    ran.well();
    let (one, two) = (results(&place, "one"), results(&place, "two"));
    assert_eq!(one.len(), planned(studies).len());
    assert!(one == two, "results depend on the number of jobs");
    assert!(!place.path("two/working").exists());
}

#[test]
fn ctrl_c_stops_all_jobs_and_a_second_call_goes_on() {
    let place = Place::new();
    let args = |out: &str| format!("reproduce figure3 --scale smoke --out {out} --set train.epochs=60");
    place.gradus(&args("whole")).well();
    let jobs = |n: usize| format!("{} --jobs {n}", args("r"));
    let run = place.start(&jobs(3));
    place.wait_for(|| checkpoints(&place, "r").len() == 3);
    signal("INT", &run);
    let ran: crate::place::Ran = run.wait_with_output().unwrap().into();
    ran.refused(130, &["interrupted", "the same command continues"]);
    place.gradus(&jobs(2)).well();
    assert!(results(&place, "whole") == results(&place, "r"));
}

#[test]
fn a_run_that_fails_costs_no_other_its_result() {
    let place = Place::new();
    // Where the results of Table 10 should go there is a file.
    std::fs::create_dir_all(place.path("r/runs")).unwrap();
    place.write("r/runs/table10", b"");
    let args = "reproduce figure3 table10 --scale smoke --out r --jobs 2";
    let ran = place.gradus(args);
    assert!(ran.err.contains("failed; waiting for the other running jobs to finish"), "{}", ran.err);
    ran.refused(1, &["table10/imdb--", "cannot be written"]);
    let figure3 = studies::find("figure3").unwrap().runs(Scale::Smoke, DataSource::Embedded);
    assert!(figure3.iter().all(|run| place.path("r").join(run.file()).exists()));
    std::fs::remove_file(place.path("r/runs/table10")).unwrap();
    place.gradus(args).well();
}

#[test]
fn a_dry_run_tells_what_would_be_run_and_writes_nothing() {
    let place = Place::new();
    let studies = "table10 attention contrastive";
    let told = place.gradus(&format!("reproduce {studies} --scale smoke --out r --dry-run")).well();
    assert!(!place.path("r").exists(), "something was written");
    assert_eq!(told.lines().filter(|line| line.contains("seed 1")).count(), planned(studies).len(), "{told}");
    let shared = "has the result of runs/table10/imdb--dropout--seed1.json";
    for part in
        [shared, "18 runs: 0 are there, 1 have the result of another, 17 to be trained", "measured now"]
    {
        assert!(told.contains(part), "{part} is missing: {told}");
    }
    place.gradus("reproduce table10 --scale smoke --out r").well();
    std::fs::remove_file(place.path("r/runs/table10/imdb--l2--seed1.json")).unwrap();
    let before = place.files("r");
    let told = place.gradus("reproduce table10 attention --scale smoke --out r --dry-run --jobs 9").well();
    assert!(place.files("r") == before, "something was written");
    for part in [shared, "7 are there, 1 have", "the same model on the same data in r", "with 4 at once"] {
        assert!(told.contains(part), "{part} is missing: {told}");
    }
}

#[test]
fn an_error_in_the_data_leaves_the_results() {
    let place = Place::new();
    place.gradus("reproduce table10 --scale smoke --out r").well();
    let before = place.files("r");
    let real = "reproduce table5 --scale smoke --out r --data nowhere";
    place.gradus(real).refused(1, &["nowhere", "no files of the data set"]);
    assert!(place.files("r") == before);
}

#[test]
fn a_run_that_explodes_leaves_nothing_half_done() {
    let place = Place::new();
    let reproduce = "reproduce figure3 --scale smoke --set optimizer.name=sgd --set optimizer.lr";
    let title = "figure3 Balanced Cross-entropy seed 1";
    for (lr, part) in [("1e38", "is not finite"), ("1e30", "a loss or time is")] {
        place.gradus(&format!("{reproduce}={lr}")).refused(1, &[title, part, "with another --out"]);
        assert!(!place.path("results/runs").exists(), "no result is written");
    }
    assert!(!place.path("results/working").exists());
}

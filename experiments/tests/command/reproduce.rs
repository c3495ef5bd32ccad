//! The main job: runs what is missing, and only that.

use crate::place::{Place, signal};
use gradus::paper::{self, DataSource, Scale};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::PathBuf;

fn planned() -> BTreeSet<PathBuf> {
    let runs = paper::all().iter().flat_map(|study| study.runs(Scale::Smoke, DataSource::Embedded));
    runs.map(|run| run.file()).collect()
}

/// A result without what differs from one run to the next.
fn result(place: &Place, file: &str) -> Value {
    let mut json: Value = serde_json::from_slice(&place.read(file)).unwrap();
    for key in ["seconds", "tokens_per_second", "peak_memory_bytes"] {
        assert!(json.as_object_mut().unwrap().remove(key).is_some());
    }
    json
}

#[test]
fn runs_what_is_missing_and_only_that() {
    let place = Place::new();
    place.gradus("reproduce --scale smoke").well();
    for file in planned() {
        assert!(place.path("results").join(&file).exists(), "{} is missing", file.display());
    }
    let html = place.text("results/report.html");
    assert!(html.contains("Table 10") && html.contains("<svg"), "the report lacks a table or a plot");

    let runs = place.files("results/runs");
    let again = place.gradus("reproduce --scale smoke");
    assert_eq!(again.err, "", "nothing was missing");
    again.well();
    assert!(place.files("results/runs") == runs);

    let removed = "results/runs/figure5/sst-2--radam--seed1.json";
    let before = result(&place, removed);
    std::fs::remove_file(place.path(removed)).unwrap();
    let ran = place.gradus("reproduce --scale smoke --threads 1");
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
    let folder = place.path("r/runs/figure3");
    let ended = || std::fs::read_dir(&folder).map_or(0, |entries| entries.count());
    place.wait_for(|| ended() > 0);
    signal("INT", &run);
    let ran: crate::place::Ran = run.wait_with_output().unwrap().into();
    ran.refused(130, &["interrupted", "the same command goes on"]);
    let kept = place.files("r/runs");
    assert!(kept.len() < paper::find("figure3").unwrap().runs(Scale::Smoke, DataSource::Embedded).len());
    place.gradus(args).well();
    let all = place.files("r/runs");
    assert!(kept.iter().all(|(path, bytes)| all[path] == *bytes), "a result that had ended was made anew");
    assert!(all.len() > kept.len());
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

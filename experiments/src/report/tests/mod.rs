//! Reports of made-up results.

mod attacks;
mod lines;
mod made;
mod transfer;

use super::study::{DataSource, Run, Scale};
use super::*;
use made::{STUDIES, first, made, results};
use serde_json::Value;
use std::fs;

fn section<'a>(report: &'a Report, study: &str) -> &'a Section {
    report.sections.iter().find(|section| section.study.name == study).unwrap()
}

#[test]
fn a_result_is_read_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let run = first("losses", Scale::Quick, DataSource::Real);
    let result = made(&run, Scale::Quick, DataSource::Real);
    result.write(folder.path()).unwrap();
    let read = RunResult::read(&folder.path().join(run.file())).unwrap();
    assert!(read == result, "to the last bit");

    let mut config = result.config.clone();
    let answers = |scale, config: &Value| result.answers(&run, scale, DataSource::Real, &keys(config));
    assert!(answers(Scale::Quick, &config));
    assert!(!answers(Scale::Smoke, &config));
    config["threads"] = 7.into();
    assert!(answers(Scale::Quick, &config), "threads do not change results");
    config["train"]["epochs"] = 99.into();
    assert!(!answers(Scale::Quick, &config));
}

#[test]
fn the_report_is_whole_and_self_contained() {
    let folder = results(Scale::Quick, DataSource::Embedded);
    let built = build(folder.path(), STUDIES).unwrap();
    assert!(built.report.not_run.is_empty() && built.report.strays.is_empty());
    assert!(built.report.sections.iter().all(|section| section.missing.is_empty()));
    assert_eq!(built.report.sections.len(), STUDIES.len());
    let html = fs::read_to_string(&built.html).unwrap();
    let markdown = fs::read_to_string(&built.markdown).unwrap();
    for text in [&html, &markdown] {
        for study in STUDIES {
            assert!(text.contains(study.title), "{}", study.name);
        }
        assert!(text.contains("paper 90.3 (+1.2)") && text.contains("on reviews-long"));
    }
    assert!(!html.contains("src=") && !html.contains("url("), "the page needs nothing else");
    assert_eq!(html.matches("<svg").count(), built.plots.len());
    for plot in &built.plots {
        let name = plot.file_name().unwrap().to_str().unwrap();
        assert!(plot.is_file() && markdown.contains(&format!("(plots/{name})")), "{name}");
    }
}

#[test]
fn numbers_are_those_of_the_files() {
    let folder = results(Scale::Quick, DataSource::Real);
    let run = first("weights", Scale::Quick, DataSource::Real);
    for (seed, accuracy) in [(1, 0.80), (2, 0.82)] {
        let mut result = made(&Run { seed, ..run.clone() }, Scale::Quick, DataSource::Real);
        result.test.insert("accuracy".into(), accuracy);
        result.write(folder.path()).unwrap();
    }
    let report = Report::read(folder.path(), STUDIES).unwrap();
    let table = &section(&report, "weights").tables[0];
    // The standard deviation of 80 and 82 is √2.
    assert_eq!(table.rows[0][1].main, "81.0 ± 1.4");
    assert_eq!(table.rows[0][1].lines, ["paper 89.1"]);
}

/// One seed of one row has the test examples of both columns.
#[test]
fn comparisons_are_paired_where_both_runs_say_which_examples_were_right() {
    let folder = results(Scale::Quick, DataSource::Real);
    let mut runs = STUDIES[0].runs(Scale::Quick, DataSource::Real);
    runs.retain(|run| (run.row, run.seed) == ("IMDB", 2));
    for (column, right) in [("None", 0..594), ("+Decay", 0..600)] {
        let run = runs.iter().find(|run| run.column == column).unwrap();
        let mut result = made(run, Scale::Quick, DataSource::Real);
        result.right = Some(RightExamples::new(&(0..600).map(|i| right.contains(&i)).collect::<Vec<_>>()));
        result.write(folder.path()).unwrap();
        result.right = Some(RightExamples::new(&[true; 12]));
        let error = result.write(folder.path()).unwrap_err().to_string();
        assert!(error.contains("it does not say of 600 test examples which were right"), "{error}");
    }
    let report = Report::read(folder.path(), STUDIES).unwrap();
    let table = section(&report, "weights").tables.last().unwrap();
    assert_eq!(table.head.last().unwrap(), "McNemar's p");
    let paired: Vec<&str> = table.rows.iter().map(|row| row[6].main.as_str()).collect();
    // 2 / 2⁶: six examples that only one of the two has right.
    assert_eq!(paired.iter().filter(|p| !p.is_empty()).collect::<Vec<_>>(), [&"0.031"], "{paired:?}");
}

#[test]
fn a_setting_that_some_runs_lack_is_no_difference() {
    let folder = results(Scale::Quick, DataSource::Real);
    let run = first("losses", Scale::Quick, DataSource::Real);
    let mut result = made(&run, Scale::Quick, DataSource::Real);
    result.config["data"]["html"] = true.into();
    result.config["train"].as_object_mut().unwrap().clear();
    result.write(folder.path()).unwrap();
    let report = Report::read(folder.path(), STUDIES).unwrap();
    let appendix = section(&report, "losses").appendix.as_ref().unwrap();
    for shared in ["data.html = true", "train.epochs = 4"] {
        assert!(appendix.shared.contains(&shared.to_owned()), "{:?}", appendix.shared);
    }
    let own = &appendix.table.rows[0][1].main;
    assert_eq!(own, "data.dataset = reviews, loss.name = cross_entropy");
}

#[test]
fn deleting_one_file_makes_a_hole_and_changes_nothing_else() {
    let folder = results(Scale::Quick, DataSource::Embedded);
    let before = Report::read(folder.path(), STUDIES).unwrap();
    let gone = "runs/weights/imdb--decay--seed2.json";
    fs::remove_file(folder.path().join(gone)).unwrap();
    let after = build(folder.path(), STUDIES).unwrap().report;

    let (old, new) = (section(&before, "weights"), section(&after, "weights"));
    assert_eq!(new.missing.len(), 1);
    assert!(new.missing[0].contains(gone), "{}", new.missing[0]);
    assert_eq!(new.verdict(), Some(verdict::Verdict::Incomplete));
    let mut entries = 0;
    for (old, new) in old.tables[0].rows.iter().flatten().zip(new.tables[0].rows.iter().flatten()) {
        if old != new {
            entries += 1;
            assert!(new.hole && new.main == "—", "{new:?}");
            assert!(new.lines.contains(&"missing: seed 2".to_owned()), "{new:?}");
        }
    }
    assert_eq!(entries, 1);
    for study in STUDIES.iter().filter(|study| study.name != "weights") {
        let (old, new) = (section(&before, study.name), section(&after, study.name));
        assert_eq!((&old.tables, &old.plots, &old.judgement), (&new.tables, &new.plots, &new.judgement));
    }
    let html = fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert!(html.contains("<td class=\"hole\">—") && html.contains(gone));
}

#[test]
fn a_study_without_results_is_said_to_be_missing() {
    let folder = results(Scale::Smoke, DataSource::Embedded);
    fs::remove_dir_all(folder.path().join("runs/optimizers")).unwrap();
    build(folder.path(), STUDIES).unwrap();
    let markdown = fs::read_to_string(folder.path().join("report.md")).unwrap();
    assert!(markdown.contains("No result yet: optimizers."));
}

#[test]
fn scales_are_not_mixed() {
    let folder = results(Scale::Quick, DataSource::Embedded);
    let smoke = first("optimizers", Scale::Smoke, DataSource::Embedded);
    made(&smoke, Scale::Smoke, DataSource::Embedded).write(folder.path()).unwrap();
    let report = Report::read(folder.path(), STUDIES).unwrap();
    let sections: Vec<_> =
        report.sections.iter().filter(|section| section.study.name == "optimizers").collect();
    assert_eq!(sections.iter().map(|s| s.progress()).collect::<Vec<_>>(), ["1 of 2 runs", "3 of 4 runs"]);
}

#[test]
fn broken_files_are_named_and_the_report_stays() {
    let folder = results(Scale::Smoke, DataSource::Embedded);
    build(folder.path(), STUDIES).unwrap();
    let report = fs::read(folder.path().join("report.html")).unwrap();
    let path = folder.path().join("runs/losses/balanced--focal-loss--seed1.json");
    let whole = fs::read_to_string(&path).unwrap();

    let error_of = |text: &str| {
        fs::write(&path, text).unwrap();
        build(folder.path(), STUDIES).unwrap_err().to_string()
    };
    let name = path.display().to_string();
    let cut = error_of(&whole[..whole.len() / 2]);
    assert!(cut.starts_with(&name) && cut.contains("line") && cut.contains("delete it"), "{cut}");
    let version = error_of(&whole.replacen("\"schema\": 1", "\"schema\": 9", 1));
    assert!(
        version.starts_with(&name) && version.contains("expected version 1") && version.contains("found 9")
    );
    let misplaced = error_of(&whole.replacen("\"Focal loss\"", "\"Cross-entropy\"", 1));
    assert!(
        misplaced.contains("found that of runs/losses/balanced--cross-entropy--seed1.json"),
        "{misplaced}"
    );
    let unknown = error_of(&whole.replacen("\"seed\"", "\"sead\"", 1));
    assert!(unknown.contains("unknown field `sead`"), "{unknown}");
    assert!(error_of("").starts_with(&name));
    assert_eq!(
        fs::read(folder.path().join("report.html")).unwrap(),
        report,
        "the earlier report is untouched"
    );

    let empty = tempfile::tempdir().unwrap();
    assert!(
        build(empty.path(), STUDIES).unwrap_err().to_string().contains("make some with `gradus reproduce`")
    );
}

#[test]
fn a_number_that_is_not_finite_is_never_written() {
    let folder = tempfile::tempdir().unwrap();
    let run = first("losses", Scale::Smoke, DataSource::Embedded);
    let mut result = made(&run, Scale::Smoke, DataSource::Embedded);
    result.test.insert("accuracy".into(), f64::NAN);
    let error = result.write(folder.path()).unwrap_err().to_string();
    assert!(error.contains("the metric 'accuracy' is NaN"), "{error}");
    assert!(!folder.path().join(run.file()).exists());
}

#[test]
fn results_that_no_study_asks_for_are_left_out_and_said() {
    let folder = results(Scale::Smoke, DataSource::Embedded);
    let run = first("losses", Scale::Smoke, DataSource::Embedded);
    let stray = RunResult { row: "Elsewhere".into(), ..made(&run, Scale::Smoke, DataSource::Embedded) };
    stray.write(folder.path()).unwrap();
    let report = build(folder.path(), STUDIES).unwrap().report;
    assert_eq!(report.strays, ["runs/losses/elsewhere--cross-entropy--seed1.json"]);
}

#[test]
fn sizes_and_settings_stand_beside_the_papers() {
    let folder = results(Scale::Quick, DataSource::Real);
    let report = Report::read(folder.path(), STUDIES).unwrap();
    let imdb = &section(&report, "sets").tables[0].rows[0];
    assert_eq!((imdb[0].main.as_str(), imdb[3].main.as_str()), ("imdb", "25,000"));
    assert_eq!([&imdb[3].lines[0], &imdb[4].lines[0]], ["paper 25,000", "paper —"]);
    assert_eq!(section(&report, "sets").differences, ["Of the paper's sets not measured here: SQuAD."]);
    let settings = &section(&report, "sizes").tables[0];
    assert_eq!(settings.head, ["Setting", "BiLSTM"], "of the models that ran");
    assert_eq!((settings.rows[0][1].main.as_str(), &settings.rows[0][1].lines[0][..]), ("48", "paper 300"));
    assert_eq!(settings.rows[1][1].main, "not used");
}

#[test]
fn what_differs_is_read_from_the_configurations() {
    let folder = results(Scale::Quick, DataSource::Embedded);
    let report = Report::read(folder.path(), STUDIES).unwrap();
    let said = section(&report, "weights").differences.join("\n");
    for words in [
        "generated corpora, not the paper's: reviews-long (1,200 training",
        "cut after 100 words",
        "Word vectors start random and are trained, as in the paper.",
        "BiLSTM, not as in Table 5: embedding dimension 48 (paper 300)",
        "at most 4 epochs in batches of 32, adam with learning rate 0.003",
        "The paper gives no strength.",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let full = results(Scale::Full, DataSource::Real);
    let full = Report::read(full.path(), STUDIES).unwrap();
    let said = &section(&full, "losses").differences;
    assert!(said.contains(&"BiLSTM has the sizes of Table 5.".to_owned()), "{said:?}");
    // Without the paper's hyper-parameters, the report does not mention them.
    let few = results(Scale::Quick, DataSource::Embedded);
    let few = Report::read(few.path(), &STUDIES[..3]).unwrap();
    assert!(!section(&few, "weights").differences.join("\n").contains("BiLSTM"));
}

#[test]
fn a_matrix_has_each_trial_of_each_row() {
    let (scale, source) = (Scale::Quick, DataSource::Embedded);
    let folder = results(scale, source);
    let report = Report::read(folder.path(), STUDIES).unwrap();
    let section = report.sections.iter().find(|section| section.study.name == "domains").unwrap();
    let table = &section.tables[1];
    assert_eq!(table.caption, "BiLSTM: accuracy, %, by trial.");
    assert_eq!(table.head, ["Data set", "books", "films"]);
    // Of the data that a row learned from, the number is highlighted.
    let marked = |i: usize, j: usize| table.rows[i][j].mark == Some(table::Mark::Best);
    assert_eq!([marked(0, 1), marked(0, 2), marked(1, 1), marked(1, 2)], [true, false, false, true]);
    assert!(section.plots.iter().any(|plot| plot.name == "domains-quick-embedded-matrix-1"));

    // A result without one of its trials is incomplete.
    let run = first("domains", scale, source);
    let mut result = made(&run, scale, source);
    assert!(result.has(&run.trials));
    result.trials.remove("on films");
    assert!(!result.has(&run.trials));
    result.write(folder.path()).unwrap();
    let report = Report::read(folder.path(), STUDIES).unwrap();
    let section = report.sections.iter().find(|section| section.study.name == "domains").unwrap();
    let entry = &section.tables[1].rows[0][2];
    assert!(entry.hole && entry.lines[0] == "seed 1 did not record on-films-accuracy", "{entry:?}");
}

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};

use super::*;
use crate::run::{Epoch, StepLoss};
use crate::studies::{DataSource, Run, Scale};

/// A number between 0 and 1 that depends on the text only.
fn noise(text: &str) -> f64 {
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    (hash >> 11) as f64 / (1u64 << 53) as f64
}

fn config(run: &Run) -> Value {
    let mut config = json!({"task": "classify", "threads": 2, "data": {"embeddings": ""}, "loss": {"name": "cross_entropy"},
                            "model": {"kernel_sizes": [3, 4, 5]}, "optimizer": {"name": "adam"}, "train": {}});
    for (key, text) in &run.sets {
        let value = serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone()));
        match key.split_once('.') {
            Some((section, key)) => config[section][key] = value,
            None => config[key] = value,
        }
    }
    config
}

fn metrics(base: f64, name: &str) -> BTreeMap<String, f64> {
    let of = |metric: &str| (metric.to_owned(), base + 0.02 * noise(&format!("{name}{metric}")));
    ["accuracy", "precision_macro", "f1_macro"].map(of).into()
}

/// A result in which columns further right are better.
pub(super) fn made(run: &Run, scale: Scale, source: DataSource) -> RunResult {
    let columns = studies::find(run.study).unwrap().cells(scale, source);
    let columns = grid::unique(columns.iter().filter(|c| c.row == run.row).map(|cell| cell.column));
    let place = columns.iter().position(|column| *column == run.column).unwrap();
    let name = run.file().display().to_string();
    let base = 0.72 + 0.02 * place as f64;
    let loss = |step: u64| {
        let falling = (-(step as f64) * (0.004 + 0.002 * place as f64)).exp();
        0.1 + 0.6 * falling + 0.1 * noise(&format!("{name}{step}"))
    };
    let config = config(run);
    let dataset = config["data"]["dataset"].as_str().unwrap_or_default().to_owned();
    let epoch = |epoch: u64| Epoch {
        epoch,
        step: 75 * epoch,
        train_loss: loss(75 * epoch),
        dev: metrics(base, &name),
    };
    RunResult {
        schema: SCHEMA,
        study: run.study.into(),
        row: run.row.into(),
        column: run.column.into(),
        scale,
        source,
        seed: run.seed,
        config,
        data: DataUsed {
            name: dataset.clone(),
            checksum: "00ff".into(),
            note: format!("splits of {dataset} as the loader makes them"),
            train: 1200,
            dev: 300,
            test: 600,
            labels: 2,
            vocabulary: 4321,
        },
        machine: Machine::here("avx2"),
        parameters: 123_456,
        seconds: 3.0 + noise(&name),
        tokens_per_second: 30_000.0 * (1.0 + noise(&name)),
        peak_memory_bytes: Some(87_000_000),
        best_epoch: 3,
        dev: metrics(base, &name),
        test: metrics(base, &name),
        steps: (1..=60).map(|i| StepLoss { step: 5 * i, loss: loss(5 * i) }).collect(),
        epochs: (1..=4).map(epoch).collect(),
    }
}

fn statistics(name: &str, source: DataSource) -> DataStatistics {
    let split = |examples: u64| SplitStatistics {
        examples,
        tokens: 21 * examples,
        longest: 77,
        label_counts: vec![examples / 3, examples - examples / 3],
    };
    DataStatistics {
        schema: STATISTICS_SCHEMA,
        name: name.into(),
        source,
        language: "English".into(),
        task: "Text Classification".into(),
        checksum: "00ff".into(),
        note: String::new(),
        labels: vec!["no".into(), "yes".into()],
        vocabulary: 12_345,
        train: split(25_000),
        dev: split(2_500),
        test: split(25_000),
    }
}

/// A folder with every run of every study.
pub(super) fn results(scale: Scale, source: DataSource) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for study in studies::all() {
        for run in study.runs(scale, source) {
            made(&run, scale, source).write(folder.path()).unwrap();
        }
    }
    statistics(if source == DataSource::Real { "imdb" } else { "reviews" }, source)
        .write(folder.path())
        .unwrap();
    folder
}

fn section<'a>(report: &'a Report, study: &str) -> &'a Section {
    report.sections.iter().find(|section| section.study.name == study).unwrap()
}

#[test]
fn a_result_is_read_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let study = studies::find("figure3").unwrap();
    let run = &study.runs(Scale::Quick, DataSource::Real)[0];
    let result = made(run, Scale::Quick, DataSource::Real);
    result.write(folder.path()).unwrap();
    let read = RunResult::read(&folder.path().join(run.file())).unwrap();
    assert!(read == result, "to the last bit");

    let mut config = result.config.clone();
    let answers = |scale, config: &Value| result.answers(run, scale, DataSource::Real, &super::keys(config));
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
    let built = build(folder.path()).unwrap();
    assert!(built.report.not_run.is_empty() && built.report.strays.is_empty());
    assert!(built.report.sections.iter().all(|section| section.missing.is_empty()));
    assert_eq!(built.report.sections.len(), studies::all().len());
    let html = fs::read_to_string(&built.html).unwrap();
    let markdown = fs::read_to_string(&built.markdown).unwrap();
    for text in [&html, &markdown] {
        for study in studies::all() {
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
    let run = &studies::find("table10").unwrap().runs(Scale::Quick, DataSource::Real)[0];
    for (seed, accuracy) in [(1, 0.80), (2, 0.82)] {
        let mut result = made(&Run { seed, ..run.clone() }, Scale::Quick, DataSource::Real);
        result.test.insert("accuracy".into(), accuracy);
        result.write(folder.path()).unwrap();
    }
    let report = Report::read(folder.path()).unwrap();
    let table = &section(&report, "table10").tables[0];
    // The standard deviation of 80 and 82 is √2.
    assert_eq!(table.rows[0][1].main, "81.0 ± 1.4");
    assert_eq!(table.rows[0][1].lines, ["paper 89.1"]);
}

#[test]
fn deleting_one_file_makes_a_hole_and_changes_nothing_else() {
    let folder = results(Scale::Quick, DataSource::Embedded);
    let before = Report::read(folder.path()).unwrap();
    let gone = "runs/table10/imdb--l2--seed2.json";
    fs::remove_file(folder.path().join(gone)).unwrap();
    let after = build(folder.path()).unwrap().report;

    let (old, new) = (section(&before, "table10"), section(&after, "table10"));
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
    for study in studies::all().iter().filter(|study| study.name != "table10") {
        let (old, new) = (section(&before, study.name), section(&after, study.name));
        assert_eq!((&old.tables, &old.plots, &old.judgement), (&new.tables, &new.plots, &new.judgement));
    }
    let html = fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert!(html.contains("<td class=\"hole\">—") && html.contains(gone));
}

#[test]
fn a_study_without_results_is_said_to_be_missing() {
    let folder = results(Scale::Smoke, DataSource::Embedded);
    fs::remove_dir_all(folder.path().join("runs/table5")).unwrap();
    build(folder.path()).unwrap();
    let markdown = fs::read_to_string(folder.path().join("report.md")).unwrap();
    assert!(markdown.contains("No result yet: table5."));
}

#[test]
fn scales_are_not_mixed() {
    let folder = results(Scale::Quick, DataSource::Embedded);
    let study = studies::find("attention").unwrap();
    let smoke = &study.runs(Scale::Smoke, DataSource::Embedded)[0];
    made(smoke, Scale::Smoke, DataSource::Embedded).write(folder.path()).unwrap();
    let report = Report::read(folder.path()).unwrap();
    let sections: Vec<_> =
        report.sections.iter().filter(|section| section.study.name == "attention").collect();
    assert_eq!(sections.iter().map(|s| s.progress()).collect::<Vec<_>>(), ["1 of 4 runs", "7 of 8 runs"]);
}

#[test]
fn broken_files_are_named_and_the_report_stays() {
    let folder = results(Scale::Smoke, DataSource::Embedded);
    build(folder.path()).unwrap();
    let report = fs::read(folder.path().join("report.html")).unwrap();
    let path = folder.path().join("runs/figure3/balanced--focal-loss--seed1.json");
    let whole = fs::read_to_string(&path).unwrap();

    let error_of = |text: &str| {
        fs::write(&path, text).unwrap();
        build(folder.path()).unwrap_err().to_string()
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
        misplaced.contains("found that of runs/figure3/balanced--cross-entropy--seed1.json"),
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
    assert!(build(empty.path()).unwrap_err().to_string().contains("make some with `gradus reproduce`"));
}

#[test]
fn a_number_that_is_not_finite_is_never_written() {
    let folder = tempfile::tempdir().unwrap();
    let run = &studies::find("figure3").unwrap().runs(Scale::Smoke, DataSource::Embedded)[0];
    let mut result = made(run, Scale::Smoke, DataSource::Embedded);
    result.test.insert("accuracy".into(), f64::NAN);
    let error = result.write(folder.path()).unwrap_err().to_string();
    assert!(error.contains("the metric 'accuracy' is NaN"), "{error}");
    assert!(!folder.path().join(run.file()).exists());
}

#[test]
fn results_that_no_study_asks_for_are_left_out_and_said() {
    let folder = results(Scale::Smoke, DataSource::Embedded);
    let run = &studies::find("figure3").unwrap().runs(Scale::Smoke, DataSource::Embedded)[0];
    let stray = RunResult { row: "Elsewhere".into(), ..made(run, Scale::Smoke, DataSource::Embedded) };
    stray.write(folder.path()).unwrap();
    let report = build(folder.path()).unwrap().report;
    assert_eq!(report.strays, ["runs/figure3/elsewhere--cross-entropy--seed1.json"]);
}

#[test]
fn table_7_and_8_read_what_was_measured_and_run() {
    let folder = results(Scale::Quick, DataSource::Real);
    let report = Report::read(folder.path()).unwrap();
    let imdb = &section(&report, "table7").tables[0].rows[0];
    assert_eq!((imdb[0].main.as_str(), imdb[3].main.as_str()), ("imdb", "25,000"));
    assert_eq!(imdb[3].lines, ["paper 25,000"]);
    assert_eq!(
        section(&report, "table7").differences,
        ["Of the paper's sets not measured here: CoNLL-2003, SQuAD."]
    );
    let settings = &section(&report, "table8").tables[0];
    assert_eq!(settings.head, ["Setting", "TextCNN", "BiLSTM", "BiLSTM-CRF", "BiDAF"]);
    assert_eq!(settings.rows[0][2].main, "48");
    assert_eq!(settings.rows[0][2].lines, ["paper 300"]);
    assert_eq!(settings.rows[2][2].main, "not used");
}

#[test]
fn what_differs_is_read_from_the_configurations() {
    let folder = results(Scale::Quick, DataSource::Embedded);
    let report = Report::read(folder.path()).unwrap();
    let said = section(&report, "table10").differences.join("\n");
    for words in [
        "generated corpora, not the paper's: reviews-long (1,200 training",
        "cut after 100 words",
        "Word vectors start random and are trained, as in the paper.",
        "BiLSTM, not as in Table 8: word embedding dimension 48 (paper 300), hidden layer dimension 32 (paper 128)",
        "at most 4 or 5 epochs in batches of 32, adam with learning rate 0.003",
        "headed “0”",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let full = results(Scale::Full, DataSource::Real);
    let full = Report::read(full.path()).unwrap();
    assert!(section(&full, "figure3").differences.contains(&"BiLSTM has the sizes of Table 8.".to_owned()));
}

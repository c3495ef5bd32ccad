use super::*;
use crate::report::study::{Cell, Claim, Measure, Setting, Trial};
use crate::report::{self, RunResult};
use crate::tasks;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn every_plan() -> impl Iterator<Item = (&'static Study, Scale, DataSource)> {
    all().iter().flat_map(|study| {
        Scale::ALL.into_iter().flat_map(move |scale| DataSource::ALL.map(|source| (study, scale, source)))
    })
}

#[test]
fn a_misspelt_study_names_the_nearest() {
    let error = find("tabel10").unwrap_err();
    assert_eq!(error.nearest, "table10");
    assert!(error.to_string().starts_with("there is no study 'tabel10'; did you mean 'table10'?"), "{error}");
    assert_eq!(find("figure3").unwrap().name, "figure3");
}

#[test]
fn every_run_has_a_file_of_its_own() {
    for scale in Scale::ALL {
        let runs: Vec<Run> = all().iter().flat_map(|study| study.runs(scale, DataSource::Embedded)).collect();
        let files: BTreeSet<PathBuf> = runs.iter().map(Run::file).collect();
        assert_eq!(files.len(), runs.len(), "{scale}");
    }
    let file = find("table10").unwrap().runs(Scale::Quick, DataSource::Real)[3].file();
    assert_eq!(file, PathBuf::from("runs/table10/imdb--l2--seed2.json"));
}

#[test]
fn files_do_not_depend_on_scale_or_source() {
    let study = find("attention").unwrap();
    let file = |scale, source| study.runs(scale, source)[0].file();
    assert_eq!(file(Scale::Smoke, DataSource::Embedded), file(Scale::Full, DataSource::Real));
}

#[test]
fn no_key_is_set_twice() {
    for (study, scale, source) in every_plan() {
        for run in study.runs(scale, source) {
            let keys: BTreeSet<&str> = run.sets.iter().map(|(key, _)| key.as_str()).collect();
            assert_eq!(keys.len(), run.sets.len(), "{run:?}");
        }
    }
}

#[test]
fn claims_and_baselines_speak_of_rows_and_of_columns_that_every_row_has() {
    for (study, scale, source) in every_plan() {
        let cells = study.cells(scale, source);
        let rows: BTreeSet<&str> = cells.iter().map(|cell| cell.row).collect();
        let (of_rows, of_columns): (Vec<&Claim>, Vec<&Claim>) =
            study.claims.iter().partition(|claim| claim.within.is_some());
        let named = of_columns.iter().flat_map(|claim| [claim.better, claim.worse]).chain(study.baseline);
        let planned = |row: &str, column: Option<&str>| {
            let mut all = every_plan().filter(|(other, ..)| other.name == study.name);
            all.any(|(study, scale, source)| {
                study.cells(scale, source).iter().any(|cell| cell.row == row && Some(cell.column) == column)
            })
        };
        // A study may lack these rows on some data.
        for claim in of_rows {
            assert!([claim.better, claim.worse].iter().all(|row| planned(row, claim.within)), "{claim:?}");
        }
        assert!(study.claims.iter().all(|claim| study.measures.contains(&claim.measure)));
        let claimed = study.claims.iter().flat_map(|claim| claim.rows);
        assert!(cells.is_empty() || claimed.into_iter().all(|row| rows.contains(row)), "{}", study.name);
        for column in named {
            let with: BTreeSet<&str> =
                cells.iter().filter(|c| c.column == column).map(|cell| cell.row).collect();
            assert_eq!(with, rows, "{}: {column}", study.name);
        }
    }
}

#[test]
fn trials_that_are_shown_are_made() {
    for (study, scale, source) in every_plan() {
        let shown = study.measures.iter().filter_map(|measure| match measure {
            Measure::Trial(trial, _) => Some(*trial),
            _ => None,
        });
        let shown: Vec<Trial> = shown.collect();
        for cell in study.cells(scale, source) {
            assert!(shown.iter().all(|trial| cell.trials.contains(trial)), "{}: {}", study.name, cell.row);
            let names: BTreeSet<String> = cell.trials.iter().map(|trial| trial.name()).collect();
            assert_eq!(names.len(), cell.trials.len(), "{}: {}", study.name, cell.row);
        }
    }
}

#[test]
fn equal_models_are_attacked_and_explained() {
    for source in DataSource::ALL {
        let cells = |study: Study| study.cells(Scale::Quick, source);
        for explained in cells(faithfulness::STUDY) {
            let attacked = cells(robustness::STUDY);
            let attacked =
                attacked.iter().find(|cell| (cell.row, cell.column) == (explained.row, explained.column));
            assert_eq!(attacked.unwrap().sets, explained.sets);
        }
    }
}

#[test]
fn every_run_that_another_one_reads_is_planned() {
    for scale in Scale::ALL {
        for source in DataSource::ALL {
            let runs: Vec<Run> = all().iter().flat_map(|study| study.runs(scale, source)).collect();
            let names: BTreeSet<String> = runs.iter().map(Run::name).collect();
            for (run, value) in
                runs.iter().flat_map(|run| run.sets.iter().map(move |(_, value)| (run, value)))
            {
                let Some(read) = value.strip_prefix("run:") else { continue };
                let name: Vec<&str> = read.splitn(3, '/').take(2).collect();
                assert!(names.contains(&name.join("/")), "{scale} {source}: {} reads {read}", run.name());
            }
        }
    }
}

#[test]
fn cells_of_a_row_differ_only_where_the_study_means_it() {
    let cells = find("table10").unwrap().cells(Scale::Standard, DataSource::Real);
    let of = |column: &str| -> BTreeSet<(String, String)> {
        let cell = cells.iter().find(|cell| cell.row == "SST-2" && cell.column == column).unwrap();
        cell.sets.iter().cloned().collect()
    };
    let added: Vec<_> = of("+L2").difference(&of("No regularization")).cloned().collect();
    assert_eq!(added, [("loss.l2".to_owned(), "0.00001".to_owned())]);
}

#[test]
fn standard_has_the_sizes_of_table_8() {
    // Students, and models that are attacked, explained or compressed, are smaller than the paper's.
    let small = [robustness::STUDY.name, faithfulness::STUDY.name, compression::STUDY.name];
    let of_the_paper =
        |study: &&Study| !small.contains(&study.name) && !study.name.starts_with("distillation");
    for study in all().iter().filter(of_the_paper) {
        for cell in study.cells(Scale::Standard, DataSource::Real) {
            let place =
                table8::PAPER.models.iter().position(|(name, _)| value(&cell, "model.name") == Some(name));
            // The table is not about models of texts and of translations.
            let of_table = !["language", "translate"].map(Some).contains(&value(&cell, "task"));
            // Some studies vary dropout.
            let varied = |line: &&Setting| line.key == "model.dropout" || !of_table;
            for line in table8::PAPER.lines.iter().filter(|line| !varied(line)) {
                if let Some(set) = value(&cell, line.key) {
                    assert_eq!(Some(set), line.values[place.unwrap()], "{}: {}", study.name, line.key);
                }
            }
        }
    }
}

fn value<'a>(cell: &'a Cell, key: &str) -> Option<&'a str> {
    cell.sets.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
}

/// All source files under a folder of `src`.
fn sources(folder: &str) -> Vec<PathBuf> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(folder)];
    let mut files = vec![];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files
}

#[test]
fn training_imports_no_reporting_and_reporting_no_paper() {
    for (folder, above) in [("run", "report"), ("tasks", "report"), ("data", "report"), ("report", "studies")]
    {
        for path in sources(folder) {
            let text = fs::read_to_string(&path).unwrap();
            for import in [format!("crate::{above}::"), format!("crate::{above};")] {
                let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
                assert!(!code.into_iter().any(|line| line.contains(&import)), "{}: {import}", path.display());
            }
        }
    }
}

/// The folder of the results in this repository.
fn committed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("results")
}

#[test]
fn every_committed_result_answers_its_run() {
    let mut answered = BTreeSet::new();
    let of_source = |source| {
        let runs = all().iter().flat_map(move |study| study.runs(Scale::Standard, source));
        runs.map(move |run| (run, source))
    };
    // Studies whose rows differ between real and generated data may have results of both.
    for (run, source) in DataSource::ALL.into_iter().flat_map(of_source) {
        let path = committed().join(run.file());
        if !path.exists() || RunResult::read(&path).unwrap().source != source {
            continue;
        }
        let config = tasks::load(None, &run.assignments()).unwrap();
        let keys = report::keys(&config.to_json());
        let result = RunResult::read(&path).unwrap();
        assert!(result.answers(&run, Scale::Standard, source, &keys), "{}", path.display());
        assert!(result.has(&run.trials), "{}", path.display());
        answered.insert(run.file());
    }
    let files: BTreeSet<PathBuf> =
        report::results(&committed()).unwrap().iter().map(RunResult::file).collect();
    assert_eq!(answered, files);
    assert!(!files.is_empty());
}

#[test]
fn the_committed_report_is_that_of_the_committed_results() {
    let copy = tempfile::tempdir().unwrap();
    let listed = |folder: &Path| -> Vec<PathBuf> {
        let paths = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
        let (folders, mut files): (Vec<_>, Vec<_>) = paths.partition(|path| path.is_dir());
        let inner = folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap());
        files.extend(inner.map(|entry| entry.unwrap().path()));
        files.sort();
        files
    };
    for path in ["runs", "data"].into_iter().flat_map(|within| listed(&committed().join(within))) {
        let to = copy.path().join(path.strip_prefix(committed()).unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(&path, to).unwrap();
    }
    let built = report::build(copy.path(), all()).unwrap();
    assert!(built.report.strays.is_empty());
    for path in built.plots.iter().chain([&built.html, &built.markdown]) {
        let name = path.strip_prefix(copy.path()).unwrap();
        let kept = fs::read(committed().join(name)).unwrap_or_else(|e| panic!("{}: {e}", name.display()));
        assert!(
            fs::read(path).unwrap() == kept,
            "{}: recreate it with gradus report experiments/results",
            name.display()
        );
    }
    let plots = listed(&committed().join("plots"));
    assert_eq!(plots.len(), built.plots.len(), "no plot is left over");
}

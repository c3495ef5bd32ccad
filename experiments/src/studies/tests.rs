use std::collections::BTreeSet;

use super::*;

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
fn claims_and_baselines_speak_of_columns_that_every_row_has() {
    for (study, scale, source) in every_plan() {
        let cells = study.cells(scale, source);
        let rows: BTreeSet<&str> = cells.iter().map(|cell| cell.row).collect();
        let named = study.claims.iter().flat_map(|claim| [claim.better, claim.worse]).chain(study.baseline);
        assert!(study.claims.iter().all(|claim| study.measures.contains(&claim.measure)));
        for column in named {
            let with: BTreeSet<&str> =
                cells.iter().filter(|c| c.column == column).map(|cell| cell.row).collect();
            assert_eq!(with, rows, "{}: {column}", study.name);
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
    for study in all() {
        for cell in study.cells(Scale::Standard, DataSource::Real) {
            for (_, key, values) in table8::PAPER {
                let set = cell.sets.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str());
                let model =
                    cell.sets.iter().find(|(key, _)| key == "model.name").map(|(_, name)| name.as_str());
                let column = table8::MODELS.iter().position(|(name, _)| Some(*name) == model).unwrap();
                // Dropout is what some studies vary; the BiLSTM's layers mean nothing to the TextCNN.
                if let (Some(set), false) = (set, key == "model.dropout" || key == "model.layers") {
                    assert_eq!(Some(set), values[column].or(values[0]), "{}: {key}", study.name);
                }
            }
        }
    }
}

#[test]
fn a_scale_is_read_back_from_its_name() {
    for scale in Scale::ALL {
        assert_eq!(scale.to_string().parse(), Ok(scale));
    }
    let error = "fast".parse::<Scale>().unwrap_err().to_string();
    assert_eq!(error, "there is no scale 'fast'; expected smoke, quick, standard, full");
}

//! What models lose on other sets, beside the divergence of their words.

use super::super::right::RightExamples;
use super::super::study::*;
use super::super::*;
use super::made::{PLAIN, cell, made_of, statistics};
use crate::run::Metric;

const ACCURACY: Metric = Metric::share("accuracy");
const SETS: [&str; 3] = ["books", "films", "tools"];

/// Three sets and two models.
static STUDY: &[Study] = &[Study {
    name: "moved",
    source: "Figure 1",
    title: "From one set to another",
    claim: "Few lose much.",
    measures: &[Measure::Test(ACCURACY), Measure::Gap(ACCURACY)],
    claims: &[Claim::of(Measure::Gap(ACCURACY), "b", "a")],
    shows: Shows::Matrix(&[ACCURACY]),
    plan: |scale, _| {
        let of = |set, column| cell(set, column, set, scale).tried(SETS.map(Trial::On));
        SETS.into_iter().flat_map(|set| ["a", "b"].map(|column| of(set, column))).collect()
    },
    ..PLAIN
}];

/// `a` loses 10, 20, 30 points as the words diverge, `b` 3 everywhere; on their own sets both reach 90.
fn results() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let bits = |a: &str, b: &str| match (a, b) {
        ("books", "films") | ("films", "books") => 0.1,
        ("books", "tools") | ("tools", "books") => 0.2,
        _ => 0.3,
    };
    for run in STUDY[0].runs(Scale::Quick, DataSource::Embedded) {
        let mut result = made_of(&STUDY[0], &run, Scale::Quick, DataSource::Embedded);
        // Seeds differ, their mean does not.
        let own = 0.9 + if run.seed == 1 { 0.01 } else { -0.01 };
        result.test.insert("accuracy".into(), own);
        for set in SETS {
            let lost = match (run.column, set == run.row) {
                (_, true) => 0.0,
                ("a", false) => bits(run.row, set),
                (_, false) => 0.03,
            };
            let found = result.trials.get_mut(&Trial::On(set).name()).unwrap();
            found.insert("accuracy".into(), own - lost);
        }
        result.write(folder.path()).unwrap();
    }
    for set in SETS {
        let others = SETS.into_iter().filter(|other| *other != set);
        let divergence = others.map(|other| (other.to_owned(), bits(set, other))).collect();
        let set = DataStatistics { divergence, ..statistics(set, DataSource::Embedded) };
        set.write(folder.path()).unwrap();
    }
    folder
}

fn texts(table: &table::Table) -> Vec<Vec<String>> {
    table.rows.iter().map(|row| row.iter().map(|entry| entry.main.clone()).collect()).collect()
}

#[test]
fn who_loses_more_where_words_differ_more_has_a_correlation_of_one() {
    let folder = results();
    let report = Report::read(folder.path(), STUDY).unwrap();
    let [.., divergences, correlations, comparisons] = &report.sections[0].tables[..] else {
        panic!("tables")
    };
    assert_eq!(texts(divergences)[0], ["books", "0.000", "0.100", "0.200"]);
    assert_eq!(texts(divergences)[2], ["tools", "0.200", "0.300", "0.000"]);
    assert_eq!(
        texts(correlations),
        [["a", "90.0", "70.0", "20.0", "1.00"], ["b", "90.0", "87.0", "3.0", "—"]]
    );
    assert_eq!(correlations.rows[0][4].lines, ["6 pairs"]);
    // b is better in each row: its gap is smaller.
    assert_eq!(comparisons.rows[0][3].main, "+12.0");
    assert_eq!(report.sections[0].verdict(), Some(verdict::Verdict::Held));
    assert!(report.sections[0].plots.iter().any(|plot| plot.name == "moved-quick-embedded-divergence"));
}

#[test]
fn what_is_missing_is_left_out() {
    let folder = results();
    std::fs::remove_file(folder.path().join("runs/moved/films--a--seed2.json")).unwrap();
    let report = Report::read(folder.path(), STUDY).unwrap();
    let [.., correlations, _] = &report.sections[0].tables[..] else { panic!("tables") };
    assert_eq!(texts(correlations).len(), 1, "a is incomplete");
    for set in SETS {
        statistics(set, DataSource::Embedded).write(folder.path()).unwrap();
    }
    let report = Report::read(folder.path(), STUDY).unwrap();
    assert!(report.sections[0].plots.iter().all(|plot| !plot.name.contains("divergence")));
    // Two measures, two matrices, the comparisons.
    assert_eq!(report.sections[0].tables.len(), 5);

    let broken = DataStatistics {
        divergence: [("films".into(), 1.5)].into(),
        ..statistics("books", DataSource::Embedded)
    };
    broken.write(folder.path()).unwrap();
    let error = Report::read(folder.path(), STUDY).unwrap_err().to_string();
    assert!(
        error.contains("books.json") && error.contains("the divergence from 'films' is 1.5 bits"),
        "{error}"
    );
}

/// Models that learn from one set, of which a row reads what they reach on another.
static READS: &[Study] = &[Study {
    name: "read",
    measures: &[Measure::Test(ACCURACY)],
    claims: &[Claim::of(Measure::Test(ACCURACY), "b", "a")],
    plan: |scale, _| {
        let of = |column| {
            let cell = cell("films", column, "books", scale).tried([Trial::On("films")]);
            cell.reads(Measure::Trial(Trial::On("films"), ACCURACY))
        };
        ["a", "b"].map(of).into()
    },
    ..PLAIN
}];

#[test]
fn what_a_row_reads_instead_stands_in_the_place_of_its_measure_alone() {
    let folder = tempfile::tempdir().unwrap();
    for run in READS[0].runs(Scale::Quick, DataSource::Embedded) {
        let mut result = made_of(&READS[0], &run, Scale::Quick, DataSource::Embedded);
        let own = if run.column == "a" { 0.5 } else { 0.6 };
        *result.trials.get_mut("on films").unwrap() = [("accuracy".to_owned(), own)].into();
        result.right = Some(RightExamples::new(&(0..600).map(|i| i < 500).collect::<Vec<_>>()));
        result.write(folder.path()).unwrap();
    }
    let report = Report::read(folder.path(), READS).unwrap();
    // No floor, and no test of the examples of the other set.
    let [means, comparisons] = &report.sections[0].tables[..] else {
        panic!("{:?}", report.sections[0].tables)
    };
    assert_eq!(texts(means), [["films", "50.0 ± 0.0", "60.0 ± 0.0"]]);
    assert_eq!(comparisons.rows[0][3].main, "+10.0");
    assert_eq!(comparisons.head.last().unwrap(), "Outcome");
}

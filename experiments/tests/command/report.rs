//! `gradus report` of a user's own runs.

use crate::place::{Place, accuracy_in, examples};

/// The row of a Markdown table that begins with a name.
#[track_caller]
fn row<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    let start = format!("| {name}");
    let line = page.lines().find(|line| line.starts_with(&start));
    let line = line.unwrap_or_else(|| panic!("no row {name}: {page}"));
    line.trim_matches('|').split('|').map(str::trim).collect()
}

#[test]
fn one_run_with_the_numbers_of_evaluate() {
    let place = Place::new();
    place.gradus(&place.tiny("a")).well();
    let said = place.gradus("report a").well();
    assert_eq!(said, "report/report.md\nreport/report.html\n");
    let (page, html) = (place.text("report/report.md"), place.text("report/report.html"));
    let evaluated = accuracy_in(&place.gradus("evaluate a").well());
    assert_eq!(row(&page, "accuracy, %")[2], format!("{evaluated:.2}"));
    let on_dev = accuracy_in(&place.gradus("evaluate a --split dev").well());
    assert_eq!(row(&page, "accuracy, %")[1], format!("{on_dev:.2}"));
    // The matrix has the examples, and on its diagonal the right ones.
    let number = |entry: &str| entry.trim_matches('*').parse::<f64>().unwrap();
    let matrix = page.split("### Confusion").nth(1).unwrap();
    let [no, yes] =
        ["no", "yes"].map(|label| row(matrix, label)[1..].iter().map(|n| number(n)).collect::<Vec<_>>());
    let all: f64 = no.iter().chain(&yes).sum();
    assert_eq!(all, 24.0);
    assert!((100.0 * (no[0] + yes[1]) / all - evaluated).abs() < 0.006, "{no:?} {yes:?}");
    for epoch in ["1", "2", "3"] {
        row(page.split("Epochs in numbers").nth(1).unwrap(), epoch);
    }
    assert!(html.contains("<svg") && !html.contains("src="), "one page that needs nothing else");
    // The earlier report is replaced.
    place.gradus("report a").well();
    assert_eq!(place.text("report/report.html"), html);
}

#[test]
fn the_worst_mistakes_are_those_of_the_predictions() {
    let place = Place::new();
    // Little is learnt.
    place.gradus(&format!("{} --set optimizer.lr=1e-30", place.tiny("a"))).well();
    place.gradus("evaluate a").well();
    let table = place.text("a/predictions.test.tsv");
    let mut wrong: Vec<(f64, &str)> = table
        .lines()
        .skip(1)
        .map(|line| line.split('\t').collect::<Vec<_>>())
        .filter(|fields| fields[0] != fields[1])
        .map(|fields| (fields[2].parse().unwrap(), fields[3]))
        .collect();
    wrong.sort_by(|a, b| b.0.total_cmp(&a.0));
    assert!(!wrong.is_empty(), "{table}");
    place.gradus("report a --out r").well();
    let page = place.text("r/report.md");
    let mistakes: Vec<&str> =
        page.split("Worst mistakes").nth(1).unwrap().lines().filter(|l| l.contains("% sure")).collect();
    assert_eq!(mistakes.len(), wrong.len().min(20), "{page}");
    assert!(mistakes[0].contains(wrong[0].1), "{} {}", mistakes[0], wrong[0].1);
    assert!(mistakes[0].contains(&format!("{:.1}%", 100.0 * wrong[0].0)), "{} {}", mistakes[0], wrong[0].0);
}

#[test]
fn several_runs_side_by_side() {
    let place = Place::new();
    place.gradus(&place.tiny("a")).well();
    place
        .gradus(
            &format!("{} --seed 7 --set train.epochs=1 --model textcnn", place.tiny("b"))
                .replace("--set model.layers=1 ", ""),
        )
        .well();
    place.gradus("report a b --out both --threads 1").well();
    let page = place.text("both/report.md");
    for (name, entries) in [("seed", ["1", "7"]), ("train.epochs", ["3", "1"])] {
        assert_eq!(row(&page, name)[1..], entries, "{page}");
    }
    let side = page.split("## Side by side").nth(1).unwrap();
    for (i, run) in ["a", "b"].into_iter().enumerate() {
        let evaluated = accuracy_in(&place.gradus(&format!("evaluate {run}")).well());
        assert!(row(side, "accuracy, %")[1 + i].contains(&format!("{evaluated:.2}")), "{page}");
    }
    // The same page with other threads.
    let html = place.read("both/report.html");
    place.gradus("report a b --out both --threads 3").well();
    assert_eq!(place.read("both/report.html"), html);
}

#[test]
fn every_task_has_a_report() {
    let place = Place::new();
    let sizes = "--set model.embed_dim=16 --set model.hidden_dim=12 --set train.epochs=2 --set data.train_limit=200 --set \
                 data.dev_limit=40 --set data.test_limit=60";
    place.gradus(&format!("train tag --dataset names-small --out t {sizes}")).well();
    place.gradus(&format!("train read --dataset passages --out r {sizes}")).well();
    place.gradus(&place.tiny("c")).well();
    let sizes = "--set model.hidden_size=8 --set model.num_hidden_layers=1 --set model.vocab_size=90 --set train.epochs=2 --set \
                 data.train_limit=48 --set data.dev_limit=12 --set data.test_limit=13";
    place.gradus(&format!("train masked --dataset almanac --out m {sizes}")).well();
    place.gradus("report t r c m").well();
    let page = place.text("report/report.md");
    for part in [
        "## t (",
        "## r (",
        "## c (",
        "## m (",
        "sentences in the test split",
        "questions in the test split",
        "13 texts in the test split",
        "perplexity<br>selects the best epoch",
        "missed,",
        "F1 0.0",
        "| PER |",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("Side by side"), "no two have a task in common");
}

#[test]
fn data_that_is_missing_is_said_and_the_curves_are_there() {
    let place = Place::new();
    place.gradus(&place.tiny("a")).well();
    std::fs::remove_file(place.path("train.tsv")).unwrap();
    let ran = place.gradus("report a");
    assert!(ran.err.contains("a: not evaluated: ") && ran.err.contains("with --train FILE"), "{}", ran.err);
    assert!(ran.out.contains("report.md"), "{}", ran.out);
    ran.refused(1, &["not evaluated on the test split: a;"]);
    let (page, html) = (place.text("report/report.md"), place.text("report/report.html"));
    assert!(page.contains("Not evaluated on the test split: ") && page.contains("train.tsv"), "{page}");
    assert!(html.contains("<svg") && !page.contains("Worst mistakes") && row(&page, "accuracy, %")[2] == "—");
    // Data that changed: its numbers, and none of its texts.
    let other: String = examples(400).split_inclusive('\n').skip(160).collect();
    place.write("train.tsv", other.as_bytes());
    place.gradus("report a").well();
    let page = place.text("report/report.md");
    assert!(page.contains("has changed since training") && !page.contains("Worst mistakes"), "{page}");
    assert!(row(&page, "accuracy, %")[2].parse::<f64>().is_ok());
}

#[test]
fn what_is_no_run_or_no_place_is_refused() {
    let place = Place::new();
    place.gradus(&place.tiny("a")).well();
    std::fs::create_dir_all(place.path("results/runs/figure3")).unwrap();
    std::fs::create_dir_all(place.path("empty")).unwrap();
    std::fs::create_dir_all(place.path("mine")).unwrap();
    place.write("mine/report.md", b"# My thesis\n");
    place.gradus("report a results").refused(1, &["results holds results", "or only folders of runs"]);
    place.gradus("report results results").refused(1, &["name one results folder, or only folders of runs"]);
    place.gradus("report empty").refused(
        1,
        &["empty: expected the folder of a run (config.toml) or of results (runs/), but it has neither"],
    );
    place.gradus("report a empty").refused(1, &["empty: expected the folder of a run"]);
    place
        .gradus("report a --out a")
        .refused(1, &["a: expected a new folder", "found that of a run", "--out"]);
    place.gradus("report a --out results").refused(1, &["results: expected a new folder", "results"]);
    place.gradus("report a --out mine").refused(1, &["one with another report.md"]);
    assert_eq!(place.text("mine/report.md"), "# My thesis\n");
    place
        .gradus("report results --out r")
        .refused(1, &["results holds results", "leave --out, --data, --train, --dev and --test out"]);
    std::fs::create_dir_all(place.path("above/runs")).unwrap();
    std::fs::rename(place.path("a"), place.path("above/runs/a")).unwrap();
    place.gradus("report above").refused(1, &["found a folder with runs in it", "above/runs/a"]);
    place.gradus("report above/runs/a").well();
    place.write("above/runs/a/metrics.jsonl", b"{\"step\":1,\"loss\":1.0}\nnonsense\n");
    place.gradus("report above/runs/a").refused(1, &["metrics.jsonl, line 2", "'nonsense'", "--resume"]);
}

#[test]
fn labels_and_texts_are_shown_as_they_are() {
    let place = Place::new();
    let text =
        examples(240).replace("yes\t", "<b>|yes\u{202e}\t").replace("film", "<script>alert(1)</script>");
    place.write("train.tsv", text.as_bytes());
    place.gradus(&format!("{} --set optimizer.lr=1e-30 --set data.html=false", place.tiny("a"))).well();
    place.gradus("report a").well();
    for name in ["report/report.html", "report/report.md"] {
        let page = place.text(name);
        assert!(!page.contains('\u{202e}'), "{name}");
        assert!(page.contains("\\\\u{202e}") || page.contains("\\u{202e}"), "{name}");
    }
    let (html, page) = (place.text("report/report.html"), place.text("report/report.md"));
    assert!(!html.contains("<script") && html.contains("&lt;b&gt;|yes"), "{html}");
    assert!(page.contains("\\<b\\>\\|yes") && !page.replace("\\<", "").contains("<script"), "{page}");
}

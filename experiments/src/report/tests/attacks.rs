//! Results from untrusted sources: what they may contain, and what a report shows of it.

use super::super::{collect, json};
use super::made::{STUDIES, first, made, results};
use super::*;
use crate::data::limits::Limit;
use std::fs;
use std::time::Instant;

const EVIL: &str = "E`\n\n# X [a](javascript:alert(1)) ![t](http://127.0.0.1/t.png) `<script>alert(1)</script>` \
                    <img src=x> | c\u{1b}]0;PWNED\u{7} \u{202e}";

fn count(text: &str, part: &str) -> usize {
    text.matches(part).count()
}

#[test]
fn text_of_results_does_nothing_in_a_report() {
    let plain = results(Scale::Smoke, DataSource::Embedded);
    build(plain.path(), STUDIES).unwrap();
    let evil = results(Scale::Smoke, DataSource::Embedded);
    for run in collect::results(evil.path()).unwrap() {
        let mut run = run;
        run.data.name = format!("{EVIL}{}", run.data.name);
        run.data.note = format!("1. {EVIL}");
        run.machine.cpu = EVIL.into();
        run.config["data"]["embeddings"] = EVIL.into();
        run.config["data"]["tokenizer"] = EVIL.into();
        // Different in each run, so that it appears in a table.
        run.config["data"]["dataset"] = format!("{EVIL}{}", run.seed).into();
        run.write(evil.path()).unwrap();
    }
    let of = |folder: &tempfile::TempDir, name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    build(evil.path(), STUDIES).unwrap();
    let (plain, page) = (of(&plain, "report.md"), of(&evil, "report.md"));
    assert!(page.contains("alert(1)") && page.contains("PWNED"), "it is shown");
    for text in [&page, &of(&evil, "report.html")] {
        assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "it acts on a terminal");
    }
    assert!(!of(&evil, "report.html").contains("<img"), "it is markup");
    // Text in backticks is not markup. Outside of them, the page must contain no more of each than the report of honest
    // results.
    let outside = |page: &str| -> String {
        let in_code = |line: &&str| line.starts_with("The same in all of these runs that have the setting: ");
        page.lines().filter(|line| !in_code(line)).flat_map(|line| [line, "\n"]).collect()
    };
    let (plain_text, evil_text) = (outside(&plain), outside(&page));
    let bare = |text: &str| {
        ["\\\\", "\\[", "\\]", "\\<", "\\`", "\\#", "\\!", "\\|"]
            .iter()
            .fold(text.to_owned(), |text, e| text.replace(e, ""))
    };
    let (plain_text, evil_text) = (bare(&plain_text), bare(&evil_text));
    for part in ["<script", "<img", "](", "![", "`", "# ", "|"] {
        assert_eq!(count(&evil_text, part), count(&plain_text, part), "{part}");
    }
    let headings = |page: &str| page.lines().filter(|line| line.starts_with('#')).count();
    assert_eq!(headings(&page), headings(&plain));
    let shared = page.lines().find(|line| line.contains("data.tokenizer")).unwrap();
    assert!(shared.contains("``data.tokenizer = E`  # X [a]"), "code ends where it ends: {shared}");
}

#[cfg(unix)]
#[test]
fn results_are_regular_files_of_some_size() {
    let folder = results(Scale::Smoke, DataSource::Embedded);
    let path = folder.path().join(collect::results(folder.path()).unwrap()[0].file());
    fs::remove_file(&path).unwrap();
    let refused = |found: &str| {
        let error = build(folder.path(), STUDIES).unwrap_err().to_string();
        assert!(error.contains(path.to_str().unwrap()) && error.contains(found), "{error}");
    };
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    refused("a named pipe");
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
    refused("a device");
    fs::remove_file(&path).unwrap();
    fs::File::create(&path).unwrap().set_len(Limit::Result.bytes() + 1).unwrap();
    refused("expected a result file of at most 64 MB");
}

#[test]
fn numbers_that_no_run_has_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let run = first("losses", Scale::Smoke, DataSource::Embedded);
    let good = made(&run, Scale::Smoke, DataSource::Embedded);
    good.write(folder.path()).unwrap();
    let refused = |says: &str, change: &dyn Fn(&mut RunResult)| {
        let mut bad = good.clone();
        change(&mut bad);
        let path = folder.path().join(run.file());
        fs::write(&path, json::bytes(&bad)).unwrap();
        let error = RunResult::read(&path).unwrap_err().to_string();
        assert!(error.contains(says) && error.starts_with(path.to_str().unwrap()), "{error}");
    };
    refused("a loss or time is 1e308", &|run| run.seconds = 1e308);
    refused("a time is -5.0", &|run| run.seconds = -5.0);
    refused("a loss or time is -1e300", &|run| run.steps[3].loss = -1e300);
    refused("the metric 'accuracy' is 2000000000000000.0", &|run| {
        run.test.insert("accuracy".into(), 2e15);
    });
    refused("its best epoch is 0 of 4", &|run| run.best_epoch = 0);
    refused("its best epoch is 18446744073709551615 of 4", &|run| run.best_epoch = u64::MAX);
    refused("out of order", &|run| run.steps.reverse());
    refused("out of order", &|run| run.epochs[1].epoch = 1);
    refused("it holds no epoch", &|run| run.epochs.clear());
}

/// A report can be made of the largest accepted numbers; plots have finite axes.
#[test]
fn large_numbers_are_drawn() {
    let folder = results(Scale::Smoke, DataSource::Embedded);
    for mut run in collect::results(folder.path()).unwrap() {
        let sign = if run.seed % 2 == 0 { -1e15 } else { 1e15 };
        run.test.values_mut().chain(run.dev.values_mut()).for_each(|value| *value = sign);
        run.steps.iter_mut().for_each(|step| step.loss = sign);
        run.epochs.iter_mut().for_each(|epoch| epoch.train_loss = sign);
        (run.seconds, run.tokens_per_second, run.parameters) = (1e15, 1e15, u64::MAX);
        run.data.train = u64::MAX;
        run.peak_memory_bytes = Some(u64::MAX);
        run.write(folder.path()).unwrap();
    }
    for mut set in collect::collect(folder.path()).unwrap().statistics {
        for split in [&mut set.train, &mut set.dev, &mut set.test] {
            (split.examples, split.tokens, split.longest) = (u64::MAX, u64::MAX, u64::MAX);
            split.label_counts.fill(u64::MAX);
        }
        set.write(folder.path()).unwrap();
    }
    let began = Instant::now();
    build(folder.path(), STUDIES).unwrap();
    assert!(began.elapsed().as_secs() < 60);
}

/// 200,000 distinct keys: the time must be proportional to their number.
#[test]
fn many_keys_take_time_in_proportion() {
    let folder = tempfile::tempdir().unwrap();
    let run = first("losses", Scale::Smoke, DataSource::Embedded);
    let mut result = made(&run, Scale::Smoke, DataSource::Embedded);
    let keys = (0..200_000).map(|i| (format!("k{i}"), i.into()));
    result.config["data"] = serde_json::Value::Object(keys.collect());
    result.write(folder.path()).unwrap();
    let began = Instant::now();
    build(folder.path(), STUDIES).unwrap();
    assert!(began.elapsed().as_secs() < 30, "{:?}", began.elapsed());
}

#[test]
fn what_a_killed_process_left_is_removed() {
    let folder = results(Scale::Smoke, DataSource::Embedded);
    build(folder.path(), STUDIES).unwrap();
    let left =
        ["", "plots", "data", "runs/losses"].map(|within| folder.path().join(within).join(".partial-x"));
    left.iter().for_each(|path| fs::write(path, "half").unwrap());
    build(folder.path(), STUDIES).unwrap();
    assert!(left.iter().all(|path| !path.exists()));
}

#[test]
fn what_a_parser_quotes_is_harmless() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.json");
    let long = "x".repeat(1_000_000);
    fs::write(&path, format!("{{\"schema\": 1, \"\\u001b[31m{long}\": 2}}")).unwrap();
    let error = RunResult::read(&path).unwrap_err().to_string();
    assert!(error.contains("\\u{1b}[31mxxx") && !error.contains('\u{1b}') && error.len() < 1000, "{error}");
}

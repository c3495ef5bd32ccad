//! Reports of made-up runs.

use super::page::{html, markdown};
use super::*;
use crate::run::Detail;
use crate::tasks;

const EVIL: &str =
    "E`\n\n# X [a](javascript:alert(1)) `<script>alert(1)</script>` <img src=x> | c\u{1b}]0;P\u{7} \u{202e}";

fn config(sets: &[&str]) -> Config {
    let base = ["task=classify", "data.dataset=reviews", "train.epochs=3"];
    let sets: Vec<String> = base.iter().chain(sets).map(ToString::to_string).collect();
    tasks::load(None, &sets).unwrap()
}

fn details(labels: &[&str], confusion: Option<Vec<Vec<u64>>>) -> Details {
    let row = |(i, name): (usize, &&str)| Detail {
        name: (*name).to_owned(),
        precision: 0.5,
        recall: 0.25,
        f1: 1.0 / 3.0,
        support: 10 + i as u64,
    };
    let rows = labels.iter().enumerate().map(row).collect();
    Details { heading: "label", rows, note: "they are those of 'yes'".into(), confusion }
}

fn mistake(text: &str) -> Mistake {
    let [text, right, predicted] = [text, "no", "yes"].map(String::from);
    Mistake { severity: 0.9, degree: "90.0%".into(), text, right, predicted }
}

fn metrics(value: f64) -> BTreeMap<String, f64> {
    tasks::TASKS[0].metrics().iter().map(|metric| (metric.name.to_owned(), value)).collect()
}

fn tested(value: f64) -> Tested {
    Tested {
        unchanged: true,
        fingerprint: 1,
        examples: 40,
        right: 30,
        parameters: 12_345,
        metrics: metrics(value),
        details: Some(details(&["no", "yes"], Some(vec![vec![17, 3], vec![7, 13]]))),
        mistakes: vec![mistake("not bad at all")],
    }
}

fn run(folder: &str, sets: &[&str], value: f64) -> OwnRun {
    let config = config(sets);
    let epoch = |epoch: u64| Logged {
        epoch,
        step: 10 * epoch,
        train_loss: 1.0 / epoch as f64,
        // The second epoch is the best.
        dev: metrics(value - if epoch == 2 { 0.0 } else { 0.1 })
            .into_iter()
            .map(|(k, v)| (k, Some(v)))
            .collect(),
    };
    OwnRun {
        folder: folder.into(),
        task: tasks::of(&config),
        config,
        data: "reviews".into(),
        compression: None,
        log: Log { epochs: (1..=3).map(epoch).collect() },
        tested: Ok(tested(value - 0.05)),
    }
}

fn pages(runs: &[OwnRun]) -> [String; 2] {
    let page = Page::of(runs).unwrap();
    [html(&page), markdown(&page)]
}

#[test]
fn one_run_has_all_that_is_known_of_it() {
    let pages = pages(&[run("runs/a", &["optimizer.lr=0.002"], 0.8)]);
    for page in &pages {
        for part in [
            "The run a",
            "classify, reviews",
            "optimizer.lr = 0.002",
            "3 of 3",
            "80.00",
            "75.00",
            "Best epoch 2; 40 examples in the test split; 12,345 parameters.",
            "They are those of 'yes'.",
            "25.00",
            "33.33",
            "not bad at all",
            "90.0%",
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
        assert!(page.starts_with(out::MADE_BY) && !page.contains("Side by side"));
        assert!(page.contains("The 1 worst of 10 examples that the model gets wrong"), "{page}");
    }
    let [html, markdown] = pages;
    assert!(!html.contains("src=") && !html.contains("url("), "the page needs nothing else");
    // One plot for the loss and one for each metric.
    assert_eq!(html.matches("<svg").count(), 1 + tasks::TASKS[0].metrics().len());
    assert!(html.contains("<td class=\"right\" style=\"--shade:0.510\">17</td>"), "{html}");
    assert!(html.contains("<td class=\"wrong\" style=\"--shade:0.210\">7</td>"), "{html}");
    assert!(markdown.contains("| no | **17** | 3 |\n| yes | 7 | **13** |"), "{markdown}");
    assert!(markdown.contains("| 2<br>best | 0.5000 | 80.00 |"), "{markdown}");
}

#[test]
fn a_loss_that_diverged_is_drawn_on_a_logarithmic_axis() {
    let mut run = run("a", &[], 0.8);
    assert!(!pages(std::slice::from_ref(&run))[0].contains("logarithmic"));
    run.log.epochs[0].train_loss = 3e38;
    run.log.epochs[1].train_loss = -f64::MAX;
    let [html, markdown] = pages(&[run]);
    assert!(html.contains("log10 of training loss") && html.contains("The axis is logarithmic"), "{html}");
    assert!(markdown.contains("| 3.0000e38 |") && markdown.contains("| -1.7977e308 |"), "{markdown}");
    assert_eq!(html.matches("<svg").count(), 1 + tasks::TASKS[0].metrics().len());
}

/// The precision of one label is not better than that of another; accuracies can be compared.
#[test]
fn no_best_is_marked_among_different_quantities() {
    let mut runs = [run("runs/a", &[], 0.8), run("runs/b", &["data.positive=no"], 0.9)];
    let best = "**85.00**<br>dev 90.00 |";
    let row = |page: &str, name: &str| page.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    let [_, same] = pages(&runs);
    assert!(row(&same, "| precision, %").ends_with(best) && !same.contains("different quantities"), "{same}");
    runs[1].tested.as_mut().unwrap().details.as_mut().unwrap().note = "they are those of 'no'".into();
    let [_, page] = pages(&runs);
    let note = "no best value is marked: of a, they are those of 'yes'; of b, they are those of 'no'.";
    assert!(page.contains(note), "{page}");
    for metric in ["| precision, %", "| recall, %", "| f1, %"] {
        assert!(row(&page, metric).ends_with("| 85.00<br>dev 90.00 |"), "{page}");
    }
    assert!(
        row(&page, "| accuracy, %").ends_with(best) && row(&page, "| f1\\_macro, %").ends_with(best),
        "{page}"
    );
}

#[test]
fn a_compressed_run_has_no_dev_metrics_of_the_weights_before() {
    let compression = Some(Compression { int8: true, pruned: 0.5 });
    let runs = [run("runs/a", &[], 0.8), OwnRun { compression, ..run("runs/b", &[], 0.9) }];
    let [_, markdown] = pages(&runs);
    for part in [
        "The weights were compressed after training: int8, 50 % of the weights 0.",
        "| accuracy, % | 75.00<br>dev 80.00 | **85.00** |",
        "b was compressed after training: int8, 50 % of the weights 0.",
    ] {
        assert!(markdown.contains(part), "{part}: {markdown}");
    }
}

#[test]
fn runs_stand_side_by_side_with_what_differs() {
    let runs = [run("runs/a", &[], 0.8), run("runs/b", &["seed=2", "model.name=textcnn"], 0.9)];
    let [html, markdown] = pages(&runs);
    for part in [
        "# 2 runs",
        "## Side by side (classify)",
        "| accuracy, % | 75.00<br>dev 80.00 | **85.00**<br>dev 90.00 |",
        "| seed | 1 | 2 |",
        "| model.name | \"bilstm\" | \"textcnn\" |",
        "| model.layers | 2 | — |",
    ] {
        assert!(markdown.contains(part), "{part}: {markdown}");
    }
    assert!(html.contains("<a href=\"#run-2\">b</a>") && html.contains("<section id=\"run-2\">"));
    assert!(html.contains("<td class=\"best\">85.00"));
    assert!(!markdown.contains("not all tested on the same examples"));
    let [_, same] = pages(&[run("runs/a", &[], 0.8), run("other/a", &[], 0.8)]);
    assert!(same.contains("The runs do not differ in any setting.") && same.contains("other/a"), "{same}");
    assert!(!same.contains("**75.00**"), "of equal ones none is the best");
}

#[test]
fn numbers_of_other_examples_do_not_compare() {
    let mut runs = [run("a", &[], 0.8), run("b", &[], 0.9)];
    runs[1].tested.as_mut().unwrap().fingerprint = 2;
    let [_, markdown] = pages(&runs);
    assert!(markdown.contains("not all tested on the same examples"), "{markdown}");
    assert!(!markdown.contains("**85.00**"));
}

#[test]
fn runs_of_two_tasks_are_not_laid_side_by_side() {
    let mut tagger = run("t", &[], 0.8);
    let sets = ["task=tag", "data.dataset=names"].map(String::from);
    tagger.config = tasks::load(None, &sets).unwrap();
    tagger.task = tasks::of(&tagger.config);
    let [_, markdown] = pages(&[run("a", &[], 0.8), tagger]);
    assert!(!markdown.contains("Side by side") && markdown.contains("| t | tag |"));
}

#[test]
fn a_run_that_is_not_evaluated_says_why() {
    let why = "/data: no files of the data set 'mr' here".to_owned();
    let [html, markdown] = pages(&[OwnRun { tested: Err(why), ..run("a", &[], 0.8) }]);
    for page in [&html, &markdown] {
        assert!(
            page.contains("Not evaluated on the test split: /data: no files of the data set 'mr' here."),
            "{page}"
        );
        assert!(!page.contains("Confusion") && !page.contains("Worst mistakes"));
    }
    assert!(
        html.contains("<svg") && markdown.contains("| accuracy, %<br>selects the best epoch | 80.00 | — |")
    );
    let [_, begun] = pages(&[OwnRun { log: Log::default(), tested: Err("x".into()), ..run("a", &[], 0.8) }]);
    assert!(begun.contains("No epoch is complete yet.") && begun.contains("| 0 of 3 | — |"), "{begun}");
}

#[test]
fn examples_of_changed_data_are_not_shown() {
    let mut changed = run("a", &[], 0.8);
    changed.tested = Ok(Tested { unchanged: false, ..tested(0.7) });
    for page in pages(&[changed]) {
        assert!(page.contains("has changed since training") && !page.contains("not bad at all"), "{page}");
    }
}

#[test]
fn text_of_data_does_nothing_in_a_report() {
    let count = |page: &str, part: &str| page.matches(part).count();
    let with = |text: &str| {
        let mut one = run("a", &[], 0.8);
        (one.folder, one.data) = (format!("{text}1"), text.into());
        let tested = one.tested.as_mut().unwrap();
        tested.details = Some(details(&[text, "yes"], Some(vec![vec![17, 3], vec![7, 13]])));
        tested.mistakes = vec![Mistake { right: text.into(), predicted: text.into(), ..mistake(text) }];
        let mut other = run("b", &[], 0.9);
        other.folder = format!("{text}2");
        other.tested = Err(text.into());
        pages(&[one, other])
    };
    let (plain, evil) = (with("plain"), with(EVIL));
    for (plain, evil) in plain.iter().zip(&evil) {
        assert!(evil.contains("alert(1)"), "it is shown");
        assert!(!evil.contains(['\u{1b}', '\u{7}', '\u{202e}']), "it acts on a terminal");
        let headings = |page: &str| page.lines().filter(|line| line.starts_with('#')).count();
        assert_eq!(headings(plain), headings(evil));
    }
    for part in ["<script", "<img", "<h2", "<td", "href="] {
        assert_eq!(count(&evil[0], part), count(&plain[0], part), "{part}");
    }
    let bare = |page: &str| {
        ["\\[", "\\]", "\\<", "\\`", "\\|"].iter().fold(page.to_owned(), |page, e| page.replace(e, ""))
    };
    for part in ["<script", "<img", "](", "|"] {
        assert_eq!(count(&bare(&evil[1]), part), count(&bare(&plain[1]), part), "{part}: {}", evil[1]);
    }
}

#[test]
fn many_labels_are_cut_and_their_confusions_listed() {
    let names: Vec<String> = (0..150).map(|i| format!("l{i}")).collect();
    let labels: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut confusion = vec![vec![0; 150]; 150];
    (0..150).for_each(|i| confusion[i][i] = 5);
    (confusion[3][4], confusion[9][8], confusion[8][9]) = (15, 2, 7);
    let mut many = run("a", &[], 0.8);
    many.tested = Ok(Tested { details: Some(details(&labels, Some(confusion))), ..tested(0.7) });
    let [_, markdown] = pages(&[many]);
    assert!(markdown.contains("The 100 most frequent; 50 more are left out."), "{markdown}");
    assert!(markdown.contains("\n| l149 | 50.00 |") && !markdown.contains("\n| l49 | 50.00 |"));
    assert!(markdown.contains("The most frequent of 3 confusions."), "{markdown}");
    let pairs = ["| l3 | l4 | 15 | 75.0% |", "| l8 | l9 | 7 | 58.3% |", "| l9 | l8 | 2 | 28.6% |"];
    assert!(markdown.contains(&pairs.join("\n")), "{markdown}");
}

#[test]
fn of_many_epochs_the_best_and_the_last_are_listed() {
    let mut long = run("a", &[], 0.8);
    let epoch = |epoch: u64| Logged {
        epoch,
        step: epoch,
        train_loss: 0.5,
        dev: BTreeMap::from([(
            "accuracy".to_owned(),
            (epoch != 7).then_some(if epoch == 777 { 0.9 } else { 0.5 }),
        )]),
    };
    long.log = Log { epochs: (1..=1000).map(epoch).collect() };
    let table = curves::table(&long);
    assert!((50..=65).contains(&table.rows.len()), "{}", table.rows.len());
    assert!(table.caption.starts_with("One epoch in 17, the best and the last"), "{}", table.caption);
    let numbers: Vec<&str> = table.rows.iter().map(|row| row[0].main.as_str()).collect();
    for epoch in ["1", "777", "1000"] {
        assert!(numbers.contains(&epoch), "{numbers:?}");
    }
    let [html, _] = pages(&[long]);
    assert!(html.contains("<svg"));
}

#[test]
fn one_epoch_is_a_dot() {
    let mut short = run("a", &[], 0.8);
    short.log.epochs.truncate(1);
    let [html, _] = pages(&[short]);
    assert!(html.contains("<circle"), "a line of one point is nothing to be seen");
}

#[test]
fn a_report_is_written_again_over_an_earlier_one() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("new/report");
    for value in [0.8, 0.9] {
        let place = OutFolder::check(&out).unwrap();
        let built = build(&[run("a", &[], value)], &place).unwrap();
        let said = std::fs::read_to_string(&built.markdown).unwrap();
        assert!(said.contains(&format!("{:.2}", 100.0 * value)) && built.html.is_file());
    }
    assert_eq!(std::fs::read_dir(&out).unwrap().count(), 2);
}

//! Labels in order, and those that cannot be told apart.

use super::{labels, *};

fn of(names: &[&str], guessed: bool) -> Result<Vec<String>, String> {
    let text: String = names.iter().enumerate().map(|(i, name)| format!("{name}\tsome text {i}\n")).collect();
    let file = TextFile { path: "l.tsv".into(), text, sha256: String::new() };
    let read = parse(&file, Format::Tab, &Columns::default()).map_err(|error| error.to_string())?;
    labels(&file.path, &read, guessed).map_err(|error| error.to_string())
}

#[test]
fn integers_are_in_numerical_order_and_words_sorted() {
    assert_eq!(of(&["10", "-1", " 9 ", "10"], true).unwrap(), ["-1", "9", "10"]);
    assert_eq!(of(&["b", "10", "a", "9"], true).unwrap(), ["10", "9", "a", "b"]);
}

#[test]
fn labels_that_look_the_same_are_an_error_with_both_lines() {
    for (twin, shown) in [
        ("pos\u{200b}", "'pos\\u{200b}'"),
        ("\u{feff}pos", "'\\u{feff}pos'"),
        ("p\u{ad}os", "'p\\u{ad}os'"),
        ("\"pos\"", "'\\\"pos\\\"'"),
        ("“pos”", "pos"),
        ("pos\u{1}", "'pos\\u{1}'"),
    ] {
        for guessed in [false, true] {
            let found = of(&["pos", "neg", "pos", twin], guessed);
            assert_refused(found, &["l.tsv, line 4: ", shown, "looks like 'pos' on line 1"], twin);
        }
    }
    assert_refused(
        of(&["caf\u{e9}", "x", "cafe\u{301}"], false),
        &["line 3: ", "'cafe\\u{301}'", "'caf\\u{e9}'"],
        "NFD",
    );
    assert_refused(
        of(&["very good", "x", "very\u{a0}good"], false),
        &["line 3: ", "'very\\u{a0}good'"],
        "NBSP",
    );
    // Cases and accents are seen.
    assert_eq!(of(&["pos", "Pos", "pós", "'", "\""], false).unwrap().len(), 5);
}

#[test]
fn one_label_is_an_error_that_names_the_file() {
    for guessed in [false, true] {
        assert_refused(of(&["pos", "pos"], guessed), &["l.tsv: ", "only one label, 'pos'"], "one");
    }
}

#[test]
fn words_with_tags_are_no_texts_with_labels() {
    let columns = "EU NNP B-ORG\nrejects VBZ O\nGerman JJ B-MISC\n\nPeter NNP B-PER\n".repeat(30);
    let tabs = "EU\tB-ORG\nrejects\tO\nPeter\tB-PER\n".repeat(30);
    for (text, format) in [(&columns, Format::Space), (&tabs, Format::Tab)] {
        let file = TextFile { path: "c.txt".into(), text: text.clone(), sha256: String::new() };
        let read = parse(&file, format, &Columns::default()).unwrap();
        let found = labels(&file.path, &read, true).map_err(|error| error.to_string());
        assert_refused(found, &["c.txt, line 1: ", "words and tags", "gradus train tag"], text);
        assert!(labels(&file.path, &read, false).is_ok());
    }
}

#[test]
fn several_labels_come_apart() {
    let text = "a, b\tone\nb\ttwo\n b ,a,c\tthree\na,,b\tfour\na,b,a\tfive\n";
    let file = TextFile { path: "l.tsv".into(), text: text.into(), sha256: String::new() };
    let mut read = parse(&file, Format::Tab, &Columns::default()).unwrap();
    let apart: Vec<_> = read.rows.iter().map(|row| several(row, ',').map_err(|e| e.to_string())).collect();
    assert_eq!(apart[0].as_deref(), Ok(&["a", "b"][..]));
    assert_eq!(apart[1].as_deref(), Ok(&["b"][..]));
    assert_eq!(apart[2].as_deref(), Ok(&["b", "a", "c"][..]));
    assert_refused(apart[3].clone(), &["l.tsv, line 4: ", "an empty one in 'a,,b'"], "empty");
    assert_refused(apart[4].clone(), &["l.tsv, line 5: ", "'a' twice"], "twice");

    let all = |read: &Read| several_labels(&file.path, read, ',', true).map_err(|error| error.to_string());
    assert_refused(all(&read), &["line 4"], "all");
    read.rows.truncate(3);
    assert_eq!(all(&read).unwrap(), ["a", "b", "c"]);
    // As one label each they are refused by a guess, and taken as given.
    let one = labels(&file.path, &read, true).map_err(|error| error.to_string());
    assert_refused(one, &["l.tsv, line 1: expected one label for each text, found 'a, b'"], "one");
    assert_eq!(labels(&file.path, &read, false).unwrap(), ["a, b", "b", "b ,a,c"]);
}

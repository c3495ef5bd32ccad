//! Labels in order, and those that cannot be told apart.

use super::{labels, *};

fn of(names: &[&str], guessed: bool) -> Result<Vec<String>, String> {
    let text: String = names.iter().enumerate().map(|(i, name)| format!("{name}\tsome text {i}\n")).collect();
    let file = TextFile { path: "l.tsv".into(), text, sha256: String::new() };
    let read = parse(&file, Format::Tab, &Columns::default()).map_err(|error| error.to_string())?;
    labels(&file.path, &read, PerText::One, guessed).map_err(|error| error.to_string())
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
fn json_lists_in_a_field_are_lists() {
    let table = "text,kinds\nfine film,\"[\"\"a\"\",\"\"b\"\"]\"\ndull film,\"[\"\"c\"\"]\"\nso film,[odd]\n";
    let file = TextFile { path: "l.csv".into(), text: table.into(), sha256: String::new() };
    let rows = parse(&file, Format::Csv, &columns("text", "kinds")).unwrap().rows;
    assert_eq!(rows[0].labels(PerText::Several(None)).unwrap(), ["a", "b"]);
    assert_eq!(rows[1].labels(PerText::One).unwrap(), ["c"]);
    assert_eq!(rows[2].labels(PerText::One).unwrap(), ["[odd]"], "no JSON");
    let error = rows[0].labels(PerText::One).unwrap_err().to_string();
    assert!(
        error.starts_with("l.csv, line 2: expected one label for each text, found the list 'a, b'"),
        "{error}"
    );
}

#[test]
fn one_label_is_an_error_that_names_the_file() {
    for guessed in [false, true] {
        assert_refused(of(&["pos", "pos"], guessed), &["l.tsv: ", "only one label, 'pos'"], "one");
    }
}

#[test]
fn texts_given_as_labels_are_an_error() {
    let table = "comment,kind\n".to_owned() + &lines(200, |i| format!("film {i},{}", mood(i)));
    let swapped = columns("kind", "comment");
    let found = "expected labels that several texts have, found 200 labels that occur once in 200 texts, such as 'film 0' \
                 and 'film 1'; check --text-column and --label-column, which may be swapped";
    for format in [Format::Auto, Format::Csv] {
        assert_refused(load("l.csv", &table, format, &swapped), &["l.csv, line 2: ", found], "swapped");
        assert!(load("l.csv", &table, format, &columns("comment", "kind")).is_ok());
    }
    // Labels that are rare, some of which occur once.
    let rare =
        "comment,kind\n".to_owned() + &lines(200, |i| format!("film {i},{}", i / 2 * usize::from(i > 20)));
    assert!(load("l.csv", &rare, Format::Csv, &columns("comment", "kind")).is_ok());
    // Labels of one word may each occur once.
    let intents = lines(200, |i| format!("intent{i}\tplease do thing {i}"));
    assert_eq!(load("l.tsv", &intents, Format::Tab, &Columns::default()).unwrap().1.len(), 200);
    let names: Vec<String> = (0..200).map(|i| if i < 20 { "x".into() } else { format!("n {i}") }).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(of(&names, false).unwrap().len(), 181);
    assert_refused(
        of(&names[1..], false),
        &["180 labels that occur once in 199 texts, such as 'x' and 'n 20'"],
        "many",
    );
}

#[test]
fn a_colon_after_each_label_is_left_out_where_the_format_is_guessed() {
    let text = lines(30, |i| format!("{}: film {i}, {}", mood(i), &"so, ".repeat(i % 3)));
    let (read, labels) = auto("l.txt", &text).unwrap();
    assert_eq!((labels, read.rows[0].text.as_str()), (vec!["neg".to_owned(), "pos".to_owned()], "film 0,"));
    assert!(read.note.unwrap().ends_with("a text on each line, without the colon after each label"));
    let given = load("l.txt", &text, Format::Space, &Columns::default()).unwrap();
    assert_eq!(given.1, ["neg:", "pos:"]);
    // A colon of some labels belongs to them.
    let some = auto("l.txt", &text.replace("neg:", "neg")).unwrap();
    assert_eq!(some.1, ["neg", "pos:"]);
    let alone = auto("l.txt", &text.replace("neg:", ":")).unwrap();
    assert_eq!(alone.1, [":", "pos:"]);
}

#[test]
fn words_with_tags_are_no_texts_with_labels() {
    // Whose words are too many to be labels.
    let many = lines(60, |i| format!("word{i} NN {}", ["O", "B-PER"][i % 2]));
    assert_refused(
        auto("c.txt", &many),
        &["c.txt, line 1: ", "words and tags", "data.format is conll"],
        "many",
    );
    let columns = "EU NNP B-ORG\nrejects VBZ O\nGerman JJ B-MISC\n\nPeter NNP B-PER\n".repeat(30);
    let tabs = "EU\tB-ORG\nrejects\tO\nPeter\tB-PER\n".repeat(30);
    for (text, format) in [(&columns, Format::Space), (&tabs, Format::Tab)] {
        let file = TextFile { path: "c.txt".into(), text: text.clone(), sha256: String::new() };
        let read = parse(&file, format, &Columns::default()).unwrap();
        let found = labels(&file.path, &read, PerText::One, true).map_err(|error| error.to_string());
        assert_refused(found, &["c.txt, line 1: ", "words and tags", "data.format is conll"], text);
        assert!(labels(&file.path, &read, PerText::One, false).is_ok());
    }
}

fn read_as(name: &str, text: &str, format: Format) -> Read {
    let file = TextFile { path: name.into(), text: text.into(), sha256: String::new() };
    parse(&file, format, &Columns::default()).unwrap()
}

/// The labels of each row.
fn apart(read: &Read, per_text: PerText) -> Vec<Result<Vec<&str>, String>> {
    read.rows.iter().map(|row| row.labels(per_text).map_err(|error| error.to_string())).collect()
}

const COMMA: PerText = PerText::Several(Some(','));
const LISTS: PerText = PerText::Several(None);

#[test]
fn several_labels_come_apart() {
    let text = "a, b\tone\nb\ttwo\n b ,a,c\tthree\n\tnone\na,,b\tfour\na,b,a\tfive\n";
    let mut read = read_as("l.tsv", text, Format::Tab);
    let found = apart(&read, COMMA);
    for (found, expected) in found.iter().zip([&["a", "b"][..], &["b"], &["b", "a", "c"], &[]]) {
        assert_eq!(found.as_deref(), Ok(expected));
    }
    assert_refused(found[4].clone(), &["l.tsv, line 5: ", "an empty one in 'a,,b'"], "empty");
    assert_refused(found[5].clone(), &["l.tsv, line 6: ", "'a' twice"], "twice");
    // Where each text has one label, a text without one is an error; without a separator, a field is no list.
    assert_refused(
        apart(&read, PerText::One)[3].clone(),
        &["line 4: expected a label", "no label for 'none'"],
        "one",
    );
    assert_refused(
        apart(&read, LISTS)[1].clone(),
        &["line 2: expected a list", "'b'", "data.label_separator"],
        "list",
    );

    let all =
        |read: &Read, per_text| labels(Path::new("l.tsv"), read, per_text, true).map_err(|e| e.to_string());
    assert_refused(all(&read, COMMA), &["line 5"], "all");
    read.rows.truncate(4);
    assert_eq!(all(&read, COMMA).unwrap(), ["a", "b", "c"]);
    // As one label each they are refused by a guess, and taken as given.
    read.rows.truncate(3);
    let advice = "data.label_separator = ','";
    assert_refused(all(&read, PerText::One), &["line 1: expected one label", "found 'a, b'", advice], "one");
    let given = labels(Path::new("l.tsv"), &read, PerText::One, false);
    assert_eq!(given.unwrap(), ["a, b", "b", "b ,a,c"]);
}

#[test]
fn the_separator_that_was_found_is_named() {
    for mark in [',', ';', '|'] {
        let read = read_as("l.tsv", &format!("a\tone\nb\ttwo\na{mark}b\tthree\n"), Format::Tab);
        let found = labels(Path::new("l.tsv"), &read, PerText::One, true).map_err(|e| e.to_string());
        assert_refused(found, &["line 3: ", &format!("data.label_separator = '{mark}'")], "mark");
    }
}

#[test]
fn lists_of_labels_need_no_separator() {
    let text = "{\"text\":\"x\",\"labels\":[\"a, b\",\"c\"]}\n{\"text\":\"y\",\"labels\":[]}\n\
                {\"text\":\"z\",\"labels\":[7]}\n{\"text\":\"w\",\"labels\":[\"c\",\"c\"]}\n";
    let mut read = read_as("l.jsonl", text, Format::Auto);
    for per_text in [LISTS, COMMA] {
        let found = apart(&read, per_text);
        for (found, expected) in found.iter().zip([&["a, b", "c"][..], &[], &["7"]]) {
            assert_eq!(found.as_deref(), Ok(expected));
        }
        assert_refused(found[3].clone(), &["l.jsonl, line 4: ", "'c' twice"], "twice");
    }
    let one = apart(&read, PerText::One);
    assert_refused(
        one[0].clone(),
        &["line 1: expected one label", "the list 'a, b, c'", "binary_cross_entropy"],
        "list",
    );
    assert_refused(one[1].clone(), &["line 2: expected a label", "no label for 'y'"], "none");
    assert_eq!(one[2].as_deref(), Ok(&["7"][..]));

    // One label is enough to learn if some text lacks it.
    read.rows.drain(3..);
    let all = |read: &Read| labels(Path::new("l.jsonl"), read, LISTS, true).map_err(|e| e.to_string());
    read.rows.remove(0);
    assert_eq!(all(&read).unwrap(), ["7"]);
    read.rows.truncate(1);
    assert_refused(all(&read), &["l.jsonl: expected at least one label", "texts without labels"], "none");
}

#[test]
fn labels_for_fasttext_lose_their_prefix() {
    let line = |i: usize| format!("__label__{} , film {i}, so {}", mood(i), &"far, ".repeat(i % 3));
    for text in [
        lines(30, line),
        lines(30, line).replace(" ,", "\t,"),
        lines(30, |i| format!("__label__{}\tgood {i}", mood(i))),
    ] {
        let (read, labels) = auto("f.txt", &text).unwrap();
        assert_eq!((read.format, labels), (Format::Space, vec!["neg".to_owned(), "pos".to_owned()]));
        assert!(read.rows.iter().all(|row| !row.text.contains("__label__")));
    }
    let (read, labels) = auto("f.csv", &lines(30, |i| format!("__label__{},good {i}", mood(i)))).unwrap();
    assert_eq!((read.format, labels.len(), labels[0].as_str()), (Format::Csv, 2, "neg"));

    let read = read_as("f.txt", "__label__a __label__b one two\n__label__b three\n", Format::Auto);
    let found = apart(&read, LISTS);
    assert_eq!(found[0].as_deref(), Ok(&["a", "b"][..]));
    assert_eq!((found[1].as_deref(), read.rows[0].text.as_str()), (Ok(&["b"][..]), "one two"));
    assert_refused(
        auto("f.txt", "__label__a one\ntwo three\n"),
        &["f.txt, line 2: expected a label that starts with __label__", "'two three'"],
        "mixed",
    );
}

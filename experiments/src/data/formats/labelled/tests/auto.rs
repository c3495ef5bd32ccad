//! Formats guessed from the file alone, and files whose format is ambiguous, which are refused.

use super::*;

const TWO: [(&str, &str); 2] = [("pos", "a good film"), ("neg", "a bad, sad film")];

#[test]
fn formats_are_told_from_the_whole_file() {
    let quoted = "\"a bad, sad film\"";
    for (name, text, format, note) in [
        ("h.tsv", "text\tlabel\na good film\tpos\na bad, sad film\tneg\n".into(), Format::Header, "'text' and 'label'"),
        ("h", "id\tSentiment\tReview\n1\tpos\ta good film\n2\tneg\ta bad, sad film".into(), Format::Header, "'Review'"),
        ("t.tsv", "pos\ta good film\nneg\ta bad, sad film\n".into(), Format::Tab, "label, a tab"),
        ("t.txt", "a good film\tpos\na bad, sad film\tneg\n".into(), Format::Tab, "column 2 is the label"),
        ("s.txt", "pos a good film\nneg a bad, sad film\n".into(), Format::Space, "label, a space"),
        ("c.csv", format!("text,label\na good film,pos\n{quoted},neg\n"), Format::Csv, "'text' and 'label'"),
        ("c.csv", format!("\"Label\",\"Text\"\n\"pos\",\"a good film\"\n\"neg\",{quoted}"), Format::Csv, "'Text'"),
        ("c.csv", "text;label\na good film;pos\na bad, sad film;neg\n".into(), Format::Csv, "'text'"),
        ("c.csv", "text\tlabel\na good film\tpos\na bad, sad film\tneg\n".into(), Format::Header, "TSV"),
        ("c.csv", format!("pos,a good film\nneg,{quoted}\n"), Format::Csv, "column 1 is the label"),
        ("c.csv", format!("a good film,pos\n{quoted},neg\n"), Format::Csv, "column 2 is the label"),
        ("c.txt", "pos;\"a good film\"\nneg;\"a bad, sad film\"\n".into(), Format::Csv, "column 1 is the label"),
        ("p.csv", format!(",text,label\n0,a good film,pos\n1,{quoted},neg\n"), Format::Csv, "'text' and 'label'"),
        (
            "j.jsonl",
            "{\"text\": \"a good film\", \"label\": \"pos\"}\n{\"label\": \"neg\", \"text\": \"a bad, sad film\"}".into(),
            Format::Jsonl,
            "JSON lines",
        ),
        (
            "j.txt",
            "{\"stars\":\"pos\",\"body\":\"a good film\"}\n{\"stars\":\"neg\",\"body\":\"a bad, sad film\"}\n".into(),
            Format::Jsonl,
            "'body' and 'stars'",
        ),
    ] {
        for (ends, text) in [("LF", text.clone()), ("CRLF", text.replace('\n', "\r\n")), ("CR", text.replace('\n', "\r"))] {
            let case = format!("{name} {ends}: {text}");
            let blank = format!("\u{feff}\r\n  \n{}\n\n", text.replace('\r', "\r\r"));
            for text in [text, blank] {
                let (read, labels) = auto(name, &text).unwrap_or_else(|error| panic!("{case}: {error}"));
                let rows: Vec<(&str, &str)> = parts(&read).into_iter().map(|(_, l, t)| (l, t)).collect();
                assert_eq!((read.format, &rows[..], labels.as_slice()), (format, &TWO[..], &["neg".into(), "pos".into()][..]), "{case}");
                assert!(read.note.as_ref().is_some_and(|n| n.contains(note)), "{case}: {:?}", read.note);
                // With what was found, the next file is read without a guess.
                let again = load(name, &text, read.format, &read.columns).unwrap().0;
                assert_eq!((again.rows, again.columns, again.note), (read.rows, read.columns, None), "{case}");
            }
        }
    }
}

#[test]
fn quotation_between_tabs_is_told_from_literal_marks() {
    let row = |text: &str| format!("text\tlabel\nx\tpos\n{text}\tneg\n");
    for (text, expected) in [
        // pandas.
        (row("\"a \"\"quoted\"\" film\""), "a \"quoted\" film"),
        (row("\"a\tb\""), "a\tb"),
        (row("\"b\nc\""), "b\nc"),
        ("\"text\"\t\"label\"\n\"x\"\t\"pos\"\n\"y\"\t\"neg\"\n".into(), "y"),
        // GLUE.
        (row("\"quiet\" film"), "\"quiet\" film"),
        (row("\"so quiet\""), "\"so quiet\""),
        (row("a \"quiet\" film"), "a \"quiet\" film"),
        (row("\"never closed"), "\"never closed"),
        ("pos\tx\nneg\t\"so quiet\"\n".into(), "\"so quiet\""),
        // Two literal marks in two lines do not make one text of them.
        ("text\tlabel\n\"x\tpos\ny\"\tneg\n".into(), "y\""),
    ] {
        let (read, labels) = auto("q.tsv", &text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(read.rows[1].text, expected, "{text}");
        assert_eq!(labels, ["neg", "pos"], "{text}");
    }
}

#[test]
fn contradicted_guesses_are_errors_with_their_line() {
    let one =
        |label: &str| lines(60, |i| if i == 0 { label.into() } else { format!("{}\tgood {i}", mood(i)) });
    for (name, text, expected) in [
        // A header that is none of the known ones.
        (
            "h.tsv",
            one("sentiment\tfilm_review"),
            &["h.tsv, line 1: ", "'sentiment' and 'film_review'", "header", "--label-column"][..],
        ),
        ("h.tsv", one("Meinung\tSatz"), &["line 1: ", "header"]),
        ("h.txt", one("label\ttweet").replace('\t', " "), &["line 1: ", "'label' and 'tweet'", "header"]),
        ("h.csv", one("verdict\treview").replace('\t', ","), &["line 1: ", "header"]),
        (
            "h.csv",
            "\ntitle,description,label\na,b,0\nc,d,1\n".into(),
            &["line 2: expected one column for the text", "'title', 'description'", "--text-column"],
        ),
        // Free text, and labels that are too many.
        (
            "prose.txt",
            lines(200, |i| {
                let first =
                    ["The", "A", "It", "He", "In", "But", "Ships", "Waves", "Gulls", "Men"][i * i % 11 % 10];
                format!("{first} saw the ship in a storm and it was number {i} that he knew")
            }),
            &["prose.txt, line 1: ", "in 200 lines", "common words of the texts", "--format space"],
        ),
        (
            "same.txt",
            lines(60, |i| format!("The {i} saw the ship and the man")),
            &["found the first word 'The' in 60 lines, which"],
        ),
        ("four.txt", "one is here\ntwo are there\nwe go\nand so on\n".into(), &["4 different first words"]),
        (
            "f.txt",
            lines(40, |i| format!("word{} and more", i / 2 * (i % 2))),
            &[
                "f.txt, line 1: ",
                "20 different first words in 40 lines",
                "'word0' and 'word1'",
                "--format space",
            ],
        ),
        (
            "f.txt",
            lines(40, |i| {
                format!("{} and more", ["the", "a", "it", "one", "on", "this", "so"][(i / 6).min(6)])
            })
            .replace("so", "s")
                + "x y\nz y\nv y\n",
            &["10 different first words"],
        ),
        (
            "f.tsv",
            lines(20, |i| format!("intent{i}\tplease do thing {i}")),
            &[
                "f.tsv, line 1: ",
                "'intent0' and 'please do thing 0', then 'intent1'",
                "--format tab",
                "--label-column",
            ],
        ),
        (
            "f.csv",
            lines(30, |i| if i == 0 { "text,label".into() } else { format!("good {i},id{i}") }),
            &["line 2: ", "29 different labels in 29 texts", "'id1' and 'id2'", "--label-column"],
        ),
        // Two readings, or none.
        (
            "b.tsv",
            lines(30, |i| format!("{}\t{}", mood(i), ["good", "bad"][i % 2])),
            &["line 1: ", "both be the label", "'pos' and 'good'", "--label-column"],
        ),
        (
            "b.csv",
            lines(30, |i| format!("text {i}, and more {i}")),
            &["b.csv, line 1: ", "none whose values are short and repeat"],
        ),
        (
            "b.txt",
            lines(30, |i| format!("{} film {i}, {}", mood(i), ["yes", "no"][i / 15])),
            &["line 1: ", "either CSV or", "--format csv or --format space"],
        ),
        (
            "b.tsv",
            lines(30, |i| format!("{i}\t{}\tgood {i}", mood(i))),
            &[
                "line 1: ",
                "3 columns in '0\\tpos\\tgood 0'",
                "--label-column",
                "--format tab takes the first",
            ],
        ),
        (
            "b.csv",
            lines(30, |i| format!("{i},{},good {i}", mood(i))),
            &["line 1: ", "3 columns in '0,pos,good 0'"],
        ),
        (
            "b.tsv",
            lines(30, |i| format!("{} good {i}", mood(i))),
            &["b.tsv, line 1: ", "tabs between them, as the name says", "'pos good 0'", "--format"],
        ),
        (
            "b.csv",
            lines(30, |i| format!("{} good {i}", mood(i))),
            &["b.csv, line 1: ", "commas, semicolons, tabs or vertical bars", "--format"],
        ),
        (
            "b.csv",
            lines(30, |i| format!("{};good {i}, {}", mood(i), mood(i / 2))),
            &["line 1: ", "one separator", "more than one"],
        ),
        // Marks and separators in labels.
        (
            "m.tsv",
            lines(30, |i| format!("\"{}\"\tgood {i}", mood(i))),
            &["line 1: ", "pos\\\"'", "marks of CSV", "--format csv"],
        ),
        (
            "m.txt",
            lines(30, |i| format!("{},good {i}, {}", mood(i), ["", ","][i % 2])),
            &["line 1: ", "'pos,good'", "--format csv"],
        ),
        (
            "m.tsv",
            lines(30, |i| format!("good {i}\t{}", ["1", "2", "1, 2"][i % 3])),
            &["line 3: ", "'1, 2', which has the label of another"],
        ),
        // Lines that are not as the others.
        (
            "l.tsv",
            lines(30, |i| if i == 7 { "cut he".into() } else { format!("{}\tgood {i}", mood(i)) }),
            &["l.tsv, line 8: ", "a tab", "'cut he'"],
        ),
        (
            "l.tsv",
            "text\tlabel\ngood\tpos\nbad\tneg\tmore\n".into(),
            &["line 3: expected 2 columns", "3 in 'bad"],
        ),
        (
            "l.csv",
            "text,label\n\"good\n\nso\",pos\n\nbad, sad,neg\n".into(),
            &["l.csv, line 6: expected 2 columns", "found 3", "quotation marks"],
        ),
        ("l.csv", "text,label\ngood,pos\nbad\n".into(), &["line 3: expected 2 columns", "found 1"]),
        ("l.csv", "text,label\na,pos\n\"b\nc,neg\nd,pos\n".into(), &["line 3: ", "never closed"]),
        (
            "l.csv",
            "text,label\na,pos\n\"quiet\" film,neg\n".into(),
            &["line 3: ", "text between a closing quotation mark"],
        ),
        // The mark of line 3 is the one that is missing its end.
        (
            "l.csv",
            "text,label\na,pos\n\"b,neg\nc,pos\n\"d, so\",neg\n".into(),
            &["line 3: ", "a quotation mark that closes on line 5 only, with text between"],
        ),
        ("l.csv", "text,label\na,pos\nb, \n".into(), &["line 3: expected a label", "no label for 'b'"]),
        ("l.tsv", "pos\tgood\n\u{200b}\tbad\n".into(), &["line 2: expected a label", "no label for 'bad'"]),
        (
            "l.jsonl",
            "{\"text\":\"a\",\"label\":1}\n\n{\"text\":\"b\"}\n".into(),
            &["l.jsonl, line 3: ", "in the field 'label'", "no such field"],
        ),
        (
            "l.jsonl",
            "{\"text\":\"a\",\"label\":1}\n{\"text\":\"b\",\n".into(),
            &["line 2: expected a JSON object", "cut short"],
        ),
        (
            "l.jsonl",
            "{\"text\":\"a\",\"label\":1}\n{\"text\":7,\"label\":1}\n".into(),
            &["line 2: expected a string in the field 'text', found '7'"],
        ),
        (
            "l.json",
            "[{\"text\":\"a\",\"label\":1}]".into(),
            &["line 1: expected a JSON object", "a list", "jq"],
        ),
        (
            "l.jsonl",
            "{\"data\":\"a\",\"version\":1}".into(),
            &["the fields 'data', 'version'", "--text-column"],
        ),
        // Nothing, and one label.
        ("e.csv", " \r\n\r".into(), &["e.csv: expected at least one example, found none"]),
        (
            "e.csv",
            "text,label\n\n".into(),
            &[
                "e.csv: expected at least one example, found only the line 'text,label', which names the columns; give",
            ],
        ),
        ("e.tsv", "no\tthis\nno\tthat\nno\tit\n".into(), &["e.tsv: ", "only one label, 'no'"]),
        ("u.tsv", "p\0o\0s\0\t\0o\0k\0\n\0".into(), &["u.tsv, line 1: ", "--encoding utf-16"]),
    ] {
        assert_refused(auto(name, &text), expected, &format!("{name} {text:.80}"));
    }
}

#[test]
fn labels_first_and_last_hold_in_larger_files_too() {
    let long = "und noch ein sehr langer Satz über einen Film, der nicht enden will";
    for (text, format, label) in [
        (lines(40, |i| format!("{}\t{long} {i}", mood(i))), Format::Tab, "pos"),
        (lines(40, |i| format!("很好看的电影{i}\t{}", mood(i))), Format::Tab, "pos"),
        // A few labels that hold spaces; texts of one word each.
        (lines(40, |i| format!("very {}\tfilm{i}", mood(i))), Format::Tab, "very pos"),
        // Texts that repeat, but not as labels do.
        (lines(40, |i| format!("{}\tfilm{}", mood(i), i / 4)), Format::Tab, "pos"),
        (lines(40, |i| format!("film{}\t{}", i / 4, mood(i))), Format::Tab, "pos"),
        (lines(40, |i| format!("{}\tword{i}\tmore{}", mood(i), ["", "\teven"][i % 2])), Format::Tab, "pos"),
        // Whatever its name says.
        (lines(40, |i| format!("{}\t\"word, {i}{}", mood(i), &", or"[..i % 5])), Format::Tab, "pos"),
        (lines(40, |i| format!("DESC:{} what is {i} ?", mood(i))), Format::Space, "DESC:pos"),
        // A rare class is no sign of text.
        (
            lines(40, |i| {
                format!("{} what{} is {i} ?", if i == 9 { "rare" } else { mood(i) }, &", or"[..i % 5])
            }),
            Format::Space,
            "pos",
        ),
    ] {
        let name = if text.contains('"') { "f.csv" } else { "f" };
        let (read, _) = auto(name, &text).unwrap_or_else(|error| panic!("{text:.60}: {error}"));
        assert_eq!((read.format, read.rows[0].label.as_str()), (format, label), "{text:.60}");
    }
}

#[test]
fn the_line_by_which_excel_names_the_separator_is_no_row() {
    let text = "sep=;\r\nsentiment;review\r\npos;good, and short\r\nneg;long\r\npos;warm\r\n";
    for format in [Format::Auto, Format::Csv] {
        let (read, labels) = load("f.csv", text, format, &Columns::default()).unwrap();
        assert_eq!((labels, read.rows.len()), (vec!["neg".to_owned(), "pos".to_owned()], 3));
        assert_eq!((read.rows[0].line, read.rows[0].text.as_str()), (3, "good, and short"));
    }
}

#[test]
fn a_vertical_bar_separates_labels_and_texts() {
    for (text, label_column) in [
        (lines(30, |i| format!("{}|film {i}, {}", mood(i), &"so, ".repeat(i % 3))), "1"),
        (lines(30, |i| format!("film {i}, {}|{}", &"so, ".repeat(i % 3), mood(i))), "2"),
        ("text|label\n".to_owned() + &lines(30, |i| format!("film {i}|{}", mood(i))), "label"),
    ] {
        let (read, labels) = auto("b.txt", &text).unwrap_or_else(|error| panic!("{text:.60}: {error}"));
        assert_eq!((read.format, labels.len(), read.rows.len()), (Format::Csv, 2, 30), "{text:.60}");
        assert_eq!(read.columns.label_column.as_deref(), Some(label_column));
        assert!(read.rows[0].text.starts_with("film 0"), "{:?}", read.rows[0]);
    }
    // Both separators make a table, but with one of them the labels hold the other.
    for (name, text) in [
        ("b.txt", lines(30, |i| format!("{}|film {i}, once", mood(i)))),
        ("b.txt", lines(30, |i| format!("film {i}, once|{}", mood(i)))),
        ("b.csv", lines(30, |i| format!("{};film {i}, was ok", mood(i)))),
        ("b.csv", lines(30, |i| format!("{},film {i}; really", mood(i)))),
    ] {
        let (read, labels) = auto(name, &text).unwrap_or_else(|error| panic!("{text:.60}: {error}"));
        assert_eq!(labels, ["neg", "pos"], "{text:.60}");
        // The format and the columns, given, lead to the same; and so does one line with the labels of training.
        let Columns { text_column, label_column } = &read.columns;
        let given = columns(text_column.as_deref().unwrap(), label_column.as_deref().unwrap());
        assert_eq!(parts(&load(name, &text, Format::Csv, &given).unwrap().0), parts(&read));
    }
    let both = lines(30, |i| format!("{}|film {i}, {}", mood(i), mood(i / 2)));
    assert_refused(auto("b.csv", &both), &["line 1: ", "more than one", "vertical bars"], "both");
    let late = lines(30, |i| format!("so film {i} __label__{}", mood(i)));
    assert_refused(
        auto("b.txt", &late),
        &["line 1: expected labels for fastText at the start", "'__label__pos'"],
        "late",
    );
    let bar = lines(30, |i| format!("{} film {i} | so", mood(i)));
    assert_refused(auto("b.txt", &bar), &["line 1: ", "either CSV or a label, a space"], "bar");
}

#[test]
fn an_empty_last_column_is_none() {
    let tab = |ends: [&str; 2]| lines(30, |i| format!("film {i}\t{}{}", mood(i), ends[i % 2]));
    let first = |ends: [&str; 2]| lines(30, |i| format!("{}\tfilm {i}{}", mood(i), ends[i % 2]));
    for ends in [["\t", "\t"], ["\t", ""], ["\t \t", ""], ["", "\t"]] {
        for (name, text) in [
            ("t.tsv", tab(ends)),
            ("t.tsv", first(ends)),
            ("t.tsv", "text\tlabel\n".to_owned() + &tab(ends)),
            ("t.tsv", "text\tlabel\t\n".to_owned() + &tab(ends)),
        ] {
            let (read, labels) = auto(name, &text).unwrap_or_else(|error| panic!("{text:.60}: {error}"));
            assert_eq!(
                (labels.len(), read.rows[1].text.as_str(), read.rows.len()),
                (2, "film 1", 30),
                "{text:.60}"
            );
            let again = load(name, &text, read.format, &read.columns).unwrap().0;
            assert_eq!(again.rows, read.rows, "{text:.60}");
        }
    }
    let csv = lines(30, |i| format!("film {i},{},,", mood(i)));
    assert_eq!(auto("t.csv", &csv).unwrap().1.len(), 2);
    // A column that some line fills is one, whether it has a name or not.
    let third = "text\tlabel\t\n".to_owned() + &tab(["\t", "\tmore"]);
    assert_eq!(auto("t.tsv", &third).unwrap().0.rows.len(), 30);
    let third = tab(["\t", "\tmore"]);
    assert_refused(
        auto("t.tsv", &format!("text\tlabel\n{third}")),
        &["line 3: expected 2 columns", "3 in"],
        "third",
    );
}

#[test]
fn names_that_columns_often_have_are_known() {
    for (header, label) in [
        ("y\tx", "y"),
        ("score\tbody", "score"),
        ("id\tstars\tcontent", "stars"),
        ("v1\tv2", "v1"),
        ("category\tscore\tsentence", "category"),
        ("text\ttitle\tlabel\tclass", "label"),
    ] {
        let names: Vec<&str> = header.split('\t').collect();
        let row =
            |i: usize| names.iter().map(|name| format!("{name}{}", i % 2)).collect::<Vec<_>>().join("\t");
        let (read, _) = auto("n.tsv", &(header.to_owned() + "\n" + &lines(4, row))).unwrap();
        assert_eq!(read.columns.label_column.as_deref(), Some(label), "{header}");
    }
}

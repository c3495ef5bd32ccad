//! Formats and columns that are given: nothing is guessed.

use super::*;

#[test]
fn a_given_format_is_taken_at_its_word() {
    let many = lines(20, |i| format!("intent{i}\tplease do thing {i}"));
    let (read, labels) = load("f.tsv", &many, Format::Tab, &Columns::default()).unwrap();
    assert_eq!((read.rows.len(), labels.len(), read.note), (20, 20, None));

    let table = "id,Opinion,Phrase,note\n7,pos,\"a, b\",\n8,neg,\"c \"\"d\"\"\",x\n";
    for (format, given, text, expected) in [
        (
            Format::Tab,
            columns("", ""),
            "very good\twhat a\tday\nbad\t\"so\"",
            [(1, "very good", "what a\tday"), (2, "bad", "\"so\"")],
        ),
        (
            Format::Tab,
            columns("1", "2"),
            "a good one\tpos\nb\tneg\n",
            [(1, "pos", "a good one"), (2, "neg", "b")],
        ),
        (Format::Tab, columns("", "2"), "a\tpos\nb\tneg\n", [(1, "pos", "a"), (2, "neg", "b")]),
        (Format::Tab, columns("3", "2"), "1\tpos\ta\n2\tneg\tb\n", [(1, "pos", "a"), (2, "neg", "b")]),
        (
            Format::Space,
            columns("", ""),
            "0 plain, dull . \n\n1 \n",
            [(1, "0", "plain, dull ."), (3, "1", "")],
        ),
        (
            Format::Header,
            columns("", ""),
            "\nLabel\tx\ttext\npos\t1\ta \nneg\t2\t\"b\"\n",
            [(3, "pos", "a"), (4, "neg", "\"b\"")],
        ),
        (
            Format::Header,
            columns("phrase", "Opinion"),
            "Phrase\tOpinion\na\tpos\nb\tneg\n",
            [(2, "pos", "a"), (3, "neg", "b")],
        ),
        (
            Format::Header,
            columns("2", ""),
            "label\ttext\ttweet\npos\tx\ta\nneg\ty\tb\n",
            [(2, "pos", "x"), (3, "neg", "y")],
        ),
        (Format::Csv, columns("Phrase", "Opinion"), table, [(2, "pos", "a, b"), (3, "neg", "c \"d\"")]),
        (Format::Auto, columns("phrase", "opinion"), table, [(2, "pos", "a, b"), (3, "neg", "c \"d\"")]),
        (Format::Csv, columns("Phrase", "2"), table, [(2, "pos", "a, b"), (3, "neg", "c \"d\"")]),
        (
            Format::Csv,
            columns("", "1"),
            "pos,\"a\nb\"\r\n\r\nneg,c\r\n",
            [(1, "pos", "a\nb"), (4, "neg", "c")],
        ),
        (Format::Csv, columns("", "2"), "a, pos\nb ,neg\n", [(1, "pos", "a"), (2, "neg", "b")]),
        (
            Format::Csv,
            columns("1", "2"),
            "text\tlabel\n\"a\t\"\"b\"\t1\nc\t2\n",
            [(2, "1", "a\t\"b"), (3, "2", "c")],
        ),
        (Format::Csv, columns("", ""), "label;text\n1;\"a;b\"\n2;c,d\n", [(2, "1", "a;b"), (3, "2", "c,d")]),
        (
            Format::Jsonl,
            columns("t", "l"),
            "{\"t\":\"a\\nb\",\"l\":true}\n\n{\"l\":[\"x\"],\"t\":\"\"}",
            [(1, "true", "a\nb"), (3, "x", "")],
        ),
        (
            Format::Jsonl,
            columns("", "l"),
            "{\"tweet\":\"a\",\"l\":-1,\"label\":0}\n{\"l\":1.5,\"tweet\":\"b\"}",
            [(1, "-1", "a"), (2, "1.5", "b")],
        ),
    ] {
        let (read, _) = load("f", text, format, &given).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(parts(&read), expected, "{text}");
        let again = load("f", text, read.format, &read.columns).unwrap().0;
        assert_eq!(again.rows, read.rows, "{text}");
    }
}

#[test]
fn what_contradicts_a_given_format_is_an_error() {
    for (format, given, text, expected) in [
        (
            Format::Header,
            columns("", ""),
            "index\tsentence\n0\ta\n",
            &["f, line 1: expected a header", "'index', 'sentence'", "--label-column"][..],
        ),
        (Format::Header, columns("", ""), "pos\ta\n", &["line 1: expected a header"]),
        (
            Format::Header,
            columns("", "kind"),
            "text\tlabel\na\t1\n",
            &["line 1: expected a column 'kind'", "'text', 'label'"],
        ),
        (
            Format::Header,
            columns("text", "x"),
            "text\tx\ttext\na\t1\tb\n",
            &["line 1: expected one column 'text', found 2"],
        ),
        (
            Format::Csv,
            columns("text", ""),
            "text,text\na,1\n",
            &["line 1: expected one column 'text', found 2"],
        ),
        (Format::Header, columns("3", ""), "text\tlabel\na\t1\n", &["line 1: expected a column '3'"]),
        (
            Format::Header,
            columns("0", ""),
            "text\tlabel\na\t1\n",
            &["expected a column, found the number 0; name them with", "a number from 1"],
        ),
        (
            Format::Header,
            columns("text", "text"),
            "text\tlabel\na\t1\n",
            &["expected two columns, found 'text' for both"],
        ),
        (
            Format::Header,
            columns("", ""),
            "text\tlabel\tclass\tsentiment\nlabel\ta\tb\tc\n",
            &["only one label, 'a'"],
        ),
        (
            Format::Header,
            columns("", ""),
            "text\tclass\tsentiment\na\tb\tc\n",
            &["one column for the label", "'class', 'sentiment'"],
        ),
        (
            Format::Header,
            columns("", ""),
            "sentence\tlabel\nfine\t1\ncut he",
            &["line 3: expected 2 columns", "1 in 'cut he'"],
        ),
        (
            Format::Header,
            columns("", ""),
            "sentence\tlabel\nfine\t\n",
            &["line 2: expected a label and a text"],
        ),
        (
            Format::Tab,
            columns("", "label"),
            "a\tpos\n",
            &["line 1: expected a header that names the column 'label'"],
        ),
        (Format::Tab, columns("", "2"), "1\ta\tpos\n", &["line 1: expected both columns by number"]),
        (Format::Tab, columns("1", "9"), "1\ta\n", &["line 1: expected a column 9, found 2 columns"]),
        (Format::Tab, columns("1", "1"), "1\ta\n", &["two columns, found 1 for both"]),
        (Format::Tab, columns("1", "2"), "a\tb\nc\td\te\n", &["line 2: expected 2 columns", "found 3"]),
        (
            Format::Tab,
            columns("", ""),
            "label\ttext\n1\ta\n2\tb\n",
            &["line 1: ", "header", "--format header or csv"],
        ),
        (
            Format::Tab,
            columns("", ""),
            "pos\ta\nneg b\n",
            &["line 2: expected a label, a tab and a text", "'neg b'"],
        ),
        (
            Format::Space,
            columns("", "2"),
            "pos a\n",
            &["f: expected no --text-column or --label-column", "'space'", "'2'"],
        ),
        (
            Format::Space,
            columns("", ""),
            "0 fine\n1\n",
            &["f, line 2: expected a label, a space and a text, found '1'"],
        ),
        (
            Format::Csv,
            columns("", ""),
            "pos,a\nneg,b\n",
            &["line 1: expected a header", "'pos', 'a'", "--label-column"],
        ),
        (Format::Csv, columns("", "kind"), "text,label\na,b\n", &["line 1: ", "'kind'"]),
        (Format::Csv, columns("", ""), "one two\n", &["line 1: expected values with commas", "'one two'"]),
        (Format::Csv, columns("", ""), "\"text,label\na,b\n", &["line 1: ", "never closed"]),
        (
            Format::Csv,
            columns("", "0"),
            "a,b\n",
            &["line 1: expected a column, found the number 0; name them with"],
        ),
        (Format::Csv, columns("", "9"), "text,label\na,b\n", &["line 1: expected a column"]),
        (
            Format::Jsonl,
            columns("", ""),
            "text,label\n",
            &["line 1: expected a JSON object on each line", "'text,label'"],
        ),
        (
            Format::Jsonl,
            columns("", "kind"),
            "{\"text\":\"a\",\"label\":1}",
            &["a field 'kind', found the fields"],
        ),
        (
            Format::Jsonl,
            columns("", ""),
            "{\"text\":\"a\",\"label\":[\"x\",[\"z\"]]}",
            &["line 1: expected a string, a number, or a list of them in the field 'label'"],
        ),
        (
            Format::Jsonl,
            columns("", ""),
            "{\"text\":\"a\",\"label\":null}",
            &["line 1: ", "in the field 'label', found 'null'"],
        ),
        (Format::Folders, columns("", ""), "a", &["f: expected a folder", "found a file"]),
        (Format::Files, columns("", ""), "a\n", &["f: expected a folder", "found a file"]),
    ] {
        assert_refused(load("f", text, format, &given), expected, text);
    }
}

#[test]
fn a_table_without_end_is_an_error() {
    let wide = format!("text,label{}\n", ",x".repeat(names::MOST));
    for (format, text) in
        [(Format::Csv, wide.clone()), (Format::Auto, wide.clone()), (Format::Header, wide.replace(',', "\t"))]
    {
        assert_refused(
            load("w.csv", &text, format, &Columns::default()),
            &["w.csv, line 1: expected at most 1000 columns"],
            "wide",
        );
    }
}

/// What would take hours if the time grew faster than the size.
#[test]
fn large_files_are_read_in_their_time() {
    let blank = "\n".repeat(1 << 18);
    let start = std::time::Instant::now();
    let table = format!("{blank}text,label{blank}a,1{blank}\"b{blank}\",2{blank}");
    for (name, text, expected) in [
        ("l", table.clone(), Some((3 << 18) + 1)),
        ("l.csv", table, Some((3 << 18) + 1)),
        ("l.tsv", format!("label\ttext\n1\t{}\n2\tb\n", "word ".repeat(1 << 18)), Some(3)),
        ("l", format!("1 {}\n2 b\n", "word\t".repeat(1 << 18)), Some(2)),
        ("l", ",".repeat(1 << 20), None),
        ("l.csv", ",".repeat(1 << 20), None),
        ("l.csv", "\"".repeat((1 << 20) + 1), None),
        ("l", "\r".repeat(1 << 20), None),
        ("l", "{".repeat(1 << 20), None),
        ("l.json", "[".repeat(1 << 20), None),
    ] {
        let read = auto(name, &text).map(|(read, _)| read.rows[1].line);
        assert_eq!(read.ok(), expected, "{name} {text:.20}");
    }
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}

#[test]
fn empty_texts_are_counted() {
    let (read, _) = load("f", "text,label\n,1\nb,2\n\" \",1\n", Format::Csv, &Columns::default()).unwrap();
    assert_eq!(parts(&read), [(2, "1", ""), (3, "2", "b"), (4, "1", "")]);
    assert_eq!(read.note.as_deref(), Some("2 of 3 texts are empty"));
}

#[test]
fn formats_have_the_names_that_configurations_use() {
    for format in Format::ALL {
        assert_eq!(serde_json::to_string(&format).unwrap(), format!("\"{}\"", format.name()));
    }
}

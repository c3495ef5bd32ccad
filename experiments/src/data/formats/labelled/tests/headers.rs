//! First lines that name columns, with common names or others.

use super::*;

#[test]
fn a_header_of_numbers_is_no_example() {
    for separator in [",", "\t", ";"] {
        for (header, index) in [("0,1", false), (",0,1", true)] {
            let row = |i: usize| {
                format!("{}film {i},{}\n", if index { format!("{i},") } else { "".into() }, mood(i))
            };
            let text =
                (header.to_owned() + "\n" + &(0..30).map(row).collect::<String>()).replace(',', separator);
            let columns_named = if index { "the columns '', '0', '1'" } else { "the columns '0', '1'" };
            for format in [Format::Auto, Format::Csv] {
                let (read, labels) = load("n.csv", &text, format, &columns("0", "1")).unwrap();
                assert_eq!(
                    (read.rows.len(), labels.len(), read.rows[0].text.as_str()),
                    (30, 2, "film 0"),
                    "{text}"
                );
                let again = load("n.csv", &text, read.format, &read.columns).unwrap().0;
                assert_eq!(again.rows, read.rows);
                let expected =
                    ["n.csv, line 1: expected a header that names a text and a label column", columns_named];
                assert_refused(load("n.csv", &text, format, &columns("", "")), &expected, &text);
            }
            if index {
                let (read, _) = load("n.csv", &text, Format::Csv, &columns("2", "1")).unwrap();
                assert_eq!(read.rows[0].text, "film 0", "2 is no name here, but a number");
            }
        }
    }
    // Numbers above numbers, and numbers in another order, are examples.
    let (read, _) = load("n.csv", "0,1\n1,0\n0,7\n", Format::Csv, &columns("2", "1")).unwrap();
    assert_eq!(read.rows.len(), 3);
    let (read, _) = load("n.csv", "1,2\n0,so\n0,sad\n1,good\n", Format::Csv, &columns("2", "1")).unwrap();
    assert_eq!(read.rows.len(), 4);
    let json = "{\"2\":\"pos\",\"text\":\"a\"}\n{\"2\":\"neg\",\"text\":\"b\"}\n";
    let (read, _) = load("n.jsonl", json, Format::Auto, &columns("text", "")).unwrap();
    assert_eq!((read.rows[0].label.as_str(), read.rows[0].text.as_str()), ("pos", "a"));
}

#[test]
fn of_two_names_the_missing_one_is_named() {
    let table = "id,comment_text,toxic,obscene\n1,so,0,1\n2,sad,1,0\n";
    let tabs = table.replace(',', "\t");
    for (format, text) in [
        (Format::Auto, table),
        (Format::Auto, &tabs),
        (Format::Csv, table),
        (Format::Csv, &tabs),
        (Format::Header, &tabs),
    ] {
        let found = "found the columns 'id', 'comment_text', 'toxic', 'obscene'";
        for (given, missing) in [(("comment_text", "toxc"), "'toxc'"), (("comment", "toxic"), "'comment'")] {
            let error = load("f", text, format, &columns(given.0, given.1));
            assert_refused(error, &[&format!("line 1: expected a column {missing}, {found}")], missing);
        }
    }
    for (given, expected) in [
        (
            ("comment", "toxc"),
            "expected a header that names the columns 'comment' and 'toxc', found 'id,comment_text,",
        ),
        (("1", "toxc"), "expected a header that names the column 'toxc', found 'id,comment_text,"),
    ] {
        assert_refused(load("f", table, Format::Auto, &columns(given.0, given.1)), &[expected], expected);
    }
}

#[test]
fn a_table_with_unfamiliar_names_is_asked_about_whatever_its_separator() {
    for separator in [",", ";", "|"] {
        for (mark, rows) in [("; ", 1), (", ", 1), ("\n", 1), (", ", 30), ("\n", 30)] {
            let mood = |i: usize| if i.is_multiple_of(3) { "pos" } else { "neg" };
            let row = |i: usize| {
                ["\"gut".to_owned() + mark + "ja\"", mood(i).into(), i.to_string()].join(separator)
            };
            let text = ["Kommentar", "Bewertung", "Datum"].join(separator) + "\n" + &lines(rows, row);
            for name in ["k.csv", "k.txt"] {
                let error = auto(name, &text).expect_err(&text).to_string();
                let expected = format!(
                    "{name}, line 1: expected a label and a text, found 3 columns in 'Kommentar{separator}Bewertung\
                     {separator}Datum'; name two with --label-column and --text-column, as the first line names them or by \
                     number from 1"
                );
                assert_eq!(error, expected, "{text}");
            }
            let given = columns("Kommentar", "Bewertung");
            assert_eq!(
                load("k.csv", &(text + &row(1)), Format::Auto, &given).unwrap().0.rows[0].label,
                "pos"
            );
        }
    }
    // A fault is reported for the separator that the first line has.
    let text = "Kommentar;Bewertung;Datum\n\"gut, ja\";pos;1\n\"sehr\" gut;pos;2\n";
    assert_refused(
        auto("k.csv", text),
        &["line 3: expected values in CSV, found text between a closing"],
        text,
    );
}

#[test]
fn a_first_line_that_may_be_a_header_is_asked_about_until_the_format_is_given() {
    let table = |separator: &str| {
        "Meinung,Satz\n".replace(',', separator) + &lines(60, |i| format!("{}{separator}good {i}", mood(i)))
    };
    let given = columns("2", "1");
    for (separator, format) in [(",", Format::Csv), ("\t", Format::Tab)] {
        let text = table(separator);
        let advice = format!("if it is an example, give --format {}", format.name());
        let asked = [
            "line 1: ",
            "'Meinung' and 'Satz', which look like a header; if it names the columns, name two",
            &advice,
        ];
        assert_refused(load("l.csv", &text, Format::Auto, &given), &asked, "asked");
        assert_refused(load("l.csv", &text, Format::Auto, &Columns::default()), &asked, "asked");
        let example = load("l.csv", &text, format, &given).unwrap();
        assert_eq!((example.0.rows.len(), example.1.len()), (61, 3));
        let header = load("l.csv", &text, Format::Auto, &columns("Satz", "Meinung")).unwrap();
        assert_eq!((header.0.rows.len(), header.1.len()), (60, 2));
    }
    let space = auto("l.txt", &table(" "));
    assert_refused(space, &["remove the line if it names columns, or give --format space"], "space");
}

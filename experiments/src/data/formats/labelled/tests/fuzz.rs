//! Any bytes are rows or an error, and what is written is read.

use super::*;
use crate::data::files::decode;
use proptest::prelude::*;

const ENCODINGS: [Encoding; 3] = [Encoding::Utf8, Encoding::Utf8OrWindows1252, Encoding::Utf16];

/// Reads in every format, with and without columns.
fn read_all(text: &str) {
    for name in ["f", "f.csv", "f.tsv", "f.jsonl"] {
        for format in Format::ALL {
            for given in [columns("", ""), columns("1", "2"), columns("text", ""), columns("", "3")] {
                if let Ok((read, labels)) = load(name, text, format, &given) {
                    assert!(labels.len() > 1 && !read.rows.is_empty() && read.format != Format::Auto);
                    assert!(read.rows.iter().all(|row| labels.contains(&row.label)));
                    let lines = lines::unified(text).split('\n').count();
                    assert!(read.rows.iter().all(|row| (1..=lines).contains(&row.line)));
                    assert!(read.rows.windows(2).all(|pair| pair[0].line < pair[1].line));
                    let again = load(name, text, read.format, &read.columns).map(|(read, _)| read.rows);
                    assert_eq!(again.as_ref(), Ok(&read.rows), "{name} {format:?} {given:?} {text:?}");
                }
            }
        }
    }
}

/// A text that is written as CSV.
fn quoted(value: &str, separator: char) -> String {
    if value.contains([separator, '"', '\n', '\r']) {
        format!("\"{}\"", value.replace('"', "\"\""))
    } else {
        value.into()
    }
}

proptest! {
    #[test]
    fn any_bytes_are_rows_or_an_error(bytes: Vec<u8>) {
        for encoding in ENCODINGS {
            if let Ok(text) = decode(Path::new("f"), bytes.clone(), encoding) {
                read_all(&text);
            }
        }
    }

    #[test]
    fn any_files_are_classes_or_an_error(files in prop::collection::vec(("[a-z.]{1,6}", any::<Vec<u8>>()), 0..4)) {
        let folder = tempfile::tempdir()?;
        for (name, bytes) in files.iter().filter(|(name, _)| name.contains(|c| c != '.')) {
            std::fs::write(folder.path().join(name), bytes)?;
        }
        for format in [Format::Auto, Format::Folders, Format::Files] {
            let read = read(&mut FileReader::default(), folder.path(), format, &columns("", ""), Encoding::Latin1);
            if let Ok(read) = read {
                let _ = labels(folder.path(), &read, PerText::One, true);
                prop_assert_eq!(read.format, Format::Files);
            }
        }
    }

    #[test]
    fn near_valid_text_is_rows_or_an_error(
        lines in prop::collection::vec(r#"(text|label|pos|neg|[01]|"a ""b"|\{"text":"a","label":[01]\}|[ "',;{}]|x y)([\t,; ](label|text|pos|"|a b|c|"")){0,3}"#, 0..30),
        end in "\n|\r\n|\r|\n\n",
    ) {
        read_all(&lines.join(&end));
    }

    #[test]
    fn what_is_written_is_read(
        rows in prop::collection::vec(("pos|neg|a fair one", "[a-z\"][a-z,;\"\t\n ]{0,12}[a-z\"]"), 2..30),
    ) {
        let expected: Vec<(String, String)> = [("pos", "x"), ("neg", "y")]
            .map(|(l, t)| (l.into(), t.into())).into_iter().chain(rows).collect();
        let found = |text: &str, format| {
            let read = load("f", text, format, &Columns::default()).unwrap_or_else(|error| panic!("{text}: {error}")).0;
            read.rows.into_iter().map(|row| (row.label, row.text)).collect::<Vec<_>>()
        };
        for (separator, name) in [(',', "text,label"), (';', "text;label"), ('\t', "text\tlabel")] {
            let lines = expected.iter().map(|(l, t)| format!("{}{separator}{l}", quoted(t, separator)));
            let text: String = [name.to_string()].into_iter().chain(lines).collect::<Vec<_>>().join("\n");
            prop_assert_eq!(&found(&text, Format::Csv), &expected);
        }
        let json: String = expected.iter().map(|(l, t)| serde_json::json!({"text": t, "label": l}).to_string() + "\n").collect();
        prop_assert_eq!(&found(&json, Format::Jsonl), &expected);
        prop_assert_eq!(&found(&json, Format::Auto), &expected);
        let flat: Vec<(String, String)> = expected.iter().map(|(l, t)| (l.clone(), t.replace(['\n', '\t'], "_"))).collect();
        let tabs: String = flat.iter().map(|(l, t)| format!("{l}\t{t}\r\n")).collect();
        prop_assert_eq!(&found(&tabs, Format::Tab), &flat);
        let header: String = flat.iter().fold("sentence\tlabel\n".into(), |all, (l, t)| format!("{all}{t}\t{l}\n"));
        prop_assert_eq!(&found(&header, Format::Header), &flat);
        let spaces: Vec<(String, String)> = flat.iter().map(|(l, t)| (l.replace(' ', "-"), t.clone())).collect();
        let text: String = spaces.iter().map(|(l, t)| format!("{l} {t}\n")).collect();
        prop_assert_eq!(&found(&text, Format::Space), &spaces);
    }
}

//! Tests of the readers: the right rows, or an error that says where and what.

mod auto;
mod folders;
mod fuzz;
mod given;
mod headers;
mod labels;

use super::*;

/// The rows of a file and its labels, as somebody who trains on it gets them.
fn load(name: &str, text: &str, format: Format, columns: &Columns) -> Result<(Read, Vec<String>), String> {
    let file = TextFile { path: name.into(), text: text.into(), sha256: String::new() };
    let guessed = format == Format::Auto && columns.is_empty();
    parse(&file, format, columns)
        .and_then(|read| labels(Path::new(name), &read, PerText::One, guessed).map(|labels| (read, labels)))
        .map_err(|error| error.to_string())
}

fn auto(name: &str, text: &str) -> Result<(Read, Vec<String>), String> {
    load(name, text, Format::Auto, &Columns::default())
}

fn columns(text: &str, label: &str) -> Columns {
    let given = |name: &str| (!name.is_empty()).then(|| name.into());
    Columns { text_column: given(text), label_column: given(label) }
}

/// Line, label and text of each row.
fn parts(read: &Read) -> Vec<(usize, &str, &str)> {
    read.rows.iter().map(|row| (row.line, row.label.as_str(), row.text.as_str())).collect()
}

/// `n` lines, each made of its number.
fn lines(n: usize, line: impl Fn(usize) -> String) -> String {
    (0..n).map(|i| line(i) + "\n").collect()
}

/// `pos` and `neg` in turn.
fn mood(i: usize) -> &'static str {
    ["pos", "neg"][i % 2]
}

#[track_caller]
fn assert_refused<T: std::fmt::Debug>(result: Result<T, String>, expected: &[&str], case: &str) {
    let error = result.expect_err(case);
    for part in expected {
        assert!(error.contains(part), "{case}: expected '{part}' in: {error}");
    }
}

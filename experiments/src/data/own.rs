//! People's own files: any number of labels, as words or integers, in any of three line formats.

use super::{
    Classification, DataError, Example, Row,
    error::{listed, quoted},
    examples,
    files::{Encoding, FileReader},
    formats::glue_tsv::{self, Header},
    formats::labelled_lines::{self, Separator},
    split::hold_out,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// How a line holds its label and its text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LineFormat {
    /// Told from each file's first line: a header that names columns, else a tab, else a space.
    #[default]
    Auto,
    /// TSV with a header ([`glue_tsv`]).
    Header,
    /// `label<TAB>text`.
    Tab,
    /// `LABEL text`.
    Space,
}

/// Files to train, choose and test on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OwnFiles {
    /// Training examples.
    pub train: PathBuf,
    /// Development examples; without them a seeded tenth of `train` is held out.
    pub dev: Option<PathBuf>,
    /// Test examples; without them another tenth of `train` is held out.
    pub test: Option<PathBuf>,
    /// Line format of all files.
    pub format: LineFormat,
    /// Encoding of all files.
    pub encoding: Encoding,
}

impl OwnFiles {
    /// Reads the files. The labels are those of `train`: in numerical order if all are integers, else sorted.
    ///
    /// # Errors
    /// [`DataError`] if a file cannot be read, a line is wrong, or a label of `dev` or `test` is not in `train`.
    pub fn load(&self, seed: u64) -> Result<Classification, DataError> {
        let mut reader = FileReader::default();
        let file = reader.read(&self.train, self.encoding)?;
        let rows = rows(&file.path, &file.text, self.format)?;
        let labels = labels(&file.path, &rows)?;
        let mut train = examples(&file.path, &rows, &labels)?;

        let tenth = train.len().div_ceil(10);
        let mut note = Vec::new();
        let mut part = |path: &Option<PathBuf>, name: &str, train: &mut Vec<Example>| match path {
            Some(path) => read_file(&mut reader, path, self.format, self.encoding, &labels),
            None => {
                note.push(format!("{name} is a tenth of the training file, held out by seed {seed}"));
                Ok(hold_out(train, tenth, seed))
            }
        };
        let test = part(&self.test, "test", &mut train)?;
        let dev = part(&self.dev, "dev", &mut train)?;
        let name = self.train.file_stem().map_or("own".into(), |stem| stem.to_string_lossy().into_owned());
        Classification { name, labels, train, dev, test, checksum: reader.checksum(), note: note.join("; ") }
            .checked()
    }
}

/// Reads one file whose labels are known, to evaluate a trained model on it.
///
/// # Errors
/// As [`OwnFiles::load`].
pub fn read_file(
    reader: &mut FileReader,
    path: &Path,
    format: LineFormat,
    encoding: Encoding,
    labels: &[String],
) -> Result<Vec<Example>, DataError> {
    let file = reader.read(path, encoding)?;
    examples(path, &rows(path, &file.text, format)?, labels)
}

/// The rows of a file; a file without any is an error.
fn rows<'a>(path: &Path, text: &'a str, format: LineFormat) -> Result<Vec<Row<'a>>, DataError> {
    let first = text.lines().find(|l| !l.trim().is_empty()).unwrap_or("");
    let rows = match format {
        LineFormat::Header => glue_tsv::parse(path, text),
        LineFormat::Tab => labelled_lines::parse(path, text, Separator::Tab),
        LineFormat::Space => labelled_lines::parse(path, text, Separator::Space),
        LineFormat::Auto if Header::find(first).is_some() => glue_tsv::parse(path, text),
        LineFormat::Auto if first.contains('\t') => labelled_lines::parse(path, text, Separator::Tab),
        LineFormat::Auto => labelled_lines::parse(path, text, Separator::Space),
    }?;
    if rows.is_empty() {
        return Err(DataError::File {
            path: path.into(),
            expected: "at least one example".into(),
            found: "none".into(),
            advice: "give a file with a label and a text on each line".into(),
        });
    }
    Ok(rows)
}

/// The distinct labels of the rows, in order. More than one label for two lines, from 20 lines on, is text in the
/// label's place.
fn labels(path: &Path, rows: &[Row<'_>]) -> Result<Vec<String>, DataError> {
    let distinct: BTreeSet<&str> = rows.iter().map(|r| r.label).collect();
    let mut labels: Vec<String> = distinct.into_iter().map(String::from).collect();
    if rows.len() >= 20 && labels.len() * 2 > rows.len() {
        return Err(DataError::File {
            path: path.into(),
            expected: "a label at the start of each line".into(),
            found: format!(
                "{} different ones in {} lines: {}",
                labels.len(),
                rows.len(),
                listed(&labels[..2])
            ),
            advice: format!(
                "write 'label<TAB>text', or name the columns in a first line such as {}",
                quoted("text\tlabel")
            ),
        });
    }
    let numbers: Option<Vec<i64>> = labels.iter().map(|l| l.parse().ok()).collect();
    if numbers.is_some() {
        labels.sort_by_key(|l| l.parse::<i64>().ok());
    }
    Ok(labels)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn new() -> Self {
            Folder(tempfile::tempdir().unwrap())
        }

        fn write(&self, name: &str, text: &str) -> PathBuf {
            let path = self.0.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        }
    }

    #[test]
    fn each_format_is_told_from_its_first_line() {
        let folder = Folder::new();
        for (name, text) in [
            ("header.tsv", "text\tlabel\nwet today\train\nblue\tsun\nwhite\tsnow\n"),
            ("tab.tsv", "rain\twet today\nsun\tblue\nsnow\twhite\n"),
            ("space.txt", "rain wet today\nsun blue\nsnow white\n"),
        ] {
            let train = folder.write(name, text);
            let files =
                OwnFiles { dev: Some(train.clone()), test: Some(train.clone()), train, ..Default::default() };
            let set = files.load(1).unwrap();
            assert_eq!(set.labels, ["rain", "snow", "sun"], "{name}");
            assert_eq!(set.train[0], Example { text: "wet today".into(), label: 0 }, "{name}");
            assert_eq!(set.train[1].label, 2);
            assert_eq!(set.test, set.train);
            assert_eq!(set.note, "");
        }
    }

    #[test]
    fn integer_labels_are_in_numerical_order() {
        let rows = ["10", "-1", "9", "10"].map(|label| Row { line: 1, label, text: "x" });
        assert_eq!(labels(Path::new("f"), &rows).unwrap(), ["-1", "9", "10"]);
    }

    #[test]
    fn missing_splits_are_held_out_and_said() {
        let folder = Folder::new();
        let text: String = (0..100).map(|i| format!("{} text {i}\n", i % 2)).collect();
        let files = OwnFiles { train: folder.write("mine.txt", &text), ..Default::default() };
        let set = files.load(4).unwrap();
        assert_eq!((set.train.len(), set.dev.len(), set.test.len()), (80, 10, 10));
        assert_eq!(set.name, "mine");
        assert!(
            set.note.contains("test is a tenth of the training file, held out by seed 4; dev is"),
            "{}",
            set.note
        );
        assert_eq!(set, files.load(4).unwrap());
        assert_ne!(set.test, files.load(5).unwrap().test);
    }

    #[test]
    fn a_new_label_in_dev_is_an_error_with_its_line() {
        let folder = Folder::new();
        let train = folder.write("train.txt", "0 a\n1 b\n");
        let dev = Some(folder.write("dev.txt", "0 a\n2 b\n"));
        let error =
            OwnFiles { test: Some(train.clone()), train, dev, ..Default::default() }.load(1).unwrap_err();
        assert!(
            error.to_string().contains("dev.txt, line 2: expected one of the 2 labels '0', '1', found '2'")
        );
    }

    #[test]
    fn empty_files_and_single_labels_are_errors() {
        let folder = Folder::new();
        let load = |text: &str| {
            OwnFiles { train: folder.write("t", text), ..Default::default() }.load(1).unwrap_err()
        };
        assert!(load("\n").to_string().contains("t: expected at least one example, found none"));
        assert!(load("0 a\n0 b\n0 c\n").to_string().contains("only one label, '0'"));
        assert!(load("0 a\n").to_string().contains("the train split of 't' is empty"));
    }

    #[test]
    fn text_in_the_place_of_the_label_is_recognised() {
        let folder = Folder::new();
        let text: String = (0..30).map(|i| format!("some text {i}\tgood\n")).collect();
        let error = OwnFiles { train: folder.write("t", &text), ..Default::default() }
            .load(1)
            .unwrap_err()
            .to_string();
        assert!(error.contains("found 30 different ones in 30 lines: 'some text 0'"), "{error}");
        assert!(error.contains("'text\\tlabel'"), "{error}");
    }

    proptest! {
        #[test]
        fn any_text_is_rows_or_an_error(text: String) {
            for format in [LineFormat::Auto, LineFormat::Header, LineFormat::Tab, LineFormat::Space] {
                if let Ok(rows) = rows(Path::new("f"), &text, format) {
                    let _ = labels(Path::new("f"), &rows);
                }
            }
        }
    }
}

//! A folder for each class, a file for each class.

use super::*;
use std::path::PathBuf;

struct Folder(tempfile::TempDir);

impl Folder {
    fn of(files: &[(&str, &[u8])]) -> Self {
        let folder = Folder(tempfile::tempdir().unwrap());
        for (name, bytes) in files {
            let path = folder.path(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn load(&self, format: Format, encoding: Encoding) -> Result<(Read, Vec<String>), String> {
        let read = read(&mut FileReader::default(), self.0.path(), format, &Columns::default(), encoding);
        read.and_then(|read| {
            let labels = labels(self.0.path(), &read, PerText::One, format == Format::Auto)?;
            Ok((read, labels))
        })
        .map_err(|error| error.to_string())
    }
}

#[test]
fn a_folder_is_a_class_and_a_file_in_it_a_text() {
    let folder = Folder::of(&[
        ("pos/b.txt", b"good\nfilm\n"),
        ("pos/a.txt", b"\xEF\xBB\xBF fine "),
        ("neg/1", b"caf\xE9"),
        ("neg/.DS_Store", b"\xFF"),
        ("urls.txt", b"http"),
    ]);
    for format in [Format::Auto, Format::Folders] {
        assert_refused(
            folder.load(format, Encoding::Utf8),
            &["neg/1, line 1: expected UTF-8", "--encoding windows-1252"],
            "",
        );
        let (read, labels) = folder.load(format, Encoding::Utf8OrWindows1252).unwrap();
        assert_eq!(parts(&read), [(1, "neg", "caf\u{e9}"), (1, "pos", "fine"), (1, "pos", "good\nfilm")]);
        assert_eq!((labels, read.format), (vec!["neg".into(), "pos".into()], Format::Folders));
        assert_eq!(&*read.rows[1].path, folder.path("pos/a.txt"));
        assert!(read.note.unwrap().ends_with("left out beside the classes: 'urls.txt'"));
    }
}

#[test]
fn a_file_is_a_class_and_a_line_in_it_a_text() {
    let texts: [&[u8]; 2] = [b"bad\r\n\r\n sad, mad\t\r", b"good\r\r\"fine\" \n"];
    for (names, labels) in [
        (["neg.txt", "pos.txt"], ["neg", "pos"]),
        (["neg", "pos"], ["neg", "pos"]),
        (["rt-polarity.neg", "rt-polarity.pos"], ["neg", "pos"]),
        (["v1.0.txt", "v2.0.txt"], ["v1.0", "v2.0"]),
    ] {
        let folder = Folder::of(&[(names[0], texts[0]), (names[1], texts[1])]);
        for format in [Format::Auto, Format::Files] {
            let (read, found) = folder.load(format, Encoding::Utf8).unwrap();
            assert_eq!(found, labels, "{names:?}");
            let (neg, pos) = (labels[0], labels[1]);
            assert_eq!(
                parts(&read),
                [(1, neg, "bad"), (3, neg, "sad, mad"), (1, pos, "good"), (3, pos, "\"fine\"")]
            );
            assert_eq!(&*read.rows[3].path, folder.path(names[1]));
        }
    }
}

#[test]
fn readmes_licences_and_hidden_files_are_no_classes() {
    for format in [Format::Auto, Format::Files] {
        let folder = Folder::of(&[
            ("pos.txt", b"good"),
            ("neg.txt", b"bad"),
            ("README.md", b"About"),
            ("LICENSE", b"Terms"),
            (".DS_Store", b"\xFF"),
            ("Thumbs.db", b"\xFF"),
        ]);
        let (read, labels) = folder.load(format, Encoding::Utf8).unwrap();
        assert_eq!(labels, ["neg", "pos"]);
        assert!(read.note.unwrap().ends_with("left out beside the classes: 'LICENSE', 'README.md'"));
    }
}

#[test]
fn folders_that_are_no_classes_are_refused() {
    for (files, format, expected) in [
        (
            &[("train.tsv", b"a"), ("dev.tsv", b"a")][..],
            Format::Auto,
            &["'dev.tsv'", "part of a data set", "--train"][..],
        ),
        (&[("books.task.train", b"a"), ("books.task.test", b"a")], Format::Auto, &["part of a data set"]),
        (&[("train/pos/1", b"a"), ("test/pos/1", b"a")], Format::Auto, &["'test'", "part of a data set"]),
        (
            &[("pos/1", b"a"), ("neg/1", b"a"), ("unsup/1", b"a")],
            Format::Auto,
            &["'unsup'", "without labels", "--format folders"],
        ),
        (&[("pos.txt", b"a"), ("notes.md", b"a")], Format::Auto, &["'notes.md'", "--format files"]),
        (&[("a.csv", b"a"), ("b.csv", b"a")], Format::Auto, &["'a.csv'"]),
        (&[("raw/1", b"a"), ("b.all", b"a")], Format::Auto, &["one folder, 'raw', beside 1 files"]),
        (&[("a.pos", b"a"), ("a.neg", b"a"), ("b.pos", b"b")], Format::Files, &["'a.neg', 'a.pos', 'b.pos'"]),
        (
            &[("pos.txt", b"a"), ("neg.txt", b"\n")],
            Format::Files,
            &["neg.txt: ", "each file is a class", "found none"],
        ),
        (
            &[("pos/1", b"a"), ("neg/.x", b"a")],
            Format::Folders,
            &["neg: ", "each folder is a class", "found none"],
        ),
        (&[("pos/1", b"a"), ("neg/deep/1", b"a")], Format::Folders, &["neg/deep: ", "found a folder"]),
        (&[("pos.txt", b"a")], Format::Folders, &["1 files and no folder", "--format files"]),
        (&[("pos.txt", b"a")], Format::Auto, &["only one label, 'pos'"]),
        (&[], Format::Auto, &["expected at least one example"]),
        (&[], Format::Files, &["expected at least one example"]),
        (
            &[("pos.txt", b"a")],
            Format::Csv,
            &["expected a file, since the format is 'csv'", "found a folder"],
        ),
    ] {
        assert_refused(
            Folder::of(&files.iter().map(|(n, b)| (*n, &b[..])).collect::<Vec<_>>())
                .load(format, Encoding::Utf8),
            expected,
            &format!("{files:?}"),
        );
    }
    let words: Vec<(String, Vec<u8>)> = (0..30).map(|i| (format!("{i}_8.txt"), b"text".to_vec())).collect();
    let words: Vec<(&str, &[u8])> = words.iter().map(|(n, b)| (n.as_str(), b.as_slice())).collect();
    assert_refused(
        Folder::of(&words).load(Format::Auto, Encoding::Utf8),
        &["30 different labels in 30 texts", "a file for each class"],
        "texts",
    );
}

#[test]
fn columns_and_missing_paths_are_errors() {
    let folder = Folder::of(&[("pos.txt", b"a"), ("neg.txt", b"a")]);
    let load = |path: &Path, format, columns: &Columns| {
        read(&mut FileReader::default(), path, format, columns, Encoding::Utf8)
            .map_err(|error| error.to_string())
    };
    assert_refused(
        load(folder.0.path(), Format::Files, &columns("", "1")),
        &["--label-column", "'files'"],
        "",
    );
    for format in Format::ALL {
        assert_refused(
            load(&folder.path("none"), format, &Columns::default()),
            &["cannot read", "none"],
            format.name(),
        );
    }
    let file = folder.path("pos.txt");
    assert_refused(
        load(&file, Format::Folders, &Columns::default()),
        &["pos.txt: expected a folder", "found a file"],
        "",
    );
}

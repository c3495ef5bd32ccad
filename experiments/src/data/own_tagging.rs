//! People's own files for sequence tagging: columns in any order, any kinds of entities, any scheme.

use super::{
    DataError, Sentence, Tagging,
    files::{Encoding, FileReader},
    formats::conll::{self, Columns, Contents, Known},
    formats::scheme::Scheme,
    split::hold_out,
};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Files to train, choose and test on, in columns ([`conll`]).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OwnTagging {
    /// Training sentences.
    pub train: PathBuf,
    /// Development sentences; without them a seeded tenth of `train` is held out.
    pub dev: Option<PathBuf>,
    /// Test sentences; without them another tenth of `train` is held out.
    pub test: Option<PathBuf>,
    /// Columns of all files.
    pub columns: Columns,
    /// Encoding of all files.
    pub encoding: Encoding,
}

impl OwnTagging {
    /// Reads the files, whatever scheme each is in; the tags are IOB2, and the kinds of entities those of `train`.
    ///
    /// # Errors
    /// [`DataError`] if a file cannot be read, a line is wrong, or a kind of `dev` or `test` is not in `train`.
    pub fn load(&self, seed: u64) -> Result<Tagging, DataError> {
        let mut reader = FileReader::default();
        let file = reader.read(&self.train, self.encoding)?;
        let mut read = conll::read(&file, &self.columns, Known::Nothing)?;
        let mut train = std::mem::take(&mut read.sentences);
        let mut notes: Vec<String> = read.note.take().into_iter().collect();

        let tenth = train.len().div_ceil(10);
        let mut part = |path: &Option<PathBuf>, name: &str, train: &mut Vec<Sentence>| match path {
            Some(path) => {
                let other = read_file(&mut reader, path, self.columns, self.encoding, read.known())?;
                notes.extend(other.note);
                Ok(other.sentences)
            }
            None => {
                notes.push(format!("{name} is a tenth of the training file, held out by seed {seed}"));
                Ok(hold_out(train, tenth, seed))
            }
        };
        let test = part(&self.test, "test", &mut train)?;
        let dev = part(&self.dev, "dev", &mut train)?;
        Tagging {
            name: self.train.file_stem().map_or("own".into(), |stem| stem.to_string_lossy().into_owned()),
            kind: read.kind,
            scheme: Scheme::Iob2,
            tags: read.tags,
            train,
            dev,
            test,
            checksum: reader.checksum(),
            note: notes.join("; "),
        }
        .checked()
    }
}

/// Reads one file whose labels are known, to evaluate a trained model on it.
///
/// # Errors
/// As [`OwnTagging::load`].
pub fn read_file(
    reader: &mut FileReader,
    path: &Path,
    columns: Columns,
    encoding: Encoding,
    known: Known<'_>,
) -> Result<Contents, DataError> {
    let file = reader.read(path, encoding)?;
    conll::read(&file, &columns, known)
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn each_file_may_have_its_scheme() {
        let folder = Folder::new();
        let files = OwnTagging {
            train: folder.write("mine.conll", "Ada\tB-PER\nMarsh\tE-PER\n\nOslo\tS-LOC\n"),
            dev: Some(folder.write("dev.txt", "Oslo I-LOC\nBergen B-LOC\n")),
            test: Some(folder.write("test.txt", "Oslo x B-LOC\nBergen x I-LOC\n")),
            ..Default::default()
        };
        let set = files.load(1).unwrap();
        assert_eq!((set.name.as_str(), set.scheme, set.note.as_str()), ("mine", Scheme::Iob2, ""));
        assert_eq!(set.tags, ["O", "B-LOC", "B-PER", "I-LOC", "I-PER"]);
        assert_eq!(set.names(&set.train[0].tags), ["B-PER", "I-PER"]);
        assert_eq!(set.names(&set.dev[0].tags), ["B-LOC", "B-LOC"]);
        assert_eq!(set.names(&set.test[0].tags), ["B-LOC", "I-LOC"]);
        assert_eq!(set.checksum.len(), 64);
    }

    #[test]
    fn missing_splits_are_held_out_and_said() {
        let folder = Folder::new();
        let text: String = (0..100).map(|i| format!("word{i} B-K{}\n\n", i % 12)).collect();
        let files = OwnTagging { train: folder.write("mine.conll", &text), ..Default::default() };
        let set = files.load(4).unwrap();
        assert_eq!((set.train.len(), set.dev.len(), set.test.len(), set.tags.len()), (80, 10, 10, 25));
        assert!(
            set.note.contains("test is a tenth of the training file, held out by seed 4; dev is"),
            "{}",
            set.note
        );
        assert_eq!(set, files.load(4).unwrap());
        assert_ne!(set.test, files.load(5).unwrap().test);
    }

    #[test]
    fn a_new_kind_in_test_is_an_error_with_its_line() {
        let folder = Folder::new();
        let files = OwnTagging {
            train: folder.write("train", "a B-X\n\nb O\n"),
            test: Some(folder.write("test", "a B-X\n\nb S-Y\n")),
            ..Default::default()
        };
        let error = files.load(1).unwrap_err().to_string();
        assert!(
            error.contains("test, line 3: expected an entity of one of the kinds 'X', found 'S-Y'"),
            "{error}"
        );
    }

    #[test]
    fn files_without_entities_or_sentences_are_errors() {
        let folder = Folder::new();
        let load = |text: &str| {
            OwnTagging { train: folder.write("t", text), ..Default::default() }
                .load(1)
                .unwrap_err()
                .to_string()
        };
        assert!(load("\n").contains("t: expected at least one sentence, found none"));
        assert!(load("a O\n\nb O\n\nc O\n").contains("only one label, 'O'"));
        assert!(load("a B-X\n").contains("the train split of 't' is empty"));
        let absent = OwnTagging { train: "no/such".into(), ..Default::default() };
        assert!(absent.load(1).unwrap_err().to_string().starts_with("cannot read no/such"));
    }

    #[test]
    fn columns_are_given_in_toml() {
        let files: OwnTagging =
            toml::from_str("train = 'a'\n[columns]\nword = 2\ncomments = 'hash'\n").unwrap();
        assert_eq!((files.columns.word, files.columns.tag), (2, -1));
        assert_eq!(files.columns.comments, conll::Comments::Hash);
    }
}

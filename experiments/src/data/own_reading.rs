//! People's own files for reading comprehension, as SQuAD v1.1 has them ([`squad`]).

use super::{
    DataError,
    articles::hold_out_articles,
    files::{Encoding, FileReader},
    formats::squad,
    questions::{Reading, ReadingSplit},
};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Files to train, choose and test on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OwnReading {
    /// Training questions.
    pub train: PathBuf,
    /// Development questions; without them whole articles with a tenth of the questions of `train` are held out.
    pub dev: Option<PathBuf>,
    /// Test questions; without them another tenth is held out.
    pub test: Option<PathBuf>,
}

impl OwnReading {
    /// Reads the files.
    ///
    /// # Errors
    /// [`DataError`] if a file cannot be read, an entry is wrong, or a split is without questions.
    pub fn load(&self, seed: u64) -> Result<Reading, DataError> {
        let mut reader = FileReader::default();
        let mut train = read_file(&mut reader, &self.train)?;
        let mut note = Vec::new();
        note.extend(answered(&mut train, "train"));
        let tenth = train.questions.len().div_ceil(10);
        let mut part = |path: &Option<PathBuf>, name: &str, train: &mut ReadingSplit| match path {
            Some(path) => {
                let mut split = read_file(&mut reader, path)?;
                note.extend(answered(&mut split, name));
                Ok(split)
            }
            None => {
                note.push(format!(
                    "{name} is about a tenth of the training file, whole articles held out by seed {seed}"
                ));
                Ok(hold_out_articles(train, tenth, seed))
            }
        };
        let test = part(&self.test, "test", &mut train)?;
        let dev = part(&self.dev, "dev", &mut train)?;
        let name = self.train.file_stem().map_or("own".into(), |stem| stem.to_string_lossy().into_owned());
        Reading { name, train, dev, test, checksum: reader.checksum(), note: note.join("; ") }.checked()
    }
}

/// Leaves out the questions without an answer, and says how many they were.
fn answered(split: &mut ReadingSplit, name: &str) -> Option<String> {
    let n = split.leave_out_unanswered();
    (n > 0).then(|| format!("{name}: {n} questions without an answer left out"))
}

/// Reads one file, to evaluate a trained model on it.
///
/// # Errors
/// As [`squad::read`], and [`DataError::File`] if the file is without questions.
pub fn read_file(reader: &mut FileReader, path: &Path) -> Result<ReadingSplit, DataError> {
    let file = reader.read(path, Encoding::Utf8)?;
    let split = squad::read(&file)?.split;
    if split.questions.is_empty() {
        return Err(DataError::File {
            path: path.into(),
            expected: "at least one question".into(),
            found: "none".into(),
            advice: "give a file in the format of SQuAD v1.1".into(),
        });
    }
    Ok(split)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of so many articles with one question each.
    fn file(folder: &Path, name: &str, articles: usize) -> PathBuf {
        let article = |i: usize| {
            format!(
                r#"{{"title": "t{i}", "paragraphs": [{{"context": "It is {i}.", "qas":
                [{{"id": "{i}", "question": "What?", "answers": [{{"text": "{i}", "answer_start": 6}}]}}]}}]}}"#
            )
        };
        let articles: Vec<String> = (0..articles).map(article).collect();
        let path = folder.join(name);
        std::fs::write(&path, format!(r#"{{"data": [{}]}}"#, articles.join(","))).unwrap();
        path
    }

    #[test]
    fn given_files_are_the_splits() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name, n| file(folder.path(), name, n);
        let files =
            OwnReading { train: path("mine.json", 3), dev: Some(path("d", 2)), test: Some(path("t", 1)) };
        let set = files.load(1).unwrap();
        let sizes = [&set.train, &set.dev, &set.test].map(|s| s.questions.len());
        assert_eq!((sizes, set.name.as_str(), set.note.as_str()), ([3, 2, 1], "mine", ""));
    }

    #[test]
    fn missing_splits_are_held_out_and_said() {
        let folder = tempfile::tempdir().unwrap();
        let files = OwnReading { train: file(folder.path(), "mine.json", 30), ..Default::default() };
        let set = files.load(1).unwrap();
        assert_eq!([&set.train, &set.dev, &set.test].map(|s| s.questions.len()), [24, 3, 3]);
        assert!(set.note.contains("test is about a tenth") && set.note.contains("; dev is"), "{}", set.note);
        assert_ne!(set.test, files.load(2).unwrap().test);
    }

    #[test]
    fn too_little_and_wrong_bytes_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let load = |train| OwnReading { train, ..Default::default() }.load(1).unwrap_err().to_string();
        let one = load(file(folder.path(), "one", 1));
        assert!(one.contains("the test split of 'one' is empty") || one.contains("the dev split"), "{one}");
        assert!(
            load(file(folder.path(), "none", 0)).contains("none: expected at least one question, found none")
        );
        let latin = folder.path().join("latin");
        std::fs::write(&latin, b"{\n\"data\": \"\xE9\"}").unwrap();
        assert!(load(latin).contains("latin, line 2: expected UTF-8, found byte 0xe9 at column 10"));
    }
}

//! Loading the known sets for reading comprehension.

use super::{Encoding, FileReader, KnownFile, KnownSet, Path, Splits, Task, for_task};
use crate::data::{
    DataError,
    articles::hold_out_articles,
    formats::squad,
    questions::{Reading, ReadingSplit},
};

/// Reads a known set for reading comprehension from the data folder. `seed` draws the articles that are held out.
///
/// # Errors
/// [`DataError`]: no folder, files missing or cut short, a wrong entry, a set of another task.
pub fn load_reading(name: &str, folder: Option<&Path>, seed: u64) -> Result<Reading, DataError> {
    let set = for_task(name, Task::Reading)?;
    set.load_reading(folder.ok_or_else(|| DataError::NoFolder { set: name.into() })?, seed)
}

impl KnownSet {
    /// As [`load_reading`].
    ///
    /// # Errors
    /// As [`load_reading`].
    pub fn load_reading(&self, folder: &Path, seed: u64) -> Result<Reading, DataError> {
        self.check_task(Task::Reading)?;
        let (layout, base) = self.find_layout(folder)?;
        let mut reader = FileReader::default();
        let mut notes = Vec::new();
        let mut part = |files: &[KnownFile]| -> Result<ReadingSplit, DataError> {
            let mut split = ReadingSplit::default();
            for file in files {
                self.append(&mut reader, &base.join(file.path), file, &mut split, &mut notes)?;
            }
            Ok(split)
        };
        let (mut train, mut dev, test) = (part(layout.train)?, part(layout.dev)?, part(layout.test)?);
        if let Splits::DevArticlesFromTrain(n) = self.splits {
            dev = hold_out_articles(&mut train, n, seed);
            notes.push(format!(
                "dev: {} training questions, whole articles held out by seed {seed}",
                dev.questions.len()
            ));
        }
        if layout.train.len() > 1 {
            let files: Vec<&str> = layout.train.iter().map(|file| file.path).collect();
            notes.push(format!("train is the subset {}", files.join(", ")));
        }
        notes.extend((!self.caution.is_empty()).then(|| self.caution.into()));
        let (name, checksum, note) = (self.name.into(), reader.checksum(), notes.join("; "));
        Reading { name, train, dev, test, checksum, note }.checked()
    }

    pub(super) fn append(
        &self,
        reader: &mut FileReader,
        path: &Path,
        known: &KnownFile,
        split: &mut ReadingSplit,
        notes: &mut Vec<String>,
    ) -> Result<(), DataError> {
        let file = reader.read(path, Encoding::Utf8)?;
        let before = split.questions.len();
        squad::append(path, &file.text, split)?;
        let found = split.questions.len() - before;
        if found != known.examples {
            return Err(DataError::File {
                path: path.into(),
                expected: format!("the {} questions of '{}'", known.examples, self.name),
                found: found.to_string(),
                advice: format!("get it again from {}, or read a set of your own by --train", self.address),
            });
        }
        if !known.sha256.is_empty() && known.sha256 != file.sha256 {
            notes.push(format!("{} is not the version the catalogue knows", known.path));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Format, Layout, PASSAGES, load};
    use super::*;

    const TINY: KnownSet = KnownSet {
        name: "tiny",
        description: "three articles",
        address: "https://example.org/tiny",
        licence: "none",
        labels: &[],
        tokenised: false,
        encoding: Encoding::Utf8,
        layouts: &[Layout {
            folder: "tiny",
            format: Format::Squad,
            train: &[
                KnownFile { path: "a.json", sha256: "00", examples: 2 },
                KnownFile { path: "b.json", sha256: "", examples: 1 },
            ],
            dev: &[],
            test: &[KnownFile { path: "c.json", sha256: "", examples: 1 }],
        }],
        splits: Splits::DevArticlesFromTrain(1),
        downloads: crate::data::catalog::NONE,
        caution: "it is very small",
    };

    fn file(ids: &[&str]) -> String {
        let article = |id: &&str| {
            format!(
                r#"{{"title": "{id}", "paragraphs": [{{"context": "So {id}.", "qas": [{{"id": "{id}", "question": "?",
                "answers": [{{"text": "{id}", "answer_start": 3}}]}}]}}]}}"#
            )
        };
        format!(r#"{{"data": [{}]}}"#, ids.iter().map(article).collect::<Vec<_>>().join(","))
    }

    fn load_tiny(b: &str) -> Result<Reading, String> {
        let folder = tempfile::tempdir().unwrap();
        let tiny = folder.path().join("tiny");
        std::fs::create_dir(&tiny).unwrap();
        for (name, text) in [("a.json", file(&["1", "2"]).as_str()), ("b.json", b), ("c.json", &file(&["1"]))]
        {
            std::fs::write(tiny.join(name), text).unwrap();
        }
        TINY.load_reading(folder.path(), 1).map_err(|e| e.to_string())
    }

    #[test]
    fn a_set_is_read_checked_and_split() {
        let set = load_tiny(&file(&["3"])).unwrap();
        assert_eq!([&set.train, &set.dev, &set.test].map(|s| s.questions.len()), [2, 1, 1]);
        assert_eq!(
            set.note,
            "a.json is not the version the catalogue knows; dev: 1 training questions, whole articles held out by seed 1; \
             train is the subset a.json, b.json; it is very small"
        );
    }

    #[test]
    fn missing_questions_and_repeated_ids_are_errors() {
        let error = load_tiny(&file(&["3", "4"])).unwrap_err();
        assert!(
            error.contains("b.json: expected the 1 questions of 'tiny', found 2; get it again"),
            "{error}"
        );
        let error = load_tiny(&file(&["2"])).unwrap_err();
        assert!(
            error.contains("b.json, data[0].paragraphs[0].qas[0] (question '2'): expected an id"),
            "{error}"
        );
    }

    #[test]
    fn sets_of_the_other_task_are_refused() {
        for name in ["squad", PASSAGES] {
            let error = load(name, None, 1).unwrap_err().to_string();
            let expected = format!(
                "the data set '{name}' is for reading comprehension, not for classification; for classification there are \
                 reviews, "
            );
            assert!(error.starts_with(&expected), "{error}");
        }
        let error = load_reading("imdb", None, 1).unwrap_err().to_string();
        assert!(error.contains("'imdb' is for classification, not for reading comprehension"), "{error}");
        assert!(load_reading("squat", None, 1).unwrap_err().to_string().contains("did you mean 'squad'"));
        assert!(load_reading("squad", None, 1).unwrap_err().to_string().contains("--data DIR"));
    }
}

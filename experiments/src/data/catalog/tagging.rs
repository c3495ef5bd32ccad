//! Known sets for sequence tagging.

use super::{Format, KnownFile, KnownSet, Splits, for_task, other_task};
use crate::data::{
    DataError, Sentence, Tagging, Task,
    files::FileReader,
    formats::conll::{self, Columns, Known},
    formats::scheme::{Scheme, TagKind},
    split::hold_out,
};
use std::path::Path;

/// Reads a known tagging set from the data folder, with tags in IOB2. `seed` draws the sentences that are held out
/// where a split is missing.
///
/// # Errors
/// [`DataError`]: a set for another task, no folder, files missing or cut short, a wrong line, an unknown kind.
pub fn load_tagging(name: &str, folder: Option<&Path>, seed: u64) -> Result<Tagging, DataError> {
    let set = for_task(name, Task::Tagging)?;
    set.load_tagging(folder.ok_or_else(|| DataError::NoFolder { set: name.into() })?, seed)
}

impl KnownSet {
    /// As [`load_tagging`].
    ///
    /// # Errors
    /// As [`load_tagging`].
    pub fn load_tagging(&self, folder: &Path, seed: u64) -> Result<Tagging, DataError> {
        self.check_task(Task::Tagging)?;
        let (layout, base) = self.find_layout(folder)?;
        let Format::Conll(columns) = layout.format else {
            return Err(other_task(self.name, self.task(), Task::Tagging));
        };
        let kinds: Vec<String> = self.labels.iter().map(|kind| kind.to_string()).collect();
        let mut reader = FileReader::default();
        let mut notes = Vec::new();
        let mut part = |files: &[KnownFile]| -> Result<Vec<Sentence>, DataError> {
            let mut all = Vec::new();
            for file in files {
                all.extend(self.sentences(&mut reader, &base.join(file.path), file, columns, &mut notes)?);
            }
            Ok(all)
        };
        let (mut train, mut dev, mut test) = (part(layout.train)?, part(layout.dev)?, part(layout.test)?);
        match self.splits {
            Splits::Official => {}
            Splits::DevFromTrain(n) => {
                dev = hold_out(&mut train, n, seed);
                notes.push(format!("dev: {n} training sentences held out by seed {seed}"));
            }
            // Only reading comprehension has articles.
            Splits::DevArticlesFromTrain(_) => {
                return Err(other_task(self.name, Task::Reading, Task::Tagging));
            }
            Splits::DevAndTestFromTrain(n) => {
                test = hold_out(&mut train, n, seed);
                dev = hold_out(&mut train, n, seed);
                notes.push(format!(
                    "no official splits: test and dev are {n} sentences each, drawn by seed {seed}"
                ));
            }
        }
        notes.extend((!self.caution.is_empty()).then(|| self.caution.into()));
        Tagging {
            name: self.name.into(),
            kind: TagKind::Entities,
            scheme: Scheme::Iob2,
            tags: Scheme::Iob2.tag_names(&kinds),
            train,
            dev,
            test,
            checksum: reader.checksum(),
            note: notes.join("; "),
        }
        .checked()
    }

    pub(super) fn sentences(
        &self,
        reader: &mut FileReader,
        path: &Path,
        known: &KnownFile,
        columns: Columns,
        notes: &mut Vec<String>,
    ) -> Result<Vec<Sentence>, DataError> {
        let file = reader.read(path, self.encoding)?;
        let kinds: Vec<String> = self.labels.iter().map(|kind| kind.to_string()).collect();
        let read = conll::read(&file, &columns, Known::Kinds(&kinds))?;
        notes.extend(read.note);
        self.check_whole(&file, known, notes)?;
        self.check_count(&file.path, known, read.sentences.len())?;
        Ok(read.sentences)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{catalog, catalog::Layout, files::Encoding};

    const TINY: KnownSet = KnownSet {
        name: "tiny",
        description: "two splits of a few sentences",
        address: "https://example.org/tiny",
        licence: "none",
        labels: &["PER", "LOC"],
        tokenised: true,
        encoding: Encoding::Utf8,
        layouts: &[Layout {
            folder: "tiny",
            format: Format::Conll(Columns::FIRST_AND_LAST),
            train: &[KnownFile { path: "train", sha256: "00", examples: 3 }],
            dev: &[],
            test: &[KnownFile { path: "test", sha256: "", examples: 1 }],
        }],
        splits: Splits::DevFromTrain(1),
        downloads: crate::data::catalog::NONE,
        caution: "it is very small",
    };

    fn load_tiny(train: &str) -> Result<Tagging, String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("tiny")).unwrap();
        std::fs::write(folder.path().join("tiny/train"), train).unwrap();
        std::fs::write(folder.path().join("tiny/test"), "Oslo\tI-LOC\nBergen\tB-LOC\n").unwrap();
        TINY.load_tagging(folder.path(), 1).map_err(|e| e.to_string())
    }

    #[test]
    fn a_set_is_read_checked_and_split() {
        let set = load_tiny("a\tO\n\nAda\tI-PER\n\nEve\tI-PER\nsings\tO\n\n").unwrap();
        assert_eq!((set.train.len(), set.dev.len(), set.test.len()), (2, 1, 1));
        assert_eq!(set.tags, ["O", "B-LOC", "B-PER", "I-LOC", "I-PER"]);
        assert_eq!(set.names(&set.test[0].tags), ["B-LOC", "B-LOC"]);
        assert_eq!(
            set.note,
            "train is not the version the catalogue knows; dev: 1 training sentences held out by seed 1; it is very \
             small"
        );
    }

    #[test]
    fn files_cut_short_and_unknown_kinds_are_errors() {
        let error = load_tiny("a\tO\n\nb\tO\n").unwrap_err();
        assert!(
            error.contains("tiny/train: expected the 3 examples of 'tiny', found 2; it may be cut"),
            "{error}"
        );
        let error = load_tiny("a\tO\n\nb\tO\n\nc\tO").unwrap_err();
        assert!(error.contains("expected a line end after the last line, found none"), "{error}");
        let error = load_tiny("a\tO\n\nb\tB-ORG\n\nc\tO\n").unwrap_err();
        assert!(
            error.contains("train, line 3: expected an entity of one of the kinds 'PER', 'LOC'"),
            "{error}"
        );
    }

    #[test]
    fn sets_for_other_tasks_are_refused_in_one_sentence() {
        let folder = Some(Path::new("."));
        let error = load_tagging("mr", folder, 1).unwrap_err().to_string();
        assert_eq!(
            error,
            "the data set 'mr' is for classification, not for tagging; for tagging there are names, names-small, \
             conll2003, wnut17, weibo-ner"
        );
        let refused = |name: &str| catalog::load(name, folder, 1).unwrap_err().to_string();
        for name in ["conll2003", "names-small"] {
            let start =
                format!("the data set '{name}' is for tagging, not for classification; for classification");
            assert!(refused(name).starts_with(&start), "{}", refused(name));
        }
        let error = load_tagging("reviews", folder, 1).unwrap_err().to_string();
        assert!(
            error.starts_with("the data set 'reviews' is for classification, not for tagging"),
            "{error}"
        );
        let error = load_tagging("conl2003", folder, 1).unwrap_err().to_string();
        assert!(error.contains("did you mean 'conll2003'?"), "{error}");
        assert!(load_tagging("wnut17", None, 1).unwrap_err().to_string().contains("--data DIR"));
        let mr = catalog::find("mr").unwrap();
        let conll = catalog::find("conll2003").unwrap();
        let empty = tempfile::tempdir().unwrap();
        assert!(conll.load(empty.path(), 1).unwrap_err().to_string().contains("is for tagging"));
        assert!(mr.load_tagging(empty.path(), 1).unwrap_err().to_string().contains("is for classification"));
    }

    #[test]
    fn the_splits_of_a_missing_set_are_looked_for_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let error = load_tagging("conll2003", Some(folder.path()), 1).unwrap_err().to_string();
        assert!(error.contains("looked for conll2003/eng.train, conll2003/alt-iob2/train.txt"), "{error}");
    }
}

//! The known sets: where each comes from, under which terms, and what its files must hold. The files themselves are
//! never part of this project; their folder is given by `--data DIR` or `GRADUS_DATA`.

mod check;
mod download;
mod reading;
mod sets;
mod tagging;

pub use check::{Checked, State};
pub use download::{Download, NONE, Unpack};
pub use reading::load_reading;
pub use sets::SETS;
pub use tagging::load_tagging;

use super::{
    Classification, DataError, Example, Task, examples,
    files::{Encoding, FileReader, TextFile},
    formats::conll::Columns,
    formats::glue_tsv,
    formats::imdb::{self, Polarity},
    formats::labelled_lines::{self, Separator},
    split::hold_out,
};
use crate::tasks::classify::generated::Kind;
use crate::tasks::read::generated::PASSAGES;
use crate::tasks::tag::generated::Corpus;
use std::path::{Path, PathBuf};

/// A known set.
#[derive(Debug)]
pub struct KnownSet {
    /// Name on the command line.
    pub name: &'static str,
    /// What it is, in one sentence.
    pub description: &'static str,
    /// Where to get it.
    pub address: &'static str,
    /// Its terms, as far as they are stated.
    pub licence: &'static str,
    /// Names of the labels 0, 1, …; of the kinds of entities in a tagging set.
    pub labels: &'static [&'static str],
    /// Whether tokens stand apart by spaces already (and are lower-case).
    pub tokenised: bool,
    /// Encoding of its files.
    pub encoding: Encoding,
    /// The forms in which people have the files; the first one found is read.
    pub layouts: &'static [Layout],
    /// How the three splits come about.
    pub splits: Splits,
    /// What yields the first of `layouts`, where public addresses do; else [`NONE`].
    pub downloads: &'static [Download],
    /// What a reader of results on this set must know; it goes into [`Classification::note`].
    pub caution: &'static str,
}

/// One form of a set's files.
#[derive(Debug)]
pub struct Layout {
    /// Folder inside the data folder (the data folder itself will do, too).
    pub folder: &'static str,
    /// Format of all files.
    pub format: Format,
    /// Training files.
    pub train: &'static [KnownFile],
    /// Development files.
    pub dev: &'static [KnownFile],
    /// Test files.
    pub test: &'static [KnownFile],
}

/// A file (or, for [`Format::ImdbFolder`], a folder) and what it must hold.
#[derive(Debug)]
pub struct KnownFile {
    /// Relative to the layout's folder.
    pub path: &'static str,
    /// Digest of the version the counts were measured on; empty if there is none to compare with.
    pub sha256: &'static str,
    /// How many examples it holds; sentences in a tagging set.
    pub examples: usize,
}

/// File formats of the known sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `LABEL text` ([`labelled_lines`]), labels from 0.
    LabelledLines,
    /// TSV with a header ([`glue_tsv`]), labels from 0.
    GlueTsv,
    /// IMDB as TSV: the negative file, then the positive one.
    ImdbTsv,
    /// IMDB as folders: the negative one, then the positive one.
    ImdbFolder,
    /// A word and its tag a line ([`super::conll`]).
    Conll(Columns),
    /// SQuAD v1.1 JSON ([`super::squad`]); its examples are questions.
    Squad,
}

/// How the three splits come about. The examples to hold out are drawn by the seed of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Splits {
    /// All three are official.
    Official,
    /// So many training examples become dev.
    DevFromTrain(usize),
    /// So many training examples become dev, and as many test.
    DevAndTestFromTrain(usize),
    /// Whole articles with at least so many training questions become dev.
    DevArticlesFromTrain(usize),
}

/// The data folder: the flag's value if given, else the environment variable `GRADUS_DATA` if set.
pub fn data_folder(flag: Option<&Path>) -> Option<PathBuf> {
    flag.map(Path::to_path_buf)
        .or_else(|| std::env::var_os("GRADUS_DATA").filter(|v| !v.is_empty()).map(PathBuf::from))
}

/// The known set of a name.
///
/// # Errors
/// [`DataError::UnknownSet`], which names the nearest known or generated one.
pub fn find(name: &str) -> Result<&'static KnownSet, DataError> {
    let names = TASKS.map(names).concat();
    let nearest = names.iter().map(|known| (strsim::damerau_levenshtein(known, name), known)).min();
    let nearest = nearest.filter(|(distance, _)| *distance <= 3);
    SETS.iter().find(|set| set.name == name).ok_or_else(|| DataError::UnknownSet {
        name: name.into(),
        nearest: nearest.map_or(String::new(), |(_, known)| format!(" (did you mean '{known}'?)")),
        known: names.join(", "),
    })
}

/// The names of all sets for a task, generated ones first.
fn names(task: Task) -> Vec<&'static str> {
    let generated: Vec<&str> = match task {
        Task::Classification => Kind::ALL.iter().map(|kind| kind.name()).collect(),
        Task::Tagging => Corpus::ALL.iter().map(|corpus| corpus.name()).collect(),
        Task::Reading => vec![PASSAGES],
    };
    let known = SETS.iter().filter(|set| set.task() == task).map(|set| set.name);
    generated.into_iter().chain(known).collect()
}

const TASKS: [Task; 3] = [Task::Classification, Task::Tagging, Task::Reading];

/// The known set of a name, if it is for that task.
fn for_task(name: &str, wanted: Task) -> Result<&'static KnownSet, DataError> {
    for task in TASKS {
        if task != wanted && names(task).contains(&name) {
            return Err(other_task(name, task, wanted));
        }
    }
    find(name)
}

fn other_task(name: &str, task: Task, wanted: Task) -> DataError {
    DataError::OtherTask { set: name.into(), task, wanted, known: names(wanted).join(", ") }
}

/// Reads a known classification set from the data folder. `seed` draws the examples that are held out where a split is
/// missing.
///
/// # Errors
/// [`DataError`]: a set for another task, no folder, files missing or cut short, a wrong line, a label out of range.
pub fn load(name: &str, folder: Option<&Path>, seed: u64) -> Result<Classification, DataError> {
    let set = for_task(name, Task::Classification)?;
    set.load(folder.ok_or_else(|| DataError::NoFolder { set: name.into() })?, seed)
}

impl Layout {
    /// Training, development and test files, in this order.
    pub fn files(&self) -> impl Iterator<Item = &KnownFile> {
        self.train.iter().chain(self.dev).chain(self.test)
    }
}

impl KnownSet {
    /// What the set is for.
    pub fn task(&self) -> Task {
        match self.layouts {
            [Layout { format: Format::Conll(_), .. }, ..] => Task::Tagging,
            [Layout { format: Format::Squad, .. }, ..] => Task::Reading,
            _ => Task::Classification,
        }
    }

    fn check_task(&self, wanted: Task) -> Result<(), DataError> {
        if self.task() == wanted { Ok(()) } else { Err(other_task(self.name, self.task(), wanted)) }
    }

    /// As [`load`].
    ///
    /// # Errors
    /// As [`load`].
    pub fn load(&self, folder: &Path, seed: u64) -> Result<Classification, DataError> {
        self.check_task(Task::Classification)?;
        let (layout, base) = self.find_layout(folder)?;
        let mut reader = FileReader::default();
        let mut notes = Vec::new();
        let mut part = |files: &[KnownFile]| -> Result<Vec<Example>, DataError> {
            let mut all = Vec::new();
            for (i, file) in files.iter().enumerate() {
                let polarity = [Polarity::Negative, Polarity::Positive][i % 2];
                all.extend(self.read(
                    &mut reader,
                    &base.join(file.path),
                    file,
                    layout.format,
                    polarity,
                    &mut notes,
                )?);
            }
            Ok(all)
        };
        let (mut train, mut dev, mut test) = (part(layout.train)?, part(layout.dev)?, part(layout.test)?);
        match self.splits {
            Splits::Official => {}
            Splits::DevFromTrain(n) => {
                dev = hold_out(&mut train, n, seed);
                notes.push(format!("dev: {n} training examples held out by seed {seed}"));
            }
            Splits::DevAndTestFromTrain(n) => {
                test = hold_out(&mut train, n, seed);
                dev = hold_out(&mut train, n, seed);
                notes.push(format!(
                    "no official splits: test and dev are {n} examples each, drawn by seed {seed}"
                ));
            }
            // Only reading comprehension has articles.
            Splits::DevArticlesFromTrain(_) => {
                return Err(other_task(self.name, Task::Reading, Task::Classification));
            }
        }
        notes.extend((!self.caution.is_empty()).then(|| self.caution.into()));
        let labels = self.labels.iter().map(|l| l.to_string()).collect();
        let (name, checksum, note) = (self.name.into(), reader.checksum(), notes.join("; "));
        Classification { name, labels, train, dev, test, checksum, note }.checked()
    }

    /// The first layout that is there whole, else in part, and the folder it is in.
    fn find_layout(&self, folder: &Path) -> Result<(&Layout, PathBuf), DataError> {
        let places =
            || self.layouts.iter().flat_map(|l| [folder.join(l.folder), folder.into()].map(|base| (l, base)));
        let whole = |(layout, base): &(&Layout, PathBuf)| layout.files().all(|f| base.join(f.path).exists());
        let in_part =
            |(layout, base): &(&Layout, PathBuf)| layout.files().any(|f| base.join(f.path).exists());
        if let Some(found) = places().find(whole).or_else(|| places().find(in_part)) {
            return Ok(found);
        }
        let first =
            |l: &Layout| l.train.first().map_or(l.folder.into(), |f| format!("{}/{}", l.folder, f.path));
        Err(DataError::Missing {
            path: folder.into(),
            set: self.name.into(),
            looked_for: self.layouts.iter().map(first).collect::<Vec<_>>().join(", "),
            address: self.address.into(),
        })
    }

    fn read(
        &self,
        reader: &mut FileReader,
        path: &Path,
        known: &KnownFile,
        format: Format,
        polarity: Polarity,
        notes: &mut Vec<String>,
    ) -> Result<Vec<Example>, DataError> {
        let found = if format == Format::ImdbFolder {
            imdb::read_folder(reader, path, self.encoding, polarity)?
        } else {
            let file = reader.read(path, self.encoding)?;
            let found = self.parse(&file, format, polarity)?;
            self.check_whole(&file, known, notes)?;
            found
        };
        self.check_count(path, known, found.len())?;
        Ok(found)
    }

    /// A file ends in a line end; another version than the known one is noted.
    fn check_whole(
        &self,
        file: &TextFile,
        known: &KnownFile,
        notes: &mut Vec<String>,
    ) -> Result<(), DataError> {
        if !file.text.ends_with('\n') {
            return Err(self.cut_short(&file.path, "a line end after the last line".into(), "none".into()));
        }
        if !known.sha256.is_empty() && known.sha256 != file.sha256 {
            notes.push(format!("{} is not the version the catalogue knows", known.path));
        }
        Ok(())
    }

    fn check_count(&self, path: &Path, known: &KnownFile, found: usize) -> Result<(), DataError> {
        if found == known.examples {
            return Ok(());
        }
        let expected = format!("the {} examples of '{}'", known.examples, self.name);
        Err(self.cut_short(path, expected, found.to_string()))
    }

    fn cut_short(&self, path: &Path, expected: String, found: String) -> DataError {
        DataError::File {
            path: path.into(),
            expected,
            found,
            advice: format!(
                "it may be cut short: get it again from {}, or read a set of your own by --train",
                self.address
            ),
        }
    }

    /// The examples of one file, with labels `0 .. K`.
    fn parse(&self, file: &TextFile, format: Format, polarity: Polarity) -> Result<Vec<Example>, DataError> {
        let rows = match format {
            Format::LabelledLines => labelled_lines::parse(&file.path, &file.text, Separator::Space)?,
            Format::GlueTsv => glue_tsv::parse(&file.path, &file.text)?,
            Format::ImdbTsv | Format::ImdbFolder => {
                return imdb::parse_tsv(&file.path, &file.text, polarity);
            }
            Format::Conll(_) | Format::Squad => {
                return Err(other_task(self.name, self.task(), Task::Classification));
            }
        };
        let labels: Vec<String> = (0..self.labels.len()).map(|label| label.to_string()).collect();
        examples(&file.path, &rows, &labels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TINY: KnownSet = KnownSet {
        name: "tiny",
        description: "three splits of two lines",
        address: "https://example.org/tiny",
        licence: "none",
        labels: &["bad", "good"],
        tokenised: true,
        encoding: Encoding::Utf8OrWindows1252,
        layouts: &[Layout {
            folder: "tiny",
            format: Format::LabelledLines,
            train: &[KnownFile { path: "train", sha256: "00", examples: 4 }],
            dev: &[],
            test: &[KnownFile { path: "test", sha256: "", examples: 2 }],
        }],
        splits: Splits::DevFromTrain(2),
        downloads: NONE,
        caution: "it is very small",
    };

    fn load_tiny(train: &str) -> Result<Classification, String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("tiny")).unwrap();
        std::fs::write(folder.path().join("tiny/train"), train).unwrap();
        std::fs::write(folder.path().join("tiny/test"), b"1 caf\xE9\n0 none\n").unwrap();
        let loaded = TINY.load(folder.path(), 1).map_err(|e| e.to_string());
        // The set's own folder will do as well.
        assert_eq!(loaded.is_ok(), TINY.load(&folder.path().join("tiny"), 1).is_ok());
        loaded
    }

    #[test]
    fn a_set_is_read_checked_and_split() {
        let set = load_tiny("0 a\n1 b\n0 c\n1 d\n").unwrap();
        assert_eq!((set.train.len(), set.dev.len(), set.test.len()), (2, 2, 2));
        assert_eq!(set.test[0], Example { text: "café".into(), label: 1 });
        assert_eq!(
            set.note,
            "train is not the version the catalogue knows; dev: 2 training examples held out by seed 1; it is very small"
        );
    }

    #[test]
    fn a_file_cut_short_is_an_error() {
        let error = load_tiny("0 a\n1 b\n0 c\n").unwrap_err();
        assert!(
            error.contains("tiny/train: expected the 4 examples of 'tiny', found 3; it may be cut short"),
            "{error}"
        );
        assert!(error.contains("https://example.org/tiny"), "{error}");
        let error = load_tiny("0 a\n1 b\n0 c\n1 dddd").unwrap_err();
        assert!(error.contains("expected a line end after the last line, found none"), "{error}");
    }

    #[test]
    fn a_label_out_of_range_is_an_error_with_its_line() {
        let error = load_tiny("0 a\n1 b\n2 c\n1 d\n").unwrap_err();
        assert!(
            error.contains("tiny/train, line 3: expected one of the 2 labels '0', '1', found '2'"),
            "{error}"
        );
    }

    #[test]
    fn missing_folders_and_files_are_named() {
        let error = load("imdb", None, 1).unwrap_err().to_string();
        assert!(error.contains("--data DIR") && error.contains("GRADUS_DATA"), "{error}");

        let folder = tempfile::tempdir().unwrap();
        let error = load("imdb", Some(folder.path()), 1).unwrap_err().to_string();
        assert!(error.contains("looked for aclImdb/train/neg, imdb/train.neg.tsv"), "{error}");

        std::fs::create_dir(folder.path().join("imdb")).unwrap();
        std::fs::write(folder.path().join("imdb/train.pos.tsv"), "").unwrap();
        let error = load("imdb", Some(folder.path()), 1).unwrap_err().to_string();
        assert!(error.contains("cannot read") && error.contains("train.neg.tsv"), "{error}");
    }

    #[test]
    fn a_misspelt_name_is_answered_with_the_nearest() {
        let error = find("imbd").unwrap_err().to_string();
        assert!(error.contains("'imbd' (did you mean 'imdb'?)"), "{error}");
        assert!(!find("shakespeare").unwrap_err().to_string().contains("did you mean"));
    }

    #[test]
    fn names_are_unique_and_files_have_digests_of_the_right_length() {
        for (i, set) in SETS.iter().enumerate() {
            assert!(SETS[..i].iter().all(|other| other.name != set.name));
            for layout in set.layouts {
                for file in layout.files() {
                    assert!([0, 64].contains(&file.sha256.len()), "{} {}", set.name, file.path);
                }
            }
        }
    }
}

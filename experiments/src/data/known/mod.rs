//! Known data sets: address, licence, files and checksums of each. Each task has its own table. The files are not part of this
//! project; `--data DIR` or `GRADUS_DATA` names their folder.

mod any;
mod download;

pub use any::{AnySet, Checked, State};
pub use download::{Download, NONE, Unpack};

use super::files::{Encoding, FileReader, TextFile};
use super::{DataError, Part, Split, Splits};
use std::path::{Path, PathBuf};

/// A known set.
#[derive(Debug)]
pub struct KnownSet<P: 'static> {
    /// Name on the command line.
    pub name: &'static str,
    /// A description in one sentence.
    pub description: &'static str,
    /// Where to get it.
    pub address: &'static str,
    /// Its licence, as far as it is stated.
    pub licence: &'static str,
    /// Names of the labels 0, 1, …; for tagging, of the types of entities.
    pub labels: &'static [&'static str],
    /// Whether and how its text is already split into words.
    pub tokens: TokensGiven,
    /// Encoding of its files.
    pub encoding: Encoding,
    /// The layouts in which the files are distributed; the first one that is found is read.
    pub layouts: &'static [Layout<P>],
    /// Which splits are official, and which are held out.
    pub splits: SplitRule,
    /// The downloads that yield the first of `layouts`; [`NONE`] if there is no public address.
    pub downloads: &'static [Download],
    /// A caution for readers of results; it becomes part of [`Splits::note`].
    pub caution: &'static str,
    /// The generated set that replaces it if there are no files.
    pub twin: &'static str,
}

/// Whether and how the text of a data set is already split into words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokensGiven {
    /// Not at all.
    No,
    /// Words are separated by spaces.
    Words,
    /// Each character is a word.
    Characters,
}

/// One layout of a set's files.
#[derive(Debug)]
pub struct Layout<P: 'static> {
    /// The folder inside the data folder; the files may also be in the data folder itself.
    pub folder: &'static str,
    /// Reads a file and appends its examples.
    pub read: ReadKnown<P>,
    /// Training files.
    pub train: &'static [KnownFile],
    /// Development files.
    pub dev: &'static [KnownFile],
    /// Test files.
    pub test: &'static [KnownFile],
    /// A caution for readers of results on this layout.
    pub note: &'static str,
}

/// Reads one file of a known set and appends its examples.
pub type ReadKnown<P> = fn(&mut Source<'_>, &mut P) -> Result<(), DataError>;

/// A file, or a folder of small files, with its checksum and its number of examples.
#[derive(Debug)]
pub struct KnownFile {
    /// Relative to the layout's folder.
    pub path: &'static str,
    /// SHA-256 of the version on which the counts were measured; empty if unknown.
    pub sha256: &'static str,
    /// The number of its examples.
    pub examples: usize,
}

/// Which splits are official. Others are held out by a fixed seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SplitRule {
    /// All three are official.
    Official,
    /// Dev consists of this number of training examples.
    DevFromTrain(usize),
    /// Dev and test consist of this number of training examples each.
    DevAndTestFromTrain(usize),
}

/// A file of a known set, for its reader.
pub struct Source<'a> {
    /// Where it is.
    pub path: &'a Path,
    /// The place of the file within its split, from 0.
    pub place: usize,
    /// The set's labels.
    pub labels: Vec<String>,
    /// The set's encoding.
    pub encoding: Encoding,
    /// Records the digests.
    pub reader: &'a mut FileReader,
    /// Notes for results.
    pub notes: &'a mut Vec<String>,
    file: &'a KnownFile,
    address: &'static str,
}

impl Source<'_> {
    /// The file's text. If its version is not that of the catalogue, a note is added.
    ///
    /// # Errors
    /// A file that cannot be read, or is not in the set's encoding.
    pub fn text(&mut self) -> Result<TextFile, DataError> {
        let file = self.reader.read(self.path, self.encoding)?;
        if !self.file.sha256.is_empty() && self.file.sha256 != file.sha256 {
            self.notes.push(format!("{} is not the version in the catalogue", self.file.path));
        }
        Ok(file)
    }

    /// The file's text, which must end with a line break: otherwise it is truncated.
    ///
    /// # Errors
    /// As [`text`](Source::text); a truncated file.
    pub fn lines(&mut self) -> Result<TextFile, DataError> {
        let file = self.text()?;
        match file.text.ends_with('\n') {
            true => Ok(file),
            false => Err(self.cut_short("a line end after the last line".into(), "none".into())),
        }
    }

    fn cut_short(&self, expected: String, found: String) -> DataError {
        DataError::File {
            path: self.path.into(),
            expected,
            found,
            advice: format!(
                "it may be cut short: get it again from {}, or train on your own file with --train",
                self.address
            ),
        }
    }
}

/// The data folder: the flag's value if given, otherwise that of the environment variable `GRADUS_DATA` if set.
pub fn data_folder(flag: Option<&Path>) -> Option<PathBuf> {
    flag.map(Path::to_path_buf)
        .or_else(|| std::env::var_os("GRADUS_DATA").filter(|v| !v.is_empty()).map(PathBuf::from))
}

impl<P> Layout<P> {
    /// The files of one split.
    pub fn part(&self, split: Split) -> &'static [KnownFile] {
        match split {
            Split::Train => self.train,
            Split::Dev => self.dev,
            Split::Test => self.test,
        }
    }

    /// Training, development and test files, in this order.
    pub fn files(&self) -> impl Iterator<Item = &'static KnownFile> {
        self.train.iter().chain(self.dev).chain(self.test)
    }
}

impl<P: Part> KnownSet<P> {
    /// Reads the set from the data folder. Splits that are not official are held out by `seed`.
    ///
    /// # Errors
    /// [`DataError`]: missing or truncated files, a wrong line, a label out of range.
    pub fn load(&self, folder: &Path, seed: u64) -> Result<Splits<P>, DataError> {
        self.load_splits(folder, seed, &Split::ALL)
    }

    /// Reads only what some splits need; the others are empty, as are those of which the set has no files.
    ///
    /// # Errors
    /// As [`load`](KnownSet::load).
    pub fn load_splits(&self, folder: &Path, seed: u64, wanted: &[Split]) -> Result<Splits<P>, DataError> {
        let (layout, base) = self.find_layout(folder)?;
        let held_out: &[Split] = match self.splits {
            SplitRule::Official => &[],
            SplitRule::DevFromTrain(_) => &[Split::Dev],
            SplitRule::DevAndTestFromTrain(_) => &[Split::Dev, Split::Test],
        };
        let of_train = |split: &Split| *split == Split::Train || held_out.contains(split);
        let labels: Vec<String> = self.labels.iter().map(|label| label.to_string()).collect();
        let mut set = Splits::none(self.name, &labels);
        let (mut all, mut notes) = (FileReader::default(), Vec::new());
        for split in Split::ALL {
            let needed =
                if split == Split::Train { wanted.iter().any(of_train) } else { wanted.contains(&split) };
            if needed {
                let mut reader = FileReader::default();
                for (place, file) in layout.part(split).iter().enumerate() {
                    let source = (&mut reader, &mut notes);
                    self.read(layout, file, place, &base.join(file.path), source, set.split_mut(split))?;
                }
                all.also(&reader);
                set.part_checksums[split as usize] = reader.checksum();
            }
        }
        for split in held_out {
            set.part_checksums[*split as usize] = set.part_checksums[Split::Train as usize].clone();
        }
        if wanted.iter().any(of_train) {
            self.hold_out(&mut set, seed, &mut notes);
        }
        notes.extend(
            [layout.note, self.caution].into_iter().filter(|note| !note.is_empty()).map(String::from),
        );
        (set.checksum, set.note) = (all.checksum(), notes.join("; "));
        let there = |split: &&Split| !layout.part(**split).is_empty() || held_out.contains(split);
        let there: Vec<Split> = wanted.iter().filter(there).copied().collect();
        set.checked(&there)
    }

    fn hold_out(&self, set: &mut Splits<P>, seed: u64, notes: &mut Vec<String>) {
        let unit = P::UNIT;
        match self.splits {
            SplitRule::Official => {}
            SplitRule::DevFromTrain(n) => {
                let ([dev], how) = set.train.hold_out([n], seed);
                set.dev = dev;
                notes.push(format!("dev: {} training {unit}{how}", set.dev.len()));
            }
            SplitRule::DevAndTestFromTrain(n) => {
                let ([test, dev], _) = set.train.hold_out([n, n], seed);
                (set.test, set.dev) = (test, dev);
                notes.push(format!(
                    "no official splits: test and dev are {n} {unit} each, drawn by seed {seed}"
                ));
            }
        }
    }

    /// Reads one file, which must have the number of examples in the catalogue.
    fn read(
        &self,
        layout: &Layout<P>,
        file: &KnownFile,
        place: usize,
        path: &Path,
        (reader, notes): (&mut FileReader, &mut Vec<String>),
        part: &mut P,
    ) -> Result<(), DataError> {
        let labels = self.labels.iter().map(|label| label.to_string()).collect();
        let (encoding, address) = (self.encoding, self.address);
        let mut source = Source { path, place, labels, encoding, reader, notes, file, address };
        let before = part.len();
        (layout.read)(&mut source, part)?;
        let found = part.len() - before;
        match found == file.examples {
            true => Ok(()),
            false => {
                let expected = format!("the {} {} of '{}'", file.examples, P::UNIT, self.name);
                Err(source.cut_short(expected, found.to_string()))
            }
        }
    }

    /// The first complete layout, or one that is partly there if none is complete, with its folder.
    fn find_layout(&self, folder: &Path) -> Result<(&'static Layout<P>, PathBuf), DataError> {
        let places =
            || self.layouts.iter().flat_map(|l| [folder.join(l.folder), folder.into()].map(|base| (l, base)));
        let whole =
            |(layout, base): &(&Layout<P>, PathBuf)| layout.files().all(|f| base.join(f.path).exists());
        let in_part =
            |(layout, base): &(&Layout<P>, PathBuf)| layout.files().any(|f| base.join(f.path).exists());
        if let Some(found) = places().find(whole).or_else(|| places().find(in_part)) {
            return Ok(found);
        }
        let first =
            |l: &Layout<P>| l.train.first().map_or(l.folder.into(), |f| format!("{}/{}", l.folder, f.path));
        let looked_for = self.layouts.iter().map(first).collect::<Vec<_>>().join(", ");
        let absent = if folder.exists() { "" } else { "; this folder does not exist" };
        Err(DataError::Missing {
            path: folder.into(),
            set: self.name.into(),
            looked_for: looked_for + absent,
            address: self.address.into(),
        })
    }
}

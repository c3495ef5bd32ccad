//! Known sets: where each comes from, under which terms, and what its files must hold. Each task has a table of its own;
//! the files are never part of this project: their folder is given by `--data DIR` or `GRADUS_DATA`.

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
    /// What it is, in one sentence.
    pub description: &'static str,
    /// Where to get it.
    pub address: &'static str,
    /// Its terms, as far as they are stated.
    pub licence: &'static str,
    /// Names of the labels 0, 1, …; of the kinds of entities in a tagging set.
    pub labels: &'static [&'static str],
    /// How its text is split into words already.
    pub tokens: TokensGiven,
    /// Encoding of its files.
    pub encoding: Encoding,
    /// The forms in which people have the files; the first one found is read.
    pub layouts: &'static [Layout<P>],
    /// How the three splits come about.
    pub splits: SplitRule,
    /// What yields the first of `layouts`, where public addresses do; else [`NONE`].
    pub downloads: &'static [Download],
    /// What a reader of results on this set must know; it goes into [`Splits::note`].
    pub caution: &'static str,
    /// The generated set that stands in for it where there are no files.
    pub twin: &'static str,
}

/// How the text of a set is split into words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokensGiven {
    /// Not at all.
    No,
    /// Words stand apart by spaces.
    Words,
    /// Each character is a word.
    Characters,
}

/// One form of a set's files.
#[derive(Debug)]
pub struct Layout<P: 'static> {
    /// Folder inside the data folder (the data folder itself will do, too).
    pub folder: &'static str,
    /// Reads a file and appends what it holds.
    pub read: ReadKnown<P>,
    /// Training files.
    pub train: &'static [KnownFile],
    /// Development files.
    pub dev: &'static [KnownFile],
    /// Test files.
    pub test: &'static [KnownFile],
    /// What a reader of results on this layout must know.
    pub note: &'static str,
}

/// Reads one file of a known set and appends what it holds.
pub type ReadKnown<P> = fn(&mut Source<'_>, &mut P) -> Result<(), DataError>;

/// A file (or a folder of small files) and what it must hold.
#[derive(Debug)]
pub struct KnownFile {
    /// Relative to the layout's folder.
    pub path: &'static str,
    /// Digest of the version the counts were measured on; empty if there is none to compare with.
    pub sha256: &'static str,
    /// How many examples it holds.
    pub examples: usize,
}

/// How the three splits come about. The examples to hold out are drawn by a fixed seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SplitRule {
    /// All three are official.
    Official,
    /// As many training examples become dev.
    DevFromTrain(usize),
    /// As many training examples become dev, and as many test.
    DevAndTestFromTrain(usize),
}

/// A file of a known set as it is read.
pub struct Source<'a> {
    /// Where it is.
    pub path: &'a Path,
    /// The place of the file within its split, from 0.
    pub place: usize,
    /// The set's labels.
    pub labels: Vec<String>,
    /// The set's encoding.
    pub encoding: Encoding,
    /// Keeps the digests.
    pub reader: &'a mut FileReader,
    /// What a reader of results must know.
    pub notes: &'a mut Vec<String>,
    file: &'a KnownFile,
    address: &'static str,
}

impl Source<'_> {
    /// The file's text. Another version than the known one is noted.
    ///
    /// # Errors
    /// A file that cannot be read, or is not in the set's encoding.
    pub fn text(&mut self) -> Result<TextFile, DataError> {
        let file = self.reader.read(self.path, self.encoding)?;
        if !self.file.sha256.is_empty() && self.file.sha256 != file.sha256 {
            self.notes.push(format!("{} is not the version the catalogue knows", self.file.path));
        }
        Ok(file)
    }

    /// The file's text, which ends with a line end unless it was cut short.
    ///
    /// # Errors
    /// As [`text`](Source::text), and a file that was cut short.
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
                "it may be cut short: get it again from {}, or read a set of your own by --train",
                self.address
            ),
        }
    }
}

/// The data folder: the flag's value if given, else the environment variable `GRADUS_DATA` if set.
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
    /// Reads the set from the data folder. `seed` draws the examples that are held out where a split is missing.
    ///
    /// # Errors
    /// [`DataError`]: files missing or cut short, a wrong line, a label out of range.
    pub fn load(&self, folder: &Path, seed: u64) -> Result<Splits<P>, DataError> {
        self.load_splits(folder, seed, &Split::ALL)
    }

    /// Reads what some splits need and nothing else; the others are empty.
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
        set.checked(wanted)
    }

    fn hold_out(&self, set: &mut Splits<P>, seed: u64, notes: &mut Vec<String>) {
        let unit = P::UNIT;
        match self.splits {
            SplitRule::Official => {}
            SplitRule::DevFromTrain(n) => {
                set.dev = set.train.hold_out(n, seed);
                notes.push(format!("dev: {} training {unit}{} by seed {seed}", set.dev.len(), P::HELD_OUT));
            }
            SplitRule::DevAndTestFromTrain(n) => {
                set.test = set.train.hold_out(n, seed);
                set.dev = set.train.hold_out(n, seed);
                notes.push(format!(
                    "no official splits: test and dev are {n} {unit} each, drawn by seed {seed}"
                ));
            }
        }
    }

    /// Reads one file, which must hold as many examples as the catalogue says.
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

    /// The first layout that is there whole, else in part, and the folder it is in.
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
        Err(DataError::Missing {
            path: folder.into(),
            set: self.name.into(),
            looked_for: self.layouts.iter().map(first).collect::<Vec<_>>().join(", "),
            address: self.address.into(),
        })
    }
}

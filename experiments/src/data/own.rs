//! The user's own files: for training and, if given, for development and test.

use super::files::FileReader;
use super::{DataError, Part, Split, Splits};
use crate::data::counted::counted;
use std::path::{Path, PathBuf};

/// Where the files are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnFiles {
    /// The training file.
    pub train: PathBuf,
    /// The development file; without it a tenth of `train` is held out.
    pub dev: Option<PathBuf>,
    /// The test file; without it another tenth of `train` is held out.
    pub test: Option<PathBuf>,
}

/// The contents of one file.
#[derive(Clone, Debug, Default)]
pub struct OwnPart<P> {
    /// Its examples.
    pub part: P,
    /// The labels that the indices refer to: those that were given, else those of the file.
    pub labels: Vec<String>,
    /// A note on the file, for results.
    pub note: Option<String>,
}

/// Reads a file. If labels are given, any other label is an error.
pub type ReadOwn<'a, P> =
    &'a dyn Fn(&mut FileReader, &Path, Option<&[String]>) -> Result<OwnPart<P>, DataError>;

impl OwnFiles {
    /// The name of the set: that of the training file.
    pub fn name(&self) -> String {
        self.train.file_stem().map_or("own".into(), |stem| stem.to_string_lossy().into_owned())
    }

    /// The file that a split is read from; none if it is held out of `train`.
    fn file(&self, split: Split) -> Option<&Path> {
        match split {
            Split::Train => Some(&self.train),
            Split::Dev => self.dev.as_deref(),
            Split::Test => self.test.as_deref(),
        }
    }

    /// Reads all files; the labels are those of `train`.
    ///
    /// # Errors
    /// Those of `read`; a split without an example.
    pub fn load<P: Part>(&self, read: ReadOwn<P>, seed: u64) -> Result<Splits<P>, DataError> {
        let mut reader = FileReader::default();
        let OwnPart { part, labels, note } = read(&mut reader, &self.train, None)?;
        let (mut of_files, mut notes) = (vec![(Split::Train, note)], Vec::new());
        let mut set = Splits { train: part, ..Splits::none(&self.name(), &labels) };
        let found = set.train.len();
        let tenth = found.div_ceil(10);
        set.part_checksums = std::array::from_fn(|_| reader.checksum());
        let missing =
            [Split::Test, Split::Dev].map(|split| if self.file(split).is_none() { tenth } else { 0 });
        let least = 1 + missing.iter().filter(|&&n| n > 0).count();
        if found < least {
            return Err(DataError::File {
                path: self.train.clone(),
                expected: format!("at least {least} {}, from which dev and test can be held out", P::UNIT),
                found: counted(found, P::UNIT),
                advice: format!("{}give more of them, or files with --dev and --test", P::SEPARATED),
            });
        }
        let (held_out, how) = set.train.hold_out(missing, seed);
        for (split, held_out) in [Split::Test, Split::Dev].into_iter().zip(held_out) {
            *set.split_mut(split) = match self.file(split) {
                Some(path) => {
                    let mut alone = FileReader::default();
                    let read = read(&mut alone, path, Some(&labels))?;
                    reader.also(&alone);
                    set.part_checksums[split as usize] = alone.checksum();
                    of_files.push((split, read.note));
                    read.part
                }
                None => {
                    let unit = P::UNIT;
                    notes.push(format!("{split}: a tenth of the training {unit}{how}"));
                    held_out
                }
            };
        }
        let note = together(of_files).into_iter().chain(notes).collect::<Vec<_>>().join("; ");
        Splits { checksum: reader.checksum(), note, ..set }.checked(&Split::ALL)
    }

    /// Reads only what one split needs; the labels are known.
    ///
    /// # Errors
    /// As [`load`](OwnFiles::load).
    pub fn load_split<P: Part>(
        &self,
        read: ReadOwn<P>,
        seed: u64,
        (split, labels): (Split, &[String]),
    ) -> Result<Splits<P>, DataError> {
        let whole = match (split, self.file(split)) {
            (Split::Train, _) => self.dev.is_none() || self.test.is_none(),
            (_, file) => file.is_none(),
        };
        match self.file(split) {
            Some(path) if !whole => alone(read, path, &self.name(), (split, labels)),
            _ => {
                let set = self.load(read, seed)?;
                let part = set.split(split).clone();
                let mut only = Splits::none(&set.name, &set.labels);
                *only.split_mut(split) = part;
                Ok(Splits {
                    checksum: set.checksum,
                    part_checksums: set.part_checksums,
                    note: set.note,
                    ..only
                })
            }
        }
    }
}

/// The notes on the files of some splits: once if they are equal, else each with its split, in order.
fn together(mut notes: Vec<(Split, Option<String>)>) -> Vec<String> {
    if notes.iter().all(|(_, note)| *note == notes[0].1) {
        notes.truncate(1);
        return notes.into_iter().filter_map(|(_, note)| note).collect();
    }
    notes.sort_by_key(|(split, _)| *split as usize);
    notes.into_iter().filter_map(|(split, note)| Some(format!("{split}: {}", note?))).collect()
}

/// A data set with one split, read from a file.
///
/// # Errors
/// Those of `read`; a file without an example.
pub fn alone<P: Part>(
    read: ReadOwn<P>,
    path: &Path,
    name: &str,
    (split, labels): (Split, &[String]),
) -> Result<Splits<P>, DataError> {
    let mut reader = FileReader::default();
    let OwnPart { part, labels, note } = read(&mut reader, path, Some(labels))?;
    let mut set = Splits::none(name, &labels);
    *set.split_mut(split) = part;
    set.checksum = reader.checksum();
    set.part_checksums[split as usize] = reader.checksum();
    set.note = note.unwrap_or_default();
    set.checked(&[split])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_notes_are_one_and_others_name_their_split() {
        let of = |notes: &[(Split, &str)]| {
            let note =
                |(split, note): &(Split, &str)| (*split, (!note.is_empty()).then(|| (*note).to_owned()));
            together(notes.iter().map(note).collect()).join("; ")
        };
        assert_eq!(of(&[(Split::Train, "a")]), "a");
        assert_eq!(of(&[(Split::Train, "a"), (Split::Test, "a"), (Split::Dev, "a")]), "a");
        assert_eq!(
            of(&[(Split::Train, "a"), (Split::Test, "b"), (Split::Dev, "a")]),
            "train: a; dev: a; test: b"
        );
        assert_eq!(of(&[(Split::Train, "a"), (Split::Test, "")]), "train: a");
        assert_eq!(of(&[(Split::Train, ""), (Split::Test, "")]), "");
    }
}

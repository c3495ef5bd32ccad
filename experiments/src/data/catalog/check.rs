//! Whether the files of a known set are there and as the catalogue has them.

use super::{DataError, FileReader, Format, KnownFile, KnownSet, Layout, Polarity};
use crate::data::{files, questions::ReadingSplit};
use std::path::{Path, PathBuf};

/// A file of a layout, or a folder of small files, and how it stands.
#[derive(Debug)]
pub struct Checked {
    /// Where it was looked for.
    pub path: PathBuf,
    /// How many examples it must hold.
    pub examples: usize,
    /// How it stands.
    pub state: State,
}

/// How a file stands beside the catalogue.
#[derive(Debug)]
pub enum State {
    /// Digest and number of examples are the catalogue's.
    Verified,
    /// The number of examples is the catalogue's, which knows no digest.
    Counted,
    /// It can be read and holds the right number of examples, but has another digest.
    OtherVersion,
    /// It is not there.
    Missing,
    /// It cannot be read, is cut short, or holds what it must not.
    Wrong(DataError),
}

impl State {
    /// Whether nothing speaks against the file.
    pub fn is_right(&self) -> bool {
        matches!(self, State::Verified | State::Counted)
    }
}

impl KnownSet {
    /// Every file of a layout under `base`, in order; nothing is kept in memory.
    pub fn check<'a>(&'a self, layout: &'a Layout, base: &'a Path) -> impl Iterator<Item = Checked> + 'a {
        let parts = [layout.train, layout.dev, layout.test];
        let files = parts.into_iter().flat_map(|part| part.iter().enumerate());
        files.map(move |(i, file)| {
            let path = base.join(file.path);
            let polarity = [Polarity::Negative, Polarity::Positive][i % 2];
            let state = match path.exists() {
                true => self.state(&path, file, layout.format, polarity),
                false => State::Missing,
            };
            Checked { path, examples: file.examples, state }
        })
    }

    /// The layout that is there whole, else in part, and its folder.
    ///
    /// # Errors
    /// [`DataError::Missing`] where no file of any layout is there.
    pub fn found(&self, folder: &Path) -> Result<(&Layout, PathBuf), DataError> {
        self.find_layout(folder)
    }

    fn state(&self, path: &Path, file: &KnownFile, format: Format, polarity: Polarity) -> State {
        let (mut reader, mut notes) = (FileReader::default(), vec![]);
        let read = match format {
            Format::Conll(columns) => self.sentences(&mut reader, path, file, columns, &mut notes).map(drop),
            Format::Squad => self.append(&mut reader, path, file, &mut ReadingSplit::default(), &mut notes),
            _ => self.read(&mut reader, path, file, format, polarity, &mut notes).map(drop),
        };
        let digest = || match file.sha256 {
            "" => Ok(State::Counted),
            known => Ok(if files::digest(path)? == known { State::Verified } else { State::OtherVersion }),
        };
        read.and_then(|()| digest()).unwrap_or_else(State::Wrong)
    }
}

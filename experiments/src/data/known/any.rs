use super::{DataError, Download, FileReader, KnownFile, KnownSet, Part};
use crate::data::{Split, files};
use std::path::{Path, PathBuf};

/// A known set of any task, for downloading and checking its files.
pub trait AnySet: Sync {
    /// Name on the command line.
    fn name(&self) -> &'static str;
    /// A description in one sentence.
    fn description(&self) -> &'static str;
    /// Where to get it.
    fn address(&self) -> &'static str;
    /// Its licence.
    fn licence(&self) -> &'static str;
    /// The downloads that yield the first layout.
    fn downloads(&self) -> &'static [Download];
    /// The folder of a layout, inside the data folder.
    fn layout_folder(&self, layout: usize) -> &'static str;
    /// The files of a layout, each with its split.
    fn layout_files(&self, layout: usize) -> Vec<(Split, &'static KnownFile)>;
    /// The index and the folder of the first complete layout, or of one that is partly there if none is complete.
    ///
    /// # Errors
    /// [`DataError::Missing`] if no file of any layout is there.
    fn found(&self, folder: &Path) -> Result<(usize, PathBuf), DataError>;
    /// Checks the files of a layout under `base`, in order, without keeping them in memory.
    fn check<'a>(&'a self, layout: usize, base: &'a Path) -> Box<dyn Iterator<Item = Checked> + 'a>;
}

/// A file of a layout, or a folder of small files, and its state.
#[derive(Debug)]
pub struct Checked {
    /// Its path.
    pub path: PathBuf,
    /// The number of examples in the catalogue.
    pub examples: usize,
    /// Its state.
    pub state: State,
}

/// The state of a file, compared with the catalogue.
#[derive(Debug)]
pub enum State {
    /// SHA-256 and number of examples agree.
    Verified,
    /// The number of examples agrees; the catalogue has no SHA-256.
    Counted,
    /// The number of examples agrees, but SHA-256 does not.
    OtherVersion,
    /// There is no such file.
    Missing,
    /// The file cannot be read, is truncated, or has wrong contents.
    Wrong(DataError),
}

impl State {
    /// Whether the file is right as far as is known.
    pub fn is_right(&self) -> bool {
        matches!(self, State::Verified | State::Counted)
    }
}

impl<P: Part> AnySet for KnownSet<P> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn description(&self) -> &'static str {
        self.description
    }

    fn address(&self) -> &'static str {
        self.address
    }

    fn licence(&self) -> &'static str {
        self.licence
    }

    fn downloads(&self) -> &'static [Download] {
        self.downloads
    }

    fn layout_folder(&self, layout: usize) -> &'static str {
        self.layouts[layout].folder
    }

    fn layout_files(&self, layout: usize) -> Vec<(Split, &'static KnownFile)> {
        let layout = &self.layouts[layout];
        Split::ALL.into_iter().flat_map(|s| layout.part(s).iter().map(move |file| (s, file))).collect()
    }

    fn found(&self, folder: &Path) -> Result<(usize, PathBuf), DataError> {
        let (layout, base) = self.find_layout(folder)?;
        let place = self.layouts.iter().position(|known| std::ptr::eq(known, layout));
        Ok((place.unwrap_or(0), base))
    }

    fn check<'a>(&'a self, layout: usize, base: &'a Path) -> Box<dyn Iterator<Item = Checked> + 'a> {
        let layout = &self.layouts[layout];
        let files = Split::ALL.into_iter().flat_map(|s| layout.part(s).iter().enumerate());
        Box::new(files.map(move |(place, file)| {
            let path = base.join(file.path);
            let state = match path.exists() {
                true => {
                    let (mut reader, mut notes) = (FileReader::default(), vec![]);
                    let source = (&mut reader, &mut notes);
                    self.read(layout, file, place, &path, source, &mut P::default())
                        .and_then(|()| digest(file, &path))
                        .unwrap_or_else(State::Wrong)
                }
                false => State::Missing,
            };
            Checked { path, examples: file.examples, state }
        }))
    }
}

fn digest(file: &KnownFile, path: &Path) -> Result<State, DataError> {
    match file.sha256 {
        "" => Ok(State::Counted),
        known => Ok(if files::digest(path)? == known { State::Verified } else { State::OtherVersion }),
    }
}

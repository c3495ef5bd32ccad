use super::{DataError, Download, FileReader, KnownFile, KnownSet, Part};
use crate::data::{Split, files};
use std::path::{Path, PathBuf};

/// A known set of any task, as what downloads and checks files needs it.
pub trait AnySet: Sync {
    /// Name on the command line.
    fn name(&self) -> &'static str;
    /// What it is, in one sentence.
    fn description(&self) -> &'static str;
    /// Where to get it.
    fn address(&self) -> &'static str;
    /// Its terms.
    fn licence(&self) -> &'static str;
    /// What yields the first layout.
    fn downloads(&self) -> &'static [Download];
    /// Folder of the layout of that number, inside the data folder.
    fn layout_folder(&self, layout: usize) -> &'static str;
    /// The files of that layout with the split that each is for.
    fn layout_files(&self, layout: usize) -> Vec<(Split, &'static KnownFile)>;
    /// The number of the layout that is there whole, else in part, and its folder.
    ///
    /// # Errors
    /// [`DataError::Missing`] where no file of any layout is there.
    fn found(&self, folder: &Path) -> Result<(usize, PathBuf), DataError>;
    /// How the files of a layout stand under `base`, in order; nothing is kept in memory.
    fn check<'a>(&'a self, layout: usize, base: &'a Path) -> Box<dyn Iterator<Item = Checked> + 'a>;
}

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

//! Downloads a known set into the data folder.
//!
//! A download works in `DIR/.fetch-NAME`, which is locked by one process at a time. Received bytes are stored there as
//! `FILE.part`, so that a later run can resume. Files are verified, unpacked and checked against the catalogue there, and only
//! then renamed to their final place. An existing file is never replaced.
//!
//! | file | holds |
//! | --- | --- |
//! | `download` | one file from one address: attempts, pauses, resuming |
//! | `answer` | what a server's response means for the received bytes |
//! | `work` | the folder, and the lock in it |
//! | `part` | the received bytes, and their version |
//! | `plain` | refuses links in place of an earlier download's files |
//! | `unpack` | unpacks zip and tar.gz, only inside the folder |
//! | `place` | renames the set to its final place |
//! | `error` | errors, each in one sentence |

mod answer;
mod download;
mod error;
mod part;
mod place;
mod plain;
mod unpack;
mod work;

pub use error::FetchError;

use super::known::{AnySet, Checked, Download, State, Unpack};
use super::{DataError, files};
use download::{Wanted, download};
use part::Part;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use unpack::Archive;
use work::Work;

/// How long to try a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Attempts in a row without progress before giving up.
    pub tries: u32,
    /// The longest time without data in an attempt.
    pub silence: Duration,
    /// The pause before the second attempt; each later pause is twice as long, up to 32 times the first.
    pub pause: Duration,
    /// The minimum number of bytes in a span of time, over all attempts; a download from a slower server fails.
    pub least: (u64, Duration),
}

/// A kilobyte per second over a minute, for [`Patience::least`]; a telephone line is faster.
pub const LEAST: (u64, Duration) = (60_000, Duration::from_secs(60));

/// What happens during a download.
pub enum Event<'a> {
    /// A download begins.
    Begins(&'a str),
    /// Bytes have arrived.
    At {
        /// The number of received bytes.
        have: u64,
        /// The size of the file, if the server states it.
        total: Option<u64>,
    },
    /// An attempt failed; another one follows after a pause.
    Again {
        /// Why it failed.
        why: &'a str,
        /// The length of the pause.
        pause: Duration,
    },
    /// All files have arrived and are being unpacked and checked.
    Unpacks,
}

/// The result of a download.
#[derive(Debug)]
pub struct Fetched {
    /// The folder of the set.
    pub base: PathBuf,
    /// The addresses that were downloaded; empty if the set was already there.
    pub urls: Vec<String>,
    /// Those whose SHA-256 is not in the catalogue.
    pub unverified: Vec<String>,
    /// The files of the set, with their states.
    pub files: Vec<Checked>,
}

/// Downloads a set into `folder`, from the catalogue's addresses or from `from`: the address of a file, or of a folder of
/// files with the catalogue's names if it ends with `/`.
///
/// # Errors
/// [`FetchError`]. The final place of the set never holds incomplete files.
pub fn fetch(
    set: &'static dyn AnySet,
    folder: &Path,
    from: Option<&str>,
    patience: &Patience,
    watch: &mut dyn FnMut(Event<'_>),
) -> Result<Fetched, FetchError> {
    if let Ok((layout, base)) = set.found(folder) {
        let files: Vec<Checked> = set.check(layout, &base).collect();
        if files.iter().all(|file| file.state.is_right()) {
            return Ok(Fetched { base, urls: vec![], unverified: vec![], files });
        }
    }
    if set.downloads().is_empty() {
        let (licence, address) = (set.licence(), set.address());
        return Err(FetchError::NoAddress { set: set.name(), licence, address });
    }
    let layout = 0;
    let base = folder.join(set.layout_folder(layout));
    free(set, set.check(layout, &base))?;

    let missing = |d: &&Download| d.unpack != Unpack::Plain || !folder.join(d.to).exists();
    let downloads: Vec<&Download> = set.downloads().iter().filter(missing).collect();
    let urls = downloads.iter().map(|d| address(set, d, from)).collect::<Result<Vec<_>, _>>()?;
    let work = Work::take(folder, set.name())?;
    for (one, url) in downloads.iter().zip(&urls) {
        let wanted = Wanted { url, sha256: one.sha256, bytes: one.bytes };
        watch(Event::Begins(url));
        let part = Part::new(work.path(), one.file_name()).map_err(FetchError::from);
        if let Err(error) = part.and_then(|part| get(&wanted, &part, patience, watch)) {
            work.leave();
            return Err(error);
        }
    }

    watch(Event::Unpacks);
    let new = work.path().join("new");
    let unpacked = unpack(set, &downloads, &urls, work.path(), &new).and_then(|()| {
        let inside = new.join(set.layout_folder(layout));
        let unpacked = set.check(layout, &inside);
        let found = unpacked.filter(|file| downloads.len() == set.downloads().len() || file.path.exists());
        whole(set, &urls, found)?;
        Ok(place::place(&new, folder)?)
    });
    if let Err(error) = unpacked {
        // The error to report is the first one; what cannot be removed now is removed by the next run.
        let _ = fs::remove_dir_all(&new);
        match error {
            FetchError::Data(DataError::Write { .. }) => work.leave(),
            _ => drop(work.remove()),
        }
        return Err(error);
    }
    work.remove()?;

    let unknown = downloads.iter().zip(&urls).filter(|(one, _)| one.sha256.is_empty());
    let unverified = unknown.map(|(_, url)| url.clone()).collect();
    let files = set.check(layout, &base).collect();
    Ok(Fetched { base, urls, unverified, files })
}

/// Checks that no other file is in the way: each file of the set is missing or right.
fn free(set: &dyn AnySet, files: impl Iterator<Item = Checked>) -> Result<(), FetchError> {
    for file in files {
        let found = match file.state {
            State::Verified | State::Counted | State::Missing => continue,
            State::OtherVersion => "of another version".to_owned(),
            State::Wrong(error) => error.to_string(),
        };
        return Err(FetchError::Taken { path: file.path, set: set.name(), found });
    }
    Ok(())
}

/// Checks that each unpacked file is the one in the catalogue.
fn whole(set: &dyn AnySet, urls: &[String], files: impl Iterator<Item = Checked>) -> Result<(), FetchError> {
    for Checked { path, state, .. } in files {
        let name = path.file_name().map_or(String::new(), |name| name.to_string_lossy().into_owned());
        let found = match state {
            State::Verified | State::Counted => continue,
            State::Missing => format!("one without {name}"),
            State::OtherVersion => format!("one with another version of {name} than in the catalogue"),
            State::Wrong(error) => format!("one that cannot be read ({error})"),
        };
        return Err(FetchError::Archive { url: urls.join(", "), set: set.name(), found });
    }
    Ok(())
}

fn address(set: &dyn AnySet, download: &Download, from: Option<&str>) -> Result<String, FetchError> {
    match from {
        None => Ok(download.url.into()),
        Some(from) if from.ends_with('/') => Ok(format!("{from}{}", download.file_name())),
        Some(from) if set.downloads().len() == 1 => Ok(from.into()),
        Some(from) => {
            Err(FetchError::OneAddress { from: from.into(), set: set.name(), files: set.downloads().len() })
        }
    }
}

/// Downloads and verifies one file.
fn get(
    wanted: &Wanted<'_>,
    part: &Part,
    patience: &Patience,
    watch: &mut dyn FnMut(Event<'_>),
) -> Result<(), FetchError> {
    download(wanted, part, patience, watch)?;
    let other = |expected: String, found: String| -> Result<(), FetchError> {
        part.discard()?;
        Err(FetchError::OtherFile { url: wanted.url.into(), expected, found })
    };
    if wanted.bytes > 0 && part.len() != wanted.bytes {
        return other(format!("{} bytes", wanted.bytes), part.len().to_string());
    }
    if !wanted.sha256.is_empty() {
        let found = files::digest(part.path())?;
        if found != wanted.sha256 {
            return other(format!("SHA-256 {}", wanted.sha256), found);
        }
    }
    Ok(())
}

fn unpack(
    set: &dyn AnySet,
    downloads: &[&Download],
    urls: &[String],
    work: &Path,
    new: &Path,
) -> Result<(), FetchError> {
    if fs::symlink_metadata(new).is_ok() {
        fs::remove_dir_all(new).map_err(|source| DataError::Write { path: new.into(), source })?;
    }
    make(new)?;
    for (one, url) in downloads.iter().zip(urls) {
        let part = Part::new(work, one.file_name())?;
        Archive { file: part.path(), url, set: set.name() }.unpack(one.unpack, &new.join(one.to))?;
    }
    Ok(())
}

fn make(folder: &Path) -> Result<(), DataError> {
    fs::create_dir_all(folder).map_err(|source| DataError::Write { path: folder.into(), source })
}

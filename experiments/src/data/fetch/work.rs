//! The folder of a download. One process locks it at a time.

use super::{FetchError, plain};
use crate::data::DataError;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};

/// `DIR/.fetch-NAME`, and the lock in it.
pub(super) struct Work {
    path: PathBuf,
    lock: File,
}

/// Maximum number of attempts to take the folder: another process may remove it between two steps, but not this often
/// in a row.
const ATTEMPTS: usize = 100;

impl Work {
    /// Creates the folder, or takes the one that an earlier fetch left.
    ///
    /// # Errors
    /// [`FetchError::Busy`] if another process has it; a link in its place; an error of the operating system.
    pub fn take(folder: &Path, set: &'static str) -> Result<Self, FetchError> {
        let path = folder.join(format!(".fetch-{set}"));
        for _ in 0..ATTEMPTS {
            make(&path)?;
            let Some(mut lock) = open(&path.join(LOCK))? else { continue };
            match lock.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    let mut holder = String::new();
                    // If it cannot be read, the message names no process.
                    let _ = (&lock).take(20).read_to_string(&mut holder);
                    let holder = holder.trim().parse().ok();
                    return Err(FetchError::Busy { path, set, holder });
                }
                // A file system without locks, where two fetches cannot exclude each other.
                Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {}
                Err(TryLockError::Error(source)) => return Err(unwritten(&path)(source).into()),
            }
            // The previous holder may have removed the lock file, with the folder, before it released the lock.
            let named = plain::check(&path.join(LOCK))?;
            let held = lock.metadata().map_err(unwritten(&path))?;
            if !named.is_some_and(|named| plain::is_same(&named, &held)) {
                continue;
            }
            lock.set_len(0)
                .and_then(|()| lock.rewind())
                .and_then(|()| write!(lock, "{}", std::process::id()))
                .map_err(unwritten(&path))?;
            return Ok(Work { path, lock });
        }
        Err(FetchError::Busy { path, set, holder: None })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Releases the folder and keeps the files from which a later fetch can resume; an empty folder is removed.
    pub fn leave(self) {
        // What cannot be removed now is removed by the next fetch.
        let _ = fs::remove_file(self.path.join(LOCK));
        let _ = fs::remove_dir(&self.path);
        drop(self.lock);
    }

    /// Removes the folder and everything in it.
    pub fn remove(self) -> Result<(), DataError> {
        let entries = fs::read_dir(&self.path).map_err(unwritten(&self.path))?;
        for entry in entries {
            let entry = entry.map_err(unwritten(&self.path))?;
            let (path, kind) = (entry.path(), entry.file_type().map_err(unwritten(&self.path))?);
            let removed = match kind.is_dir() {
                true => fs::remove_dir_all(&path),
                // The lock file is removed last: without it, another process would take the folder.
                false if entry.file_name() == LOCK => Ok(()),
                false => fs::remove_file(&path),
            };
            removed.map_err(unwritten(&path))?;
        }
        self.leave();
        Ok(())
    }
}

const LOCK: &str = "lock";

/// Creates a folder; a link in its place is an error.
fn make(path: &Path) -> Result<(), DataError> {
    fs::create_dir_all(path).map_err(unwritten(path))?;
    let found = fs::symlink_metadata(path);
    match found.map(|found| found.file_type()) {
        Ok(kind) if !kind.is_dir() => Err(DataError::File {
            path: path.into(),
            expected: "the folder of an earlier fetch".into(),
            found: gradus_engine::files::name(kind).into(),
            advice: "delete it and run the command again".into(),
        }),
        // If it has been removed in the meantime, the next step notices.
        _ => Ok(()),
    }
}

/// Opens the lock file; `None` if it or its folder was removed in the meantime.
fn open(path: &Path) -> Result<Option<File>, DataError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    match options.clone().create_new(true).open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => match plain::open(path, &options) {
            Err(DataError::Read { source, .. }) if source.kind() == ErrorKind::NotFound => Ok(None),
            opened => opened.map(Some),
        },
        Err(source) => Err(DataError::Write { path: path.into(), source }),
    }
}

fn unwritten(path: &Path) -> impl Fn(std::io::Error) -> DataError + '_ {
    |source| DataError::Write { path: path.into(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let held = Work::take(folder.path(), "tiny").unwrap();
        let Err(busy) = Work::take(folder.path(), "tiny") else { panic!("two have it") };
        let busy = busy.to_string();
        let says = format!("another process is fetching 'tiny' (process {})", std::process::id());
        assert!(busy.contains(&says) && busy.contains(".fetch-tiny"), "{busy}");
        let other = Work::take(folder.path(), "other").unwrap();
        other.leave();
        fs::write(held.path().join("a.part"), "half").unwrap();
        held.leave();
        let again = Work::take(folder.path(), "tiny").unwrap();
        assert_eq!(fs::read(again.path().join("a.part")).unwrap(), b"half");
        again.remove().unwrap();
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    }

    /// A killed process holds no lock.
    #[test]
    fn a_lock_that_was_left_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".fetch-tiny");
        fs::create_dir(&path).unwrap();
        fs::write(path.join(LOCK), "4000000000").unwrap();
        let work = Work::take(folder.path(), "tiny").unwrap();
        assert_eq!(fs::read_to_string(path.join(LOCK)).unwrap(), std::process::id().to_string());
        work.remove().unwrap();
    }

    #[test]
    fn many_at_once_have_it_one_after_the_other() {
        let folder = tempfile::tempdir().unwrap();
        let taken = std::sync::Mutex::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for i in 0..50 {
                        let Ok(work) = Work::take(folder.path(), "tiny") else { continue };
                        let mut alone = taken.try_lock().expect("two have it");
                        *alone += 1;
                        drop(alone);
                        if i % 2 == 0 {
                            work.leave();
                        } else {
                            work.remove().unwrap();
                        }
                    }
                });
            }
        });
        assert!(*taken.lock().unwrap() > 0);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_its_place_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let path = folder.path().join(".fetch-tiny");
        std::os::unix::fs::symlink(elsewhere.path(), &path).unwrap();
        let refused = || Work::take(folder.path(), "tiny").err().unwrap().to_string();
        let error = refused();
        assert!(
            error.contains("expected the folder of an earlier fetch, found a link; delete it"),
            "{error}"
        );
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        std::os::unix::fs::symlink(elsewhere.path().join("lock"), path.join(LOCK)).unwrap();
        let error = refused();
        assert!(
            error.contains("tiny/lock: expected a file that an earlier fetch left, found a link"),
            "{error}"
        );
        assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
    }
}

use crate::data::files::digest_of;
use crate::run::{RunError, RunFolder, Where};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The folder for the checkpoint of an unfinished run: `working/<hash of its configuration>` in the results folder. It is
/// removed when the result is written.
///
/// A file beside the folder is locked while the run is trained: if two processes train the same configuration, the first
/// one uses the folder and the second one trains without checkpoints.
pub(super) struct Working {
    folder: RunFolder,
    lock: PathBuf,
    /// Holds the lock.
    held: File,
}

impl Working {
    /// The folder of the configuration with that [`key`](super::plan::key).
    pub fn path(out: &Path, key: &str) -> PathBuf {
        out.join("working").join(&digest_of(key.as_bytes())[..16])
    }

    /// Takes the folder; none if another process has it.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn take(out: &Path, key: &str) -> Result<Option<Working>, RunError> {
        let path = Working::path(out, key);
        let lock = path.with_extension("lock");
        let io = |source| RunError::Io { action: "write", path: lock.clone(), source };
        fs::create_dir_all(out.join("working")).map_err(io)?;
        let held = match open(&lock) {
            // Another process has just finished and removed the folder.
            Err(error) if error.kind() == ErrorKind::NotFound => {
                fs::create_dir_all(out.join("working")).and_then(|()| open(&lock)).map_err(io)?
            }
            made => made.map_err(io)?,
        };
        match held.try_lock() {
            Ok(()) => Ok(Some(Working { folder: RunFolder(path), lock, held })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(io(source)),
        }
    }

    /// Resumes from the checkpoint if there is one; otherwise begins.
    pub fn place(&self) -> Where<'_> {
        match self.folder.checkpoint().exists() {
            true => Where::Resumed(&self.folder),
            false => Where::New(&self.folder),
        }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Removes the folder, because the result is written or the run has failed.
    ///
    /// # Errors
    /// A folder that cannot be removed.
    pub fn remove(self) -> Result<(), RunError> {
        let Working { folder, lock, held } = self;
        let path = folder.0;
        let io = |source| RunError::Io { action: "remove", path: path.clone(), source };
        if path.exists() {
            fs::remove_dir_all(&path).map_err(io)?;
        }
        drop(held);
        match fs::remove_file(&lock) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(io(error)),
            _ => Ok(()),
        }
    }

    /// Removes the parent folder if it is empty: other runs may be running or interrupted.
    pub fn tidy(out: &Path) {
        let _ = fs::remove_dir(out.join("working"));
    }
}

/// The lock file, new or as an earlier process left it; not what a link in its place names.
fn open(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    match options.clone().create_new(true).open(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            if fs::symlink_metadata(path)?.is_file() {
                options.open(path)
            } else {
                Err(std::io::Error::other("it is no regular file; remove it"))
            }
        }
        made => made,
    }
}

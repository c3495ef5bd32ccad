use super::RunError;
use crate::data::atomic;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::Path;

/// A lock on a folder, held while the value lives: a second training in the folder is refused.
pub struct Lock {
    /// The locked file. The system releases the lock when the file is closed, also if the process is killed.
    _held: File,
}

/// The name of the file that is locked.
const NAME: &str = ".lock";

impl Lock {
    /// Whether the folder was locked before: a run was begun in it.
    pub fn was_taken(folder: &Path) -> bool {
        fs::symlink_metadata(folder.join(NAME)).is_ok()
    }

    /// Locks a folder, which is created if necessary.
    ///
    /// # Errors
    /// A folder that another process has locked or that cannot be written.
    pub fn take(folder: &Path) -> Result<Lock, RunError> {
        let path = folder.join(NAME);
        let io = |source| cannot_lock(folder, source);
        fs::create_dir_all(folder).map_err(io)?;
        if fs::symlink_metadata(&path).is_ok_and(|found| !found.is_file()) {
            return Err(RunError::Settings(format!(
                "{}: expected a regular file, found something else; remove it",
                path.display()
            )));
        }
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => {
                file.set_len(0).and_then(|()| write!(file, "{}", std::process::id())).map_err(io)?;
                Ok(Lock { _held: file })
            }
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let known =
                    file.take(20).read_to_string(&mut holder).is_ok() && holder.parse::<u32>().is_ok();
                let holder = if known { format!("process {holder}") } else { "another process".to_owned() };
                Err(RunError::Settings(format!(
                    "{}: {holder} is training in this folder; wait for it to end or name another folder with --out",
                    folder.display()
                )))
            }
            Err(TryLockError::Error(source)) => Err(io(source)),
        }
    }
}

/// A folder, or the one in which it would be made.
fn nearest(folder: &Path) -> &Path {
    let found = folder.ancestors().find(|place| place.exists());
    found.unwrap_or(if folder.is_absolute() { folder } else { Path::new(".") })
}

fn cannot_lock(folder: &Path, source: io::Error) -> RunError {
    match atomic::is_read_only(&source) {
        true => RunError::Settings(format!(
            "{}: expected a folder that can be written, found one that you may not write into; change its permissions, or \
             name another with --out",
            nearest(folder).display()
        )),
        false => RunError::Io { action: "lock", path: folder.join(NAME), source },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_read_only_is_named() {
        let of = |kind: io::ErrorKind| cannot_lock("run".as_ref(), kind.into()).to_string();
        let folder = tempfile::tempdir().unwrap();
        for name in ["", "absent", "absent/run"] {
            let error = cannot_lock(&folder.path().join(name), io::ErrorKind::PermissionDenied.into());
            let found = error.to_string();
            assert!(
                found.contains(&*folder.path().to_string_lossy()) && !found.contains("absent"),
                "{found}"
            );
        }
        let denied = of(io::ErrorKind::PermissionDenied);
        assert!(
            denied.starts_with(".: expected a folder that can be written, found one that you may not"),
            "{denied}"
        );
        assert!(of(io::ErrorKind::StorageFull).starts_with("cannot lock run/.lock: "));
    }

    #[test]
    fn the_second_is_told_who_the_first_is() {
        let folder = tempfile::tempdir().unwrap();
        let first = Lock::take(folder.path()).unwrap();
        let refused = Lock::take(folder.path()).err().unwrap().to_string();
        assert!(refused.contains(&format!("process {} is training", std::process::id())), "{refused}");
        drop(first);
        assert!(Lock::take(folder.path()).is_ok());
    }

    #[test]
    #[cfg(unix)]
    fn a_link_in_the_place_of_the_lock_is_refused_and_its_target_kept() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("target");
        fs::write(&target, "kept").unwrap();
        std::os::unix::fs::symlink(&target, folder.path().join(".lock")).unwrap();
        assert!(Lock::take(folder.path()).is_err());
        assert_eq!(fs::read(&target).unwrap(), b"kept");
    }
}

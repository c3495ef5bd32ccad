//! Opens files that an earlier download left. If someone else prepared the data folder, a symbolic or hard link under such a
//! name would let the download overwrite a file elsewhere.

use crate::data::DataError;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::ErrorKind;
use std::path::Path;

/// The metadata of a regular file with no other name; `None` if there is no file.
pub(super) fn check(path: &Path) -> Result<Option<Metadata>, DataError> {
    let found = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        found => found.map_err(|source| DataError::Read { path: path.into(), source })?,
    };
    if !found.is_file() {
        return Err(strange(path, gradus_engine::files::name(found.file_type())));
    }
    if names(&found) > 1 {
        return Err(strange(path, "one with a second name"));
    }
    Ok(Some(found))
}

/// Opens such a file, which must exist.
pub(super) fn open(path: &Path, options: &OpenOptions) -> Result<File, DataError> {
    let before = check(path)?;
    let unreadable = |source| DataError::Read { path: path.into(), source };
    let file = options.open(path).map_err(unreadable)?;
    let after = file.metadata().map_err(unreadable)?;
    match before.is_some_and(|before| is_same(&before, &after)) {
        true => Ok(file),
        false => Err(strange(path, "another file than a moment ago")),
    }
}

fn strange(path: &Path, found: &str) -> DataError {
    DataError::File {
        path: path.into(),
        expected: "a file that an earlier fetch left".into(),
        found: found.into(),
        advice: "delete it and run the command again".into(),
    }
}

/// Whether both describe the same file.
#[cfg(unix)]
pub(super) fn is_same(a: &Metadata, b: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}

#[cfg(unix)]
fn names(found: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(found)
}

// The standard library cannot identify files here. Creating a link needs a special permission on such systems.
#[cfg(not(unix))]
pub(super) fn is_same(_: &Metadata, _: &Metadata) -> bool {
    true
}

#[cfg(not(unix))]
fn names(_: &Metadata) -> u64 {
    1
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn links_and_pipes_are_not_opened() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("file"), "kept").unwrap();
        fs::write(path("victim"), "kept").unwrap();
        fs::hard_link(path("victim"), path("second")).unwrap();
        symlink(path("victim"), path("link")).unwrap();
        symlink(path("nowhere"), path("dangling")).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(path("pipe")).status().unwrap().success());
        let append = |name: &str| open(&path(name), OpenOptions::new().append(true));
        assert!(append("file").is_ok());
        assert!(check(&path("none")).unwrap().is_none());
        for (name, found) in [
            ("link", "a link"),
            ("dangling", "a link"),
            ("second", "one with a second name"),
            ("pipe", "a named pipe"),
            ("", "a folder"),
        ] {
            let error = append(name).unwrap_err().to_string();
            let says =
                format!("expected a file that an earlier fetch left, found {found}; delete it and run");
            assert!(error.contains(&says), "{error}");
        }
    }
}

//! Files that are either whole or absent.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file that could not be written; what was there before still is.
#[derive(Debug, thiserror::Error)]
#[error("{}: cannot be written: {source}; check the free space and the permissions of {}, what was there before is untouched", path.display(), folder.display())]
pub struct WriteError {
    path: PathBuf,
    folder: PathBuf,
    source: io::Error,
}

/// Writes a temporary file beside `path`, then renames it over `path`. Folders on the way are made.
///
/// # Errors
/// [`WriteError`] where the folder or the file cannot be written.
pub fn write(path: &Path, contents: &[u8]) -> Result<(), WriteError> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    replace(path, folder, contents).map_err(|source| WriteError {
        path: path.into(),
        folder: folder.into(),
        source,
    })
}

fn replace(path: &Path, folder: &Path, contents: &[u8]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut builder = tempfile::Builder::new();
    // Temporary files are private by default; a result is for everyone whom the umask lets read it.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.prefix(".partial-").tempfile_in(folder)?;
    file.write_all(contents)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_the_file_and_leaves_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/er/a.txt");
        write(&path, b"one").unwrap();
        write(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_that_is_a_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        write(&file, b"kept").unwrap();
        let error = write(&file.join("a.json"), b"x").unwrap_err().to_string();
        assert!(error.contains("a.json: cannot be written"), "{error}");
        assert_eq!(fs::read(&file).unwrap(), b"kept");
    }
}

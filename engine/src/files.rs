//! The one way to open a file for reading, and the one way to write a file.
//!
//! A folder can come from someone else. Instead of a model it may hold a named pipe, which blocks its reader for ever, or a
//! link to a device that never ends. Under the name of a temporary file it may hold a link to another file, which a writer
//! would overwrite.

use std::fs::{self, File, FileType, Metadata};
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// The start of the name of a file that is being written.
pub const PARTIAL: &str = ".partial-";

/// Opens a regular file; links are followed. The type is checked before the file is opened, since opening a named pipe
/// blocks, and again after.
///
/// # Errors
/// Errors of the system; the path is a folder, a named pipe, a socket or a device.
pub fn open(path: &Path) -> io::Result<File> {
    check(&fs::metadata(path)?)?;
    let file = File::open(path)?;
    check(&file.metadata()?)?;
    Ok(file)
}

fn check(found: &Metadata) -> io::Result<()> {
    match found.is_file() {
        true => Ok(()),
        false => Err(io::Error::other(format!("it is {}, not a regular file", name(found.file_type())))),
    }
}

/// `a folder`, `a named pipe`, …
pub fn name(kind: FileType) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        match kind {
            kind if kind.is_fifo() => return "a named pipe",
            kind if kind.is_socket() => return "a socket",
            kind if kind.is_block_device() || kind.is_char_device() => return "a device",
            _ => {}
        }
    }
    match kind {
        kind if kind.is_dir() => "a folder",
        kind if kind.is_symlink() => "a link",
        kind if kind.is_file() => "a regular file",
        _ => "something else",
    }
}

/// Writes a file whole or not at all: to a new file in the same folder with a random name, which is synced to the disk and
/// then renamed. A link under the final name is replaced, not followed. The umask decides who may read the file.
///
/// # Errors
/// Errors of the system and of `contents`; the previous file is then untouched.
pub fn write(path: &Path, contents: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    // Temporary files are private by default.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let file = builder.prefix(PARTIAL).tempfile_in(folder)?;
    // The lock distinguishes a file that is being written from one that a killed process left. Some file systems have no locks.
    let _ = file.as_file().try_lock();
    let mut out = BufWriter::new(file.as_file());
    contents(&mut out)?;
    out.flush()?;
    drop(out);
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8]) -> impl FnOnce(&mut dyn Write) -> io::Result<()> + '_ {
        |out| out.write_all(bytes)
    }

    #[test]
    fn a_file_is_replaced_whole_or_stays_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        write(&path, all(b"one")).unwrap();
        write(&path, all(b"two")).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        let failing = |out: &mut dyn Write| {
            out.write_all(b"half of th")?;
            Err(io::Error::other("no more"))
        };
        assert!(write(&path, failing).is_err());
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert!(write(folder.path(), all(b"x")).is_err());
        assert!(write(&folder.path().join("no/such"), all(b"x")).is_err());
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "a temporary file was left behind");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_replaced_and_what_it_names_is_not_touched() {
        use std::os::unix::fs::{MetadataExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let [path, victim] = ["a", "victim"].map(|name| folder.path().join(name));
        fs::write(&victim, "kept").unwrap();
        symlink(&victim, &path).unwrap();
        write(&path, all(b"new")).unwrap();
        assert_eq!((fs::read(&victim).unwrap(), fs::read(&path).unwrap()), (b"kept".into(), b"new".into()));
        let found = fs::symlink_metadata(&path).unwrap();
        let plain = folder.path().join("plain");
        File::create(&plain).unwrap();
        assert!(found.is_file());
        assert_eq!(found.mode(), fs::metadata(&plain).unwrap().mode(), "as the umask says");
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let [pipe, link] = ["pipe", "link"].map(|name| folder.path().join(name));
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        std::os::unix::fs::symlink("/dev/zero", &link).unwrap();
        for (path, says) in [(folder.path(), "a folder"), (&pipe, "a named pipe"), (&link, "a device")] {
            let error = open(path).unwrap_err().to_string();
            assert_eq!(error, format!("it is {says}, not a regular file"));
        }
        let file = folder.path().join("file");
        fs::write(&file, "text").unwrap();
        fs::remove_file(&link).unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert_eq!(io::read_to_string(open(&link).unwrap()).unwrap(), "text");
        assert_eq!(open(&folder.path().join("none")).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}

//! Reads files: only regular ones, up to a limit of size; text files in an encoding, with a checksum over all that was read.
//! [`atomic`](super::atomic) writes them.

pub use super::encoding::{Encoding, decode};

use super::limits::{Limit, size};
use super::{DataError, binary};
use sha2::{Digest, Sha256};
use std::{
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
};

/// A file as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextFile {
    /// Its path, for messages.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
}

/// Reads files and records their digests in the order of reading.
#[derive(Default)]
pub struct FileReader {
    digests: Vec<String>,
}

impl FileReader {
    /// Reads a file: a regular one, or a pipe that the user's shell opened for this process (`/dev/stdin`, the
    /// `/dev/fd/63` of `<(zcat mine.tsv.gz)`).
    ///
    /// # Errors
    /// As [`read`]; [`DataError::File`] for a file that is no text; and [`DataError::Encoding`].
    pub fn read(&mut self, path: &Path, encoding: Encoding) -> Result<TextFile, DataError> {
        let bytes = if is_own(path) { read_named(path, Limit::Text)? } else { read(path, Limit::Text)? };
        self.text(path, bytes, encoding)
    }

    /// Reads a file that the user named, which may also be a named pipe.
    ///
    /// # Errors
    /// As [`read_named`]; [`DataError::File`] for a file that is no text; and [`DataError::Encoding`].
    pub fn read_named(&mut self, path: &Path, encoding: Encoding) -> Result<TextFile, DataError> {
        let bytes = read_named(path, Limit::Text)?;
        self.text(path, bytes, encoding)
    }

    fn text(&mut self, path: &Path, bytes: Vec<u8>, encoding: Encoding) -> Result<TextFile, DataError> {
        binary::check(path, &bytes)?;
        let sha256 = digest_of(&bytes);
        self.digests.push(sha256.clone());
        Ok(TextFile { path: path.into(), text: decode(path, bytes, encoding)?, sha256 })
    }

    /// SHA-256 of the digests of all files that were read: in hexadecimal, one per line, in the order of reading.
    pub fn checksum(&self) -> String {
        let mut hash = Sha256::new();
        self.digests.iter().for_each(|digest| hash.update(format!("{digest}\n")));
        hex(&hash.finalize())
    }

    /// Adds the digests of another reader.
    pub fn also(&mut self, other: &FileReader) {
        self.digests.extend_from_slice(&other.digests);
    }
}

/// Whether a path is that of an open file of this process.
fn is_own(path: &Path) -> bool {
    let opened = ["/dev/fd", "/proc/self/fd"].iter().any(|folder| path.parent() == Some(Path::new(folder)));
    opened || path == Path::new("/dev/stdin")
}

/// Reads a regular file up to the limit of its kind. Nothing else is opened: a named pipe would block, and a device may
/// be endless.
///
/// # Errors
/// [`DataError::Read`]: no such file, not a regular file, no permission; [`DataError::File`]: larger than the limit or than
/// the free memory.
pub fn read(path: &Path, limit: Limit) -> Result<Vec<u8>, DataError> {
    let file = open(path)?;
    let len = file.metadata().map_err(|source| DataError::Read { path: path.into(), source })?.len();
    if len > limit.bytes() {
        return Err(too_large(path, limit, &format!("{len} bytes")));
    }
    up_to(file, path, limit, len)
}

/// Reads a regular file in UTF-8 up to the limit of its kind.
///
/// # Errors
/// As [`read`]; and [`DataError::Encoding`].
pub fn read_text(path: &Path, limit: Limit) -> Result<String, DataError> {
    decode(path, read(path, limit)?, Encoding::Utf8)
}

/// [`read`] for a file that the user named on the command line, which may also be a pipe; the call waits for its writer.
///
/// # Errors
/// As [`read`].
pub fn read_named(path: &Path, limit: Limit) -> Result<Vec<u8>, DataError> {
    #[cfg(unix)]
    if fs::metadata(path).is_ok_and(|found| std::os::unix::fs::FileTypeExt::is_fifo(&found.file_type())) {
        let pipe = File::open(path).map_err(|source| DataError::Read { path: path.into(), source })?;
        return up_to(pipe, path, limit, 0);
    }
    read(path, limit)
}

/// Opens a regular file, to read it in pieces.
///
/// # Errors
/// [`DataError::Read`].
pub fn open(path: &Path) -> Result<File, DataError> {
    gradus_engine::files::open(path).map_err(|source| DataError::Read { path: path.into(), source })
}

/// All bytes of a file; `expected` is its probable size.
fn up_to(file: File, path: &Path, limit: Limit, expected: u64) -> Result<Vec<u8>, DataError> {
    let mut bytes = vec![];
    let mut file = file.take(limit.bytes() + 1);
    let mut more = expected as usize + 1;
    loop {
        if bytes.try_reserve_exact(more).is_err() {
            return Err(DataError::File {
                path: path.into(),
                expected: "a file that fits into free memory".into(),
                found: format!("one of {} bytes or more", bytes.len() + more),
                advice: "close other programs or use a smaller file".into(),
            });
        }
        // Reads no more than was reserved, so that reading does not allocate.
        let room = bytes.capacity() - bytes.len();
        let read = file.by_ref().take(room as u64).read_to_end(&mut bytes);
        let read = read.map_err(|source| DataError::Read { path: path.into(), source })?;
        if bytes.len() as u64 > limit.bytes() {
            return Err(too_large(path, limit, &format!("more than {}", size(limit.bytes()))));
        }
        if read < room {
            return Ok(bytes);
        }
        more = bytes.len().max(1 << 16);
    }
}

fn too_large(path: &Path, limit: Limit, found: &str) -> DataError {
    DataError::File {
        path: path.into(),
        expected: limit.to_string(),
        found: found.into(),
        advice: "check that it is the right file".into(),
    }
}

/// SHA-256 of bytes, in hexadecimal.
pub fn digest_of(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// SHA-256 of a file of any size, in hexadecimal.
///
/// # Errors
/// [`DataError::Read`].
pub fn digest(path: &Path) -> Result<String, DataError> {
    let unreadable = |source| DataError::Read { path: path.into(), source };
    let mut file = open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer).map_err(unreadable)? {
            0 => return Ok(hex(&hash.finalize())),
            n => hash.update(&buffer[..n]),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_covers_every_file_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let [a, b] = ["a", "b"].map(|n| folder.path().join(n));
        std::fs::write(&a, "one").unwrap();
        std::fs::write(&b, "two").unwrap();
        let sum = |paths: &[&PathBuf]| {
            let mut reader = FileReader::default();
            for path in paths {
                reader.read(path, Encoding::Utf8).unwrap();
            }
            reader.checksum()
        };
        // (sha256sum < a; sha256sum < b) | cut -c-64 | sha256sum
        assert_eq!(sum(&[&a, &b]), "55630d5d5f11663af2f7090957091cd48279571549cc6fc72fe533cf20c1814b");
        assert_ne!(sum(&[&a, &b]), sum(&[&b, &a]));
        assert_ne!(sum(&[&a]), sum(&[&a, &b]));
    }

    #[test]
    fn a_digest_in_pieces_is_that_of_the_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let bytes: Vec<u8> = (0..200_000).map(|i| (i % 251) as u8).collect();
        fs::write(&path, &bytes).unwrap();
        assert_eq!(digest(&path).unwrap(), hex(&Sha256::digest(&bytes)));
        assert!(digest(folder.path()).is_err());
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = FileReader::default().read(Path::new("no/such"), Encoding::Utf8).unwrap_err().to_string();
        assert!(error.starts_with("cannot read no/such: "), "{error}");
    }

    #[test]
    fn a_file_is_read_up_to_its_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        let most = Limit::Config.bytes();
        fs::write(&path, "seed = 1 # é\n").unwrap();
        assert_eq!(read_text(&path, Limit::Config).unwrap(), "seed = 1 # é\n");
        fs::write(&path, b"seed = 1 # \xE9\n").unwrap();
        assert!(read_text(&path, Limit::Config).unwrap_err().to_string().contains("line 1: expected UTF-8"));
        for len in [0, 1, 70_000, most] {
            fs::write(&path, vec![b'x'; len as usize]).unwrap();
            assert_eq!(read(&path, Limit::Config).unwrap().len() as u64, len);
            assert_eq!(read_named(&path, Limit::Config).unwrap().len() as u64, len);
        }
        // Large but sparse: only its length is examined.
        File::options().write(true).open(&path).unwrap().set_len(3 << 30).unwrap();
        for read in [read, read_named] {
            let error = read(&path, Limit::Config).unwrap_err().to_string();
            assert!(
                error.ends_with("config.toml: expected a configuration of at most 1 MB, found 3221225472 bytes; check that it is the right file"),
                "{error}"
            );
        }
    }

    /// Files whose reported length is meaningless, such as those in `/proc`, are read to their end.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_may_be_longer_than_it_says() {
        let path = Path::new("/proc/self/status");
        assert_eq!(fs::metadata(path).unwrap().len(), 0);
        assert!(read(path, Limit::Note).unwrap().len() > 100);
    }

    #[cfg(unix)]
    #[test]
    fn pipes_and_devices_are_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let [pipe, link] = ["data.json", "config.toml"].map(|name| folder.path().join(name));
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        std::os::unix::fs::symlink("/dev/zero", &link).unwrap();
        for (path, found) in
            [(&pipe, "a named pipe"), (&link, "a device"), (&folder.path().into(), "a folder")]
        {
            let says = format!("{}: it is {found}, not a regular file; check the path", path.display());
            let errors = [
                read(path, Limit::Text).unwrap_err(),
                FileReader::default().read(path, Encoding::Utf8).unwrap_err(),
                open(path).unwrap_err(),
                digest(path).unwrap_err(),
            ];
            for error in errors {
                assert!(error.to_string().contains(&says), "{error}");
            }
        }
        for path in ["/dev/zero", "/dev/tty", "/dev/null"] {
            let error = read_named(Path::new(path), Limit::Text).unwrap_err().to_string();
            assert!(error.contains("not a regular file") || path == "/dev/tty", "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_that_the_user_named_is_read_up_to_the_limit() {
        use std::io::Write;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let written = |bytes: usize| {
            let path = path.clone();
            std::thread::spawn(move || {
                let mut pipe = File::options().write(true).open(path).unwrap();
                // The reader may stop before the end.
                let _ = pipe.write_all(&vec![b'x'; bytes]);
            })
        };
        for bytes in [0, 5, 300_000] {
            let writer = written(bytes);
            assert_eq!(read_named(&path, Limit::Config).unwrap().len(), bytes);
            writer.join().unwrap();
        }
        let writer = written(3 << 20);
        let error = read_named(&path, Limit::Config).unwrap_err().to_string();
        assert!(error.contains("expected a configuration of at most 1 MB, found more than 1 MB"), "{error}");
        writer.join().unwrap();
        let writer = written(5);
        let file = FileReader::default().read_named(&path, Encoding::Utf8).unwrap();
        assert_eq!(file.text, "xxxxx");
        writer.join().unwrap();
    }

    #[test]
    fn the_files_of_this_process_are_known_by_their_paths() {
        for path in ["/dev/stdin", "/dev/fd/63", "/proc/self/fd/0"] {
            assert!(is_own(Path::new(path)), "{path}");
        }
        for path in ["/dev/zero", "/dev/fd/../zero", "stdin", "/dev/fd", "/proc/1/fd/0"] {
            assert!(!is_own(Path::new(path)), "{path}");
        }
    }
}

//! Reading whole text files with an encoding, keeping a checksum over all that was read; writing files that are either
//! whole or not there.

pub use super::encoding::{Encoding, decode};

use super::DataError;
use sha2::{Digest, Sha256};
use std::{
    fs,
    io::{Read, Write},
    path::{Path, PathBuf},
};

/// A file as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextFile {
    /// Where it was read, for messages.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
}

/// Reads files and remembers their digests, in the order of reading.
#[derive(Default)]
pub struct FileReader {
    digests: Sha256,
}

impl FileReader {
    /// Reads one file whole.
    ///
    /// # Errors
    /// [`DataError::Read`], [`DataError::Encoding`].
    pub fn read(&mut self, path: &Path, encoding: Encoding) -> Result<TextFile, DataError> {
        let bytes = fs::read(path).map_err(|source| DataError::Read { path: path.into(), source })?;
        let sha256 = hex(&Sha256::digest(&bytes));
        self.digests.update(sha256.as_bytes());
        self.digests.update(b"\n");
        Ok(TextFile { path: path.into(), text: decode(path, bytes, encoding)?, sha256 })
    }

    /// SHA-256 of the digests of all files read: each in hexadecimal, one a line, in the order of reading.
    pub fn checksum(self) -> String {
        hex(&self.digests.finalize())
    }
}

/// Writes a temporary file beside `path` that takes its name once it is whole and on the disk.
///
/// # Errors
/// [`DataError::Write`]; then `path` is as it was.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), DataError> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = PathBuf::from(name);
    let written = fs::File::create(&temporary)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&temporary, path));
    written.map_err(|source| {
        // The error to report is the first one: a temporary file that cannot be removed either is its consequence.
        let _ = fs::remove_file(&temporary);
        DataError::Write { path: path.into(), source }
    })
}

/// SHA-256 of a file's bytes, in hexadecimal, whatever its size.
///
/// # Errors
/// [`DataError::Read`].
pub fn digest(path: &Path) -> Result<String, DataError> {
    let unreadable = |source| DataError::Read { path: path.into(), source };
    let mut file = fs::File::open(path).map_err(unreadable)?;
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
    fn a_file_is_written_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        write(&path, b"one").unwrap();
        write(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");

        let taken = folder.path().join("taken");
        fs::create_dir(&taken).unwrap();
        assert!(write(&taken, b"three").unwrap_err().to_string().contains("taken: "));
        assert!(write(&folder.path().join("no/such"), b"").is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "a temporary file was left behind");
    }
}

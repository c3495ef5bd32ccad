//! Unpacks archives into an empty folder: only files and folders, and none outside it.

use super::FetchError;
use crate::data::DataError;
use crate::data::error::shortened;
use crate::data::files;
use crate::data::known::Unpack;
use flate2::read::GzDecoder;
use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::path::{Component, Path, PathBuf};

/// Maximum number of unpacked bytes, more than any known set has. A small archive can be made to unpack endlessly.
const MOST_BYTES: u64 = 8 << 30;
/// Maximum number of files and folders; IMDB has a hundred thousand.
const MOST_ENTRIES: u64 = 200_000;

/// What may still be unpacked.
struct Left {
    bytes: u64,
    entries: u64,
}

impl Left {
    fn all() -> Self {
        Left { bytes: MOST_BYTES, entries: MOST_ENTRIES }
    }

    fn take_entry(&mut self) -> Result<(), Fault> {
        let many = || Fault::Archive(format!("one of more than {MOST_ENTRIES} files"));
        self.entries = self.entries.checked_sub(1).ok_or_else(many)?;
        Ok(())
    }

    fn take_bytes(&mut self, bytes: u64) -> Result<(), Fault> {
        let large = || Fault::Archive(format!("one of more than {} GiB of files", MOST_BYTES >> 30));
        self.bytes = self.bytes.checked_sub(bytes).ok_or_else(large)?;
        Ok(())
    }
}

/// An archive, and its names in messages.
pub(super) struct Archive<'a> {
    pub file: &'a Path,
    pub url: &'a str,
    pub set: &'static str,
}

/// Why an entry was not unpacked.
enum Fault {
    Archive(String),
    Disk(DataError),
}

impl Archive<'_> {
    /// Unpacks into the folder `to`; an [`Unpack::Plain`] file is renamed to `to`.
    pub fn unpack(&self, unpack: Unpack, to: &Path) -> Result<(), FetchError> {
        let unpacked = match unpack {
            Unpack::Plain => self.rename(to),
            Unpack::Zip => self.zip(to),
            Unpack::TarGz => self.tar(to),
        };
        unpacked.map_err(|fault| match fault {
            Fault::Disk(error) => error.into(),
            Fault::Archive(found) => FetchError::Archive { url: self.url.into(), set: self.set, found },
        })
    }

    fn open(&self) -> Result<File, Fault> {
        files::open(self.file).map_err(Fault::Disk)
    }

    fn rename(&self, to: &Path) -> Result<(), Fault> {
        if let Some(folder) = to.parent() {
            make(folder)?;
        }
        fs::rename(self.file, to).map_err(|source| unwritten(to, source))
    }

    fn zip(&self, to: &Path) -> Result<(), Fault> {
        let no_zip = |error: zip::result::ZipError| broken(&error);
        let mut archive = zip::ZipArchive::new(self.open()?).map_err(no_zip)?;
        let mut left = Left::all();
        for i in 0..archive.len() {
            left.take_entry()?;
            let entry = archive.by_index(i).map_err(no_zip)?;
            let name = entry.name().map_err(no_zip)?.into_owned();
            let path = to.join(inside(&name)?);
            match (entry.is_dir(), entry.is_symlink()) {
                (true, _) => make(&path)?,
                (_, true) => return Err(link(&name)),
                _ => pour(entry, &path, &mut left)?,
            }
        }
        Ok(())
    }

    fn tar(&self, to: &Path) -> Result<(), Fault> {
        let no_tar = |error: std::io::Error| broken(&error);
        let mut archive = tar::Archive::new(GzDecoder::new(self.open()?));
        let mut left = Left::all();
        for entry in archive.entries().map_err(no_tar)? {
            left.take_entry()?;
            let entry = entry.map_err(no_tar)?;
            let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let path = to.join(inside(&name)?);
            let kind = entry.header().entry_type();
            match (kind.is_dir(), kind.is_file()) {
                (true, _) => make(&path)?,
                (_, true) => pour(entry, &path, &mut left)?,
                _ if kind.is_pax_global_extensions() => {}
                _ => return Err(link(&name)),
            }
        }
        // Read to the end: the checksum is only compared after the last entry.
        let rest = std::io::copy(&mut archive.into_inner().take(left.bytes), &mut std::io::sink());
        rest.map(drop).map_err(no_tar)
    }
}

/// The path of an entry, if it stays inside.
fn inside(name: &str) -> Result<PathBuf, Fault> {
    let mut path = PathBuf::new();
    for component in Path::new(name).components() {
        match component {
            Component::Normal(part) => path.push(part),
            Component::CurDir => {}
            _ => {
                return Err(Fault::Archive(format!(
                    "one with the entry {name:?}, which leads out of its folder"
                )));
            }
        }
    }
    Ok(path)
}

fn link(name: &str) -> Fault {
    Fault::Archive(format!("one with the entry {name:?}, which is neither file nor folder"))
}

fn make(folder: &Path) -> Result<(), Fault> {
    fs::create_dir_all(folder).map_err(|source| unwritten(folder, source))
}

fn unwritten(path: &Path, source: std::io::Error) -> Fault {
    Fault::Disk(DataError::Write { path: path.into(), source })
}

/// Copies an entry to a file; the error distinguishes faults of the archive from those of the disk.
fn pour(mut entry: impl Read, path: &Path, left: &mut Left) -> Result<(), Fault> {
    if let Some(folder) = path.parent() {
        make(folder)?;
    }
    let mut file = File::create(path).map_err(|source| unwritten(path, source))?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        match entry.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(n) => {
                left.take_bytes(n as u64)?;
                file.write_all(&buffer[..n]).map_err(|source| unwritten(path, source))?;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(broken(&error)),
        }
    }
}

/// An archive that cannot be read. The reason may quote its bytes.
fn broken(error: &dyn std::fmt::Display) -> Fault {
    Fault::Archive(format!("a broken one ({})", shortened(&error.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_that_stay_inside_pass() {
        for name in ["a/b", "./a/b", "a//b", "a/./b"] {
            assert_eq!(inside(name).ok(), Some("a/b".into()), "{name}");
        }
        for name in ["../x", "a/../../x", "/etc/x", "a/..", "/"] {
            assert!(matches!(inside(name), Err(Fault::Archive(_))), "{name}");
        }
    }

    #[test]
    fn too_many_bytes_or_entries_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let mut left = Left { bytes: 5, entries: 2 };
        assert!(left.take_entry().is_ok() && left.take_entry().is_ok());
        assert!(
            matches!(left.take_entry(), Err(Fault::Archive(found)) if found == "one of more than 200000 files")
        );
        assert!(pour(&b"12345"[..], &folder.path().join("a"), &mut left).is_ok());
        assert!(matches!(pour(&b"1"[..], &folder.path().join("b"), &mut left), Err(Fault::Archive(_))));
    }

    #[test]
    fn tar_unpacks_files_and_refuses_links() {
        let folder = tempfile::tempdir().unwrap();
        let packed = |link: bool| {
            let path = folder.path().join("a.tar.gz");
            let gzip =
                flate2::write::GzEncoder::new(File::create(&path).unwrap(), flate2::Compression::fast());
            let mut builder = tar::Builder::new(gzip);
            let mut header = tar::Header::new_gnu();
            header.set_size(3);
            header.set_cksum();
            builder.append_data(&mut header, "set/train/1.txt", &b"one"[..]).unwrap();
            if link {
                let mut header = tar::Header::new_gnu();
                header.set_entry_type(tar::EntryType::Symlink);
                header.set_size(0);
                builder.append_link(&mut header, "set/out", "/etc").unwrap();
            }
            builder.into_inner().unwrap().finish().unwrap();
            path
        };
        let unpack = |file: &Path| {
            let to = folder.path().join("to");
            Archive { file, url: "u", set: "s" }.unpack(Unpack::TarGz, &to).map_err(|e| e.to_string())
        };
        unpack(&packed(false)).unwrap();
        assert_eq!(fs::read(folder.path().join("to/set/train/1.txt")).unwrap(), b"one");
        assert!(unpack(&packed(true)).unwrap_err().contains("\"set/out\", which is neither file nor folder"));

        let cut = fs::read(packed(false)).unwrap();
        let path = folder.path().join("cut");
        fs::write(&path, &cut[..cut.len() - 12]).unwrap();
        assert!(unpack(&path).unwrap_err().contains("u: expected an archive of 's', found a broken one"));
    }

    #[test]
    fn a_reason_that_quotes_bytes_is_one_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.tar.gz");
        let mut header = tar::Header::new_gnu();
        header.as_mut_bytes()[..6].copy_from_slice(b"one\ntw");
        header.as_mut_bytes()[148..156].copy_from_slice(b"\x01no sum ");
        let mut gzip =
            flate2::write::GzEncoder::new(File::create(&path).unwrap(), flate2::Compression::fast());
        gzip.write_all(header.as_bytes()).unwrap();
        gzip.finish().unwrap();
        let archive = Archive { file: &path, url: "u", set: "s" };
        let error = archive.unpack(Unpack::TarGz, &folder.path().join("to")).unwrap_err().to_string();
        assert!(error.contains("one\\ntw") && error.contains("\\u{1}no sum"), "{error}");
        crate::fuzz::check_sentence(error);
    }

    /// Nothing is written outside the folder, and an error is one sentence.
    #[test]
    fn fuzz_archives() {
        crate::fuzz::run("archives", |bytes| {
            let folder = tempfile::tempdir().unwrap();
            let [file, to] = ["archive", "to"].map(|name| folder.path().join(name));
            fs::write(&file, bytes).unwrap();
            for unpack in [Unpack::Zip, Unpack::TarGz] {
                if let Err(error) = (Archive { file: &file, url: "u", set: "s" }).unpack(unpack, &to) {
                    crate::fuzz::check_sentence(error);
                }
            }
            assert!(fs::read_dir(&folder).unwrap().count() <= 2);
        });
    }
}

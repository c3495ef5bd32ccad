//! The received part of a file, and its version.

use super::download::Wanted;
use super::plain;
use crate::data::DataError;
use crate::data::atomic::{self, WriteError};
use crate::data::files;
use crate::data::limits::Limit;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use ureq::http::{Response, header};

/// `NAME.part`, and `NAME.from` next to it: the address, and the server's name for the version, one per line.
pub(super) struct Part {
    path: PathBuf,
    origin: PathBuf,
}

impl Part {
    /// # Errors
    /// If something other than a file of an earlier fetch has one of the names.
    pub fn new(folder: &Path, name: &str) -> Result<Self, DataError> {
        let file = |end| folder.join(format!("{name}.{end}"));
        let part = Part { path: file("part"), origin: file("from") };
        plain::check(&part.path)?;
        plain::check(&part.origin)?;
        Ok(part)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Number of bytes that have arrived.
    pub fn len(&self) -> u64 {
        fs::symlink_metadata(&self.path).map_or(0, |found| found.len())
    }

    /// The number of received bytes to resume from, and their version. Bytes from another address are discarded, and so are
    /// bytes for which neither a version nor a digest of the file is known.
    pub fn resumable(&self, wanted: &Wanted<'_>) -> Result<(u64, String), DataError> {
        let origin = match plain::check(&self.origin)? {
            Some(_) => String::from_utf8(files::read(&self.origin, Limit::Note)?).unwrap_or_default(),
            None => String::new(),
        };
        let mut lines = origin.lines();
        let (url, validator) = (lines.next().unwrap_or(""), lines.next().unwrap_or(""));
        let same = url == wanted.url && !(validator.is_empty() && wanted.sha256.is_empty());
        let too_long = wanted.bytes > 0 && self.len() > wanted.bytes;
        if !same || too_long {
            self.discard()?;
        }
        Ok((self.len(), validator.into()))
    }

    /// Creates an empty file, after recording which file it is a part of.
    pub fn begin<B>(&self, wanted: &Wanted<'_>, response: &Response<B>) -> Result<File, DataError> {
        self.discard()?;
        let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        // A weak tag promises the same meaning, not the same bytes.
        let tag = text(header::ETAG).filter(|tag| !tag.starts_with("W/"));
        let validator = tag.or(text(header::LAST_MODIFIED)).unwrap_or("");
        let origin = format!("{}\n{validator}\n", wanted.url);
        atomic::write(&self.origin, origin.as_bytes()).map_err(WriteError::into_data_error)?;
        // A new file: an existing one, or a link, is neither followed nor truncated.
        File::create_new(&self.path).map_err(self.unwritten())
    }

    pub fn resume(&self) -> Result<File, DataError> {
        plain::open(&self.path, OpenOptions::new().append(true))
    }

    pub fn append(&self, file: &mut File, bytes: &[u8]) -> Result<(), DataError> {
        file.write_all(bytes).map_err(self.unwritten())
    }

    /// Ensures that the bytes are on disk, whatever happens next.
    pub fn keep(&self, file: &File) -> Result<(), DataError> {
        file.sync_all().map_err(self.unwritten())
    }

    pub fn discard(&self) -> Result<(), DataError> {
        for path in [&self.path, &self.origin] {
            match fs::remove_file(path) {
                Err(source) if source.kind() != ErrorKind::NotFound => {
                    return Err(DataError::Write { path: path.clone(), source });
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn unwritten(&self) -> impl Fn(std::io::Error) -> DataError + '_ {
        |source| DataError::Write { path: self.path.clone(), source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_bytes_of_the_same_version_are_gone_on_with() {
        let folder = tempfile::tempdir().unwrap();
        let part = Part::new(folder.path(), "a.zip").unwrap();
        let wanted = |url, sha256, bytes| Wanted { url, sha256, bytes };
        let begun = |url: &'static str, headers: &[(&str, &str)]| {
            let mut response = Response::builder();
            for &(name, value) in headers {
                response = response.header(name, value);
            }
            let mut file = part.begin(&wanted(url, "", 0), &response.body(()).unwrap()).unwrap();
            part.append(&mut file, b"12345").unwrap();
        };
        let resumable = |wanted: Wanted<'_>| part.resumable(&wanted).unwrap();

        assert_eq!(resumable(wanted("u", "00", 9)), (0, String::new()));
        begun("u", &[("ETag", "\"v1\""), ("Last-Modified", "today")]);
        assert_eq!(resumable(wanted("u", "", 0)), (5, "\"v1\"".into()));
        assert_eq!(resumable(wanted("other", "00", 0)).0, 0);

        begun("u", &[("ETag", "W/\"v1\""), ("Last-Modified", "today")]);
        assert_eq!(resumable(wanted("u", "", 9)), (5, "today".into()));
        assert_eq!(resumable(wanted("u", "", 4)).0, 0, "longer than the whole");

        begun("u", &[]);
        assert_eq!(resumable(wanted("u", "00", 0)).0, 5, "the digest will tell");
        assert_eq!(resumable(wanted("u", "", 0)).0, 0, "nothing would tell");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

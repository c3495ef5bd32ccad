//! What to download for a known set.

/// No download: the set's terms forbid it, or no public address has the files.
pub const NONE: &[Download] = &[];

/// A file at a public address. All downloads of a set together yield the first of its layouts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Download {
    /// Where it is.
    pub url: &'static str,
    /// SHA-256 of the downloaded file; empty if it is not known. Then the files are verified after unpacking.
    pub sha256: &'static str,
    /// Size of the downloaded file; 0 if it is not known.
    pub bytes: u64,
    /// How to unpack it.
    pub unpack: Unpack,
    /// Relative to the data folder: the file, or for an archive the folder that it is unpacked into.
    pub to: &'static str,
}

/// The format of a download.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unpack {
    /// The file itself.
    Plain,
    /// A zip archive.
    Zip,
    /// A tar archive compressed with gzip.
    TarGz,
}

impl Download {
    /// The last part of the address, such as `SST-2.zip`.
    pub fn file_name(&self) -> &'static str {
        self.url.rsplit('/').next().unwrap_or(self.url)
    }
}

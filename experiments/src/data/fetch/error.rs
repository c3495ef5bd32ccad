use crate::data::DataError;
use std::path::PathBuf;
use std::time::Duration;

/// Why a download failed. The final place of the set never holds incomplete files.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The catalogue has no download of the set.
    #[error(
        "'{set}' cannot be fetched: the catalogue has no public download of it ({licence}); get it from {address} and \
         name its parent folder with --data DIR"
    )]
    NoAddress {
        /// Name of the set.
        set: &'static str,
        /// Its licence.
        licence: &'static str,
        /// Where to get it.
        address: &'static str,
    },
    /// One address for several files.
    #[error(
        "--from {from}: expected the address of a folder, ending with /, since '{set}' has {files} files, found the \
         address of one file"
    )]
    OneAddress {
        /// The address as given.
        from: String,
        /// Name of the set.
        set: &'static str,
        /// Number of files.
        files: usize,
    },
    /// Another file is in the final place of the set.
    #[error(
        "{path}: expected no file, or that of '{set}', found another one ({found}); move it away and run the command \
         again"
    )]
    Taken {
        /// The file or folder.
        path: PathBuf,
        /// Name of the set.
        set: &'static str,
        /// What is wrong with it.
        found: String,
    },
    /// A response that another attempt would not change.
    #[error(
        "{url}: expected the file, found {found}; if the address has changed, name the new one with --from URL"
    )]
    Refused {
        /// The address.
        url: String,
        /// The message of the server or the client.
        found: String,
    },
    /// All attempts failed.
    #[error(
        "{url}: gave up: {why} (attempts without progress: {tries}); what has arrived is kept; run the command again to resume, or \
         name another address with --from URL"
    )]
    GaveUp {
        /// The address.
        url: String,
        /// Attempts since the last received byte.
        tries: u32,
        /// Why the last one failed.
        why: String,
    },
    /// A server that is too slow.
    #[error(
        "{url}: expected at least {least} bytes within {} s, found {found}; what has arrived is kept; run the command again \
         with a faster connection, or name another address with --from URL", within.as_secs()
    )]
    TooSlow {
        /// The address.
        url: String,
        /// The minimum number of bytes.
        least: u64,
        /// The time for them.
        within: Duration,
        /// The received bytes.
        found: u64,
    },
    /// Another process fetches the same set.
    #[error(
        "{}: another process is fetching '{set}'{}; wait for it to finish, or stop it, and run the command again", path.display(),
        holder.map_or(String::new(), |process| format!(" (process {process})"))
    )]
    Busy {
        /// The locked folder.
        path: PathBuf,
        /// Name of the set.
        set: &'static str,
        /// The other process, if it is known.
        holder: Option<u32>,
    },
    /// A complete file of another version than the catalogue's.
    #[error(
        "{url}: expected {expected}, found {found}; this file of another version was deleted; name another address with \
         --from URL"
    )]
    OtherFile {
        /// The address.
        url: String,
        /// Size or SHA-256 in the catalogue.
        expected: String,
        /// Size or SHA-256 of the received file.
        found: String,
    },
    /// An archive that cannot be unpacked or has wrong contents.
    #[error(
        "{url}: expected an archive of '{set}', found {found}; nothing was unpacked; name another address with --from URL"
    )]
    Archive {
        /// The address.
        url: String,
        /// Name of the set.
        set: &'static str,
        /// What is wrong with it.
        found: String,
    },
    /// A local file that cannot be read or written.
    #[error(transparent)]
    Data(#[from] DataError),
}

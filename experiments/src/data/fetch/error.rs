use crate::data::DataError;
use std::path::PathBuf;
use std::time::Duration;

/// Why a set could not be fetched; nothing half-written stands where it would be read.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The catalogue has no download of it.
    #[error(
        "'{set}' cannot be fetched: the catalogue knows no public download of it ({licence}); get it from {address} \
         and name the folder above it by --data DIR"
    )]
    NoAddress {
        /// Name of the set.
        set: &'static str,
        /// Its terms.
        licence: &'static str,
        /// Where people get it.
        address: &'static str,
    },
    /// One address for several files.
    #[error(
        "--from {from}: expected the address of a folder, ending with /, since '{set}' is {files} files, found that \
         of one file"
    )]
    OneAddress {
        /// The address as given.
        from: String,
        /// Name of the set.
        set: &'static str,
        /// How many files.
        files: usize,
    },
    /// Something else stands where the set belongs.
    #[error(
        "{path}: expected no file, or that of '{set}', found another one ({found}); move it away to have it fetched"
    )]
    Taken {
        /// The file or folder.
        path: PathBuf,
        /// Name of the set.
        set: &'static str,
        /// What is wrong with it.
        found: String,
    },
    /// An answer that no second try changes.
    #[error("{url}: expected the file, found {found}; addresses can change: name another with --from URL")]
    Refused {
        /// The address.
        url: String,
        /// What the server, or the client, said.
        found: String,
    },
    /// All tries failed.
    #[error(
        "{url}: gave up: {why} (tries in a row: {tries}); what has arrived is kept: run the command again to go on, or \
         name another address with --from URL"
    )]
    GaveUp {
        /// The address.
        url: String,
        /// Tries since bytes arrived last.
        tries: u32,
        /// What happened at the last.
        why: String,
    },
    /// A server that is too slow.
    #[error(
        "{url}: expected at least {least} bytes within {} s, found {found}; what has arrived is kept: run the command again \
         when the line is better, or name another address with --from URL", within.as_secs()
    )]
    TooSlow {
        /// The address.
        url: String,
        /// Bytes that must arrive.
        least: u64,
        /// In what time.
        within: Duration,
        /// Bytes that arrived.
        found: u64,
    },
    /// Another process fetches the same set.
    #[error(
        "{}: another fetch of '{set}' is under way{}; wait for its end, or end it, and run the command again", path.display(),
        holder.map_or(String::new(), |process| format!(" (process {process})"))
    )]
    Busy {
        /// The folder that it has.
        path: PathBuf,
        /// Name of the set.
        set: &'static str,
        /// The other process, if it is known.
        holder: Option<u32>,
    },
    /// Whole, but not what the catalogue knows.
    #[error(
        "{url}: expected {expected}, found {found}; it is another version or no longer there, and was deleted: name \
         another address with --from URL"
    )]
    OtherFile {
        /// The address.
        url: String,
        /// Size or digest of the catalogue.
        expected: String,
        /// Size or digest of what arrived.
        found: String,
    },
    /// An archive that cannot be unpacked, or holds what it must not.
    #[error(
        "{url}: expected an archive of '{set}', found {found}; nothing was unpacked: name another address with --from URL"
    )]
    Archive {
        /// The address.
        url: String,
        /// Name of the set.
        set: &'static str,
        /// What is wrong with it.
        found: String,
    },
    /// Reading or writing here.
    #[error(transparent)]
    Data(#[from] DataError),
}

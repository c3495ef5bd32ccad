//! Atomic writing of files. Gradus writes all files through this module, so that each is complete or absent.

use super::DataError;
use gradus_engine::files::{self, PARTIAL};
use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// A file that could not be written; its previous contents are kept.
#[derive(Debug, thiserror::Error)]
#[error("{}: cannot be written{}", path.display(), why(cause, folder(path)))]
pub struct WriteError {
    path: PathBuf,
    /// What the system says; the message has it, where it helps.
    cause: io::Error,
}

/// Why a file in this folder could not be written, and what to do.
fn why(source: &io::Error, folder: &Path) -> String {
    let folder = folder.display();
    match is_read_only(source) {
        true => format!(
            ", because you may not write into the folder {folder}; change its permissions, or copy it elsewhere"
        ),
        false => format!(
            ": {source}; check the free space and the permissions of {folder}; the previous contents are kept"
        ),
    }
}

/// Whether a folder could not be changed because this user has no permission, or because the file system is read-only.
pub fn is_read_only(source: &io::Error) -> bool {
    matches!(source.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem)
}

impl WriteError {
    /// The error as a [`DataError`]. This is not a `From` implementation, because closures that use `?` on a
    /// `DataError` would then need type annotations.
    pub fn into_data_error(self) -> DataError {
        DataError::Write { path: self.path, source: self.cause }
    }
}

/// Writes a file completely or not at all: under a random name, then renamed (see [`files::write`]). Creates missing folders.
///
/// # Errors
/// [`WriteError`] if the folder or the file cannot be written.
pub fn write(path: &Path, contents: &[u8]) -> Result<(), WriteError> {
    write_with(path, |out| out.write_all(contents))
}

/// [`write`] for contents that are not in memory as a whole.
///
/// # Errors
/// [`WriteError`]; also if `contents` fails.
pub fn write_with(
    path: &Path,
    contents: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), WriteError> {
    let written = make(folder(path)).and_then(|()| files::write(path, contents));
    written.map_err(|cause| WriteError { path: path.into(), cause })
}

/// Writes a file whose path the user named: through links, to the file that they name, and into a device or a named pipe, which are
/// not replaced; the call waits for a reader of the pipe. Any other file is written as by [`write`].
///
/// # Errors
/// As [`write`].
pub fn write_named(path: &Path, contents: &[u8]) -> Result<(), WriteError> {
    #[cfg(unix)]
    if fs::metadata(path).is_ok_and(|found| is_stream(found.file_type())) {
        let written = File::options().write(true).open(path).and_then(|mut file| file.write_all(contents));
        return written.map_err(|cause| WriteError { path: path.into(), cause });
    }
    write(&followed(path), contents)
}

#[cfg(unix)]
fn is_stream(kind: fs::FileType) -> bool {
    use std::os::unix::fs::FileTypeExt;
    kind.is_fifo() || kind.is_char_device()
}

/// The absolute path of the file that a path names, or would name if the file were there: links are followed.
pub fn followed(path: &Path) -> PathBuf {
    /// As many as Linux follows.
    const MOST_LINKS: usize = 40;
    let mut path = path.to_path_buf();
    for _ in 0..MOST_LINKS {
        let Ok(to) = fs::read_link(&path) else { break };
        path = folder(&path).join(to);
    }
    match (fs::canonicalize(folder(&path)), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path,
    }
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn make(folder: &Path) -> io::Result<()> {
    match fs::create_dir_all(folder) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            Err(io::Error::new(ErrorKind::NotADirectory, format!("{} is not a folder", folder.display())))
        }
        made => made,
    }
}

/// Files that earlier versions first wrote as `NAME.PROCESS.tmp`.
const EARLIER: [&str; 4] = ["checkpoint.safetensors", "best.safetensors", "vocabulary.txt", "alphabet.txt"];

/// Removes partially written files that killed processes left in a folder (not in its subfolders): only regular files
/// with the names that [`write`] and earlier versions use, and none that is being written now.
///
/// # Errors
/// [`DataError::Read`] for the folder, [`DataError::Write`] for a file that cannot be removed.
pub fn sweep(folder: &Path) -> Result<(), DataError> {
    let unreadable = |source| DataError::Read { path: folder.into(), source };
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let is_file = entry.file_type().map_err(unreadable)?.is_file();
        let path = entry.path();
        if !is_file || !is_partial(&entry.file_name()) || is_being_written(&path) {
            continue;
        }
        match fs::remove_file(&path) {
            Err(source) if source.kind() != ErrorKind::NotFound => {
                return Err(DataError::Write { path, source });
            }
            _ => {}
        }
    }
    Ok(())
}

fn is_partial(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else { return false };
    let earlier = || {
        let (file, process) = name.strip_suffix(".tmp")?.rsplit_once('.')?;
        let is_number = !process.is_empty() && process.bytes().all(|b| b.is_ascii_digit());
        Some(is_number && EARLIER.contains(&file))
    };
    name.starts_with(PARTIAL) || earlier().unwrap_or(false)
}

/// Whether a file is being written: its writer then holds its lock.
fn is_being_written(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn a_folder_that_is_read_only_is_named() {
        let error = |kind: ErrorKind| WriteError { path: "run/a.tsv".into(), cause: kind.into() }.to_string();
        for kind in [ErrorKind::PermissionDenied, ErrorKind::ReadOnlyFilesystem] {
            assert_eq!(
                error(kind),
                "run/a.tsv: cannot be written, because you may not write into the folder run; change its permissions, or copy \
                 it elsewhere"
            );
        }
        assert!(error(ErrorKind::StorageFull).contains("check the free space and the permissions of run;"));
    }

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
        for path in [file.join("a.json"), file.join("b/a.json")] {
            let error = write(&path, b"x").unwrap_err().to_string();
            assert!(error.contains("a.json: cannot be written"), "{error}");
        }
        let error = write(&file.join("a.json"), b"x").unwrap_err().to_string();
        assert!(error.contains("file is not a folder; check"), "{error}");
        assert_eq!(fs::read(&file).unwrap(), b"kept");
    }

    /// Links under the names of temporary files, which were once predictable, and under the final name.
    #[cfg(unix)]
    #[test]
    fn links_lead_nowhere() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let victim = folder.path().join("victim");
        fs::write(&victim, "kept").unwrap();
        let run = folder.path().join("run");
        fs::create_dir(&run).unwrap();
        let process = std::process::id();
        for process in process..process + 100 {
            symlink(&victim, run.join(format!("vocabulary.txt.{process}.tmp"))).unwrap();
        }
        let path = run.join("vocabulary.txt");
        symlink(&victim, &path).unwrap();
        write(&path, b"words").unwrap();
        assert!(fs::symlink_metadata(&path).unwrap().is_file());
        sweep(&run).unwrap();
        assert_eq!((fs::read(&victim).unwrap(), fs::read(&path).unwrap()), (b"kept".into(), b"words".into()));
    }

    #[cfg(unix)]
    #[test]
    fn what_the_user_names_is_written_where_it_is() {
        use std::os::unix::fs::{FileTypeExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let [file, link, again, pipe] =
            ["file", "link", "again", "pipe"].map(|name| folder.path().join(name));
        symlink("file", &link).unwrap();
        symlink("link", &again).unwrap();
        for text in ["new", "replaced"] {
            write_named(&again, text.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&file).unwrap(), text);
        }
        assert!([&link, &again].iter().all(|path| fs::symlink_metadata(path).unwrap().is_symlink()));
        assert_eq!(followed(&again), fs::canonicalize(&file).unwrap());
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || fs::read(pipe).unwrap()
        });
        write_named(&pipe, b"through").unwrap();
        assert_eq!(reader.join().unwrap(), b"through");
        assert!(fs::symlink_metadata(&pipe).unwrap().file_type().is_fifo());
        assert!(write_named(folder.path(), b"x").is_err());
    }

    #[test]
    fn only_what_was_left_half_written_is_swept() {
        let folder = tempfile::tempdir().unwrap();
        let left = [".partial-Ab3x9Q", ".partial-", "checkpoint.safetensors.4242.tmp", "alphabet.txt.1.tmp"];
        let kept =
            ["a.txt", "mine.1.tmp", "best.safetensors.tmp", "best.safetensors.x.tmp", "best.safetensors"];
        for name in left.iter().chain(&kept) {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        fs::create_dir(folder.path().join(".partial-folder")).unwrap();
        sweep(folder.path()).unwrap();
        let names =
            fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        let mut expected = [&kept[..], &[".partial-folder"]].concat();
        expected.sort();
        assert_eq!(names, expected);
        assert!(sweep(&folder.path().join("none")).is_err());
    }

    /// Two runs in one folder: neither removes a file that the other is writing.
    #[test]
    fn what_is_being_written_is_not_swept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let ((begun, begins), (swept, goes_on)) = (mpsc::channel(), mpsc::channel());
        let writer = std::thread::spawn({
            let path = path.clone();
            move || {
                write_with(&path, |out| {
                    out.write_all(b"whole")?;
                    begun.send(()).unwrap();
                    goes_on.recv().unwrap();
                    Ok(())
                })
            }
        });
        begins.recv().unwrap();
        sweep(folder.path()).unwrap();
        swept.send(()).unwrap();
        writer.join().unwrap().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
    }
}

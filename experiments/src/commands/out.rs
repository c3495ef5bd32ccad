//! Where a run may be written: what `train`, `distil` and `compress` ask of `--out`.

use crate::config::Config;
use crate::regimes::distillation::TEACHER;
use crate::run::{RunFolder, no_folder};
use anyhow::bail;
use std::fs;
use std::path::{self, Component, Path, PathBuf};

/// The user's files that a run with this configuration reads, each with the key that names it; `paths` are the keys of paths.
pub(super) fn files_of<'k>(config: &Config, paths: &[&'k str]) -> Vec<(&'k str, PathBuf)> {
    let named = paths.iter().map(|key| (*key, config.text(key)));
    named.filter(|(_, path)| !path.is_empty()).map(|(key, path)| (key, path.into())).collect()
}

/// Refuses a place for a run: a file, or a folder below one; a folder within one of those that the run reads or, unless the run is
/// there already, within another run's.
pub(super) fn check_place(out: &Path, files: &[(&str, PathBuf)], is_there: bool) -> anyhow::Result<()> {
    let place = place(out)?;
    let within =
        |folder: &Path| place.starts_with(fs::canonicalize(folder).unwrap_or_else(|_| folder.into()));
    if let Some((key, folder)) = files.iter().find(|(_, file)| file.is_dir() && within(file)) {
        let what = match *key {
            "model.pretrained" => "the pretrained model".to_owned(),
            TEACHER => "the teacher's run".to_owned(),
            key if key.starts_with("data.") => "the training data, whose folders are classes".to_owned(),
            key => format!("{key}, which this run reads"),
        };
        return refuse_within(out, folder, &what);
    }
    match place.ancestors().skip(1).find(|folder| holds_run(folder)) {
        Some(run) if !is_there => refuse_within(out, run, "another run"),
        Some(_) | None => Ok(()),
    }
}

/// Refuses the folder of a run, and one within it, as a place for the results of a study.
pub(super) fn check_results(out: &Path) -> anyhow::Result<()> {
    match place(out)?.ancestors().find(|folder| holds_run(folder)) {
        Some(run) => refuse_within(out, run, "a run"),
        None => Ok(()),
    }
}

/// The path for the run's files: the same or, where `..` follows a folder that does not exist, that of the place without it. No system
/// finds such a path, and what is there already would not be seen.
pub(super) fn reachable(out: &Path) -> PathBuf {
    let goes_up = out.components().any(|part| part == Component::ParentDir);
    match goes_up && !out.exists() {
        true => place(out).unwrap_or_else(|_| out.into()),
        false => out.into(),
    }
}

fn refuse_within(out: &Path, folder: &Path, what: &str) -> anyhow::Result<()> {
    bail!(
        "{}: expected a folder outside {}, the folder of {what}; name another with --out",
        out.display(),
        folder.display()
    )
}

fn holds_run(folder: &Path) -> bool {
    folder.join("config.toml").exists() && RunFolder(folder.into()).was_begun()
}

/// The absolute path that a path names or, where it does not exist, will name once its folders are made: without `..` and links.
///
/// # Errors
/// A file in the place of one of the folders.
fn place(out: &Path) -> anyhow::Result<PathBuf> {
    let absolute = path::absolute(out).unwrap_or_else(|_| out.into());
    let mut place = PathBuf::new();
    let mut parts = absolute.components().peekable();
    while let Some(part) = parts.next() {
        match part {
            Component::ParentDir => {
                place.pop();
            }
            Component::CurDir => {}
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => place.push(part),
        }
        place = fs::canonicalize(&place).unwrap_or(place);
        match (no_folder(&place).filter(|_| fs::symlink_metadata(&place).is_ok()), parts.peek()) {
            (None, _) => {}
            (Some(what), Some(_)) => bail!(
                "{}: expected a folder for the run, but {} {what}; name another folder with --out",
                out.display(),
                place.display()
            ),
            (Some(what), None) => {
                bail!(
                    "{}: expected a folder for the run, but it {what}; name a folder with --out",
                    out.display()
                )
            }
        }
    }
    Ok(place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{create_dir, create_dir_all, write};

    /// Whether a place in a folder is refused, and how; the folder itself is left out.
    fn said(folder: &Path, out: &str, files: &[(&str, PathBuf)], is_there: bool) -> String {
        let checked = check_place(&folder.join(out), files, is_there);
        let message = checked.map_or_else(|error| error.to_string(), |()| "allowed".into());
        message.replace(&format!("{}/", folder.display()), "")
    }

    #[test]
    fn files_and_folders_of_others_are_refused_by_whatever_path() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = fs::canonicalize(temporary.path()).unwrap();
        let said_of = |out: &str| said(&folder, out, &[], false);
        write(folder.join("file"), "kept").unwrap();
        for out in ["file", "missing/../file", "missing/a/../../file"] {
            let says =
                format!("{out}: expected a folder for the run, but it is a file; name a folder with --out");
            assert_eq!(said_of(out), says);
        }
        for out in ["file/a/b", "file/../b", "missing/../file/a"] {
            let says = format!(
                "{out}: expected a folder for the run, but file is a file; name another folder with --out"
            );
            assert_eq!(said_of(out), says);
        }
        create_dir_all(folder.join("run/sub")).unwrap();
        assert_eq!(said_of("run/sub"), "allowed", "no run is there yet");
        for name in [".lock", "checkpoint.safetensors", "config.toml"] {
            write(folder.join("run").join(name), "").unwrap();
        }
        for out in ["run/sub", "run/new", "missing/../run/a/b", "run/../run/a"] {
            let says = format!(
                "{out}: expected a folder outside run, the folder of another run; name another with --out"
            );
            assert_eq!(said_of(out), says);
            assert_eq!(said(&folder, out, &[], true), "allowed", "a run that is there already");
        }
        for out in ["run", "run/../other", "new", "missing/../new"] {
            assert_eq!(said_of(out), "allowed");
        }
        assert_eq!(reachable(&folder.join("missing/../new")), folder.join("new"));
        assert_eq!(reachable(&folder.join("run/../new")), folder.join("new"), "it is not there yet");
        assert_eq!(reachable("missing/new".as_ref()), Path::new("missing/new"));
        create_dir(folder.join("data")).unwrap();
        let files = [("data.train", folder.join("data"))];
        let says = "data/a: expected a folder outside data, the folder of the training data, whose folders are classes";
        for is_there in [false, true] {
            assert!(said(&folder, "data/a", &files, is_there).starts_with(says));
        }
    }

    #[test]
    #[cfg(unix)]
    fn links_are_followed() {
        use std::os::unix::fs::symlink;
        let temporary = tempfile::tempdir().unwrap();
        let folder = fs::canonicalize(temporary.path()).unwrap();
        create_dir_all(folder.join("real/inner")).unwrap();
        write(folder.join("real/file"), "kept").unwrap();
        symlink(folder.join("real/inner"), folder.join("link")).unwrap();
        symlink(folder.join("nowhere"), folder.join("broken")).unwrap();
        let said_of = |out: &str| said(&folder, out, &[], false);
        assert!(
            said_of("link/../file").contains("but it is a file"),
            "the parent is that of the linked folder"
        );
        assert!(said_of("broken").contains("but it is a link to what does not exist"));
        assert_eq!(said_of("link/new"), "allowed");
    }
}

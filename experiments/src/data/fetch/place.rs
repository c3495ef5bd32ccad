//! Moves a set from the folder of its download to its final place.

use crate::data::DataError;
use std::fs;
use std::path::Path;

/// Moves the contents of `from` into `to`: a folder that does not exist there is renamed as a whole, otherwise its
/// contents are moved one by one. Existing files are kept.
pub(super) fn place(from: &Path, to: &Path) -> Result<(), DataError> {
    let unreadable = |source| DataError::Read { path: from.into(), source };
    let mut entries = fs::read_dir(from)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, _>>())
        .map_err(unreadable)?;
    entries.sort();
    for entry in entries {
        let Some(name) = entry.file_name() else { continue };
        let target = to.join(name);
        if !target.exists() {
            fs::rename(&entry, &target).map_err(|source| DataError::Write { path: target, source })?;
        } else if entry.is_dir() && target.is_dir() {
            place(&entry, &target)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_joined_and_nothing_that_stands_is_touched() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("to/set/README", "old");
        for name in ["set/README", "set/a", "set/deep/b", "other/c"] {
            write(&format!("from/{name}"), "new");
        }
        let to = folder.path().join("to");
        place(&folder.path().join("from"), &to).unwrap();
        let read = |name: &str| fs::read_to_string(to.join(name)).unwrap();
        assert_eq!(read("set/README"), "old");
        for name in ["set/a", "set/deep/b", "other/c"] {
            assert_eq!(read(name), "new");
        }
    }
}

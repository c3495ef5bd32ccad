use crate::config::{Config, Reference};
use crate::data::files::digest_of;
use crate::run::RunError;
use crate::tasks;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The folders of finished runs that other runs read, as a student reads its teacher: `kept/<hash of the configuration>` in the
/// results folder. They can be deleted: a run is trained again where another one needs its folder.
pub(super) struct Kept;

impl Kept {
    /// The folder of the configuration with that [`key`](super::plan::key).
    pub fn path(out: &Path, key: &str) -> PathBuf {
        out.join("kept").join(&digest_of(key.as_bytes())[..16])
    }

    /// Moves the folder of a finished run to its place.
    ///
    /// # Errors
    /// Folders that cannot be written.
    pub fn put(out: &Path, key: &str, folder: &Path) -> Result<(), RunError> {
        let to = Kept::path(out, key);
        let io = |source| RunError::Io { action: "write", path: to.clone(), source };
        fs::create_dir_all(out.join("kept")).map_err(io)?;
        if to.exists() {
            fs::remove_dir_all(&to).map_err(io)?;
        }
        fs::rename(folder, &to).map_err(io)
    }

    /// The configuration with the paths that it has here; `reads` has the keys of the runs that it reads, by name.
    ///
    /// # Errors
    /// A path among the real data, where there is none.
    pub fn resolved(
        config: &Config,
        reads: &BTreeMap<String, String>,
        (out, data): (&Path, Option<&Path>),
    ) -> anyhow::Result<Config> {
        config.resolved(&tasks::of(config).keys(), |reference| match (reference, data) {
            (Reference::Run(name), _) => {
                let (name, path) = split(name);
                let folder = Kept::path(out, &reads[&name]);
                Ok(if path.is_empty() { folder } else { folder.join(path) })
            }
            (Reference::Data(path), Some(data)) => Ok(data.join(path)),
            (Reference::Data(path), None) => anyhow::bail!(
                "expected the folder of the real data with {}; name it with --data DIR",
                path.display()
            ),
        })
    }
}

/// The runs that a configuration refers to.
pub(super) fn names(config: &Config) -> Vec<String> {
    let name = |reference| match reference {
        Reference::Run(name) => Some(split(&name).0),
        Reference::Data(_) => None,
    };
    config.references(&tasks::of(config).keys()).into_iter().filter_map(name).collect()
}

/// The name of a run, `<study>/<run>`, and the path in its folder that may come after it.
fn split(name: &str) -> (String, String) {
    let parts: Vec<&str> = name.splitn(3, '/').collect();
    (parts[..parts.len().min(2)].join("/"), parts.get(2).copied().unwrap_or_default().to_owned())
}

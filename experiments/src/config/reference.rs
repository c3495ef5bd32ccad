//! Paths of a study that are known only where it runs: in the folder of another run, or among the real data.
//!
//! A configuration in a result file holds them as `run:NAME` or `data:PATH`, so that it says the same on every machine.

use super::overlay::{Setting, flatten};
use super::{Config, TaskKeys};
use std::path::{Path, PathBuf};
use toml::Value;

/// Before the name of another run of the studies: `run:table10/mr--l2--seed1`.
pub const RUN: &str = "run:";

/// Before a path in the folder of the real data.
pub const DATA: &str = "data:";

/// A path that is known only where a study runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference {
    /// In the folder of the run of that name.
    Run(String),
    /// In the folder of the real data.
    Data(PathBuf),
}

impl Reference {
    /// The reference that a value is; none for any other path.
    pub fn of(value: &str) -> Option<Self> {
        let run = value.strip_prefix(RUN).map(|name| Reference::Run(name.into()));
        run.or_else(|| value.strip_prefix(DATA).map(|path| Reference::Data(path.into())))
    }
}

impl Config {
    /// The references among the paths of a task.
    pub fn references(&self, task: &TaskKeys) -> Vec<Reference> {
        task.paths.iter().filter_map(|key| Reference::of(self.text(key))).collect()
    }

    /// The same configuration with paths for references.
    ///
    /// # Errors
    /// Those of `path`.
    pub fn resolved<E>(
        &self,
        task: &TaskKeys,
        path: impl Fn(&Reference) -> Result<PathBuf, E>,
    ) -> Result<Config, E> {
        let mut resolved = self.clone();
        for (key, value) in flatten(&self.keys) {
            let Some(reference) = value.as_str().and_then(Reference::of) else { continue };
            if task.paths.contains(&key.as_str()) {
                let path: PathBuf = path(&reference)?;
                let absolute = std::path::absolute(&path).unwrap_or(path);
                let value = Value::String(absolute.to_string_lossy().into_owned());
                let setting = Setting { key, value, at: super::Place::Code };
                super::overlay::insert(&mut resolved.keys, &setting);
            }
        }
        Ok(resolved)
    }
}

/// Whether a value of a path stays as it is until a study runs.
pub(super) fn is_reference(path: &Path) -> bool {
    path.to_str().is_some_and(|text| Reference::of(text).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tasks;

    #[test]
    fn a_reference_becomes_a_path_where_the_study_runs() {
        let sets =
            ["task=classify", "data.dataset=reviews", "loss.teacher=run:a/b--c--seed1"].map(String::from);
        let config = tasks::load(None, &sets).unwrap();
        assert_eq!(config.text("loss.teacher"), "run:a/b--c--seed1");
        let task = tasks::of(&config).keys();
        assert_eq!(config.references(&task), [Reference::Run("a/b--c--seed1".into())]);
        let resolved = config.resolved(&task, |reference| match reference {
            Reference::Run(name) => Ok::<_, ()>(Path::new("/kept").join(name)),
            Reference::Data(_) => Err(()),
        });
        let resolved = resolved.unwrap();
        assert_eq!(Path::new(resolved.text("loss.teacher")), Path::new("/kept/a/b--c--seed1"));
        assert!(resolved.references(&task).is_empty());
        assert_eq!(Reference::of("data:pretrained/x"), Some(Reference::Data("pretrained/x".into())));
        assert_eq!(Reference::of("runs/a"), None);
    }
}

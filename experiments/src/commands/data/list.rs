use super::thousands;
use crate::commands::print;
use crate::data::Split;
use crate::data::known::{AnySet, data_folder};
use crate::run::{AnyTask, GeneratedInfo};
use crate::tasks::TASKS;
use indicatif::HumanBytes;
use serde::Serialize;
use std::path::Path;

/// A data set in the list.
#[derive(Serialize)]
struct Row {
    name: &'static str,
    task: String,
    what: String,
    size: String,
    licence: &'static str,
    address: &'static str,
    /// Where its files are.
    files: String,
}

/// Prints all data sets, as text or as a JSON array.
///
/// # Errors
/// Output that cannot be written.
pub fn list(data: Option<&Path>, json: bool) -> anyhow::Result<()> {
    let folder = data_folder(data);
    let generated = |task: &&'static dyn AnyTask| {
        let task = *task;
        task.generated().into_iter().map(move |set| of_generated(task, set))
    };
    let known = |task: &&'static dyn AnyTask| {
        let (task, folder) = (*task, folder.clone());
        task.known().into_iter().map(move |set| of_known(task, set, folder.as_deref()))
    };
    let rows: Vec<Row> = TASKS.iter().flat_map(generated).chain(TASKS.iter().flat_map(known)).collect();
    if json {
        return print(&(serde_json::to_string_pretty(&rows)? + "\n"));
    }
    let mut text = String::new();
    for Row { name, task, what, size, licence, address, files } in &rows {
        text += &format!("{name}\n");
        for (key, value) in [
            ("task", task.as_str()),
            ("what", what),
            ("size", size),
            ("terms", licence),
            ("from", address),
            ("files", files),
        ] {
            text += &format!("  {key:<6} {value}\n");
        }
    }
    print(&text)
}

fn of_generated(task: &dyn AnyTask, set: GeneratedInfo) -> Row {
    let [train, dev, test] = set.sizes.map(|n| thousands(n as u64));
    Row {
        name: set.name,
        task: task.title().to_lowercase(),
        what: set.what,
        size: format!("{train} train, {dev} dev, {test} test"),
        licence: "part of this project",
        address: "generated",
        files: "none needed".into(),
    }
}

fn of_known(task: &dyn AnyTask, set: &dyn AnySet, folder: Option<&Path>) -> Row {
    let files = set.layout_files(0);
    let part = |split: Split| {
        let n: usize = files.iter().filter(|(of, _)| *of == split).map(|(_, file)| file.examples).sum();
        (n > 0).then(|| format!("{} {split}", thousands(n as u64)))
    };
    let mut size = Split::ALL.into_iter().filter_map(part).collect::<Vec<_>>().join(", ");
    let bytes = set.downloads().iter().map(|download| download.bytes).sum::<u64>();
    if bytes > 0 {
        size += &format!("; {} to fetch", HumanBytes(bytes));
    }
    Row {
        name: set.name(),
        task: task.title().to_lowercase(),
        what: set.description().into(),
        size,
        licence: set.licence(),
        address: set.address(),
        files: folder.map_or("no --data DIR given".into(), |folder| state_of(set, folder)),
    }
}

/// Whether the files are there; `check` examines their contents.
fn state_of(set: &dyn AnySet, folder: &Path) -> String {
    let Ok((layout, base)) = set.found(folder) else {
        return format!("not in {}", folder.display());
    };
    let files = set.layout_files(layout);
    let missing: Vec<&str> =
        files.iter().map(|(_, file)| file.path).filter(|path| !base.join(path).exists()).collect();
    match missing.is_empty() {
        true => format!("in {}", base.display()),
        false => format!("in part in {}: {} missing", base.display(), missing.join(", ")),
    }
}

use super::thousands;
use crate::commands::say;
use crate::data::Task;
use crate::data::catalog::{KnownFile, KnownSet, SETS, data_folder};
use crate::data::generated::Sizes;
use crate::tasks::classify::generated::Kind;
use crate::tasks::read::generated::{PASSAGES, SIZES};
use crate::tasks::tag::generated::Corpus;
use indicatif::HumanBytes;
use serde::Serialize;
use std::path::Path;

/// A set as it is listed.
#[derive(Serialize)]
struct Row {
    name: &'static str,
    task: String,
    what: String,
    size: String,
    licence: &'static str,
    address: &'static str,
    /// Where its files are; none of a generated set has any.
    files: String,
}

/// Prints every data set: as text, or as a JSON array.
///
/// # Errors
/// An output that cannot be written.
pub fn list(data: Option<&Path>, json: bool) -> anyhow::Result<()> {
    let folder = data_folder(data);
    let known = SETS.iter().map(|set| of_known(set, folder.as_deref()));
    let rows: Vec<Row> = generated().into_iter().chain(known).collect();
    if json {
        return say(&(serde_json::to_string_pretty(&rows)? + "\n"));
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
    say(&text)
}

fn generated() -> Vec<Row> {
    let classification = Kind::ALL
        .iter()
        .map(|kind| of_generated(kind.name(), Task::Classification, kind.note(), kind.sizes()));
    let tagging = Corpus::ALL.iter().map(|corpus| {
        of_generated(
            corpus.name(),
            Task::Tagging,
            "generated sentences with named entities".into(),
            corpus.sizes(),
        )
    });
    let what = "generated passages with questions".into();
    classification.chain(tagging).chain([of_generated(PASSAGES, Task::Reading, what, SIZES)]).collect()
}

fn of_generated(name: &'static str, task: Task, what: String, sizes: Sizes) -> Row {
    let [train, dev, test] = [sizes.train, sizes.dev, sizes.test].map(|n| thousands(n as u64));
    Row {
        name,
        task: task.to_string(),
        what,
        size: format!("{train} train, {dev} dev, {test} test"),
        licence: "part of this project",
        address: "generated",
        files: "none needed".into(),
    }
}

fn of_known(set: &KnownSet, folder: Option<&Path>) -> Row {
    let layout = &set.layouts[0];
    let part = |name: &str, files: &[KnownFile]| {
        let n: usize = files.iter().map(|file| file.examples).sum();
        (n > 0).then(|| format!("{} {name}", thousands(n as u64)))
    };
    let parts = [part("train", layout.train), part("dev", layout.dev), part("test", layout.test)];
    let mut size = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    size += match set.downloads.iter().map(|download| download.bytes).sum() {
        0 => String::new(),
        bytes => format!("; {} to fetch", HumanBytes(bytes)),
    }
    .as_str();
    Row {
        name: set.name,
        task: set.task().to_string(),
        what: set.description.into(),
        size,
        licence: set.licence,
        address: set.address,
        files: folder.map_or("no --data DIR given".into(), |folder| stand(set, folder)),
    }
}

/// Whether the files are there; what is in them is for `check` to say.
fn stand(set: &KnownSet, folder: &Path) -> String {
    let Ok((layout, base)) = set.found(folder) else {
        return format!("not in {}", folder.display());
    };
    let missing: Vec<&str> =
        layout.files().map(|file| file.path).filter(|path| !base.join(path).exists()).collect();
    match missing.is_empty() {
        true => format!("in {}", base.display()),
        false => format!("in part in {}: {} missing", base.display(), missing.join(", ")),
    }
}

use super::{folder, thousands};
use crate::commands::print;
use crate::data::known::{AnySet, Checked, State};
use crate::tasks::{self, Set, TASKS};
use anyhow::bail;
use indicatif::{ProgressBar, ProgressStyle};
use std::path::Path;

/// Checks the files of known sets in the data folder, one line per file; without names, of all sets that are there.
///
/// # Errors
/// An unknown name; no set in the folder; after all lines, a file that is missing or differs from the catalogue.
pub fn check(names: &[String], data: Option<&Path>) -> anyhow::Result<()> {
    let known = |name: &String| match tasks::find(name)?.1 {
        Set::Generated => bail!("'{name}' is generated: it has no files to check"),
        Set::Known(set) => Ok(set),
    };
    let named = names.iter().map(known).collect::<anyhow::Result<Vec<&dyn AnySet>>>()?;
    let folder = folder(data)?;
    let sets = match named.is_empty() {
        true => {
            let all = TASKS.iter().flat_map(|task| task.known());
            all.filter(|set| set.found(&folder).is_ok()).collect()
        }
        false => named,
    };
    if sets.is_empty() {
        bail!(
            "{}: no known data set here; gradus data list prints their names, gradus data fetch NAME downloads one",
            folder.display()
        );
    }
    let (mut files, mut wrong) = (0, vec![]);
    for set in sets {
        let (layout, base) = set.found(&folder)?;
        let known = set.layout_files(layout);
        let bar = bar(set, known.iter().map(|(_, file)| size(&base.join(file.path))).sum());
        let mut right = true;
        for checked in set.check(layout, &base) {
            bar.inc(size(&checked.path));
            right &= checked.state.is_right();
            files += 1;
            bar.suspend(|| print(&format!("{:<16} {}\n", set.name(), line(&checked))))?;
        }
        bar.finish_and_clear();
        wrong.extend((!right).then_some(set));
    }
    match wrong.first() {
        None => print(&format!("{files} files, all as in the catalogue\n")),
        Some(first) => {
            let names: Vec<&str> = wrong.iter().map(|set| set.name()).collect();
            bail!(
                "{}: files of {} differ from the catalogue; move the wrong ones away and run: gradus data fetch {} --data {}",
                folder.display(),
                names.join(", "),
                first.name(),
                folder.display()
            )
        }
    }
}

/// `PATH: state`.
pub(super) fn line(checked: &Checked) -> String {
    let Checked { path, examples, state } = checked;
    let (path, examples) = (path.display(), thousands(*examples as u64));
    match state {
        State::Verified => format!("{path}: right: SHA-256 of the catalogue and {examples} examples"),
        State::Counted => format!("{path}: right: {examples} examples; the catalogue has no SHA-256"),
        State::OtherVersion => {
            format!("{path}: another version: {examples} examples, but not the catalogue's SHA-256")
        }
        State::Missing => format!("{path}: missing: {examples} examples belong here"),
        // It names the file itself.
        State::Wrong(error) => format!("wrong: {error}"),
    }
}

fn bar(set: &dyn AnySet, bytes: u64) -> ProgressBar {
    // Hidden unless standard error is a terminal.
    let bar = ProgressBar::new(bytes).with_prefix(set.name());
    let style = ProgressStyle::with_template("{prefix} {wide_bar} {bytes}/{total_bytes}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.tick();
    bar
}

/// Bytes of a file, or of the files in a folder; 0 if it does not exist.
fn size(path: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(path) else {
        return std::fs::metadata(path).map_or(0, |found| found.len());
    };
    entries.flatten().filter_map(|entry| entry.metadata().ok()).map(|found| found.len()).sum()
}

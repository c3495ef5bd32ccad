use super::print;
use crate::report;
use anyhow::bail;
use std::path::{Path, PathBuf};

/// Builds the report of a results folder from its result files, and prints where it is.
///
/// # Errors
/// A folder without results, a file that is no result, a folder that cannot be written.
pub fn report(folders: &[PathBuf], out: &Path) -> anyhow::Result<()> {
    let [results] = folders else { bail!("{}: expected one results folder", out.display()) };
    let built = report::build(results)?;
    print(&format!("{}\n{}\n", built.markdown.display(), built.html.display()))
}

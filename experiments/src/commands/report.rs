use super::say;
use crate::report;
use std::path::Path;

/// Builds the report of a results folder from its result files, and prints where it is.
///
/// # Errors
/// A folder without results, a file that is no result, a folder that cannot be written.
pub fn report(results: &Path) -> anyhow::Result<()> {
    let built = report::build(results)?;
    say(&format!("{}\n{}\n", built.markdown.display(), built.html.display()))
}

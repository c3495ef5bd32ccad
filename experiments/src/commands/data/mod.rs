//! `gradus data`: the known and the generated data sets.

mod check;
mod fetch;
mod list;
mod stats;

pub use check::check;
pub use fetch::{Fetch, fetch};
pub use list::list;
pub use stats::stats;

use crate::data::known::data_folder;
use anyhow::Context;
use std::path::{Path, PathBuf};

/// The data folder of a command that needs one.
fn folder(flag: Option<&Path>) -> anyhow::Result<PathBuf> {
    data_folder(flag)
        .context("no data folder is given; name it with --data DIR or the environment variable GRADUS_DATA")
}

/// Thousands separated by commas: `67,349`.
fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::thousands;

    #[test]
    fn numbers_are_read_in_threes() {
        let read = [0, 999, 1_000, 67_349, 1_234_567].map(thousands);
        assert_eq!(read, ["0", "999", "1,000", "67,349", "1,234,567"]);
    }
}

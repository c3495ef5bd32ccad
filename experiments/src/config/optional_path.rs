//! For `#[serde(with = "optional_path")]`. TOML has no null, so an absent path is an empty string: then every key is in every
//! written configuration.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::path::{Path, PathBuf};

/// Writes the path, or an empty string.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer>(path: &Option<PathBuf>, serializer: S) -> Result<S::Ok, S::Error> {
    path.as_deref().unwrap_or(Path::new("")).serialize(serializer)
}

/// Reads a path; an empty string is none.
///
/// # Errors
/// Anything but a string.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PathBuf>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Ok((!text.is_empty()).then(|| text.into()))
}

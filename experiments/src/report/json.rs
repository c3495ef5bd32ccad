//! Reads and writes versioned JSON files.

use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::error::ReportError;
use crate::data::files;
use crate::data::limits::Limit;

#[derive(Deserialize)]
struct Version {
    schema: u32,
}

/// Reads a file whose version must be `schema`.
pub(super) fn read<T: DeserializeOwned>(path: &Path, schema: u32) -> Result<T, ReportError> {
    let bytes = files::read(path, Limit::Result)?;
    let not_json = |source| ReportError::NotResult { path: path.into(), source };
    // Check the version first: a newer file may have other fields.
    let version: Version = serde_json::from_slice(&bytes).map_err(not_json)?;
    if version.schema != schema {
        return Err(ReportError::Version { path: path.into(), found: version.schema, expected: schema });
    }
    serde_json::from_slice(&bytes).map_err(not_json)
}

/// The contents of a file.
///
/// # Panics
/// On a value that JSON cannot represent: a map whose keys are not strings.
pub(super) fn bytes<T: Serialize>(value: &T) -> Vec<u8> {
    match serde_json::to_vec_pretty(value) {
        Ok(mut bytes) => {
            bytes.push(b'\n');
            bytes
        }
        Err(error) => panic!("report: a result cannot be written as JSON: {error}"),
    }
}

//! Checks of single values, for every owner of keys.

use super::error::{ConfigError, Place, nearest};
use std::path::Path;

/// An error that `key` must be `expected`, unless `holds`.
///
/// # Errors
/// [`ConfigError::OutOfRange`].
pub fn check(holds: bool, key: &str, expected: &str, found: impl ToString) -> Result<(), ConfigError> {
    if holds {
        return Ok(());
    }
    let (key, expected, found) = (key.to_owned(), expected.to_owned(), found.to_string());
    Err(ConfigError::OutOfRange { at: Place::Code, key, expected, found })
}

/// Checks that a value is one of the known names.
///
/// # Errors
/// [`ConfigError::OutOfRange`] with the nearest name.
pub fn name(key: &str, value: &str, known: &[&str]) -> Result<(), ConfigError> {
    let expected = format!("one of {}", known.join(", "));
    let found = || {
        let hint = nearest(value, known.iter().copied());
        format!(
            "`{}`{}",
            shortened(value),
            hint.map_or(String::new(), |near| format!("; did you mean `{near}`?"))
        )
    };
    if known.contains(&value) { Ok(()) } else { check(false, key, &expected, found()) }
}

/// A text for a message: its first 60 characters, with control characters escaped.
pub(super) fn shortened(text: &str) -> String {
    let quoted = crate::data::error::quoted(text);
    quoted[1..quoted.len() - 1].to_owned()
}

/// Checks that a path is UTF-8, so that a TOML file can hold it.
///
/// # Errors
/// [`ConfigError::OutOfRange`] for a path that is not UTF-8.
pub fn utf8(key: &str, path: Option<&Path>) -> Result<(), ConfigError> {
    let readable = path.is_none_or(|path| path.to_str().is_some());
    check(readable, key, "a path in UTF-8", path.map_or(String::new(), |path| format!("{path:?}")))
}

/// Checks that a value is at least 1.
///
/// # Errors
/// [`ConfigError::OutOfRange`].
pub fn positive(key: &str, value: usize) -> Result<(), ConfigError> {
    check(value > 0, key, "at least 1", value)
}

/// Checks that a value is in [0, 1).
///
/// # Errors
/// [`ConfigError::OutOfRange`].
pub fn share(key: &str, value: f64) -> Result<(), ConfigError> {
    check((0.0..1.0).contains(&value), key, "at least 0 and below 1", value)
}

/// Checks that a value is finite and at least 0.
///
/// # Errors
/// [`ConfigError::OutOfRange`].
pub fn at_least_zero(key: &str, value: f64) -> Result<(), ConfigError> {
    check(value.is_finite() && value >= 0.0, key, "a finite number of at least 0", value)
}

/// Checks that a value is finite and above 0.
///
/// # Errors
/// [`ConfigError::OutOfRange`].
pub fn above_zero(key: &str, value: f64) -> Result<(), ConfigError> {
    check(value.is_finite() && value > 0.0, key, "a finite number above 0", value)
}

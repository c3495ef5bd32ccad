//! How large the runs are, and on which data.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How large the runs are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scale {
    /// Seconds: checks that everything runs.
    Smoke,
    /// Minutes: smaller models, fewer examples.
    Quick,
    /// Hours: the paper's model sizes, with long texts truncated.
    Standard,
    /// The paper's sizes on all data.
    Full,
}

/// Which data the runs use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DataSource {
    /// The generated corpora.
    Embedded,
    /// The paper's data sets, from a folder.
    Real,
}

impl Scale {
    /// All of them, smallest first.
    pub const ALL: [Scale; 4] = [Scale::Smoke, Scale::Quick, Scale::Standard, Scale::Full];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Scale::Smoke => "smoke",
            Scale::Quick => "quick",
            Scale::Standard => "standard",
            Scale::Full => "full",
        }
    }
}

impl DataSource {
    /// All of them.
    pub const ALL: [DataSource; 2] = [DataSource::Embedded, DataSource::Real];

    /// The name in file names.
    pub fn name(self) -> &'static str {
        match self {
            DataSource::Embedded => "embedded",
            DataSource::Real => "real",
        }
    }
}

/// A name that is not a scale.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no {what} '{name}'; expected {expected}")]
pub struct UnknownName {
    what: &'static str,
    name: String,
    expected: String,
}

impl FromStr for Scale {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        Scale::ALL.into_iter().find(|scale| scale.name() == name).ok_or_else(|| UnknownName {
            what: "scale",
            name: name.into(),
            expected: Scale::ALL.map(Scale::name).join(", "),
        })
    }
}

impl fmt::Display for Scale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Display for DataSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_is_read_back_from_its_name() {
        for scale in Scale::ALL {
            assert_eq!(scale.to_string().parse(), Ok(scale));
        }
        let error = "fast".parse::<Scale>().unwrap_err().to_string();
        assert_eq!(error, "there is no scale 'fast'; expected smoke, quick, standard, full");
    }
}

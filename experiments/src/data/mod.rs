//! Data sets.

pub mod embedded;

/// A text and the index of its label.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// The text as it stands in the source.
    pub text: String,
    /// Index into the set's labels.
    pub label: usize,
}

/// A classification set: its labels and three splits.
#[derive(Clone, Debug, PartialEq)]
pub struct Classification {
    /// Name of the set.
    pub name: String,
    /// Label names, by index.
    pub labels: Vec<String>,
    /// Training split.
    pub train: Vec<Example>,
    /// Development split.
    pub dev: Vec<Example>,
    /// Test split.
    pub test: Vec<Example>,
    /// SHA-256 of the content.
    pub checksum: String,
    /// What a reader of a table should know about the set.
    pub note: String,
}

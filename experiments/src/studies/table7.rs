//! Table 7: the sizes of the data sets.

use super::{Shows, Study};

/// Sizes as measured beside the paper's; read from the statistics files.
pub const STUDY: Study = Study {
    name: "table7",
    source: "Table 7",
    title: "Data sets as measured",
    claim: "",
    rows: "Data set",
    columns: "size",
    baseline: None,
    measures: &[],
    claims: &[],
    shows: Shows::Statistics,
    notes: &[],
    plan: |_, _| Vec::new(),
};

/// One line of the paper's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// The paper's name.
    pub name: &'static str,
    /// The name in this project's catalogue.
    pub key: &'static str,
    /// Examples in training, validation and test; none where the paper has a dash.
    pub examples: [Option<u64>; 3],
}

/// The paper's table.
pub const PAPER: [Sizes; 3] = [
    Sizes { name: "IMDB", key: "imdb", examples: [Some(25_000), None, Some(25_000)] },
    Sizes { name: "CoNLL-2003", key: "conll2003", examples: [Some(14_987), Some(3_466), Some(3_684)] },
    Sizes { name: "SQuAD", key: "squad", examples: [Some(87_599), Some(10_570), None] },
];

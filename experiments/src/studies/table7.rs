//! Table 7: the sizes of the data sets.

use crate::report::study::{Shows, Sizes, Study};

/// The measured sizes next to the paper's, read from the statistics files.
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
    shows: Shows::Statistics(PAPER),
    notes: &[],
    plan: |_, _| Vec::new(),
};

/// The paper's table.
const PAPER: &[Sizes] = &[
    Sizes { name: "IMDB", key: "imdb", examples: [Some(25_000), None, Some(25_000)] },
    Sizes { name: "CoNLL-2003", key: "conll2003", examples: [Some(14_987), Some(3_466), Some(3_684)] },
    Sizes { name: "SQuAD", key: "squad", examples: [Some(87_599), Some(10_570), None] },
];

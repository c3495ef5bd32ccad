//! Table 8: the hyper-parameters.

use crate::report::study::{Setting, Settings, Shows, Study};

/// The hyper-parameters used next to the paper's, read from the result files of the other studies.
pub const STUDY: Study = Study {
    name: "table8",
    source: "Table 8",
    title: "Hyper-parameters as run",
    claim: "",
    rows: "Setting",
    columns: "model",
    baseline: None,
    measures: &[],
    claims: &[],
    shows: Shows::Settings(PAPER),
    notes: &[],
    plan: |_, _| Vec::new(),
};

/// The paper's table.
pub(super) const PAPER: Settings = Settings {
    models: &[("textcnn", "TextCNN"), ("bilstm", "BiLSTM"), ("bilstm-crf", "BiLSTM-CRF"), ("bidaf", "BiDAF")],
    lines: &[
        line(
            "word embedding dimension",
            "model.embed_dim",
            &[Some("300"), Some("300"), Some("100"), Some("100")],
        ),
        line(
            "hidden layer dimension",
            "model.hidden_dim",
            &[Some("128"), Some("128"), Some("256"), Some("100")],
        ),
        line("convolution kernel sizes", "model.kernel_sizes", &[Some("3, 4, 5"), None, None, None]),
        line("LSTM layers", "model.layers", &[None, Some("2"), Some("1"), Some("1")]),
        line("dropout rate", "model.dropout", &[Some("0.5"), Some("0.5"), Some("0.5"), Some("0.2")]),
    ],
};

const fn line(name: &'static str, key: &'static str, values: &'static [Option<&'static str>; 4]) -> Setting {
    Setting { name, key, values }
}

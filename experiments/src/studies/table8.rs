//! Table 8: the hyper-parameters.

use super::{Shows, Study};

/// Hyper-parameters as run beside the paper's; read from the result files of the other studies.
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
    shows: Shows::Settings,
    notes: &[],
    plan: |_, _| Vec::new(),
};

/// The models of the table: `model.name`, and the paper's name.
pub const MODELS: [(&str, &str); 4] =
    [("textcnn", "TextCNN"), ("bilstm", "BiLSTM"), ("bilstm-crf", "BiLSTM-CRF"), ("bidaf", "BiDAF")];

/// The lines of the table: the paper's name, the key, and the paper's value for each of [`MODELS`]; none for its dash.
pub const PAPER: [(&str, &str, [Option<&str>; 4]); 5] = [
    ("word embedding dimension", "model.embed_dim", [Some("300"), Some("300"), Some("100"), Some("100")]),
    ("hidden layer dimension", "model.hidden_dim", [Some("128"), Some("128"), Some("256"), Some("100")]),
    ("convolution kernel sizes", "model.kernel_sizes", [Some("3, 4, 5"), None, None, None]),
    ("LSTM layers", "model.layers", [None, Some("2"), Some("1"), Some("1")]),
    ("dropout rate", "model.dropout", [Some("0.5"), Some("0.5"), Some("0.5"), Some("0.2")]),
];

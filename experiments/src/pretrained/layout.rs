use gradus_engine::Module;
use gradus_models::{Bert, BertConfig};

/// The name that the parameters of the pooler begin with.
pub(super) const POOLER: &str = "pooler.";
/// The name that those of a layer begin with, before its number.
pub(super) const LAYER: &str = "encoder.layer.";

/// The table of the pieces.
pub(super) const WORDS: &str = "embeddings.word_embeddings.weight";

/// Names and shapes of the parameters, as `transformers` has them.
pub(super) fn params(config: &BertConfig) -> Vec<(String, Vec<usize>)> {
    let (d, f) = (config.hidden_size, config.intermediate_size);
    let mut all: Vec<(String, Vec<usize>)> = vec![];
    let mut add = |name: &str, weight: &[usize]| {
        all.push((format!("{name}.weight"), weight.to_vec()));
        all.push((format!("{name}.bias"), vec![weight[0]]));
    };
    add("embeddings.LayerNorm", &[d]);
    for layer in 0..config.num_hidden_layers {
        for (part, weight) in [
            ("attention.self.query", &[d, d][..]),
            ("attention.self.key", &[d, d]),
            ("attention.self.value", &[d, d]),
            ("attention.output.dense", &[d, d]),
            ("attention.output.LayerNorm", &[d]),
            ("intermediate.dense", &[f, d]),
            ("output.dense", &[d, f]),
            ("output.LayerNorm", &[d]),
        ] {
            add(&format!("{LAYER}{layer}.{part}"), weight);
        }
    }
    add("pooler.dense", &[d, d]);
    let tables = [
        ("word", config.vocab_size),
        ("position", config.max_position_embeddings),
        ("token_type", config.type_vocab_size),
    ];
    all.extend(tables.map(|(table, rows)| (format!("embeddings.{table}_embeddings.weight"), vec![rows, d])));
    all
}

/// A size of a configuration, and the tensor that has it.
pub(super) struct Size {
    /// The key in `config.json`.
    pub key: &'static str,
    pub value: usize,
    pub tensor: &'static str,
    pub axis: usize,
}

/// The sizes that one tensor shows.
pub(super) fn sizes(config: &BertConfig) -> [Size; 5] {
    let words = WORDS;
    let positions = "embeddings.position_embeddings.weight";
    let types = "embeddings.token_type_embeddings.weight";
    let dense = "encoder.layer.0.intermediate.dense.weight";
    [
        Size { key: "hidden_size", value: config.hidden_size, tensor: words, axis: 1 },
        Size { key: "vocab_size", value: config.vocab_size, tensor: words, axis: 0 },
        Size {
            key: "max_position_embeddings",
            value: config.max_position_embeddings,
            tensor: positions,
            axis: 0,
        },
        Size { key: "type_vocab_size", value: config.type_vocab_size, tensor: types, axis: 0 },
        Size { key: "intermediate_size", value: config.intermediate_size, tensor: dense, axis: 0 },
    ]
}

/// Checks that a model was made with a configuration.
///
/// # Panics
/// If it was not.
#[track_caller]
pub(super) fn check(config: &BertConfig, bert: &Bert) {
    let expected = params(config);
    let found: Vec<_> = bert.named_params().into_iter().map(|(n, p)| (n, p.shape().to_vec())).collect();
    let only_in = |these: &[(String, Vec<usize>)], others: &[(String, Vec<usize>)]| {
        these.iter().find(|param| !others.contains(param)).cloned()
    };
    if let Some((name, shape)) = only_in(&found, &expected) {
        panic!("pretrained: the model was made with another configuration, it has {name} of shape {shape:?}");
    }
    if let Some((name, shape)) = only_in(&expected, &found) {
        panic!(
            "pretrained: the model was made with another configuration, it lacks {name} of shape {shape:?}"
        );
    }
}

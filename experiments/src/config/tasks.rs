//! What can be named for each task, and the defaults of each model: its column of the paper's Table 8.

use super::error::ConfigError;
use super::schema::{Config, Data, Loss, Model, Train};

/// The names that belong to a task.
#[derive(Clone, Copy, Debug)]
pub struct TaskNames {
    /// The name in `task` and after `gradus train`.
    pub name: &'static str,
    /// What it is called in tables.
    pub title: &'static str,
    /// The names of `model.name`; the first is the task's default.
    pub models: &'static [&'static str],
    /// The names of `loss.name`.
    pub losses: &'static [&'static str],
    /// The names of `data.format`, for one's own files; `auto` is the default.
    pub formats: &'static [&'static str],
    /// The names of `train.metric`; all of them are better when larger.
    pub metrics: &'static [&'static str],
}

/// The tasks.
pub const TASKS: &[TaskNames] = &[
    TaskNames {
        name: "classify",
        title: "Text Classification",
        models: &["bilstm", "textcnn"],
        losses: &["cross_entropy", "focal", "ghm"],
        formats: &["auto", "header", "tab", "space"],
        metrics: &[
            "accuracy",
            "precision",
            "recall",
            "f1",
            "precision_macro",
            "recall_macro",
            "f1_macro",
            "precision_micro",
            "recall_micro",
            "f1_micro",
        ],
    },
    TaskNames {
        name: "tag",
        title: "Named Entity Recognition",
        models: &["bilstm-crf"],
        losses: &["crf", "token_cross_entropy", "focal", "ghm", "sequence_focal"],
        formats: &["auto", "conll"],
        metrics: &["f1", "precision", "recall", "accuracy"],
    },
    TaskNames {
        name: "read",
        title: "Reading Comprehension",
        models: &["bidaf"],
        losses: &["cross_entropy"],
        formats: &["auto", "squad"],
        metrics: &["f1", "em"],
    },
];

/// The names of `model.characters`.
pub const CHARACTERS: &[&str] = &["none", "cnn", "lstm"];
/// The names of `data.scheme`.
pub const SCHEMES: &[&str] = &["iob2", "bioes"];
/// The names of `loss.contrastive`.
pub const CONTRASTIVE: &[&str] = &["none", "embedding", "encoding", "both"];
/// The names of `loss.contrastive_loss`.
pub const CONTRASTIVE_LOSSES: &[&str] = &["info_nce", "triplet", "sne"];

impl TaskNames {
    /// The names of that task; those of classification where there is no such task.
    pub fn of(task: &str) -> Self {
        *TASKS.iter().find(|names| names.name == task).unwrap_or(&TASKS[0])
    }
}

impl Config {
    /// The defaults with the sizes of the paper's Table 8 for the model of that name, and the task it is for.
    ///
    /// # Errors
    /// A name that is no model's.
    pub fn for_model(name: &str) -> Result<Self, ConfigError> {
        let config = match name {
            "bilstm-crf" => Self::tagger(),
            "bidaf" => Self::reader(),
            // Both columns agree in width (300), hidden size (128) and dropout (0.5). Of the sizes that only one of
            // them has, kernels 3, 4, 5 and two LSTM layers, each model ignores the other's.
            _ => Self { model: Model { name: name.to_owned(), ..Model::default() }, ..Self::default() },
        };
        config.validate().map(|()| config)
    }

    /// The defaults of the first model of that task.
    ///
    /// # Errors
    /// A name that is no task's.
    pub fn for_task(name: &str) -> Result<Self, ConfigError> {
        match TASKS.iter().find(|task| task.name == name) {
            Some(task) => Self::for_model(task.models[0]),
            None => {
                let config = Self { task: name.to_owned(), ..Self::default() };
                config.validate().map(|()| config)
            }
        }
    }

    fn tagger() -> Self {
        let model = Model {
            name: "bilstm-crf".into(),
            embed_dim: 100,
            hidden_dim: 256,
            layers: 1,
            unk_singletons: 0.5,
            ..Model::default()
        };
        let data =
            Data { dataset: "names".into(), min_count: 1, max_len: 0, max_vocab: 0, ..Data::default() };
        let train = Train { batch_size: 32, clip_norm: 5.0, metric: "f1".into(), ..Train::default() };
        let loss = Loss { name: "crf".into(), ..Loss::default() };
        Self { task: "tag".into(), data, model, loss, train, ..Self::default() }
    }

    fn reader() -> Self {
        let model = Model {
            name: "bidaf".into(),
            embed_dim: 100,
            hidden_dim: 100,
            layers: 1,
            dropout: 0.2,
            ..Model::default()
        };
        let data = Data { dataset: "passages".into(), ..Data::default() };
        let train = Train { batch_size: 32, clip_norm: 5.0, metric: "f1".into(), ..Train::default() };
        Self { task: "read".into(), data, model, train, ..Self::default() }
    }
}

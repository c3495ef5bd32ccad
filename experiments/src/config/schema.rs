//! The keys of a run, section by section, with their defaults: the paper's Table 8 for the BiLSTM classifier.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Everything a run depends on. Field `train.epochs` is the key `train.epochs` of a file or of `--set`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// What is learned: `classify`.
    pub task: String,
    /// The seed of weights, dropout, shuffling and generated corpora; below 2^63, since TOML's integers are signed.
    pub seed: u64,
    /// Worker threads; 0 takes every core. Results do not depend on it.
    pub threads: usize,
    /// Where models compute: `cpu`, `cuda`, `cuda:N`, or `cuda-emulated` where the build has the emulator. Results agree
    /// to rounding.
    pub device: String,
    /// To what products round their operands on a device while a model is trained: `f32`, `tf32`, `bf16` or `f16`. All
    /// else is computed in `f32`, and so is evaluation. In `f16` the loss is scaled.
    pub precision: String,
    /// Which examples, and how their text becomes token ids.
    pub data: Data,
    /// Which architecture, and its sizes.
    pub model: Model,
    /// What is minimised.
    pub loss: Loss,
    /// How parameters follow their gradients.
    pub optimizer: Optimizer,
    /// How the learning rate changes as training goes on.
    pub schedule: Schedule,
    /// The training loop itself.
    pub train: Train,
}

/// Section `data`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Data {
    /// A name of the catalogue or of an embedded corpus; unused where `train` names a file.
    pub dataset: String,
    /// One's own training file.
    #[serde(with = "optional_path")]
    pub train: Option<PathBuf>,
    /// One's own development file.
    #[serde(with = "optional_path")]
    pub dev: Option<PathBuf>,
    /// One's own test file.
    #[serde(with = "optional_path")]
    pub test: Option<PathBuf>,
    /// The format of one's own files. Labelled lines are `header`, `tab` or `space`, and `auto` tells which from each
    /// file; for a tagger there is `conll`, for a reader `squad`, and `auto` means the same.
    pub format: String,
    /// The column of the word in one's own CoNLL files, from 1.
    pub word_column: usize,
    /// The column of the tag in one's own CoNLL files, from 1; 0 is the last.
    pub tag_column: usize,
    /// How a tagger's entities are written as tags: `iob2` or `bioes`.
    pub scheme: String,
    /// Tokens kept of each text; 0 keeps all.
    pub max_len: usize,
    /// A word seen less often in the training split becomes UNK.
    pub min_count: usize,
    /// Words kept, the most frequent first; 0 keeps all.
    pub max_vocab: usize,
    /// Whether text is lower-cased.
    pub lowercase: bool,
    /// `english`, `whitespace` or `chinese`.
    pub tokenizer: String,
    /// Training examples used, from the first; 0 uses all.
    pub train_limit: usize,
    /// Development examples used; 0 uses all.
    pub dev_limit: usize,
    /// Test examples used; 0 uses all.
    pub test_limit: usize,
    /// Word vectors in GloVe's text format; none starts from random ones.
    #[serde(with = "optional_path")]
    pub embeddings: Option<PathBuf>,
}

/// Section `model`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// `textcnn` and `bilstm` classify, `bilstm-crf` tags, `bidaf` reads.
    pub name: String,
    /// Width of a word's vector.
    pub embed_dim: usize,
    /// Standard deviation of the random word vectors. The paper does not say; on SST-2's development split 0.03, 0.1
    /// and 0.3 did alike for both classifiers, and 2 to 4 points better than 1.
    pub embed_std: f64,
    /// Width of each LSTM direction, or filters per kernel size.
    pub hidden_dim: usize,
    /// Kernel sizes of the TextCNN.
    pub kernel_sizes: Vec<usize>,
    /// LSTM layers.
    pub layers: usize,
    /// Share of activations dropped in training.
    pub dropout: f64,
    /// Share of whole words dropped from the embedding in training.
    pub embedding_dropout: f64,
    /// Heads of the self-attention; 0 has none.
    pub attention_heads: usize,
    /// Whether layer normalisation is used.
    pub layer_norm: bool,
    /// What reads the characters of each word: `none`, `cnn` or `lstm`.
    pub characters: String,
    /// Width of a character's vector.
    pub char_embed_dim: usize,
    /// Width of what the characters say of a word.
    pub char_dim: usize,
    /// Characters kept of each word.
    pub char_max_len: usize,
    /// Share of the words seen once in training that a tagger or reader sees as UNK, drawn anew each time.
    pub unk_singletons: f64,
    /// Whether a tagger's decoding knows which tags may follow which.
    pub constraints: bool,
    /// Words that an answer has at most.
    pub max_answer: usize,
}

/// Section `loss`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Loss {
    /// `cross_entropy`, `focal` or `ghm`; for a tagger `crf`, `sequence_focal`, and `token_cross_entropy`, `focal` and
    /// `ghm` on the marginals of its tags.
    pub name: String,
    /// Exponent γ of the focal loss.
    pub gamma: f64,
    /// Bins of GHM's gradient density.
    pub bins: usize,
    /// Moving average of GHM's bin counts: the share kept of the past.
    pub momentum: f64,
    /// Probability moved from the gold label to all labels alike.
    pub label_smoothing: f64,
    /// Weight of Σ|w|.
    pub l1: f64,
    /// Weight of Σw².
    pub l2: f64,
    /// A weight for each class; empty weighs all alike.
    pub class_weights: Vec<f64>,
    /// Where a reader's contrastive objective compares context and question: `none`, `embedding`, `encoding` or `both`.
    pub contrastive: String,
    /// `info_nce`, `triplet` or `sne`.
    pub contrastive_loss: String,
    /// Weight of the contrastive objective.
    pub contrastive_weight: f64,
    /// Temperature of InfoNCE.
    pub temperature: f64,
    /// Margin of the triplet loss.
    pub margin: f64,
}

/// Section `optimizer`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Optimizer {
    /// `sgd`, `adagrad`, `rmsprop`, `adam`, `adamw` or `radam`.
    pub name: String,
    /// Learning rate, before the schedule.
    pub lr: f64,
    /// Decay of the Adam family's first moment.
    pub beta1: f64,
    /// Decay of the Adam family's second moment.
    pub beta2: f64,
    /// Added to the denominator of the adaptive optimizers.
    pub eps: f64,
    /// Decay of RMSprop's mean square.
    pub alpha: f64,
    /// Momentum of SGD and RMSprop.
    pub momentum: f64,
    /// Whether SGD's momentum is Nesterov's.
    pub nesterov: bool,
    /// Decay of the weights: decoupled in AdamW, added to the gradient in the others.
    pub weight_decay: f64,
}

/// Section `schedule`. A step is one update of the parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    /// `constant`, `step`, `exponential`, `linear_warmup`, `cosine`, `inverse_sqrt` or `plateau`.
    pub name: String,
    /// Steps over which the rate rises from 0.
    pub warmup_steps: usize,
    /// Epochs between two drops of `step`.
    pub step_size: usize,
    /// Factor of each drop of `step`, and of each epoch of `exponential`.
    pub gamma: f64,
    /// The rate never falls below this one.
    pub min_lr: f64,
    /// Epochs without improvement before `plateau` drops the rate.
    pub patience: usize,
    /// Factor of each drop of `plateau`.
    pub factor: f64,
}

/// Section `train`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Train {
    /// Passes over the training split.
    pub epochs: usize,
    /// Examples in a training batch.
    pub batch_size: usize,
    /// Examples in an evaluation batch.
    pub eval_batch_size: usize,
    /// Decay of the moving average of the weights that evaluation uses; 0 is off.
    pub average: f64,
    /// Largest norm of all gradients together; 0 is off.
    pub clip_norm: f64,
    /// Largest absolute gradient; 0 is off.
    pub clip_value: f64,
    /// Epochs without improvement before training stops; 0 is off.
    pub patience: usize,
    /// Steps between checkpoints; 0 writes one after each epoch.
    pub checkpoint_every: usize,
    /// Steps between two logged losses.
    pub log_every: usize,
    /// The measure on the development split by which the best epoch is chosen.
    pub metric: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            task: "classify".into(),
            seed: 1,
            threads: 0,
            device: "cpu".into(),
            precision: "f32".into(),
            data: Data::default(),
            model: Model::default(),
            loss: Loss::default(),
            optimizer: Optimizer::default(),
            schedule: Schedule::default(),
            train: Train::default(),
        }
    }
}

impl Default for Data {
    fn default() -> Self {
        Self {
            dataset: "reviews".into(),
            train: None,
            dev: None,
            test: None,
            format: "auto".into(),
            word_column: 1,
            tag_column: 0,
            scheme: "bioes".into(),
            max_len: 400,
            min_count: 2,
            max_vocab: 30_000,
            lowercase: true,
            tokenizer: "english".into(),
            train_limit: 0,
            dev_limit: 0,
            test_limit: 0,
            embeddings: None,
        }
    }
}

impl Default for Model {
    fn default() -> Self {
        Self {
            name: "bilstm".into(),
            embed_dim: 300,
            embed_std: 0.1,
            hidden_dim: 128,
            kernel_sizes: vec![3, 4, 5],
            layers: 2,
            dropout: 0.5,
            embedding_dropout: 0.0,
            attention_heads: 0,
            layer_norm: false,
            characters: "none".into(),
            char_embed_dim: 30,
            char_dim: 50,
            char_max_len: 20,
            unk_singletons: 0.0,
            constraints: true,
            max_answer: 15,
        }
    }
}

impl Default for Loss {
    fn default() -> Self {
        Self {
            name: "cross_entropy".into(),
            gamma: 2.0,
            bins: 10,
            momentum: 0.75,
            label_smoothing: 0.0,
            l1: 0.0,
            l2: 0.0,
            class_weights: Vec::new(),
            contrastive: "none".into(),
            contrastive_loss: "info_nce".into(),
            contrastive_weight: 0.1,
            temperature: 0.1,
            margin: 1.0,
        }
    }
}

impl Default for Optimizer {
    fn default() -> Self {
        Self {
            name: "adam".into(),
            lr: 1e-3,
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-8,
            alpha: 0.99,
            momentum: 0.0,
            nesterov: false,
            weight_decay: 0.0,
        }
    }
}

impl Default for Schedule {
    fn default() -> Self {
        Self {
            name: "constant".into(),
            warmup_steps: 0,
            step_size: 1,
            gamma: 0.5,
            min_lr: 0.0,
            patience: 1,
            factor: 0.5,
        }
    }
}

impl Default for Train {
    fn default() -> Self {
        Self {
            epochs: 5,
            batch_size: 64,
            eval_batch_size: 128,
            average: 0.0,
            clip_norm: 0.0,
            clip_value: 0.0,
            patience: 0,
            checkpoint_every: 0,
            log_every: 10,
            metric: "accuracy".into(),
        }
    }
}

/// TOML has no null, so an absent path is the empty text: every key then stands in every written configuration.
mod optional_path {
    use std::path::{Path, PathBuf};

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(path: &Option<PathBuf>, serializer: S) -> Result<S::Ok, S::Error> {
        path.as_deref().unwrap_or(Path::new("")).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PathBuf>, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok((!text.is_empty()).then(|| text.into()))
    }
}

//! What the values of a configuration must satisfy beyond their types.

use gradus_engine::Precision;
use std::path::PathBuf;

use super::error::{ConfigError, Place, nearest};
use super::schema::Config;
use super::tasks::{CHARACTERS, CONTRASTIVE, CONTRASTIVE_LOSSES, SCHEMES, TASKS, TaskNames};

/// The names of `optimizer.name`.
pub const OPTIMIZERS: &[&str] = &["sgd", "adagrad", "rmsprop", "adam", "adamw", "radam"];
/// The names of `schedule.name`.
pub const SCHEDULES: &[&str] =
    &["constant", "step", "exponential", "linear_warmup", "cosine", "inverse_sqrt", "plateau"];
/// The names of `data.tokenizer`.
pub const TOKENIZERS: &[&str] = &["english", "whitespace", "chinese"];

impl Config {
    /// Checks every value: names exist, sizes are positive, rates lie in their ranges. The names of data sets are
    /// checked where data is opened.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`] with the key, what it must be, and what it is.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let c = self;
        let tasks: Vec<&str> = TASKS.iter().map(|task| task.name).collect();
        name("task", &c.task, &tasks)?;
        let TaskNames { models, losses, formats, metrics, .. } = TaskNames::of(&c.task);
        check(c.seed <= i64::MAX as u64, "seed", "below 9223372036854775808", c.seed)?;

        let precisions = Precision::ALL.map(|p| p.to_string());
        name("precision", &c.precision, &precisions.each_ref().map(String::as_str))?;
        let fits = c.device.starts_with("cuda") || c.precision() == Precision::F32;
        let cure = "f32 where `device` is cpu; set device=cuda for others";
        check(fits, "precision", cure, &c.precision)?;

        name("data.format", &c.data.format, formats)?;
        name("data.tokenizer", &c.data.tokenizer, TOKENIZERS)?;
        name("data.scheme", &c.data.scheme, SCHEMES)?;
        positive("data.word_column", c.data.word_column)?;
        let paths = [
            ("data.train", &c.data.train),
            ("data.dev", &c.data.dev),
            ("data.test", &c.data.test),
            ("data.embeddings", &c.data.embeddings),
        ];
        for (key, path) in paths {
            utf8(key, path.as_ref())?;
        }

        name("model.name", &c.model.name, models)?;
        positive("model.embed_dim", c.model.embed_dim)?;
        above_zero("model.embed_std", c.model.embed_std)?;
        positive("model.hidden_dim", c.model.hidden_dim)?;
        positive("model.layers", c.model.layers)?;
        let kernels = &c.model.kernel_sizes;
        let sizes = "a list of sizes of at least 1, with one size or more";
        check(
            !kernels.is_empty() && kernels.iter().all(|k| *k > 0),
            "model.kernel_sizes",
            sizes,
            format!("{kernels:?}"),
        )?;
        share("model.dropout", c.model.dropout)?;
        share("model.embedding_dropout", c.model.embedding_dropout)?;
        name("model.characters", &c.model.characters, CHARACTERS)?;
        positive("model.char_embed_dim", c.model.char_embed_dim)?;
        positive("model.char_dim", c.model.char_dim)?;
        positive("model.char_max_len", c.model.char_max_len)?;
        share("model.unk_singletons", c.model.unk_singletons)?;
        positive("model.max_answer", c.model.max_answer)?;

        name("loss.name", &c.loss.name, losses)?;
        at_least_zero("loss.gamma", c.loss.gamma)?;
        positive("loss.bins", c.loss.bins)?;
        share("loss.momentum", c.loss.momentum)?;
        share("loss.label_smoothing", c.loss.label_smoothing)?;
        at_least_zero("loss.l1", c.loss.l1)?;
        at_least_zero("loss.l2", c.loss.l2)?;
        let weights = &c.loss.class_weights;
        let usable = weights.iter().all(|w| w.is_finite() && *w >= 0.0)
            && (weights.is_empty() || weights.iter().any(|w| *w > 0.0));
        check(
            usable,
            "loss.class_weights",
            "a list of numbers of at least 0, not all 0",
            format!("{weights:?}"),
        )?;

        name("loss.contrastive", &c.loss.contrastive, CONTRASTIVE)?;
        name("loss.contrastive_loss", &c.loss.contrastive_loss, CONTRASTIVE_LOSSES)?;
        at_least_zero("loss.contrastive_weight", c.loss.contrastive_weight)?;
        above_zero("loss.temperature", c.loss.temperature)?;
        at_least_zero("loss.margin", c.loss.margin)?;

        name("optimizer.name", &c.optimizer.name, OPTIMIZERS)?;
        above_zero("optimizer.lr", c.optimizer.lr)?;
        share("optimizer.beta1", c.optimizer.beta1)?;
        share("optimizer.beta2", c.optimizer.beta2)?;
        above_zero("optimizer.eps", c.optimizer.eps)?;
        share("optimizer.alpha", c.optimizer.alpha)?;
        share("optimizer.momentum", c.optimizer.momentum)?;
        let nesterov = !c.optimizer.nesterov || c.optimizer.momentum > 0.0;
        check(nesterov, "optimizer.nesterov", "false where `optimizer.momentum` is 0", c.optimizer.nesterov)?;
        at_least_zero("optimizer.weight_decay", c.optimizer.weight_decay)?;

        name("schedule.name", &c.schedule.name, SCHEDULES)?;
        positive("schedule.step_size", c.schedule.step_size)?;
        factor("schedule.gamma", c.schedule.gamma)?;
        at_least_zero("schedule.min_lr", c.schedule.min_lr)?;
        factor("schedule.factor", c.schedule.factor)?;

        positive("train.epochs", c.train.epochs)?;
        positive("train.batch_size", c.train.batch_size)?;
        positive("train.eval_batch_size", c.train.eval_batch_size)?;
        share("train.average", c.train.average)?;
        at_least_zero("train.clip_norm", c.train.clip_norm)?;
        at_least_zero("train.clip_value", c.train.clip_value)?;
        positive("train.log_every", c.train.log_every)?;
        name("train.metric", &c.train.metric, metrics)
    }
}

fn check(holds: bool, key: &str, expected: &str, found: impl ToString) -> Result<(), ConfigError> {
    if holds {
        return Ok(());
    }
    let (key, expected, found) = (key.to_owned(), expected.to_owned(), found.to_string());
    Err(ConfigError::OutOfRange { at: Place::Code, key, expected, found })
}

fn name(key: &str, value: &str, known: &[&str]) -> Result<(), ConfigError> {
    let expected = format!("one of {}", known.join(", "));
    let near = nearest(value, known.iter().copied());
    check(known.contains(&value), key, &expected, format!("`{value}`; did you mean `{near}`?"))
}

fn utf8(key: &str, path: Option<&PathBuf>) -> Result<(), ConfigError> {
    let readable = path.is_none_or(|path| path.to_str().is_some());
    check(readable, key, "a path in UTF-8", path.map_or(String::new(), |path| format!("{path:?}")))
}

fn positive(key: &str, value: usize) -> Result<(), ConfigError> {
    check(value > 0, key, "at least 1", value)
}

fn share(key: &str, value: f64) -> Result<(), ConfigError> {
    check((0.0..1.0).contains(&value), key, "at least 0 and below 1", value)
}

fn factor(key: &str, value: f64) -> Result<(), ConfigError> {
    check(value > 0.0 && value <= 1.0, key, "above 0 and at most 1", value)
}

fn at_least_zero(key: &str, value: f64) -> Result<(), ConfigError> {
    check(value.is_finite() && value >= 0.0, key, "a finite number of at least 0", value)
}

fn above_zero(key: &str, value: f64) -> Result<(), ConfigError> {
    check(value.is_finite() && value > 0.0, key, "a finite number above 0", value)
}

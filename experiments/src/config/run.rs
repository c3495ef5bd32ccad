use super::Batches;
use super::ConfigError;
use super::validate::{above_zero, at_least_zero, check, name, positive, share};
use crate::data::limits::MOST_THREADS;
use gradus_engine::Precision;
use gradus_engine::optim::{OptimizerConfig, Rule, ScheduleConfig};
use serde::{Deserialize, Serialize};

/// The settings of a run of any task. The field `train.epochs` is the key `train.epochs` of a file or of `--set`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Run {
    /// The seed of weights, dropout and the order of the examples; below 2^63, since TOML's integers are signed.
    pub seed: u64,
    /// Worker threads; 0 means one per core. Results do not depend on it.
    pub threads: usize,
    /// The device: `cpu`, `cuda`, `cuda:N`, or `cuda-emulated` if the build has the emulator. Results agree up to rounding.
    pub device: String,
    /// The type to which matmuls round their operands in training on a CUDA device: `f32`, `tf32`, `bf16` or `f16`.
    /// Everything else, evaluation included, is computed in `f32`. With `f16` the loss is scaled.
    pub precision: String,
    /// The optimizer.
    pub optimizer: OptimizerConfig,
    /// The schedule of the learning rate.
    pub schedule: ScheduleConfig,
    /// The training loop.
    pub train: Train,
}

/// Section `train`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Train {
    /// Passes over the training split.
    pub epochs: usize,
    /// Examples in a training batch.
    pub batch_size: usize,
    /// The parts into which a training batch is divided, so that only one part is in memory at a time. The gradients of the
    /// parts are added, weighted by their shares of what the loss is a mean over, which is the gradient of the batch. Losses that
    /// compare examples with each other, or weigh them, allow one part only.
    pub parts: usize,
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
    /// The metric on the development split that chooses the best epoch.
    pub metric: String,
}

impl Default for Run {
    fn default() -> Self {
        Self {
            seed: 1,
            threads: 0,
            device: "cpu".into(),
            precision: "f32".into(),
            optimizer: OptimizerConfig::default(),
            schedule: ScheduleConfig::default(),
            train: Train::default(),
        }
    }
}

impl Default for Train {
    fn default() -> Self {
        Self {
            epochs: 5,
            batch_size: 64,
            parts: 1,
            eval_batch_size: 128,
            average: 0.0,
            clip_norm: 0.0,
            clip_value: 0.0,
            patience: 0,
            checkpoint_every: 0,
            log_every: 10,
            metric: String::new(),
        }
    }
}

impl Run {
    /// The keys, besides those of the schedule, that may change when a run is continued.
    pub(super) const RESUMABLE: &'static [&'static str] = &[
        "device",
        "optimizer.lr",
        "optimizer.weight_decay",
        "precision",
        "threads",
        "train.checkpoint_every",
        "train.clip_norm",
        "train.clip_value",
        "train.epochs",
        "train.log_every",
        "train.patience",
    ];

    /// The precision; `f32` for an unknown name, which [`Run::validate`] refuses.
    pub fn precision(&self) -> Precision {
        Precision::ALL.into_iter().find(|p| p.to_string() == self.precision).unwrap_or_default()
    }

    /// One run for each optimizer and each schedule; together they have every key of a run.
    pub(super) fn examples() -> Vec<Run> {
        let with_rule = |rule| Run { optimizer: OptimizerConfig::new(rule, 1e-3), ..Run::default() };
        let with_schedule = |schedule| Run { schedule, ..Run::default() };
        Rule::all().map(with_rule).into_iter().chain(ScheduleConfig::all().map(with_schedule)).collect()
    }

    /// Checks that the batches are what the loss needs.
    pub(super) fn fits(&self, batches: Batches) -> Result<(), ConfigError> {
        let (train, setting, several) = (&self.train, batches.whole.unwrap_or_default(), batches.several);
        let expected = format!("1, since the loss of a batch is not that of its parts ({setting})");
        check(train.parts == 1 || setting.is_empty(), "train.parts", &expected, train.parts)?;
        let expected = format!("at least 2, since the loss compares examples with each other ({setting})");
        check(train.batch_size > 1 || !several, "train.batch_size", &expected, train.batch_size)
    }

    /// Checks that names exist, sizes are positive and rates are in range. `metrics` are the names of the task's metrics.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`] with the key, its allowed values and its value.
    pub(super) fn validate(&self, metrics: &[&str]) -> Result<(), ConfigError> {
        check(self.seed <= i64::MAX as u64, "seed", "below 9223372036854775808", self.seed)?;
        let most = format!("at most {MOST_THREADS}");
        check(self.threads <= MOST_THREADS, "threads", &most, self.threads)?;
        let precisions = Precision::ALL.map(|p| p.to_string());
        name("precision", &self.precision, &precisions.each_ref().map(String::as_str))?;
        let fits = self.device.starts_with("cuda") || self.precision() == Precision::F32;
        check(fits, "precision", "f32 on the device cpu, other types need device=cuda", &self.precision)?;
        self.validate_optimizer()?;
        self.validate_schedule()?;

        let train = &self.train;
        positive("train.epochs", train.epochs)?;
        positive("train.batch_size", train.batch_size)?;
        let expected = format!("1 to `train.batch_size`, which is {}", train.batch_size);
        check((1..=train.batch_size).contains(&train.parts), "train.parts", &expected, train.parts)?;
        positive("train.eval_batch_size", train.eval_batch_size)?;
        share("train.average", train.average)?;
        at_least_zero("train.clip_norm", train.clip_norm)?;
        at_least_zero("train.clip_value", train.clip_value)?;
        positive("train.log_every", train.log_every)?;
        name("train.metric", &train.metric, metrics)
    }

    fn validate_optimizer(&self) -> Result<(), ConfigError> {
        let OptimizerConfig { rule, lr, weight_decay } = self.optimizer;
        above_zero("optimizer.lr", lr)?;
        at_least_zero("optimizer.weight_decay", weight_decay)?;
        match rule {
            Rule::Sgd { momentum, dampening, nesterov } => {
                share("optimizer.momentum", momentum)?;
                share("optimizer.dampening", dampening)?;
                let expected = "0 if `optimizer.momentum` is 0, without which it has no effect";
                check(momentum > 0.0 || dampening == 0.0, "optimizer.dampening", expected, dampening)?;
                let plain = momentum > 0.0 && dampening == 0.0;
                let expected = "false unless `optimizer.momentum` is above 0 and `optimizer.dampening` is 0";
                check(!nesterov || plain, "optimizer.nesterov", expected, nesterov)
            }
            Rule::AdaGrad { lr_decay, eps } => {
                at_least_zero("optimizer.lr_decay", lr_decay)?;
                above_zero("optimizer.eps", eps)
            }
            Rule::RmsProp { alpha, eps, momentum, centered: _ } => {
                share("optimizer.alpha", alpha)?;
                above_zero("optimizer.eps", eps)?;
                share("optimizer.momentum", momentum)
            }
            Rule::Adam { beta1, beta2, eps }
            | Rule::AdamW { beta1, beta2, eps }
            | Rule::RAdam { beta1, beta2, eps } => {
                share("optimizer.beta1", beta1)?;
                share("optimizer.beta2", beta2)?;
                above_zero("optimizer.eps", eps)
            }
        }
    }

    fn validate_schedule(&self) -> Result<(), ConfigError> {
        let factor =
            |key: &str, value: f64| check(value > 0.0 && value <= 1.0, key, "above 0 and at most 1", value);
        let floor = |min_lr: f64| {
            at_least_zero("schedule.min_lr", min_lr)?;
            let lr = self.optimizer.lr;
            check(min_lr <= lr, "schedule.min_lr", &format!("at most `optimizer.lr`, which is {lr}"), min_lr)
        };
        match self.schedule {
            ScheduleConfig::Constant { .. } | ScheduleConfig::LinearWarmup { .. } => Ok(()),
            ScheduleConfig::Step { step_size, gamma, min_lr, .. } => {
                positive("schedule.step_size", step_size as usize)?;
                factor("schedule.gamma", gamma)?;
                floor(min_lr)
            }
            ScheduleConfig::Exponential { gamma, min_lr, .. } => {
                factor("schedule.gamma", gamma)?;
                floor(min_lr)
            }
            ScheduleConfig::Linear { warmup_share, min_lr } => {
                share("schedule.warmup_share", warmup_share)?;
                floor(min_lr)
            }
            ScheduleConfig::Cosine { min_lr, .. } | ScheduleConfig::InverseSqrt { min_lr, .. } => {
                floor(min_lr)
            }
            ScheduleConfig::Plateau { factor: drop, min_lr, .. } => {
                factor("schedule.factor", drop)?;
                floor(min_lr)
            }
        }
    }
}

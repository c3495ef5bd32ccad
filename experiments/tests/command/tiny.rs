//! Tiny runs of every task. Which keys a task has is found out by asking its configuration.

use crate::place::{effective, flags};
use gradus::run::AnyTask;
use gradus::tasks::TASKS;

/// Sizes with which a run takes less than a second.
const SMALL: [&str; 11] = [
    "model.embed_dim=8",
    "model.hidden_dim=6",
    "model.layers=1",
    "data.train_limit=48",
    "data.dev_limit=12",
    "data.test_limit=13",
    "data.min_count=1",
    "train.batch_size=12",
    "train.epochs=3",
    "train.log_every=1",
    "optimizer.lr=1e-2",
];

/// What a run can carry from one step to the next: moving averages of the loss and of the weights, words drawn as UNK,
/// several objectives, a schedule that looks back.
const STATE: [&str; 8] = [
    "loss.name=ghm",
    "loss.contrastive=both",
    "model.characters=cnn",
    "model.char_dim=6",
    "model.unk_singletons=0.5",
    "train.average=0.9",
    "schedule.name=plateau",
    "schedule.patience=0",
];

/// A task with the settings of a tiny run on the first of its generated sets.
#[derive(Clone)]
pub struct Tiny {
    pub task: &'static dyn AnyTask,
    sets: Vec<String>,
}

impl Tiny {
    /// A run of each task.
    pub fn all() -> Vec<Tiny> {
        let tiny = |task: &&'static dyn AnyTask| {
            let set = task.generated().into_iter().next().expect("a task has a generated set");
            let sets = vec![format!("task={}", task.name()), format!("data.dataset={}", set.name)];
            Tiny { task: *task, sets }.with(&SMALL)
        };
        TASKS.iter().map(tiny).collect()
    }

    /// The same with all the state that a run of the task can have.
    pub fn with_state(&self) -> Tiny {
        self.with(&STATE)
    }

    /// The same with those settings that have an effect.
    pub fn with(&self, wanted: &[&str]) -> Tiny {
        let mut sets = self.sets.clone();
        sets.extend(effective(&self.sets, wanted));
        Tiny { task: self.task, sets }
    }

    /// The same with each name that a key may hold, where the configuration allows it; none if it holds no names.
    pub fn each(&self, key: &str) -> Vec<Tiny> {
        let names = self.task.keys().choices_of(key);
        let named = names.iter().map(|name| self.with(&[&format!("{key}={name}")]));
        named.filter(|tiny| tiny.sets.len() > self.sets.len()).collect()
    }

    pub fn name(&self) -> &'static str {
        self.task.name()
    }

    /// Its settings, the task among them.
    pub fn sets(&self) -> &[String] {
        &self.sets
    }

    /// The arguments that train it.
    pub fn train(&self, out: &str) -> String {
        format!("train {} --threads 1 --out {out} {}", self.name(), flags(&self.sets[1..]))
    }

    /// The arguments that continue it.
    pub fn resume(&self, out: &str) -> String {
        format!("train {} --out {out} --resume", self.name())
    }
}

//! Tiny runs of every task. Which keys a task has is found out by asking its configuration.

use crate::place::{effective, flags};
use gradus::run::AnyTask;
use gradus::tasks::{self, TASKS};
use std::collections::BTreeSet;
use std::sync::OnceLock;

/// Sizes with which a run takes less than a second.
const SMALL: [&str; 23] = [
    "model.embed_dim=8",
    "model.hidden_dim=6",
    "model.layers=1",
    "model.hidden_size=8",
    "model.num_hidden_layers=1",
    "model.num_attention_heads=2",
    "model.intermediate_size=12",
    "model.vocab_size=90",
    "model.feed_forward=12",
    "data.vocab_size=400",
    "search.beam=2",
    "data.stretch=12",
    "data.context=6",
    "data.stride=5",
    "data.train_limit=48",
    "data.dev_limit=12",
    "data.test_limit=13",
    "data.min_count=1",
    "train.batch_size=12",
    "train.eval_batch_size=128",
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

/// What changes a model or its loss besides the names that keys hold.
const MORE: [&[&str]; 10] = [
    &["model.name=bert", "model.pooling=mean", "model.layer_decay=0.9", "model.frozen_layers=1"],
    &["model.name=bert", "model.no_answer=true", "data.max_len=24"],
    &["model.unk_singletons=0.5", "model.attention_heads=2"],
    &["loss.class_weights=1,3", "loss.label_smoothing=0.1", "model.layer_norm=true"],
    &["loss.contrastive=both", "model.no_answer=true"],
    &["model.embedding_dropout=0.3", "model.constraints=false"],
    &["data.whole_words=true", "data.max_len=20"],
    &["model.name=transformer-lm", "model.positions=sinusoidal", "data.unit=characters"],
    &["model.name=seq2seq-rnn", "model.input_feeding=true", "model.layers=2"],
    &["model.pre_norm=false", "loss.label_smoothing=0"],
];

/// A task with the settings of a tiny run on the first of its generated sets.
#[derive(Clone)]
pub struct Tiny {
    pub task: &'static dyn AnyTask,
    wanted: Vec<String>,
    sets: Vec<String>,
}

impl Tiny {
    /// A run of each task.
    pub fn all() -> Vec<Tiny> {
        static ALL: OnceLock<Vec<Tiny>> = OnceLock::new();
        let tiny =
            |task: &&'static dyn AnyTask| Tiny { task: *task, wanted: vec![], sets: vec![] }.with(&SMALL);
        ALL.get_or_init(|| TASKS.iter().map(tiny).collect()).clone()
    }

    /// The same with all the state that a run of the task can have.
    pub fn with_state(&self) -> Tiny {
        self.with(&STATE)
    }

    /// The same with those settings that have an effect, and without those that then have none.
    pub fn with(&self, wanted: &[&str]) -> Tiny {
        let set = self.task.generated().into_iter().next().expect("a task has a generated set");
        let mut sets = vec![format!("task={}", self.name()), format!("data.dataset={}", set.name)];
        let wanted: Vec<String> =
            self.wanted.iter().cloned().chain(wanted.iter().map(|set| (*set).to_owned())).collect();
        // Names first: whether another key has an effect depends on them.
        let keys = self.task.keys();
        let selects = |set: &&String| {
            let key = set.split('=').next().unwrap_or_default();
            keys.selectors.contains(&key) || key.ends_with(".name")
        };
        let (names, rest): (Vec<&String>, Vec<&String>) = wanted.iter().partition(selects);
        let ordered: Vec<&str> = names.into_iter().chain(rest).map(String::as_str).collect();
        sets.extend(effective(&sets, &ordered));
        Tiny { task: self.task, wanted, sets }
    }

    /// The same with each name that a key may hold, where the configuration allows it.
    pub fn each(&self, key: &str) -> Vec<Tiny> {
        let names = self.task.keys().choices_of(key).into_iter().map(|name| format!("{key}={name}"));
        names
            .map(|set| (self.with(&[&set]), set))
            .filter(|(tiny, set)| tiny.sets.contains(set))
            .map(|(tiny, _)| tiny)
            .collect()
    }

    /// The same with each model, each loss, each way to read characters, and with what changes them.
    pub fn variants(&self) -> Vec<Tiny> {
        let named = self.task.keys().selectors.iter().flat_map(|key| self.each(key));
        distinct(named.chain(MORE.iter().map(|more| self.with(more))))
    }

    pub fn name(&self) -> &'static str {
        self.task.name()
    }

    /// Its settings, the task among them.
    pub fn sets(&self) -> &[String] {
        &self.sets
    }

    /// A text as the task answers it: with its mark, where texts need one.
    pub fn asked(&self, text: &str) -> String {
        match self.task.mark() {
            "" => text.to_owned(),
            mark => format!("{text} {mark}"),
        }
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

/// One of each of those with the same configuration: defaults that are named and settings without effect change nothing.
pub fn distinct(all: impl IntoIterator<Item = Tiny>) -> Vec<Tiny> {
    let mut known = BTreeSet::new();
    let config = |tiny: &Tiny| tasks::load(None, &tiny.sets).unwrap().to_toml();
    all.into_iter().filter(|tiny| known.insert(config(tiny))).collect()
}

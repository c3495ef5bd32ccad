//! Keys and their owners.
//!
//! Every key belongs to what it has an effect on: the run, a task, a model, a loss, an optimizer. Each owner is a struct or
//! a variant of an enum. A key that belongs to none of the owners in a run is refused, and the error
//! ([`foreign`](super::foreign)) names its owner.

use super::error::{ConfigError, Place, nearest};
use super::foreign::foreign;
use super::overlay::{Kind, Setting, flatten, insert};
use super::owners::section;
use super::validate::shortened;
use super::{Config, Run};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use toml::{Table, Value};

/// The sections `[data]`, `[model]` and `[loss]` of a task.
///
/// Serialising must yield exactly the keys that have an effect: use enums tagged by `name` for models and losses,
/// `#[serde(flatten)]` for shared structs, and `#[serde(default)]` throughout. Deserialising must ignore every other key.
pub trait Keys: Clone + Default + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The selectors: keys whose values decide which other keys there are, such as `model.name`.
    const SELECTORS: &'static [&'static str];

    /// The keys that hold paths.
    const PATHS: &'static [&'static str];

    /// The keys, except selectors, that hold one of a few names, with these names.
    const CHOICES: &'static [(&'static str, &'static [&'static str])];

    /// The keys, except paths, that may change when a run is continued: those that affect neither the shapes of parameters
    /// nor the order of the examples.
    const RESUMABLE: &'static [&'static str];

    /// The keys besides those of `[data]` and `[model]` on which the time of a run depends.
    const COSTLY: &'static [&'static str] = &[];

    /// The selectors that a command of their own sets, each with this command.
    const COMMANDS: &'static [(&'static str, &'static str)] = &[];

    /// One value for each variant, with its defaults; the default variant first. Together they have every key. A path that must
    /// be given is [`FILE`].
    fn examples() -> Vec<Self>;

    /// The defaults of a run of this task with the model of that name.
    fn run(model: &str) -> Run;

    /// Checks every value.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`].
    fn validate(&self) -> Result<(), ConfigError>;

    /// What the loss needs of its batches.
    fn batches(&self) -> Batches {
        Batches::default()
    }
}

/// What a loss needs of its batches.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batches {
    /// The setting whose loss compares examples of a batch with each other, or divides by something else than their number, so that a
    /// batch cannot come in parts; none if the loss is a mean over examples, or the task counts [what it divides
    /// by](crate::run::Task::units).
    pub whole: Option<String>,
    /// Whether it compares examples with each other, of which there must then be several.
    pub several: bool,
}

/// The keys of a task without their type, as configurations use them.
#[derive(Clone, Copy)]
pub struct TaskKeys {
    /// The task's name.
    pub task: &'static str,
    /// The names of its metrics; the first chooses the best epoch by default.
    pub metrics: fn() -> Vec<&'static str>,
    /// [`Keys::SELECTORS`].
    pub selectors: &'static [&'static str],
    /// [`Keys::PATHS`].
    pub paths: &'static [&'static str],
    /// [`Keys::CHOICES`].
    pub choices: &'static [(&'static str, &'static [&'static str])],
    /// [`Keys::RESUMABLE`].
    pub resumable: &'static [&'static str],
    /// [`Keys::COSTLY`].
    pub costly: &'static [&'static str],
    /// [`Keys::COMMANDS`].
    pub commands: &'static [(&'static str, &'static str)],
    /// [`Keys::examples`] as tables.
    pub examples: fn() -> Vec<Table>,
    /// [`Keys::run`].
    pub run: fn(&str) -> Run,
    /// Reduces a table to the keys that have an effect, and adds defaults of missing ones.
    pub settle: fn(Table) -> Result<Table, ConfigError>,
    /// [`Keys::validate`].
    pub validate: fn(&Table) -> Result<(), ConfigError>,
    /// [`Keys::batches`].
    pub batches: fn(&Table) -> Result<Batches, ConfigError>,
}

/// Every variant of a task's and a run's keys.
struct Variants {
    /// Dotted keys with their defaults: the task's variants, then the run's.
    examples: Vec<BTreeMap<String, Value>>,
    /// The number of the task's variants.
    own: usize,
    /// The type of every key.
    kinds: BTreeMap<String, Kind>,
}

impl TaskKeys {
    /// The keys of the task of that name.
    pub const fn of<K: Keys>(task: &'static str, metrics: fn() -> Vec<&'static str>) -> Self {
        TaskKeys {
            task,
            metrics,
            selectors: K::SELECTORS,
            paths: K::PATHS,
            choices: K::CHOICES,
            resumable: K::RESUMABLE,
            costly: K::COSTLY,
            commands: K::COMMANDS,
            examples: || K::examples().iter().map(table_of).collect(),
            run: K::run,
            settle: |table| Ok(table_of(&parsed::<K>(table)?)),
            validate: |table| parsed::<K>(table.clone())?.validate(),
            batches: |table| Ok(parsed::<K>(table.clone())?.batches()),
        }
    }

    /// Every key of a run of the task, with its type.
    pub(super) fn kinds(&self) -> BTreeMap<String, Kind> {
        self.variants().kinds.clone()
    }

    /// Whether a run of the task can have a key.
    pub fn has(&self, key: &str) -> bool {
        self.variants().kinds.contains_key(key)
    }

    /// The value of a key that a run does not have, where it has an effect on another one: the default.
    fn default_of(&self, key: &str) -> Option<&'static Value> {
        self.all_examples().iter().find_map(|example| example.get(key))
    }

    /// Those of some keys in which two runs of the task differ. A key that only one of them has counts if its value is not the
    /// default, and if no selector of the same section differs: then this decides who has the key.
    pub fn differing<'k>(&self, keys: &[&'k str], a: &Config, b: &Config) -> Vec<&'k str> {
        let [a, b] = [a, b].map(Config::flat);
        let decides = |key: &str| self.selectors.contains(&key);
        let differs = |key: &&&str| {
            let default = self.default_of(key).filter(|_| !decides(key));
            a.get(**key).or(default) != b.get(**key).or(default)
        };
        let found: Vec<&str> = keys.iter().filter(differs).copied().collect();
        let decided = |key: &str| {
            let of_one = a.contains_key(key) != b.contains_key(key);
            let by = |other: &&str| decides(other) && section(other) == section(key);
            of_one && !decides(key) && found.iter().any(by)
        };
        found.iter().filter(|key| !decided(key)).copied().collect()
    }

    /// Every variant of the task's and the run's keys, dotted.
    pub(super) fn all_examples(&self) -> &'static [BTreeMap<String, Value>] {
        &self.variants().examples
    }

    /// Every variant of the task's own keys, dotted.
    fn own_examples(&self) -> &'static [BTreeMap<String, Value>] {
        let Variants { examples, own, .. } = self.variants();
        &examples[..*own]
    }

    /// What follows from the examples, which is made once for each task: every command asks for it many times.
    fn variants(&self) -> &'static Variants {
        static MADE: Mutex<BTreeMap<&str, &'static Variants>> = Mutex::new(BTreeMap::new());
        let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
        made.entry(self.task).or_insert_with(|| {
            let mut examples: Vec<BTreeMap<String, Value>> = (self.examples)().iter().map(flatten).collect();
            let own = examples.len();
            examples.extend(Run::examples().into_iter().map(|run| flatten(&table_of(&run))));
            let mut kinds = BTreeMap::from([("task".to_owned(), Kind::Text)]);
            kinds.extend(examples.iter().flatten().map(|(key, value)| (key.clone(), Kind::of(value))));
            Box::leak(Box::new(Variants { examples, own, kinds }))
        })
    }

    /// The names that a key may hold; empty if it may hold any text.
    pub fn choices_of(&self, key: &str) -> Vec<String> {
        if let Some((_, names)) = self.choices.iter().find(|(known, _)| *known == key) {
            return names.iter().map(|name| name.to_string()).collect();
        }
        let mut names: Vec<String> = vec![];
        for example in self.all_examples().iter().filter(|_| self.selectors().any(|s| s == key)) {
            if let Some(name) = example.get(key).and_then(Value::as_str)
                && name != FILE
                && !names.iter().any(|known| known == name)
            {
                names.push(name.to_owned());
            }
        }
        names
    }

    /// The selectors of the task and of a run.
    pub(super) fn selectors(&self) -> impl Iterator<Item = &'static str> {
        self.selectors.iter().copied().chain(["optimizer.name", "schedule.name"])
    }
}

/// The keys of a type, from a table that may have others.
pub(super) fn parsed<K: DeserializeOwned>(table: Table) -> Result<K, ConfigError> {
    table.try_into().map_err(|error: toml::de::Error| ConfigError::Syntax {
        at: Place::Code,
        message: error.message().replace('\n', ", "),
    })
}

/// A struct of keys as a table.
///
/// # Panics
/// If a path is not UTF-8, which validation refuses.
#[track_caller]
pub(super) fn table_of(keys: &impl Serialize) -> Table {
    match Table::try_from(keys) {
        Ok(table) => table,
        Err(error) => panic!("configuration: the keys were not validated: {error}"),
    }
}

/// The configuration of a task with these settings over its defaults. A setting without effect is an error.
pub(super) fn settled(
    task: &TaskKeys,
    all: &[TaskKeys],
    base: Table,
    settings: &[Setting],
) -> Result<Config, ConfigError> {
    let mut table = base;
    table.remove("task");
    for setting in settings.iter().filter(|setting| setting.key != "task") {
        insert(&mut table, setting);
    }
    settings.iter().try_for_each(|setting| check_name(task, all, setting))?;
    name_variants(task, &mut table);
    fill(task, &mut table);
    let keys = (task.settle)(table.clone())?;
    let run: Run = parsed(table)?;
    let config = Config { task: task.task.to_owned(), run, keys };
    let effective = config.flat();
    if let Some(setting) = settings.iter().find(|setting| !effective.contains_key(&setting.key)) {
        return Err(foreign(task, all, &effective, setting));
    }
    Ok(config)
}

/// Puts the task's defaults where a section lacks a key: a model, or keys that several tasks have, may have other defaults in
/// each task. They are those of the example that agrees with the table in the most selectors of the section, the first
/// selectors counting most.
fn fill(task: &TaskKeys, table: &mut Table) {
    let flat = flatten(table);
    let examples = task.own_examples();
    let section = |key: &str| key.split('.').next().unwrap_or_default().to_owned();
    let sections: BTreeSet<String> =
        examples.iter().flat_map(BTreeMap::keys).map(|key| section(key)).collect();
    for name in sections {
        let agrees = |example: &BTreeMap<String, Value>, selector: &str| match (
            example.get(selector),
            flat.get(selector),
        ) {
            (Some(a), Some(b)) => a == b || a.as_str() == Some(FILE),
            (a, b) => a.is_none() && b.is_none(),
        };
        let agreement = |example: &&BTreeMap<String, Value>| {
            let selectors = task.selectors().filter(|selector| section(selector) == name);
            selectors.take_while(|selector| agrees(example, selector)).count()
        };
        // Of several examples that agree as well, the first.
        let Some(example) = examples.iter().rev().max_by_key(agreement) else { continue };
        let missing = |(key, value): &(&String, &Value)| {
            section(key) == name && !flat.contains_key(*key) && value.as_str() != Some(FILE)
        };
        for (key, value) in example.iter().filter(missing) {
            insert(table, &Setting { key: key.clone(), value: value.clone(), at: Place::Code });
        }
    }
}

/// Sets the selectors that are missing to the default variant, so that the table has the keys of that variant.
fn name_variants(task: &TaskKeys, table: &mut Table) {
    let flat = flatten(table);
    let examples = task.all_examples();
    for selector in task.selectors().filter(|selector| !flat.contains_key(*selector)) {
        let default = examples.iter().find_map(|example| example.get(selector));
        if let Some(value) = default.filter(|value| value.as_str() != Some(FILE)) {
            let setting = Setting { key: selector.to_owned(), value: value.clone(), at: Place::Code };
            insert(table, &setting);
        }
    }
}

/// Checks the value of a key that holds one of a few names. For a name that the key has in another task, the error names
/// that task.
fn check_name(task: &TaskKeys, all: &[TaskKeys], setting: &Setting) -> Result<(), ConfigError> {
    let known = task.choices_of(&setting.key);
    let Value::String(value) = &setting.value else { return Ok(()) };
    if known.is_empty() || known.contains(value) {
        return Ok(());
    }
    let others: Vec<String> = all
        .iter()
        .filter(|other| other.choices_of(&setting.key).contains(value))
        .map(|other| format!("gradus train {}", other.task))
        .collect();
    match (unknown_name(setting, &known), others.is_empty()) {
        (ConfigError::OutOfRange { at, key, expected, .. }, false) => {
            let found = format!("`{}`, which is for {}", shortened(value), others.join(" or "));
            Err(ConfigError::OutOfRange { at, key, expected, found })
        }
        (error, _) => Err(error),
    }
}

fn unknown_name(setting: &Setting, known: &[String]) -> ConfigError {
    let found = setting.value.as_str().unwrap_or_default();
    let hint = nearest(found, known.iter().map(String::as_str));
    ConfigError::OutOfRange {
        at: setting.at.clone(),
        key: setting.key.clone(),
        expected: format!("one of {}", known.join(", ")),
        found: format!(
            "`{}`{}",
            shortened(found),
            hint.map_or(String::new(), |near| format!("; did you mean `{near}`?"))
        ),
    }
}

/// The placeholder for a path in an example.
pub const FILE: &str = "FILE";

/// The task that the settings name, directly or by its model.
///
/// # Errors
/// An unknown name; no name.
pub(super) fn chosen<'a>(all: &'a [TaskKeys], settings: &[Setting]) -> Result<&'a TaskKeys, ConfigError> {
    let last = |key: &str| settings.iter().rfind(|setting| setting.key == key);
    let names: Vec<String> = all.iter().map(|task| task.task.to_owned()).collect();
    if let Some(setting) = last("task") {
        let of_file = |other: &&Setting| other.key == "task" && matches!(other.at, Place::File { .. });
        if let Some(other) = settings.iter().find(of_file).filter(|other| other.value != setting.value) {
            let shown = |setting: &Setting| shortened(setting.value.as_str().unwrap_or_default());
            let (at, wanted, found) = (other.at.clone(), shown(setting), shown(other));
            return Err(ConfigError::OtherTask { at, wanted, found });
        }
        let named = all.iter().find(|task| setting.value.as_str() == Some(task.task));
        return named.ok_or_else(|| unknown_name(setting, &names));
    }
    let Some(setting) = last("model.name") else {
        return Err(ConfigError::NoTask { known: names.join(", ") });
    };
    let models = |task: &TaskKeys| task.choices_of("model.name");
    let named = all.iter().find(|task| models(task).iter().any(|m| setting.value.as_str() == Some(m)));
    named.ok_or_else(|| unknown_name(setting, &all.iter().flat_map(models).collect::<Vec<_>>()))
}

//! The error for a key without effect: what the key belongs to.

use super::error::ConfigError;
use super::keys::{FILE, TaskKeys};
use super::overlay::Setting;
use super::owners::section;
use std::collections::{BTreeMap, BTreeSet};
use toml::Value;

/// Dotted keys with their values.
type Flat = BTreeMap<String, Value>;

/// A selector, and those of its values with which a run has a key; [`ABSENT`] is one of them.
type Condition = (&'static str, Vec<String>);

/// The value of a selector that a run does not have.
const ABSENT: &str = "";

/// The error for a key without effect, which names its owner.
pub(super) fn foreign(
    task: &TaskKeys,
    all: &[TaskKeys],
    effective: &BTreeMap<String, Value>,
    setting: &Setting,
) -> ConfigError {
    let key = &setting.key;
    let owner = match task.has(key) {
        true => Asked { task, run: effective }.owner(key),
        false => {
            let tasks = all.iter().filter(|other| other.has(key));
            tasks.map(|other| format!("gradus train {}", other.task)).collect::<Vec<_>>().join(" or ")
        }
    };
    ConfigError::NoEffect { at: setting.at.clone(), key: key.clone(), owner, task: task.task.to_owned() }
}

/// A run that does not have some key of its task.
struct Asked<'a> {
    task: &'a TaskKeys,
    /// The keys that have an effect on it.
    run: &'a Flat,
}

impl Asked<'_> {
    /// What a key of the task belongs to, in words.
    fn owner(&self, key: &str) -> String {
        let mut conditions = self.conditions(key);
        // A path that each variant with the key has, such as a teacher, is needed even where no section of the key asks for it.
        let required = |selector: &&'static str| {
            let needs = |variant: &&Flat| self.value(variant, selector) == FILE;
            let known = conditions.iter().any(|(known, _)| known == selector);
            *selector != key && !known && self.lacks(selector) && self.with(key).iter().all(needs)
        };
        let required: Vec<_> = self.task.selectors().filter(required).collect();
        conditions.extend(required.into_iter().map(|selector| (selector, vec![FILE.to_owned()])));
        match conditions.is_empty() {
            false => self.worded(&conditions),
            true => self.others(key),
        }
    }

    /// What the run must have so that it has the key, as far as it differs: what the selectors of the key's own section say, else
    /// what another one says.
    fn conditions(&self, key: &str) -> Vec<Condition> {
        // Each selector depends only on those before it.
        let before = self.task.selectors().take_while(|selector| *selector != key);
        let (own, others): (Vec<_>, Vec<_>) = before.partition(|selector| section(selector) == section(key));
        let by_one = |selectors: &[&'static str]| self.by_one(key, selectors);
        let found = by_one(&own).or_else(|| self.by_several(key, &own)).or_else(|| by_one(&others));
        found.unwrap_or_default()
    }

    /// The values of the first selector that alone decides about the key, after what the selector itself belongs to.
    fn by_one(&self, key: &str, selectors: &[&'static str]) -> Option<Vec<Condition>> {
        let variants = self.variants(key);
        selectors.iter().find_map(|&selector| {
            let [with, without] = self.values(&variants, key, selector);
            let decides = with.is_disjoint(&without) && !with.contains(&self.value(self.run, selector));
            decides.then(|| {
                let mut conditions = if self.lacks(selector) { self.conditions(selector) } else { vec![] };
                conditions.push((selector, self.in_order(selector, &with)));
                conditions
            })
        })
    }

    /// The values of selectors that decide together, each among the variants that the ones before it leave.
    fn by_several(&self, key: &str, selectors: &[&'static str]) -> Option<Vec<Condition>> {
        let (mut left, mut conditions) = (self.variants(key), vec![]);
        for selector in selectors {
            let [with, without] = self.values(&left, key, selector);
            let now = self.value(self.run, selector);
            if with.contains(&now) {
                left.retain(|variant| self.value(variant, selector) == now);
            } else if !without.is_subset(&with) {
                // Otherwise variants without the key have the same values, and the selector says nothing about it.
                conditions.push((*selector, self.in_order(selector, &with)));
                left.retain(|variant| with.contains(&self.value(variant, selector)));
            }
        }
        (!conditions.is_empty()).then_some(conditions)
    }

    /// The variants that have the section of a key.
    fn variants(&self, key: &str) -> Vec<&'static Flat> {
        let has_section = |variant: &&Flat| variant.keys().any(|other| section(other) == section(key));
        self.task.all_examples().iter().filter(has_section).collect()
    }

    /// The variants that have a key.
    fn with(&self, key: &str) -> Vec<&'static Flat> {
        self.task.all_examples().iter().filter(|variant| variant.contains_key(key)).collect()
    }

    /// The values of a selector in the variants that have a key, and in those that do not.
    fn values(&self, variants: &[&Flat], key: &str, selector: &str) -> [BTreeSet<String>; 2] {
        [true, false].map(|with| {
            let variants = variants.iter().filter(|variant| variant.contains_key(key) == with);
            variants.map(|variant| self.value(variant, selector)).collect()
        })
    }

    /// The value of a selector; of a path only whether there is one.
    fn value(&self, flat: &Flat, selector: &str) -> String {
        let value = flat.get(selector).and_then(Value::as_str).unwrap_or(ABSENT);
        let is_path = value != ABSENT && self.task.paths.contains(&selector);
        if is_path { FILE.to_owned() } else { value.to_owned() }
    }

    fn lacks(&self, selector: &str) -> bool {
        self.value(self.run, selector) == ABSENT
    }

    /// Values of a selector in the order of the variants.
    fn in_order(&self, selector: &str, values: &BTreeSet<String>) -> Vec<String> {
        let mut ordered: Vec<String> = vec![];
        for value in self.task.all_examples().iter().map(|variant| self.value(variant, selector)) {
            if values.contains(&value) && !ordered.contains(&value) {
                ordered.push(value);
            }
        }
        ordered
    }

    /// `model.name = bilstm or textcnn with model.characters = cnn`, `runs without data.train`.
    fn worded(&self, conditions: &[Condition]) -> String {
        let one = |(i, (selector, values)): (usize, &Condition)| {
            let command = self.task.commands.iter().find(|(known, _)| known == selector);
            let command = command.map_or(String::new(), |(_, command)| format!(" ({command})"));
            let [runs, with] = if i == 0 { ["runs ", ""] } else { ["", "with "] };
            match values.as_slice() {
                [value] if value == ABSENT => format!("{runs}without {selector}"),
                [value] if value == FILE => format!("{runs}with {selector}{command}"),
                values => format!("{with}{selector} = {}", values.join(" or ")),
            }
        };
        conditions.iter().enumerate().map(one).collect::<Vec<_>>().join(" ")
    }

    /// The owner of a key that the run's own variant may have: the value of another key of its section excludes it.
    fn others(&self, key: &str) -> String {
        let with = self.with(key);
        let excludes = |other: &str| {
            let now = self.value(self.run, other);
            section(other) == section(key) && with.iter().all(|variant| self.value(variant, other) != now)
        };
        let others = self.task.choices.iter().map(|(other, _)| *other).filter(|other| excludes(other));
        others.map(|other| format!("runs with another {other}")).collect::<Vec<_>>().join(" or ")
    }
}

//! Every key by its owner, with defaults: for `gradus list` and `docs/keys.md`.

use super::Run;
use super::keys::{FILE, TaskKeys, table_of};
use super::overlay::flatten;
use std::collections::{BTreeMap, BTreeSet};
use toml::Value;

/// An owner and its keys, with their defaults.
pub type Owned = (String, BTreeMap<String, Value>);

/// Dotted keys with their values.
type Flat = BTreeMap<String, Value>;

/// Every key of a task by its owner: a section (`model` owns what all models of the task have) or the values of the
/// selectors on which the key depends (`model.name = bilstm`). The latter owners also hold their selectors, so that a
/// configuration with the keys of an owner is one of its runs.
pub fn owners(task: &TaskKeys) -> Vec<Owned> {
    let examples: Vec<Flat> = (task.examples)().iter().map(flatten).collect();
    by_owner(&examples, task.selectors, "")
}

/// The keys of every run that have another default in a task, with that default: first those of all its models, then those
/// that a model has besides.
pub fn run_defaults(task: &TaskKeys) -> Vec<Owned> {
    let defaults = |model: &str| {
        let mut run = (task.run)(model);
        run.train.metric = (task.metrics)().first().copied().unwrap_or_default().to_owned();
        flatten(&table_of(&run))
    };
    let other = |flat: Flat, than: &Flat| -> Flat {
        flat.into_iter().filter(|(key, value)| than.get(key) != Some(value)).collect()
    };
    let models = task.choices_of("model.name");
    let of_task = defaults(models.first().map_or("", String::as_str));
    let of_model =
        |model: &String| (format!("run with model.name = {model}"), other(defaults(model), &of_task));
    let of_models = models.iter().map(of_model).filter(|(_, keys)| !keys.is_empty());
    let every = flatten(&table_of(&Run::default()));
    [(RUN.to_owned(), other(of_task.clone(), &every))].into_iter().chain(of_models).collect()
}

/// The keys of every run by their owner, as [`owners`].
pub fn run_owners() -> Vec<Owned> {
    let examples = [Run::default()].into_iter().chain(Run::examples());
    let examples: Vec<Flat> = examples.map(|run| flatten(&table_of(&run))).collect();
    by_owner(&examples, &["optimizer.name", "schedule.name"], RUN)
}

/// The owner of the keys that are not in a section with variants.
const RUN: &str = "run";

pub(super) fn section(key: &str) -> &str {
    key.split_once('.').map_or("", |(section, _)| section)
}

/// Groups keys by what they depend on. `examples` hold one configuration of each variant, the default first; keys of
/// sections without a selector go to `rest` if it has a name.
fn by_owner(examples: &[Flat], selectors: &[&str], rest: &str) -> Vec<Owned> {
    let keys: BTreeSet<&String> = examples.iter().flat_map(BTreeMap::keys).collect();
    let mut owners: Vec<Owned> = vec![];
    // A section's own keys come before those of its variants.
    let (mut of_sections, mut of_variants) = (vec![], vec![]);
    for key in keys {
        let (own, others): (Vec<&str>, Vec<&str>) =
            selectors.iter().copied().partition(|selector| section(selector) == section(key));
        let common = if own.is_empty() && !rest.is_empty() { rest } else { section(key) };
        let mut of_key = owners_of(key, examples, &own, common);
        // What a section's own selectors do not decide, those of another one do: a model that brings its own words does without
        // keys of the data.
        if of_key.is_empty() {
            of_key = owners_of(key, examples, &others, common);
        }
        // Or one of each: the format of the user's own files, where it depends on what they are for.
        if of_key.is_empty() {
            let pairs = own.iter().flat_map(|a| others.iter().map(move |b| [*a, *b]));
            let mut of_pairs = pairs.map(|pair| owners_of(key, examples, &pair, common));
            of_key = of_pairs.find(|owners| !owners.is_empty()).unwrap_or_default();
        }
        for (owner, keys) in of_key {
            if owner == common { of_sections.push((owner, keys)) } else { of_variants.push((owner, keys)) }
        }
    }
    for (owner, keys) in of_sections.into_iter().chain(of_variants) {
        match owners.iter_mut().find(|(known, _)| *known == owner) {
            Some((_, known)) => known.extend(keys),
            None => owners.push((owner, keys)),
        }
    }
    owners.sort_by_key(|(owner, keys)| {
        (keys.keys().next().map(|key| section(key).to_owned()), owner.contains('='))
    });
    owners
}

/// The owners of one key, each with its selectors and the key's default. The owner is `common` if all variants have the key with the same
/// default, else the values of the first selector that decides about it, else those of all selectors.
fn owners_of(key: &str, examples: &[Flat], selectors: &[&str], common: &str) -> Vec<Owned> {
    let default = |example: &Flat| {
        let value = example.get(key)?;
        // A selector differs between variants by nature; its default is that of the first variant that has it.
        let first = || examples.iter().find_map(|example| example.get(key)).cloned();
        if selectors.contains(&key) { first() } else { Some(value.clone()) }
    };
    let all: Vec<Option<Value>> = examples.iter().map(default).collect();
    if let Some(Some(value)) = all.first()
        && all.iter().all(|other| other.as_ref() == Some(value))
    {
        return vec![(common.to_owned(), BTreeMap::from([(key.to_owned(), value.clone())]))];
    }
    let others = selectors.iter().filter(|selector| **selector != key);
    let itself = selectors.iter().filter(|selector| **selector == key);
    let alone = others.chain(itself).find_map(|selector| decided_by(&[selector], examples, key, &all));
    alone.or_else(|| decided_by(selectors, examples, key, &all)).unwrap_or_default()
}

/// The owners of a key by the values of some selectors; none if the key has several defaults for the same values.
fn decided_by(
    selectors: &[&str],
    examples: &[Flat],
    key: &str,
    defaults: &[Option<Value>],
) -> Option<Vec<Owned>> {
    // In the order of the variants: values of the selectors, and the default with them.
    let mut decided: Vec<(Vec<Option<&str>>, &Option<Value>)> = vec![];
    for (example, default) in examples.iter().zip(defaults) {
        let values: Vec<_> = selectors.iter().map(|s| example.get(*s).and_then(Value::as_str)).collect();
        match decided.iter().find(|(known, _)| *known == values) {
            Some((_, known)) if *known == default => {}
            Some(_) => return None,
            None => decided.push((values, default)),
        }
    }
    let mut owners: Vec<(Vec<Vec<Option<&str>>>, Value)> = vec![];
    for (values, default) in decided {
        let Some(default) = default else { continue };
        match owners.iter_mut().find(|(_, known)| known == default) {
            Some((all, _)) => all.push(values),
            None => owners.push((vec![values], default.clone())),
        }
    }
    let named = |values: &[Vec<Option<&str>>]| match (selectors, values) {
        ([selector], [value]) if value[0].is_none() => format!("without {selector}"),
        ([selector], values) => {
            let names: Vec<&str> = values.iter().filter_map(|value| value[0]).collect();
            format!("{selector} = {}", names.join(" or "))
        }
        _ => {
            let one = |values: &Vec<Option<&str>>| {
                let named = selectors.iter().zip(values);
                let named = named.filter_map(|(s, value)| Some(format!("{s} = {}", (*value)?)));
                named.collect::<Vec<_>>().join(", ")
            };
            values.iter().map(one).collect::<Vec<_>>().join(" or ")
        }
    };
    let owned = |(values, default): (Vec<Vec<Option<&str>>>, Value)| {
        let first = selectors.iter().zip(&values[0]);
        let mut keys: Flat = first
            .filter_map(|(s, value)| Some(((*s).to_owned(), Value::String((*value)?.to_owned()))))
            .collect();
        keys.insert(key.to_owned(), default);
        (named(&values), keys)
    };
    Some(owners.into_iter().map(owned).collect())
}

/// Whether a value stands for a path that has no default.
pub fn is_path(value: &Value) -> bool {
    value.as_str() == Some(FILE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tasks;

    /// The owners of a key, with the default that each gives it.
    fn of(owners: &[Owned], key: &str) -> Vec<String> {
        let found = owners.iter().filter_map(|(owner, keys)| Some((owner, keys.get(key)?)));
        found.map(|(owner, default)| format!("{owner}: {default}")).collect()
    }

    #[test]
    fn every_key_has_an_owner_and_each_owner_is_what_it_depends_on() {
        let run = run_owners();
        assert_eq!(of(&run, "seed"), ["run: 1"]);
        assert_eq!(of(&run, "optimizer.name")[0], "optimizer: \"adam\"");
        assert_eq!(of(&run, "optimizer.lr"), ["optimizer: 0.001"]);
        assert_eq!(of(&run, "optimizer.nesterov"), ["optimizer.name = sgd: false"]);
        assert_eq!(of(&run, "optimizer.beta1"), ["optimizer.name = adam or adamw or radam: 0.9"]);
        assert_eq!(of(&run, "optimizer.eps").len(), 2, "two defaults, two owners");
        assert_eq!(of(&run, "schedule.patience"), ["schedule.name = plateau: 1"]);

        for task in tasks::keys() {
            let owners = owners(&task);
            let listed: BTreeSet<&String> = owners.iter().flat_map(|(_, keys)| keys.keys()).collect();
            for key in (task.examples)().iter().flat_map(|example| flatten(example).into_keys()) {
                assert!(listed.contains(&key), "{}: {key} has no owner", task.task);
            }
            for (key, owner) in [
                ("data.train", "data.train = FILE: \"FILE\""),
                ("data.dataset", "without data.train: \"\""),
                ("model.char_dim", "model.characters = cnn or lstm: 50"),
            ] {
                // Owners by two selectors hold both of them, too.
                let found = of(&owners, key);
                assert!(
                    !listed.contains(&key.to_owned()) || found.first().is_some_and(|first| first == owner),
                    "{}: {key}",
                    task.task
                );
            }
            assert_eq!(run_defaults(&task)[0].1["train.metric"].as_str(), Some((task.metrics)()[0]));
        }
    }

    #[test]
    fn the_defaults_in_the_list_are_those_of_a_run() {
        for task in tasks::keys() {
            for example in (task.examples)().iter().map(flatten) {
                let selected =
                    task.selectors.iter().filter_map(|s| Some(format!("{s}={}", example.get(*s)?.as_str()?)));
                let mut sets = vec![format!("task={}", task.task)];
                sets.extend(selected);
                sets.extend(example.get("data.dataset").map(|_| "data.dataset=some".to_owned()));
                let paths = example.iter().filter(|(_, value)| is_path(value));
                sets.extend(paths.map(|(key, _)| format!("{key}=FILE")));
                let Ok(config) = tasks::load(None, &sets) else {
                    // One loss needs a key of the data.
                    assert!(sets.contains(&"loss.name=binary_cross_entropy".to_owned()), "{sets:?}");
                    continue;
                };
                let of_run = config.flat();
                for (key, value) in
                    example.iter().filter(|(key, value)| *key != "data.dataset" && !is_path(value))
                {
                    assert_eq!(of_run.get(key), Some(value), "{key} with {sets:?}");
                }
            }
        }
    }
}

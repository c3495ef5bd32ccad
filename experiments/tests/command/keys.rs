//! The keys of every task: a task refuses the keys of others, and its own where they have no effect; the configuration that
//! a run writes is read back.

use crate::place::{Place, Ran};
use crate::tiny::Tiny;
use gradus::config::{self, Config, ConfigError, FILE};
use gradus::run::AnyTask;
use gradus::tasks::{self, TASKS};
use std::collections::BTreeMap;
use toml::Value;

/// A key with a value as `--set` takes it.
fn set(key: &str, value: &Value) -> String {
    format!("{key}={}", value.as_str().map_or(value.to_string(), String::from))
}

/// All keys of a task, with a default of each.
fn keys(task: &dyn AnyTask) -> BTreeMap<String, Value> {
    config::owners(&task.keys()).into_iter().flat_map(|(_, keys)| keys).collect()
}

/// Each variant of a task, then each optimizer and schedule, as dotted keys.
fn variants(task: &dyn AnyTask) -> Vec<BTreeMap<String, Value>> {
    let flat = |table: &toml::Table| {
        let mut flat = BTreeMap::new();
        for (section, keys) in table {
            for (key, value) in keys.as_table().unwrap() {
                flat.insert(format!("{section}.{key}"), value.clone());
            }
        }
        flat
    };
    let own = (task.keys().examples)().iter().map(flat).collect::<Vec<_>>();
    own.into_iter().chain(config::run_owners().into_iter().map(|(_, keys)| keys)).collect()
}

fn load(sets: &[String]) -> Result<Config, ConfigError> {
    tasks::load(None, sets)
}

/// The settings that a run with the keys of a variant cannot do without.
fn least(task: &dyn AnyTask, variant: &BTreeMap<String, Value>) -> Vec<String> {
    let own = variant.get("data.train").is_some();
    let data = match own {
        true => format!("data.train={FILE}"),
        false => format!("data.dataset={}", task.generated()[0].name),
    };
    vec![format!("task={}", task.name()), data]
}

#[test]
fn keys_of_other_tasks_are_refused_and_their_owners_named() {
    let mut refused = 0;
    for tiny in Tiny::all() {
        let own = keys(tiny.task);
        for other in TASKS.iter().filter(|other| other.name() != tiny.name()) {
            for (key, value) in keys(*other).iter().filter(|(key, _)| !own.contains_key(*key)) {
                let sets = [tiny.sets(), &[set(key, value)]].concat();
                let error = load(&sets).map(|config| config.to_toml()).unwrap_err().to_string();
                for part in [
                    format!("--set {}", set(key, value)),
                    format!("`{key}` has no effect on this run of gradus train {}", tiny.name()),
                    format!("gradus train {}", other.name()),
                ] {
                    assert!(error.contains(&part), "{part} is missing: {error}");
                }
                refused += 1;
            }
        }
    }
    assert!(refused >= 10, "{refused}");
}

#[test]
fn keys_of_variants_are_taken_with_them_and_refused_with_others() {
    for task in TASKS {
        let variants = variants(*task);
        let selectors: Vec<&str> =
            task.keys().selectors.iter().copied().chain(["optimizer.name", "schedule.name"]).collect();
        let selected = |variant: &BTreeMap<String, Value>| -> Vec<String> {
            let needed = |key: &str, value: &Value| key.starts_with("model.") && config::is_path(value);
            let named =
                variant.iter().filter(|(key, value)| selectors.contains(&key.as_str()) || needed(key, value));
            least(*task, variant).into_iter().chain(named.map(|(key, value)| set(key, value))).collect()
        };
        let all: BTreeMap<String, Value> =
            variants.iter().flatten().map(|(k, v)| (k.clone(), v.clone())).collect();
        for variant in &variants {
            let base = selected(variant);
            for (key, value) in
                variant.iter().filter(|(key, _)| !["task", "data.dataset"].contains(&key.as_str()))
            {
                let sets = [base.as_slice(), &[set(key, value)]].concat();
                match (load(&base), load(&sets)) {
                    (Ok(_), Ok(config)) => assert!(config.flat().contains_key(key), "{key}: {sets:?}"),
                    // A variant that some other key is needed for, or a default that is chosen later.
                    (Err(ConfigError::OutOfRange { .. }), Err(ConfigError::OutOfRange { .. })) => {}
                    (Ok(_), Err(ConfigError::OutOfRange { key: named, .. }))
                        if value.as_str() == Some("") =>
                    {
                        assert_eq!(&named, key)
                    }
                    (base, sets) => panic!("{key}: {base:?} {sets:?}"),
                }
            }
            // The keys of all other variants have an effect, or are refused.
            let Ok(config) = load(&base) else { continue };
            let effective = config.flat();
            for (key, value) in all.iter().filter(|(key, _)| !effective.contains_key(*key)) {
                // A key that chooses the variant changes it.
                if selectors.contains(&key.as_str()) || key == "task" {
                    continue;
                }
                let error = load(&[base.as_slice(), &[set(key, value)]].concat()).unwrap_err();
                assert!(matches!(error, ConfigError::NoEffect { .. }), "{key}: {error}");
                let error = error.to_string();
                assert!(error.contains("it belongs to ") && !error.contains("belongs to ;"), "{error}");
            }
        }
    }
}

#[test]
fn what_is_written_is_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    let mut read = 0;
    for task in TASKS {
        for variant in variants(*task) {
            let own = variant.iter().filter(|(key, _)| *key != "data.dataset" && *key != "train.metric");
            let sets = least(*task, &variant).into_iter().chain(own.map(|(key, value)| set(key, value)));
            let Ok(config) = load(&sets.collect::<Vec<_>>()) else { continue };
            std::fs::write(&path, config.to_toml()).unwrap();
            let again = tasks::load(Some(&path), &[]).unwrap();
            assert_eq!(again, config);
            assert_eq!(again.to_toml(), config.to_toml());
            read += 1;
        }
    }
    assert!(read >= 30, "{read}");
}

#[test]
fn a_run_of_the_configuration_of_another_has_its_bits() {
    let place = Place::new();
    for tiny in Tiny::all() {
        let [a, b] = ["a", "b"].map(|run| format!("{}-{run}", tiny.name()));
        let tiny = tiny.with_state();
        place.gradus(&tiny.train(&a)).well();
        place.gradus(&format!("train {} --config {a}/config.toml --out {b}", tiny.name())).well();
        assert_eq!(place.text(&format!("{a}/config.toml")), place.text(&format!("{b}/config.toml")));
        assert!(place.state(&a) == place.state(&b), "{}", tiny.name());
    }
}

#[test]
fn a_flag_is_answered_in_its_own_words() {
    let place = Place::new();
    place.write("tag.toml", b"\ntask = 'tag'\n");
    for (command, says) in [
        ("train tag --dataset names --seed abc", "--seed abc: `seed` expects a whole number from 0 to"),
        ("train tag --dataset names --seed -1", "--seed -1: `seed` expects a whole number from 0 to"),
        (
            "train tag --dataset names --threads 1000",
            "--threads 1000: `threads` must be at most 512, found 1000",
        ),
        (
            "train tag --dataset names --max-len 5",
            "--max-len 5: `data.max_len` has no effect on this run of gradus train tag",
        ),
        (
            "train tag --dataset names --set data.tokenizer=whitespace --set data.html=false",
            "`data.html` has no effect on this run of gradus train tag: it belongs to runs with another data.tokenizer",
        ),
        (
            "train tag --dataset names --set data.max_vocab=2",
            "`data.max_vocab` must be 0 for all words, or at least 3",
        ),
        ("train tag --dataset names --set seed=abc", "--set seed=abc: `seed` expects"),
        (
            "train classify --dataset reviews --model x",
            "--model x: `model.name` must be one of bilstm, textcnn",
        ),
        (
            "train classify --dataset reviews --config tag.toml",
            "tag.toml, line 2: expected the configuration of classify, found that of tag; use gradus train tag or another file",
        ),
    ] {
        place.gradus(&format!("{command} --out a")).refused(1, &[says]);
    }
    assert!(!place.path("a").exists());
}

#[test]
fn a_key_has_one_value_on_a_command_line() {
    let place = Place::new();
    let tiny = place.tiny("a");
    let typed = |args: &str| Ran::from(place.command_as_typed(args).output().unwrap());
    for (more, says) in [
        (
            "--seed 4 --set seed=3",
            "error: --seed 4 and --set seed=3 give `seed` two values; leave one of them out",
        ),
        ("--set seed=3 --set seed=4", "--set seed=3 and --set seed=4 give `seed` two values"),
        ("--set data.train=b", "--train train.tsv and --set data.train=b give `data.train` two values"),
        ("--set task=tag", "gradus train classify and --set task=tag give `task` two values"),
        (
            "--set optimizer.lr=1e-9",
            "--set optimizer.lr=1e-2 and --set optimizer.lr=1e-9 give `optimizer.lr` two",
        ),
    ] {
        typed(&format!("{tiny} {more}")).refused(1, &[says]);
        assert!(!place.path("a").exists());
    }
    typed("train classify --out a --dataset reviews --set data.dataset=subj")
        .refused(1, &["--dataset reviews and --set data.dataset=subj give `data.dataset` two values"]);
    typed("reproduce table10 --device cpu --set device=cuda --dry-run")
        .refused(1, &["--device cpu and --set device=cuda give `device` two values"]);
    // Equal values, however they are written, and a file that the command line overrides.
    typed(&format!("{tiny} --seed 4 --set seed=4 --set optimizer.lr=0.01")).well();
    typed("train classify --config a/config.toml --seed 5 --out b").well();
    assert!(place.text("b/config.toml").contains("seed = 5"));
    typed("train classify --out a --resume --set train.epochs=4 --set train.epochs=5")
        .refused(1, &["--set train.epochs=4 and --set train.epochs=5 give `train.epochs` two values"]);
}

#[test]
fn the_help_of_a_task_has_the_flags_of_its_keys() {
    let place = Place::new();
    let all = "dataset train dev test format encoding text-column label-column embeddings max-len model loss seed device";
    for task in TASKS {
        let help = place.gradus(&format!("train {} --help", task.name())).well();
        for flag in all.split(' ') {
            let key = match flag {
                "model" | "loss" => format!("{flag}.name"),
                "seed" | "device" => flag.to_owned(),
                _ => format!("data.{}", flag.replace('-', "_")),
            };
            assert_eq!(
                help.contains(&format!("--{flag} <")),
                task.keys().has(&key),
                "{} {flag}",
                task.name()
            );
        }
    }
}

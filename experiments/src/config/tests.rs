use super::*;
use crate::tasks;
use proptest::prelude::*;

fn sets(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| text.to_string()).collect()
}

/// A configuration of a task with these settings.
fn with(task: &str, texts: &[&str]) -> Result<Config, ConfigError> {
    let mut all = vec![format!("task={task}"), "data.dataset=some".to_owned()];
    all.extend(sets(texts));
    tasks::load(None, &all)
}

/// What is said of a setting.
#[track_caller]
fn refused(task: &str, texts: &[&str]) -> String {
    with(task, texts).err().unwrap_or_else(|| panic!("{texts:?} was accepted")).to_string()
}

/// What is said of a file, or that it is right.
fn file(text: &str) -> Result<Config, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.toml");
    std::fs::write(&path, text).unwrap();
    let shown = |error: ConfigError| error.to_string().replace(&*path.to_string_lossy(), "run.toml");
    tasks::load(Some(&path), &[]).map_err(shown)
}

#[test]
fn the_defaults_are_the_papers_table_8() {
    let number = |config: &Config, key: &str| config.flat()[key].as_integer();
    for (model, embed, hidden, layers, dropout) in [
        ("textcnn", 300, 128, None, 0.5),
        ("bilstm", 300, 128, Some(2), 0.5),
        ("bilstm-crf", 100, 256, Some(1), 0.5),
        ("bidaf", 100, 100, Some(1), 0.2),
    ] {
        let config = tasks::load(None, &sets(&[&format!("model.name={model}"), "data.dataset=x"])).unwrap();
        assert_eq!(number(&config, "model.embed_dim"), Some(embed), "{model}");
        assert_eq!(number(&config, "model.hidden_dim"), Some(hidden), "{model}");
        assert_eq!(config.flat().get("model.layers").and_then(Value::as_integer), layers, "{model}");
        assert_eq!(config.flat()["model.dropout"].as_float(), Some(dropout), "{model}");
    }
    let tagger = with("tag", &[]).unwrap();
    assert_eq!((number(&tagger, "data.min_count"), number(&tagger, "data.max_vocab")), (Some(1), Some(0)));
    assert_eq!((tagger.run.train.batch_size, tagger.run.train.metric.as_str()), (32, "f1"));
}

#[test]
fn a_key_without_effect_names_what_it_belongs_to() {
    for (task, set, owner) in [
        ("classify", "model.layers=3", "model.name = bilstm"),
        ("classify", "model.char_dim=9", "model.characters = cnn or lstm"),
        ("classify", "loss.gamma=1", "loss.name = focal"),
        ("classify", "data.format=tab", "data.train"),
        ("classify", "model.constraints=true", "gradus train tag"),
        ("classify", "optimizer.momentum=0.9", "optimizer.name = sgd or rmsprop"),
        ("classify", "schedule.patience=3", "schedule.name = plateau"),
        ("tag", "data.max_len=50", "gradus train classify or gradus train read"),
        ("tag", "loss.label_smoothing=0.1", "gradus train classify or gradus train read"),
        ("tag", "model.kernel_sizes=3", "gradus train classify"),
        ("read", "loss.class_weights=1,2", "gradus train classify"),
        ("read", "loss.temperature=0.2", "loss.contrastive"),
        ("classify", "model.layer_decay=0.9", "model.name = bert"),
    ] {
        let sets: &[&str] =
            if set.starts_with("model.layers") { &["model.name=textcnn", set] } else { &[set] };
        let error = refused(task, sets);
        assert!(error.starts_with(&format!("--set {set}: `")), "{error}");
        assert!(error.contains("has no effect") && error.contains(owner), "{error}");
    }
    for set in ["data.min_count=1", "data.tokenizer=english", "data.embeddings=FILE"] {
        let error = refused("classify", &["model.name=bert", "model.pretrained=FILE", set]);
        assert!(error.contains("has no effect") && error.contains("model.name = bilstm"), "{error}");
    }
    let error = refused("classify", &["data.train=mine.tsv"]);
    assert!(error.contains("`data.dataset` has no effect") && error.contains("data.train"), "{error}");
}

#[test]
fn a_model_can_have_its_own_defaults() {
    let bert = ["model.name=bert", "model.pretrained=some"];
    let config = with("classify", &bert).unwrap();
    assert_eq!((config.run.optimizer.lr, config.run.train.epochs), (5e-5, 3));
    let config = with("classify", &[&bert[..], &["train.epochs=4"]].concat()).unwrap();
    assert_eq!((config.run.optimizer.lr, config.run.train.epochs), (5e-5, 4));
    assert_eq!(with("classify", &[]).unwrap().run, Run { train: config_train(), ..Run::default() });
    let error = refused("classify", &bert[..1]);
    assert!(error.contains("`model.pretrained` must be the folder of a BERT"), "{error}");
    for (set, expected) in [
        ("model.layer_decay=0", "above 0 and at most 1"),
        ("data.max_len=2", "at least 3"),
        ("model.pooling=max", "cls, mean"),
    ] {
        let error = refused("classify", &[&bert[..], &[set]].concat());
        assert!(error.starts_with(&format!("--set {set}: ")) && error.contains(expected), "{error}");
    }
}

/// The training of a run of the first task.
fn config_train() -> Train {
    Train { metric: "accuracy".into(), ..Train::default() }
}

#[test]
fn every_key_of_every_owner_is_accepted_where_it_belongs() {
    for task in tasks::keys() {
        for example in (task.examples)() {
            let flat = flatten(&example);
            let value = |key: &str| match &flat[key] {
                Value::String(text) if key == "data.dataset" && text.is_empty() => "some".to_owned(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let mut all = vec![format!("task={}", task.task)];
            all.extend(flat.keys().map(|key| format!("{key}={}", value(key))));
            if let Err(error) = tasks::load(None, &all) {
                // The one loss that named data sets have no use for.
                assert!(error.to_string().contains("one label a text"), "{}: {error}", task.task);
            }
        }
    }
}

/// Settings for the paths that a model must be given.
fn paths(task: &TaskKeys, model: &str) -> Vec<String> {
    let examples: Vec<_> = (task.examples)().iter().map(flatten).collect();
    let of_model = examples.iter().find(|example| example["model.name"].as_str() == Some(model)).unwrap();
    let needed = of_model.iter().filter(|(key, value)| key.starts_with("model.") && is_path(value));
    needed.map(|(key, _)| format!("{key}=some")).collect()
}

#[test]
fn what_is_written_is_read_back() {
    for task in tasks::keys() {
        for name in task.choices_of("model.name") {
            let mut all = vec![format!("model.name={name}"), "optimizer.lr=5e-4".into()];
            all.extend(paths(&task, &name));
            let config = with(task.task, &all.iter().map(String::as_str).collect::<Vec<_>>()).unwrap();
            assert_eq!(file(&config.to_toml()).unwrap(), config, "{}", config.to_toml());
        }
    }
}

#[test]
fn a_key_without_effect_is_refused_in_the_name_of_its_owner() {
    let bert: &[&str] = &["model.name=bert", "model.pretrained=x"];
    let [set, file, student]: [&[&str]; 3] = [&["data.dataset=x"], &["data.train=x"], &["loss.teacher=x"]];
    const WORDS: &str = "model.name = bilstm or textcnn";
    const TEACHER: &str = "runs with loss.teacher (gradus distil)";
    for (task, run, key, owner) in [
        ("classify", [set, bert], "data.min_count", WORDS),
        ("classify", [file, bert], "data.min_count", WORDS),
        ("classify", [file, bert], "data.tokenizer", WORDS),
        ("tag", [file, bert], "data.min_count", "model.name = bilstm-crf"),
        ("read", [file, bert], "data.min_count", "model.name = bidaf"),
        ("classify", [file, &[]], "model.pretrained", "model.name = bert"),
        ("classify", [file, &[]], "model.pooling", "model.name = bert"),
        ("classify", [file, &["loss.name=focal"]], "model.pooling", "model.name = bert"),
        ("classify", [set, &[]], "model.frozen_layers", "model.name = bert with model.pretrained"),
        ("classify", [file, bert], "model.hidden_dim", WORDS),
        ("classify", [set, bert], "model.char_dim", &*format!("{WORDS} with model.characters = cnn or lstm")),
        ("classify", [set, &[]], "model.char_dim", "model.characters = cnn or lstm"),
        ("classify", [set, &[]], "loss.unlabelled", TEACHER),
        ("tag", [set, &[]], "loss.unlabelled", TEACHER),
        ("tag", [set, bert], "loss.copies", TEACHER),
        (
            "classify",
            [file, &[]],
            "loss.temperature",
            &*format!("{TEACHER} with loss.objective = soft or hidden"),
        ),
        ("classify", [file, student], "loss.hidden_weight", "loss.objective = hidden"),
        ("classify", [set, &[]], "model.hidden_size", "model.name = bert with loss.teacher (gradus distil)"),
        (
            "classify",
            [set, bert],
            "model.hidden_size",
            "runs without model.pretrained with loss.teacher (gradus distil)",
        ),
        ("masked", [set, &["model.pretrained=x"]], "model.hidden_size", "runs without model.pretrained"),
        (
            "read",
            [set, &[]],
            "loss.margin",
            "loss.contrastive = embedding or encoding or both with loss.contrastive_loss = triplet",
        ),
        ("classify", [set, &[]], "data.format", "runs with data.train"),
        ("classify", [set, &["loss.name=ghm"]], "loss.gamma", "loss.name = focal"),
        ("classify", [set, &[]], "optimizer.momentum", "optimizer.name = sgd or rmsprop"),
        ("classify", [set, &["data.tokenizer=whitespace"]], "data.html", "runs with another data.tokenizer"),
        ("classify", [set, &[]], "model.constraints", "gradus train tag"),
    ] {
        let all: Vec<TaskKeys> = tasks::keys();
        let value = all.iter().find_map(|of| of.all_examples().iter().find_map(|keys| keys.get(key)));
        let value =
            value.map_or(String::new(), |value| value.as_str().map_or(value.to_string(), String::from));
        let mut sets = sets(&[&format!("task={task}")]);
        sets.extend(run.concat().into_iter().map(String::from));
        assert!(tasks::load(None, &sets).is_ok(), "{sets:?}");
        sets.push(format!("{key}={value}"));
        let error = tasks::load(None, &sets).unwrap_err().to_string();
        assert!(error.contains(&format!("it belongs to {owner}; leave it out")), "{owner}: {error}");
    }
}

#[test]
fn settings_overlay_the_file_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.toml");
    std::fs::write(&path, "task = 'classify'\nseed = 3\n[data]\ndataset = 'reviews'\n[model]\nlayers = 3\n")
        .unwrap();
    let config = tasks::load(Some(&path), &sets(&["seed=4", "model.kernel_sizes=2,3"]));
    assert!(config.unwrap_err().to_string().contains("belongs to model.name = textcnn"));
    let config = tasks::load(Some(&path), &sets(&["seed=4", "seed=5"])).unwrap();
    assert_eq!((config.run.seed, config.flat()["model.layers"].as_integer()), (5, Some(3)));
}

#[test]
fn paths_are_made_absolute_whichever_way_they_come() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.toml");
    std::fs::write(&path, "task = 'classify'\n[data]\ntrain = 'mine.tsv'\n").unwrap();
    let config = tasks::load(Some(&path), &sets(&["data.test=other.tsv"])).unwrap();
    assert_eq!(Path::new(config.text("data.train")), folder.path().join("mine.tsv"));
    let here = std::env::current_dir().unwrap().join("other.tsv");
    assert_eq!(Path::new(config.text("data.test")), here);
}

#[test]
fn faults_of_a_file_are_named_with_their_line() {
    let message = |text: &str| file(text).unwrap_err();
    let start = "task = 'classify'\n";
    assert!(
        message(&format!("{start}[train]\nepochs = 'x'"))
            .starts_with("run.toml, line 3: `train.epochs` expects")
    );
    assert!(
        message(&format!("{start}[trian]\nepochs = 1"))
            .contains("line 3: there is no key `trian.epochs`; did you mean `train.epochs`?")
    );
    let name = message(&format!("{start}[loss]\nname = 'fokal'\n"));
    assert!(
        name.starts_with("run.toml, line 3: `loss.name` must be one of cross_entropy, focal, ghm"),
        "{name}"
    );
    assert!(name.ends_with("found `fokal`; did you mean `focal`?"), "{name}");
    let format = refused("classify", &["data.train=mine.txt", "data.format=conll"]);
    assert!(format.contains("`data.format` must be one of auto, header, tab"), "{format}");
    assert!(format.ends_with("found `conll`, which is for gradus train tag"), "{format}");
    let syntax = message("seed = 1\nthreads = = 2\n");
    assert!(syntax.starts_with("run.toml, line 2: expected TOML") && !syntax.contains('\n'), "{syntax}");
    assert!(message("seed = 1\n").contains("expected a `task`, one of classify, tag, read"));
}

#[test]
fn long_and_strange_keys_are_answered_at_once() {
    let long = format!("{}=1", "k".repeat(3_000_000));
    let error = refused("classify", &[&long]);
    assert!(error.len() < 500 && error.contains("there is no key"), "{}", error.len());
    let long = format!("model.name={}", "m".repeat(40_000_000));
    assert!(refused("classify", &[&long]).len() < 500);
    assert!(refused("classify", &["a\u{1b}[31m=1"]).chars().all(|c| !c.is_control()));
}

#[test]
fn values_out_of_range_are_refused() {
    let cases = [
        ("classify", "seed=9223372036854775808"),
        ("classify", "threads=513"),
        ("classify", "data.tokenizer=french"),
        ("classify", "model.name=rnn"),
        ("classify", "model.embed_dim=0"),
        ("classify", "model.hidden_dim=0"),
        ("classify", "model.layers=80000000"),
        ("classify", "model.dropout=1"),
        ("classify", "model.attention_heads=7"),
        ("classify", "loss.label_smoothing=1"),
        ("classify", "loss.class_weights=1,-1"),
        ("classify", "loss.l2=inf"),
        ("classify", "loss.name=binary_cross_entropy"),
        ("classify", "optimizer.lr=nan"),
        ("classify", "optimizer.beta1=1"),
        ("classify", "train.epochs=0"),
        ("classify", "train.metric=bleu"),
        ("classify", "precision=bf16"),
        ("tag", "model.unk_singletons=1"),
        ("read", "model.max_answer=0"),
    ];
    for (task, text) in cases {
        let error = refused(task, &[text]);
        assert!(error.starts_with("--set ") && error.contains("found"), "{text}: {error}");
    }
    for (name, text) in [
        ("loss.name=ghm", "loss.bins=1000000000"),
        ("loss.name=focal", "loss.gamma=-1"),
        ("optimizer.name=sgd", "optimizer.dampening=0.5"),
        ("optimizer.name=sgd", "optimizer.nesterov=true"),
        ("schedule.name=cosine", "schedule.min_lr=0.002"),
        ("schedule.name=plateau", "schedule.min_lr=1"),
    ] {
        let error = refused("classify", &[name, text]);
        assert!(error.starts_with(&format!("--set {text}")), "{error}");
    }
    for sets in [
        ["optimizer.name=sgd", "optimizer.momentum=0.9", "optimizer.dampening=0.5"],
        ["schedule.name=cosine", "schedule.min_lr=0.001", "optimizer.lr=0.001"],
    ] {
        assert!(with("classify", &sets).is_ok(), "{sets:?}");
    }
}

#[test]
fn resuming_changes_only_what_may_change() {
    let saved = with("classify", &["model.name=textcnn", "train.batch_size=32"]).unwrap();
    let keys = tasks::keys();
    let resumed = |texts: &[&str]| resume(&keys, &saved, &sets(texts));
    let config = resumed(&["optimizer.lr=1e-4", "schedule.name=cosine", "train.epochs=20"]).unwrap();
    assert_eq!((config.run.optimizer.lr, config.run.train.epochs), (1e-4, 20));
    assert!(config.run.schedule.depends_on_total() && !saved.run.schedule.depends_on_total());
    assert_eq!(resumed(&["train.batch_size=32"]).unwrap(), saved, "no change is no error");
    let error = resumed(&["model.embed_dim=7"]).unwrap_err().to_string();
    assert!(error.contains("`model.embed_dim` cannot change from 300 to 7"), "{error}");
    assert!(error.contains("optimizer.lr") && error.contains("data.train"), "{error}");
    let sets = ["schedule.name=cosine", "schedule.min_lr=1e-4"];
    let error =
        resume(&keys, &with("classify", &sets).unwrap(), &["optimizer.lr=1e-5".to_owned()]).unwrap_err();
    let expected = "`schedule.min_lr` must be at most `optimizer.lr`, which is 0.00001, found 0.0001";
    assert!(error.to_string().contains(expected), "{error}");
    let error = resumed(&["task=tag"]).unwrap_err().to_string();
    assert!(error.contains("`task` cannot change from classify to tag"), "{error}");
}

#[test]
fn keys_in_which_two_configurations_differ() {
    let a = with("classify", &["model.name=bilstm"]).unwrap();
    let b = with("classify", &["model.name=textcnn", "optimizer.lr=0.01"]).unwrap();
    let differing = diff(&a, &b);
    let of = |key: &str| {
        differing.iter().find(|(known, ..)| known == key).map(|(_, a, b)| (a.as_str(), b.as_str()))
    };
    assert_eq!(of("optimizer.lr"), Some(("0.001", "0.01")));
    assert_eq!(of("model.layers"), Some(("2", "")));
    assert_eq!(of("seed"), None);
    assert_eq!(diff(&a, &a), []);
}

#[test]
fn what_differs_of_some_keys_is_named_once() {
    let differing = |task: &str, keys: &[&'static str], [a, b]: [&[&str]; 2]| {
        let task_keys = tasks::keys().into_iter().find(|keys| keys.task == task).unwrap();
        let [a, b] = [a, b].map(|sets| {
            let sets = sets.iter().map(|set| (*set).to_owned()).chain([format!("task={task}")]);
            tasks::load(None, &sets.collect::<Vec<_>>()).unwrap()
        });
        task_keys.differing(keys, &a, &b).join(", ")
    };
    let set: &[&str] = &["data.dataset=reviews"];
    let own: &[&str] = &["data.train=/a.csv", "data.text_column=body"];
    let reading = ["data.format", "data.text_column", "data.label_column", "data.max_len"];
    assert_eq!(differing("classify", &reading, [set, own]), "data.text_column", "the others are defaults");
    assert_eq!(differing("classify", &reading, [set, set]), "");
    let source = ["data.dataset", "data.train", "data.dev", "data.test"];
    let more = [own, &["data.test=/b.csv"]].concat();
    assert_eq!(differing("classify", &source, [own, &more]), "data.test");
    assert_eq!(differing("classify", &source, [set, &more]), "data.train", "it decides about the others");
    let pieces = ["data.mask_share", "model.pretrained", "model.vocab_size"];
    let [fresh, begun]: [&[&str]; 2] = [
        &["data.dataset=almanac", "model.vocab_size=64"],
        &["data.dataset=almanac", "model.pretrained=/a", "data.mask_share=0.2"],
    ];
    assert_eq!(differing("masked", &pieces, [fresh, begun]), "data.mask_share, model.pretrained");
}

#[test]
fn every_key_has_an_owner_in_the_list() {
    for task in tasks::keys() {
        let listed: std::collections::BTreeSet<String> =
            owners(&task).into_iter().chain(run_owners()).flat_map(|(_, keys)| keys.into_keys()).collect();
        let all: std::collections::BTreeSet<String> =
            task.kinds().into_keys().filter(|k| k != "task").collect();
        assert_eq!(listed, all, "{}", task.task);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn any_text_is_a_configuration_or_one_sentence(text in "\\PC{0,40}", tail in "[a-z._]{0,12}(=[0-9a-z,.\\[\\] -]{0,8})?") {
        for text in [text, tail] {
            if let Err(error) = with("classify", &[&text]) {
                let shown = error.to_string();
                prop_assert!(!shown.contains('\n') && shown.len() < 3000, "{shown}");
            }
        }
    }

    #[test]
    fn any_file_is_a_configuration_or_one_sentence(text in "([a-z.\\[\\]]{0,8}( = )?[0-9a-z'\"\\[\\],.{}-]{0,8}\n?){0,5}") {
        if let Err(error) = file(&text) {
            prop_assert!(!error.contains('\n'), "{error}");
        }
    }
}

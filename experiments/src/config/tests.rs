use std::io::Write;
use std::path::PathBuf;

use proptest::prelude::*;
use toml::Value;

use super::*;

fn sets(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| text.to_string()).collect()
}

fn set(text: &str) -> Result<Config, ConfigError> {
    load(None, &sets(&[text]))
}

/// Loads a file of that text; the file's name in a message is cut down to `run.toml`.
fn file(text: &str) -> Result<Config, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.toml");
    std::fs::File::create(&path).unwrap().write_all(text.as_bytes()).unwrap();
    load(Some(&path), &[]).map_err(|error| error.to_string().replace(path.to_str().unwrap(), "run.toml"))
}

#[test]
fn defaults_are_table_8() {
    let config = Config::default();
    let model = &config.model;
    assert_eq!((model.embed_dim, model.hidden_dim, model.layers, model.dropout), (300, 128, 2, 0.5));
    let cnn = Config::for_model("textcnn").unwrap().model;
    assert_eq!(
        (cnn.embed_dim, cnn.hidden_dim, cnn.dropout, cnn.kernel_sizes),
        (300, 128, 0.5, vec![3, 4, 5])
    );
    assert!(config.validate().is_ok());
    let error = Config::for_model("texcnn").unwrap_err().to_string();
    assert!(error.contains("one of bilstm, textcnn") && error.contains("did you mean `textcnn`?"), "{error}");
}

#[test]
fn keys_are_dotted_and_complete() {
    let expected = "data.dataset data.dev data.dev_limit data.embeddings data.format data.lowercase data.max_len \
        data.max_vocab data.min_count data.scheme data.tag_column data.test data.test_limit data.tokenizer data.train \
        data.train_limit data.word_column device \
        loss.bins loss.class_weights loss.contrastive loss.contrastive_loss loss.contrastive_weight loss.gamma loss.l1 \
        loss.l2 loss.label_smoothing loss.margin loss.momentum loss.name loss.temperature \
        model.attention_heads model.char_dim model.char_embed_dim model.char_max_len model.characters model.constraints \
        model.dropout model.embed_dim model.embed_std model.embedding_dropout model.hidden_dim model.kernel_sizes \
        model.layer_norm model.layers model.max_answer model.name model.unk_singletons \
        optimizer.alpha optimizer.beta1 optimizer.beta2 optimizer.eps optimizer.lr optimizer.momentum \
        optimizer.name optimizer.nesterov optimizer.weight_decay precision \
        schedule.factor schedule.gamma schedule.min_lr schedule.name schedule.patience schedule.step_size \
        schedule.warmup_steps seed task threads \
        train.average train.batch_size train.checkpoint_every train.clip_norm train.clip_value train.epochs \
        train.eval_batch_size train.log_every train.metric train.patience";
    assert_eq!(Config::keys(), expected.split_whitespace().collect::<Vec<_>>());
}

#[test]
fn written_configuration_loads_back_equal() {
    let mut config = Config::for_model("textcnn").unwrap();
    config.data.train = Some("my data/train.tsv".into());
    config.loss.class_weights = vec![1.0, 2.5];
    config.seed = i64::MAX as u64;
    config.optimizer.lr = 1.0 / 3.0;
    assert_eq!(file(&config.to_toml()).unwrap(), config);
}

#[test]
fn sets_win_over_the_file_and_later_sets_over_earlier() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.toml");
    std::fs::write(&path, "seed = 7\nmodel.name = 'textcnn'\n[train]\nepochs = 9\nclip_norm = 5\n").unwrap();
    let config = load(Some(&path), &sets(&["train.epochs=2", "train.epochs = 3"])).unwrap();
    assert_eq!((config.seed, config.train.epochs, config.train.clip_norm), (7, 3, 5.0));
    assert_eq!(config.model.name, "textcnn");
}

#[test]
fn set_takes_text_bare_or_quoted_and_lists_with_or_without_brackets() {
    assert_eq!(set("loss.name=focal").unwrap().loss.name, "focal");
    assert_eq!(set("loss.name=\"focal\"").unwrap().loss.name, "focal");
    assert_eq!(set("data.train=a=b.tsv").unwrap().data.train, Some(PathBuf::from("a=b.tsv")));
    assert_eq!(set("data.train=").unwrap().data.train, None);
    assert_eq!(set("model.kernel_sizes=[2, 3]").unwrap().model.kernel_sizes, [2, 3]);
    assert_eq!(set("loss.class_weights=1,2.5").unwrap().loss.class_weights, [1.0, 2.5]);
    assert_eq!(set("loss.class_weights=[]").unwrap().loss.class_weights, [0.0; 0]);
    assert!(set("model.layer_norm=true").unwrap().model.layer_norm);
}

#[test]
fn unknown_keys_name_the_nearest() {
    let nearest = |key: &str| match set(&format!("{key}=1")) {
        Err(ConfigError::UnknownKey { nearest, .. }) => nearest,
        other => panic!("{key}: {other:?}"),
    };
    assert_eq!(nearest("lr"), "optimizer.lr");
    assert_eq!(nearest("train.lr"), "optimizer.lr");
    assert_eq!(nearest("optimiser.lr"), "optimizer.lr");
    assert_eq!(nearest("train.epoch"), "train.epochs");
    assert_eq!(nearest("model.kernelsizes"), "model.kernel_sizes");
    assert_eq!(nearest("sed"), "seed");
}

#[test]
fn messages_name_place_key_expected_and_found() {
    let message = |text: &str| set(text).unwrap_err().to_string();
    assert_eq!(message("seed"), "--set seed: expected KEY=VALUE, as in --set train.epochs=3");
    assert_eq!(
        message("optimizer.lr=fast"),
        "--set optimizer.lr=fast: `optimizer.lr` expects a number, found `fast`"
    );
    assert_eq!(
        message("optimizer.lr="),
        "--set optimizer.lr=: `optimizer.lr` expects a number, found nothing"
    );
    assert_eq!(
        message("model.dropout=1"),
        "--set model.dropout=1: `model.dropout` must be at least 0 and below 1, found 1"
    );
    for wrong in ["train.epochs=-1", "train.epochs=1.5", "model.kernel_sizes=3,,4", "model.layer_norm=1"] {
        assert!(matches!(set(wrong), Err(ConfigError::WrongType { .. })), "{wrong}");
    }
    let seed = message("seed=9223372036854775808");
    assert!(seed.contains("from 0 to 9223372036854775807"), "{seed}");
}

#[test]
fn file_messages_name_file_and_line() {
    let message = |text: &str| file(text).unwrap_err();
    assert_eq!(
        message("seed = 1\n\n[train]\nepoch = 3\n"),
        "run.toml, line 4: there is no key `train.epoch`; did you mean `train.epochs`?"
    );
    assert_eq!(
        message("[train]\nepochs = \"five\"\n"),
        "run.toml, line 2: `train.epochs` expects a whole number from 0 to 9223372036854775807, found the text \"five\""
    );
    assert_eq!(
        message("[model]\nkernel_sizes = [3, 0.5]\n"),
        "run.toml, line 2: `model.kernel_sizes` expects a list of whole numbers, as in [3, 4, 5], found the list [the whole number 3, the number 0.5]"
    );
    assert_eq!(
        message("\nmodel = 'bilstm'\n"),
        "run.toml, line 2: `model` expects a section of keys, found the text \"bilstm\""
    );
    assert_eq!(
        message("[train.epochs]\n"),
        "run.toml, line 1: `train.epochs` expects a whole number from 0 to 9223372036854775807, found a section of keys"
    );
    assert_eq!(
        message("[trian]\nepochs = 1"),
        "run.toml, line 2: there is no key `trian.epochs`; did you mean `train.epochs`?"
    );
    assert!(message("seed = 1\n[trian]\n").starts_with("run.toml, line 2: there is no key `trian`"));
    let name = message("seed = 1\n[loss]\nname = 'fokal'\n");
    assert!(
        name.starts_with("run.toml, line 3: `loss.name` must be one of cross_entropy, focal, ghm"),
        "{name}"
    );
    assert!(name.ends_with("found `fokal`; did you mean `focal`?"), "{name}");
    let syntax = message("seed = 1\nthreads = = 2\n");
    assert!(syntax.starts_with("run.toml, line 2: expected TOML"), "{syntax}");
    assert!(!syntax.contains('\n'), "{syntax}");
    let twice = message("seed = 1\nseed = 2\n");
    assert!(twice.starts_with("run.toml, line 2: expected TOML"), "{twice}");
}

#[test]
fn a_missing_file_is_named() {
    let error = load(Some(Path::new("nowhere/run.toml")), &[]).unwrap_err().to_string();
    assert!(error.starts_with("nowhere/run.toml: the configuration file cannot be read"), "{error}");
}

#[test]
fn validate_refuses_each_value_out_of_range() {
    let cases = [
        "task=parse",
        "data.tokenizer=french",
        "model.name=rnn",
        "model.embed_dim=0",
        "model.embed_std=0",
        "model.hidden_dim=0",
        "model.layers=0",
        "model.kernel_sizes=[]",
        "model.kernel_sizes=3,0",
        "model.dropout=-0.1",
        "model.embedding_dropout=1",
        "loss.name=hinge",
        "loss.gamma=-1",
        "loss.bins=0",
        "loss.momentum=1",
        "loss.label_smoothing=1",
        "loss.l1=-1",
        "loss.l2=inf",
        "loss.class_weights=1,-1",
        "loss.class_weights=0,0",
        "optimizer.name=lion",
        "optimizer.lr=0",
        "optimizer.lr=nan",
        "optimizer.beta1=1",
        "optimizer.beta2=1",
        "optimizer.eps=0",
        "optimizer.alpha=1",
        "optimizer.momentum=1",
        "optimizer.nesterov=true",
        "optimizer.weight_decay=-1",
        "schedule.name=triangle",
        "schedule.step_size=0",
        "schedule.gamma=0",
        "schedule.min_lr=-1",
        "schedule.factor=1.5",
        "train.epochs=0",
        "train.batch_size=0",
        "train.eval_batch_size=0",
        "train.clip_norm=-1",
        "train.clip_value=nan",
        "train.log_every=0",
        "train.metric=bleu",
        "precision=f8",
        "precision=bf16",
    ];
    for text in cases {
        let key = text.split_once('=').unwrap().0;
        match set(text) {
            Err(ConfigError::OutOfRange { at: Place::Set(at), key: found, .. }) => {
                assert_eq!((&*at, &*found), (text, key))
            }
            other => panic!("{text}: {other:?}"),
        }
    }
    let config = load(None, &sets(&["device=cuda:1", "precision=bf16"])).unwrap();
    assert_eq!(config.precision(), Precision::Bf16);
    let config = Config { seed: u64::MAX, ..Config::default() };
    assert!(matches!(config.validate(), Err(ConfigError::OutOfRange { .. })));
}

#[test]
fn diff_lists_what_differs() {
    let mut other = Config::default();
    other.optimizer.lr = 0.01;
    other.data.dev = Some("dev.tsv".into());
    let entry = |key: &str, a: &str, b: &str| (key.to_owned(), a.to_owned(), b.to_owned());
    let expected = vec![entry("data.dev", "\"\"", "\"dev.tsv\""), entry("optimizer.lr", "0.001", "0.01")];
    assert_eq!(diff(&Config::default(), &other), expected);
    assert_eq!(diff(&other, &other), []);
}

#[test]
fn resuming_changes_only_what_may_change() {
    let mut saved = Config::for_model("textcnn").unwrap();
    saved.train.batch_size = 32;
    let config =
        resume(&saved, &sets(&["optimizer.lr=1e-4", "schedule.name=cosine", "train.epochs=20"])).unwrap();
    assert_eq!((config.optimizer.lr, config.train.epochs, config.train.batch_size), (1e-4, 20, 32));
    assert_eq!(config.schedule.name, "cosine");
    assert_eq!(resume(&saved, &sets(&["train.batch_size=32"])).unwrap(), saved, "no change is no error");
    let error = resume(&saved, &sets(&["optimizer.lr=1e-4", "model.name=bilstm"])).unwrap_err().to_string();
    assert!(error.contains("`model.name` cannot change from \"textcnn\" to \"bilstm\""), "{error}");
    for key in resume_keys() {
        assert!(error.contains(&key) && Config::keys().contains(&key), "{key}: {error}");
    }
}

/// A value of the same type as the key's default, written as `--set` takes it.
fn value_like(default: &Value) -> BoxedStrategy<(String, Value)> {
    let number = (-1e9..1e9f64).prop_map(|x| (format!("{x}"), Value::Float(x)));
    match default {
        Value::String(_) => {
            "[a-z/_=. ]{0,12}".prop_map(|t| (t.clone(), Value::String(t.trim().into()))).boxed()
        }
        Value::Integer(_) => (0..=i64::MAX).prop_map(|n| (n.to_string(), Value::Integer(n))).boxed(),
        Value::Boolean(_) => any::<bool>().prop_map(|b| (b.to_string(), Value::Boolean(b))).boxed(),
        Value::Array(items) if !items.is_empty() => {
            prop::collection::vec(0..1000i64, 0..5).prop_map(|n| (format!("{n:?}"), Value::from(n))).boxed()
        }
        Value::Array(_) => {
            prop::collection::vec(-9.0..9.0f64, 0..5).prop_map(|x| (format!("{x:?}"), Value::from(x))).boxed()
        }
        _ => number.boxed(),
    }
}

fn any_setting() -> impl Strategy<Value = (String, String, Value)> {
    let known: Vec<_> = Config::default().flat().into_iter().collect();
    prop::sample::select(known).prop_flat_map(|(key, default)| {
        value_like(&default).prop_map(move |(text, value)| (key.clone(), text, value))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn a_value_of_the_keys_type_is_read_as_it_is((key, text, value) in any_setting()) {
        let known = Config::default().flat();
        let setting = overlay::from_set(&format!("{key} = {text}"), &known).unwrap();
        prop_assert_eq!((&setting.key, &setting.value), (&key, &value));
        let quoted = if value.is_str() { value.to_string() } else { text };
        let line = format!("# a comment\n{key} = {quoted}\n");
        let from_file = overlay::from_toml(&line, Path::new("run.toml"), &known).unwrap();
        prop_assert_eq!(from_file.len(), 1);
        prop_assert_eq!((&from_file[0].key, &from_file[0].value), (&key, &value));
        prop_assert_eq!(&from_file[0].at, &Place::File { path: "run.toml".into(), line: 2 });
    }

    #[test]
    fn any_text_is_a_configuration_or_one_sentence(text in "\\PC{0,40}", tail in "[a-z._]{0,12}(=[0-9a-z,.\\[\\] -]{0,8})?") {
        for text in [text, tail] {
            let shown = match set(&text) {
                Ok(config) => { prop_assert!(config.validate().is_ok()); continue }
                Err(error) => error.to_string(),
            };
            prop_assert!(shown.starts_with(&format!("--set {text}")) , "{shown}");
        }
    }

    #[test]
    fn any_file_is_a_configuration_or_one_sentence(text in "([a-z.\\[\\]]{0,8}( = )?[0-9a-z'\"\\[\\],.{}-]{0,8}\n?){0,5}") {
        match file(&text) {
            Ok(config) => prop_assert!(config.validate().is_ok()),
            Err(error) => prop_assert!(error.starts_with("run.toml, line ") && !error.contains('\n'), "{error}"),
        }
    }
}

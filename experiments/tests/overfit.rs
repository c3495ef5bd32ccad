//! Each model learns a hundred examples by heart: whatever is wrong in a model, its loss or its decoding shows here.

use gradus::config::{self, Config};
use gradus::run::{Task, View, Where, run};
use gradus::tasks::{classify, read, tag};

/// A hundred training examples, nothing random but the order and the first weights, and a small model.
fn config(sets: &[&str]) -> Config {
    let few = ["data.train_limit=100", "data.dev_limit=10", "data.test_limit=10", "data.min_count=1"];
    let small = ["model.embed_dim=24", "model.hidden_dim=16", "model.layers=1", "model.dropout=0"];
    let quick = ["model.unk_singletons=0", "train.batch_size=10", "optimizer.lr=1e-2"];
    let all: Vec<String> =
        few.iter().chain(&small).chain(&quick).chain(sets).map(|set| (*set).to_owned()).collect();
    config::load(None, &all).unwrap()
}

/// The metric that the best epoch is chosen by, on the development split.
fn best(config: &Config, data: &dyn Task) -> f64 {
    let trained = run(config, data, Where::Memory, &View::hidden()).unwrap();
    trained.dev[&config.train.metric]
}

#[test]
fn classifiers() {
    for model in ["textcnn", "bilstm"] {
        let name = format!("model.name={model}");
        let config = config(&[&name, "data.dataset=reviews", "train.epochs=12"]);
        let mut data = classify::prepare(&config, None).unwrap();
        data.dev = data.train.clone();
        assert_eq!(data.dev.texts.len(), 100);
        let accuracy = best(&config, &data);
        assert!(accuracy >= 0.99, "{model}: {accuracy}");
    }
}

#[test]
fn the_tagger() {
    let config = config(&["model.name=bilstm-crf", "data.dataset=names", "train.epochs=20"]);
    let mut data = tag::prepare(&config, None).unwrap();
    (data.set.dev, data.dev) = (data.set.train.clone(), data.train.clone());
    assert_eq!(data.dev.texts.len(), 100);
    let f1 = best(&config, &data);
    assert!(f1 >= 0.99, "{f1}");
}

#[test]
fn the_reader() {
    let sets = ["model.name=bidaf", "data.dataset=passages", "train.epochs=30", "train.metric=em"];
    let config = config(&sets);
    let mut data = read::prepare(&config, None).unwrap();
    (data.set.dev, data.dev) = (data.set.train.clone(), data.train.clone());
    assert_eq!(data.dev.questions.len(), 100);
    let em = best(&config, &data);
    assert!(em >= 0.99, "{em}");
}

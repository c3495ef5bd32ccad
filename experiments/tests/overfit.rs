//! Each model learns a hundred examples by heart: whatever is wrong in a model, its loss or its decoding shows here.

use gradus::data::Split;
use gradus::data::formats::{conll, squad};
use gradus::data::generated::Sizes;
use gradus::run::{From, Training, View, Where, train};
use gradus::tasks::classify::generated::{Kind, classification};
use gradus::tasks::read::generated::reading;
use gradus::tasks::tag::generated::{Corpus, tagging};

const SIZES: Sizes = Sizes { train: 100, dev: 10, test: 10 };

/// The metric that the best epoch is chosen by, of a small model without anything random but the order and the first
/// weights, on the hundred examples of the file that it was trained on.
fn learned(task: &str, text: &str, sets: &[&str]) -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hundred");
    std::fs::write(&path, text).unwrap();
    let files = ["train", "dev", "test"].map(|split| format!("data.{split}={}", path.display()));
    let common = ["data.min_count=1", "model.embed_dim=24", "model.hidden_dim=16", "model.dropout=0"];
    let common = common.into_iter().chain(["train.batch_size=10", "optimizer.lr=1e-2"]);
    let task = [format!("task={task}")].into_iter().chain(files);
    let all: Vec<String> = task.chain(common.chain(sets.iter().copied()).map(String::from)).collect();
    let config = gradus::tasks::load(None, &all).unwrap();
    let task = gradus::tasks::of(&config);
    let job = task.prepare(&config, &From::default()).unwrap();
    assert_eq!(Split::ALL.map(|split| job.count(split)), [100; 3]);
    let training = Training { config: &config, keys: task.keys(), metrics: task.metrics(), data: &*job };
    let trained = train(training, Where::Memory, &View::hidden()).unwrap();
    trained.dev[&config.run.train.metric]
}

#[test]
fn classifiers() {
    let set = classification(Kind::Reviews, 1, SIZES);
    let line = |e: &gradus::data::Example| format!("{}\t{}\n", set.labels[e.labels[0]], e.text);
    let text: String = set.train.iter().map(line).collect();
    for model in ["model.name=textcnn", "model.name=bilstm"] {
        for characters in ["model.characters=none", "model.characters=cnn"] {
            let accuracy = learned("classify", &text, &[model, characters, "train.epochs=12"]);
            assert!(accuracy >= 0.99, "{model} {characters}: {accuracy}");
        }
    }
}

#[test]
fn the_tagger() {
    let set = tagging(Corpus::Names, 1, SIZES);
    let text = conll::write(&set.train, &set.labels);
    let f1 = learned("tag", &text, &["model.unk_singletons=0", "train.epochs=40"]);
    assert!(f1 >= 0.99, "{f1}");
}

#[test]
fn the_reader() {
    let text = squad::write(&reading(1, SIZES).train);
    let em = learned("read", &text, &["train.epochs=60", "train.metric=em"]);
    assert!(em >= 0.99, "{em}");
}

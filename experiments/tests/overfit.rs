//! Each model learns a hundred examples by heart: whatever is wrong in a model, its loss or its decoding shows here.

use gradus::data::Split;
use gradus::data::formats::{conll, conllu, squad};
use gradus::data::generated::Sizes;
use gradus::data::generated::languages::{LANGUAGES, meanings};
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
    let words = [
        "data.min_count=1",
        "model.embed_dim=24",
        "model.hidden_dim=16",
        "model.dropout=0",
        "optimizer.lr=1e-2",
    ];
    let pieces = ["model.hidden_dropout_prob=0", "model.attention_probs_dropout_prob=0", "optimizer.lr=3e-3"];
    let common = match task {
        "masked" => &pieces[..],
        "probe" => &pieces[2..],
        "language" => &words[1..2],
        "translate" => &["model.dropout=0", "model.embed_dim=48", "loss.label_smoothing=0"],
        _ => &words,
    };
    let common = common.iter().chain(sets).copied().chain(["train.batch_size=10"]);
    let task = [format!("task={task}")].into_iter().chain(files);
    let all: Vec<String> = task.chain(common.map(String::from)).collect();
    let config = gradus::tasks::load(None, &all).unwrap();
    let task = gradus::tasks::of(&config);
    let job = task.prepare(&config, &From::default()).unwrap();
    assert_eq!([job.learned(), job.count(Split::Dev), job.count(Split::Test)], [100; 3]);
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

/// Twenty sentences of eight words, of which each tells all others.
#[test]
fn the_masked_language_model() {
    let sentence = |i: u8| {
        (b'a'..b'i').map(|c| format!("{}{} ", (b'a' + i % 20) as char, c as char)).collect::<String>()
    };
    let text: String = (0..100).map(|i| sentence(i) + "\n").collect();
    let sizes = ["hidden_size=32", "num_hidden_layers=1", "intermediate_size=64", "vocab_size=400"];
    let sizes = sizes.map(|size| format!("model.{size}"));
    let more = ["data.max_len=16", "train.epochs=150", "train.metric=accuracy"];
    let sets: Vec<&str> = sizes.iter().map(String::as_str).chain(more).collect();
    let accuracy = learned("masked", &text, &sets);
    assert!(accuracy >= 0.99, "{accuracy}");
}

/// Three words of ten, each of which has a translation, in the opposite order. BLEU has no four words to count.
#[test]
fn translators() {
    const WORDS: [[&str; 2]; 10] = [
        ["bird", "Vogel"],
        ["cat", "Katze"],
        ["dog", "Hund"],
        ["fish", "Fisch"],
        ["goat", "Ziege"],
        ["hare", "Hase"],
        ["lion", "Löwe"],
        ["mole", "Maulwurf"],
        ["newt", "Molch"],
        ["wolf", "Wolf"],
    ];
    let line = |i: usize| {
        let [a, b, c] = [i, i / 10 + 3 * i, 7 * i + i / 10].map(|place| WORDS[place % 10]);
        format!("{} {} {}\t{} {} {}\n", a[0], b[0], c[0], c[1], b[1], a[1])
    };
    let text: String = (0..100).map(line).collect();
    let transformer = ["model.layers=1", "model.feed_forward=96", "optimizer.lr=2e-3"];
    let rnn = ["model.name=seq2seq-rnn", "model.hidden_dim=32", "optimizer.lr=1e-2", "train.clip_norm=0"];
    for sets in [&transformer[..], &rnn] {
        let common =
            ["schedule.name=constant", "train.epochs=120", "train.metric=chrf", "data.vocab_size=400"];
        let chrf = learned("translate", &text, &[sets, &common].concat());
        assert!(chrf >= 99.0, "{sets:?}: {chrf}");
    }
}

/// A hundred lines that come again and again.
#[test]
fn language_models() {
    let line =
        |i: usize| (0..6).map(|k| format!("w{} ", (7 * i + (i % 5 + 1) * k * k) % 30)).collect::<String>();
    let text: String = (0..100).map(|i| line(i % 20) + "\n").collect();
    let sizes = ["data.stretch=24", "model.dropout=0", "train.metric=accuracy", "train.epochs=400"];
    let rnn = [
        "model.name=rnn-lm",
        "model.hidden_dim=32",
        "model.embedding_dropout=0",
        "optimizer.lr=1e-2",
        "data.context=12",
        "data.stride=12",
    ];
    // It knows by heart the stretches that it was trained on, in which the first token is the only context.
    let transformer = [
        "model.name=transformer-lm",
        "model.layers=2",
        "model.feed_forward=48",
        "optimizer.lr=5e-3",
        "data.context=1",
        "data.stride=24",
    ];
    for model in [rnn, transformer] {
        for unit in ["data.unit=words", "data.unit=characters"] {
            let sets: Vec<&str> = model.into_iter().chain(sizes).chain([unit]).collect();
            let accuracy = learned("language", &text, &sets);
            assert!(accuracy >= 0.9, "{} {unit}: {accuracy}", model[0]);
        }
    }
}

/// Words of a random BERT: each has one part of speech. Of the edges of trees, which random vectors hardly tell, a probe that
/// learned nothing finds a quarter.
#[test]
fn probes() {
    let [train, ..] = meanings(1, SIZES);
    let text = conllu::write(&train.iter().map(|meaning| LANGUAGES[0].parse(meaning)).collect::<Vec<_>>());
    let sizes = ["hidden_size=768", "num_hidden_layers=1", "intermediate_size=64", "vocab_size=800"];
    let sizes = sizes.map(|size| format!("model.{size}"));
    for (model, property, least) in
        [("linear", "pos", 0.99), ("mlp", "pos", 0.99), ("linear", "distance", 0.5)]
    {
        let asked = [format!("model.name={model}"), format!("probe.property={property}")];
        let sets = sizes.iter().chain(&asked).map(String::as_str).chain(["train.epochs=80"]);
        let accuracy = learned("probe", &text, &sets.collect::<Vec<_>>());
        assert!(accuracy >= least, "{model} {property}: {accuracy}");
    }
}

//! The budgets of all runs: one table with the sizes and seeds for each task and scale; those of models that write texts are in
//! `texts`. Budgets are defined nowhere else.

mod texts;

pub(super) use texts::{Kind, by_heart, for_as_long, language, of_all, of_equally_many, translation};

use crate::report::study::{Cell, DataSource, Scale};
use crate::run::Task;
use crate::tasks::{self, classify::Classify, read::Read, tag::Tag};
use Scale::{Full, Quick, Smoke, Standard};

/// Data sets with long texts, for which classifiers have separate budgets.
const LONG: &[&str] = &["imdb"];

/// The length of the texts that a run learns from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Length {
    Short,
    Long,
}
use Length::{Long, Short};

/// The budget of the runs of a task at a scale.
struct Budget {
    task: &'static str,
    length: Length,
    scale: Scale,
    model: Model,
    batch: usize,
    epochs: usize,
    /// Maximum number of examples in train, dev and test; 0 takes all.
    limits: [usize; 3],
    /// Maximum number of words per text, where 0 keeps all; `None` for tasks without this key.
    max_len: Option<usize>,
    /// Minimum count of a known word.
    min_count: usize,
    /// The learning rate of the Adam family: small runs take few steps, so their steps are larger.
    rate: f64,
    seeds: &'static [u64],
}

/// The sizes of a model; from [`Standard`] on they are those of the paper's Table 8.
struct Model {
    embed: usize,
    hidden: usize,
    layers: usize,
}

const fn model(embed: usize, hidden: usize, layers: usize) -> Model {
    Model { embed, hidden, layers }
}

const ONE: &[u64] = &[1];
const TWO: &[u64] = &[1, 2];
const THREE: &[u64] = &[1, 2, 3];

const C: &str = Classify::NAME;
const T: &str = Tag::NAME;
const R: &str = Read::NAME;

/// A tagger keeps words that occur once: a rare word is often a name.
#[rustfmt::skip]
const BUDGETS: [Budget; 16] = [
    //                       embed, hidden, layers  batch epochs train   dev   test      max_len  min_count rate seeds
    of(C, Short, Smoke,    model( 16,   8, 1),       16,  1, [  96,   48,   64],   Some( 32), 1,  3e-3,  ONE),
    of(C, Short, Quick,    model( 48,  32, 1),       32,  5, [5000,  600, 2000],   Some(100), 1,  3e-3,  TWO),
    of(C, Short, Standard, model(300, 128, 2),       64,  5, [   0,    0,    0],   Some(  0), 2,  1e-3,  THREE),
    of(C, Short, Full,     model(300, 128, 2),       64,  8, [   0,    0,    0],   Some(  0), 2,  1e-3,  THREE),
    of(C, Long,  Smoke,    model( 16,   8, 1),       16,  1, [  96,   48,   64],   Some( 32), 1,  3e-3,  ONE),
    of(C, Long,  Quick,    model( 48,  32, 1),       32,  4, [2000,  300,  800],   Some(100), 1,  3e-3,  TWO),
    of(C, Long,  Standard, model(300, 128, 2),       64,  4, [6000, 1000, 5000],   Some(300), 5,  1e-3,  TWO),
    of(C, Long,  Full,     model(300, 128, 2),       64,  5, [   0,    0,    0],   Some(400), 5,  1e-3,  THREE),
    of(T, Short, Smoke,    model( 16,   8, 1),       32,  1, [  96,   48,   64],   None,      1,  3e-3,  ONE),
    of(T, Short, Quick,    model( 48,  32, 1),       32,  4, [2000,  400,  800],   None,      1,  3e-3,  TWO),
    of(T, Short, Standard, model(100, 256, 1),       32,  8, [   0,    0,    0],   None,      1,  1e-3,  TWO),
    of(T, Short, Full,     model(100, 256, 1),       32, 20, [   0,    0,    0],   None,      1,  1e-3,  THREE),
    of(R, Short, Smoke,    model( 16,   8, 1),       32,  1, [  64,   32,   32],   Some(100), 2,  3e-3,  ONE),
    of(R, Short, Quick,    model( 32,  24, 1),       32,  4, [1500,  200,  400],   Some(  0), 2,  3e-3,  TWO),
    of(R, Short, Standard, model(100, 100, 1),       32,  2, [   0,  500, 2000],   Some(300), 2,  1e-3,  TWO),
    of(R, Short, Full,     model(100, 100, 1),       32, 12, [   0,    0,    0],   Some(400), 2,  1e-3,  THREE),
];

const fn of(
    task: &'static str,
    length: Length,
    scale: Scale,
    model: Model,
    batch: usize,
    epochs: usize,
    limits: [usize; 3],
    max_len: Option<usize>,
    min_count: usize,
    rate: f64,
    seeds: &'static [u64],
) -> Budget {
    Budget { task, length, scale, model, batch, epochs, limits, max_len, min_count, rate, seeds }
}

/// The budget of runs on a known or a generated data set.
fn budget(set: &str, scale: Scale) -> &'static Budget {
    let length = if LONG.contains(&set) { Long } else { Short };
    let task = tasks::find(set).map(|(task, _)| task.name()).unwrap_or_default();
    let found = BUDGETS.iter().find(|b| (b.task, b.length, b.scale) == (task, length, scale));
    found.unwrap_or_else(|| panic!("studies: there is no budget for '{set}' at scale {scale}"))
}

/// The learning rate of the Adam family on a data set.
pub(super) fn learning_rate(set: &str, scale: Scale) -> f64 {
    budget(set, scale).rate
}

/// A cell for a model on a known data set, or on its generated substitute, with the sizes and seeds of its budget.
/// Sizes that the model does not have are left out.
pub(super) fn cell(
    (row, column): (&'static str, &'static str),
    (set, model): (&str, &str),
    (scale, source): (Scale, DataSource),
) -> Cell {
    let given = budget(set, scale);
    let [train, dev, test] = given.limits;
    let sizes = [
        ("model.embed_dim", Some(given.model.embed)),
        ("model.hidden_dim", Some(given.model.hidden)),
        ("model.layers", (model != "textcnn").then_some(given.model.layers)),
        ("train.batch_size", Some(given.batch)),
        ("train.epochs", Some(given.epochs)),
        ("data.train_limit", Some(train)),
        ("data.dev_limit", Some(dev)),
        ("data.test_limit", Some(test)),
        ("data.max_len", given.max_len),
        ("data.min_count", Some(given.min_count)),
        ("data.max_vocab", Some(30_000)),
    ];
    let sizes = sizes.into_iter().filter_map(|(key, n)| Some((key, n?.to_string())));
    let set = match source {
        DataSource::Real => set,
        DataSource::Embedded => tasks::twin(set).unwrap_or(set),
    };
    let cell = sizes.fold(Cell::new(row, column), |cell, (key, n)| cell.set(key, n));
    let cell = cell.set("optimizer.lr", given.rate.to_string());
    let cell = cell.set("data.dataset", set).set("model.name", model);
    Cell { seeds: given.seeds.to_vec(), ..cell }
}

/// A cell for a BERT that is fine-tuned on a data set, with the limits and seeds of its budget. Its folder is to be set. On
/// generated data it is a small one, which takes larger steps.
pub(super) fn fine_tuned(
    names: (&'static str, &'static str),
    set: &str,
    (scale, source): (Scale, DataSource),
) -> Cell {
    let given = budget(set, scale);
    let [train, dev, test] = given.limits;
    let small = source == DataSource::Embedded;
    let sizes = [
        ("data.train_limit", train.to_string()),
        ("data.dev_limit", dev.to_string()),
        ("data.test_limit", test.to_string()),
        (
            "train.epochs",
            if scale == Smoke {
                "1"
            } else if small {
                "10"
            } else {
                "3"
            }
            .to_owned(),
        ),
        ("optimizer.lr", if small { "1e-3" } else { "1e-4" }.to_owned()),
    ];
    let cell = sizes.into_iter().fold(Cell::new(names.0, names.1), |cell, (key, value)| cell.set(key, value));
    let cell = match given.max_len {
        Some(longest) => cell.set("data.max_len", longest.to_string()),
        None => cell,
    };
    let cell = cell.set("task", given.task).set("data.dataset", set).set("model.name", "bert");
    Cell { seeds: given.seeds.to_vec(), ..cell }
}

/// The budget of a model of one domain, which is tried on all.
pub(super) fn of_domain(cell: Cell, (scale, source): (Scale, DataSource)) -> Cell {
    let is_bert = cell.sets.contains(&("model.name".into(), "bert".into()));
    let ([train, dev, test], epochs, seeds) = match (source, scale) {
        (_, Smoke) => (["64", "32", "32"], "1", ONE),
        (DataSource::Embedded, Quick) => (["800", "200", "400"], "3", ONE),
        (DataSource::Embedded, Standard | Full) => (["4000", "500", "1000"], "5", TWO),
        // Two of the three models of 16 domains are large BERTs.
        (DataSource::Real, Quick) => (["400", "100", "100"], if is_bert { "2" } else { "8" }, ONE),
        (DataSource::Real, Standard) => (["400", "100", "100"], if is_bert { "2" } else { "8" }, THREE),
        (DataSource::Real, Full) if is_bert => (["0", "0", "0"], "3", TWO),
        (DataSource::Real, Full) => (["0", "0", "0"], "8", THREE),
    };
    let longest = if source == DataSource::Real { "64" } else { "0" };
    let limits = [("data.train_limit", train), ("data.dev_limit", dev), ("data.test_limit", test)];
    let cell = cell.set_all(&limits).set_all(&[("data.max_len", longest), ("train.epochs", epochs)]);
    Cell { seeds: seeds.to_vec(), ..cell }
}

/// The budget of a model of one language, which is tried on others.
pub(super) fn of_language(cell: Cell, (scale, source): (Scale, DataSource)) -> Cell {
    let ([train, dev, test], epochs, seeds) = match (source, scale) {
        (_, Smoke) => (["64", "32", "32"], "1", ONE),
        (DataSource::Embedded, Quick) => (["800", "200", "400"], "3", ONE),
        (DataSource::Embedded, Standard | Full) => (["4000", "500", "1000"], "5", TWO),
        (DataSource::Real, Quick) => (["0", "500", "0"], "3", ONE),
        (DataSource::Real, Standard) => (["0", "500", "0"], "3", THREE),
        (DataSource::Real, Full) => (["0", "0", "0"], "10", TWO),
    };
    let limits = [("data.train_limit", train), ("data.dev_limit", dev), ("data.test_limit", test)];
    let cell = cell.set_all(&limits).set_all(&[("train.epochs", epochs), ("optimizer.lr", "1e-3")]);
    Cell { seeds: seeds.to_vec(), ..cell }
}

/// What pre-training begins with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// Random weights, and pieces of the text.
    Random,
    /// The same, and they stay as they are.
    Untrained,
    /// A pretrained model, whose folder is to be set.
    Pretrained,
}

/// A cell for a BERT that is pre-trained: on generated text one of two layers and 64 units, on real text one of two layers and 128
/// units; a smaller one at the smoke scale.
pub(super) fn pretraining(
    names: (&'static str, &'static str),
    set: &str,
    (scale, source): (Scale, DataSource),
    start: Start,
) -> Cell {
    let (epochs, limit, seeds) = match (source, scale) {
        (_, Smoke) => ("1", "96", ONE),
        (DataSource::Embedded, Quick) if set == "language-a" => ("6", "0", ONE),
        (DataSource::Embedded, Quick) => ("3", "0", ONE),
        (DataSource::Embedded, Standard | Full) => ("30", "0", THREE),
        (DataSource::Real, Quick) => ("5", "60000", ONE),
        (DataSource::Real, Standard) => ("5", "60000", THREE),
        (DataSource::Real, Full) => ("20", "0", TWO),
    };
    // A line with a translation has twice as much text.
    let limit = match (source, scale, set) {
        (DataSource::Embedded, Quick | Standard | Full, "languages-paired") => "3000",
        (DataSource::Real, Quick | Standard, "tatoeba-paired") => "32000",
        _ => limit,
    };
    let small = source == DataSource::Embedded;
    let all = [
        ("task", "masked"),
        ("data.dataset", set),
        ("data.train_limit", limit),
        ("data.dev_limit", if scale == Smoke { limit } else { "0" }),
        ("data.test_limit", if scale == Smoke { limit } else { "0" }),
        ("data.max_len", "64"),
        ("model.name", "bert"),
    ];
    let cell = Cell::new(names.0, names.1).set_all(&all);
    let cell = match start {
        Start::Pretrained => cell.set_all(&[
            ("train.epochs", if scale == Smoke { "1" } else { "5" }),
            ("optimizer.lr", if small { "1e-3" } else { "1e-4" }),
        ]),
        Start::Random | Start::Untrained => {
            let rate = if small { "2e-3" } else { "1e-3" };
            let (epochs, rate) = if start == Start::Untrained { ("1", "1e-12") } else { (epochs, rate) };
            let [pieces, hidden, layers, heads, inner] = match (source, scale) {
                (_, Smoke) => ["128", "16", "2", "2", "32"],
                (DataSource::Embedded, _) => ["4096", "64", "2", "4", "256"],
                (DataSource::Real, _) => ["8192", "128", "2", "4", "512"],
            };
            cell.set_all(&[
                ("model.vocab_size", pieces),
                ("model.hidden_size", hidden),
                ("model.num_hidden_layers", layers),
                ("model.num_attention_heads", heads),
                ("model.intermediate_size", inner),
                ("model.max_position_embeddings", "128"),
                ("train.epochs", epochs),
                ("optimizer.lr", rate),
            ])
        }
    };
    let cell = if small || start == Start::Pretrained { cell } else { cell.set("model.lowercase", "false") };
    Cell { seeds: seeds.to_vec(), ..cell }
}

/// A cell for linear probes on a data set.
pub(super) fn probing(
    names: (&'static str, &'static str),
    set: &str,
    (scale, source): (Scale, DataSource),
) -> Cell {
    // The hidden states of a large BERT take most of the time.
    let (epochs, [train, dev, test]) = match (scale, source) {
        (Smoke, _) => ("1", ["96", "48", "64"]),
        (Quick, _) => ("10", ["1000", "200", "400"]),
        (Standard, DataSource::Embedded) => ("20", ["0", "0", "0"]),
        (Standard, DataSource::Real) => ("20", ["1000", "300", "600"]),
        (Full, _) => ("20", ["0", "0", "0"]),
    };
    let sets = [
        ("task", "probe"),
        ("data.dataset", set),
        ("data.train_limit", train),
        ("data.dev_limit", dev),
        ("data.test_limit", test),
        ("model.name", "linear"),
        ("train.epochs", epochs),
        ("train.batch_size", "32"),
    ];
    let cell = Cell::new(names.0, names.1).set_all(&sets);
    let seeds = match (scale, source) {
        // There is one small BERT to read.
        (Smoke, _) | (Quick, DataSource::Embedded) => ONE,
        (Standard, DataSource::Real) => THREE,
        (Quick | Standard | Full, _) => TWO,
    };
    Cell { seeds: seeds.to_vec(), ..cell }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_task_has_one_budget_at_each_scale() {
        let keys: BTreeSet<_> = BUDGETS.iter().map(|b| (b.task, b.length == Long, b.scale)).collect();
        assert_eq!(keys.len(), BUDGETS.len());
        for scale in Scale::ALL {
            for (task, long) in [(C, false), (C, true), (T, false), (R, false)] {
                assert!(keys.contains(&(task, long, scale)), "{task} {scale}");
            }
        }
    }

    #[test]
    fn a_cell_has_the_sizes_that_its_model_has() {
        let sets = |set, model, source| cell(("r", "c"), (set, model), (Quick, source)).sets;
        let value = |sets: &[(String, String)], key: &str| {
            sets.iter().find(|(known, _)| known == key).map(|(_, value)| value.clone())
        };
        let cnn = sets("mr", "textcnn", DataSource::Real);
        assert_eq!(value(&cnn, "data.dataset").as_deref(), Some("mr"));
        assert_eq!(value(&cnn, "model.layers"), None);
        let tagger = sets("conll2003", "bilstm-crf", DataSource::Embedded);
        assert_eq!(value(&tagger, "data.dataset").as_deref(), Some("names"));
        assert_eq!(value(&tagger, "model.layers").as_deref(), Some("1"));
        assert_eq!(value(&tagger, "data.max_len"), None);
    }
}

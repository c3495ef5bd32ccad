//! Studies of a paper that does not exist, and made-up results for them.

use super::super::grid::unique;
use super::super::study::*;
use super::super::*;
use crate::run::{Epoch, Metric, StepLoss};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const ACCURACY: Measure = Measure::Test(Metric::share("accuracy"));
const PRECISION: Measure = Measure::Test(Metric::share("precision_macro"));

pub const PLAIN: Study = Study {
    name: "",
    source: "",
    title: "",
    claim: "",
    rows: "Data set",
    columns: "method",
    baseline: None,
    measures: &[],
    claims: &[],
    shows: Shows::Means,
    notes: &[],
    plan: |_, _| vec![],
};

pub const STUDIES: &[Study] = &[
    Study {
        name: "weights",
        source: "Table 1",
        title: "Weights kept small",
        claim: "Decay and dropout each raise accuracy.",
        baseline: Some("None"),
        measures: &[ACCURACY],
        claims: &[Claim::of(ACCURACY, "+Decay", "None"), Claim::of(ACCURACY, "+Dropout", "None")],
        notes: &["The paper gives no strength."],
        plan: weights,
        ..PLAIN
    },
    Study {
        name: "losses",
        source: "Figure 2",
        title: "Focal loss",
        claim: "Focal loss raises precision.",
        baseline: Some("Cross-entropy"),
        measures: &[PRECISION, Measure::Test(Metric::share("f1_macro"))],
        claims: &[Claim::of(PRECISION, "Focal loss", "Cross-entropy")],
        plan: losses,
        ..PLAIN
    },
    Study {
        name: "optimizers",
        source: "Figure 3",
        title: "How the loss falls",
        claim: "Adam is faster than SGD.",
        measures: &[Measure::TrainLoss, ACCURACY],
        claims: &[Claim::of(Measure::TrainLoss, "Adam", "SGD")],
        shows: Shows::Curves,
        plan: optimizers,
        ..PLAIN
    },
    Study {
        name: "domains",
        source: "Figure 6",
        title: "One domain's classifier on another",
        measures: &[ACCURACY],
        shows: Shows::Matrix(&[Metric::share("accuracy")]),
        plan: domains,
        ..PLAIN
    },
    Study {
        name: "sets",
        source: "Table 4",
        title: "Data sets as measured",
        shows: Shows::Statistics(&[
            Sizes { name: "IMDB", key: "imdb", examples: [Some(25_000), None, Some(25_000)] },
            Sizes { name: "SQuAD", key: "squad", examples: [Some(87_599), Some(10_570), None] },
        ]),
        ..PLAIN
    },
    Study {
        name: "sizes",
        source: "Table 5",
        title: "Sizes as run",
        shows: Shows::Settings(Settings {
            models: &[("bidaf", "BiDAF"), ("bilstm", "BiLSTM"), ("textcnn", "TextCNN")],
            lines: &[
                Setting {
                    name: "embedding dimension",
                    key: "model.embed_dim",
                    values: &[Some("100"), Some("300"), Some("300")],
                },
                Setting {
                    name: "kernel sizes",
                    key: "model.kernel_sizes",
                    values: &[None, None, Some("3, 4, 5")],
                },
            ],
        }),
        ..PLAIN
    },
];

/// The study with this name.
pub fn study(name: &str) -> &'static Study {
    STUDIES.iter().find(|study| study.name == name).unwrap()
}

pub fn cell(row: &'static str, column: &'static str, set: &str, scale: Scale) -> Cell {
    let (embed, seeds) = match scale {
        Scale::Smoke => ("16", vec![1]),
        Scale::Quick => ("48", vec![1, 2]),
        Scale::Standard | Scale::Full => ("300", vec![1, 2, 3]),
    };
    let cell = Cell::new(row, column).set("data.dataset", set).set("model.name", "bilstm");
    let cell = cell.set_all(&[("model.embed_dim", embed), ("train.epochs", "4"), ("train.batch_size", "32")]);
    Cell { seeds, ..cell.set_all(&[("optimizer.lr", "0.003"), ("data.max_len", "100")]) }
}

fn weights(scale: Scale, source: DataSource) -> Vec<Cell> {
    let set = if source == DataSource::Real { "imdb" } else { "reviews-long" };
    vec![
        cell("IMDB", "None", set, scale).paper(89.1),
        cell("IMDB", "+Decay", set, scale).set("loss.l2", "0.00001").paper(90.3),
        cell("IMDB", "+Dropout", set, scale).set("model.dropout", "0.5").paper_gain(1.5),
        cell("SST-2", "None", "reviews", scale),
        cell("SST-2", "+Decay", "reviews", scale).set("loss.l2", "0.00001"),
        cell("SST-2", "+Dropout", "reviews", scale).set("model.dropout", "0.5"),
    ]
}

fn losses(scale: Scale, _: DataSource) -> Vec<Cell> {
    let of = |row, column, set, loss| cell(row, column, set, scale).set("loss.name", loss);
    vec![
        of("Balanced", "Cross-entropy", "reviews", "cross_entropy"),
        of("Balanced", "Focal loss", "reviews", "focal"),
        of("Imbalanced", "Cross-entropy", "reviews-imbalanced", "cross_entropy"),
        of("Imbalanced", "Focal loss", "reviews-imbalanced", "focal"),
    ]
}

fn optimizers(scale: Scale, _: DataSource) -> Vec<Cell> {
    let of = |column, name| cell("SST-2", column, "reviews", scale).set("optimizer.name", name);
    vec![of("SGD", "sgd"), of("Adam", "adam")]
}

fn domains(scale: Scale, _: DataSource) -> Vec<Cell> {
    let of = |row, set| cell(row, "BiLSTM", set, scale).tried(["books", "films"].map(Trial::On));
    vec![of("Books", "books"), of("Films", "films")]
}

/// A number between 0 and 1 that depends only on the text.
fn noise(text: &str) -> f64 {
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    (hash >> 11) as f64 / (1u64 << 53) as f64
}

fn config(run: &Run) -> Value {
    let mut config = json!({"task": "classify", "threads": 2, "data": {"embeddings": ""}, "loss": {"name": "cross_entropy"},
                            "model": {}, "optimizer": {"name": "adam"}, "train": {}});
    for (key, text) in &run.sets {
        let value = serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone()));
        match key.split_once('.') {
            Some((section, key)) => config[section][key] = value,
            None => config[key] = value,
        }
    }
    config
}

fn metrics(base: f64, name: &str) -> BTreeMap<String, f64> {
    let of = |metric: &str| (metric.to_owned(), base + 0.02 * noise(&format!("{name}{metric}")));
    ["accuracy", "precision_macro", "f1_macro"].map(of).into()
}

/// A made-up result in which columns further to the right are better.
pub fn made(run: &Run, scale: Scale, source: DataSource) -> RunResult {
    made_of(study(run.study), run, scale, source)
}

/// The same for a run of any study.
pub fn made_of(study: &Study, run: &Run, scale: Scale, source: DataSource) -> RunResult {
    let columns = study.cells(scale, source);
    let columns = unique(columns.iter().filter(|c| c.row == run.row).map(|cell| cell.column));
    let place = columns.iter().position(|column| *column == run.column).unwrap();
    let name = run.file().display().to_string();
    let base = 0.72 + 0.02 * place as f64;
    let loss = |step: u64| {
        let falling = (-(step as f64) * (0.004 + 0.002 * place as f64)).exp();
        0.1 + 0.6 * falling + 0.1 * noise(&format!("{name}{step}"))
    };
    let config = config(run);
    let dataset = config["data"]["dataset"].as_str().unwrap_or_default().to_owned();
    let epoch = |epoch: u64| Epoch {
        epoch,
        step: 75 * epoch,
        train_loss: loss(75 * epoch),
        dev: metrics(base, &name),
    };
    RunResult {
        schema: SCHEMA,
        study: run.study.into(),
        row: run.row.into(),
        column: run.column.into(),
        scale,
        source,
        seed: run.seed,
        config,
        data: DataUsed {
            name: dataset.clone(),
            checksum: "00ff".into(),
            note: format!("splits of {dataset} as the loader makes them"),
            train: 1200,
            dev: 300,
            test: 600,
            labels: 2,
            vocabulary: 4321,
            coverage: None,
        },
        machine: Machine::here("avx2"),
        parameters: 123_456,
        seconds: 3.0 + noise(&name),
        tokens_per_second: 30_000.0 * (1.0 + noise(&name)),
        examples_per_second: None,
        model_bytes: None,
        right: None,
        peak_memory_bytes: Some(87_000_000),
        best_epoch: 3,
        dev: metrics(base, &name),
        test: metrics(base, &name),
        trials: run.trials.iter().map(|trial| (trial.name(), metrics(base - 0.1, &trial.name()))).collect(),
        steps: (1..=60).map(|i| StepLoss { step: 5 * i, loss: loss(5 * i) }).collect(),
        epochs: (1..=4).map(epoch).collect(),
    }
}

/// The first run of a study.
pub fn first(name: &str, scale: Scale, source: DataSource) -> Run {
    study(name).runs(scale, source).remove(0)
}

/// Made-up statistics of a data set.
pub fn statistics(name: &str, source: DataSource) -> DataStatistics {
    let split = |examples: u64| SplitStatistics {
        examples,
        tokens: 21 * examples,
        longest: 77,
        label_counts: vec![examples / 3, examples - examples / 3],
    };
    DataStatistics {
        schema: STATISTICS_SCHEMA,
        name: name.into(),
        source,
        language: "English".into(),
        task: "Text Classification".into(),
        checksum: "00ff".into(),
        note: String::new(),
        labels: vec!["no".into(), "yes".into()],
        vocabulary: 12_345,
        train: split(25_000),
        dev: split(2_500),
        test: split(25_000),
        divergence: Default::default(),
    }
}

/// A folder with every run of every study.
pub fn results(scale: Scale, source: DataSource) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for study in STUDIES {
        for run in study.runs(scale, source) {
            made(&run, scale, source).write(folder.path()).unwrap();
        }
    }
    let set = if source == DataSource::Real { "imdb" } else { "reviews" };
    statistics(set, source).write(folder.path()).unwrap();
    folder
}

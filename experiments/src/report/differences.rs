//! How a study's runs differ from the paper, according to their configurations.

use std::collections::BTreeMap;

use super::grid::{Grid, unique};
use super::result::RunResult;
use super::study::{DataSource, Settings};
use super::table::thousands;

/// One sentence for each thing a reader must know. `paper` holds the paper's hyper-parameters and where it lists them.
pub(super) fn differences(grid: &Grid, paper: Option<(&str, &Settings)>) -> Vec<String> {
    let runs: Vec<&RunResult> = grid.runs().collect();
    let keys: Vec<BTreeMap<String, String>> = runs.iter().map(|run| run.keys()).collect();
    if runs.is_empty() {
        return Vec::new();
    }
    let mut sentences = vec![data(grid.source, &runs)];
    sentences.extend(lengths(&keys));
    sentences.extend(embeddings(&keys));
    if let Some((place, settings)) = paper {
        sentences.extend(sizes(&keys, place, settings));
    }
    sentences.push(training(&keys));
    let noted = runs.iter().map(|run| &run.data).filter(|data| !data.note.is_empty());
    sentences.extend(noted.map(|data| format!("{}: {}", data.name, data.note)));
    unique(sentences)
}

fn data(source: DataSource, runs: &[&RunResult]) -> String {
    let sets = unique(runs.iter().map(|run| {
        let data = &run.data;
        let [train, dev, test] = [data.train, data.dev, data.test].map(thousands);
        format!("{} ({train} training, {dev} development, {test} test examples)", data.name)
    }));
    let sets = sets.join("; ");
    match source {
        DataSource::Embedded => format!(
            "Data: generated corpora, not the paper's: {sets}. The paper's numbers stand beside for orientation; the \
             verdict compares our own cells with each other."
        ),
        DataSource::Real => format!("Data: {sets}."),
    }
}

fn lengths(keys: &[BTreeMap<String, String>]) -> Option<String> {
    let [of_pieces, of_words]: [Vec<_>; 2] = [true, false].map(|pieces| {
        let reads_pieces =
            |keys: &&BTreeMap<String, String>| keys.get("model.name").is_some_and(|name| name == "bert");
        keys.iter().filter(|keys| reads_pieces(keys) == pieces).cloned().collect()
    });
    let cuts = [(of_words, "words"), (of_pieces, "word pieces")].map(|(keys, unit)| {
        let cuts: Vec<String> = values(&keys, "data.max_len").into_iter().filter(|n| n != "0").collect();
        (!cuts.is_empty()).then(|| format!("{} {unit}", cuts.join(" or ")))
    });
    let cuts: Vec<String> = cuts.into_iter().flatten().collect();
    (!cuts.is_empty()).then(|| format!("Texts are cut after {}; the paper does not say.", cuts.join(", or ")))
}

/// `None` if no model has vectors of words.
fn embeddings(keys: &[BTreeMap<String, String>]) -> Option<String> {
    if values(keys, "model.embed_dim").is_empty() {
        return None;
    }
    let files: Vec<String> = values(keys, "data.embeddings")
        .into_iter()
        .filter(|file| !file.is_empty() && file != "null")
        .collect();
    Some(if files.is_empty() {
        "Word vectors start random and are trained, as in the paper.".into()
    } else {
        format!("Word vectors start from {}; the paper's start random.", files.join(" or "))
    })
}

/// How the runs differ from the hyper-parameters of the paper.
fn sizes(keys: &[BTreeMap<String, String>], place: &str, paper: &Settings) -> Vec<String> {
    let mut sentences = Vec::new();
    for (i, (model, name)) in paper.models.iter().enumerate() {
        let of_model: Vec<_> = keys
            .iter()
            .filter(|keys| keys.get("model.name").is_some_and(|name| name == model))
            .cloned()
            .collect();
        let differs = paper.lines.iter().filter_map(|line| {
            let (ours, paper) = (values(&of_model, line.key), line.values[i]?);
            let same = ours.iter().all(|value| value == paper);
            (!same).then(|| format!("{} {} (paper {paper})", line.name, ours.join(" or ")))
        });
        let differs: Vec<String> = differs.collect();
        if !differs.is_empty() {
            sentences.push(format!("{name}, not as in {place}: {}.", differs.join(", ")));
        } else if !of_model.is_empty() {
            sentences.push(format!("{name} has the sizes of {place}."));
        }
    }
    sentences
}

fn training(keys: &[BTreeMap<String, String>]) -> String {
    let of = |key| values(keys, key).join(" or ");
    format!(
        "Training: at most {} epochs in batches of {}, {} with learning rate {}; the parameters of the best epoch on the \
         development split are tested. The paper gives none of this.",
        of("train.epochs"),
        of("train.batch_size"),
        of("optimizer.name"),
        of("optimizer.lr"),
    )
}

/// The distinct values of a key.
fn values(keys: &[BTreeMap<String, String>], key: &str) -> Vec<String> {
    unique(keys.iter().filter_map(|keys| keys.get(key).cloned()))
}

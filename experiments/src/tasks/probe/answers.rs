//! The output of `gradus predict`, and predictions as a file.

use super::gold::Target;
use super::keys::Kind;
use super::metrics::edges;
use super::model::{Batch, Found, Prediction, Probes};
use super::{LONGEST_TREE, Probe};
use crate::data::formats::scheme;
use crate::data::shown::{terminal, tsv};
use crate::data::{Split, Tree};
use crate::metrics::spanning::spanning_tree;
use crate::run::{Ask, NOT_FINITE, Style};
use crate::text::{Characters, Tokeniser};
use serde_json::json;
use std::ops::Range;

/// One line per text; in columns, one word per line.
pub(super) fn answer(
    task: &Probe,
    probes: &Probes,
    asks: &[Ask],
    style: Style,
) -> Vec<Result<String, String>> {
    let places: Vec<Vec<Range<usize>>> = asks.iter().map(|ask| places(task, ask)).collect();
    let too_long = |places: &Vec<_>| task.kind() == Kind::Distance && places.len() > LONGEST_TREE;
    let words = |(ask, places): (&'_ Ask, &Vec<Range<usize>>)| -> Vec<String> {
        let places = if too_long(places) { &[][..] } else { places };
        places.iter().map(|place| ask.text[place.clone()].to_owned()).collect()
    };
    let words: Vec<Vec<String>> = asks.iter().zip(&places).map(words).collect();
    let as_read: Vec<Vec<&str>> =
        words.iter().map(|words| words.iter().map(String::as_str).collect()).collect();
    let vectors = task.encoder.vectors(&as_read, &task.keys.probe);
    let batch = Batch {
        kind: task.kind(),
        width: task.encoder.width(),
        vectors: vectors.iter().map(Vec::as_slice).collect(),
    };
    let found = batch.found(probes);
    let line = |((ask, places), found): ((&Ask, &Vec<Range<usize>>), Prediction)| match too_long(places) {
        false if !found.property.is_finite() => Err(NOT_FINITE.into()),
        false => Ok(Said { task, ask, places, found: &found.property }.line(style)),
        true => Err(format!(
            "expected a text of at most {LONGEST_TREE} words, found one of {}; split it into sentences",
            places.len()
        )),
    };
    asks.iter().zip(&places).zip(found).map(line).collect()
}

/// The bytes of the words: of a text as it is if it is one vector, else as English is split, unless it is split already.
fn places(task: &Probe, ask: &Ask) -> Vec<Range<usize>> {
    let ask = match task.kind() {
        Kind::Sentiment if ask.words.is_none() => &ask.clone().split_at_spaces(),
        _ => ask,
    };
    ask.tokens(&Tokeniser::default()).spans().to_vec()
}

/// An answer.
struct Said<'a> {
    task: &'a Probe,
    ask: &'a Ask,
    places: &'a [Range<usize>],
    found: &'a Found,
}

impl Said<'_> {
    fn line(&self, style: Style) -> String {
        match (style, self.task.kind()) {
            (Style::Json, Kind::Sentiment) => {
                let (label, probability) = self.sentiment();
                json!({ "text": self.ask.text, "label": label, "probability": probability }).to_string()
            }
            (Style::Json, _) => self.json(),
            (_, Kind::Sentiment) => {
                let (label, probability) = self.sentiment();
                let label = style.marked(&terminal(label), "");
                format!("{label}\t{:.1}%\t{}", 100.0 * probability, terminal(&self.ask.text))
            }
            (Style::Columns, _) => self.columns(),
            (_, Kind::Distance) => {
                let word = |i: usize| terminal(self.word(i)).into_owned();
                let edges = self.edges().into_iter().map(|(i, j)| format!("{}–{}", word(i), word(j)));
                format!("{}\t{}", edges.collect::<Vec<_>>().join(", "), terminal(&self.ask.text))
            }
            _ => self.marked(style),
        }
    }

    fn word(&self, i: usize) -> &str {
        &self.ask.text[self.places[i].clone()]
    }

    /// The label of the text with its probability.
    fn sentiment(&self) -> (&str, f64) {
        match self.found {
            Found::Labels(labels) => {
                labels.first().map_or(("", 0.0), |&(label, p)| (self.task.labels.names[label].as_str(), p))
            }
            Found::Depths(_) | Found::Distances(_) => ("", 0.0),
        }
    }

    /// As [`values`]; all words count, since nothing says which are punctuation.
    fn values(&self) -> Vec<String> {
        values(self.task, self.found, &vec![true; self.places.len()])
    }

    fn edges(&self) -> Vec<(usize, usize)> {
        match self.found {
            Found::Distances(distances) => spanning_tree(distances, &vec![true; self.places.len()]),
            Found::Labels(_) | Found::Depths(_) => vec![],
        }
    }

    fn json(&self) -> String {
        let mut characters = Characters::new(&self.ask.text);
        let values = self.values();
        let mut word = |(i, value): (usize, &String)| {
            let place = characters.range(self.places[i].clone());
            let mut word = json!({ "text": self.word(i), "start": place.start, "end": place.end });
            match self.found {
                Found::Labels(labels) => {
                    word["label"] = json!(value);
                    word["probability"] = json!(labels[i].1);
                }
                Found::Depths(depths) => word["depth"] = json!(depths[i]),
                Found::Distances(_) => {}
            }
            word.to_string()
        };
        // Of a long text, the words take much more memory as values than as text.
        let mut words = String::new();
        for (i, value) in values.iter().enumerate() {
            words += if i > 0 { "," } else { "" };
            words += &word((i, value));
        }
        let edges = match self.found {
            Found::Distances(_) => format!(",\"edges\":{}", json!(self.edges())),
            Found::Labels(_) | Found::Depths(_) => String::new(),
        };
        format!("{{\"text\":{},\"words\":[{words}]{edges}}}", json!(self.ask.text))
    }

    fn columns(&self) -> String {
        let values = self.values();
        let line = |(i, value): (usize, &String)| {
            format!("{} {}\n", scheme::written(self.word(i)), scheme::written(value))
        };
        values.iter().enumerate().map(line).collect()
    }

    fn marked(&self, style: Style) -> String {
        let (text, mut line, mut done) = (&self.ask.text, String::new(), 0);
        let values = self.values();
        for (at, value) in self.places.iter().zip(values) {
            // Words that one character is written as share its place.
            let start = at.start.max(done);
            let end = at.end.max(start);
            line += &style.shown(&text[done..start]);
            line += &style.marked(&style.shown(&text[start..end]), &style.shown(&value));
            done = end;
        }
        line + &style.shown(&text[done..])
    }
}

/// What is found of each word, in a column: its label, its depth, or the numbers of the words that it is joined to, from 1. Only
/// words that count are joined, as in the [metrics](super::metrics).
fn values(task: &Probe, found: &Found, counted: &[bool]) -> Vec<String> {
    match found {
        Found::Labels(labels) => labels.iter().map(|&(label, _)| task.labels.names[label].clone()).collect(),
        Found::Depths(depths) => depths.iter().map(|depth| format!("{depth:.2}")).collect(),
        Found::Distances(distances) => neighbours(counted.len(), &spanning_tree(distances, counted)),
    }
}

fn neighbours(n: usize, edges: &[(usize, usize)]) -> Vec<String> {
    let mut all: Vec<Vec<usize>> = vec![vec![]; n];
    for &(i, j) in edges {
        all[i].push(j + 1);
        all[j].push(i + 1);
    }
    let shown = |mut words: Vec<usize>| {
        words.sort_unstable();
        let words: Vec<String> = words.iter().map(usize::to_string).collect();
        if words.is_empty() { "_".to_owned() } else { words.join(",") }
    };
    all.into_iter().map(shown).collect()
}

/// The right values in the same column.
pub(super) fn right(task: &Probe, target: &Target, counted: &[bool]) -> Vec<String> {
    let of_tree = |tree: &Tree| match task.kind() {
        Kind::Depth => tree.depths().iter().map(usize::to_string).collect(),
        _ => neighbours(tree.len(), &edges(tree, counted)),
    };
    match target {
        Target::Labels(labels) => labels.iter().map(|&label| task.labels.names[label].clone()).collect(),
        Target::Tree(tree) => of_tree(tree),
    }
}

/// One line per word: the word, what is right and what is found, and a blank line after each sentence. Of sentences that are one
/// vector one line each, with a header.
pub(super) fn table(task: &Probe, split: Split, predictions: &[Prediction]) -> String {
    let mut lines = String::new();
    if task.kind() == Kind::Sentiment {
        lines += "label\tpredicted\ttext\n";
    }
    let all = task.data.split(split).iter().zip(&task.gold[split as usize]).zip(predictions);
    for ((sentence, gold), prediction) in all {
        let right = right(task, &gold.property, &gold.counted);
        let found = values(task, &prediction.property, &gold.counted);
        for (i, (right, found)) in right.iter().zip(&found).enumerate() {
            let (right, found) = (tsv(right), tsv(found));
            lines += &match task.kind() {
                Kind::Sentiment => format!("{right}\t{found}\t{}\n", tsv(&sentence.words.join(" "))),
                _ => format!("{}\t{right}\t{found}\n", tsv(&sentence.words[i])),
            };
        }
        if task.kind() != Kind::Sentiment {
            lines.push('\n');
        }
    }
    lines
}

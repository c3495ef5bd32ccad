//! Probes: what the hidden states of a BERT tell about words and sentences. The BERT is never trained. Its hidden states of one
//! layer are computed once, when the data is prepared, and small probes are trained on them: one reads the property, the other
//! its [control](control), so that every run says how selective the probe is.
//!
//! | property | of each | read from |
//! | --- | --- | --- |
//! | `pos` | word: its part of speech | its vector |
//! | `entity` | word: the type of the entity that it belongs to | its vector |
//! | `depth` | word: its depth in the dependency tree | the squared length of its vector after a linear map |
//! | `distance` | pair of words: their distance in the tree | the squared distance of their vectors after a linear map |
//! | `sentiment` | sentence: its label | the mean of its pieces' vectors |
//!
//! | file | holds |
//! | --- | --- |
//! | `keys` | the sections `[data]`, `[model]` and `[probe]` |
//! | `annotated` | sentences, what is known of them, and the user's files |
//! | `sets` | the known data sets; [`generated`] has the generated ones |
//! | `start` | which BERT is read |
//! | `encoder` | the BERT and its hidden states |
//! | `gold` | labels, and what is to be read from each sentence |
//! | `control` | what a probe can only know by heart |
//! | `model` | the probes, their inputs, their loss and what they find |
//! | `metrics` | counts and metrics |
//! | `mistakes` | what is wrong with a prediction; metrics of each label |
//! | `answers` | the output of `gradus predict`, and the file of predictions |
//!
//! Sources: Hewitt, Manning, "A structural probe for finding syntax in word representations", NAACL 2019; Hewitt, Liang, "Designing
//! and interpreting probes with control tasks", EMNLP 2019.

mod annotated;
mod answers;
mod control;
mod encoder;
pub mod generated;
mod gold;
mod keys;
mod metrics;
mod mistakes;
mod model;
mod sets;
mod start;

pub use annotated::Annotated;
pub use keys::ProbeKeys;
pub use model::{Found, Prediction, Probes};

use super::{bert, warnings};
use crate::attack::Changes;
use crate::data::files::FileReader;
use crate::data::known::KnownSet;
use crate::data::{DataError, OwnPart, Split, Splits};
use crate::explain::{Explained, Which};
use crate::run::{
    Ask, Described, Details, Generated, Metric, Mistake, Origin, RunError, State, Style, Task, Understood,
};
use encoder::Encoder;
use gold::{Gold, Labels};
use gradus_engine::{Mode, Rng, Tensor};
use keys::Kind;
use model::Batch;
use std::collections::BTreeMap;
use std::path::Path;

/// Sentences with their hidden states.
pub struct Probe {
    keys: ProbeKeys,
    data: Splits<Vec<Annotated>>,
    encoder: Encoder,
    labels: Labels,
    /// What is to be read from the sentences of train, dev and test.
    gold: [Vec<Gold>; 3],
    /// The vectors of each sentence of train, dev and test, row by row.
    vectors: [Vec<Vec<f32>>; 3],
}

/// The most words of a sentence whose pairs are read: their number grows with the square.
const LONGEST_TREE: usize = 1000;

/// The files of a run.
const FILES: [&str; 4] = [bert::FILES[0], bert::FILES[1], encoder::FILE, gold::FILE];

/// Why a run is neither explained nor attacked.
const NO_OUTPUT: &str = "expected a run that gives texts or words labels by a model of its own, or finds answers, found one of gradus train \
                         probe, whose BERT is not trained; fine-tune its model first, with gradus train classify or tag";

impl Probe {
    fn kind(&self) -> Kind {
        self.keys.probe.kind()
    }

    /// Sentences of a split, for the probes.
    fn batch(&self, split: Split, examples: &[usize]) -> Batch<'_> {
        let vectors = &self.vectors[split as usize];
        Batch {
            kind: self.kind(),
            width: self.encoder.width(),
            vectors: examples.iter().map(|&i| vectors[i].as_slice()).collect(),
        }
    }

    /// The words of each sentence of a split.
    fn words(&self, split: Split) -> Vec<Vec<&str>> {
        words_of(self.data.split(split))
    }

    /// How often each label occurs in training; none of trees.
    fn label_counts(&self) -> impl Iterator<Item = (String, usize)> + '_ {
        self.labels.names.iter().cloned().zip(self.labels.counts.iter().copied())
    }
}

fn words_of(sentences: &[Annotated]) -> Vec<Vec<&str>> {
    sentences.iter().map(|sentence| sentence.words.iter().map(String::as_str).collect()).collect()
}

/// Checks that no sentence has too many pairs of words.
fn check_length(kind: Kind, data: &Splits<Vec<Annotated>>) -> Result<(), RunError> {
    let all = Split::ALL.into_iter().flat_map(|split| data.split(split));
    let longest = all.map(|sentence| sentence.words.len()).max().unwrap_or(0);
    match kind == Kind::Distance && longest > LONGEST_TREE {
        false => Ok(()),
        true => Err(RunError::Settings(format!(
            "probe.property = distance: expected sentences of at most {LONGEST_TREE} words in '{}', found one of {longest}; leave \
             it out",
            data.name
        ))),
    }
}

impl Task for Probe {
    const NAME: &'static str = "probe";
    const TITLE: &'static str = "Probing";
    const ABOUT: &'static str =
        "Read properties of words and sentences from the hidden states of a BERT that is not trained";
    const EXAMPLES: &'static [&'static str] = &[
        "--dataset probe-a --set model.pretrained=FOLDER --set probe.layer=3 --out runs/a",
        "--dataset probe-ud-english-ewt --data DIR --set model.pretrained=FOLDER --set probe.property=distance --out runs/b",
        "--train mine.conllu --model mlp --set model.pretrained=FOLDER --set probe.property=depth --out runs/c",
    ];
    const METRICS: &'static [Metric] = metrics::METRICS;
    const PREDICTIONS: &'static str = "tsv";
    const DECIDING: &'static [&'static str] =
        &["data.format", "data.text_column", "data.label_column", "probe.property"];
    const FILES: &'static [&'static str] = &FILES;
    type Keys = ProbeKeys;
    type Part = Vec<Annotated>;
    type Model = Probes;
    type Prediction = Prediction;

    fn generated() -> &'static [Generated<Vec<Annotated>>] {
        generated::SETS
    }

    fn known() -> &'static [KnownSet<Vec<Annotated>>] {
        sets::SETS
    }

    fn origin(keys: &ProbeKeys) -> Origin<'_> {
        keys.data.source.origin(keys.data.limits)
    }

    fn read_own(
        keys: &ProbeKeys,
        reader: &mut FileReader,
        path: &Path,
        labels: Option<&[String]>,
    ) -> Result<OwnPart<Vec<Annotated>>, DataError> {
        let part = annotated::read(keys, reader, path, labels.is_none())?;
        Ok(OwnPart { labels: labels.unwrap_or_default().to_vec(), ..part })
    }

    fn prepare(
        keys: ProbeKeys,
        mut data: Splits<Vec<Annotated>>,
        kept: Option<&Path>,
    ) -> Result<Self, RunError> {
        let kind = keys.probe.kind();
        check_length(kind, &data)?;
        let labels = match kept {
            Some(folder) => Labels::load(kind, folder)?,
            None => Labels::of(kind, &data)?,
        };
        let mut gold = [vec![], vec![], vec![]];
        for split in Split::ALL {
            gold[split as usize] = labels.gold(kind, &data, split)?;
        }
        data.labels.clone_from(&labels.names);
        let texts = || data.train.iter().map(|sentence| sentence.words.join(" ")).collect::<Vec<_>>();
        let encoder = Encoder::open(&keys, &if kept.is_none() { texts() } else { vec![] }, kept)?;
        let vectors = Split::ALL.map(|split| encoder.vectors(&words_of(data.split(split)), &keys.probe));
        Ok(Probe { keys, data, encoder, labels, gold, vectors })
    }

    fn save(&self, folder: &Path) -> Result<(), RunError> {
        self.encoder.save(folder)?;
        self.labels.save(folder)
    }

    fn data(&self) -> &Splits<Vec<Annotated>> {
        &self.data
    }

    fn vocabulary(&self) -> usize {
        self.encoder.vocabulary()
    }

    fn sizes(&self) -> Vec<usize> {
        self.lengths(Split::Train)
    }

    fn lengths(&self, split: Split) -> Vec<usize> {
        self.data.split(split).iter().map(|sentence| sentence.words.len().max(1)).collect()
    }

    fn model(&self, rng: &mut Rng) -> Result<Box<Probes>, RunError> {
        Ok(Box::new(model::probes(&self.keys, self.encoder.width(), self.labels.names.len(), rng)?))
    }

    fn inputs(&self, examples: &[usize], _: &mut Mode) -> Vec<Tensor> {
        let gold: Vec<&Gold> = examples.iter().map(|&i| &self.gold[0][i]).collect();
        self.batch(Split::Train, examples).inputs(&gold)
    }

    fn units(&self, inputs: &[Tensor]) -> Option<usize> {
        // Of words the mean is over all of them, of trees over sentences.
        matches!(self.kind(), Kind::Pos | Kind::Entity).then(|| inputs[1].count())
    }

    fn loss(&self, model: &Probes, inputs: &[Tensor], state: &State, _: &mut Mode) -> (Tensor, State) {
        (model::loss(self.kind(), model, inputs), state.clone())
    }

    /// Of words without padding, the number differs from step to step, and steps with other shapes are not replayed.
    fn recordable(&self) -> bool {
        !matches!(self.kind(), Kind::Pos | Kind::Entity)
    }

    fn predict(&self, model: &Probes, split: Split, examples: &[usize]) -> Vec<Prediction> {
        self.batch(split, examples).found(model)
    }

    fn is_finite(prediction: &Prediction) -> bool {
        prediction.property.is_finite() && prediction.control.is_finite()
    }

    fn counts(&self, split: Split, example: usize, prediction: &Prediction) -> Vec<f64> {
        metrics::counts(self.labels.names.len(), &self.gold[split as usize][example], prediction)
    }

    fn metrics(sums: &[f64]) -> Vec<f64> {
        metrics::metrics(sums)
    }

    fn rule(&self, _: Split) -> String {
        metrics::rule(self.kind()).into()
    }

    fn right(&self, split: Split, example: usize, prediction: &Prediction) -> bool {
        mistakes::right(&self.gold[split as usize][example], prediction)
    }

    fn details(&self, split: Split, predictions: &[Prediction], _: &[f64]) -> Option<Details> {
        mistakes::details(self, split, predictions)
    }

    fn mistake(&self, split: Split, example: usize, prediction: &Prediction) -> Mistake {
        mistakes::mistake(self, split, example, prediction)
    }

    fn written(&self, split: Split, predictions: &[Prediction]) -> String {
        answers::table(self, split, predictions)
    }

    fn examples(&self, split: Split) -> Vec<String> {
        let line = |(sentence, gold): (&Annotated, &Gold)| {
            let right = answers::right(self, &gold.property, &gold.counted);
            format!("{}\t{}", sentence.words.join("\u{1f}"), right.join("\u{1f}"))
        };
        self.data.split(split).iter().zip(&self.gold[split as usize]).map(line).collect()
    }

    fn answer(&self, model: &Probes, asks: &[Ask], style: Style) -> Vec<Result<String, String>> {
        answers::answer(self, model, asks, style)
    }

    fn explained<'a>(
        &'a self,
        _: &'a Probes,
        _: &Ask,
        _: &Which,
    ) -> Result<Vec<Box<dyn Explained + 'a>>, String> {
        Err(NO_OUTPUT.into())
    }

    fn changes<'a>(&'a self, _: &'a Probes, _: Split) -> Result<Box<dyn Changes<Prediction> + 'a>, String> {
        Err(NO_OUTPUT.into())
    }

    fn understood(&self) -> Understood {
        let mut understood = self.encoder.understood(Split::ALL.map(|split| self.words(split)));
        if !self.kind().is_tree() {
            understood.lines.insert(0, ("labels", Understood::counts(self.label_counts())));
        }
        let words = |split| self.data.split(split).iter().map(|sentence| &sentence.words).collect();
        let repeated = || Split::ALL.map(words);
        understood.warnings.extend(warnings::repeated(&self.keys.data.source, ("sentences", ""), repeated));
        understood
    }

    fn described(keys: &ProbeKeys, data: &Splits<Vec<Annotated>>, split: Split) -> Described {
        let sentences = data.split(split);
        let mut labels: BTreeMap<&str, usize> = BTreeMap::new();
        for label in sentences.iter().flat_map(|s| s.labels(keys.probe.kind()).unwrap_or_default()) {
            *labels.entry(label).or_default() += 1;
        }
        let words: Vec<Vec<String>> = sentences.iter().map(|sentence| sentence.words.clone()).collect();
        Described {
            examples: sentences.len(),
            lengths: words.iter().map(Vec::len).collect(),
            words,
            labels: labels.into_iter().map(|(label, n)| (label.to_owned(), n)).collect(),
        }
    }
}

//! Tagging: a tag for each word, for entities or for properties of single words.
//!
//! | file | holds |
//! | --- | --- |
//! | `keys` | the sections `[data]`, `[model]` and `[loss]` |
//! | `sets` | the known data sets; [`generated`] has the generated ones |
//! | `tags` | the tags of a run: kinds of entities in a scheme, or plain tags |
//! | `splitting` | splits later texts into words as the training sentences are split |
//! | `reading` | how sentences become words, or words in pieces |
//! | `distil` | what a student learns from a teacher |
//! | `model` | the model, its inputs and its predictions |
//! | `metrics` | counts, metrics, metrics of each kind |
//! | `mistakes` | what is wrong with a prediction |
//! | `explain`, `attack`, `vectors` | outputs to explain; the model under attack; the vectors of both |
//! | `answers` | the output of `gradus predict`, and the file of predictions |

mod answers;
mod attack;
mod distil;
mod explain;
pub mod generated;
mod keys;
mod metrics;
mod mistakes;
mod model;
mod reading;
mod sets;
mod splitting;
mod tags;
mod vectors;

pub(super) use distil::parts_of_speech;
pub use keys::TagKeys;

use super::reading::Reading;
use super::windows::{self, Piece};
use super::{bert, warnings, words};
use crate::attack::Changes;
use crate::data::counted::{counted, verb};
use crate::data::files::FileReader;
use crate::data::formats::conll::{self, Known, ReadWords};
use crate::data::formats::scheme::{self, Scheme, TagKind};
use crate::data::known::KnownSet;
use crate::data::{DataError, OwnPart, Part, Sentence, Split, Splits, split};
use crate::explain::{Explained, Which};
use crate::regimes::distillation;
use crate::run::{
    Ask, Described, Details, Generated, Metric, Mistake, Origin, RunError, State, Style, Task, Understood,
};
use crate::text::{Text, Tokeniser, Tokens};
use distil::{Outputs, Taught};
use gradus_engine::optim::{Group, OptimizerConfig};
use gradus_engine::{Mode, Rng, Tensor};
use gradus_models::Tagger;
use keys::Model;
use model::Tagging;
use rayon::prelude::*;
use reading::{longest, sizes};
use std::collections::BTreeMap;
use std::path::Path;
use tags::Tags;

/// A prepared tagging set.
pub struct Tag {
    keys: TagKeys,
    /// With the tags of the run.
    data: Splits<Vec<Sentence>>,
    tags: Tags,
    reading: Reading,
    tokeniser: Tokeniser,
    /// The sentences of train, dev and test; after those of train, sentences that a teacher alone has labelled.
    texts: [Vec<Text>; 3],
    /// What a student learns from its teacher.
    transfer: Option<Taught>,
    /// The training sentences, in pieces if they are long.
    pieces: Vec<Piece>,
}

impl Part for Vec<Sentence> {
    const UNIT: &'static str = "sentences";
    const SEPARATED: &'static str = "end each sentence with a blank line, ";

    fn len(&self) -> usize {
        Vec::len(self)
    }

    fn draw(&mut self, n: usize, seed: u64) -> Self {
        split::hold_out(self, n, seed)
    }
}

/// `data.tags`.
fn asked(keys: &TagKeys) -> TagKind {
    keys.data.source.format().1.tags
}

/// The files of a run: how text is split; the words, or the sizes of the model and its pieces; what a student's teacher says.
const FILES: [&str; 9] = {
    let [a, b, c, d, e] = words::FILES;
    let [f, g] = bert::FILES;
    let [h, i] = distillation::FILES;
    [a, b, c, d, e, f, g, h, i]
};

fn tokenised(tokeniser: &Tokeniser, sentences: &[Sentence]) -> Vec<Tokens> {
    sentences.par_iter().map(|sentence| Tokens::of_words(&sentence.words, tokeniser)).collect()
}

impl Task for Tag {
    const NAME: &'static str = "tag";
    const TITLE: &'static str = "Named Entity Recognition";
    const ABOUT: &'static str = "Tag each word, for named entities or parts of speech";
    const EXAMPLES: &'static [&'static str] = &[
        "--dataset names --loss focal --out runs/a",
        "--dataset conll2003 --data DIR --set model.characters=cnn --seed 3 --out runs/b",
        "--train mine.conll --set data.tag_column=2 --out runs/c",
    ];
    const METRICS: &'static [Metric] = metrics::METRICS;
    const PREDICTIONS: &'static str = "conll";
    const DECIDING: &'static [&'static str] =
        &["data.format", "data.word_column", "data.tag_column", "data.comments", "data.tags"];
    const FILES: &'static [&'static str] = &FILES;
    type Keys = TagKeys;
    type Part = Vec<Sentence>;
    type Model = dyn Tagger;
    type Prediction = Tagging;

    fn generated() -> &'static [Generated<Vec<Sentence>>] {
        generated::SETS
    }

    fn known() -> &'static [KnownSet<Vec<Sentence>>] {
        sets::SETS
    }

    fn origin(keys: &TagKeys) -> Origin<'_> {
        keys.data.source.origin(keys.data.limits)
    }

    fn read_own(
        keys: &TagKeys,
        reader: &mut FileReader,
        path: &Path,
        labels: Option<&[String]>,
    ) -> Result<OwnPart<Vec<Sentence>>, DataError> {
        let (encoding, format) = keys.data.source.format();
        let columns = format.columns();
        let file = reader.read(path, encoding)?;
        let known = labels.map(|labels| Tags::of_labels(labels, asked(keys)));
        let read = conll::read(&file, &columns, known.as_ref().map_or(Known::Nothing, Tags::known))?;
        Ok(OwnPart { part: read.sentences, labels: read.tags, note: read.note })
    }

    fn prepare(keys: TagKeys, data: Splits<Vec<Sentence>>, kept: Option<&Path>) -> Result<Self, RunError> {
        let scheme: Scheme = keys.data.scheme.into();
        if let Some(folder) = kept {
            let damaged = |reason| RunError::Damaged { path: folder.join("data.json"), reason };
            scheme::check_tags(&data.labels, TagKind::Auto, scheme).map_err(damaged)?;
        }
        let (tags, data) = Tags::of_set(data, scheme, asked(&keys));
        if kept.is_none() && !tags.are_entities() {
            keys.fits_plain_tags()?;
        }
        let tokeniser = match kept {
            Some(folder) => words::load_tokeniser(folder)?,
            None => keys.data.text.tokeniser(splitting::mode(&keys, &data)),
        };
        let tokens = Split::ALL.map(|split| tokenised(&tokeniser, data.split(split)));
        let reading = reading::open(&keys, &tokeniser, &tokens, kept)?;
        let encode = |tokens: &Vec<Tokens>| reading::encode_all(&reading, tokens);
        let texts: [Vec<Text>; 3] = tokens.each_ref().map(encode);
        let transfer = distil::transfer(&keys, &data, kept)?;
        let mut task = Tag { keys, data, tags, reading, tokeniser, texts, transfer: None, pieces: vec![] };
        if let Some(transfer) = transfer {
            let more = task.read_altered(&transfer.unlabelled.iter().collect::<Vec<_>>());
            task.texts[0].extend(more);
            task.transfer = Some(Taught::new(transfer, &task.texts[0]));
        }
        let sizes = task.texts[0].iter().map(|text| sizes(&task.reading, text));
        task.pieces = windows::of(sizes, longest(&task.reading));
        Ok(task)
    }

    fn save(&self, folder: &Path) -> Result<(), RunError> {
        if let Reading::Pieces(_) = self.reading {
            words::save_tokeniser(&self.tokeniser, folder)?;
        }
        if let Some(taught) = &self.transfer {
            taught.transfer.save(folder)?;
        }
        self.reading.save(folder)
    }

    fn data(&self) -> &Splits<Vec<Sentence>> {
        &self.data
    }

    fn vocabulary(&self) -> usize {
        self.reading.vocabulary()
    }

    fn sizes(&self) -> Vec<usize> {
        self.pieces.iter().map(|piece| piece.words.len()).collect()
    }

    fn learned(&self) -> usize {
        self.pieces.chunk_by(|a, b| a.sentence == b.sentence).count()
    }

    fn lengths(&self, split: Split) -> Vec<usize> {
        let texts = &self.texts[split as usize][..self.data.split(split).len()];
        texts.iter().map(Text::len).collect()
    }

    fn model(&self, rng: &mut Rng) -> Result<Box<dyn Tagger>, RunError> {
        model::tagger(self, rng)
    }

    fn start(&self) -> State {
        self.keys.loss.start()
    }

    fn inputs(&self, examples: &[usize], mode: &mut Mode) -> Vec<Tensor> {
        model::inputs(self, examples, mode)
    }

    fn loss(&self, model: &dyn Tagger, inputs: &[Tensor], state: &State, mode: &mut Mode) -> (Tensor, State) {
        let (tags, words) = inputs.split_first().expect("inputs: tags, then words");
        let (taught, words) = words.split_at(if self.transfer.is_some() { 3 } else { 0 });
        let words = match self.reading {
            Reading::Words(_) => words::words_of(words),
            Reading::Pieces(_) => words::in_pieces(words),
        };
        let emissions = model.emissions(&words, mode);
        let [teacher, labelled, lengths] = taught else {
            return self.keys.loss.of(model.crf(), &emissions, tags, words.lengths, state);
        };
        let taught = Outputs { teacher, labelled, lengths };
        distil::loss(&self.keys.loss, model.crf(), (&emissions, tags, words.lengths), &taught, state)
    }

    fn recordable(&self) -> bool {
        self.keys.loss.recordable() && self.reading.recordable()
    }

    fn groups(&self, config: OptimizerConfig) -> Vec<Group> {
        match (&self.keys.model, &self.reading) {
            (Model::Bert { bert, .. }, Reading::Pieces(text)) => bert.groups("", text.layers(), config),
            (Model::Bert { .. } | Model::BiLstmCrf { .. }, _) => vec![],
        }
    }

    fn penalties(&self) -> [f64; 2] {
        [self.keys.loss.penalties.l1, self.keys.loss.penalties.l2]
    }

    fn predict(&self, model: &dyn Tagger, split: Split, examples: &[usize]) -> Vec<Tagging> {
        let texts: Vec<&Text> = examples.iter().map(|&i| &self.texts[split as usize][i]).collect();
        self.predictions(model, &texts)
    }

    fn is_finite(prediction: &Tagging) -> bool {
        prediction.score.is_finite()
    }

    fn counts(&self, split: Split, example: usize, prediction: &Tagging) -> Vec<f64> {
        metrics::counts(&self.tags, &self.data.split(split)[example].tags, &prediction.tags)
    }

    fn metrics(sums: &[f64]) -> Vec<f64> {
        metrics::metrics(sums)
    }

    fn right(&self, split: Split, example: usize, prediction: &Tagging) -> bool {
        metrics::right(&self.tags, &self.data.split(split)[example].tags, &prediction.tags)
    }

    fn details(&self, split: Split, predictions: &[Tagging], sums: &[f64]) -> Option<Details> {
        Some(metrics::details(&self.tags, self.data.split(split), predictions, sums))
    }

    fn mistake(&self, split: Split, example: usize, prediction: &Tagging) -> Mistake {
        mistakes::mistake(self, split, example, &prediction.tags)
    }

    fn columns(&self) -> ReadWords {
        ReadWords {
            columns: self.keys.data.source.format().1.columns(),
            plain: (!self.tags.are_entities()).then(|| self.tags.names().to_vec()),
        }
    }

    fn written(&self, split: Split, predictions: &[Tagging]) -> String {
        answers::columns(self, split, predictions)
    }

    fn examples(&self, split: Split) -> Vec<String> {
        let line = |sentence: &Sentence| {
            let tags = self.tags.canonical(&sentence.tags);
            format!("{}\t{}", sentence.words.join("\u{1f}"), tags.join("\u{1f}"))
        };
        self.data.split(split).iter().map(line).collect()
    }

    fn answer(&self, model: &dyn Tagger, asks: &[Ask], style: Style) -> Vec<Result<String, String>> {
        answers::answer(self, model, asks, style)
    }

    fn ask(&self, split: Split, example: usize) -> Option<Ask> {
        Some(Ask::of_words(&self.data.split(split)[example].words))
    }

    fn explained<'a>(
        &'a self,
        model: &'a Self::Model,
        ask: &Ask,
        which: &Which,
    ) -> Result<Vec<Box<dyn Explained + 'a>>, String> {
        explain::explained(self, model, ask, which)
    }

    fn changes<'a>(
        &'a self,
        model: &'a Self::Model,
        split: Split,
    ) -> Result<Box<dyn Changes<Self::Prediction> + 'a>, String> {
        attack::changes(self, model, split)
    }

    fn understood(&self) -> Understood {
        let mut understood = self.read_as();
        let counts = self.tags.occurrences(&self.data.train);
        let what = if self.tags.are_entities() { "entities" } else { "tags" };
        understood.lines.insert(0, (what, Understood::counts(counts.clone())));
        let rare: Vec<String> = counts.into_iter().filter(|(_, n)| *n < 2).map(|(kind, _)| kind).collect();
        understood.warnings.extend(warnings::once(
            ["", what],
            &rare,
            ["is it misspelt?", "are they misspelt?"],
        ));
        let words = |split| self.data.split(split).iter().map(|sentence| &sentence.words).collect();
        let repeated = || Split::ALL.map(words);
        understood.warnings.extend(warnings::repeated(&self.keys.data.source, ("sentences", ""), repeated));
        let longest = longest(&self.reading);
        let is_long = |text: &&Text| sizes(&self.reading, text).iter().sum::<usize>() > longest;
        let long = self.texts.iter().flatten().filter(is_long).count();
        if let Some(taught) = &self.transfer {
            let (labelled, more) = (self.data.train.len(), taught.transfer.unlabelled.len());
            understood.lines.push(("transfer", format!("{labelled} sentences with labels, {more} without")));
        }
        if long > 0 {
            let parts = match self.reading {
                Reading::Words(_) => "words",
                Reading::Pieces(_) => "word pieces",
            };
            understood.warnings.push(format!(
                "{} {} more than {longest} {parts} and {} read in overlapping windows",
                counted(long, "sentences"),
                verb(long, "has", "have"),
                verb(long, "is", "are")
            ));
        }
        understood
    }

    fn described(keys: &TagKeys, data: &Splits<Vec<Sentence>>, split: Split) -> Described {
        let tokeniser = keys.data.text.tokeniser(crate::text::Mode::Whitespace);
        let (tags, data) = Tags::of_set(data.clone(), Scheme::Iob2, asked(keys));
        let sentences = data.split(split);
        let words: Vec<Vec<String>> = sentences
            .iter()
            .map(|sentence| sentence.words.iter().map(|word| tokeniser.word(word)).collect())
            .collect();
        let counts: BTreeMap<String, usize> = tags.occurrences(sentences);
        Described {
            examples: sentences.len(),
            lengths: words.iter().map(Vec::len).collect(),
            words,
            labels: tags.kinds().into_iter().map(|k| (k.clone(), *counts.get(&k).unwrap_or(&0))).collect(),
        }
    }
}

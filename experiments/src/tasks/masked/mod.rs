//! Masked language modelling: BERT learns to predict pieces of plain text that are masked. From nothing this is pre-training;
//! from a pretrained model, it is adapted to other texts.
//!
//! | file | holds |
//! | --- | --- |
//! | `keys` | the sections `[data]` and `[model]` |
//! | `sets` | the known data sets; [`generated`] has the generated one |
//! | `start` | what training starts from: sizes, pieces, pretrained weights; the folder of the trained model |
//! | `vocabulary` | pieces, windows of them, and texts with masks |
//! | `masks` | which pieces are masked, and by what |
//! | `model` | batches, the loss, and what the model says at masked places |
//! | `guesses` | predictions, their metrics, and the file of predictions |
//! | `answers` | the output of `gradus predict` |
//!
//! Source: Devlin et al., "BERT: Pre-training of deep bidirectional transformers for language understanding", NAACL 2019,
//! section 3.1, task 1. There is no second task on pairs of sentences: models are not worse without it (Liu et al., "RoBERTa",
//! 2019, section 4.2).

mod answers;
pub mod generated;
mod guesses;
mod keys;
mod masks;
mod model;
mod sets;
mod start;
mod vocabulary;

pub use guesses::Guess;
pub use keys::MaskedKeys;

pub use super::corpus::Corpus;

use super::{bert, warnings};
use crate::attack::Changes;
use crate::data::counted::{counted, verb};
use crate::data::files::FileReader;
use crate::data::known::KnownSet;
use crate::data::{DataError, OwnPart, Split, Splits};
use crate::explain::{Explained, Which};
use crate::run::{
    Ask, Described, Details, Generated, Metric, Mistake, Origin, RunError, State, Style, Task, Understood,
};
use gradus_engine::{Mode, Rng, Stream, Tensor};
use gradus_models::MaskedLm;
use masks::{Draws, MaskedWindow, Masking};
use rayon::prelude::*;
use start::Begin;
use std::collections::HashSet;
use std::ops::Range;
use std::path::Path;
use vocabulary::{MASK, Vocabulary};

/// Prepared texts.
pub struct Masked {
    keys: MaskedKeys,
    data: Splits<Corpus>,
    begin: Begin,
    vocabulary: Vocabulary,
    /// The pieces of each text of train, dev and test.
    texts: [Vec<Vec<u32>>; 3],
    /// The training windows: the number of the text, and the pieces. Each has an ordinary piece.
    windows: Vec<(usize, Range<usize>)>,
}

/// The seed of the masks in evaluation. It is the same in every run.
const EVALUATION_SEED: u64 = 0x6d61_736b;

impl Masked {
    fn masking(&self) -> Masking {
        let keys::Data { mask_share, whole_words, .. } = self.keys.data;
        Masking { share: mask_share, whole_words }
    }

    /// The most pieces of a window.
    fn longest(&self) -> usize {
        bert::longest(&self.begin.config, self.keys.data.max_len)
    }

    /// The piece that fills a batch.
    fn padding(&self) -> u32 {
        self.vocabulary.pieces.special().pad
    }

    /// The windows of an example with the masks of evaluation, which are the same in every evaluation.
    fn evaluated(&self, split: Split, example: usize) -> Vec<MaskedWindow> {
        let ids = &self.texts[split as usize][example];
        let stream = (split as u64) << 32 | example as u64;
        let mut draws = Draws::new(Stream { seed: EVALUATION_SEED, stream });
        let masked = |window: Range<usize>| {
            let plain = self.vocabulary.framed(&ids[window]);
            self.masking().evaluate(&self.vocabulary, &plain, &mut draws)
        };
        let windows = self.vocabulary.windows(ids, self.longest()).into_iter().map(masked);
        windows.filter(|window| !window.places.is_empty()).collect()
    }
}

/// Why a run is neither explained nor attacked.
const NO_OUTPUT: &str = "expected a run that gives texts or words labels, or finds answers, found one of gradus train masked; fine-tune its \
                         model first, with --set model.pretrained=RUN/pretrained";

impl Task for Masked {
    const NAME: &'static str = "masked";
    const TITLE: &'static str = "Masked Language Modelling";
    const ABOUT: &'static str = "Pre-train BERT on plain text, or adapt a pretrained one to it";
    const EXAMPLES: &'static [&'static str] = &[
        "--train text.txt --set model.hidden_size=128 --set model.num_hidden_layers=2 --out runs/a",
        "--train text.txt --set model.pretrained=FOLDER --set optimizer.lr=5e-5 --out runs/b",
        "--dataset almanac --set data.whole_words=true --out runs/c",
    ];
    const METRICS: &'static [Metric] = guesses::METRICS;
    const PREDICTIONS: &'static str = "tsv";
    const DECIDING: &'static [&'static str] =
        &["data.max_len", "data.mask_share", "data.whole_words", "model.max_position_embeddings"];
    const OF_PIECES: &'static [&'static str] = &[
        "data.dataset",
        "data.train",
        "data.train_limit",
        "model.pretrained",
        "model.vocab_size",
        "model.lowercase",
    ];
    const FILES: &'static [&'static str] = &bert::FILES;
    const FINISHED: &'static [&'static str] = &start::TRAINED_FILES;
    const MARK: &'static str = MASK;
    type Keys = MaskedKeys;
    type Part = Corpus;
    type Model = MaskedLm;
    type Prediction = Vec<Guess>;

    fn generated() -> &'static [Generated<Corpus>] {
        generated::SETS
    }

    fn known() -> &'static [KnownSet<Corpus>] {
        sets::SETS
    }

    fn origin(keys: &MaskedKeys) -> Origin<'_> {
        keys.data.source.origin(keys.data.limits)
    }

    fn read_own(
        keys: &MaskedKeys,
        reader: &mut FileReader,
        path: &Path,
        _: Option<&[String]>,
    ) -> Result<OwnPart<Corpus>, DataError> {
        let (encoding, _) = keys.data.source.format();
        Ok(OwnPart { part: Corpus::read_own(reader, path, encoding)?, labels: vec![], note: None })
    }

    fn prepare(keys: MaskedKeys, data: Splits<Corpus>, kept: Option<&Path>) -> Result<Self, RunError> {
        let (begin, pieces) = Begin::open(&keys, &data.train.texts, kept)?;
        let vocabulary = Vocabulary::new(pieces);
        let read = |split| data.split(split).texts.par_iter().map(|text| vocabulary.read(text)).collect();
        let texts: [Vec<Vec<u32>>; 3] = Split::ALL.map(read);
        let longest = bert::longest(&begin.config, keys.data.max_len);
        let windows = texts[Split::Train as usize].iter().enumerate().flat_map(|(text, ids)| {
            let windows = vocabulary.windows(ids, longest).into_iter();
            let ordinary =
                |window: &Range<usize>| ids[window.clone()].iter().any(|&id| vocabulary.is_ordinary(id));
            windows.filter(ordinary).map(move |window| (text, window)).collect::<Vec<_>>()
        });
        let windows: Vec<_> = windows.collect();
        if windows.is_empty() && !data.train.texts.is_empty() && kept.is_none() {
            return Err(RunError::Settings(format!(
                "the vocabulary spells no word of the {} training texts; use a vocabulary of their language",
                data.train.texts.len()
            )));
        }
        for split in [Split::Dev, Split::Test] {
            let ids = &texts[split as usize];
            if !ids.is_empty() && !ids.iter().flatten().any(|&id| vocabulary.is_ordinary(id)) {
                return Err(RunError::Settings(format!(
                    "the vocabulary spells no word of the {} {split} texts, so that nothing can be measured on them; name texts in \
                     the language of the training texts",
                    ids.len()
                )));
            }
        }
        Ok(Masked { keys, data, begin, vocabulary, texts, windows })
    }

    fn save(&self, folder: &Path) -> Result<(), RunError> {
        self.begin.save(&self.vocabulary.pieces, folder)
    }

    fn finish(&self, model: &MaskedLm, folder: &Path) -> Result<(), RunError> {
        self.begin.finish(model, &self.vocabulary.pieces, folder)
    }

    fn data(&self) -> &Splits<Corpus> {
        &self.data
    }

    fn vocabulary(&self) -> usize {
        self.vocabulary.pieces.size()
    }

    fn sizes(&self) -> Vec<usize> {
        self.windows.iter().map(|(_, window)| window.len() + 2).collect()
    }

    fn learned(&self) -> usize {
        self.windows.iter().map(|(text, _)| *text).collect::<HashSet<_>>().len()
    }

    fn lengths(&self, split: Split) -> Vec<usize> {
        self.texts[split as usize].iter().map(|ids| ids.len() + 2).collect()
    }

    fn model(&self, rng: &mut Rng) -> Result<Box<MaskedLm>, RunError> {
        self.begin.model(rng)
    }

    fn inputs(&self, examples: &[usize], mode: &mut Mode) -> Vec<Tensor> {
        let evaluation = Stream { seed: EVALUATION_SEED, stream: u64::MAX };
        let mut draws = Draws::new(mode.stream().unwrap_or(evaluation));
        let masking = self.masking();
        let masked = |&i: &usize| {
            let (text, window) = &self.windows[i];
            let plain = self.vocabulary.framed(&self.texts[Split::Train as usize][*text][window.clone()]);
            masking.train(&self.vocabulary, &plain, &mut draws)
        };
        let masked: Vec<MaskedWindow> = examples.iter().map(masked).collect();
        model::tensors(&masked.iter().collect::<Vec<_>>(), self.padding())
    }

    fn units(&self, inputs: &[Tensor]) -> Option<usize> {
        inputs.last().map(Tensor::count)
    }

    fn loss(&self, model: &MaskedLm, inputs: &[Tensor], state: &State, mode: &mut Mode) -> (Tensor, State) {
        (model::loss(model, inputs, mode), state.clone())
    }

    /// Whole words make the number of masked pieces, a shape, differ from step to step.
    fn recordable(&self) -> bool {
        !self.keys.data.whole_words
    }

    fn predict(&self, model: &MaskedLm, split: Split, examples: &[usize]) -> Vec<Vec<Guess>> {
        let windows: Vec<_> = examples.iter().map(|&i| self.evaluated(split, i)).collect();
        let guess =
            |window: &MaskedWindow, k: usize, row: &[f32]| Guess::of(&self.vocabulary, window, k, row);
        let (padding, rows) = (self.padding(), self.begin.config.vocab_size);
        let mut guesses = model::at_places(model, &windows.concat(), padding, rows, guess).into_iter();
        windows.iter().map(|windows| guesses.by_ref().take(windows.len()).flatten().collect()).collect()
    }

    fn is_finite(prediction: &Vec<Guess>) -> bool {
        prediction.iter().all(|guess| guess.log_p.is_finite())
    }

    fn counts(&self, _: Split, _: usize, prediction: &Vec<Guess>) -> Vec<f64> {
        guesses::counts(prediction)
    }

    fn metrics(sums: &[f64]) -> Vec<f64> {
        guesses::metrics(sums)
    }

    fn right(&self, _: Split, _: usize, prediction: &Vec<Guess>) -> bool {
        prediction.iter().all(Guess::is_right)
    }

    fn details(&self, _: Split, _: &[Vec<Guess>], _: &[f64]) -> Option<Details> {
        None
    }

    fn mistake(&self, split: Split, example: usize, prediction: &Vec<Guess>) -> Mistake {
        guesses::mistake(self, split, example, prediction)
    }

    fn written(&self, _: Split, predictions: &[Vec<Guess>]) -> String {
        guesses::table(self, predictions)
    }

    /// The masked pieces as well: what is predicted depends on the vocabulary and on the share.
    fn examples(&self, split: Split) -> Vec<String> {
        let line = |(example, text): (usize, &String)| {
            let windows = self.evaluated(split, example);
            let gold = windows.iter().flat_map(|window| window.places.iter().zip(&window.gold));
            let gold: Vec<String> =
                gold.map(|(place, &id)| format!("{place} {}", self.vocabulary.shown(id))).collect();
            format!("{text}\t{}", gold.join("\u{1f}"))
        };
        self.data.split(split).texts.iter().enumerate().map(line).collect()
    }

    fn answer(&self, model: &MaskedLm, asks: &[Ask], style: Style) -> Vec<Result<String, String>> {
        answers::answer(self, model, asks, style)
    }

    fn explained<'a>(
        &'a self,
        _: &'a MaskedLm,
        _: &Ask,
        _: &Which,
    ) -> Result<Vec<Box<dyn Explained + 'a>>, String> {
        Err(NO_OUTPUT.into())
    }

    fn changes<'a>(&'a self, _: &'a MaskedLm, _: Split) -> Result<Box<dyn Changes<Vec<Guess>> + 'a>, String> {
        Err(NO_OUTPUT.into())
    }

    fn takes_words(&self) -> bool {
        false
    }

    fn understood(&self) -> Understood {
        let mut understood = self.begin.understood(&self.vocabulary.pieces);
        let ids = self.texts.each_ref().map(|texts| texts.iter().flatten());
        let of_splits = bert::of_splits(&self.vocabulary.pieces, ids);
        understood.lines.extend(of_splits.lines);
        understood.warnings.extend(of_splits.warnings);
        understood.lines.extend(bert::of_positions(&self.begin.config, self.keys.data.max_len));
        let longest = self.longest();
        let long = self.texts.iter().flatten().filter(|ids| ids.len() + 2 > longest).count();
        if long > 0 {
            understood.lines.push((
                "windows",
                format!(
                    "{} {} more than {longest} pieces and {} read in windows of at most {longest}; {} of {} for training",
                    counted(long, "texts"),
                    verb(long, "has", "have"),
                    verb(long, "is", "are"),
                    counted(self.windows.len(), "windows"),
                    counted(self.data.train.texts.len(), "texts")
                ),
            ));
        }
        understood.warnings.extend(warnings::tabular(&self.keys.data.source, &self.data.train.texts));
        let texts = || Split::ALL.map(|split| self.data.split(split).texts.iter().collect());
        understood.warnings.extend(warnings::repeated(&self.keys.data.source, ("texts", ""), texts));
        understood
    }

    /// Words are what white space separates, since pieces depend on a vocabulary.
    fn described(_: &MaskedKeys, data: &Splits<Corpus>, split: Split) -> Described {
        let words = |text: &String| text.split_whitespace().map(String::from).collect();
        let words: Vec<Vec<String>> = data.split(split).texts.iter().map(words).collect();
        Described {
            examples: words.len(),
            lengths: words.iter().map(Vec::len).collect(),
            words,
            labels: vec![],
        }
    }
}

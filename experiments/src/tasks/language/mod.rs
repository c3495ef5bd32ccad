//! Language modelling: a model learns to predict each token of a running text from those before it, and then continues texts.
//!
//! | file | holds |
//! | --- | --- |
//! | `keys` | the sections `[data]` and `[model]` |
//! | `prose` | texts in their order, as they are read from files |
//! | `sets` | the known data sets; [`generated`] has the generated ones |
//! | `units` | words, subwords or characters, as tokens |
//! | `running` | a split as one sequence of tokens: its lines, stretches to learn from, windows to evaluate in |
//! | `model` | the model, batches, the loss, and what the model says of tokens |
//! | `guesses` | predictions, their metrics, and the file of predictions |
//! | `within` | the perplexity by how much text is seen |
//! | `answers`, `continued` | the output of `gradus predict` and of `gradus generate` |
//!
//! A split is one text: its lines, each with a token for its end, which is predicted and counted as a word (the convention on the Penn
//! Treebank), follow each other, and the first token is predicted from the end of a line.
//!
//! - **Training.** The text is cut into stretches of `data.stretch` tokens. An LSTM reads `train.batch_size` texts side by side, in order,
//!   and carries its state from one stretch to the next, without gradients; an epoch begins with no state. A Transformer reads
//!   shuffled stretches, each for itself.
//! - **Evaluation.** Each token is predicted exactly once, in windows: up to `data.context` tokens are read, then `data.stride` tokens are
//!   predicted one after the other. A window depends on the text alone, so that results do not depend on batches; an LSTM
//!   begins each window with no state. An example is a line.
//!
//! Sources: Mikolov et al., "Recurrent neural network based language model", INTERSPEECH 2010; Zaremba et al. 2014; Vaswani et al. 2017.

mod answers;
mod continued;
pub mod generated;
mod guesses;
mod keys;
mod model;
mod prose;
mod running;
mod sets;
mod units;
mod within;

pub use super::corpus::Corpus;
pub use guesses::Guess;
pub use keys::LanguageKeys;
pub use prose::Prose;

use super::warnings;
use crate::attack::Changes;
use crate::data::counted::counted;
use crate::data::files::FileReader;
use crate::data::known::KnownSet;
use crate::data::{DataError, OwnPart, Split, Splits};
use crate::explain::{Explained, Which};
use crate::run::{
    Ask, Continued, Described, Details, Generated, Metric, Mistake, Origin, RunError, State, Style, Task,
    Understood,
};
use crate::text::batches;
use gradus_engine::{Mode, Rng, Tensor};
use gradus_models::LanguageModel;
use model::Seen;
use running::{Running, side_by_side};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use units::Units;

/// Prepared texts.
pub struct Language {
    keys: LanguageKeys,
    data: Splits<Prose>,
    units: Units,
    /// Train, dev and test.
    texts: [Running; 3],
}

/// Why a run is neither explained nor attacked.
const NO_OUTPUT: &str = "expected a run that gives texts or words labels, or finds answers, found one of gradus train language; gradus predict \
                         says how probable each token of a text is";

impl Language {
    /// The windows in which the tokens of some places are predicted, by number.
    fn seen(&self, text: &Running, places: Range<usize>) -> BTreeMap<usize, Seen> {
        let windows = text.windows(places, self.keys.data.context, self.keys.data.stride);
        let seen = |(number, window): (usize, running::Window)| {
            let ids = text.read(window.from..window.new.end);
            (number, Seen { ids, gold: text.tokens(window.new).to_vec() })
        };
        windows.into_iter().map(seen).collect()
    }

    fn train(&self) -> &Running {
        &self.texts[Split::Train as usize]
    }
}

impl Task for Language {
    const NAME: &'static str = "language";
    const TITLE: &'static str = "Language Modelling";
    const ABOUT: &'static str = "Predict the next word, subword or character of a text";
    const EXAMPLES: &'static [&'static str] = &[
        "--dataset ptb --model rnn-lm --data DIR --out runs/a",
        "--train text.txt --model transformer-lm --set data.unit=subwords --out runs/b",
        "--train text.txt --set data.unit=characters --set data.stretch=200 --out runs/c",
    ];
    const METRICS: &'static [Metric] = guesses::METRICS;
    const PREDICTIONS: &'static str = "tsv";
    const DECIDING: &'static [&'static str] =
        &["data.unit", "data.min_count", "data.max_vocab", "data.vocab_size"];
    const FILES: &'static [&'static str] = &units::FILES;
    type Keys = LanguageKeys;
    type Part = Prose;
    type Model = dyn LanguageModel;
    type Prediction = Vec<Guess>;

    fn generated() -> &'static [Generated<Prose>] {
        generated::SETS
    }

    fn known() -> &'static [KnownSet<Prose>] {
        sets::SETS
    }

    fn origin(keys: &LanguageKeys) -> Origin<'_> {
        keys.data.source.origin(keys.data.limits)
    }

    fn read_own(
        keys: &LanguageKeys,
        reader: &mut FileReader,
        path: &Path,
        _: Option<&[String]>,
    ) -> Result<OwnPart<Prose>, DataError> {
        let (encoding, _) = keys.data.source.format();
        Ok(OwnPart { part: Prose(Corpus::read_own(reader, path, encoding)?), labels: vec![], note: None })
    }

    fn prepare(keys: LanguageKeys, data: Splits<Prose>, kept: Option<&Path>) -> Result<Self, RunError> {
        let units = Units::open(&keys.data.unit, &data.train.0.texts, kept)?;
        let texts = Split::ALL.map(|split| Running::new(&units, &data.split(split).0.texts));
        Ok(Language { keys, data, units, texts })
    }

    fn save(&self, folder: &Path) -> Result<(), RunError> {
        self.units.save(folder)
    }

    fn data(&self) -> &Splits<Prose> {
        &self.data
    }

    fn vocabulary(&self) -> usize {
        self.units.size()
    }

    fn sizes(&self) -> Vec<usize> {
        let (text, length) = (self.train(), self.keys.data.stretch);
        (0..text.stretches(length)).map(|number| text.stretch(number, length).len()).collect()
    }

    fn learned(&self) -> usize {
        self.train().lines.len()
    }

    fn lengths(&self, split: Split) -> Vec<usize> {
        self.texts[split as usize].lines.iter().map(|line| line.tokens.len()).collect()
    }

    fn batches(&self, seed: u64, epoch: u64, size: usize) -> Vec<Vec<usize>> {
        match self.keys.model.carries() {
            true => side_by_side(self.sizes().len(), size),
            false => batches::shuffled(&self.sizes(), size, seed, epoch),
        }
    }

    /// Lines in their order, since neighbours share windows.
    fn evaluated(&self, split: Split, size: usize) -> Vec<Vec<usize>> {
        let all: Vec<usize> = (0..self.texts[split as usize].lines.len()).collect();
        all.chunks(size).map(<[usize]>::to_vec).collect()
    }

    fn model(&self, rng: &mut Rng) -> Result<Box<dyn LanguageModel>, RunError> {
        model::built(&self.keys, self.units.size(), rng)
    }

    fn check_state(&self, examples: &[usize], state: &State) -> Result<(), String> {
        let wanted = model::cells_of(&self.keys.model, examples.len());
        let found: BTreeMap<String, Vec<usize>> =
            state.tensors.iter().map(|(name, tensor)| (name.clone(), tensor.shape().to_vec())).collect();
        match found == wanted {
            true => Ok(()),
            false => Err(format!("expected the state of the LSTM, {wanted:?}, found {found:?}")),
        }
    }

    fn inputs(&self, examples: &[usize], _: &mut Mode) -> Vec<Tensor> {
        let text = self.train();
        let stretch = |&number: &usize| {
            let places = text.stretch(number, self.keys.data.stretch);
            Seen { ids: text.read(places.clone()), gold: text.tokens(places).to_vec() }
        };
        let seen: Vec<Seen> = examples.iter().map(stretch).collect();
        // The first batch of an epoch has the start of the text.
        let goes_on = self.keys.model.carries() && examples.first() != Some(&0);
        model::tensors(&seen, goes_on)
    }

    fn units(&self, inputs: &[Tensor]) -> Option<usize> {
        Some(model::count(inputs))
    }

    fn loss(
        &self,
        model: &dyn LanguageModel,
        inputs: &[Tensor],
        state: &State,
        mode: &mut Mode,
    ) -> (Tensor, State) {
        model::loss(model, inputs, state, mode)
    }

    fn recordable(&self) -> bool {
        !self.keys.model.carries()
    }

    fn predict(&self, model: &dyn LanguageModel, split: Split, examples: &[usize]) -> Vec<Vec<Guess>> {
        let text = &self.texts[split as usize];
        let places = |&example: &usize| text.lines[example].tokens.clone();
        let mut seen: BTreeMap<usize, Seen> = BTreeMap::new();
        examples.iter().for_each(|example| seen.extend(self.seen(text, places(example))));
        let (numbers, seen): (Vec<usize>, Vec<Seen>) = seen.into_iter().unzip();
        let found: BTreeMap<usize, Vec<Guess>> =
            numbers.into_iter().zip(model::guesses(model, &seen)).collect();
        let stride = self.keys.data.stride;
        let of_line =
            |example| places(example).map(|place| found[&(place / stride)][place % stride]).collect();
        examples.iter().map(of_line).collect()
    }

    fn is_finite(prediction: &Vec<Guess>) -> bool {
        prediction.iter().all(|guess| guess.log_p.is_finite())
    }

    fn counts(&self, split: Split, example: usize, prediction: &Vec<Guess>) -> Vec<f64> {
        guesses::counts(&self.texts[split as usize].lines[example], prediction)
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

    /// The tokens: the perplexities of other tokens are other quantities, as are those of a vocabulary with other unknown words.
    fn examples(&self, split: Split) -> Vec<String> {
        let text = &self.texts[split as usize];
        let line = |line: &running::Line| {
            let tokens = text.tokens(line.tokens.clone()).iter().map(|&token| self.units.shown(token));
            tokens.collect::<Vec<_>>().join("\u{1f}")
        };
        text.lines.iter().map(line).collect()
    }

    fn answer(&self, model: &dyn LanguageModel, asks: &[Ask], style: Style) -> Vec<Result<String, String>> {
        answers::answer(self, model, asks, style)
    }

    fn continued<'a>(
        &'a self,
        model: &'a dyn LanguageModel,
        prompt: &str,
    ) -> Result<Box<dyn Continued + 'a>, String> {
        Ok(Box::new(continued::Written::new(self, model, prompt)))
    }

    fn explained<'a>(
        &'a self,
        _: &'a dyn LanguageModel,
        _: &Ask,
        _: &Which,
    ) -> Result<Vec<Box<dyn Explained + 'a>>, String> {
        Err(NO_OUTPUT.into())
    }

    fn changes<'a>(
        &'a self,
        _: &'a dyn LanguageModel,
        _: Split,
    ) -> Result<Box<dyn Changes<Vec<Guess>> + 'a>, String> {
        Err(NO_OUTPUT.into())
    }

    fn within(
        &self,
        model: &dyn LanguageModel,
        split: Split,
        tokens: usize,
        limit: usize,
    ) -> Result<BTreeMap<String, f64>, String> {
        within::within(self, model, split, (tokens, limit))
    }

    fn takes_words(&self) -> bool {
        false
    }

    fn understood(&self) -> Understood {
        let mut understood = Understood::default();
        let (name, length) = (self.units.name(), self.keys.data.stretch);
        understood.lines.push(("vocabulary", counted(self.units.size(), name)));
        for (split, text) in Split::ALL.iter().zip(&self.texts) {
            let all = text.tokens(0..text.len());
            let unknown = all.iter().filter(|&&token| self.units.is_unknown(token)).count();
            let unknown = 100.0 * unknown as f64 / all.len().max(1) as f64;
            let heading = ["train", "dev", "test"][*split as usize];
            let of_lines = counted(text.lines.len(), "lines");
            understood.lines.push((
                heading,
                format!("{} of {of_lines}, {unknown:.1} % unknown", counted(all.len(), name)),
            ));
            if *split == Split::Train && unknown > 50.0 {
                understood.warnings.push(format!(
                    "{unknown:.0} % of the words of the train split are unknown, since they occur too seldom; lower data.min_count, give \
                     more text, or set data.unit=subwords"
                ));
            }
        }
        let stretches = counted(self.train().stretches(length), "stretches");
        understood
            .lines
            .push(("stretches", format!("{stretches} of {} for training", counted(length, "tokens"))));
        understood.warnings.extend(warnings::tabular(&self.keys.data.source, &self.data.train.0.texts));
        let texts = || Split::ALL.map(|split| self.data.split(split).0.texts.iter().collect());
        understood.warnings.extend(warnings::repeated(&self.keys.data.source, ("texts", ""), texts));
        understood
    }

    /// Words are what white space separates, whatever the tokens are.
    fn described(_: &LanguageKeys, data: &Splits<Prose>, split: Split) -> Described {
        let words = |text: &String| text.split_whitespace().map(String::from).collect();
        let words: Vec<Vec<String>> = data.split(split).0.texts.iter().map(words).collect();
        Described {
            examples: words.len(),
            lengths: words.iter().map(Vec::len).collect(),
            words,
            labels: vec![],
        }
    }
}

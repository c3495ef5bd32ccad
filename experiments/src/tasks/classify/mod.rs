//! Text classification: one or several labels for each text.
//!
//! | file | holds |
//! | --- | --- |
//! | `keys` | the sections `[data]`, `[model]` and `[loss]` |
//! | `sets`, `families` | the known data sets; [`generated`] has the generated ones |
//! | `own` | the user's own files |
//! | `distil` | what a student learns from a teacher |
//! | `reading` | how texts become words or pieces |
//! | `prior` | how often each label occurs |
//! | `model` | the model, its inputs and its predictions |
//! | `metrics` | counts, metrics, metrics of each label |
//! | `mistakes` | what is wrong with a prediction |
//! | `warnings` | what to look at before training |
//! | `explain`, `attack` | outputs to explain; the model under attack |
//! | `answers` | the output of `gradus predict`, and the file of predictions |

mod answers;
mod attack;
mod distil;
mod explain;
mod families;
pub mod generated;
mod keys;
mod metrics;
mod mistakes;
mod model;
mod own;
mod prior;
mod reading;
mod sets;
mod warnings;

pub use keys::ClassifyKeys;
pub use model::Prediction;

use distil::Taught;
use keys::Model;
pub(crate) use prior::Prior;
use reading::ReadTexts;

use super::adversarial::Adversarial;
use super::keys::{Named, Source};
use super::reading::Reading;
use super::{bert, words};
use crate::attack::Changes;
use crate::config::ConfigError;
use crate::data::counted::{counted, verb};
use crate::data::files::FileReader;
use crate::data::known::{KnownSet, TokensGiven};
use crate::data::{DataError, Example, OwnPart, Part, Split, Splits, split};
use crate::explain::{Explained, Which};
use crate::regimes::distillation::{self, LayerTeacher, Transfer};
use crate::run::{
    Ask, Cut, Described, Details, Generated, Metric, Mistake, Origin, RunError, RunFolder, State, Style,
    Task, Understood,
};
use crate::text::{Mode as Splitting, Text};
use gradus_engine::optim::{Group, OptimizerConfig};
use gradus_engine::{Mode, Module, Rng, Tensor};
use gradus_models::{Classifier, Words};
use rayon::prelude::*;
use std::path::Path;

/// The files of a run: how often each label occurs; how texts are read, as words or as pieces; what a student's teacher says.
const FILES: [&str; 11] = {
    let [a, b, c, d, e] = words::FILES;
    let [f, g] = bert::FILES;
    let [h, i] = distillation::FILES;
    [Prior::FILE, a, b, c, d, e, f, g, h, i, distillation::LAYERS]
};

/// A prepared classification set.
pub struct Classify {
    keys: ClassifyKeys,
    data: Splits<Vec<Example>>,
    reading: Reading,
    prior: Prior,
    /// The texts of train, dev and test; after those of train, texts that a teacher alone has labelled.
    texts: [Vec<Text>; 3],
    /// What a student learns from its teacher.
    transfer: Option<Transfer<String>>,
    /// The teacher, if the student imitates its layers.
    layers: Option<LayerTeacher>,
    /// Counts of odd texts.
    odd: Odd,
}

/// Counts of odd texts.
#[derive(Clone, Copy, Debug, Default)]
struct Odd {
    /// Texts that were cut to the longest length.
    cut: usize,
    /// Texts without words; of the user's own files those that are not empty, since the note counts the empty ones.
    wordless: usize,
}

impl Part for Vec<Example> {
    const UNIT: &'static str = "examples";

    fn len(&self) -> usize {
        Vec::len(self)
    }

    fn draw(&mut self, n: usize, seed: u64) -> Self {
        split::hold_out(self, n, seed)
    }
}

/// How text is split if `data.tokenizer` is `auto`: as the data set is. A user's own file may have the name of a data set.
fn splitting(keys: &ClassifyKeys) -> Splitting {
    let Source::Set(Named { dataset }) = &keys.data.source else { return Splitting::English };
    let known = sets::SETS.iter().find(|set| set.name == dataset).map(|set| set.tokens);
    let generated = generated::SETS.iter().any(|set| set.name == dataset).then_some(TokensGiven::Words);
    match known.or(generated) {
        Some(TokensGiven::Words) => Splitting::Whitespace,
        Some(TokensGiven::Characters) => Splitting::Characters,
        Some(TokensGiven::No) | None => Splitting::English,
    }
}

impl Classify {
    fn split_texts(&self, split: Split) -> &[Text] {
        &self.texts[split as usize]
    }

    /// Whether a text may have several labels.
    fn several(&self) -> bool {
        self.keys.several()
    }
}

impl Task for Classify {
    const NAME: &'static str = "classify";
    const TITLE: &'static str = "Text Classification";
    const ABOUT: &'static str = "Assign one or several labels to each text";
    const EXAMPLES: &'static [&'static str] = &[
        "--dataset sst2 --model bilstm --loss focal --data DIR --set optimizer.lr=1e-3 --seed 3 --out runs/a",
        "--train mine.csv --test other.csv --text-column review --label-column stars --out runs/b",
        "--out runs/a --resume --set train.epochs=10",
    ];
    const METRICS: &'static [Metric] = metrics::METRICS;
    const PREDICTIONS: &'static str = "tsv";
    const DECIDING: &'static [&'static str] =
        &["data.format", "data.text_column", "data.label_column", "data.label_separator", "data.positive"];
    const FILES: &'static [&'static str] = &FILES;
    type Keys = ClassifyKeys;
    type Part = Vec<Example>;
    type Model = dyn Classifier;
    type Prediction = Prediction;

    fn generated() -> &'static [Generated<Vec<Example>>] {
        generated::SETS
    }

    fn known() -> &'static [KnownSet<Vec<Example>>] {
        sets::SETS
    }

    fn origin(keys: &ClassifyKeys) -> Origin<'_> {
        keys.data.source.origin(keys.data.limits)
    }

    fn read_own(
        keys: &ClassifyKeys,
        reader: &mut FileReader,
        path: &Path,
        labels: Option<&[String]>,
    ) -> Result<OwnPart<Vec<Example>>, DataError> {
        own::read(keys, reader, path, labels)
    }

    fn prepare(
        keys: ClassifyKeys,
        data: Splits<Vec<Example>>,
        kept: Option<&Path>,
    ) -> Result<Self, RunError> {
        let data = own::positive_last(data, &keys.data.positive)?;
        keys.fits(&data.labels)?;
        let prior = match kept {
            Some(folder) => {
                RunFolder(folder.into()).trained_on()?.check_labels(folder, &data.labels)?;
                Prior::load(folder, data.labels.len())?
            }
            None => {
                let prior = Prior::count(&data.train, data.labels.len());
                warnings::check_trained(&keys, &data, &prior.counts)?;
                prior
            }
        };
        let (reading, ReadTexts { texts, cut }) = reading::read_all(&keys, &data, kept)?;
        let counted = matches!(keys.data.source, Source::Own(_));
        let all = Split::ALL.into_iter().flat_map(|split| data.split(split));
        let wordless =
            |(text, example): &(&Text, &Example)| text.is_blank() && !(counted && example.text.is_empty());
        let odd = Odd { cut, wordless: texts.iter().flatten().zip(all).filter(wordless).count() };
        let transfer = distil::transfer(&keys, &data, kept)?;
        let layers = distil::layers(&keys, &data, &reading, kept)?;
        let mut task = Classify { keys, data, reading, prior, texts, transfer, layers, odd };
        let more = task.transfer.iter().flat_map(|transfer| &transfer.unlabelled);
        let more: Vec<Text> = more.map(|text| task.read_altered(text)).collect();
        task.texts[0].extend(more);
        Ok(task)
    }

    fn save(&self, folder: &Path) -> Result<(), RunError> {
        self.prior.save(folder)?;
        if let Some(transfer) = &self.transfer {
            transfer.save(folder)?;
        }
        if let Some(layers) = &self.layers {
            layers.save(folder)?;
        }
        self.reading.save(folder)
    }

    fn data(&self) -> &Splits<Vec<Example>> {
        &self.data
    }

    fn shortened(&self) -> Vec<Cut> {
        self.cuts(self.odd.cut, Split::ALL.iter().map(|&split| self.data.split(split).len()).sum())
    }

    fn shortened_of(&self, asks: &[Ask]) -> Vec<Cut> {
        self.cuts(asks.iter().filter(|ask| self.is_cut(ask)).count(), asks.len())
    }

    fn vocabulary(&self) -> usize {
        self.reading.vocabulary()
    }

    fn sizes(&self) -> Vec<usize> {
        self.texts[0].iter().map(Text::len).collect()
    }

    fn lengths(&self, split: Split) -> Vec<usize> {
        let texts = &self.split_texts(split)[..self.data.split(split).len()];
        texts.iter().map(Text::len).collect()
    }

    fn model(&self, rng: &mut Rng) -> Result<Box<dyn Classifier>, RunError> {
        model::classifier(self, rng)
    }

    fn kept_part(model: &dyn Classifier) -> Option<&dyn Module> {
        model.student().map(|student| -> &dyn Module { &student.classifier })
    }

    fn start(&self) -> State {
        self.keys.loss.start()
    }

    fn inputs(&self, examples: &[usize], mode: &mut Mode) -> Vec<Tensor> {
        model::inputs(self, examples, mode)
    }

    fn loss(
        &self,
        model: &dyn Classifier,
        inputs: &[Tensor],
        state: &State,
        mode: &mut Mode,
    ) -> (Tensor, State) {
        let (labels, rest) = inputs.split_first().expect("inputs: labels, what a teacher says, then words");
        let (taught, words) = match &self.transfer {
            None => (None, rest),
            Some(_) => (Some(Taught { teacher: &rest[0], labelled: &rest[1] }), &rest[2..]),
        };
        let (words, loss) = (words::words_of(words), &self.keys.loss);
        if let (Some(taught), Some(teacher), Some(student)) = (&taught, &self.layers, model.student()) {
            let (logits, of_layers) = teacher.taught(student, &words, mode);
            return distil::loss(loss, (&logits, Some(&of_layers)), labels, taught, state);
        }
        let of = |logits: &Tensor| match &taught {
            None => loss.of(logits, labels, state),
            Some(taught) => distil::loss(loss, (logits, None), labels, taught, state),
        };
        if loss.adversarial == Adversarial::None {
            return of(&model.logits(&words, mode));
        }
        let x = model.embed(&words, mode);
        let mut at = |x: &Tensor| of(&model.logits(&Words { embedded: Some(x), ..words }, mode));
        let (clean, next) = at(&x);
        (loss.adversarial.added(clean, &x, |x| at(x).0), next)
    }

    fn recordable(&self) -> bool {
        self.keys.loss.recordable() && self.reading.recordable() && self.layers.is_none()
    }

    fn groups(&self, config: OptimizerConfig) -> Vec<Group> {
        match (&self.keys.model, &self.reading) {
            (Model::Bert { start, .. }, Reading::Pieces(text)) => {
                // One that imitates layers is trained with what reads them.
                let within = if self.layers.is_some() { "student." } else { "" };
                start.pretrained().map_or(vec![], |bert| bert.groups(within, text.layers(), config))
            }
            (Model::Bert { .. } | Model::TextCnn(_) | Model::BiLstm(_), _) => vec![],
        }
    }

    fn penalties(&self) -> [f64; 2] {
        [self.keys.loss.penalties.l1, self.keys.loss.penalties.l2]
    }

    fn predict(&self, model: &dyn Classifier, split: Split, examples: &[usize]) -> Vec<Prediction> {
        let texts: Vec<&Text> = examples.iter().map(|&i| &self.split_texts(split)[i]).collect();
        self.predictions(model, &texts)
    }

    fn is_finite(prediction: &Prediction) -> bool {
        prediction.probabilities.iter().all(|p| p.is_finite())
    }

    fn counts(&self, split: Split, example: usize, prediction: &Prediction) -> Vec<f64> {
        metrics::counts(self.several(), &self.data, &self.data.split(split)[example], prediction)
    }

    fn metrics(sums: &[f64]) -> Vec<f64> {
        metrics::metrics(sums)
    }

    fn right(&self, split: Split, example: usize, prediction: &Prediction) -> bool {
        self.data.split(split)[example].labels == prediction.labels
    }

    fn details(&self, split: Split, predictions: &[Prediction], sums: &[f64]) -> Option<Details> {
        Some(metrics::details(self.several(), &self.data, split, predictions, sums))
    }

    fn mistake(&self, split: Split, example: usize, prediction: &Prediction) -> Mistake {
        mistakes::mistake(self, split, example, prediction)
    }

    fn written(&self, split: Split, predictions: &[Prediction]) -> String {
        answers::table(self, split, predictions)
    }

    fn examples(&self, split: Split) -> Vec<String> {
        let labels = |example: &Example| -> Vec<&str> {
            example.labels.iter().map(|&label| self.data.labels[label].as_str()).collect()
        };
        let line = |example: &Example| format!("{}\t{}", labels(example).join("\u{1f}"), example.text);
        self.data.split(split).iter().map(line).collect()
    }

    fn answer(&self, model: &dyn Classifier, asks: &[Ask], style: Style) -> Vec<Result<String, String>> {
        answers::answer(self, model, asks, style)
    }

    fn ask(&self, split: Split, example: usize) -> Option<Ask> {
        Some(Ask { text: self.data.split(split)[example].text.clone(), ..Ask::default() })
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

    fn takes_words(&self) -> bool {
        !matches!(self.keys.model, Model::Bert { .. })
    }

    fn understood(&self) -> Understood {
        let mut understood = self.read_as();
        let counts = &self.prior.counts;
        let named = self.data.labels.iter().cloned().zip(counts.iter().map(|&n| n as usize));
        understood.lines.insert(0, ("labels", Understood::counts(named)));
        let examples = || Split::ALL.into_iter().flat_map(|split| self.data.split(split));
        let unlabelled = examples().filter(|example| example.labels.is_empty()).count();
        if unlabelled > 0 {
            understood.lines.insert(1, ("no label", format!("{unlabelled} of {} texts", examples().count())));
        }
        understood.warnings.extend(warnings::of(self, counts));
        understood.lines.extend(Cut::lines(&self.shortened()));
        if let Some(transfer) = &self.transfer {
            let (labelled, more) = (self.data.train.len(), transfer.unlabelled.len());
            understood.lines.push(("transfer", format!("{labelled} texts with labels, {more} without")));
        }
        if let (Some(layers), Reading::Pieces(text)) = (&self.layers, &self.reading) {
            understood.lines.push(("imitates", layers.described(text.config())));
        }
        let wordless = self.odd.wordless;
        if wordless > 0 {
            understood.warnings.push(format!(
                "{} {} no words",
                counted(wordless, "texts"),
                verb(wordless, "has", "have")
            ));
        }
        understood
    }

    fn described(keys: &ClassifyKeys, data: &Splits<Vec<Example>>, split: Split) -> Described {
        let tokeniser = keys.data.text.tokeniser(splitting(keys));
        let examples = data.split(split);
        let words: Vec<Vec<String>> =
            examples.par_iter().map(|example| tokeniser.words(&example.text)).collect();
        let mut counts = vec![0; data.labels.len()];
        examples.iter().flat_map(|example| &example.labels).for_each(|&label| counts[label] += 1);
        Described {
            examples: examples.len(),
            lengths: words.iter().map(Vec::len).collect(),
            words,
            labels: data.labels.iter().cloned().zip(counts).collect(),
        }
    }
}

impl ClassifyKeys {
    /// Checks that the keys fit the labels of the data.
    fn fits(&self, labels: &[String]) -> Result<(), ConfigError> {
        self.fits_set()?;
        self.loss.fits(labels.len())
    }
}

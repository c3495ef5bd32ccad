//! Reading comprehension: the span of a text that answers a question.
//!
//! | file | holds |
//! | --- | --- |
//! | `keys` | the sections `[data]`, `[model]` and `[loss]` |
//! | `sets` | the known data sets; [`generated`] has the generated one |
//! | [`articles`] | holds out whole articles or paragraphs |
//! | `asked` | which questions are the same |
//! | [`spans`] | answers as first and last word, and back |
//! | `reading` | how contexts and questions become words or pieces |
//! | `pairs` | questions with windows of their contexts in pieces, and the answers of all windows |
//! | `model` | the model, its inputs and its predictions |
//! | `mistakes` | what is wrong with an answer |
//! | `explain`, `attack` | outputs to explain; the model under attack |
//! | `answers` | the output of `gradus predict`, and the file of predictions |

mod answers;
pub mod articles;
mod asked;
mod attack;
mod explain;
pub mod generated;
mod keys;
mod mistakes;
mod model;
mod pairs;
mod reading;
mod sets;
pub mod spans;

pub use keys::ReadKeys;
pub use model::Answered;

use super::reading::Reading;
use super::{bert, warnings, words};
use crate::attack::Changes;
use crate::data::counted::{counted, verb};
use crate::data::files::FileReader;
use crate::data::formats::squad;
use crate::data::known::KnownSet;
use crate::data::{DataError, OwnPart, Part, Questions, Split, Splits, split};
use crate::explain::{Explained, Which};
use crate::metrics::reading::{row, row_by_answer};
use crate::run::{
    Ask, Cut, Described, Details, Generated, Metric, Mistake, Origin, RunError, State, Style, Task,
    Understood,
};
use crate::text::{Mode as Splitting, Text, Tokens};
use gradus_engine::optim::{Group, OptimizerConfig};
use gradus_engine::{Mode, Rng, Tensor};
use gradus_models::{Reader, ReaderInput};
use keys::Model;
use rayon::prelude::*;
use reading::{CutTexts, ReadTexts};
use spans::{Located, locate, locate_all};
use std::collections::{BTreeSet, HashSet};
use std::path::Path;

/// A prepared reading set.
pub struct Read {
    keys: ReadKeys,
    data: Splits<Questions>,
    reading: Reading,
    /// Train, dev and test.
    parts: [Encoded; 3],
    /// The training questions from which a model can learn, each with one or several windows of its context.
    located: Vec<Located>,
    /// How many questions were cut.
    cut: CutTexts,
}

/// A prepared split.
#[derive(Default)]
struct Encoded {
    /// The contexts; each begins with a word for "no answer" if the model learns that, or ends with a piece `[SEP]`.
    contexts: Vec<Text>,
    /// The words or pieces of each context, with their places.
    tokens: Vec<Tokens>,
    /// The questions.
    questions: Vec<Text>,
}

/// The files of a run: how text is split and the words, or the sizes of the model and its pieces.
const FILES: [&str; 7] = {
    let [a, b, c, d, e] = words::FILES;
    let [f, g] = bert::FILES;
    [a, b, c, d, e, f, g]
};

/// The longest question, in words; the time of a step is proportional to questions times contexts.
const LONGEST_QUESTION: usize = 1000;

/// The longest context for a model with self-attention, whose time is quadratic in the length.
const LONGEST_WITH_ATTENTION: usize = 4096;

impl Part for Questions {
    const UNIT: &'static str = "questions";

    fn len(&self) -> usize {
        self.questions.len()
    }

    fn draw(&mut self, n: usize, seed: u64) -> Self {
        let mut all: Vec<usize> = (0..self.questions.len()).collect();
        let drawn = split::hold_out(&mut all, n, seed);
        let out = self.select(&drawn);
        *self = self.select(&all);
        out
    }

    fn keep(&mut self, n: usize, seed: u64) {
        let mut all: Vec<usize> = (0..self.questions.len()).collect();
        *self = self.select(&split::hold_out(&mut all, n, seed));
    }

    fn hold_out<const N: usize>(&mut self, sizes: [usize; N], seed: u64) -> ([Self; N], String) {
        articles::hold_out(self, sizes, seed)
    }
}

impl Task for Read {
    const NAME: &'static str = "read";
    const TITLE: &'static str = "Reading Comprehension";
    const ABOUT: &'static str = "Answer questions about a text with a span of the text";
    const EXAMPLES: &'static [&'static str] = &[
        "--dataset passages --out runs/a",
        "--dataset squad --data DIR --set loss.contrastive=encoding --set data.max_len=300 --out runs/b",
        "--train mine.json --set model.no_answer=true --out runs/c",
    ];
    const METRICS: &'static [Metric] = &[Metric::share("f1"), Metric::share("em")];
    const PREDICTIONS: &'static str = "json";
    const DECIDING: &'static [&'static str] = &["data.format", "model.no_answer"];
    const FILES: &'static [&'static str] = &FILES;
    const HAS_CONTEXT: bool = true;
    type Keys = ReadKeys;
    type Part = Questions;
    type Model = dyn Reader;
    type Prediction = Answered;

    fn generated() -> &'static [Generated<Questions>] {
        generated::SETS
    }

    fn known() -> &'static [KnownSet<Questions>] {
        sets::SETS
    }

    fn origin(keys: &ReadKeys) -> Origin<'_> {
        keys.data.source.origin(keys.data.limits)
    }

    fn read_own(
        keys: &ReadKeys,
        reader: &mut FileReader,
        path: &Path,
        _: Option<&[String]>,
    ) -> Result<OwnPart<Questions>, DataError> {
        let (encoding, _) = keys.data.source.format();
        let file = reader.read(path, encoding)?;
        let squad::Contents { mut split, without_answer } = squad::read(&file)?;
        let mut note = None;
        if without_answer > 0 && !keys.model.no_answer() {
            split.leave_out_unanswered();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            note =
                Some(format!("{name}: {} without an answer left out", counted(without_answer, "questions")));
        }
        if split.questions.is_empty() {
            let (found, advice) = match without_answer {
                0 => ("no question".into(), "give a file in the format of SQuAD"),
                n => (
                    format!("{} without one", counted(n, "questions")),
                    "give others, or set model.no_answer=true",
                ),
            };
            return Err(DataError::File {
                path: path.into(),
                expected: "at least one question that has an answer".into(),
                found,
                advice: advice.into(),
            });
        }
        Ok(OwnPart { part: split, labels: vec![], note })
    }

    fn prepare(keys: ReadKeys, data: Splits<Questions>, kept: Option<&Path>) -> Result<Self, RunError> {
        let (reading, ReadTexts { parts, cut }) = reading::read_all(&keys, &data, kept)?;
        let (train, no_answer) = (&parts[0], keys.model.no_answer());
        let located = match &reading {
            Reading::Words(_) => {
                let limit = (keys.data.max_len > 0).then_some(keys.data.max_len);
                locate(&data.train, &train.tokens, limit, no_answer)
            }
            Reading::Pieces(text) => {
                let longest = text.longest(keys.data.max_len);
                let room = |question: usize| pairs::room(longest, &train.questions[question]);
                locate_all(&data.train, &train.tokens, room, no_answer)
            }
        };
        let trains = !data.train.questions.is_empty() && kept.is_none();
        if trains && located.is_empty() {
            return Err(DataError::Settings {
                key: data.name.clone(),
                expected: "at least one training question whose answer is a span of its context".into(),
                found: "none; check the answers or raise data.max_len".into(),
            }
            .into());
        }
        Ok(Read { keys, data, reading, parts, located, cut })
    }

    fn save(&self, folder: &Path) -> Result<(), RunError> {
        self.reading.save(folder)
    }

    fn data(&self) -> &Splits<Questions> {
        &self.data
    }

    fn cut(&self) -> Option<String> {
        let learned = self.located.chunk_by(|a, b| a.question == b.question).count();
        let cut = self.data.train.questions.len() - learned;
        (cut > 0).then(|| {
            format!(
                "{} left out, because {} not a span of the {} that are read",
                counted(cut, "training questions"),
                verb(cut, "its answer is", "their answers are"),
                self.units()
            )
        })
    }

    fn shortened(&self) -> Vec<Cut> {
        let parts = Split::ALL.map(|split| self.data.split(split));
        let questions = parts.iter().map(|part| part.questions.len()).sum();
        let contexts = parts.iter().map(|part| part.contexts.len()).sum();
        self.cuts(self.cut, CutTexts { questions, contexts })
    }

    fn shortened_of(&self, asks: &[Ask]) -> Vec<Cut> {
        let contexts: BTreeSet<&str> = asks.iter().filter_map(|ask| ask.context.as_deref()).collect();
        let all = CutTexts { questions: asks.len(), contexts: contexts.len() };
        self.cuts(self.cut_of(asks, &contexts), all)
    }

    fn vocabulary(&self) -> usize {
        self.reading.vocabulary()
    }

    fn sizes(&self) -> Vec<usize> {
        let beside = |question: usize| match &self.reading {
            Reading::Words(_) => 0,
            Reading::Pieces(_) => self.parts[0].questions[question].len() + 1,
        };
        self.located.iter().map(|example| example.window.len() + beside(example.question)).collect()
    }

    fn learned(&self) -> usize {
        self.located.iter().map(|example| example.question).collect::<HashSet<_>>().len()
    }

    fn lengths(&self, split: Split) -> Vec<usize> {
        let Encoded { contexts, questions, .. } = &self.parts[split as usize];
        let beside = |question: &Text| match &self.reading {
            Reading::Words(_) => 0,
            Reading::Pieces(_) => question.len(),
        };
        let asked = self.data.split(split).questions.iter().zip(questions);
        asked.map(|(q, question)| contexts[q.context].len() + beside(question)).collect()
    }

    fn model(&self, rng: &mut Rng) -> Result<Box<dyn Reader>, RunError> {
        model::reader(self, rng)
    }

    fn inputs(&self, examples: &[usize], mode: &mut Mode) -> Vec<Tensor> {
        model::inputs(self, examples, mode)
    }

    fn loss(&self, model: &dyn Reader, inputs: &[Tensor], state: &State, mode: &mut Mode) -> (Tensor, State) {
        let (ends, texts) = inputs.split_at(2);
        let reading = match &self.reading {
            Reading::Words(_) => {
                let (context, question) = texts.split_at(texts.len() / 2);
                let (context, question) = (&words::words_of(context), &words::words_of(question));
                model.read(&ReaderInput::Words { context, question }, mode)
            }
            Reading::Pieces(_) => model.read(&pairs::input(texts), mode),
        };
        (self.keys.loss.of(&reading, &ends[0], &ends[1]), state.clone())
    }

    fn recordable(&self) -> bool {
        self.keys.loss.recordable() && self.reading.recordable()
    }

    fn groups(&self, config: OptimizerConfig) -> Vec<Group> {
        match (&self.keys.model, &self.reading) {
            (Model::Bert { bert, .. }, Reading::Pieces(text)) => bert.groups("", text.layers(), config),
            (Model::Bert { .. } | Model::BiDaf { .. }, _) => vec![],
        }
    }

    fn penalties(&self) -> [f64; 2] {
        [self.keys.loss.penalties.l1, self.keys.loss.penalties.l2]
    }

    fn predict(&self, model: &dyn Reader, split: Split, examples: &[usize]) -> Vec<Answered> {
        let Encoded { contexts, questions, .. } = &self.parts[split as usize];
        let asked: Vec<(&Text, &Text)> = examples
            .iter()
            .map(|&i| (&contexts[self.data.split(split).questions[i].context], &questions[i]))
            .collect();
        self.answers(model, &asked)
    }

    fn is_finite(prediction: &Answered) -> bool {
        prediction.probability.is_finite()
    }

    fn counts(&self, split: Split, example: usize, prediction: &Answered) -> Vec<f64> {
        let question = &self.data.split(split).questions[example];
        let answer = self.text_of(split, example, prediction);
        // By the script of SQuAD 2.0 where a question may have no answer, else by that of 1.1.
        match self.keys.model.no_answer() {
            true => row_by_answer(answer, question.texts())[..3].to_vec(),
            false => row(answer, question.texts()).to_vec(),
        }
    }

    fn metrics(sums: &[f64]) -> Vec<f64> {
        match sums {
            [exact, f1, n] if *n > 0.0 => vec![f1 / n, exact / n],
            _ => vec![0.0; Self::METRICS.len()],
        }
    }

    fn right(&self, split: Split, example: usize, prediction: &Answered) -> bool {
        self.counts(split, example, prediction)[0] == 1.0
    }

    fn rule(&self, _: Split) -> String {
        let version = if self.keys.model.no_answer() { "2.0" } else { "1.1" };
        format!("em and f1 by the rules of SQuAD {version}")
    }

    fn details(&self, _: Split, _: &[Answered], _: &[f64]) -> Option<Details> {
        None
    }

    fn mistake(&self, split: Split, example: usize, prediction: &Answered) -> Mistake {
        mistakes::mistake(self, split, example, prediction)
    }

    fn written(&self, split: Split, predictions: &[Answered]) -> String {
        answers::by_id(self, split, predictions)
    }

    fn examples(&self, split: Split) -> Vec<String> {
        let part = self.data.split(split);
        let line = |q: &crate::data::Question| {
            let answers: Vec<&str> = q.texts().collect();
            [&q.id, &q.question, &part.contexts[q.context], answers.join("\u{1f}").as_str()].join("\t")
        };
        part.questions.iter().map(line).collect()
    }

    fn answer(&self, model: &dyn Reader, asks: &[Ask], style: Style) -> Vec<Result<String, String>> {
        answers::answer(self, model, asks, style)
    }

    fn ask(&self, split: Split, example: usize) -> Option<Ask> {
        let part = self.data.split(split);
        let question = &part.questions[example];
        let context = Some(part.contexts[question.context].clone());
        Some(Ask { text: question.question.clone(), context, ..Ask::default() })
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
        Ok(attack::changes(self, model, split))
    }

    fn understood(&self) -> Understood {
        let mut understood = self.read_as();
        let contexts: Vec<String> = self.parts.iter().map(|part| part.contexts.len().to_string()).collect();
        understood.lines.insert(0, ("contexts", contexts.join(" + ")));
        let unanswered =
            self.data.train.questions.iter().filter(|question| question.answers.is_empty()).count();
        if self.keys.model.no_answer() {
            understood.lines.insert(1, ("no answer", counted(unanswered, "training questions")));
            if unanswered == 0 && self.located.iter().all(|example| example.answer.is_some()) {
                understood.warnings.push(
                    "model.no_answer is true, but every training question has an answer: the model will always answer"
                        .into(),
                );
            }
        }
        let how = ("questions", ", with the same contexts");
        let repeated = warnings::repeated(&self.keys.data.source, how, || asked::asked(&self.data));
        understood.warnings.extend(repeated);
        understood
    }

    fn described(keys: &ReadKeys, data: &Splits<Questions>, split: Split) -> Described {
        let tokeniser = keys.data.text.tokeniser(Splitting::English);
        let part = data.split(split);
        let words: Vec<Vec<String>> =
            part.contexts.par_iter().map(|context| tokeniser.words(context)).collect();
        Described {
            examples: part.questions.len(),
            lengths: part.questions.iter().map(|question| words[question.context].len()).collect(),
            words,
            labels: vec![],
        }
    }
}

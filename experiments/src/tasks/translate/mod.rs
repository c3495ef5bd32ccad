//! Translation: a sentence in one language to a sentence in another.
//!
//! Both languages are spelt in one vocabulary of subwords, whose vectors the model reads and predicts. Translations are searched for
//! with a beam, and measured as sacreBLEU does.
//!
//! | file | holds |
//! | --- | --- |
//! | `keys` | the sections `[data]`, `[model]`, `[loss]`, `[search]` and `[bleu]` |
//! | `pairs` | a sentence and its translations; sentences are held out as a whole |
//! | `own` | the user's own files: columns, or two files that are aligned line by line |
//! | `sets` | the known data sets; [`generated`] has the generated ones |
//! | `batch` | batches of pairs, and the loss |
//! | `search` | the search for translations |
//! | `scores` | predictions, their metrics, and the file of predictions |
//! | `richness` | how rich the words of the translations are |
//! | `alignment` | which words of the source each word of a translation attends to |
//! | `answers` | the output of `gradus predict` |
//!
//! Sources: Vaswani et al., "Attention is all you need", NIPS 2017; Luong, Pham, Manning, "Effective approaches to attention-based
//! neural machine translation", EMNLP 2015.

mod alignment;
mod answers;
mod batch;
pub mod generated;
mod keys;
mod own;
mod pairs;
mod richness;
mod scores;
mod search;
mod sets;

pub use keys::TranslateKeys;
pub use pairs::Pair;
pub use scores::Translated;

pub(super) use own::aligned;

use super::warnings;
use crate::attack::Changes;
use crate::data::counted::counted;
use crate::data::files::FileReader;
use crate::data::known::KnownSet;
use crate::data::{DataError, OwnPart, Split, Splits};
use crate::explain::{Explained, Which};
use crate::metrics::translation::Tokeniser;
use crate::run::{
    Ask, Cut, Described, Details, Generated, Metric, Mistake, Origin, RunError, Search, State, Style, Task,
    Understood,
};
use crate::text::{Subwords, subwords};
use gradus_engine::{Mode, Rng, Tensor};
use gradus_models::Seq2Seq;
use rayon::prelude::*;
use search::Searched;
use std::collections::BTreeMap;
use std::path::Path;

/// Prepared pairs.
pub struct Translate {
    keys: TranslateKeys,
    data: Splits<Vec<Pair>>,
    pieces: Subwords,
    /// The pieces of the source and of the first reference of each pair of train, dev and test.
    texts: [Vec<[Vec<u32>; 2]>; 3],
}

/// Why a run is neither explained nor attacked.
const NO_LABEL: &str = "expected a run that gives texts or words labels, or finds answers, found one of gradus train translate; gradus \
                        predict RUN --alignment shows which words of a source its translation attends to";

impl Translate {
    /// The pieces of a source as the model reads them.
    fn source(&self, pieces: &[u32]) -> Vec<u32> {
        batch::framed(pieces, self.keys.data.max_len, batch::Cut::KeepsEnd)
    }

    /// The sources of some pairs, and their first references with at most `longest` pieces.
    fn framed(&self, split: Split, examples: &[usize], longest: usize) -> [Vec<Vec<u32>>; 2] {
        let texts = &self.texts[split as usize];
        let sources = examples.iter().map(|&i| self.source(&texts[i][0])).collect();
        let target = |&i: &usize| batch::framed(&texts[i][1], longest, batch::Cut::LosesEnd);
        [sources, examples.iter().map(target).collect()]
    }

    fn tokeniser(&self) -> Tokeniser {
        self.keys.bleu.tokenizer.tokeniser()
    }

    /// How many of some texts have more pieces than are read.
    fn cut<'a>(&self, what: &'static str, texts: impl IntoIterator<Item = &'a [u32]>) -> Cut {
        let most = self.keys.data.max_len;
        let (mut all, mut long) = (0, 0);
        for text in texts {
            all += 1;
            long += usize::from(text.len() + 1 > most);
        }
        Cut { texts: long, all, what, most, parts: "pieces" }
    }
}

impl Task for Translate {
    const NAME: &'static str = "translate";
    const TITLE: &'static str = "Translation";
    const ABOUT: &'static str = "Learn to translate sentences from pairs of sentences";
    const EXAMPLES: &'static [&'static str] = &[
        "--train pairs.tsv --out runs/a",
        "--train train.en --dev dev.en --target de --model seq2seq-rnn --out runs/b",
        "--dataset multi30k-en-de --data DIR --out runs/c",
    ];
    const METRICS: &'static [Metric] = scores::METRICS;
    const PREDICTIONS: &'static str = "txt";
    const DECIDING: &'static [&'static str] = &["data.target", "data.max_len", "bleu.tokenizer"];
    const FILES: &'static [&'static str] = &[subwords::FILE];
    const SEARCHES: bool = true;
    type Keys = TranslateKeys;
    type Part = Vec<Pair>;
    type Model = dyn Seq2Seq;
    type Prediction = Translated;

    fn generated() -> &'static [Generated<Vec<Pair>>] {
        generated::SETS
    }

    fn known() -> &'static [KnownSet<Vec<Pair>>] {
        sets::SETS
    }

    fn origin(keys: &TranslateKeys) -> Origin<'_> {
        keys.data.source.origin(keys.data.limits)
    }

    fn read_own(
        keys: &TranslateKeys,
        reader: &mut FileReader,
        path: &Path,
        _: Option<&[String]>,
    ) -> Result<OwnPart<Vec<Pair>>, DataError> {
        let (encoding, format) = keys.data.source.format();
        let part = own::read(reader, path, encoding, &format.target)?;
        Ok(OwnPart { part, labels: vec![], note: None })
    }

    fn prepare(keys: TranslateKeys, data: Splits<Vec<Pair>>, kept: Option<&Path>) -> Result<Self, RunError> {
        let pieces = match kept {
            Some(folder) => Subwords::load(folder)?,
            None => {
                let both = |pair: &Pair| [pair.source.clone()].into_iter().chain(pair.references.clone());
                let texts: Vec<String> = data.train.iter().flat_map(both).collect();
                Subwords::train(&texts, keys.data.vocab_size)?
            }
        };
        let read = |pair: &Pair| [&pair.source[..], pair.reference()].map(|text| pieces.encode(text));
        let texts = Split::ALL.map(|split| data.split(split).par_iter().map(read).collect());
        Ok(Translate { keys, data, pieces, texts })
    }

    fn save(&self, folder: &Path) -> Result<(), RunError> {
        Ok(self.pieces.save(folder)?)
    }

    fn data(&self) -> &Splits<Vec<Pair>> {
        &self.data
    }

    fn shortened(&self) -> Vec<Cut> {
        let train = &self.texts[Split::Train as usize];
        let sources = self.texts.iter().flatten().map(|[source, _]| &source[..]);
        vec![
            self.cut("sources", sources),
            self.cut("translations", train.iter().map(|[_, target]| &target[..])),
        ]
    }

    fn shortened_of(&self, asks: &[Ask]) -> Vec<Cut> {
        let pieces: Vec<Vec<u32>> = asks.iter().map(|ask| self.pieces.encode(&ask.text)).collect();
        vec![self.cut("texts", pieces.iter().map(Vec::as_slice))]
    }

    fn vocabulary(&self) -> usize {
        self.pieces.size()
    }

    fn sizes(&self) -> Vec<usize> {
        let most = |pieces: &Vec<u32>| self.keys.data.max_len.min(pieces.len() + 1);
        self.texts[Split::Train as usize].iter().map(|pair| pair.iter().map(most).sum()).collect()
    }

    fn lengths(&self, split: Split) -> Vec<usize> {
        self.texts[split as usize].iter().map(|[source, _]| self.source(source).len()).collect()
    }

    fn model(&self, rng: &mut Rng) -> Result<Box<dyn Seq2Seq>, RunError> {
        self.keys.model.build(self.pieces.size(), rng)
    }

    fn inputs(&self, examples: &[usize], _: &mut Mode) -> Vec<Tensor> {
        let [sources, targets] = self.framed(Split::Train, examples, self.keys.data.max_len);
        batch::tensors(&sources, &targets)
    }

    fn units(&self, inputs: &[Tensor]) -> Option<usize> {
        Some(batch::predicted(inputs))
    }

    fn loss(
        &self,
        model: &dyn Seq2Seq,
        inputs: &[Tensor],
        state: &State,
        mode: &mut Mode,
    ) -> (Tensor, State) {
        (batch::loss(model, inputs, self.keys.loss.label_smoothing, mode), state.clone())
    }

    fn recordable(&self) -> bool {
        true
    }

    fn predict(&self, model: &dyn Seq2Seq, split: Split, examples: &[usize]) -> Vec<Translated> {
        let keys::SearchKeys { beam, dev_beam, length_penalty, coverage_penalty } = self.keys.search;
        let beam = if split == Split::Test { beam } else { dev_beam };
        let [sources, targets] = self.framed(split, examples, usize::MAX);
        let found = search::hypotheses(model, &sources, Searched { beam, length_penalty, coverage_penalty });
        let of = |(found, log_p): (Vec<_>, f64)| match found.first() {
            Some(best) => Translated {
                text: scores::one_line(&self.pieces.decode(&search::pieces(best))),
                score: best.score,
                log_p,
            },
            None => Translated { text: String::new(), score: f64::NAN, log_p },
        };
        found.into_iter().zip(batch::log_p(model, &sources, &targets)).map(of).collect()
    }

    fn is_finite(prediction: &Translated) -> bool {
        prediction.score.is_finite() && prediction.log_p.is_finite()
    }

    fn counts(&self, split: Split, example: usize, prediction: &Translated) -> Vec<f64> {
        scores::counts(&self.data.split(split)[example], prediction, self.tokeniser())
    }

    fn metrics(sums: &[f64]) -> Vec<f64> {
        scores::metrics(sums)
    }

    fn rule(&self, split: Split) -> String {
        scores::rule(self.data.split(split), self.tokeniser())
    }

    fn right(&self, split: Split, example: usize, prediction: &Translated) -> bool {
        scores::right(&self.data.split(split)[example], prediction)
    }

    fn details(&self, _: Split, _: &[Translated], _: &[f64]) -> Option<Details> {
        None
    }

    fn mistake(&self, split: Split, example: usize, prediction: &Translated) -> Mistake {
        scores::mistake(&self.data.split(split)[example], prediction)
    }

    fn written(&self, _: Split, predictions: &[Translated]) -> String {
        scores::written(predictions)
    }

    fn examples(&self, split: Split) -> Vec<String> {
        let line = |pair: &Pair| format!("{}\t{}", pair.source, pair.references.join("\u{1f}"));
        self.data.split(split).iter().map(line).collect()
    }

    fn answer(&self, model: &dyn Seq2Seq, asks: &[Ask], style: Style) -> Vec<Result<String, String>> {
        answers::answer(self, model, asks, style, &Search::default())
    }

    fn searched(
        &self,
        model: &dyn Seq2Seq,
        asks: &[Ask],
        style: Style,
        search: &Search,
    ) -> Vec<Result<String, String>> {
        answers::answer(self, model, asks, style, search)
    }

    fn explained<'a>(
        &'a self,
        _: &'a dyn Seq2Seq,
        _: &Ask,
        _: &Which,
    ) -> Result<Vec<Box<dyn Explained + 'a>>, String> {
        Err(NO_LABEL.into())
    }

    fn changes<'a>(
        &'a self,
        _: &'a dyn Seq2Seq,
        _: Split,
    ) -> Result<Box<dyn Changes<Translated> + 'a>, String> {
        Err(NO_LABEL.into())
    }

    fn richness(&self) -> Result<BTreeMap<String, f64>, String> {
        Ok(richness::richness(self))
    }

    fn takes_words(&self) -> bool {
        false
    }

    fn understood(&self) -> Understood {
        let mut lines = vec![("vocabulary", counted(self.pieces.size(), "subwords"))];
        for (split, name) in Split::ALL.into_iter().zip(["train", "dev", "test"]) {
            let (pairs, texts) = (self.data.split(split), &self.texts[split as usize]);
            let spelt = |side: usize, text: fn(&Pair) -> &str| {
                let words: usize = pairs.iter().map(|pair| text(pair).split_whitespace().count()).sum();
                let pieces: usize = texts.iter().map(|pair| pair[side].len()).sum();
                format!("{pieces} subwords, {:.2} a word", pieces as f64 / words.max(1) as f64)
            };
            let [source, target] = [spelt(0, |pair| &pair.source), spelt(1, Pair::reference)];
            lines.push((name, format!("sources {source}; translations {target}")));
        }
        lines.extend(Cut::lines(&self.shortened()));
        let pairs =
            || Split::ALL.map(|split| self.data.split(split).iter().map(|pair| &pair.source).collect());
        let warnings = warnings::repeated(&self.keys.data.source, ("pairs", ", by their sources"), pairs);
        Understood { lines, warnings, coverage: None }
    }

    /// Words are what white space separates, since pieces depend on a vocabulary.
    fn described(_: &TranslateKeys, data: &Splits<Vec<Pair>>, split: Split) -> Described {
        let words = |pair: &Pair| -> Vec<String> {
            let both = pair.source.split_whitespace().chain(pair.reference().split_whitespace());
            both.map(String::from).collect()
        };
        let words: Vec<Vec<String>> = data.split(split).iter().map(words).collect();
        Described {
            examples: words.len(),
            lengths: words.iter().map(Vec::len).collect(),
            words,
            labels: vec![],
        }
    }
}

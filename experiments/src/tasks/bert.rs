//! What tasks share that train BERT: its pieces and sizes; for fine-tuning, keys, defaults of a run and learning rates by layer.

use super::keys::check_size;
use crate::config::validate::check;
use crate::config::{ConfigError, FILE, Run, Train, optional_path};
use crate::data::counted::counted;
use crate::data::files;
use crate::data::limits::Limit;
use crate::pretrained::Pretrained;
use crate::run::{RunError, Understood};
use crate::text::{Padded, Text, WordPieces};
use gradus_engine::optim::{Group, OptimizerConfig, Rule, ScheduleConfig};
use gradus_models::{Bert, BertConfig};
use serde::{Deserialize, Serialize};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// The name of the model in `model.name`.
pub const NAME: &str = "bert";

/// The keys of every fine-tuned BERT.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BertKeys {
    /// The folder of the pretrained model: `config.json`, `model.safetensors`, and `tokenizer.json` or `vocab.txt`. The run
    /// keeps what it needs, so that it does not need the folder later.
    #[serde(with = "optional_path")]
    pub pretrained: Option<PathBuf>,
    /// How many of the lowest layers keep their weights, and the embeddings with them; 0 trains all.
    pub frozen_layers: usize,
    /// ξ: layer l of L has the learning rate lr ξ^(L − l), the embeddings lr ξ^L, all above the layers lr.
    ///
    /// Source: Sun et al., "How to fine-tune BERT for text classification?", CCL 2019, section 5.4.3.
    pub layer_decay: f64,
}

impl Default for BertKeys {
    fn default() -> Self {
        BertKeys { pretrained: None, frozen_layers: 0, layer_decay: 1.0 }
    }
}

impl BertKeys {
    /// The defaults, for [`Keys::examples`](crate::config::Keys::examples).
    pub fn example() -> Self {
        BertKeys { pretrained: Some(FILE.into()), ..Self::default() }
    }

    /// Checks that a folder is named and that the decay is a factor. The number of layers is known when the folder is read.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`].
    pub fn validate(&self) -> Result<(), ConfigError> {
        let expected =
            "the folder of a BERT: config.json, model.safetensors, and tokenizer.json or vocab.txt";
        check(
            self.pretrained.is_some(),
            "model.pretrained",
            expected,
            "none; name one with --set model.pretrained=FOLDER",
        )?;
        let decay = self.layer_decay;
        check(decay > 0.0 && decay <= 1.0, "model.layer_decay", "above 0 and at most 1", decay)
    }

    /// Checks the most pieces of a text, 0 for as many as the model has positions.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`].
    pub fn check_longest(key: &str, longest: usize) -> Result<(), ConfigError> {
        let expected =
            "0 for as many pieces as the model has positions, or at least 3: [CLS], a piece and [SEP]";
        check(longest == 0 || longest >= SHORTEST, key, expected, longest)
    }

    /// The learning rates of embeddings and layers; none if all have that of the optimizer. The model's parameters are those whose
    /// names begin with `within`.
    pub fn groups(&self, within: &str, layers: usize, config: OptimizerConfig) -> Vec<Group> {
        if self.layer_decay == 1.0 {
            return vec![];
        }
        let group = |prefix: String, below: usize| {
            let lr = config.lr * self.layer_decay.powi(below as i32);
            Group { prefix, lr, weight_decay: config.weight_decay }
        };
        let of_layer = |l: usize| group(format!("{within}bert.encoder.layer.{l}."), layers - 1 - l);
        let embeddings = group(format!("{within}bert.embeddings."), layers);
        [embeddings].into_iter().chain((0..layers).map(of_layer)).collect()
    }
}

/// The defaults of a run that fine-tunes BERT (Devlin et al. 2019, appendix A.3).
pub fn run() -> Run {
    Run {
        optimizer: OptimizerConfig { weight_decay: 0.01, ..OptimizerConfig::new(Rule::adamw(), 5e-5) },
        schedule: ScheduleConfig::Linear { warmup_share: 0.1, min_lr: 0.0 },
        train: Train { epochs: 3, batch_size: 32, eval_batch_size: 64, clip_norm: 1.0, ..Train::default() },
        ..Run::default()
    }
}

/// The files of a run that reads pieces: the sizes of the model, and its pieces.
pub const FILES: [&str; 2] = [SIZES, crate::text::pieces::FILE];

const SIZES: &str = "bert.json";

/// What lines on a pretrained model begin with.
const PRETRAINED: &str = "pretrained";

/// How a BERT reads text: its pieces and sizes and, for a new run, its pretrained weights.
#[derive(Debug)]
pub struct BertText {
    pieces: WordPieces,
    config: BertConfig,
    weights: First,
}

/// The first weights of a model.
#[derive(Debug)]
enum First {
    /// Those of a pretrained model.
    Pretrained(Box<Pretrained>),
    /// Random ones.
    Random,
    /// Those of a run, which are read later.
    Kept,
}

impl BertText {
    /// That of the run in the folder `kept`, else that of the pretrained model.
    ///
    /// # Errors
    /// Files that are missing or malformed; more frozen layers than the model has.
    pub fn open(keys: &BertKeys, kept: Option<&Path>) -> Result<Self, RunError> {
        let opened = match (kept, &keys.pretrained) {
            (None, Some(folder)) => {
                let pretrained = Pretrained::open(folder)?;
                let (pieces, config) = (pretrained.pieces().clone(), pretrained.config().clone());
                BertText { pieces, config, weights: First::Pretrained(Box::new(pretrained)) }
            }
            (Some(folder), _) => {
                let (config, pieces) = self::kept(folder)?;
                BertText { pieces, config, weights: First::Kept }
            }
            (None, None) => unreachable!("validated keys name a folder"),
        };
        check_size(opened.config.parameters())?;
        check_positions("model.pretrained", &opened.config)?;
        let layers = opened.config.num_hidden_layers;
        let expected = format!("at most {layers}, the layers of the model");
        check(keys.frozen_layers <= layers, "model.frozen_layers", &expected, keys.frozen_layers)?;
        Ok(opened)
    }

    /// That of a new model with random weights and these sizes and pieces.
    ///
    /// # Errors
    /// A model that is too large.
    pub fn fresh(config: BertConfig, pieces: WordPieces) -> Result<Self, RunError> {
        check_size(config.parameters())?;
        Ok(BertText { pieces, config, weights: First::Random })
    }

    /// Writes the files that [`open`](BertText::open) reads from a folder.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn save(&self, folder: &Path) -> Result<(), RunError> {
        keep(&self.config, &self.pieces, folder)
    }

    /// Sets the weights of a new run's model to the pretrained ones.
    ///
    /// # Errors
    /// Weights that cannot be read.
    pub fn start(&self, bert: &Bert) -> Result<(), RunError> {
        match &self.weights {
            First::Pretrained(pretrained) => Ok(pretrained.load_into(bert)?),
            First::Random | First::Kept => Ok(()),
        }
    }

    /// Whether the model's first weights are pretrained or random ones; else they are those of a run, which are read later.
    pub fn is_new(&self) -> bool {
        !matches!(self.weights, First::Kept)
    }

    /// The sizes of the model.
    pub fn config(&self) -> &BertConfig {
        &self.config
    }

    /// L.
    pub fn layers(&self) -> usize {
        self.config.num_hidden_layers
    }

    /// The pieces.
    pub fn pieces(&self) -> &WordPieces {
        &self.pieces
    }

    /// The most pieces of a text, \[CLS\] and \[SEP\] among them: `max_len`, where it is not 0, and no more than the model has
    /// positions.
    pub fn longest(&self, max_len: usize) -> usize {
        longest(&self.config, max_len)
    }

    /// The pieces of a text, at most `longest`, and whether it was cut.
    pub fn encode(&self, text: &str, longest: usize) -> (Text, bool) {
        let pieces = self.pieces.encode(text, longest);
        let blank = pieces.ids.len() == ADDED;
        (Text::of_pieces(pieces.ids, blank), pieces.cut)
    }

    /// The pieces `… [SEP]` of a text that stands after another, and the bytes of each but the last.
    pub fn encode_second(&self, text: &str) -> (Text, Vec<Range<usize>>) {
        let pieces = self.pieces.encode(text, usize::MAX);
        let own = &pieces.offsets[1..pieces.offsets.len() - 1];
        let places: Vec<Range<usize>> = own.iter().map(|&(start, end)| start..end).collect();
        (Text::of_pieces(pieces.ids[1..].to_vec(), places.is_empty()), places)
    }

    /// The pieces of each word; of a word with more than `longest` the first ones.
    pub fn encode_words<'w>(&self, words: impl Iterator<Item = &'w str>, longest: usize) -> Text {
        let pieces = |word| {
            let mut pieces = self.pieces.of_word(word);
            pieces.truncate(longest);
            pieces
        };
        Text::of_words_in_pieces(words.map(pieces).collect(), self.pieces.special().unk)
    }

    /// The most pieces of a text without \[CLS\] and \[SEP\].
    pub fn places(&self) -> usize {
        self.config.max_position_embeddings - ADDED
    }

    /// A batch of words in pieces.
    pub fn batch_of_words(&self, texts: &[&Text]) -> Padded {
        let special = self.pieces.special();
        Padded::of_words_in_pieces(texts, special.cls, special.sep)
    }

    /// A line that the pretrained model has no pooler, if so: for a model that uses it.
    pub fn of_pooler(&self) -> Option<(&'static str, String)> {
        match &self.weights {
            First::Pretrained(pretrained) => pretrained.note_of_pooler().map(|note| (PRETRAINED, note)),
            First::Random | First::Kept => None,
        }
    }

    /// Lines and warnings on the model and on the pieces of train, dev and test.
    pub fn understood<'t>(&self, ids: [impl Iterator<Item = &'t u32>; 3]) -> Understood {
        let mut lines = vec![("pieces", counted(self.pieces.size(), "word pieces"))];
        let mut warnings = vec![];
        if let First::Pretrained(pretrained) = &self.weights {
            lines.extend(pretrained.notes().iter().map(|note| (PRETRAINED, note.clone())));
            warnings = pretrained.warnings();
        }
        let of_splits = of_splits(&self.pieces, ids);
        lines.extend(of_splits.lines);
        warnings.extend(of_splits.warnings);
        Understood { lines, warnings, coverage: None }
    }
}

/// Writes the files that [`kept`] reads from the folder of a run.
///
/// # Errors
/// A folder that cannot be written.
pub fn keep(config: &BertConfig, pieces: &WordPieces, folder: &Path) -> Result<(), RunError> {
    let sizes = serde_json::to_string(config).expect("sizes are numbers and names");
    crate::data::atomic::write(&folder.join(SIZES), sizes.as_bytes())?;
    Ok(pieces.save(folder)?)
}

/// The sizes and the pieces of a run.
///
/// # Errors
/// Files that are missing or malformed.
pub fn kept(folder: &Path) -> Result<(BertConfig, WordPieces), RunError> {
    let path = folder.join(SIZES);
    let text = files::read_text(&path, Limit::Config)?;
    let damaged = |reason: String| RunError::Damaged { path: path.clone(), reason };
    let config: BertConfig = serde_json::from_str(&text).map_err(|error| damaged(error.to_string()))?;
    config.check().map_err(|error| damaged(error.to_string()))?;
    let pieces = WordPieces::load(folder)?;
    match pieces.size() <= config.vocab_size {
        true => Ok((config, pieces)),
        false => {
            let (rows, size) = (config.vocab_size, pieces.size());
            Err(damaged(format!("it has {rows} word embeddings, the vocabulary {size} pieces")))
        }
    }
}

/// Checks that a model can read a piece.
///
/// # Errors
/// [`ConfigError::OutOfRange`] of that key.
pub fn check_positions(key: &str, config: &BertConfig) -> Result<(), ConfigError> {
    let positions = config.max_position_embeddings;
    let expected = "a model with at least 3 positions, for [CLS], a piece and [SEP]";
    check(positions >= SHORTEST, key, expected, positions)
}

/// The most pieces of a text: `max_len`, where it is not 0, and no more than the model has positions.
pub fn longest(config: &BertConfig, max_len: usize) -> usize {
    let positions = config.max_position_embeddings;
    if max_len == 0 { positions } else { positions.min(max_len) }
}

/// A line where `max_len` is larger than what [`longest`] makes of it.
pub fn of_positions(config: &BertConfig, max_len: usize) -> Option<(&'static str, String)> {
    let positions = config.max_position_embeddings;
    let line = || {
        format!(
            "data.max_len is {max_len}, but the model has {positions} positions and reads no more pieces of a text"
        )
    };
    (max_len > positions).then(|| ("positions", line()))
}

/// The share of unknown pieces in training above which a vocabulary is probably that of other texts.
const MOST_UNKNOWN: f64 = 0.5;

/// Lines on the pieces of train, dev and test, and a warning if most of those of train are unknown.
pub fn of_splits<'t>(pieces: &WordPieces, ids: [impl Iterator<Item = &'t u32>; 3]) -> Understood {
    let unk = pieces.special().unk;
    let mut understood = Understood::default();
    for (split, ids) in ["train", "dev", "test"].into_iter().zip(ids) {
        let count = |(all, unknown): (usize, usize), id: &u32| (all + 1, unknown + usize::from(*id == unk));
        let (all, unknown) = ids.fold((0usize, 0), count);
        let share = unknown as f64 / all.max(1) as f64;
        let shown = format!("{:.1} %", 100.0 * share);
        understood.lines.push((split, format!("{}, {shown} unknown", counted(all, "pieces"))));
        if split == "train" && share > MOST_UNKNOWN {
            understood.warnings.push(format!(
                "{shown} of the pieces of the training texts are unknown: the vocabulary of the model may be that of another \
                 language or script"
            ));
        }
    }
    understood
}

/// The special pieces that every text has: \[CLS\] and \[SEP\].
const ADDED: usize = 2;

/// The shortest text that says something: one piece, and the special ones.
const SHORTEST: usize = ADDED + 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vocabulary_of_other_texts_and_texts_without_positions_are_noted() {
        let pieces = WordPieces::train(&["the tiny test of a tiny model"], 40, true).unwrap();
        let ids = |text: &str| pieces.encode(text, usize::MAX).ids;
        let of = |train: &str| {
            let [train, other] = [train, "тест модели"].map(ids);
            of_splits(&pieces, [train.iter(), other.iter(), other.iter()])
        };
        let unknown = of("тест модели тест");
        assert_eq!(unknown.lines[0], ("train", "5 pieces, 60.0 % unknown".into()));
        let [warning] = unknown.warnings.as_slice() else { panic!("{unknown:?}") };
        assert!(warning.starts_with("60.0 % of the pieces of the training texts are unknown:"), "{warning}");
        assert_eq!(of("тест модели").warnings, [""; 0], "half of them, with [CLS] and [SEP]");
        assert_eq!(of("the tiny test").warnings, [""; 0]);
        let config = BertConfig { max_position_embeddings: 64, ..BertConfig::default() };
        assert_eq!((of_positions(&config, 64), of_positions(&config, 0)), (None, None));
        let said = "data.max_len is 65, but the model has 64 positions and reads no more pieces of a text";
        assert_eq!(of_positions(&config, 65), Some(("positions", said.into())));
    }
}

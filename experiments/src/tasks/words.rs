//! The handling of words that tasks share: tokeniser, lexicon, vectors.

use super::keys::WordKeys;
use crate::data::counted::counted;
use crate::data::files;
use crate::data::limits::Limit;
use crate::run::{RunError, Understood};
use crate::text::lexicon;
use crate::text::tokenise::NUM;
use crate::text::{Coverage, Lexicon, LexiconOptions, Spellings, Tokeniser, Tokens, VectorFile};
use gradus_engine::{Module, Tensor};
use gradus_models::Words;
use std::path::Path;

/// The file that holds the tokeniser of a run, so that later texts are split as the training split was.
const FILE: &str = "text.json";

/// The files of a run that reads words: how text is split; the words, by id; the characters, by id, if the model reads them;
/// which words occurred once in training; the pretrained vectors of words that are not in the vocabulary, if there are any.
pub const FILES: [&str; 5] = {
    let [a, b, c, d] = lexicon::FILES;
    [FILE, a, b, c, d]
};

/// Writes the tokeniser of a run.
///
/// # Errors
/// A folder that cannot be written.
pub fn save_tokeniser(tokeniser: &Tokeniser, folder: &Path) -> Result<(), RunError> {
    let text = serde_json::to_string(tokeniser).expect("settings are made of numbers and text");
    Ok(crate::data::atomic::write(&folder.join(FILE), text.as_bytes())?)
}

/// Reads the tokeniser of a run.
///
/// # Errors
/// A file that is missing or damaged.
pub fn load_tokeniser(folder: &Path) -> Result<Tokeniser, RunError> {
    let path = folder.join(FILE);
    let text = files::read_text(&path, Limit::Labels)?;
    serde_json::from_str(&text)
        .map_err(|error| RunError::Damaged { path: path.clone(), reason: error.to_string() })
}

/// How a run reads text as words.
pub struct WordText {
    /// How text is split.
    pub tokeniser: Tokeniser,
    /// The words.
    pub lexicon: Lexicon,
    /// How much of train, dev and test it has.
    pub coverage: [Coverage; 3],
}

impl WordText {
    /// The words of train, dev and test: those of the run in the folder `kept`, else those of the training split.
    /// `characters` is the most characters of a word, if the model reads them.
    ///
    /// # Errors
    /// Files that are missing or damaged.
    pub fn new(
        kept: Option<&Path>,
        tokeniser: Tokeniser,
        keys: &WordKeys,
        characters: Option<usize>,
        splits: [&[Tokens]; 3],
    ) -> Result<Self, RunError> {
        let lexicon = lexicon(kept, keys, &keys.options(characters), splits)?;
        let coverage = splits.map(|tokens| lexicon.coverage(tokens));
        Ok(WordText { tokeniser, lexicon, coverage })
    }

    /// Writes the files that a later run reads.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn save(&self, folder: &Path) -> Result<(), RunError> {
        save_tokeniser(&self.tokeniser, folder)?;
        Ok(self.lexicon.save(folder)?)
    }

    /// Lines and warnings on the words of train, dev and test.
    pub fn understood(&self) -> Understood {
        understood(&self.lexicon, &self.tokeniser, &self.coverage)
    }
}

/// The lexicon of a run: that of the folder `kept`, else the words of the training split, with pretrained vectors if a file
/// is named.
fn lexicon(
    kept: Option<&Path>,
    keys: &WordKeys,
    options: &LexiconOptions,
    splits: [&[Tokens]; 3],
) -> Result<Lexicon, RunError> {
    if let Some(folder) = kept {
        return Ok(Lexicon::load(folder, options)?);
    }
    let vectors = match &keys.embeddings {
        Some(path) => {
            let spellings = Spellings::of(splits.into_iter().flatten());
            Some(VectorFile::read(path, |word| spellings.contains(word))?)
        }
        None => None,
    };
    Ok(Lexicon::count(splits[0].iter(), options, vectors.as_ref()))
}

/// Replaces the random vectors of a new model by pretrained ones, if the lexicon has any.
pub fn start(lexicon: &Lexicon, model: &dyn Module) -> Result<(), RunError> {
    let table = model.named_params().into_iter().find(|(name, _)| name == "emb.weight");
    match table {
        Some((_, table)) => Ok(lexicon.start(&table).map(drop)?),
        None => Ok(()),
    }
}

/// The batch of words with their pieces in the tensors of a step.
pub fn in_pieces(tensors: &[Tensor]) -> Words<'_> {
    Words { pieces: Some((&tensors[2], &tensors[3])), ..Words::new(&tensors[0], &tensors[1]) }
}

/// The batch of words in the tensors of a step.
pub fn words_of(tensors: &[Tensor]) -> Words<'_> {
    let characters = match tensors {
        [_, _, characters, lengths, ..] => Some((characters, lengths)),
        _ => None,
    };
    Words { characters, ..Words::new(&tensors[0], &tensors[1]) }
}

/// Lines and warnings on the words of train, dev and test, read by the tokeniser.
fn understood(lexicon: &Lexicon, tokeniser: &Tokeniser, coverage: &[Coverage; 3]) -> Understood {
    let mut understood =
        Understood { coverage: lexicon.vector_width().map(|_| *coverage), ..Understood::default() };
    understood.lines.push(("vocabulary", counted(lexicon.len() - 2, "words")));
    for (split, found) in ["train", "dev", "test"].into_iter().zip(coverage) {
        let Coverage { tokens, tokens_unknown, .. } = *found;
        let unknown = 100.0 * tokens_unknown as f64 / tokens.max(1) as f64;
        let line = match lexicon.vector_width() {
            None => format!("{}, {unknown:.1} % unknown", counted(tokens, "tokens")),
            Some(_) => found.to_string(),
        };
        understood.lines.push((split, line));
        if split == "train" && tokens > 0 && 2 * tokens_unknown > tokens && lexicon.vector_width().is_none() {
            understood.warnings.push(format!(
                "{unknown:.0} % of the words of the train split are unknown, since they occur too seldom; lower data.min_count, or give \
                 more text"
            ));
        }
        if lexicon.vector_width().is_some() && found.is_none() {
            understood.warnings.push(format!(
                "no word of the {split} split has a vector; check that the language and the case of data.embeddings are \
                 those of the text"
            ));
        }
    }
    if tokeniser.numbers && lexicon.num_lacks_vector() {
        understood.warnings.push(format!(
            "each number is the word {NUM}, for which data.embeddings has no vector; with --set data.numbers=false, numbers \
             are words like others, and may have vectors"
        ));
    }
    understood
}

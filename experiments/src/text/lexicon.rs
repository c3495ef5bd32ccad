//! Words and their characters as numbers, for the tasks whose models read both.

use crate::config::Config;
use crate::run::TrainError;
use crate::text::vocabulary::{PAD, UNK};
use crate::text::{Alphabet, Vocabulary};
use gradus_engine::{Device, Mode, Stream, Tensor};
use gradus_models::{CharacterConfig, CharacterKind, Words};
use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;

/// The words and characters that a model knows.
#[derive(Clone, Debug)]
pub struct Lexicon {
    /// The words.
    pub vocabulary: Vocabulary,
    /// The characters, where the model reads them, and how many of a word.
    alphabet: Option<(Alphabet, usize)>,
    /// Whether the training split has the word of that id only once.
    once: Vec<bool>,
}

/// A text as numbers.
#[derive(Clone, Debug, Default)]
pub struct Text {
    /// The id of each word.
    pub words: Vec<u32>,
    /// The ids of each word's characters; empty where the model does not read them.
    characters: Vec<Vec<u32>>,
}

impl Text {
    /// Some of its words.
    pub fn part(&self, words: Range<usize>) -> Text {
        let characters =
            if self.characters.is_empty() { vec![] } else { self.characters[words.clone()].to_vec() };
        Text { words: self.words[words].to_vec(), characters }
    }
}

/// The alphabet's file in a run's folder.
const ALPHABET: &str = "alphabet.txt";

impl Lexicon {
    /// Counts the words of the training split, as normalised and as written.
    pub fn count<'a>(
        config: &Config,
        words: impl Iterator<Item = &'a String> + Clone,
        written: impl Iterator<Item = &'a String>,
    ) -> Self {
        let max = if config.data.max_vocab == 0 { usize::MAX } else { config.data.max_vocab };
        let vocabulary = Vocabulary::count(words.clone(), config.data.min_count, max);
        let reads = config.model.characters != "none";
        let alphabet = reads.then(|| (Alphabet::count(written, 1), config.model.char_max_len));
        Self::of(vocabulary, alphabet, words)
    }

    /// The lexicon of a run, with the words of its training split once more; none where it only evaluates.
    ///
    /// # Errors
    /// Files that are missing or damaged.
    pub fn load<'a>(
        config: &Config,
        folder: &Path,
        words: impl Iterator<Item = &'a String>,
    ) -> Result<Self, TrainError> {
        let vocabulary = Vocabulary::load(&folder.join("vocabulary.txt"))?;
        let alphabet = match config.model.characters.as_str() {
            "none" => None,
            _ => Some((Alphabet::load(&folder.join(ALPHABET))?, config.model.char_max_len)),
        };
        Ok(Self::of(vocabulary, alphabet, words))
    }

    fn of<'a>(
        vocabulary: Vocabulary,
        alphabet: Option<(Alphabet, usize)>,
        words: impl Iterator<Item = &'a String>,
    ) -> Self {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        words.for_each(|word| *counts.entry(word).or_default() += 1);
        let once =
            (0..vocabulary.len() as u32).map(|id| counts.get(vocabulary.word(id)) == Some(&1)).collect();
        Lexicon { vocabulary, alphabet, once }
    }

    /// Writes the alphabet, if there is one.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn save(&self, folder: &Path) -> Result<(), TrainError> {
        if let Some((alphabet, _)) = &self.alphabet {
            alphabet.save(&folder.join(ALPHABET))?;
        }
        Ok(())
    }

    /// A text from its words, as normalised and as written.
    pub fn encode(&self, words: &[String], written: &[String]) -> Text {
        let spelled = |(alphabet, longest): &(Alphabet, usize)| {
            written.iter().map(|word| alphabet.encode(word, *longest)).collect()
        };
        Text {
            words: self.vocabulary.encode(words),
            characters: self.alphabet.as_ref().map_or(vec![], spelled),
        }
    }

    /// The character model of a configuration; none where it reads words alone.
    pub fn characters(&self, config: &Config) -> Option<CharacterConfig> {
        let (alphabet, _) = self.alphabet.as_ref()?;
        let kind = if config.model.characters == "lstm" { CharacterKind::Lstm } else { CharacterKind::Cnn };
        Some(CharacterConfig {
            kind,
            alphabet: alphabet.len(),
            embed_dim: config.model.char_embed_dim,
            out_dim: config.model.char_dim,
            ..Default::default()
        })
    }

    /// A batch. In training a share of the words that were seen once becomes UNK, drawn anew: so the model learns what
    /// to make of unknown words. Source: Lample et al., NAACL 2016, section 5.2.
    pub fn batch(&self, texts: &[&Text], unknown: f64, mode: &mut Mode) -> Padded {
        let stream = if unknown > 0.0 { mode.stream() } else { None };
        Padded::of(texts, |place, id| match &stream {
            Some(stream) if self.once[id as usize] && draws(stream, place, unknown) => UNK,
            _ => id,
        })
    }
}

fn draws(stream: &Stream, place: usize, share: f64) -> bool {
    f64::from(stream.uniform(place as u64)) < share
}

/// Padded texts as tensors.
pub struct Padded {
    /// [B, T].
    ids: Tensor,
    /// [B].
    lengths: Tensor,
    /// Characters [B, T, C] and how many each word has [B, T].
    characters: Option<(Tensor, Tensor)>,
    t: usize,
}

impl Padded {
    fn of(texts: &[&Text], seen: impl Fn(usize, u32) -> u32) -> Self {
        let (b, t) = (texts.len(), texts.iter().map(|text| text.words.len()).max().unwrap_or(0));
        let mut ids = vec![i64::from(PAD); b * t];
        for (i, text) in texts.iter().enumerate() {
            for (j, &id) in text.words.iter().enumerate() {
                ids[i * t + j] = seen(i * t + j, id).into();
            }
        }
        let lengths: Vec<i64> = texts.iter().map(|text| text.words.len() as i64).collect();
        Padded {
            ids: Tensor::from_slice(&ids, [b, t]),
            lengths: Tensor::from_slice(&lengths, [b]),
            characters: texts.iter().any(|text| !text.characters.is_empty()).then(|| spelled(texts, t)),
            t,
        }
    }

    /// The same on another device; characters stay, for the distinct words among them are found in main memory.
    pub fn to_device(self, device: Device) -> Self {
        Padded { ids: self.ids.to_device(device), lengths: self.lengths.to_device(device), ..self }
    }

    /// As models take them.
    pub fn words(&self) -> Words<'_> {
        let characters = self.characters.as_ref().map(|(characters, lengths)| (characters, lengths));
        Words { ids: &self.ids, lengths: &self.lengths, characters, given: None }
    }

    /// Lengths [B].
    pub fn lengths(&self) -> &Tensor {
        &self.lengths
    }

    /// Numbers, one for each word of each text, as [B, T] with 0 at padding, on the device of the texts.
    pub fn aligned(&self, rows: &[&Vec<usize>]) -> Tensor {
        let mut numbers = vec![0i64; rows.len() * self.t];
        for (to, row) in numbers.chunks_mut(self.t.max(1)).zip(rows) {
            to.iter_mut().zip(row.iter()).for_each(|(to, &number)| *to = number as i64);
        }
        Tensor::from_slice(&numbers, [rows.len(), self.t]).to_device(self.ids.device())
    }
}

fn spelled(texts: &[&Text], t: usize) -> (Tensor, Tensor) {
    let longest = texts.iter().flat_map(|text| &text.characters).map(Vec::len).max().unwrap_or(0);
    let mut characters = vec![i64::from(PAD); texts.len() * t * longest];
    let mut lengths = vec![0i64; texts.len() * t];
    for (i, text) in texts.iter().enumerate() {
        for (j, word) in text.characters.iter().enumerate() {
            let place = i * t + j;
            lengths[place] = word.len() as i64;
            characters[place * longest..].iter_mut().zip(word).for_each(|(to, &id)| *to = id.into());
        }
    }
    (
        Tensor::from_slice(&characters, [texts.len(), t, longest]),
        Tensor::from_slice(&lengths, [texts.len(), t]),
    )
}

use super::WordPieces;
use super::names::Names;
use crate::data::DataError;
use rayon::prelude::*;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use tokenizers::models::bpe::{BPE, BpeTrainer};
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::bert::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::{AddedToken, Normalizer, OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer};

const PREFIX: &str = "##";

/// Two pieces become one only if they stand side by side at least so often.
const SELDOM: u64 = 2;

/// Longer words are read as unknown, whatever the vocabulary; to learn from them takes a time that grows with their squares.
const LONGEST: usize = 100;

/// The smallest vocabulary: the special pieces, and some characters and pieces.
const SMALLEST: usize = 32;

impl WordPieces {
    /// A vocabulary of at most `size` pieces from texts: the special pieces, the characters (alone and with `##`) and, as
    /// long as there is space, the two neighbouring pieces that occur most often, as one. Characters take at most half of
    /// the vocabulary, those that occur most often first; words with other characters are not learnt from, and none of more than
    /// 100 characters is.
    ///
    /// The same texts give the same vocabulary, whatever the number of threads.
    ///
    /// # Errors
    /// [`DataError::Settings`]: a size below 32, or texts without a word.
    pub fn train<S: AsRef<str> + Sync>(texts: &[S], size: usize, lowercase: bool) -> Result<Self, DataError> {
        let settings = |expected: String, found: String| DataError::Settings {
            key: "vocabulary of pieces".into(),
            expected,
            found,
        };
        if size < SMALLEST || size > u32::MAX as usize {
            return Err(settings(format!("from {SMALLEST} pieces to {}", u32::MAX), size.to_string()));
        }
        let normalizer = BertNormalizer::new(true, true, None, lowercase);
        let mut words = count(texts, normalizer);
        let all = words.len();
        if all == 0 {
            return Err(settings("texts to train it on".into(), "texts without a word".into()));
        }
        words.retain(|word, _| word.chars().count() <= LONGEST);
        if words.is_empty() {
            return Err(settings(
                format!("texts with words of at most {LONGEST} characters"),
                format!(
                    "longer words alone, all read as unknown; put spaces between the words, {all} of them"
                ),
            ));
        }
        let names = Names::default();
        let alphabet = alphabet(&words, (size / 2).saturating_sub(names.all().len()));
        // The trainer numbers characters in the order in which it meets the words of a hash map, and of pairs that occur
        // equally often it joins the one with the lower numbers: numbered before, every training is the same.
        let numbered = names.all().into_iter().chain(alphabet.iter().cloned());
        let trainer = BpeTrainer::builder()
            .show_progress(false)
            .vocab_size(size)
            .min_frequency(SELDOM)
            .continuing_subword_prefix(PREFIX.into())
            .special_tokens(numbered.map(|piece| AddedToken::from(piece, true)).collect())
            .build();
        let known = |word: &str| spelt(word).all(|piece| alphabet.contains(&piece));
        let learnt = words.iter().filter(|(word, _)| known(word)).map(|(word, n)| (word.as_str().into(), *n));
        let mut joined = BPE::default();
        let failed = |error: tokenizers::Error| settings("texts to train it on".into(), error.to_string());
        trainer.do_train(&learnt.collect(), &mut joined).map_err(failed)?;
        WordPieces::new(
            Path::new("the trained vocabulary"),
            WordPiece::from_bpe(&joined),
            normalizer,
            vec![],
            names,
        )
    }
}

/// How often each word occurs.
fn count<S: AsRef<str> + Sync>(texts: &[S], normalizer: BertNormalizer) -> BTreeMap<String, u64> {
    let words = |mut counts: HashMap<String, u64>, text: &S| {
        let mut text = PreTokenizedString::from(text.as_ref());
        // Neither fails: they only remove, change and split.
        let _ = text.normalize(|part| normalizer.normalize(part));
        let _ = BertPreTokenizer.pre_tokenize(&mut text);
        for (word, ..) in text.get_splits(OffsetReferential::Normalized, OffsetType::None) {
            match counts.get_mut(word) {
                Some(count) => *count += 1,
                None => _ = counts.insert(word.to_owned(), 1),
            }
        }
        counts
    };
    let counts = texts.par_iter().fold(HashMap::new, words);
    let both = |mut counts: BTreeMap<String, u64>, more: HashMap<String, u64>| {
        more.into_iter().for_each(|(word, count)| *counts.entry(word).or_default() += count);
        counts
    };
    counts.collect::<Vec<_>>().into_iter().fold(BTreeMap::new(), both)
}

/// A word's characters as pieces: the first alone, the others with the prefix.
fn spelt(word: &str) -> impl Iterator<Item = String> {
    word.chars().enumerate().map(|(place, c)| if place == 0 { c.to_string() } else { format!("{PREFIX}{c}") })
}

/// The characters as pieces, at most `most`: alone and, if they occur inside words, with the prefix. Those that occur most
/// often come first; of those that occur equally often, the first by code point.
fn alphabet(words: &BTreeMap<String, u64>, most: usize) -> BTreeSet<String> {
    let mut counts: BTreeMap<char, (u64, bool)> = BTreeMap::new();
    for (word, count) in words {
        for (place, c) in word.chars().enumerate() {
            let (sum, inside) = counts.entry(c).or_default();
            *sum += count;
            *inside |= place > 0;
        }
    }
    let mut ranked: Vec<(char, (u64, bool))> = counts.into_iter().collect();
    ranked.sort_by_key(|(_, (sum, _))| Reverse(*sum));
    let mut pieces = BTreeSet::new();
    for (c, (_, inside)) in ranked {
        if pieces.len() + 1 + usize::from(inside) > most {
            break;
        }
        pieces.insert(c.to_string());
        if inside {
            pieces.insert(format!("{PREFIX}{c}"));
        }
    }
    pieces
}

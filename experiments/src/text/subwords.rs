//! Byte-pair encoding: text to pieces that are frequent strings of bytes, and back without loss.
//!
//! A text is split before spaces and between letters, digits and marks; each part is spelt in bytes, which are joined to pieces in the
//! order in which training joined them. All 256 bytes are pieces, so that there is no unknown character, and the pieces of a text are
//! the text.
//!
//! Source: Sennrich, Haddow, Birch, "Neural machine translation of rare words with subword units", ACL 2016; on bytes: Radford et al.,
//! "Language models are unsupervised multitask learners", 2019. Hugging Face's `tokenizers` does the work.

use crate::data::atomic;
use crate::data::error::DataError;
use crate::data::files;
use crate::data::limits::Limit;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use tokenizers::models::bpe::{BPE, BpeTrainer};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::{
    AddedToken, Decoder, Model, NormalizerWrapper, OffsetReferential, OffsetType, PreTokenizedString,
    PreTokenizer, TokenizerImpl,
};

type Inner = TokenizerImpl<BPE, NormalizerWrapper, ByteLevel, ByteLevel, ByteLevel>;

/// The file of a run that has them, as Hugging Face's `tokenizer.json`.
pub const FILE: &str = "subwords.json";

/// The names of the special pieces. No text is spelt with a space, which bytes are not written with.
const SPECIAL: [&str; 3] = ["< padding >", "< start >", "< end >"];

/// The id of padding.
pub const PADDING: u32 = 0;
/// The id of the piece before a text.
pub const START: u32 = 1;
/// The id of the piece after a text.
pub const END: u32 = 2;

/// Two pieces become one only if they stand side by side at least so often.
const SELDOM: u64 = 2;

/// The smallest vocabulary: special pieces and bytes.
pub const SMALLEST: usize = SPECIAL.len() + 256;

/// The pieces of a vocabulary.
#[derive(Clone, Debug)]
pub struct Subwords(Inner);

impl Subwords {
    /// At most `size` pieces from texts. The same texts give the same pieces, whatever the number of threads.
    ///
    /// # Errors
    /// [`DataError::Settings`]: a size below 259; texts that are all empty.
    pub fn train<S: AsRef<str> + Sync>(texts: &[S], size: usize) -> Result<Self, DataError> {
        let settings = |expected: String, found: String| DataError::Settings {
            key: "vocabulary of subwords".into(),
            expected,
            found,
        };
        if size < SMALLEST || size > u32::MAX as usize {
            return Err(settings(format!("from {SMALLEST} pieces to {}", u32::MAX), size.to_string()));
        }
        let parts = count(texts);
        if parts.is_empty() {
            return Err(settings("texts to train it on".into(), "empty texts".into()));
        }
        // Numbered before, bytes are not numbered in the order of a hash map, by which the trainer decides between equal pairs.
        let bytes: BTreeSet<char> = ByteLevel::alphabet().into_iter().collect();
        let numbered = SPECIAL.map(String::from).into_iter().chain(bytes.into_iter().map(String::from));
        let trainer = BpeTrainer::builder()
            .show_progress(false)
            .vocab_size(size)
            .min_frequency(SELDOM)
            .special_tokens(numbered.map(|piece| AddedToken::from(piece, true)).collect())
            .build();
        let mut joined = BPE::default();
        let parts = parts.into_iter().map(|(part, n)| (part.into(), n)).collect();
        trainer
            .do_train(&parts, &mut joined)
            .map_err(|error| settings("texts to train it on".into(), error.to_string()))?;
        let mut inner = Inner::new(joined);
        inner.with_pre_tokenizer(Some(split()));
        inner.with_decoder(Some(split()));
        Ok(Subwords(inner))
    }

    /// Reads the [file](FILE) of a run.
    ///
    /// # Errors
    /// A file that cannot be read, or is not one of subwords.
    pub fn load(folder: &Path) -> Result<Self, DataError> {
        let path = folder.join(FILE);
        let text = files::read_text(&path, Limit::Text)?;
        let fault = |found: String| DataError::File {
            path: path.clone(),
            expected: "subwords, as a run has written them".into(),
            found,
            advice: "copy the folder of the run again, or train anew".into(),
        };
        let inner: Inner = text.parse().map_err(|error: tokenizers::Error| fault(error.to_string()))?;
        let model = inner.get_model();
        let at = |id: u32| model.id_to_token(id);
        if let Some(place) = SPECIAL.iter().zip(0..).find(|(name, id)| at(*id).as_deref() != Some(**name)) {
            return Err(fault(format!("a vocabulary without {} as piece {}", place.0, place.1)));
        }
        if let Some(byte) =
            ByteLevel::alphabet().iter().find(|byte| model.token_to_id(&byte.to_string()).is_none())
        {
            return Err(fault(format!("a vocabulary without the byte {byte}")));
        }
        Ok(Subwords(inner))
    }

    /// Writes the [file](FILE) of a run.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn save(&self, folder: &Path) -> Result<(), atomic::WriteError> {
        let text = self.0.to_string(false).expect("pieces are text");
        atomic::write(&folder.join(FILE), text.as_bytes())
    }

    /// V.
    pub fn size(&self) -> usize {
        self.0.get_model().get_vocab_size()
    }

    /// The pieces of a text, without special ones.
    pub fn encode(&self, text: &str) -> Vec<u32> {
        let encoded = self.0.encode_fast(text, false).expect("each byte has a piece");
        encoded.get_ids().to_vec()
    }

    /// The bytes of a piece, which may be a part of a character; none of a special piece.
    ///
    /// # Panics
    /// If the id is not below V.
    #[track_caller]
    pub fn bytes(&self, id: u32) -> Vec<u8> {
        if (id as usize) < SPECIAL.len() {
            return vec![];
        }
        let piece = self.0.get_model().id_to_token(id);
        let piece = piece.unwrap_or_else(|| panic!("subwords: there is no piece {id} of {}", self.size()));
        piece.chars().filter_map(byte_of).collect()
    }

    /// The text of pieces; special ones are left out. Pieces that are no whole characters become U+FFFD.
    ///
    /// # Panics
    /// If an id is not below V.
    #[track_caller]
    pub fn decode(&self, ids: &[u32]) -> String {
        let piece = |id: &u32| {
            let piece = self.0.get_model().id_to_token(*id);
            piece.unwrap_or_else(|| panic!("subwords: there is no piece {id} of {}", self.size()))
        };
        let ordinary = ids.iter().filter(|id| **id as usize >= SPECIAL.len());
        split().decode(ordinary.map(piece).collect()).expect("bytes are decoded one by one")
    }
}

/// The bytes of a piece as text; each byte of an incomplete character as its number, `<0xC3>`.
pub fn shown(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes
            .iter()
            .map(
                |byte| {
                    if byte.is_ascii() { char::from(*byte).to_string() } else { format!("<0x{byte:02X}>") }
                },
            )
            .collect(),
    }
}

/// How texts become parts, and bytes characters.
fn split() -> ByteLevel {
    ByteLevel::new(false, false, true)
}

/// The byte that a character of a piece stands for. Visible bytes stand for themselves, the others in order for U+0100 and the
/// following characters (Radford et al. 2019, `bytes_to_unicode` in their code).
fn byte_of(c: char) -> Option<u8> {
    let is_visible = |byte: &u8| matches!(byte, 33..=126 | 161..=172 | 174..=255);
    match u32::from(c).checked_sub(0x100) {
        None => u8::try_from(c).ok(),
        Some(rank) => (0..=255).filter(|byte| !is_visible(byte)).nth(rank as usize),
    }
}

/// How often each part occurs, spelt in the characters that stand for bytes.
fn count<S: AsRef<str> + Sync>(texts: &[S]) -> BTreeMap<String, u64> {
    let parts = |mut counts: BTreeMap<String, u64>, text: &S| {
        let mut text = PreTokenizedString::from(text.as_ref());
        // It only splits and respells.
        let _ = split().pre_tokenize(&mut text);
        for (part, ..) in text.get_splits(OffsetReferential::Normalized, OffsetType::None) {
            match counts.get_mut(part) {
                Some(count) => *count += 1,
                None => _ = counts.insert(part.to_owned(), 1),
            }
        }
        counts
    };
    let both = |mut counts: BTreeMap<String, u64>, more: BTreeMap<String, u64>| {
        more.into_iter().for_each(|(part, count)| *counts.entry(part).or_default() += count);
        counts
    };
    texts.par_iter().fold(BTreeMap::new, parts).reduce(BTreeMap::new, both)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::sync::LazyLock;

    const TEXTS: [&str; 4] = [
        "the lowest tower is lower than the newest tower",
        "the widest towers are the newest ones, the lowest are not",
        "Die neuesten Türme sind höher als die ältesten.",
        "最新的塔比最旧的塔高。",
    ];

    static TRAINED: LazyLock<Subwords> = LazyLock::new(|| Subwords::train(&TEXTS.repeat(3), 320).unwrap());

    #[test]
    fn frequent_neighbours_are_joined() {
        let pieces = &*TRAINED;
        assert!(pieces.size() <= 320 && pieces.size() > SMALLEST + 20, "{}", pieces.size());
        let spelt =
            |text: &str| pieces.encode(text).iter().map(|id| pieces.decode(&[*id])).collect::<Vec<_>>();
        assert_eq!(spelt(" the tower"), [" the", " tower"]);
        assert!(spelt("塔").len() == 1 && spelt("猫").len() == 3, "{:?}", spelt("塔"));
        assert!(pieces.encode("").is_empty());
    }

    #[test]
    fn what_looks_like_a_special_piece_is_text() {
        for name in SPECIAL {
            let ids = TRAINED.encode(name);
            assert!(ids.iter().all(|id| *id > END) && TRAINED.decode(&ids) == name, "{name}");
        }
        let ids = [&[START][..], &TRAINED.encode("the tower"), &[END, PADDING]].concat();
        assert_eq!(TRAINED.decode(&ids), "the tower");
    }

    #[test]
    fn training_is_the_same_again_with_other_threads_and_after_a_file() {
        let json = |pieces: &Subwords| pieces.0.to_string(false).unwrap();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        let again = pool.install(|| Subwords::train(&TEXTS.repeat(3), 320).unwrap());
        assert_eq!(json(&again), json(&TRAINED));
        let folder = tempfile::tempdir().unwrap();
        TRAINED.save(folder.path()).unwrap();
        assert_eq!(json(&Subwords::load(folder.path()).unwrap()), json(&TRAINED));
    }

    #[test]
    fn what_cannot_be_trained_or_read_is_said() {
        let error = |texts: &[&str], size| Subwords::train(texts, size).unwrap_err().to_string();
        assert!(error(&TEXTS, 258).contains("from 259 pieces"));
        assert!(error(&["", ""], 300).contains("empty texts"));
        let folder = tempfile::tempdir().unwrap();
        TRAINED.save(folder.path()).unwrap();
        let path = folder.path().join(FILE);
        let text = std::fs::read_to_string(&path).unwrap();
        for (changed, says) in [
            (text.replace("< start >", "<start>"), "a vocabulary without < start > as piece 1"),
            (text[..text.len() / 2].to_owned(), "subwords.json"),
            (text.replace("\"\u{120}\":", "\"\u{120}\u{120}\u{120}\":"), "subwords.json"),
        ] {
            std::fs::write(&path, changed).unwrap();
            let error = Subwords::load(folder.path()).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }

    proptest! {
        #[test]
        fn pieces_are_the_text(text: String) {
            let ids = TRAINED.encode(&text);
            prop_assert_eq!(TRAINED.decode(&ids), text.clone());
            let bytes: Vec<u8> = ids.iter().flat_map(|id| TRAINED.bytes(*id)).collect();
            prop_assert_eq!(bytes, text.into_bytes());
        }
    }
}

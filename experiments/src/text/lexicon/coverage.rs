use super::Lexicon;
use crate::data::counted::counted;
use crate::text::tokens::Tokens;
use crate::text::vocabulary::UNK;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fmt;

/// How many words of some texts a lexicon knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// Distinct words.
    pub words: usize,
    /// Distinct words whose vector is, or started as, one of the file's.
    pub words_with_vector: usize,
    /// Tokens.
    pub tokens: usize,
    /// Tokens whose vector is, or started as, one of the file's.
    pub tokens_with_vector: usize,
    /// Tokens that are UNK: they have neither a row in the embedding table nor a vector in the file.
    pub tokens_unknown: usize,
}

/// What a lexicon knows about a word.
#[derive(Clone, Copy, PartialEq)]
enum Known {
    WithVector,
    WithoutVector,
    Unknown,
}

impl Lexicon {
    /// Counts how many words of some texts the lexicon knows.
    pub fn coverage<'a>(&self, texts: impl IntoIterator<Item = &'a Tokens>) -> Coverage {
        let mut coverage = Coverage::default();
        let mut spellings: HashMap<&str, Known> = HashMap::new();
        let mut words: HashMap<&str, bool> = HashMap::new();
        for (word, written) in texts.into_iter().flat_map(|tokens| tokens.words().zip(tokens.written())) {
            let known = *spellings.entry(written).or_insert_with(|| self.known(word, written));
            *words.entry(word).or_default() |= known == Known::WithVector;
            coverage.tokens += 1;
            coverage.tokens_with_vector += usize::from(known == Known::WithVector);
            coverage.tokens_unknown += usize::from(known == Known::Unknown);
        }
        coverage.words = words.len();
        coverage.words_with_vector = words.into_values().filter(|&has_vector| has_vector).count();
        coverage
    }

    fn known(&self, word: &str, written: &str) -> Known {
        let id = self.vocabulary.id(word);
        let vector = match &self.vectors {
            Some(vectors) if id != UNK => vectors.trained[id as usize],
            _ => self.given_row(word, written).is_some(),
        };
        match (vector, id) {
            (true, _) => Known::WithVector,
            (false, UNK) => Known::Unknown,
            (false, _) => Known::WithoutVector,
        }
    }
}

impl Coverage {
    /// Whether there are words but none has a vector, which suggests that the file is the wrong one.
    pub fn is_none(&self) -> bool {
        self.words > 0 && self.words_with_vector == 0
    }
}

impl fmt::Display for Coverage {
    /// `81 of 312 words (26.0 %) and 902 of 1204 tokens (74.9 %) have a vector, 3.1 % of tokens are unknown`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |part: usize, whole: usize| 100.0 * part as f64 / whole.max(1) as f64;
        let Coverage { words, words_with_vector, tokens, tokens_with_vector, tokens_unknown } = *self;
        write!(
            f,
            "{words_with_vector} of {} ({:.1} %) and {tokens_with_vector} of {} ({:.1} %) have a vector, {:.1} % of tokens \
             are unknown",
            counted(words, "words"),
            percent(words_with_vector, words),
            counted(tokens, "tokens"),
            percent(tokens_with_vector, tokens),
            percent(tokens_unknown, tokens),
        )
    }
}

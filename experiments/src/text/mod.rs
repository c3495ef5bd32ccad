//! Text: from characters to padded batches of word ids (paper, section 4.1).
//!
//! | file | holds |
//! | --- | --- |
//! | [`normalise`] | character filtering: HTML tags, control characters, Unicode forms; keeps byte offsets |
//! | [`tokenise`] | splitting text into words; lower case, NUM |
//! | [`tokens`] | the words of a text and their byte ranges |
//! | [`offsets`] | byte offsets to character offsets |
//! | [`vocabulary`] | words to ids: PAD, UNK, then by descending count |
//! | [`characters`] | a word's characters to ids |
//! | [`lexicon`] | texts to ids of words and characters, and to padded batches |
//! | [`vectors`] | pretrained word vectors (GloVe, word2vec) |
//! | [`pieces`] | WordPiece: pieces of words, as BERT reads text |
//! | [`subwords`] | byte-pair encoding: frequent strings of bytes, without loss |
//! | [`frequencies`] | how often words occur, how long texts are |
//! | [`batches`] | grouping examples of similar length into batches |
//!
//! ```
//! use gradus::text::lexicon::{Lexicon, LexiconOptions, Text};
//! use gradus::text::{Tokeniser, Tokens, batches};
//! use gradus_engine::Mode;
//!
//! let texts = ["Good film.<br />Good cast!", "A film of 90 minutes."];
//! let tokeniser = Tokeniser::default();
//! let tokens: Vec<Tokens> = texts.iter().map(|text| tokeniser.tokens(text)).collect();
//! assert_eq!(tokens[1].words().collect::<Vec<_>>(), ["a", "film", "of", "<num>", "minutes", "."]);
//!
//! let lexicon = Lexicon::count(tokens.iter(), &LexiconOptions::default(), None);
//! let texts: Vec<Text> = tokens.iter().map(|tokens| lexicon.encode(tokens)).collect();
//! let lengths: Vec<usize> = texts.iter().map(Text::len).collect();
//! let batches = batches::shuffled(&lengths, /* size */ 2, /* seed */ 1, /* epoch */ 0);
//! let chosen: Vec<&Text> = batches[0].iter().map(|&i| &texts[i]).collect();
//! let batch = lexicon.batch(&chosen, /* words seen once that become UNK */ 0.0, &mut Mode::Eval);
//! assert_eq!(batch.words().ids.shape().to_vec(), [2, 6]);
//! ```

pub mod batches;
pub mod characters;
pub mod frequencies;
mod html;
pub mod lexicon;
pub mod normalise;
pub mod offsets;
pub mod pieces;
pub mod subwords;
#[cfg(test)]
mod tests;
pub mod tokenise;
pub mod tokens;
pub mod vectors;
pub mod vocabulary;

pub use characters::Alphabet;
pub use frequencies::{Frequencies, Lengths};
pub use lexicon::{Coverage, Lexicon, LexiconOptions, Padded, Text};
pub use normalise::Form;
pub use offsets::{Characters, chars};
pub use pieces::WordPieces;
pub use subwords::Subwords;
pub use tokenise::{Mode, Tokeniser};
pub use tokens::Tokens;
pub use vectors::{Spellings, VectorFile};
pub use vocabulary::Vocabulary;

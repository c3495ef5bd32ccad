//! Text: from characters to padded batches of word ids (paper, section 4.1).
//!
//! | file | holds |
//! | --- | --- |
//! | [`normalise`] | character filtering: tags, control characters, Unicode forms; offsets are kept |
//! | [`tokenise`] | words with their place in the original; lower case, NUM |
//! | [`vocabulary`] | words to ids: PAD, UNK, then by falling count |
//! | [`characters`] | a word's characters to ids |
//! | [`frequencies`] | how often words occur, how long texts are |
//! | [`batches`] | which examples go together, and the padded arrays |
//! | [`spans`] | answers as first and last token, and windows of long contexts |
//! | [`embeddings`] | pretrained word vectors (GloVe text) |
//!
//! ```
//! use gradus::text::{tokenise::Tokeniser, vocabulary::Vocabulary, batches::{Batch, Batching}};
//!
//! let texts = ["Good film.<br />Good cast!", "A film of 90 minutes."];
//! let tokeniser = Tokeniser::default();
//! let words: Vec<Vec<String>> = texts.iter().map(|t| tokeniser.words(t)).collect();
//! assert_eq!(words[1], ["a", "film", "of", "<num>", "minutes", "."]);
//!
//! let vocabulary = Vocabulary::count(words.iter().flatten(), 1, usize::MAX);
//! let ids: Vec<Vec<u32>> = words.iter().map(|w| vocabulary.encode(w)).collect();
//! let lengths: Vec<usize> = ids.iter().map(Vec::len).collect();
//! let batching = Batching { size: 2, max_len: Some(400) };
//! let batches = batching.shuffled(&lengths, /* seed */ 1, /* epoch */ 0);
//! let batch: Batch = batching.batch(&ids, /* labels */ &[1, 0], &batches[0]);
//! assert_eq!((batch.b, batch.t), (2, 6));
//! ```

pub mod batches;
pub mod characters;
pub mod embeddings;
pub mod frequencies;
pub mod lexicon;
pub mod normalise;
pub mod spans;
pub mod tokenise;
pub mod vocabulary;

pub use batches::{Batch, Batching};
pub use characters::Alphabet;
pub use embeddings::Embeddings;
pub use frequencies::{Frequencies, Lengths};
pub use tokenise::{Mode, Tokeniser};
pub use vocabulary::Vocabulary;

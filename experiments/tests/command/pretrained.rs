//! A tiny BERT with random weights, in a folder as people have them.

use gradus::pretrained;
use gradus::text::WordPieces;
use gradus_engine::Rng;
use gradus_models::{Bert, BertConfig};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Every letter occurs, so that every word of small letters has pieces.
const TEXTS: [&str; 4] = [
    "the quick brown fox jumps over the lazy dog",
    "sphinx of black quartz , judge my vow .",
    "the fine cast was in Oslo , and the film was fine",
    "Ada Marsh left Oslo early . Bert lives in Bergen .",
];

/// The folder, which is the same for all tests.
pub fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tiny-bert");
        std::fs::create_dir_all(&folder).unwrap();
        let pieces = WordPieces::train(&TEXTS, 160, true).unwrap();
        let config = BertConfig {
            vocab_size: pieces.size(),
            hidden_size: 16,
            num_hidden_layers: 2,
            num_attention_heads: 2,
            intermediate_size: 24,
            max_position_embeddings: 64,
            ..BertConfig::default()
        };
        let bert = Bert::new(&config, &mut Rng::new(1));
        pretrained::save(&folder, &config, &bert, &pieces).unwrap();
        folder
    })
}

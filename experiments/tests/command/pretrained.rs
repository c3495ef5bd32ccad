//! A tiny BERT with random weights, in a folder as people have them.

use crate::place::Place;
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

#[test]
fn a_vocabulary_that_lacks_a_fifth_of_the_embeddings_is_warned_of() {
    let place = Place::new();
    let pieces = WordPieces::train(&TEXTS, 160, true).unwrap();
    let vocab_size = pieces.size() * 5 / 4;
    let config = BertConfig {
        vocab_size,
        hidden_size: 8,
        num_hidden_layers: 1,
        num_attention_heads: 2,
        intermediate_size: 8,
        ..BertConfig::default()
    };
    pretrained::save(&place.path("other"), &config, &Bert::new(&config, &mut Rng::new(1)), &pieces).unwrap();
    let limits =
        "--set data.train_limit=16 --set data.dev_limit=10 --set data.test_limit=10 --set train.epochs=1";
    for (i, task) in [
        "classify --dataset reviews --model bert",
        "tag --dataset names --model bert",
        "read --dataset passages --model bert",
        "masked --dataset almanac",
        "probe --dataset probe-a",
    ]
    .into_iter()
    .enumerate()
    {
        let ran = place.gradus(&format!("train {task} {limits} --set model.pretrained=other --out run{i}"));
        let warnings: Vec<&str> = ran.err.lines().filter(|line| line.starts_with("warning: ")).collect();
        let says = format!("tokenizer.json has only {} pieces, but the word embeddings in ", pieces.size());
        let rows = format!(
            "model.safetensors have {vocab_size} rows: is it the vocabulary that the model was trained with?"
        );
        assert!(
            warnings.iter().any(|line| line.contains(&says) && line.ends_with(&rows)),
            "{task}: {}",
            ran.err
        );
        ran.well();
    }
}

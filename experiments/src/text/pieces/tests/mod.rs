//! The reference values are those of Hugging Face's `transformers`: see `make_cases.py`.

mod cases;
mod folders;
mod training;
mod unicode;

use super::WordPieces;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

#[test]
fn a_final_sigma_is_a_sigma_like_others() {
    let pieces = pieces(&with("οδοσ οδος"));
    let ids = |text: &str| pieces.encode(text, 9).ids;
    assert_eq!(ids("ΟΔΟΣ"), ids("οδοσ"));
    assert_ne!(ids("ΟΔΟΣ"), ids("οδος"));
}

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    files.iter().for_each(|(name, text)| fs::write(folder.path().join(name), text).unwrap());
    folder
}

/// The pieces of a vocabulary of one piece a line, with BERT's normalisation.
fn pieces(vocabulary: &str) -> WordPieces {
    WordPieces::load(folder(&[("vocab.txt", vocabulary)]).path()).unwrap()
}

/// The five special pieces and those of `more`, one a line.
fn with(more: &str) -> String {
    let special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
    special.into_iter().chain(more.split_whitespace()).collect::<Vec<_>>().join("\n")
}

/// The message of a folder that is refused, without the path of the folder.
fn refused(path: &Path) -> String {
    let message = WordPieces::load(path).unwrap_err().to_string();
    message.replace(&format!("{}/", path.display()), "").replace(&path.display().to_string(), "FOLDER")
}

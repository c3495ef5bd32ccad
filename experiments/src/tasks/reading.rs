//! How a run reads text: as words, or as the pieces of a pretrained model.

use super::bert::BertText;
use super::words::WordText;
use crate::run::RunError;
use std::path::Path;

/// How a run reads text.
pub enum Reading {
    /// As words, which it counts itself.
    Words(Box<WordText>),
    /// As pieces of words, which a pretrained model brings.
    Pieces(Box<BertText>),
}

impl Reading {
    /// Writes the files that a later run of the model reads.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn save(&self, folder: &Path) -> Result<(), RunError> {
        match self {
            Reading::Words(text) => text.save(folder),
            Reading::Pieces(text) => text.save(folder),
        }
    }

    /// The number of words or pieces.
    pub fn vocabulary(&self) -> usize {
        match self {
            Reading::Words(text) => text.lexicon.len(),
            Reading::Pieces(text) => text.pieces().size(),
        }
    }

    /// Whether steps of a model that reads text so can be recorded on a device: characters are in host memory.
    pub fn recordable(&self) -> bool {
        match self {
            Reading::Words(text) => text.lexicon.characters().is_none(),
            Reading::Pieces(_) => true,
        }
    }
}

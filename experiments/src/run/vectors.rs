use super::TrainError;
use crate::config::Config;
use crate::text::{Embeddings, Vocabulary};
use gradus_engine::{Module, Tensor};

/// Puts the vectors of the file that a configuration names, if it names one, in the place of the random ones.
///
/// # Errors
/// A file that is missing or damaged; vectors of another width than the model's.
pub(super) fn start_from_vectors(
    model: &dyn Module,
    config: &Config,
    vocabulary: &Vocabulary,
) -> Result<(), TrainError> {
    let Some(path) = &config.data.embeddings else { return Ok(()) };
    let (file, width) = (Embeddings::read(path, vocabulary)?, config.model.embed_dim);
    if file.d != width {
        return Err(TrainError::Settings(format!(
            "{}: expected vectors of width {width}, as model.embed_dim says, found {}; set model.embed_dim={}",
            path.display(),
            file.d,
            file.d
        )));
    }
    let Some((_, table)) = model.named_params().into_iter().find(|(name, _)| name == "emb.weight") else {
        return Err(TrainError::Settings(format!(
            "data.embeddings: {} has no word vectors",
            config.model.name
        )));
    };
    let mut values = table.value().to_vec::<f32>();
    for (word, _) in file.found.iter().enumerate().filter(|(_, found)| **found) {
        values[word * width..][..width].copy_from_slice(&file.rows[word * width..][..width]);
    }
    table.set(&Tensor::from_slice(&values, table.shape()));
    Ok(())
}

use super::TrainError;
use crate::config::Config;
use crate::text::Lexicon;
use gradus_engine::Module;

/// Puts the vectors of the file that a configuration names, if it names one, in the place of the random ones.
///
/// # Errors
/// Vectors of another width than the model's; a model without word vectors.
pub(super) fn start_from_vectors(
    model: &dyn Module,
    config: &Config,
    lexicon: &Lexicon,
) -> Result<(), TrainError> {
    if lexicon.vector_width().is_none() {
        return Ok(());
    }
    let Some((_, table)) = model.named_params().into_iter().find(|(name, _)| name == "emb.weight") else {
        return Err(TrainError::Settings(format!(
            "data.embeddings: {} has no word vectors",
            config.model.name
        )));
    };
    lexicon.start(&table)?;
    Ok(())
}

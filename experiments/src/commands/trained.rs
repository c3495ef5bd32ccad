use crate::config::Config;
use crate::text::Vocabulary;
use crate::train::classify::classifier;
use crate::train::{RunFolder, TrainError, TrainedOn};
use gradus_engine::Rng;
use gradus_models::Classifier;
use std::path::Path;

/// A model that was trained, with what it needs to read text.
pub(super) struct TrainedModel {
    pub config: Config,
    pub on: TrainedOn,
    pub vocabulary: Vocabulary,
    pub model: Box<dyn Classifier>,
}

impl TrainedModel {
    /// The best parameters of a run.
    pub fn load(run: &Path) -> Result<Self, TrainError> {
        let folder = RunFolder(run.into());
        let config = folder.config()?;
        let (on, vocabulary) = (folder.trained_on()?, folder.vocabulary()?);
        let model = classifier(&config, &vocabulary, on.labels.len(), &mut Rng::new(config.seed))?;
        folder.load_best(model.as_ref())?;
        Ok(TrainedModel { config, on, vocabulary, model })
    }
}

use crate::config::Config;
use crate::text::Vocabulary;
use crate::train::{RunFolder, TrainError, classifier};
use gradus_engine::Rng;
use gradus_models::Classifier;
use std::path::Path;

/// A model that was trained, with what it needs to read text.
pub(super) struct TrainedModel {
    pub config: Config,
    pub labels: Vec<String>,
    pub vocabulary: Vocabulary,
    pub model: Box<dyn Classifier>,
}

impl TrainedModel {
    /// The best parameters of a run.
    pub fn load(run: &Path) -> Result<Self, TrainError> {
        let folder = RunFolder(run.into());
        let mut config = folder.config()?;
        let (labels, vocabulary) = (folder.labels()?, folder.vocabulary()?);
        // The vectors are in the parameters; the file they began from need not be there any more.
        config.data.embeddings = None;
        let model = classifier(&config, &vocabulary, labels.len(), &mut Rng::new(config.seed))?;
        folder.load_best(model.as_ref())?;
        Ok(TrainedModel { config, labels, vocabulary, model })
    }
}

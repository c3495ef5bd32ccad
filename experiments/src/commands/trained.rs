use crate::config::Config;
use crate::data::{Classification, Split};
use crate::text::Vocabulary;
use crate::train::classify::{Encoded, Prediction, classifier, predict, prepare_split};
use crate::train::{RunFolder, TrainError, TrainedOn};
use anyhow::bail;
use gradus_engine::Rng;
use gradus_models::Classifier;
use std::path::{Path, PathBuf};

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
    /// What the model says of a split of its data set, read from `data` or else from where training read it.
    ///
    /// # Errors
    /// Data that is missing or has other labels.
    pub fn on_split(
        &self,
        run: &Path,
        data: Option<&Path>,
        split: Split,
    ) -> anyhow::Result<(Classification, Encoded, Vec<Prediction>)> {
        let TrainedModel { config, on, vocabulary, model } = self;
        let folder = data.map(PathBuf::from).or(on.folder.as_ref().map(PathBuf::from));
        let (set, encoded) = prepare_split(config, folder.as_deref(), vocabulary, split)?;
        if set.labels != on.labels {
            let (ours, theirs) = (on.labels.join(", "), set.labels.join(", "));
            bail!("{}: the model knows the labels {ours}, the data set has {theirs}", run.display());
        }
        let predictions = predict(model.as_ref(), &encoded, config.train.eval_batch_size);
        Ok((set, encoded, predictions))
    }
}

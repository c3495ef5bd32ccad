use crate::config::Config;
use crate::data::scheme::Scheme;
use crate::data::{Classification, Split};
use crate::text::Vocabulary;
use crate::train::classify::{Encoded, Prediction, classifier, predict, prepare_split};
use crate::train::lexicon::Lexicon;
use crate::train::read::reader;
use crate::train::tag::{constraints, tagger};
use crate::train::{RunFolder, TrainError, TrainedOn};
use anyhow::bail;
use gradus_engine::Rng;
use gradus_engine::nn::Constraints;
use gradus_models::{Classifier, Reader, Tagger};
use std::path::{Path, PathBuf};

/// A classifier that was trained, with what it needs to read text.
pub(super) struct TrainedClassifier {
    pub config: Config,
    pub on: TrainedOn,
    pub vocabulary: Vocabulary,
    pub model: Box<dyn Classifier>,
}

impl TrainedClassifier {
    /// The best parameters of a run.
    pub fn load(run: &Path) -> Result<Self, TrainError> {
        let folder = RunFolder(run.into());
        let config = folder.config()?;
        let (on, vocabulary) = (folder.trained_on()?, folder.vocabulary()?);
        let model = classifier(&config, &vocabulary, on.labels.len(), &mut Rng::new(config.seed))?;
        folder.load_best(model.as_ref())?;
        Ok(TrainedClassifier { config, on, vocabulary, model })
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
        let TrainedClassifier { config, on, vocabulary, model } = self;
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

/// A tagger that was trained.
pub(super) struct TrainedTagger {
    pub config: Config,
    pub on: TrainedOn,
    pub lexicon: Lexicon,
    pub model: Box<dyn Tagger>,
    pub constraints: Option<Constraints>,
}

impl TrainedTagger {
    /// The best parameters of a run.
    pub fn load(run: &Path) -> Result<Self, TrainError> {
        let folder = RunFolder(run.into());
        let config = folder.config()?;
        let (on, lexicon) = (folder.trained_on()?, Lexicon::load(&config, run, [].iter())?);
        let model = tagger(&config, &lexicon, on.labels.len(), &mut Rng::new(config.seed))?;
        folder.load_best(model.as_ref())?;
        let scheme = if config.data.scheme == "bioes" { Scheme::Bioes } else { Scheme::Iob2 };
        let constraints = constraints(&config, scheme, &on.labels);
        Ok(TrainedTagger { config, on, lexicon, model, constraints })
    }
}

/// A reader that was trained.
pub(super) struct TrainedReader {
    pub config: Config,
    pub on: TrainedOn,
    pub lexicon: Lexicon,
    pub model: Box<dyn Reader>,
}

impl TrainedReader {
    /// The best parameters of a run.
    pub fn load(run: &Path) -> Result<Self, TrainError> {
        let folder = RunFolder(run.into());
        let config = folder.config()?;
        let (on, lexicon) = (folder.trained_on()?, Lexicon::load(&config, run, [].iter())?);
        let model = reader(&config, &lexicon, &mut Rng::new(config.seed))?;
        folder.load_best(model.as_ref())?;
        Ok(TrainedReader { config, on, lexicon, model })
    }
}

use crate::config::Config;
use crate::data::formats::scheme::Scheme;
use crate::data::questions::Reading;
use crate::data::{Classification, Split, Tagging};
use crate::run::{RunFolder, TrainError, TrainedOn};
use crate::tasks::classify::{Encoded, Prediction, classifier, predict, prepare_split};
use crate::tasks::lexicon_options;
use crate::tasks::read::{self, Answered, reader};
use crate::tasks::tag::{self, constraints, tagger};
use crate::text::lexicon::Lexicon;
use anyhow::bail;
use gradus_engine::Rng;
use gradus_engine::nn::Constraints;
use gradus_models::{Classifier, Reader, Tagger};
use std::path::{Path, PathBuf};

/// A classifier that was trained, with what it needs to read text.
pub(super) struct TrainedClassifier {
    pub config: Config,
    pub on: TrainedOn,
    pub lexicon: Lexicon,
    pub model: Box<dyn Classifier>,
}

impl TrainedClassifier {
    /// The best parameters of a run.
    pub fn load(run: &Path) -> Result<Self, TrainError> {
        let folder = RunFolder(run.into());
        let config = folder.config()?;
        let (on, lexicon) = (folder.trained_on()?, Lexicon::load(run, &lexicon_options(&config))?);
        let model = classifier(&config, lexicon.vocabulary(), on.labels.len(), &mut Rng::blank())?;
        folder.load_best(model.as_ref())?;
        Ok(TrainedClassifier { config, on, lexicon, model })
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
        let TrainedClassifier { config, on, lexicon, model } = self;
        let (set, encoded) = prepare_split(config, folder(data, on).as_deref(), lexicon, split)?;
        if set.labels != on.labels {
            let (ours, theirs) = (on.labels.join(", "), set.labels.join(", "));
            bail!("{}: the model knows the labels {ours}, the data set has {theirs}", run.display());
        }
        let predictions = predict(model.as_ref(), lexicon, &encoded, config.train.eval_batch_size);
        Ok((set, encoded, predictions))
    }
}

/// Where the data of a run is: in `data`, or else where training read it.
fn folder(data: Option<&Path>, on: &TrainedOn) -> Option<PathBuf> {
    data.map(PathBuf::from).or(on.folder.as_ref().map(PathBuf::from))
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
        let (on, lexicon) = (folder.trained_on()?, Lexicon::load(run, &lexicon_options(&config))?);
        let model = tagger(&config, &lexicon, on.labels.len(), &mut Rng::blank())?;
        folder.load_best(model.as_ref())?;
        let scheme = if config.data.scheme == "bioes" { Scheme::Bioes } else { Scheme::Iob2 };
        let constraints = constraints(&config, scheme, &on.labels);
        Ok(TrainedTagger { config, on, lexicon, model, constraints })
    }

    /// The tags of each sentence of a split of its data set, read from `data` or else from where training read it.
    ///
    /// # Errors
    /// Data that is missing or has other tags.
    pub fn on_split(
        &self,
        run: &Path,
        data: Option<&Path>,
        split: Split,
    ) -> anyhow::Result<(Tagging, tag::Encoded, Vec<Vec<usize>>)> {
        let TrainedTagger { config, on, lexicon, model, constraints } = self;
        let (set, encoded) = tag::prepare_split(config, folder(data, on).as_deref(), lexicon, split)?;
        if set.tags != on.labels {
            let (ours, theirs) = (on.labels.join(", "), set.tags.join(", "));
            bail!("{}: the model knows the tags {ours}, the data set has {theirs}", run.display());
        }
        let size = config.train.eval_batch_size;
        let predicted = tag::predict(model.as_ref(), lexicon, &encoded.texts, constraints.as_ref(), size);
        Ok((set, encoded, predicted))
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
        let (on, lexicon) = (folder.trained_on()?, Lexicon::load(run, &lexicon_options(&config))?);
        let model = reader(&config, &lexicon, &mut Rng::blank())?;
        folder.load_best(model.as_ref())?;
        Ok(TrainedReader { config, on, lexicon, model })
    }

    /// The answer to each question of a split of its data set, read from `data` or else from where training read it.
    ///
    /// # Errors
    /// Data that is missing.
    pub fn on_split(
        &self,
        data: Option<&Path>,
        split: Split,
    ) -> anyhow::Result<(Reading, read::Encoded, Vec<Answered>)> {
        let TrainedReader { config, on, lexicon, model } = self;
        let (set, encoded) = read::prepare_split(config, folder(data, on).as_deref(), lexicon, split)?;
        let (longest, size) = (config.model.max_answer, config.train.eval_batch_size);
        let answers = read::predict(model.as_ref(), lexicon, &encoded, longest, size);
        Ok((set, encoded, answers))
    }
}

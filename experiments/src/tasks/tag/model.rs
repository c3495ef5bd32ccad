//! The model, its inputs and its predictions.

use super::Tag;
use super::keys::Model;
use super::reading::{longest, sizes};
use crate::run::RunError;
use crate::tasks::keys::check_size;
use crate::tasks::reading::Reading;
use crate::tasks::windows::{Window, windows};
use crate::tasks::words;
use crate::text::Text;
use gradus_engine::nn::Constraints;
use gradus_engine::{Mode, Rng, Tensor};
use gradus_models::{BertTagger, BiLstmCrf, DataSizes, Tagger};

/// The most words or word pieces in a batch, unless a single window has more.
const MOST: usize = 3072;

/// The tags of a sentence.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tagging {
    /// One tag for each word.
    pub tags: Vec<usize>,
    /// Their score in the model, that of the best sequence; the sum over the pieces of a long sentence.
    pub score: f64,
}

/// A new model as the keys describe it, with pretrained weights or vectors if there are any.
pub(super) fn tagger(task: &Tag, rng: &mut Rng) -> Result<Box<dyn Tagger>, RunError> {
    let outputs = task.tags.names().len();
    match (&task.keys.model, &task.reading) {
        (Model::BiLstmCrf { config, .. }, Reading::Words(text)) => {
            let characters = text.lexicon.characters().unwrap_or(0);
            let sizes = DataSizes { words: text.lexicon.len(), characters, outputs };
            check_size(config.parameters(&sizes))?;
            let model: Box<dyn Tagger> = Box::new(BiLstmCrf::new(config.clone(), sizes, rng));
            words::start(&text.lexicon, &model)?;
            Ok(model)
        }
        (Model::Bert { bert, .. }, Reading::Pieces(text)) => {
            let blank = &mut Rng::blank();
            let rng = if text.is_new() { rng } else { blank };
            let model = BertTagger::new(text.config(), outputs, rng);
            text.start(&model.bert)?;
            Ok(Box::new(if bert.frozen_layers > 0 { model.frozen(bert.frozen_layers) } else { model }))
        }
        (Model::BiLstmCrf { .. }, Reading::Pieces(_)) | (Model::Bert { .. }, Reading::Words(_)) => {
            unreachable!("sentences are read for the model of the keys")
        }
    }
}

/// Tags [B, T], then words. In a student's run, the tags are those of N rows, and after them come the teacher's log-marginals
/// [B, T, K], the rows with labels [N] and their lengths [N].
pub(super) fn inputs(task: &Tag, examples: &[usize], mode: &mut Mode) -> Vec<Tensor> {
    let pieces: Vec<_> = examples.iter().map(|&i| &task.pieces[i]).collect();
    let texts: Vec<Text> =
        pieces.iter().map(|piece| task.texts[0][piece.sentence].part(piece.words.clone())).collect();
    let gold = |piece: &&super::Piece| task.data.train[piece.sentence].tags[piece.words.clone()].to_vec();
    let labelled = pieces.iter().filter(|piece| piece.sentence < task.data.train.len());
    let gold: Vec<Vec<usize>> = labelled.map(gold).collect();
    let batch = task.batch(&texts.iter().collect::<Vec<_>>(), task.keys.model.unknown(), mode);
    let mut tensors = vec![batch.aligned(&gold.iter().collect::<Vec<_>>())];
    if let Some(taught) = &task.transfer {
        let (t, k) = (tensors[0].dim(1), task.tags.names().len());
        let labelled = (0i64..).zip(&pieces).filter(|(_, p)| p.sentence < task.data.train.len());
        let (rows, lengths): (Vec<i64>, Vec<i64>) =
            labelled.map(|(row, p)| (row, p.words.len() as i64)).unzip();
        tensors.push(taught.outputs(&pieces, t, k));
        tensors.push(Tensor::from_slice(&rows, [rows.len()]));
        tensors.push(Tensor::from_slice(&lengths, [lengths.len()]));
    }
    tensors.extend(batch.into_tensors());
    tensors
}

impl Tag {
    /// The tags of texts, in their order.
    pub(super) fn predictions(&self, model: &dyn Tagger, texts: &[&Text]) -> Vec<Tagging> {
        let mut found = vec![Tagging::default(); texts.len()];
        let mut waiting: Vec<(usize, Window)> = vec![];
        let mut largest = 0;
        for (i, text) in texts.iter().enumerate() {
            let sizes = sizes(&self.reading, text);
            for window in windows(&sizes, longest(&self.reading)) {
                let size: usize = sizes[window.read.clone()].iter().sum();
                if size.max(largest) * (waiting.len() + 1) > MOST {
                    self.decode(model, texts, &std::mem::take(&mut waiting), &mut found);
                    largest = 0;
                }
                largest = size.max(largest);
                waiting.push((i, window));
            }
        }
        self.decode(model, texts, &waiting, &mut found);
        found
    }

    /// What the scheme of the tags forbids, if sequences are chosen among the others.
    pub(super) fn constraints(&self) -> Option<Constraints> {
        self.keys.model.constrained().then(|| self.tags.constraints()).flatten()
    }

    /// Appends the tags that windows keep, in their order.
    fn decode(
        &self,
        model: &dyn Tagger,
        texts: &[&Text],
        windows: &[(usize, Window)],
        found: &mut [Tagging],
    ) {
        if windows.is_empty() {
            return;
        }
        let parts: Vec<Text> = windows.iter().map(|(i, w)| texts[*i].part(w.read.clone())).collect();
        let batch = self.batch(&parts.iter().collect::<Vec<_>>(), 0.0, &mut Mode::Eval);
        let batch = batch.to_device(model.device());
        let (best, scores) = model.decode(&batch.words(), self.constraints().as_ref());
        let (best, t) = (best.to_vec::<i64>(), best.dim(1));
        for ((row, score), (i, window)) in best.chunks(t.max(1)).zip(scores.to_f64()).zip(windows) {
            let kept = window.keep.start - window.read.start..window.keep.end - window.read.start;
            found[*i].tags.extend(row[kept].iter().map(|&tag| tag as usize));
            found[*i].score += score;
        }
    }
}

//! The model, its inputs and its predictions.

use super::Classify;
use super::keys::Model;
use crate::run::RunError;
use crate::tasks::keys::check_size;
use crate::tasks::reading::Reading;
use crate::tasks::words;
use crate::text::{Lexicon, Text};
use gradus_engine::{Mode, Rng, Tensor, no_grad};
use gradus_models::{BertClassifier, BiLstm, Classifier, DataSizes, TextCnn};

/// The prediction for a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// The most probable label; if a text may have several, all with a probability above 1/2, in ascending order.
    pub labels: Vec<usize>,
    /// The probability of every label.
    pub probabilities: Vec<f64>,
}

/// A new model as the keys describe it, with pretrained weights or vectors if there are any.
pub(super) fn classifier(task: &Classify, rng: &mut Rng) -> Result<Box<dyn Classifier>, RunError> {
    let outputs = task.data.labels.len();
    match (&task.keys.model, &task.reading) {
        (Model::Bert { start, pooling }, Reading::Pieces(text)) => {
            let blank = &mut Rng::blank();
            let rng = if text.is_new() { rng } else { blank };
            let model = BertClassifier::new(text.config(), *pooling, outputs, rng);
            text.start(&model.bert)?;
            let frozen = start.frozen_layers();
            let model = if frozen > 0 { model.frozen(frozen) } else { model };
            Ok(match &task.layers {
                Some(teacher) => Box::new(teacher.student(model, rng)),
                None => Box::new(model),
            })
        }
        (Model::TextCnn(config), Reading::Words(text)) => {
            let sizes = sizes(&text.lexicon, outputs);
            check_size(config.parameters(&sizes))?;
            started(&text.lexicon, Box::new(TextCnn::new(config.clone(), sizes, rng)))
        }
        (Model::BiLstm(config), Reading::Words(text)) => {
            let sizes = sizes(&text.lexicon, outputs);
            check_size(config.parameters(&sizes))?;
            started(&text.lexicon, Box::new(BiLstm::new(config.clone(), sizes, rng)))
        }
        (Model::Bert { .. }, Reading::Words(_))
        | (Model::TextCnn(_) | Model::BiLstm(_), Reading::Pieces(_)) => {
            unreachable!("texts are read for the model of the keys")
        }
    }
}

fn sizes(lexicon: &Lexicon, outputs: usize) -> DataSizes {
    DataSizes { words: lexicon.len(), characters: lexicon.characters().unwrap_or(0), outputs }
}

fn started(lexicon: &Lexicon, model: Box<dyn Classifier>) -> Result<Box<dyn Classifier>, RunError> {
    words::start(lexicon, &model)?;
    Ok(model)
}

/// Labels [B], or truth values [B, K] if a text may have several labels; then words. In a student's run, the labels are those of
/// N rows, and after them come the teacher's logits [B, K] and the rows with labels [N].
pub(super) fn inputs(task: &Classify, examples: &[usize], mode: &mut Mode) -> Vec<Tensor> {
    let texts: Vec<&Text> = examples.iter().map(|&i| &task.texts[0][i]).collect();
    let Some(transfer) = &task.transfer else {
        let mut tensors = vec![labels(task, examples)];
        tensors.extend(task.batch(&texts, mode).into_tensors());
        return tensors;
    };
    let (known, k) = (task.data.train.len(), task.data.labels.len());
    let (rows, labelled): (Vec<i64>, Vec<usize>) =
        (0i64..).zip(examples.iter().copied()).filter(|(_, example)| *example < known).unzip();
    let teacher: Vec<f32> =
        examples.iter().flat_map(|&i| &transfer.outputs[i * k..(i + 1) * k]).copied().collect();
    let mut tensors = vec![
        labels(task, &labelled),
        Tensor::from_slice(&teacher, [examples.len(), k]),
        Tensor::from_slice(&rows, [rows.len()]),
    ];
    tensors.extend(task.batch(&texts, mode).into_tensors());
    tensors
}

fn labels(task: &Classify, examples: &[usize]) -> Tensor {
    let (b, k) = (examples.len(), task.data.labels.len());
    match task.several() {
        true => {
            let mut truth = vec![0.0f32; b * k];
            for (row, &i) in truth.chunks_mut(k).zip(examples) {
                task.data.train[i].labels.iter().for_each(|&label| row[label] = 1.0);
            }
            Tensor::from_slice(&truth, [b, k])
        }
        false => {
            let labels: Vec<i64> = examples.iter().map(|&i| task.data.train[i].labels[0] as i64).collect();
            Tensor::from_slice(&labels, [b])
        }
    }
}

impl Classify {
    /// The predictions for texts, in their order; for a text without words, the frequencies of the labels.
    pub(super) fn predictions(&self, model: &dyn Classifier, texts: &[&Text]) -> Vec<Prediction> {
        let batch = self.batch(texts, &mut Mode::Eval).to_device(model.device());
        self.predicted(texts, &no_grad(|| model.logits(&batch.words(), &mut Mode::Eval)))
    }

    /// The predictions for texts from their logits [B, K].
    pub(super) fn predicted(&self, texts: &[&Text], logits: &Tensor) -> Vec<Prediction> {
        let p = no_grad(|| if self.several() { logits.sigmoid() } else { logits.softmax() });
        let best = p.arg_max(1).to_vec::<i64>();
        let k = p.dim(1);
        let predicted = |((text, row), best): ((&&Text, &[f64]), i64)| match text.is_blank() {
            true => self.by_frequency(),
            false => self.prediction(row.to_vec(), best as usize),
        };
        texts.iter().zip(p.to_f64().chunks(k)).zip(best).map(predicted).collect()
    }

    /// How often each label occurs in training.
    fn by_frequency(&self) -> Prediction {
        self.prediction(self.prior.probabilities(), self.prior.best())
    }

    fn prediction(&self, probabilities: Vec<f64>, best: usize) -> Prediction {
        let labels = match self.several() {
            true => (0..probabilities.len()).filter(|&label| probabilities[label] > 0.5).collect(),
            false => vec![best],
        };
        Prediction { labels, probabilities }
    }
}

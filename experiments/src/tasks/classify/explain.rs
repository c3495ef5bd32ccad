//! The outputs of a classifier that can be explained: its labels.

use super::Classify;
use crate::data::error::{listed, quoted};
use crate::explain::{AttentionMap, Explained, Which, log_odds};
use crate::run::Ask;
use crate::tasks::piece_vectors;
use crate::tasks::reading::Reading;
use crate::tasks::word_vectors::{OfVectors, WordVectors};
use gradus_engine::{Mode, Tensor};
use gradus_models::Classifier;

/// A label of a text.
struct LabelOf<'a> {
    model: &'a dyn Classifier,
    text: WordVectors,
    label: usize,
    name: String,
    /// Whether a text may have several labels, each of which is then decided alone.
    several: bool,
}

/// The label that is wanted, else the most probable one.
pub(super) fn explained<'a>(
    task: &'a Classify,
    model: &'a dyn Classifier,
    ask: &Ask,
    which: &Which,
) -> Result<Vec<Box<dyn Explained + 'a>>, String> {
    if which.word.is_some() {
        return Err(
            "--word: the run is one of gradus train classify, which has no tags of words; leave the flag out"
                .into(),
        );
    }
    let (labels, several) = (&task.data.labels, task.several());
    if labels.len() < 2 && !several {
        return Err(format!(
            "the model knows one label only, {}, so that no word can matter",
            listed(labels)
        ));
    }
    let Some(text) = vectors(task, model, ask) else {
        return Err(format!(
            "expected a text with words, found {}, which has none to explain",
            quoted(&ask.text)
        ));
    };
    let label = match &which.target {
        Some(name) => labels.iter().position(|label| label == name).ok_or_else(|| {
            format!(
                "--target: expected one of the labels of the model, {}, found {}",
                listed(labels),
                quoted(name)
            )
        })?,
        None => {
            let read = task.read(ask);
            let p = task.predictions(model, &[&read]).remove(0).probabilities;
            (0..p.len()).max_by(|&a, &b| p[a].total_cmp(&p[b]).then(b.cmp(&a))).unwrap_or(0)
        }
    };
    Ok(vec![Box::new(LabelOf { model, text, label, name: labels[label].clone(), several })])
}

/// The vectors of a text; none if it has no words.
fn vectors(task: &Classify, model: &dyn Classifier, ask: &Ask) -> Option<WordVectors> {
    match &task.reading {
        Reading::Words(text) => {
            let mut tokens = ask.tokens(&text.tokeniser);
            tokens.truncate(task.keys.longest());
            let read = text.lexicon.encode(&tokens);
            let written = WordVectors::written(&tokens);
            (!tokens.is_empty()).then(|| WordVectors::of(&text.lexicon, model, written, &read))
        }
        Reading::Pieces(reader) => {
            let (longest, _) = task.longest();
            let (names, batches) = piece_vectors::text_and_masked(reader, &ask.text, longest)?;
            Some(WordVectors::new(model, names, batches))
        }
    }
}

impl Explained for LabelOf<'_> {
    fn what(&self) -> String {
        format!("label {}", self.name)
    }

    fn tokens(&self) -> &[String] {
        &self.text.tokens
    }

    fn vectors(&self) -> Tensor {
        self.text.x.clone()
    }

    fn baseline(&self) -> Tensor {
        self.text.unknown.clone()
    }

    fn score(&self, x: &Tensor) -> Tensor {
        let logits = self.model.logits(&OfVectors::new(x).words(), &mut Mode::Eval);
        match self.several {
            true => logits.at(1, self.label),
            false => log_odds(&logits, self.label),
        }
    }

    fn attention(&self) -> Vec<AttentionMap> {
        let x = OfVectors::new(&self.text.x.unsqueeze(0));
        AttentionMap::of_layers(self.model.attentions(&x.words()))
    }

    fn reads_from(&self) -> Vec<f64> {
        self.model.reads_from(self.text.tokens.len())
    }
}

//! Distillation of a classifier: the teacher's logits of each text of the transfer set.

use super::Classify;
use super::keys::{ClassifyKeys, Loss};
use crate::data::{Example, Splits};
use crate::regimes::distillation::{self, Objective, Transfer, altered};
use crate::run::{RunError, State, Task};
use crate::tasks;
use crate::text::{Text, batches};
use gradus_engine::losses::{self, Reduction};
use gradus_engine::{Mode, Rng, Tensor, no_grad};
use std::path::Path;

/// Texts that the teacher reads together.
const BATCH: usize = 64;

/// The transfer set of a student's run: that of the run in the folder `kept`, else what the teacher says of the training texts,
/// of altered copies of them and of the texts without labels. None for a run that is not a student's, and where nothing is
/// trained.
pub(super) fn transfer(
    keys: &ClassifyKeys,
    data: &Splits<Vec<Example>>,
    kept: Option<&Path>,
) -> Result<Option<Transfer<String>>, RunError> {
    let Some(from) = keys.loss.distillation.teacher().filter(|_| !data.train.is_empty()) else {
        return Ok(None);
    };
    if let Some(folder) = kept {
        let k = data.labels.len();
        return Ok(Some(Transfer::load(folder, |more| (data.train.len() + more.len()) * k)?));
    }
    let mut unlabelled = match &from.unlabelled {
        Some(path) => distillation::unlabelled(path)?,
        None => vec![],
    };
    for (i, example) in data.train.iter().enumerate() {
        let words: Vec<&str> = example.text.split_whitespace().collect();
        unlabelled.extend((0..from.copies).map(|copy| altered(&words, i, copy).join(" ")));
    }
    let texts = data.train.iter().map(|example| &example.text).chain(&unlabelled);
    let outputs = outputs(&from.teacher, &data.labels, texts)?;
    Ok(Some(Transfer { unlabelled, outputs }))
}

/// The teacher's logits, one row for each text.
fn outputs<'t>(
    folder: &Path,
    labels: &[String],
    texts: impl Iterator<Item = &'t String>,
) -> Result<Vec<f32>, RunError> {
    let (run, config) = distillation::teacher(folder, &tasks::keys(), Classify::NAME, labels)?;
    let mut keys: ClassifyKeys = config.keys();
    // The teacher may be a student itself.
    keys.loss.distillation = Default::default();
    let teacher = Classify::prepare(keys, Splits::none("", labels), Some(folder))?;
    let model = teacher.model(&mut Rng::blank())?;
    run.load_best(&model, Classify::NAME)?;
    let texts: Vec<Text> = texts.map(|text| teacher.read_altered(text)).collect();
    let lengths: Vec<usize> = texts.iter().map(Text::len).collect();
    let rows = batches::each(&lengths, BATCH, |batch| {
        let chosen: Vec<&Text> = batch.iter().map(|&i| &texts[i]).collect();
        let padded = teacher.batch(&chosen, &mut Mode::Eval);
        let logits = no_grad(|| model.logits(&padded.words(), &mut Mode::Eval));
        logits.to_vec::<f32>().chunks(labels.len()).map(<[f32]>::to_vec).collect()
    });
    Ok(rows.concat())
}

/// What a student's step compares: the teacher's logits [B, K], and which rows have labels.
pub(super) struct Taught<'t> {
    /// [B, K].
    pub teacher: &'t Tensor,
    /// The rows with labels [N]; N may be 0.
    pub labelled: &'t Tensor,
}

/// α N/B times the loss on the N rows with labels, plus 1 − α times the mean distance to the teacher. `labels` are those of the
/// rows with labels.
pub(super) fn loss(
    keys: &Loss,
    logits: &Tensor,
    labels: &Tensor,
    taught: &Taught,
    state: &State,
) -> (Tensor, State) {
    let from = keys.distillation.teacher().expect("a student's run names its teacher");
    let (rows, labelled, weight) = (logits.dim(0), taught.labelled.dim(0), from.label_weight);
    let distance = match from.objective {
        Objective::Soft { temperature } => {
            losses::soft_targets(logits, taught.teacher, temperature, Reduction::Mean)
        }
        Objective::Logits {} => losses::logit_regression(logits, taught.teacher, Reduction::Mean),
    };
    if labelled == 0 || weight == 0.0 {
        return (distance * (1.0 - weight), state.clone());
    }
    let (of_labels, state) = keys.of(&logits.embedding(taught.labelled), labels, state);
    (of_labels * (weight * labelled as f64 / rows as f64) + distance * (1.0 - weight), state)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regimes::distillation::Distillation;

    #[test]
    fn the_loss_is_that_of_its_parts() {
        let mut keys = Loss { distillation: Distillation::example(Objective::Logits {}), ..Loss::default() };
        let logits = Tensor::from_slice(&[1f32, 0.0, 2.0, -1.0, 0.0, 0.0], [3, 2]);
        let teacher = Tensor::from_slice(&[0f32, 0.0, 2.0, -1.0, 1.0, -1.0], [3, 2]);
        let taught = Taught { teacher: &teacher, labelled: &Tensor::from_slice(&[2i64], [1]) };
        let labels = Tensor::from_slice(&[1i64], [1]);
        let of = |keys: &Loss| loss(keys, &logits, &labels, &taught, &State::default()).0.item();
        // Distances 1, 0 and 2; the row with a label has loss ln 2.
        assert!((of(&keys) - (0.5 * 2f64.ln() / 3.0 + 0.5)).abs() < 1e-6);
        for (weight, expected) in [(0.0, 1.0), (1.0, 2f64.ln() / 3.0)] {
            let Distillation::From(from) = &mut keys.distillation else { unreachable!() };
            from.label_weight = weight;
            assert!((of(&keys) - expected).abs() < 1e-6, "{weight}");
        }
        let none = Taught { labelled: &Tensor::from_slice::<i64>(&[], [0]), ..taught };
        let labels = Tensor::from_slice::<i64>(&[], [0]);
        let keys = Loss { distillation: Distillation::example(Objective::default()), ..Loss::default() };
        let value = loss(&keys, &logits, &labels, &none, &State::default()).0.item();
        let soft = losses::soft_targets(&logits, &teacher, 2.0, Reduction::Mean).item();
        assert!((value - 0.5 * soft).abs() < 1e-6);
    }
}

//! Distillation of a classifier: the teacher's logits of each text of the transfer set, and its layers for a student that
//! imitates them.

use super::Classify;
use super::keys::{ClassifyKeys, Loss};
use crate::data::{Example, Splits};
use crate::regimes::distillation::{self, FromTeacher, Hidden, LayerTeacher, Objective, Transfer, altered};
use crate::run::{RunError, RunFolder, State, Task};
use crate::tasks::reading::Reading;
use crate::tasks::tag::parts_of_speech;
use crate::tasks::{self, bert};
use crate::text::{Text, WordPieces};
use gradus_engine::losses::{self, Reduction};
use gradus_engine::{Mode, Rng, Tensor, no_grad};
use gradus_models::BertConfig;
use std::path::Path;

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
        return Transfer::load(folder, |more| (data.train.len() + more.len()) * k);
    }
    let mut unlabelled = distillation::unlabelled(from)?;
    let words = |example: &Example| example.text.split_whitespace().map(String::from).collect();
    let trained: Vec<Vec<String>> = data.train.iter().map(words).collect();
    let speech = from.tagger.as_deref().map(|tagger| parts_of_speech(tagger, trained.clone())).transpose()?;
    for (i, words) in trained.iter().enumerate() {
        let copy = |copy| altered(words, i, copy, speech.as_ref()).join(" ");
        unlabelled.extend((0..from.copies).map(copy));
    }
    let texts = data.train.iter().map(|example| &example.text).chain(&unlabelled);
    let outputs = outputs(&from.teacher, &data.labels, texts)?;
    Ok(Some(Transfer { unlabelled, outputs }))
}

/// The teacher, if the student imitates its layers: that of the run in the folder `kept`, else that of the keys.
///
/// # Errors
/// A teacher that is no BERT, reads other pieces or shorter texts, or does not fit the student's sizes.
pub(super) fn layers(
    keys: &ClassifyKeys,
    data: &Splits<Vec<Example>>,
    reading: &Reading,
    kept: Option<&Path>,
) -> Result<Option<LayerTeacher>, RunError> {
    let from = keys.loss.distillation.teacher().filter(|_| !data.train.is_empty());
    let (Some(FromTeacher { teacher, objective: Objective::Hidden(hidden), .. }), Reading::Pieces(student)) =
        (from, reading)
    else {
        return Ok(None);
    };
    if let Some(folder) = kept {
        return LayerTeacher::load(folder, student.config(), hidden);
    }
    let (run, (config, pieces)) = bert_teacher(teacher, &data.labels)?;
    let shown = teacher.display();
    if !pieces.same(student.pieces()) {
        return Err(RunError::Settings(format!(
            "loss.objective = hidden: expected a student that reads the word pieces of its teacher {shown}, found another \
             vocabulary; leave model.pretrained out for a student with random weights in the teacher's pieces, or set \
             loss.objective=soft"
        )));
    }
    let (most, longest) = (config.max_position_embeddings, student.longest(keys.data.max_len));
    if longest > most {
        return Err(RunError::Settings(format!(
            "loss.objective = hidden: expected texts of at most {most} pieces, as many as the teacher {shown} reads, found \
             {longest}; set data.max_len={most}"
        )));
    }
    Ok(Some(LayerTeacher::of_run(&run, &config, student.config(), hidden)?))
}

/// The sizes and the word pieces of the teacher, for a student with random weights.
///
/// # Errors
/// A teacher that is no BERT.
pub(super) fn pieces_of_teacher(
    keys: &ClassifyKeys,
    labels: &[String],
) -> Result<(BertConfig, WordPieces), RunError> {
    let from =
        keys.loss.distillation.teacher().expect("validated keys of a BERT without a folder name a teacher");
    Ok(bert_teacher(&from.teacher, labels)?.1)
}

/// The run of a teacher that is a BERT, its sizes and its word pieces.
fn bert_teacher(folder: &Path, labels: &[String]) -> Result<(RunFolder, (BertConfig, WordPieces)), RunError> {
    let (run, config) = distillation::teacher(folder, &tasks::keys(), Classify::NAME, labels)?;
    let model = config.text("model.name");
    if model != bert::NAME {
        return Err(RunError::Settings(format!(
            "loss.teacher = {}: expected a run of a BERT, whose word pieces the student reads, found model.name = {model}",
            folder.display()
        )));
    }
    let read = bert::kept(folder)?;
    Ok((run, read))
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
    let rows = distillation::said(&lengths, |batch| {
        let chosen: Vec<&Text> = batch.iter().map(|&i| &texts[i]).collect();
        let padded = teacher.batch(&chosen, &mut Mode::Eval);
        let logits = no_grad(|| model.logits(&padded.words(), &mut Mode::Eval));
        logits.to_vec::<f32>().chunks(labels.len()).map(<[f32]>::to_vec).collect()
    })?;
    Ok(rows.concat())
}

/// What a student's step compares: the teacher's logits [B, K], and which rows have labels.
pub(super) struct Taught<'t> {
    /// [B, K].
    pub teacher: &'t Tensor,
    /// The rows with labels [N]; N may be 0.
    pub labelled: &'t Tensor,
}

/// α N/B times the loss on the N rows with labels, plus 1 − α times the mean distance to the teacher, that of its layers among
/// it. `labels` are those of the rows with labels.
pub(super) fn loss(
    keys: &Loss,
    (logits, of_layers): (&Tensor, Option<&Tensor>),
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
        Objective::Hidden(Hidden { temperature, hidden_weight, .. }) => {
            let soft = losses::soft_targets(logits, taught.teacher, temperature, Reduction::Mean);
            match of_layers {
                Some(layers) => soft + layers * hidden_weight,
                None => soft,
            }
        }
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
        let of = |keys: &Loss| loss(keys, (&logits, None), &labels, &taught, &State::default()).0.item();
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
        let value = loss(&keys, (&logits, None), &labels, &none, &State::default()).0.item();
        let soft = losses::soft_targets(&logits, &teacher, 2.0, Reduction::Mean).item();
        assert!((value - 0.5 * soft).abs() < 1e-6);
    }
}

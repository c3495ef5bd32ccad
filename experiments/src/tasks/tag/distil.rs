//! Distillation of a tagger: the teacher's marginals of each word's tags.

use super::keys::{Loss, TagKeys};
use super::reading::{encode_all, longest, sizes};
use super::{Tag, tokenised};
use crate::data::{Sentence, Splits};
use crate::regimes::distillation::{self, MASKED, PartsOfSpeech, TAGGER, Transfer, altered, finished_run};
use crate::run::{NOT_FINITE, RunError, State, Task};
use crate::tasks;
use crate::tasks::reading::Reading;
use crate::tasks::windows::{Piece, windows};
use crate::text::{Text, Tokens};
use gradus_engine::losses;
use gradus_engine::nn::Crf;
use gradus_engine::{Mode, Rng, Tensor, no_grad};
use std::path::Path;

/// The transfer set of a student's run: that of the run in the folder `kept`, else what the teacher says of the training sentences,
/// of altered copies of them and of the sentences without labels, whose words are split at white space. None for a run that is
/// not a student's, and where nothing is trained. A row of the outputs has the logarithms of a word's marginals.
pub(super) fn transfer(
    keys: &TagKeys,
    data: &Splits<Vec<Sentence>>,
    kept: Option<&Path>,
) -> Result<Option<Transfer<Vec<String>>>, RunError> {
    let Some(from) = keys.loss.distillation.teacher().filter(|_| !data.train.is_empty()) else {
        return Ok(None);
    };
    let trained = || data.train.iter().map(|sentence| &sentence.words);
    if let Some(folder) = kept {
        let words = trained().map(Vec::len).sum::<usize>();
        let more = |more: &[Vec<String>]| more.iter().map(Vec::len).sum::<usize>();
        return Transfer::load(folder, |texts| (words + more(texts)) * data.labels.len());
    }
    let lines = distillation::unlabelled(from)?;
    let split = |line: &String| line.split_whitespace().map(String::from).collect();
    let mut unlabelled: Vec<Vec<String>> = lines.iter().map(split).collect();
    let speech = from.tagger.as_deref().map(|tagger| parts_of_speech(tagger, trained().cloned().collect()));
    let speech = speech.transpose()?;
    for (i, words) in trained().enumerate() {
        unlabelled.extend((0..from.copies).map(|copy| altered(words, i, copy, speech.as_ref())));
    }
    let sentences: Vec<&Vec<String>> = trained().chain(&unlabelled).collect();
    let outputs = outputs(&from.teacher, &data.labels, &sentences)?;
    Ok(Some(Transfer { unlabelled, outputs }))
}

/// Texts with the part of speech of each word, as a finished run of a tagger says.
///
/// # Errors
/// A folder that is not that of a tagger, or was changed; a tagger of entities.
pub fn parts_of_speech(folder: &Path, texts: Vec<Vec<String>>) -> Result<PartsOfSpeech, RunError> {
    let (run, config, on) = finished_run(TAGGER, folder, &tasks::keys(), Tag::NAME)?;
    let mut keys: TagKeys = config.keys();
    keys.loss.distillation = Default::default();
    let tagger = Tag::prepare(keys, Splits::none("", &on.labels), Some(folder))?;
    if tagger.tags.are_entities() {
        return Err(RunError::Settings(format!(
            "{TAGGER} = {}: expected a tagger of parts of speech, found one of entities",
            folder.display()
        )));
    }
    let model = tagger.model(&mut Rng::blank())?;
    run.load_best(&model, Tag::NAME)?;
    let read = tagger.read_altered(&texts.iter().collect::<Vec<_>>());
    let found = tagger.predictions(&*model, &read.iter().collect::<Vec<_>>());
    if !found.iter().all(Tag::is_finite) {
        return Err(RunError::Settings(format!("{TAGGER} = {}: {NOT_FINITE}", folder.display())));
    }
    // A text without words is one unknown word to the model.
    let tags = found.into_iter().zip(&texts).map(|(found, words)| {
        let mut tags = found.tags;
        tags.truncate(words.len());
        tags
    });
    let tags = tags.collect();
    Ok(PartsOfSpeech::new(texts, tags))
}

/// The teacher's log-marginals of all words, one row for each.
fn outputs(folder: &Path, labels: &[String], sentences: &[&Vec<String>]) -> Result<Vec<f32>, RunError> {
    let (run, config) = distillation::teacher(folder, &tasks::keys(), Tag::NAME, labels)?;
    let mut keys: TagKeys = config.keys();
    // The teacher may be a student itself.
    keys.loss.distillation = Default::default();
    let teacher = Tag::prepare(keys, Splits::none("", labels), Some(folder))?;
    let model = teacher.model(&mut Rng::blank())?;
    run.load_best(&model, Tag::NAME)?;
    let texts = teacher.read_altered(sentences);
    let mut parts: Vec<(Text, std::ops::Range<usize>)> = vec![];
    for text in &texts {
        for window in windows(&sizes(&teacher.reading, text), longest(&teacher.reading)) {
            let kept = window.keep.start - window.read.start..window.keep.end - window.read.start;
            parts.push((text.part(window.read), kept));
        }
    }
    let (k, lengths) = (labels.len(), parts.iter().map(|(text, _)| text.len()).collect::<Vec<_>>());
    let rows = distillation::said(&lengths, |batch| {
        let chosen: Vec<&Text> = batch.iter().map(|&i| &parts[i].0).collect();
        let padded = teacher.batch(&chosen, 0.0, &mut Mode::Eval);
        let marginals = no_grad(|| {
            let emissions = model.emissions(&padded.words(), &mut Mode::Eval);
            model.crf().log_marginals(&emissions, padded.lengths())
        });
        let (t, all) = (marginals.dim(1), marginals.to_vec::<f32>());
        let kept = |(i, row): (&usize, &[f32])| {
            let words = &parts[*i].1;
            row[words.start * k..words.end * k].to_vec()
        };
        batch.iter().zip(all.chunks(t * k)).map(kept).collect()
    })?;
    Ok(rows.concat())
}

impl Tag {
    /// Reads sentences of a transfer set, whose masked words a BERT reads as its mask.
    pub(super) fn read_altered(&self, sentences: &[&Vec<String>]) -> Vec<Text> {
        let mask = match &self.reading {
            Reading::Words(_) => MASKED,
            Reading::Pieces(text) => &text.pieces().names().mask_token,
        };
        let sentence = |words: &&Vec<String>| {
            let word = |word: &String| if word == MASKED { mask.to_owned() } else { word.clone() };
            Sentence { words: words.iter().map(word).collect(), tags: vec![] }
        };
        let sentences: Vec<Sentence> = sentences.iter().map(sentence).collect();
        let tokens: Vec<Tokens> = tokenised(&self.tokeniser, &sentences);
        encode_all(&self.reading, &tokens)
    }
}

/// The transfer set, and where each sentence's words are in the outputs.
pub(super) struct Taught {
    /// The transfer set.
    pub transfer: Transfer<Vec<String>>,
    /// Where the words of each sentence begin.
    starts: Vec<usize>,
}

impl Taught {
    /// For all sentences of the transfer set, those with labels first.
    pub fn new(transfer: Transfer<Vec<String>>, texts: &[Text]) -> Self {
        let mut words = 0;
        let start = |text: &Text| {
            let start = words;
            words += text.len();
            start
        };
        Taught { transfer, starts: texts.iter().map(start).collect() }
    }

    /// The teacher's log-marginals of some words of sentences [B, T, K], 0 past their ends.
    pub fn outputs(&self, pieces: &[&Piece], t: usize, k: usize) -> Tensor {
        let mut outputs = vec![0.0f32; pieces.len() * t * k];
        for (to, piece) in outputs.chunks_mut(t * k).zip(pieces) {
            let start = self.starts[piece.sentence] + piece.words.start;
            let from = &self.transfer.outputs[start * k..(start + piece.words.len()) * k];
            to[..from.len()].copy_from_slice(from);
        }
        Tensor::from_slice(&outputs, [pieces.len(), t, k])
    }
}

/// What a student's step compares: the teacher's log-marginals, and which rows have labels.
pub(super) struct Outputs<'t> {
    /// [B, T, K].
    pub teacher: &'t Tensor,
    /// The rows with labels [N]; N may be 0.
    pub labelled: &'t Tensor,
    /// Their lengths [N].
    pub lengths: &'t Tensor,
}

/// α N/B times the loss on the N rows with labels, plus 1 − α times the divergence from the teacher's marginals. `tags` are those of
/// the rows with labels [N, T].
pub(super) fn loss(
    keys: &Loss,
    crf: &Crf,
    (emissions, tags, lengths): (&Tensor, &Tensor, &Tensor),
    taught: &Outputs,
    state: &State,
) -> (Tensor, State) {
    let weight = keys.distillation.teacher().expect("a student's run names its teacher").label_weight;
    let [b, t, k] = [emissions.dim(0), emissions.dim(1), emissions.dim(2)];
    let labelled = taught.labelled.dim(0);
    let distance = losses::token_soft_targets(crf, emissions, taught.teacher, lengths);
    if labelled == 0 || weight == 0.0 {
        return (distance * (1.0 - weight), state.clone());
    }
    let rows = emissions.reshape([b, t * k]).embedding(taught.labelled).reshape([labelled, t, k]);
    let (of_labels, state) = keys.of(crf, &rows, tags, taught.lengths, state);
    (of_labels * (weight * labelled as f64 / b as f64) + distance * (1.0 - weight), state)
}

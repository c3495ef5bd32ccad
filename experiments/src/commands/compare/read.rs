use super::{Found, Scored};
use crate::commands::trained::TrainedReader;
use crate::data::Split;
use crate::data::questions::{Question, ReadingSplit};
use crate::metrics::reading::{exact_match, f1};
use crate::tasks::read::Answered;
use std::collections::BTreeMap;
use std::path::Path;

/// A row holds exact match, F1, and 1; a question is right if its answer matches exactly.
pub(super) fn scored(run: &Path, data: Option<&Path>, split: Split) -> Found<ReadingSplit> {
    let (set, encoded, answers) = TrainedReader::load(run)?.on_split(data, split)?;
    let part = set.split(split).clone();
    let of_question = |(question, answered): (&Question, &Answered)| {
        let answer = answered.text(&part.contexts[question.context], &encoded.tokens[question.context]);
        (exact_match(answer, question.texts()), f1(answer, question.texts()))
    };
    let scores: Vec<(bool, f64)> = part.questions.iter().zip(&answers).map(of_question).collect();
    let scored = Scored {
        rows: scores.iter().map(|&(right, f1)| vec![f64::from(u8::from(right)), f1, 1.0]).collect(),
        right: scores.iter().map(|&(right, _)| right).collect(),
        data: set.name,
        checksum: set.checksum,
    };
    Ok((part, scored))
}

/// The metrics of the sum of rows: means over the questions.
pub(super) fn metrics_of_sums(sums: &[f64]) -> BTreeMap<String, f64> {
    [("em", sums[0] / sums[2]), ("f1", sums[1] / sums[2])]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
}

//! Predictions, their counts and metrics, and predictions as a file.

use super::vocabulary::{MASK, Vocabulary};
use super::{Masked, masks::MaskedWindow};
use crate::data::{Split, shown};
use crate::metrics::perplexity::perplexity;
use crate::run::{Better, Metric, Mistake, Unit};

/// The metrics.
pub(super) const METRICS: &[Metric] =
    &[Metric { name: "perplexity", better: Better::Smaller, unit: Unit::Plain }, Metric::share("accuracy")];

/// The prediction of a masked piece.
#[derive(Clone, Debug, PartialEq)]
pub struct Guess {
    /// The right piece.
    pub(super) gold: u32,
    /// The likeliest piece.
    pub(super) predicted: u32,
    /// Its probability.
    pub(super) probability: f64,
    /// log p of the right piece.
    pub(super) log_p: f64,
    /// The pieces around it, without masks.
    pub(super) around: String,
}

/// How many pieces are shown before and after a masked one.
const AROUND: usize = 8;

impl Guess {
    /// From the log-probabilities [V] at place k of a window.
    pub(super) fn of(vocabulary: &Vocabulary, window: &MaskedWindow, k: usize, row: &[f32]) -> Guess {
        let (place, gold) = (window.places[k], window.gold[k]);
        let (predicted, probability) =
            likeliest::<1>(&vocabulary.ordinary, row).pop().expect("a vocabulary has ordinary pieces");
        let plain = window.plain();
        let before = together(vocabulary, &plain[place.saturating_sub(AROUND).max(1)..place]);
        let after = together(vocabulary, &plain[place + 1..(place + 1 + AROUND).min(plain.len() - 1)]);
        let around = format!("{before} {MASK} {after}").trim().to_owned();
        Guess { gold, predicted, probability, log_p: row[gold as usize].into(), around }
    }

    /// Whether the likeliest piece is the right one.
    pub(super) fn is_right(&self) -> bool {
        self.gold == self.predicted
    }
}

/// The N likeliest of some pieces by their log-probabilities, with probabilities, the likeliest first; of equal ones the first.
/// Fewer if there are fewer pieces.
pub(super) fn likeliest<const N: usize>(pieces: &[u32], row: &[f32]) -> Vec<(u32, f64)> {
    let mut best: Vec<(u32, f32)> = Vec::with_capacity(N + 1);
    for &id in pieces {
        let x = row[id as usize];
        if best.len() == N && best.last().is_some_and(|(_, last)| x <= *last) {
            continue;
        }
        let place = best.iter().take_while(|(_, other)| *other >= x).count();
        best.insert(place, (id, x));
        best.truncate(N);
    }
    best.into_iter().map(|(id, x)| (id, f64::from(x).exp())).collect()
}

/// Pieces as text: those that continue a word without a space.
fn together(vocabulary: &Vocabulary, ids: &[u32]) -> String {
    let mut text = String::new();
    for &id in ids {
        let piece = vocabulary.shown(id);
        match piece.strip_prefix("##") {
            Some(rest) if !text.is_empty() => text += rest,
            Some(_) | None => {
                text += if text.is_empty() { "" } else { " " };
                text += &piece;
            }
        }
    }
    text
}

/// The number of masked pieces, of those predicted right, and Σ −log p.
pub(super) fn counts(guesses: &[Guess]) -> Vec<f64> {
    let right = guesses.iter().filter(|guess| guess.is_right()).count();
    let loss: f64 = guesses.iter().map(|guess| -guess.log_p).sum();
    vec![guesses.len() as f64, right as f64, loss]
}

/// Perplexity exp(Σ −log p / n) and accuracy; of nothing, NaN: not measured.
pub(super) fn metrics(sums: &[f64]) -> Vec<f64> {
    match sums {
        [n, right, loss] if *n > 0.0 => vec![perplexity(*loss, *n), right / n],
        _ => vec![f64::NAN; METRICS.len()],
    }
}

/// The wrong prediction that is the most probable to the model.
pub(super) fn mistake(task: &Masked, split: Split, example: usize, guesses: &[Guess]) -> Mistake {
    let wrong = guesses.iter().filter(|guess| !guess.is_right());
    let worst = wrong.max_by(|a, b| a.probability.total_cmp(&b.probability));
    let text = || task.data.split(split).texts[example].clone();
    let piece = |id: u32| task.vocabulary.shown(id);
    let severity = worst.map_or(0.0, |guess| guess.probability);
    Mistake {
        severity,
        degree: format!("{:.1}% sure", 100.0 * severity),
        text: worst.map_or_else(text, |guess| guess.around.clone()),
        right: worst.map_or(String::new(), |guess| piece(guess.gold)),
        predicted: worst.map_or(String::new(), |guess| piece(guess.predicted)),
    }
}

/// One line per masked piece: the number of its text, from 1, the piece, the likeliest one, the probabilities of that one and
/// of the right one, and the pieces around.
pub(super) fn table(task: &Masked, predictions: &[Vec<Guess>]) -> String {
    let mut lines = String::from("text\tmasked\tpredicted\tprobability\tprobability_of_masked\taround\n");
    for (number, guess) in
        predictions.iter().enumerate().flat_map(|(i, of)| of.iter().map(move |g| (i + 1, g)))
    {
        let [masked, predicted] = [guess.gold, guess.predicted].map(|id| task.vocabulary.shown(id));
        let (masked, predicted, around) =
            (shown::tsv(&masked), shown::tsv(&predicted), shown::tsv(&guess.around));
        let (p, of_masked) = (guess.probability, guess.log_p.exp());
        lines += &format!("{number}\t{masked}\t{predicted}\t{p:.6}\t{of_masked:.6}\t{around}\n");
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_likeliest_come_in_order() {
        let row = [0.4f32, 0.1, 0.1, 0.3, 0.1].map(f32::ln);
        let ids = |found: Vec<(u32, f64)>| found.into_iter().map(|(id, _)| id).collect::<Vec<_>>();
        assert_eq!(ids(likeliest::<3>(&[0, 1, 2, 3, 4], &row)), [0, 3, 1]);
        assert_eq!(ids(likeliest::<3>(&[4, 2, 1], &row)), [4, 2, 1]);
        assert_eq!(ids(likeliest::<5>(&[1, 3], &row)), [3, 1]);
        assert!((likeliest::<1>(&[3, 4], &row)[0].1 - 0.3).abs() < 1e-6);
    }

    #[test]
    fn metrics_are_those_of_all_masked_pieces() {
        let guess = |gold, predicted, p: f64| Guess {
            gold,
            predicted,
            probability: p,
            log_p: p.ln(),
            around: String::new(),
        };
        let sums: Vec<Vec<f64>> = vec![
            counts(&[guess(1, 1, 0.5), guess(2, 3, 0.25)]),
            counts(&[guess(4, 4, 0.5), guess(4, 4, 0.25)]),
        ];
        let sums: Vec<f64> = (0..3).map(|k| sums[0][k] + sums[1][k]).collect();
        let [perplexity, accuracy] = metrics(&sums)[..] else { panic!() };
        // The inverse of the geometric mean of the probabilities.
        assert!(
            (perplexity - (64f64).powf(0.25)).abs() < 1e-12 && accuracy == 0.75,
            "{perplexity} {accuracy}"
        );
        for nothing in [metrics(&counts(&[])), metrics(&[])] {
            assert!(nothing.len() == 2 && nothing.iter().all(|metric| metric.is_nan()), "{nothing:?}");
        }
        // Models that have diverged are in order, too.
        let diverged = [1e6, 2e6].map(|loss| metrics(&[1.0, 0.0, loss])[0]);
        assert!(diverged[0] < diverged[1] && diverged[1].is_finite(), "{diverged:?}");
    }
}

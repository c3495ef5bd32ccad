//! What a model says of tokens: counts and metrics, and the file of predictions.

use super::Language;
use super::running::Line;
use crate::data::{Split, shown};
use crate::metrics::perplexity::perplexity;
use crate::run::{Better, Metric, Mistake, Unit};

/// The metrics.
pub(super) const METRICS: &[Metric] = &[
    Metric { name: "perplexity", better: Better::Smaller, unit: Unit::Plain },
    Metric { name: "perplexity_per_word", better: Better::Smaller, unit: Unit::Plain },
    Metric { name: "bits_per_character", better: Better::Smaller, unit: Unit::Plain },
    Metric::share("accuracy"),
];

/// What a model says of a token before it reads it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Guess {
    /// The token.
    pub(super) token: u32,
    /// log p of it.
    pub(super) log_p: f64,
    /// How many tokens are likelier, plus one.
    pub(super) rank: u32,
    /// The likeliest token; of equal ones the first.
    pub(super) likeliest: u32,
}

impl Guess {
    /// From the log-probabilities of all tokens, [V].
    pub(super) fn of(token: u32, row: &[f32]) -> Guess {
        let gold = row[token as usize];
        let best = row.iter().enumerate().fold(0, |best, (i, x)| if *x > row[best] { i } else { best });
        let likelier = row.iter().filter(|x| **x > gold).count();
        Guess { token, log_p: gold.into(), rank: likelier as u32 + 1, likeliest: best as u32 }
    }

    /// Whether the token is the likeliest one.
    pub(super) fn is_right(&self) -> bool {
        self.token == self.likeliest
    }
}

/// Σ −log p of some tokens.
pub(super) fn nats(guesses: &[Guess]) -> f64 {
    guesses.iter().map(|guess| -guess.log_p).sum()
}

/// Σ −log p of a line; its tokens, words and characters; the tokens that are right.
pub(super) fn counts(line: &Line, guesses: &[Guess]) -> Vec<f64> {
    let right = guesses.iter().filter(|guess| guess.is_right()).count();
    let [tokens, words, characters, right] =
        [guesses.len(), line.words, line.characters, right].map(|n| n as f64);
    vec![nats(guesses), tokens, words, characters, right]
}

/// The perplexity of tokens and of words, bits per character, and the share of tokens that are the likeliest ones; of nothing, 1, 1, 0
/// and 0.
///
/// A word is what white space separates, and each end of a line is one, as in results on the Penn Treebank; a line has one character more
/// for its end. So the last three metrics compare models with different tokens, as long as no token stands for something unknown: its
/// probability is that of all unknown words together.
pub(super) fn metrics(sums: &[f64]) -> Vec<f64> {
    let [nats, tokens, words, characters, right] = sums else { return vec![1.0, 1.0, 0.0, 0.0] };
    let bits = nats / std::f64::consts::LN_2 / characters.max(1.0);
    vec![perplexity(*nats, *tokens), perplexity(*nats, *words), bits, right / tokens.max(1.0)]
}

/// A line, with the token in it that the model expected the least.
pub(super) fn mistake(task: &Language, split: Split, example: usize, guesses: &[Guess]) -> Mistake {
    let worst = guesses.iter().min_by(|a, b| a.log_p.total_cmp(&b.log_p));
    let of = perplexity(nats(guesses), guesses.len() as f64);
    let token = |of: fn(&Guess) -> u32| worst.map_or(String::new(), |guess| task.units.shown(of(guess)));
    Mistake {
        severity: of,
        degree: format!("perplexity {}", METRICS[0].show(of)),
        text: task.data.split(split).0.texts[example].clone(),
        right: token(|guess| guess.token),
        predicted: token(|guess| guess.likeliest),
    }
}

/// One line per token: the number of its text, from 1, the token, log p, its rank, and the likeliest token.
pub(super) fn table(task: &Language, predictions: &[Vec<Guess>]) -> String {
    let mut lines = String::from("text\ttoken\tlog_p\trank\tlikeliest\n");
    for (number, guess) in
        predictions.iter().enumerate().flat_map(|(i, of)| of.iter().map(move |g| (i + 1, g)))
    {
        let [token, likeliest] = [guess.token, guess.likeliest].map(|token| task.units.shown(token));
        let (token, likeliest) = (shown::tsv(&token), shown::tsv(&likeliest));
        lines += &format!("{number}\t{token}\t{:.6}\t{}\t{likeliest}\n", guess.log_p, guess.rank);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guess_ranks_the_token() {
        let row = [0.1f32, 0.4, 0.1, 0.4].map(f32::ln);
        let of = |token| {
            let guess = Guess::of(token, &row);
            (guess.rank, guess.likeliest, guess.is_right())
        };
        assert_eq!([0, 1, 3].map(of), [(3, 1, false), (1, 1, true), (1, 1, false)]);
        assert!((Guess::of(2, &row).log_p - 0.1f64.ln()).abs() < 1e-6);
    }

    #[test]
    fn metrics_are_those_of_all_tokens() {
        let guess = |p: f64, likeliest| Guess { token: 1, log_p: p.ln(), rank: 1, likeliest };
        let line = |words, characters| Line { tokens: 0..0, words, characters };
        // Four tokens, three words, sixteen characters; the probabilities have the product 2⁻⁸.
        let sums = [
            counts(&line(2, 10), &[guess(0.25, 1), guess(0.25, 1), guess(0.5, 0)]),
            counts(&line(1, 6), &[guess(0.125, 1)]),
        ];
        let sums: Vec<f64> = (0..5).map(|k| sums[0][k] + sums[1][k]).collect();
        let expected = [4.0, 2f64.powf(8.0 / 3.0), 0.5, 0.75];
        let close = metrics(&sums).iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12);
        assert!(close, "{:?} {expected:?}", metrics(&sums));
        assert_eq!(metrics(&[]), [1.0, 1.0, 0.0, 0.0]);
        assert_eq!(metrics(&counts(&line(0, 0), &[])), [1.0, 1.0, 0.0, 0.0]);
        // Models that have diverged are in order, too.
        let diverged = [1e6, 2e6].map(|nats| metrics(&[nats, 1.0, 1.0, 1.0, 0.0])[0]);
        assert!(diverged[0] < diverged[1] && diverged[1].is_finite(), "{diverged:?}");
        assert_eq!(metrics(&[0.0; 5]).len(), METRICS.len());
    }
}

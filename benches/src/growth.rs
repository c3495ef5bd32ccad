//! How cost grows with the length of a sequence and with the number of real tokens.

use crate::clock::{median, time};
use gradus_engine::nn::{Crf, Lstm, LstmConfig};
use gradus_engine::{DType, Mode, Rng, Tensor};
use serde::{Deserialize, Serialize};

/// Times of one operation, forward and backward, over a size.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// The operation.
    pub what: String,
    /// The unit of a point's size.
    pub of: String,
    /// Size and median milliseconds.
    pub points: Vec<(usize, f64)>,
}

/// Sequences in a batch.
const BATCH: usize = 16;
/// D and H.
const WIDTH: usize = 128;
const TAGS: usize = 9;

/// Times LSTM and CRF over T = 64 … 4096 in batches of full sequences, then over batches of 16 × 512 positions with fewer
/// and fewer real tokens; takes `seconds` for each point.
pub fn measure(seconds: f64) -> Vec<Series> {
    let full = |t: usize| vec![t as i64; BATCH];
    let lengths = [64, 256, 1024, 4096];
    let series = |what: &str,
                  of: &str,
                  points: &[(usize, usize, Vec<i64>)],
                  ms: fn(usize, &[i64], f64) -> f64| Series {
        what: what.to_owned(),
        of: of.to_owned(),
        points: points.iter().map(|(size, t, lengths)| (*size, ms(*t, lengths, seconds))).collect(),
    };
    let by_length: Vec<_> = lengths.iter().map(|&t| (t, t, full(t))).collect();
    let by_tokens: Vec<_> = [1, 2, 4].iter().map(|&share| uneven(512, share)).collect();
    vec![
        series("BiLSTM, 16 sequences", "T", &by_length, lstm),
        series("CRF likelihood, 16 sequences", "T", &by_length, crf),
        series("BiLSTM, 16 x 512 places", "tokens", &by_tokens, lstm),
        series("CRF likelihood, 16 x 512 places", "tokens", &by_tokens, crf),
    ]
}

/// Lengths with mean T / `share`, most of them short: T (1 − b/B)^(share − 1); and the total number of tokens.
fn uneven(t: usize, share: usize) -> (usize, usize, Vec<i64>) {
    // The middle of each sequence's part of 0 … 1.
    let place = |b: usize| 1.0 - (b as f64 + 0.5) / BATCH as f64;
    let length = |b: usize| (t as f64 * place(b).powi(share as i32 - 1)).round().max(1.0) as i64;
    let lengths: Vec<i64> = (0..BATCH).map(length).collect();
    (lengths.iter().sum::<i64>() as usize, t, lengths)
}

fn lstm(t: usize, lengths: &[i64], seconds: f64) -> f64 {
    let mut rng = Rng::new(1);
    let config = LstmConfig { inputs: WIDTH, hidden: WIDTH, layers: 1, bidirectional: true, dropout: 0.0 };
    let lstm = Lstm::new(config, &mut rng);
    let x = Tensor::normal([BATCH, t, WIDTH], 0.0, 1.0, &mut rng).variable();
    let dy = Tensor::normal([BATCH, t, 2 * WIDTH], 0.0, 1.0, &mut rng);
    let lengths = Tensor::from_slice(lengths, [BATCH]);
    let mut run = || drop(lstm.forward(&x, Some(&lengths), &mut Mode::Eval).y.backward_from(dy.clone()));
    median(&time(seconds, &mut run))
}

fn crf(t: usize, lengths: &[i64], seconds: f64) -> f64 {
    let mut rng = Rng::new(1);
    let crf = Crf::new(TAGS, &mut rng);
    let x = Tensor::normal([BATCH, t, TAGS], 0.0, 1.0, &mut rng).variable();
    let gold = Tensor::zeros([BATCH, t], DType::I64);
    let lengths = Tensor::from_slice(lengths, [BATCH]);
    let mut run = || drop(crf.nll(&x, &gold, &lengths).mean_all().backward());
    median(&time(seconds, &mut run))
}

impl Series {
    /// A line for the screen: milliseconds, and microseconds for each unit of size.
    pub fn line(&self) -> String {
        let points: Vec<String> =
            self.points.iter().map(|(n, ms)| format!("{n}: {}", point(*n, *ms))).collect();
        format!("{} by {}: {}", self.what, self.of, points.join("; "))
    }

    /// The rows of a Markdown table.
    pub fn rows(&self) -> Vec<[String; 4]> {
        let row = |(n, ms): &(usize, f64)| {
            let each = format!("{:.2}", 1e3 * ms / *n as f64);
            [self.what.clone(), format!("{n} {}", self.of), format!("{ms:.2}"), each]
        };
        self.points.iter().map(row).collect()
    }
}

fn point(n: usize, ms: f64) -> String {
    format!("{ms:.2} ms, {:.2} us each", 1e3 * ms / n as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_hold_fewer_tokens_than_places() {
        let tokens = [1, 2, 4].map(|share| uneven(512, share).0);
        assert_eq!(tokens[0], BATCH * 512);
        assert!((BATCH * 512 / 2).abs_diff(tokens[1]) < BATCH, "{tokens:?}");
        assert!((BATCH * 512 / 4).abs_diff(tokens[2]) < BATCH * 32, "{tokens:?}");
    }
}

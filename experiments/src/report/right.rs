//! Which test examples a run got right, for tests that pair two runs example by example.

use crate::metrics::mcnemar::mcnemar;
use serde::{Deserialize, Serialize};

/// One bit for each test example, in their order: set if the example was right as a whole. Written as hexadecimal digits, four
/// examples each, the first one in the highest bit; the last digit is filled with zeros.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RightExamples(String);

impl RightExamples {
    /// Of all test examples.
    pub fn new(right: &[bool]) -> Self {
        let digit = |four: &[bool]| {
            let bits = (0..4).fold(0, |bits, i| bits << 1 | u32::from(four.get(i) == Some(&true)));
            char::from_digit(bits, 16).expect("four bits are a digit")
        };
        RightExamples(right.chunks(4).map(digit).collect())
    }

    /// Whether it is one of `examples` examples.
    pub(super) fn fits(&self, examples: u64) -> bool {
        let digits = self.0.bytes().all(|byte| byte.is_ascii_hexdigit());
        digits && self.0.len() as u64 == examples.div_ceil(4)
    }

    /// The p-value of [McNemar's test](mcnemar) between two runs on the same examples.
    pub(super) fn mcnemar(&self, other: &Self) -> f64 {
        let bits = |digit: char| digit.to_digit(16).unwrap_or(0);
        let only = |a: &Self, b: &Self| -> usize {
            let pairs = a.0.chars().zip(b.0.chars());
            pairs.map(|(a, b)| (bits(a) & !bits(b)).count_ones() as usize).sum()
        };
        mcnemar(only(self, other), only(other, self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_paired_example_by_example() {
        let of = |text: &str| RightExamples::new(&text.chars().map(|c| c == '1').collect::<Vec<_>>());
        let (a, b) = (of("111110"), of("000001"));
        assert_eq!((a.0.as_str(), b.0.as_str()), ("f8", "04"));
        assert_eq!(a.mcnemar(&b), mcnemar(5, 1));
        assert_eq!(b.mcnemar(&a), mcnemar(1, 5));
        assert_eq!(a.mcnemar(&a), 1.0);
        assert!(a.fits(6) && a.fits(5) && !a.fits(4) && !RightExamples("g8".into()).fits(6));
    }
}

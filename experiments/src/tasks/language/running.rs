//! A split as one sequence of tokens.

use super::units::Units;
use rayon::prelude::*;
use std::ops::Range;

/// A running text.
pub(super) struct Running {
    /// The tokens x of all lines, the end of each line among them.
    tokens: Vec<u32>,
    /// The lines, in order.
    pub lines: Vec<Line>,
    /// The token before the first one: the end of a line.
    before: u32,
}

/// A line of a running text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Its tokens, with the end.
    pub tokens: Range<usize>,
    /// The words, which white space separates, and the end of the line, which counts as one.
    pub words: usize,
    /// The characters, with the end of the line.
    pub characters: usize,
}

/// The places of a text that a model reads at once, and those of them whose tokens it predicts: each place reads the token before the one
/// that it predicts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Window {
    /// The first place that is read.
    pub from: usize,
    /// The places whose tokens are predicted; they are the last ones.
    pub new: Range<usize>,
}

impl Running {
    /// Lines in their order.
    pub fn new<S: AsRef<str> + Sync>(units: &Units, texts: &[S]) -> Self {
        let read: Vec<Vec<u32>> = texts.par_iter().map(|text| units.read(text.as_ref())).collect();
        let mut running = Running { tokens: vec![], lines: vec![], before: units.end() };
        for (tokens, text) in read.into_iter().zip(texts) {
            let (start, text) = (running.tokens.len(), text.as_ref());
            running.tokens.extend(tokens);
            running.tokens.push(units.end());
            running.lines.push(Line {
                tokens: start..running.tokens.len(),
                words: text.split_whitespace().count() + 1,
                characters: text.chars().count() + 1,
            });
        }
        running
    }

    /// The number of tokens.
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Some tokens.
    pub fn tokens(&self, places: Range<usize>) -> &[u32] {
        &self.tokens[places]
    }

    /// The tokens that some places read: those before their own.
    pub fn read(&self, places: Range<usize>) -> Vec<u32> {
        let first = (places.start == 0 && !places.is_empty()).then_some(self.before);
        let rest = places.start.saturating_sub(1)..places.end.saturating_sub(1);
        first.into_iter().chain(self.tokens[rest].iter().copied()).collect()
    }

    /// The stretch of that number, of `length` tokens; the last one may have fewer.
    pub fn stretch(&self, number: usize, length: usize) -> Range<usize> {
        number * length..((number + 1) * length).min(self.len())
    }

    /// How many stretches there are.
    pub fn stretches(&self, length: usize) -> usize {
        self.len().div_ceil(length)
    }

    /// The windows in which the tokens of some places are predicted, by number: each predicts `stride` tokens, of which the first one is
    /// predicted from `context` tokens. They do not depend on the places.
    pub fn windows(&self, places: Range<usize>, context: usize, stride: usize) -> Vec<(usize, Window)> {
        let window = |number: usize| {
            let new = self.stretch(number, stride);
            (number, Window { from: (new.start + 1).saturating_sub(context), new })
        };
        (places.start / stride..places.end.div_ceil(stride)).map(window).collect()
    }
}

/// Stretches as `size` texts side by side: batch k has the k-th stretch of each, so that a row goes on where the same row of the batch before
/// ended. When a text ends, the last rows are missing.
pub(super) fn side_by_side(stretches: usize, size: usize) -> Vec<Vec<usize>> {
    let each = stretches.div_ceil(size);
    (0..each).map(|k| (k..stretches).step_by(each).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::keys::UnitKeys;
    use super::*;
    use proptest::prelude::*;

    fn running(texts: &[String]) -> Running {
        Running::new(&Units::open(&UnitKeys::Characters, texts, None).unwrap(), texts)
    }

    #[test]
    fn lines_end_with_a_token_that_counts() {
        let running = running(&["ab c".into(), "d".into()]);
        let lines =
            [Line { tokens: 0..5, words: 3, characters: 5 }, Line { tokens: 5..7, words: 2, characters: 2 }];
        assert_eq!((running.lines.as_slice(), running.len()), (&lines[..], 7));
        let end = running.tokens(4..5)[0];
        assert_eq!(running.read(0..3), [&[end], running.tokens(0..2)].concat());
        assert_eq!(running.read(2..7), running.tokens(1..6));
        assert!(running.read(0..0).is_empty());
    }

    proptest! {
        #[test]
        fn each_token_is_predicted_once_from_enough_text(length in 0usize..40, context in 1usize..9, stride in 1usize..9) {
            let running = running(&["x".repeat(length)]);
            let windows = running.windows(0..running.len(), context, stride);
            let new: Vec<usize> = windows.iter().flat_map(|(_, window)| window.new.clone()).collect();
            prop_assert!(new.into_iter().eq(0..running.len()));
            for (number, window) in &windows {
                prop_assert!(window.new.start + 1 - window.from == context.min(window.new.start + 1));
                prop_assert!(window.new.end - window.from < context + stride);
                let alone = running.windows(window.new.end - 1..window.new.end, context, stride);
                prop_assert_eq!(alone, [(*number, window.clone())]);
            }
        }

        #[test]
        fn rows_go_on_where_they_ended(stretches in 0usize..60, size in 1usize..9) {
            let batches = side_by_side(stretches, size);
            prop_assert_eq!(batches.len(), stretches.div_ceil(size));
            let mut all = batches.concat();
            all.sort_unstable();
            prop_assert!(all.into_iter().eq(0..stretches));
            for pair in batches.windows(2) {
                prop_assert!(pair[1].len() <= pair[0].len() && pair[0].len() <= size);
                prop_assert!(pair[0].iter().zip(&pair[1]).all(|(a, b)| a + 1 == *b));
            }
        }
    }
}

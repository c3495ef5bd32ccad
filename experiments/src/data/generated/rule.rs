//! Rules of grammars. Their lines are split into words when a rule is made, not whenever it is applied.

use super::Rng;

/// A part of a line.
#[derive(Clone, Copy, Debug)]
pub enum Item<S> {
    /// It stands for itself.
    Word(&'static str),
    /// It is replaced in turn.
    Symbol(S),
}

/// The lines that can replace a symbol, with their weights.
#[derive(Debug)]
pub struct Rule<S> {
    lines: Vec<(u64, Vec<Item<S>>)>,
    weights: u64,
}

impl<S> Rule<S> {
    /// A rule of lines whose items are separated by spaces; `item` says what each of them is.
    pub fn new(
        lines: &'static [(u64, &'static str)],
        mut item: impl FnMut(&'static str) -> Item<S>,
    ) -> Rule<S> {
        let mut read = |line: &'static str| line.split_ascii_whitespace().map(&mut item).collect();
        let lines: Vec<_> = lines.iter().map(|(weight, line)| (*weight, read(line))).collect();
        let weights = lines.iter().map(|(weight, _)| weight).sum();
        Rule { lines, weights }
    }

    /// One of the lines.
    pub fn draw(&self, rng: &mut Rng) -> &[Item<S>] {
        let mut left = rng.below(self.weights);
        let drawn = self.lines.iter().find(|(weight, _)| match left.checked_sub(*weight) {
            Some(rest) => {
                left = rest;
                false
            }
            None => true,
        });
        drawn.map_or(&[], |(_, items)| items)
    }
}

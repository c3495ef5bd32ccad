use super::characters::misspellings;
use super::hotflip::flips;
use super::nearest::nearest;
use super::{Changes, Kind, Plan, Victim};

/// What an attack did to an example.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome<P> {
    /// The model's output for the example as it is.
    pub before: P,
    /// The output for the changed words; none if the example was not attacked, since the model gets it wrong anyway.
    pub after: Option<After<P>>,
}

/// An attacked example.
#[derive(Clone, Debug, PartialEq)]
pub struct After<P> {
    /// The words of the example.
    pub words: Vec<String>,
    /// The changed words.
    pub changed: Vec<String>,
    /// The output for them.
    pub output: P,
    /// Whether it is wrong.
    pub fell: bool,
    /// How many texts the model had to read; a gradient counts as one.
    pub queries: usize,
}

impl<P> After<P> {
    /// Where words were changed.
    pub fn places(&self) -> Vec<usize> {
        (0..self.words.len()).filter(|&t| self.words[t] != self.changed[t]).collect()
    }
}

/// What the model is asked instead of a word to learn how much the word matters: no vocabulary has it.
const UNKNOWN: &str = "\u{fffd}";

/// The smallest growth of a loss that is more than the rounding of another batch.
const GROWTH: f64 = 1e-5;

/// Attacks an example; `right` says whether an output is. None if the example cannot be attacked.
///
/// Characters and words: the words are ranked by the loss without each of them (Jin et al., AAAI 2020, section 3); then, in this
/// order, each is replaced by that candidate that makes the model wrong, else by that with the largest loss if it grows. HotFlip:
/// in each step one word, by the gradient at the text so far. Both stop when the model is wrong, or when the budget is spent.
pub fn attack<P: Clone>(
    changes: &dyn Changes<P>,
    right: &dyn Fn(&P) -> bool,
    example: usize,
    plan: &Plan,
) -> Option<Outcome<P>> {
    let victim = changes.victim(example)?;
    let (before, loss) = changes.read(example, std::slice::from_ref(&victim.words)).remove(0);
    if !right(&before) {
        return Some(Outcome { before, after: None });
    }
    let mut search = Search {
        changes,
        right,
        example,
        words: victim.words.clone(),
        output: before.clone(),
        loss,
        fell: false,
        queries: 1,
        left: plan.budget,
    };
    match plan.kind {
        Kind::Characters | Kind::Words => search.by_rank(&victim, plan),
        Kind::HotFlip => search.by_gradient(&victim),
    }
    let Search { words: changed, output, fell, queries, .. } = search;
    Some(Outcome { before, after: Some(After { words: victim.words, changed, output, fell, queries }) })
}

/// A search: the text so far, and what the model makes of it.
struct Search<'a, P> {
    changes: &'a dyn Changes<P>,
    right: &'a dyn Fn(&P) -> bool,
    example: usize,
    words: Vec<String>,
    output: P,
    loss: f64,
    fell: bool,
    queries: usize,
    /// How many words may still be changed.
    left: usize,
}

impl<P: Clone> Search<'_, P> {
    fn by_rank(&mut self, victim: &Victim, plan: &Plan) {
        let may = |&t: &usize| !victim.fixed[t] && (plan.kind == Kind::Characters || !victim.named[t]);
        let mut order: Vec<usize> = (0..self.words.len()).filter(may).collect();
        let without: Vec<Vec<String>> = order.iter().map(|&t| self.with(t, UNKNOWN)).collect();
        let losses: Vec<f64> = self.read(&without).into_iter().map(|(_, loss)| loss).collect();
        let mut ranked: Vec<(usize, f64)> = order.drain(..).zip(losses).collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        for (t, _) in ranked {
            if self.fell || self.left == 0 {
                return;
            }
            let candidates = match plan.kind {
                Kind::Characters => {
                    let stream = (self.example as u64) << 20 | t as u64;
                    misspellings(&self.words[t], plan.seed, stream)
                }
                Kind::Words | Kind::HotFlip => {
                    let tag = victim.tags.as_ref().map(|tags| tags[t]);
                    nearest(self.changes.space(), &self.words[t], tag, plan.similarity)
                }
            };
            let texts: Vec<Vec<String>> = candidates.iter().map(|word| self.with(t, word)).collect();
            self.take_best(texts);
        }
    }

    fn by_gradient(&mut self, victim: &Victim) {
        let mut may: Vec<bool> =
            (0..self.words.len()).map(|t| !victim.fixed[t] && !victim.named[t]).collect();
        while !self.fell && self.left > 0 {
            let gradient = self.changes.gradient(self.example, &self.words);
            self.queries += 1;
            let flips = flips(self.changes.space(), victim, &self.words, &may, &gradient);
            let texts: Vec<Vec<String>> =
                flips.iter().map(|flip| self.with(flip.place, &flip.word)).collect();
            match self.take_best(texts) {
                Some(chosen) => may[flips[chosen].place] = false,
                None => return,
            }
        }
    }

    /// The text with another word at a place.
    fn with(&self, t: usize, word: &str) -> Vec<String> {
        let mut words = self.words.clone();
        words[t] = word.to_owned();
        words
    }

    fn read(&mut self, texts: &[Vec<String>]) -> Vec<(P, f64)> {
        if texts.is_empty() {
            return vec![];
        }
        self.queries += texts.len();
        self.changes.read(self.example, texts)
    }

    /// Goes on from the text with the largest loss, of those for which the model is wrong if there are any; stays if the loss
    /// does not grow. Returns which it was.
    fn take_best(&mut self, texts: Vec<Vec<String>>) -> Option<usize> {
        let found = self.read(&texts);
        let wrong = |i: &usize| !(self.right)(&found[*i].0);
        let by_loss = |a: &usize, b: &usize| found[*a].1.total_cmp(&found[*b].1).then(b.cmp(a));
        let fell = (0..found.len()).filter(wrong).max_by(by_loss);
        let least = self.loss + GROWTH * (1.0 + self.loss.abs());
        let grown = (0..found.len()).max_by(by_loss).filter(|&i| found[i].1 > least);
        let best = fell.or(grown)?;
        (self.output, self.loss) = found[best].clone();
        (self.words, self.fell) = (texts[best].clone(), fell.is_some());
        self.left -= 1;
        Some(best)
    }
}

use super::characters::misspellings;
use super::hotflip::flips;
use super::nearest::nearest;
use super::{Changes, Kind, Plan, Victim};

/// What an attack did to an example.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome<P> {
    /// The model's output for the example as it is.
    pub before: P,
    /// What the attack reached; none if the example was not attacked, because the model gets it wrong as it is.
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
    /// Whether that output is wrong.
    pub fell: bool,
    /// The number of texts that the model read; a gradient counts as one.
    pub queries: usize,
}

impl<P> After<P> {
    /// Where words were changed.
    pub fn places(&self) -> Vec<usize> {
        (0..self.words.len()).filter(|&t| self.words[t] != self.changed[t]).collect()
    }
}

/// Stands in place of a word, to measure how much the word matters: no vocabulary contains it, and a model of pieces drops it.
const UNKNOWN: &str = "\u{fffd}";

/// The smallest relative growth of a loss that counts: the loss of the same text differs by rounding from batch to batch.
const GROWTH: f64 = 1e-5;

/// Attacks an example; `right` says whether an output is. None if the example cannot be attacked.
///
/// Characters and words: the words are ranked by the loss of the text without each of them, the largest first (Jin et al., AAAI
/// 2020, section 3). In this order, each word is changed to the candidate that makes the model wrong; if there is none, to the
/// candidate with the largest loss, provided that the loss grows. HotFlip: each step computes the gradient at the current text,
/// tries the best replacements of all words, and makes one of them in the same way. An attack ends when the model is wrong, when
/// the budget is spent, or when no change makes the loss grow.
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

/// The state of a search: the current text, and the model's output and loss for it.
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

    /// Chooses one of these texts as the current one and returns its index. If the model is wrong for some of them, it is the one
    /// with the largest loss among those; else the one with the largest loss among all, if that is larger than the current loss.
    /// Otherwise the current text remains, and the result is none.
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

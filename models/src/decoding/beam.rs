use super::NextToken;
use gradus_engine::{DType, Tensor};

/// How to search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Beam {
    /// How many hypotheses of a source are kept at each step.
    pub width: usize,
    /// The most tokens of a hypothesis, without the one at the start.
    pub longest: usize,
    /// α of the length penalty ((5 + n) / 6)^α, by which log p of n tokens is divided; 0: none.
    pub length_penalty: f64,
    /// β of the coverage penalty β Σᵢ ln min(Σₜ aₜᵢ, 1), which is added to the score: aₜᵢ is the attention of token t, or of the end, to
    /// token i of the source, so that a hypothesis that leaves a part of the source out loses; 0: none.
    pub coverage_penalty: f64,
    /// The token with which a sequence begins.
    pub start: usize,
    /// The token that ends a sequence.
    pub end: usize,
}

/// A sequence that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Hypothesis {
    /// Its tokens, without those at its ends.
    pub tokens: Vec<usize>,
    /// log p of its tokens and of its end.
    pub log_p: f64,
    /// log p over the length penalty, in which the end counts as a token, and the coverage penalty.
    pub score: f64,
}

/// A sequence that has not ended yet.
#[derive(Clone)]
struct Open {
    tokens: Vec<usize>,
    log_p: f64,
    /// Its place among the sequences of the model.
    place: usize,
    /// Σₜ aₜᵢ of each token of its source; empty if coverage does not count.
    covered: Vec<f64>,
}

impl Open {
    fn new(place: usize) -> Self {
        Open { tokens: vec![], log_p: 0.0, place, covered: vec![] }
    }

    /// Adds the attention of the next token.
    fn cover(&mut self, attention: &[f32]) {
        self.covered.resize(attention.len(), 0.0);
        self.covered.iter_mut().zip(attention).for_each(|(sum, a)| *sum += f64::from(*a));
    }
}

/// A token after an open sequence.
#[derive(Clone, Copy)]
struct Candidate {
    parent: usize,
    token: usize,
    log_p: f64,
}

impl Beam {
    fn penalty(&self, tokens: usize) -> f64 {
        ((5.0 + tokens as f64) / 6.0).powf(self.length_penalty)
    }

    /// How many continuations of the sequences of a source are looked at: at most `width` of them end, one for each open sequence.
    fn candidates(&self) -> usize {
        self.width.saturating_mul(2)
    }

    fn must_end(&self, sequence: &Open) -> bool {
        sequence.tokens.len() == self.longest
    }

    /// Σᵢ ln min(Σₜ aₜᵢ, 1), of sums that are at least the smallest normal number, so that it is finite.
    fn coverage(covered: &[f64]) -> f64 {
        covered.iter().map(|sum| sum.clamp(f64::MIN_POSITIVE, 1.0).ln()).sum()
    }

    fn hypothesis(&self, tokens: Vec<usize>, log_p: f64, covered: &[f64]) -> Hypothesis {
        let mut score = log_p / self.penalty(tokens.len() + 1);
        if self.coverage_penalty != 0.0 {
            score += self.coverage_penalty * Self::coverage(covered);
        }
        Hypothesis { tokens, log_p, score }
    }

    /// No hypothesis that continues a sequence of this log p has a better score: log p falls, the penalty is at most that of the
    /// longest, or at least that of one more token if α is below 0, and coverage is at most 0.
    fn bound(&self, log_p: f64, tokens: usize) -> f64 {
        let best = if self.length_penalty >= 0.0 { self.longest + 1 } else { tokens + 1 };
        log_p / self.penalty(best)
    }
}

/// The best hypotheses of each source, of which each is searched by a beam of its own: at most as many as the beam is wide, the best one
/// first; of equal ones that with the smaller tokens.
///
/// At each step, all continuations of the open sequences of a source are ordered by log p. Those among the first `width` that end are
/// kept apart and lose no place to later ones; the first `width` others stay open. A source is done when as many have ended as the beam
/// is wide and no open one can become better than the worst of them; with a beam of 1, which takes the likeliest token at each step
/// ("greedy"), when that token is the end. A sequence that is as long as allowed can only end. If the beam is
/// as wide as there are sequences, the result is that of an exhaustive search.
///
/// Source of the penalties: Wu et al., "Google's neural machine translation system", 2016, equation 14.
///
/// # Panics
/// If a beam or a longest length is 0, a token at an end is not one of the model's, β is below 0, or coverage counts and the model has
/// no source.
#[track_caller]
pub fn beam_search(model: &mut dyn NextToken, beams: &[Beam]) -> Vec<Vec<Hypothesis>> {
    let (v, sources) = (model.tokens(), beams.len());
    for beam in beams {
        assert!(
            beam.width > 0 && beam.longest > 0,
            "beam search: a beam and a length of at least 1, not {beam:?}"
        );
        assert!(beam.start < v && beam.end < v, "beam search: {beam:?} for {v} tokens");
        assert!(beam.coverage_penalty >= 0.0, "beam search: a coverage penalty of at least 0, not {beam:?}");
    }
    let first = |place| vec![Open::new(place)];
    let covers = beams.iter().any(|beam| beam.coverage_penalty != 0.0);
    let mut open: Vec<Vec<Open>> = (0..sources).map(first).collect();
    let mut ended: Vec<Vec<Hypothesis>> = vec![vec![]; sources];
    let mut next = beams.iter().enumerate().map(|(source, beam)| (source, beam.start)).collect::<Vec<_>>();
    while !next.is_empty() {
        let (parents, tokens): (Vec<usize>, Vec<usize>) = next.drain(..).unzip();
        let found = Found::of(&model.extend(&parents, &tokens), &open, beams);
        if covers {
            let attention = model.attention().expect("beam search: coverage of a model without a source");
            open.iter_mut().flatten().for_each(|sequence| sequence.cover(&attention[sequence.place]));
        }
        let searched = open.iter_mut().zip(&mut ended).zip(beams);
        for ((open, ended), beam) in searched.filter(|((open, _), _)| !open.is_empty()) {
            *open = step(open, ended, &found, beam);
            for sequence in open.iter_mut() {
                next.push((sequence.place, *sequence.tokens.last().expect("a token was added")));
                sequence.place = next.len() - 1;
            }
        }
    }
    ended
}

/// The tokens that can follow each sequence of the model, with their log p: all that a search reads from the model's device.
struct Found {
    /// How many there are of each sequence.
    most: usize,
    /// The likeliest tokens of each sequence, [N · most].
    tokens: Vec<i64>,
    log_p: Vec<f32>,
    /// log p of the end of each sequence, where one must end.
    ends: Option<Vec<f32>>,
}

impl Found {
    /// From log p [N, V]: as many of each sequence as a beam can take of one.
    fn of(log_p: &Tensor, open: &[Vec<Open>], beams: &[Beam]) -> Found {
        let [n, v] = [log_p.dim(0), log_p.dim(1)];
        let searched = || open.iter().zip(beams).filter(|(open, _)| !open.is_empty());
        let most = searched().map(|(_, beam)| beam.candidates()).max().unwrap_or(0).min(v);
        let (best, tokens) = log_p.top_k(most);
        let must_end = searched().any(|(open, beam)| open.iter().any(|sequence| beam.must_end(sequence)));
        let ends = must_end.then(|| {
            let mut of_each = vec![0i64; n];
            for (open, beam) in searched() {
                open.iter().for_each(|sequence| of_each[sequence.place] = beam.end as i64);
            }
            log_p.take_along(&Tensor::from_slice(&of_each, [n, 1]).to_device(log_p.device())).to_vec()
        });
        Found { most, tokens: tokens.to_vec(), log_p: best.to_dtype(DType::F32).to_vec(), ends }
    }

    /// The candidates after a sequence, the `parent`-th of its source.
    fn after(&self, parent: usize, sequence: &Open, beam: &Beam) -> Vec<Candidate> {
        let candidate =
            |token, log_p: f32| Candidate { parent, token, log_p: sequence.log_p + f64::from(log_p) };
        if let Some(ends) = self.ends.as_ref().filter(|_| beam.must_end(sequence)) {
            return vec![candidate(beam.end, ends[sequence.place])];
        }
        let row = sequence.place * self.most..(sequence.place + 1) * self.most;
        let found = self.tokens[row.clone()].iter().zip(&self.log_p[row]);
        let found = found.map(|(&token, &log_p)| candidate(token as usize, log_p));
        found.filter(|c| c.log_p > f64::NEG_INFINITY).collect()
    }
}

/// Extends the open sequences of a source by a token; those that end are added to `ended`.
fn step(open: &[Open], ended: &mut Vec<Hypothesis>, found: &Found, beam: &Beam) -> Vec<Open> {
    let after = open.iter().enumerate().flat_map(|(parent, sequence)| found.after(parent, sequence, beam));
    let mut candidates: Vec<Candidate> = after.collect();
    let most = beam.candidates();
    let better = |a: &Candidate, b: &Candidate| {
        b.log_p.total_cmp(&a.log_p).then((a.parent, a.token).cmp(&(b.parent, b.token)))
    };
    if candidates.len() > most {
        candidates.select_nth_unstable_by(most - 1, better);
        candidates.truncate(most);
    }
    candidates.sort_unstable_by(better);
    let mut still = vec![];
    for (rank, Candidate { parent, token, log_p }) in candidates.into_iter().enumerate() {
        let mut tokens = open[parent].tokens.clone();
        if token == beam.end {
            if rank < beam.width {
                ended.push(beam.hypothesis(tokens, log_p, &open[parent].covered));
            }
            if beam.width == 1 && rank == 0 {
                return vec![];
            }
            continue;
        }
        if still.len() == beam.width {
            continue;
        }
        tokens.push(token);
        let Open { place, covered, .. } = &open[parent];
        still.push(Open { tokens, log_p, place: *place, covered: covered.clone() });
    }
    ended.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.tokens.cmp(&b.tokens)));
    ended.truncate(beam.width);
    let worst =
        ended.last().filter(|_| ended.len() == beam.width).map_or(f64::NEG_INFINITY, |worst| worst.score);
    still.retain(|sequence| beam.bound(sequence.log_p, sequence.tokens.len()) > worst);
    still
}

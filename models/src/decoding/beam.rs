use super::NextToken;

/// How to search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Beam {
    /// How many hypotheses of a source are kept at each step.
    pub width: usize,
    /// The most tokens of a hypothesis, without the one at the start.
    pub longest: usize,
    /// α of the length penalty ((5 + n) / 6)^α, by which log p of n tokens is divided; 0: none.
    pub length_penalty: f64,
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
    /// log p over the length penalty, in which the end counts as a token.
    pub score: f64,
}

/// A sequence that has not ended yet.
#[derive(Clone)]
struct Open {
    tokens: Vec<usize>,
    log_p: f64,
    /// Its place among the sequences of the model.
    place: usize,
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

    fn hypothesis(&self, tokens: Vec<usize>, log_p: f64) -> Hypothesis {
        let score = log_p / self.penalty(tokens.len() + 1);
        Hypothesis { tokens, log_p, score }
    }

    /// No hypothesis that continues a sequence of this log p has a better score: log p falls, and the penalty is at most that of the
    /// longest, or at least that of one more token if α is below 0.
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
/// Source of the penalty: Wu et al., "Google's neural machine translation system", 2016, section 7.
///
/// # Panics
/// If a beam or a longest length is 0, or a token at an end is not one of the model's.
#[track_caller]
pub fn beam_search(model: &mut dyn NextToken, beams: &[Beam]) -> Vec<Vec<Hypothesis>> {
    let (v, sources) = (model.tokens(), beams.len());
    for beam in beams {
        assert!(
            beam.width > 0 && beam.longest > 0,
            "beam search: a beam and a length of at least 1, not {beam:?}"
        );
        assert!(beam.start < v && beam.end < v, "beam search: {beam:?} for {v} tokens");
    }
    let first = |place| vec![Open { tokens: vec![], log_p: 0.0, place }];
    let mut open: Vec<Vec<Open>> = (0..sources).map(first).collect();
    let mut ended: Vec<Vec<Hypothesis>> = vec![vec![]; sources];
    let mut next = beams.iter().enumerate().map(|(source, beam)| (source, beam.start)).collect::<Vec<_>>();
    while !next.is_empty() {
        let (parents, tokens): (Vec<usize>, Vec<usize>) = next.drain(..).unzip();
        let log_p = model.extend(&parents, &tokens);
        let searched = open.iter_mut().zip(&mut ended).zip(beams);
        for ((open, ended), beam) in searched.filter(|((open, _), _)| !open.is_empty()) {
            *open = step(open, ended, &log_p, v, beam);
            for sequence in open.iter_mut() {
                next.push((sequence.place, *sequence.tokens.last().expect("a token was added")));
                sequence.place = next.len() - 1;
            }
        }
    }
    ended
}

/// Extends the open sequences of a source by a token; those that end are added to `ended`.
fn step(open: &[Open], ended: &mut Vec<Hypothesis>, log_p: &[f32], v: usize, beam: &Beam) -> Vec<Open> {
    let of = |(parent, sequence): (usize, &Open)| {
        let (before, row) = (sequence.log_p, &log_p[sequence.place * v..][..v]);
        let candidate =
            move |(token, p): (usize, &f32)| Candidate { parent, token, log_p: before + f64::from(*p) };
        let must_end = sequence.tokens.len() == beam.longest;
        let can_be =
            move |c: &Candidate| if must_end { c.token == beam.end } else { c.log_p > f64::NEG_INFINITY };
        row.iter().enumerate().map(candidate).filter(can_be).collect::<Vec<_>>()
    };
    let mut candidates: Vec<Candidate> = open.iter().enumerate().flat_map(of).collect();
    // At most `width` of them end, one for each open sequence.
    let most = 2 * beam.width;
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
                ended.push(beam.hypothesis(tokens, log_p));
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
        still.push(Open { tokens, log_p, place: open[parent].place });
    }
    ended.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.tokens.cmp(&b.tokens)));
    ended.truncate(beam.width);
    let worst =
        ended.last().filter(|_| ended.len() == beam.width).map_or(f64::NEG_INFINITY, |worst| worst.score);
    still.retain(|sequence| beam.bound(sequence.log_p, sequence.tokens.len()) > worst);
    still
}

use super::*;
use gradus_engine::{Rng, Tensor};
use std::collections::HashMap;

/// log p of the next token is drawn for each prefix, so that nothing can be guessed from it; sources differ.
struct Drawn {
    tokens: usize,
    seed: u64,
    known: HashMap<Vec<usize>, Vec<f32>>,
    /// Each begins with the number of its source.
    sequences: Vec<Vec<usize>>,
    calls: usize,
}

impl Drawn {
    fn new(tokens: usize, sources: usize, seed: u64) -> Self {
        let sequences = (0..sources).map(|source| vec![source]).collect();
        Drawn { tokens, seed, known: HashMap::new(), sequences, calls: 0 }
    }

    fn row(&mut self, sequence: &[usize]) -> Vec<f32> {
        let (tokens, seed) = (self.tokens, self.seed);
        let draw = || {
            let place =
                sequence.iter().fold(7u64, |sum, &token| sum.wrapping_mul(31).wrapping_add(token as u64 + 1));
            let mut rng = Rng::new(seed.wrapping_add(place << 8));
            Tensor::normal([1, tokens], 0.0, 1.5, &mut rng).log_softmax().to_vec()
        };
        self.known.entry(sequence.to_vec()).or_insert_with(draw).clone()
    }

    /// All sequences of at most `longest` tokens after this one that end, the best first.
    fn all(&mut self, beam: &Beam, source: usize) -> Vec<Hypothesis> {
        let mut found = vec![];
        let mut open = vec![(vec![], 0.0)];
        while let Some((tokens, log_p)) = open.pop() {
            let row = self.row(&[&[source, beam.start], &tokens[..]].concat());
            for (token, p) in row.into_iter().enumerate() {
                let log_p = log_p + f64::from(p);
                if token == beam.end {
                    let penalty = ((6.0 + tokens.len() as f64) / 6.0).powf(beam.length_penalty);
                    found.push(Hypothesis { tokens: tokens.clone(), log_p, score: log_p / penalty });
                } else if tokens.len() < beam.longest {
                    open.push(([&tokens[..], &[token]].concat(), log_p));
                }
            }
        }
        found.sort_by(|a, b| b.score.total_cmp(&a.score));
        found
    }
}

impl NextToken for Drawn {
    fn tokens(&self) -> usize {
        self.tokens
    }

    fn extend(&mut self, parents: &[usize], tokens: &[usize]) -> Tensor {
        self.calls += 1;
        let grown = |(&parent, &token): (&usize, &usize)| [&self.sequences[parent][..], &[token]].concat();
        self.sequences = parents.iter().zip(tokens).map(grown).collect();
        let rows: Vec<f32> = self.sequences.clone().iter().flat_map(|sequence| self.row(sequence)).collect();
        Tensor::from_slice(&rows, [self.sequences.len(), self.tokens])
    }
}

#[test]
fn a_beam_as_wide_as_the_space_is_an_exhaustive_search() {
    for seed in 0..20 {
        for length_penalty in [0.0, 0.6, 1.0, -0.5] {
            let beam =
                Beam { width: 120, longest: 4, length_penalty, coverage_penalty: 0.0, start: 0, end: 2 };
            let mut model = Drawn::new(4, 2, seed);
            let found = beam_search(&mut model, &[beam; 2]);
            for (source, found) in found.iter().enumerate() {
                // 1 + 3 + 9 + 27 + 81 sequences.
                let all = model.all(&beam, source);
                assert_eq!((all.len(), found.len()), (121, 120));
                assert_eq!(found[..], all[..120], "{seed} {length_penalty}");
            }
        }
    }
}

#[test]
fn the_beam_of_one_takes_the_likeliest_token() {
    for seed in 0..40 {
        // However long hypotheses are preferred, it ends where the end is likeliest.
        let length_penalty = if seed % 2 == 0 { 0.0 } else { 3.0 };
        let beam = Beam { width: 1, longest: 6, length_penalty, coverage_penalty: 0.0, start: 1, end: 0 };
        let mut model = Drawn::new(5, 1, seed);
        let found = beam_search(&mut model, &[beam]).remove(0);
        let (mut tokens, mut log_p) = (vec![], 0.0);
        loop {
            let row = model.row(&[&[0, 1], &tokens[..]].concat());
            let best = if tokens.len() == 6 {
                0
            } else {
                (0..5).max_by(|&a, &b| row[a].total_cmp(&row[b])).unwrap()
            };
            log_p += f64::from(row[best]);
            if best == 0 {
                break;
            }
            tokens.push(best);
        }
        let score = log_p / ((6.0 + tokens.len() as f64) / 6.0).powf(length_penalty);
        assert_eq!(found, [Hypothesis { tokens, log_p, score }]);
    }
}

/// A batch finds what each source finds alone, and a wider beam nothing worse.
#[test]
fn sources_do_not_touch_each_other_and_wider_beams_find_more() {
    for seed in 0..10 {
        let search = |width, sources| {
            let beam =
                Beam { width, longest: 8, length_penalty: 0.0, coverage_penalty: 0.0, start: 0, end: 1 };
            beam_search(&mut Drawn::new(6, sources, seed), &vec![beam; sources])
        };
        let (two, narrow, wide) = (search(4, 2), search(4, 1), search(500, 1));
        assert_eq!(two[0], narrow[0]);
        assert_ne!(two[0], two[1]);
        assert!(narrow[0].len() <= 4 && wide[0][0].score >= narrow[0][0].score);
    }
}

/// Each source is searched up to its own length.
#[test]
fn beams_of_one_search_may_differ() {
    let beam = |width, longest| Beam {
        width,
        longest,
        length_penalty: 0.0,
        coverage_penalty: 0.0,
        start: 0,
        end: 1,
    };
    for seed in 0..5 {
        let beams = [beam(2, 3), beam(4, 8)];
        let both = beam_search(&mut Drawn::new(6, 2, seed), &beams);
        assert_eq!(both[0], beam_search(&mut Drawn::new(6, 2, seed), &[beams[0]; 2])[0]);
        assert_eq!(both[1], beam_search(&mut Drawn::new(6, 2, seed), &[beams[1]; 2])[1]);
        assert!(both[0].iter().all(|found| found.tokens.len() <= 3));
    }
}

/// p(end) is high at once, and a better sequence is longer: it is still found, and the search ends when nothing better can come.
#[test]
fn a_beam_that_ends_early_loses_nothing() {
    struct Late(usize);
    impl NextToken for Late {
        fn tokens(&self) -> usize {
            3
        }

        fn extend(&mut self, parents: &[usize], _: &[usize]) -> Tensor {
            self.0 += 1;
            // The end has 0.3 at first; after a 1, which has 0.6, it is certain from the second step on.
            let row = if self.0 == 1 { [0.3f32, 0.6, 0.1] } else { [0.98, 0.01, 0.01] };
            let rows: Vec<f32> = parents.iter().flat_map(|_| row.map(f32::ln)).collect();
            Tensor::from_slice(&rows, [parents.len(), 3])
        }
    }
    let beam = Beam { width: 2, longest: 50, length_penalty: 0.0, coverage_penalty: 0.0, start: 2, end: 0 };
    let mut model = Late(0);
    let found = beam_search(&mut model, &[beam]).remove(0);
    assert_eq!((&found[0].tokens[..], &found[1].tokens[..]), (&[1][..], &[][..]));
    assert!((found[0].log_p - (0.6f64 * 0.98).ln()).abs() < 1e-6);
    assert_eq!(model.0, 2, "nothing open can become better");
    assert!(beam_search(&mut Drawn::new(3, 0, 1), &[]).is_empty());
}

#[test]
#[should_panic(expected = "a beam and a length of at least 1")]
fn a_beam_of_none_is_a_bug() {
    beam_search(
        &mut Drawn::new(3, 1, 1),
        &[Beam { width: 0, longest: 3, length_penalty: 0.0, coverage_penalty: 0.0, start: 0, end: 1 }],
    );
}

fn row(of: &[f32]) -> Tensor {
    Tensor::from_slice(of, [of.len()])
}

#[test]
fn draws_are_among_the_likeliest() {
    let logits = row(&[0.4f32, 0.1, 0.3, 0.2].map(f32::ln));
    let of = |sampling: Sampling| {
        sampling.choices(&logits).into_iter().map(|(token, _)| token).collect::<Vec<_>>()
    };
    let own = Sampling::default();
    assert_eq!(of(own), [0, 2, 3, 1]);
    assert_eq!(of(Sampling { top_k: 2, ..own }), [0, 2]);
    assert_eq!(of(Sampling { top_p: 0.5, ..own }), [0, 2]);
    assert_eq!(of(Sampling { top_p: 0.39, ..own }), [0]);
    assert_eq!(of(Sampling { top_k: 3, top_p: 0.9, ..own }), [0, 2, 3]);
    let p = Sampling { temperature: 0.5, top_k: 2, ..own }.choices(&logits);
    assert!((p[0].1 - 0.16 / 0.25).abs() < 1e-6, "{p:?}");
    // Equal logits: the first.
    assert_eq!(Sampling { top_k: 1, ..own }.choices(&row(&[1.0, 1.0])), [(0, 1.0)]);
    assert_eq!(Sampling { temperature: 1e-3, ..own }.draw(&row(&[1.0, f32::NEG_INFINITY, 2.0]), 0.999), 2);
    for (u, token) in [(0.0, 0), (0.39, 0), (0.41, 2), (0.71, 3), (0.91, 1), (1.0, 1)] {
        assert_eq!(own.draw(&logits, u), token, "{u}");
    }
    let faults = [
        Sampling { temperature: 0.0, ..own },
        Sampling { top_p: 0.0, ..own },
        Sampling { top_p: f64::NAN, ..own },
    ];
    assert!(faults.iter().all(|sampling| sampling.fault().is_some()) && own.fault().is_none());
}

/// 20,000 draws have the frequencies of the choices.
#[test]
fn draws_have_the_probabilities_of_the_choices() {
    let logits = row(&[2.0, 0.0, 1.0, -1.0, 1.5]);
    let sampling = Sampling { temperature: 0.8, top_k: 4, top_p: 0.95 };
    let stream = Rng::new(5).stream();
    let n = 20_000;
    let mut counts = [0u32; 5];
    for i in 0..n {
        counts[sampling.draw(&logits, f64::from(stream.uniform(i)))] += 1;
    }
    let choices = sampling.choices(&logits);
    assert!(choices.len() < 5);
    for (token, count) in counts.into_iter().enumerate() {
        let p = choices.iter().find(|(choice, _)| *choice == token).map_or(0.0, |(_, p)| *p);
        let share = f64::from(count) / n as f64;
        assert!((share - p).abs() < 4.0 * (p * (1.0 - p) / n as f64).sqrt() + 1e-12, "{token}: {share} {p}");
    }
}

/// A model that attends to what it is told to.
struct Attends(Drawn);

impl Attends {
    /// The attention to three tokens of a source, after a sequence that begins with its source's number.
    fn row(sequence: &[usize]) -> Vec<f32> {
        let token = sequence[sequence.len() - 1];
        (0..3).map(|place| if place == token { 0.8 } else { 0.1 }).collect()
    }
}

impl NextToken for Attends {
    fn tokens(&self) -> usize {
        self.0.tokens()
    }

    fn extend(&mut self, parents: &[usize], tokens: &[usize]) -> Tensor {
        self.0.extend(parents, tokens)
    }

    fn attention(&self) -> Option<Vec<Vec<f32>>> {
        Some(self.0.sequences.iter().map(|sequence| Attends::row(sequence)).collect())
    }
}

/// In a beam as wide as the space, the penalty is the formula's, with the attention of each token and of the end.
#[test]
fn coverage_is_that_of_the_formula() {
    for seed in 0..10 {
        let beam =
            Beam { width: 120, longest: 4, length_penalty: 0.6, coverage_penalty: 0.7, start: 0, end: 2 };
        let mut model = Attends(Drawn::new(4, 2, seed));
        let found = beam_search(&mut model, &[beam; 2]);
        for (source, found) in found.into_iter().enumerate() {
            let mut all = model.0.all(&beam, source);
            for hypothesis in &mut all {
                let sequence = [&[source, beam.start], &hypothesis.tokens[..]].concat();
                let rows: Vec<Vec<f32>> =
                    (2..=sequence.len()).map(|n| Attends::row(&sequence[..n])).collect();
                let sum = |place: usize| rows.iter().map(|row| f64::from(row[place])).sum::<f64>();
                hypothesis.score += 0.7 * (0..3).map(|place| sum(place).min(1.0).ln()).sum::<f64>();
            }
            all.sort_by(|a, b| b.score.total_cmp(&a.score));
            let of = |all: &[Hypothesis]| all.iter().map(|h| h.score).collect::<Vec<_>>();
            let close = of(&found).iter().zip(of(&all)).all(|(a, b)| (a - b).abs() < 1e-12);
            assert!(found.len() == 120 && close, "{seed}");
            assert_eq!(found[0].tokens, all[0].tokens);
        }
    }
}

#[test]
#[should_panic(expected = "beam search: coverage of a model without a source")]
fn coverage_needs_a_source() {
    let beam = Beam { width: 1, longest: 3, length_penalty: 0.0, coverage_penalty: 0.1, start: 0, end: 1 };
    beam_search(&mut Drawn::new(3, 1, 1), &[beam]);
}

use gradus_engine::{DType, Device, Tensor};

/// An answer: the words `start..=end` of a context.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// Its first word.
    pub start: usize,
    /// Its last word.
    pub end: usize,
    /// log P(start) + log P(end), or the sum of the two logits.
    pub score: f64,
}

/// The span with the highest log P(start = i) + log P(end = j), i ≤ j < i + `longest`, in each context, from logits
/// [B, T] over its real words `lengths` [B] (`i64`). Ties go to the lowest start, then to the lowest end. A context
/// without words has no span.
///
/// Source: Seo et al., ICLR 2017, section 2 (test), there without a longest answer. O(T · longest).
#[track_caller]
pub fn best_spans(start: &Tensor, end: &Tensor, lengths: &Tensor, longest: usize) -> Vec<Option<Span>> {
    assert!(longest > 0, "best_spans: an answer has at least one word");
    let shape = [lengths.count(), start.dim(-1)].into();
    assert_eq!([start.shape(), end.shape()], [shape; 2], "best_spans: start and end are not [B, T]");
    let t = start.dim(1);
    // Logits at padding are left out of the normalisation, whatever their values.
    let lengths = lengths.to_device(Device::Cpu);
    let padding = crate::padding::real_positions(&lengths, t).not();
    let real = [start, end].map(|logits| {
        logits.detach().to_device(Device::Cpu).to_dtype(DType::F64).masked_fill(&padding, f64::NEG_INFINITY)
    });
    let [start_z, end_z] = real.each_ref().map(|logits| logits.log_sum_exp(-1).to_vec::<f64>());
    let [start, end] = real.map(|logits| logits.to_vec::<f64>());
    let lengths = lengths.elements::<i64>();
    let best = lengths.iter().enumerate().map(|(b, &len)| {
        let row = b * t..b * t + len as usize;
        let (start, end) = (&start[row.clone()], &end[row]);
        // Compares sums of logits, not of log-probabilities: subtracting log Z would break ties by rounding.
        let best = best_span(start, end, longest);
        best.map(|span| Span { score: span.score - start_z[b] - end_z[b], ..span })
    });
    best.collect()
}

/// The span of one context with the highest sum start_i + end_j, i ≤ j < i + `longest`, from the logits of its words. Ties go
/// to the lowest start, then to the lowest end. Without words there is no span.
pub fn best_span(start: &[f64], end: &[f64], longest: usize) -> Option<Span> {
    let mut best: Option<Span> = None;
    for (i, s) in start.iter().enumerate() {
        for (j, e) in end.iter().enumerate().skip(i).take(longest) {
            if best.is_none_or(|b| s + e > b.score) {
                best = Some(Span { start: i, end: j, score: s + e });
            }
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use gradus_engine::Rng;

    /// All spans, scored by probabilities that are summed by hand; many logits are equal.
    #[test]
    fn the_best_of_all_spans() {
        let mut rng = Rng::new(4);
        for longest in [1, 2, 3, 9] {
            let (b, t) = (20, 7);
            let draw = |rng: &mut Rng| {
                let x = Tensor::uniform([b, t], 0.0, 3.0, rng).to_vec::<f32>();
                Tensor::from_slice(&x.iter().map(|x| x.floor()).collect::<Vec<_>>(), [b, t])
            };
            let (start, end) = (draw(&mut rng), draw(&mut rng));
            let lengths: Vec<i64> = (0..b as i64).map(|i| i % 8).collect();
            let found = best_spans(&start, &end, &Tensor::from_slice(&lengths, [b]), longest);
            for (i, (&len, found)) in lengths.iter().zip(found).enumerate() {
                let row = |x: &Tensor| x.to_f64()[i * t..][..len as usize].to_vec();
                let (s, e) = (row(&start), row(&end));
                let mut all: Vec<(f64, usize, usize)> = vec![];
                for i in 0..s.len() {
                    all.extend((i..e.len()).filter(|j| j - i < longest).map(|j| (s[i] + e[j], i, j)));
                }
                let Some(top) = all.iter().map(|x| x.0).reduce(f64::max) else {
                    assert_eq!(found, None);
                    continue;
                };
                let &(_, first, last) = all.iter().find(|x| x.0 == top).unwrap();
                let found = found.unwrap();
                assert_eq!((found.start, found.end), (first, last), "{s:?} {e:?} {longest}");
                let log_z = |x: &[f64]| x.iter().map(|x| x.exp()).sum::<f64>().ln();
                assert!((found.score - (top - log_z(&s) - log_z(&e))).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn padding_is_no_answer() {
        let logits = Tensor::from_slice(&[0.0f32, 1.0, 9.0, f32::NAN], [1, 4]);
        let span = best_spans(&logits, &logits, &Tensor::from_slice(&[2i64], [1]), 5)[0].unwrap();
        assert_eq!((span.start, span.end), (1, 1));
    }
}

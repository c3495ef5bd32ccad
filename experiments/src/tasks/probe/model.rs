//! The probes of a run, their inputs, their loss and what they find.

use super::gold::{Gold, Target};
use super::keys::{Kind, ProbeKeys};
use crate::run::RunError;
use gradus_engine::losses::{CrossEntropy, Reduction, cross_entropy};
use gradus_engine::{Module, Rng, Tensor, Visitor, no_grad};
use gradus_models::{Probe, ProbeConfig};

/// A probe of the property and one of its control. They share no parameter, so that neither has an effect on the other.
pub struct Probes {
    property: Probe,
    control: Probe,
}

impl Module for Probes {
    fn visit(&self, v: &mut Visitor) {
        v.module("property", &self.property);
        v.module("control", &self.control);
    }
}

/// What both probes find in a sentence.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// Of the property.
    pub property: Found,
    /// Of its control.
    pub control: Found,
}

/// What a probe finds in a sentence.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// The likeliest label of each word, or of the sentence, with its probability.
    Labels(Vec<(usize, f64)>),
    /// The depth of each word.
    Depths(Vec<f64>),
    /// The distance of each pair of words, row by row.
    Distances(Vec<f64>),
}

impl Found {
    /// Whether the outputs that it comes from are finite.
    pub fn is_finite(&self) -> bool {
        match self {
            Found::Labels(labels) => labels.iter().all(|(_, p)| p.is_finite()),
            Found::Depths(values) | Found::Distances(values) => values.iter().all(|x| x.is_finite()),
        }
    }
}

/// The most parameters of a probe: those of its largest sensible sizes, far below what memory can hold.
const MOST_PARAMETERS: u64 = 100_000_000;

/// New probes of vectors [D], for `labels` labels.
///
/// # Errors
/// Probes that are too large.
pub(super) fn probes(
    keys: &ProbeKeys,
    inputs: usize,
    labels: usize,
    rng: &mut Rng,
) -> Result<Probes, RunError> {
    let (hidden_dim, rank) = (keys.model.hidden_dim(), keys.probe.rank());
    // Without data, as in statistics, there are no labels.
    let outputs = rank.unwrap_or(labels.max(1));
    let config = ProbeConfig { inputs, hidden_dim, outputs, bias: rank.is_none() };
    if config.parameters().is_none_or(|n| n > MOST_PARAMETERS) {
        return Err(RunError::Model {
            key: "model".into(),
            expected: format!("a probe of at most {MOST_PARAMETERS} parameters"),
            found: config.parameters().map_or("more than 2^64".into(), |n| n.to_string())
                + "; lower model.hidden_dim or probe.rank",
        });
    }
    Ok(Probes { property: Probe::new(&config, rng), control: Probe::new(&config, rng) })
}

/// Sentences with their vectors, [T, D] each.
pub(super) struct Batch<'a> {
    pub kind: Kind,
    /// D.
    pub width: usize,
    pub vectors: Vec<&'a [f32]>,
}

impl Batch<'_> {
    /// The vectors of all sentences [N, D].
    fn all(&self) -> Tensor {
        let all = self.vectors.concat();
        Tensor::from_slice(&all, [all.len() / self.width, self.width])
    }

    /// The vectors with padding [B, T, D].
    fn padded(&self, t: usize) -> Tensor {
        let mut all = vec![0f32; self.vectors.len() * t * self.width];
        let rows = all.chunks_exact_mut((t * self.width).max(1));
        rows.zip(&self.vectors).for_each(|(row, vectors)| row[..vectors.len()].copy_from_slice(vectors));
        Tensor::from_slice(&all, [self.vectors.len(), t, self.width])
    }

    /// For [`loss`]: of labels, vectors [N, D], then the labels of the property and of the control [N]. Of trees, vectors [B, T, D],
    /// depths [B, T] or distances [B, T, T] of both, and the weight of each.
    pub fn inputs(&self, gold: &[&Gold]) -> Vec<Tensor> {
        match self.kind {
            Kind::Pos | Kind::Entity | Kind::Sentiment => {
                let labels = |target: fn(&Gold) -> &Target| {
                    let labels: Vec<i64> = gold
                        .iter()
                        .flat_map(|gold| labels_of(target(gold)).iter().map(|&l| l as i64))
                        .collect();
                    Tensor::from_slice(&labels, [labels.len()])
                };
                vec![self.all(), labels(|gold| &gold.property), labels(|gold| &gold.control)]
            }
            Kind::Depth | Kind::Distance => {
                let t = gold.iter().map(|gold| gold.counted.len()).max().unwrap_or(0);
                vec![
                    self.padded(t),
                    self.values(gold, t, |gold| &gold.property),
                    self.values(gold, t, |gold| &gold.control),
                    self.weights(gold, t),
                ]
            }
        }
    }

    /// Depths [B, T] or distances [B, T, T], 0 at padding.
    fn values(&self, gold: &[&Gold], t: usize, target: fn(&Gold) -> &Target) -> Tensor {
        self.aligned(gold, t, |gold| match (target(gold), self.kind) {
            (Target::Tree(tree), Kind::Depth) => tree.depths().into_iter().map(|x| x as f32).collect(),
            (Target::Tree(tree), _) => tree.distances().into_iter().map(|x| x as f32).collect(),
            (Target::Labels(_), _) => unreachable!("depths and distances are those of trees"),
        })
    }

    /// 1 / (B T) of each word, or 1 / (B T²) of each pair of words, of a sentence of T words; 0 at padding.
    fn weights(&self, gold: &[&Gold], t: usize) -> Tensor {
        let b = gold.len() as f32;
        self.aligned(gold, t, |gold| {
            let n = gold.counted.len();
            let values = if self.kind == Kind::Depth { n } else { n * n };
            vec![1.0 / (b * values as f32); values]
        })
    }

    fn aligned(&self, gold: &[&Gold], t: usize, of: impl Fn(&Gold) -> Vec<f32>) -> Tensor {
        let columns = if self.kind == Kind::Depth { 1 } else { t };
        let mut all = vec![0f32; gold.len() * t * columns];
        for (sentence, gold) in all.chunks_exact_mut((t * columns).max(1)).zip(gold) {
            let (values, n) = (of(gold), gold.counted.len());
            match self.kind {
                Kind::Depth => sentence[..n].copy_from_slice(&values),
                _ => {
                    let rows = sentence.chunks_exact_mut(t.max(1)).zip(values.chunks_exact(n));
                    rows.for_each(|(row, values)| row[..n].copy_from_slice(values));
                }
            }
        }
        match self.kind {
            Kind::Depth => Tensor::from_slice(&all, [gold.len(), t]),
            _ => Tensor::from_slice(&all, [gold.len(), t, t]),
        }
    }

    /// What the probes find, sentence by sentence.
    pub fn found(&self, probes: &Probes) -> Vec<Prediction> {
        let [property, control] =
            [&probes.property, &probes.control].map(|probe| self.found_by(probe, probes));
        let both = property.into_iter().zip(control);
        both.map(|(property, control)| Prediction { property, control }).collect()
    }

    fn found_by(&self, probe: &Probe, probes: &Probes) -> Vec<Found> {
        let device = probes.device();
        let lengths: Vec<usize> = self.vectors.iter().map(|vectors| vectors.len() / self.width).collect();
        if lengths.iter().all(|&n| n == 0) {
            let nothing = || match self.kind {
                Kind::Pos | Kind::Entity | Kind::Sentiment => Found::Labels(vec![]),
                Kind::Depth => Found::Depths(vec![]),
                Kind::Distance => Found::Distances(vec![]),
            };
            return lengths.iter().map(|_| nothing()).collect();
        }
        match self.kind {
            Kind::Pos | Kind::Entity | Kind::Sentiment => {
                let logits = no_grad(|| probe.forward(&self.all().to_device(device)).log_softmax());
                let (k, logits) = (logits.dim(-1), logits.to_vec::<f32>());
                let mut rows = logits.chunks_exact(k).map(likeliest);
                lengths.iter().map(|&n| Found::Labels(rows.by_ref().take(n).collect())).collect()
            }
            Kind::Depth => {
                let depths = no_grad(|| probe.depths(&self.all().to_device(device))).to_f64();
                let mut depths = depths.into_iter();
                lengths.iter().map(|&n| Found::Depths(depths.by_ref().take(n).collect())).collect()
            }
            Kind::Distance => {
                let of = |(vectors, &n): (&&[f32], &usize)| {
                    if n == 0 {
                        return Found::Distances(vec![]);
                    }
                    let x = Tensor::from_slice(vectors, [1, n, self.width]).to_device(device);
                    Found::Distances(no_grad(|| probe.distances(&x)).to_f64())
                };
                self.vectors.iter().zip(&lengths).map(of).collect()
            }
        }
    }
}

/// The label of the largest log-probability, the first of equal ones, with its probability.
fn likeliest(row: &[f32]) -> (usize, f64) {
    let mut best = 0;
    for (label, x) in row.iter().enumerate() {
        if *x > row[best] {
            best = label;
        }
    }
    (best, f64::from(row[best]).exp())
}

fn labels_of(target: &Target) -> &[usize] {
    match target {
        Target::Labels(labels) => labels,
        Target::Tree(_) => &[],
    }
}

/// The loss of the property plus that of the control: cross-entropy; of trees, the mean over the sentences of Σ |d − d̂| / T, or
/// of Σ |d − d̂| / T² over pairs. Source: Hewitt, Manning 2019, sections 2.2 and 2.3.
pub(super) fn loss(kind: Kind, probes: &Probes, inputs: &[Tensor]) -> Tensor {
    let both = [&probes.property, &probes.control];
    let losses = match inputs {
        [x, property, control] => both
            .map(|probe| probe.forward(x))
            .iter()
            .zip([property, control])
            .map(|(logits, gold)| cross_entropy(logits, gold, &CrossEntropy::default(), Reduction::Mean))
            .collect::<Vec<_>>(),
        [x, property, control, weights] => {
            let found = both.map(|probe| match kind {
                Kind::Depth => probe.depths(x),
                _ => probe.distances(x),
            });
            let pairs = found.iter().zip([property, control]);
            pairs.map(|(found, gold)| ((found - gold).abs() * weights).sum_all()).collect()
        }
        _ => panic!("inputs: vectors, property and control, and for trees weights"),
    };
    &losses[0] + &losses[1]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Tree;

    fn gold(heads: &[Option<usize>]) -> Gold {
        let tree = Target::Tree(Tree::new(heads.to_vec()).unwrap());
        Gold { property: tree.clone(), control: tree, counted: vec![true; heads.len()] }
    }

    /// Padding changes neither the loss nor what is found: the loss of two sentences is the mean of their losses.
    #[test]
    fn the_loss_is_the_mean_over_sentences() {
        let gold = [gold(&[None, Some(0), Some(1)]), gold(&[None])];
        let all = Tensor::normal([4, 5], 0.0, 1.0, &mut Rng::new(3)).to_vec::<f32>();
        let vectors = [&all[..15], &all[15..]];
        for (kind, property) in [(Kind::Depth, "depth"), (Kind::Distance, "distance")] {
            let sets = ["task=probe", "data.dataset=probe-a", &format!("probe.property={property}")]
                .map(String::from);
            let keys: ProbeKeys = crate::tasks::load(None, &sets).unwrap().keys();
            let probes = probes(&keys, 5, 0, &mut Rng::new(1)).unwrap();
            let of = |chosen: &[usize]| {
                let batch = Batch { kind, width: 5, vectors: chosen.iter().map(|&i| vectors[i]).collect() };
                let inputs = batch.inputs(&chosen.iter().map(|&i| &gold[i]).collect::<Vec<_>>());
                (loss(kind, &probes, &inputs).item(), batch.found(&probes))
            };
            let (both, first, second) = (of(&[0, 1]), of(&[0]), of(&[1]));
            assert!((both.0 - (first.0 + second.0) / 2.0).abs() < 1e-5, "{property}");
            assert_eq!(both.1.len(), 2);
            let numbers = |prediction: &Prediction| match &prediction.property {
                Found::Depths(found) | Found::Distances(found) => found.clone(),
                Found::Labels(_) => panic!("a tree"),
            };
            let (all, one) = (numbers(&both.1[0]), numbers(&first.1[0]));
            assert!(all.iter().zip(&one).all(|(a, b)| (a - b).abs() < 1e-5));
            // By hand, from what is found.
            let (Target::Tree(tree), n) = (&gold[0].property, 3.0f64) else { panic!("a tree") };
            let (values, units) = match kind {
                Kind::Depth => (tree.depths(), n),
                _ => (tree.distances(), n * n),
            };
            let error = |found: &Found| -> f64 {
                let (Found::Depths(found) | Found::Distances(found)) = found else { panic!("a tree") };
                found.iter().zip(&values).map(|(a, &b)| (a - b as f64).abs()).sum::<f64>() / units
            };
            let expected = error(&first.1[0].property) + error(&first.1[0].control);
            assert!((first.0 - expected).abs() < 1e-4, "{} {expected}", first.0);
        }
    }

    #[test]
    fn the_likeliest_label_is_the_first_of_the_largest() {
        let half = 0.5f32.ln();
        let (label, p) = likeliest(&[f32::MIN, half, half]);
        assert!(label == 1 && (p - 0.5).abs() < 1e-6);
    }
}

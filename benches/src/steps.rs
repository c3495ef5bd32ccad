//! Whole training steps: forward, loss, backward, AdamW over every parameter, on token ids that change every step.

use gradus_engine::losses::{CrossEntropy, Reduction, cross_entropy};
use gradus_engine::optim::{Optimizer, OptimizerConfig, Rule};
use gradus_engine::{DType, Mode, Rng, Tensor};
use gradus_models::{BiLstm, BiLstmConfig, Classifier, TextCnn, TextCnnConfig};
use std::time::Instant;

/// The size of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Batch {
    /// V.
    pub vocabulary: usize,
    /// B.
    pub batch: usize,
    /// T.
    pub len: usize,
}

/// A named step.
pub struct Step {
    /// The name in the table.
    pub name: &'static str,
    /// The batch.
    pub batch: Batch,
    /// Makes the model.
    pub model: fn(&mut Rng) -> Box<dyn Classifier>,
}

/// The classifiers of the paper at the sizes of its Table 8.
pub const STEPS: &[Step] = &[
    Step {
        name: "train_textcnn",
        batch: Batch { vocabulary: 30_000, batch: 64, len: 400 },
        model: |rng| Box::new(TextCnn::new(TextCnnConfig::default(), rng)),
    },
    Step {
        name: "train_bilstm",
        batch: Batch { vocabulary: 30_000, batch: 64, len: 256 },
        model: |rng| Box::new(BiLstm::new(BiLstmConfig::default(), rng)),
    },
];

impl Batch {
    /// Token ids [B, T], uniform over the vocabulary.
    pub fn ids(&self, rng: &mut Rng) -> Tensor {
        let stream = rng.stream();
        let n = self.batch * self.len;
        let ids: Vec<i64> = (0..n as u64).map(|i| stream.below(i, self.vocabulary as u64) as i64).collect();
        Tensor::from_slice(&ids, [self.batch, self.len])
    }
}

/// Milliseconds of each of `runs` steps, after two that do not count.
pub fn time(step: &Step, runs: usize) -> Vec<f64> {
    let mut rng = Rng::new(1);
    let model = (step.model)(&mut rng);
    let mut optimizer =
        Optimizer::new(OptimizerConfig { weight_decay: 0.01, ..OptimizerConfig::new(Rule::adamw(), 1e-3) });
    let batches: Vec<Tensor> = (0..8).map(|_| step.batch.ids(&mut rng)).collect();
    let lengths = Tensor::full([step.batch.batch], step.batch.len as f64, DType::I64);
    let labels: Vec<i64> = (0..step.batch.batch as i64).map(|i| i % 2).collect();
    let labels = Tensor::from_slice(&labels, [step.batch.batch]);
    let mut times = vec![];
    for run in 0..runs + 2 {
        let start = Instant::now();
        let logits = model.logits(&batches[run % batches.len()], &lengths, &mut Mode::Train(&mut rng));
        let loss = cross_entropy(&logits, &labels, &CrossEntropy::default(), Reduction::Mean);
        let gradients = loss.backward();
        optimizer.step(model.as_ref(), &gradients);
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times.split_off(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_in_range() {
        let ids = Batch { vocabulary: 7, batch: 3, len: 50 }.ids(&mut Rng::new(1));
        assert!(ids.elements::<i64>().iter().all(|id| (0..7).contains(id)));
        assert_eq!(ids.shape(), [3, 50].into());
    }
}

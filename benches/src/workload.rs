//! The named workloads of `workloads.json`.

use serde::Deserialize;

/// One workload.
#[derive(Clone, Debug, Deserialize)]
pub struct Workload {
    /// The name in every table.
    pub name: String,
    /// How token ids are drawn in a training step.
    #[serde(default)]
    pub ids: Ids,
    /// The operation or training step, with its sizes.
    #[serde(flatten)]
    pub kind: Kind,
}

/// How token ids are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ids {
    /// Uniform.
    #[default]
    Uniform,
    /// As in natural text: P(rank) ∝ 1 / (rank + 2.7), rank from 0. Source: Mandelbrot, 1953.
    Zipf,
}

/// The layout of the operands of a matmul A·B in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// Both row-major. In a linear layer y = x Wᵀ, W [O, D], this is dX = dY W.
    #[default]
    Nn,
    /// B is a row-major [N, K], transposed: y = x Wᵀ.
    Nt,
    /// A is a row-major [K, M], transposed: dW = dYᵀ X.
    Tn,
}

impl Layout {
    /// The distances of A [M, K] and of B [K, N] from row to row and from column to column.
    pub fn strides(self, m: usize, k: usize, n: usize) -> [[usize; 2]; 2] {
        match self {
            Layout::Nn => [[k, 1], [n, 1]],
            Layout::Nt => [[k, 1], [1, k]],
            Layout::Tn => [[1, m], [n, 1]],
        }
    }
}

/// The operation or training step. Sizes have the names of the file.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Kind {
    Gemm {
        m: usize,
        k: usize,
        n: usize,
        #[serde(default)]
        layout: Layout,
    },
    Conv1d {
        batch: usize,
        len: usize,
        c_in: usize,
        c_out: usize,
        kernel: usize,
    },
    Lstm {
        batch: usize,
        len: usize,
        input: usize,
        hidden: usize,
        layers: usize,
    },
    Attention {
        batch: usize,
        heads: usize,
        len: usize,
        dim: usize,
        #[serde(default)]
        causal: bool,
    },
    CrfNll {
        batch: usize,
        len: usize,
        tags: usize,
    },
    CrfViterbi {
        batch: usize,
        len: usize,
        tags: usize,
    },
    Layernorm {
        rows: usize,
        dim: usize,
    },
    SoftmaxCe {
        rows: usize,
        classes: usize,
    },
    Adamw {
        rows: usize,
        dim: usize,
    },
    TrainTextcnn {
        vocab: usize,
        batch: usize,
        len: usize,
        embed: usize,
        filters: usize,
        kernels: Vec<usize>,
    },
    TrainBilstm {
        vocab: usize,
        batch: usize,
        len: usize,
        embed: usize,
        hidden: usize,
        layers: usize,
    },
    TrainBilstmCrf {
        vocab: usize,
        batch: usize,
        len: usize,
        embed: usize,
        hidden: usize,
        tags: usize,
    },
    TrainBidaf {
        vocab: usize,
        batch: usize,
        len: usize,
        question_len: usize,
        embed: usize,
        hidden: usize,
    },
    TrainEncoder(Transformer),
    TrainEncoderAttentionDropout(Transformer),
    TrainTransformerLm(Transformer),
    /// The fine-tuning of a BERT classifier.
    TrainBert(Transformer),
    /// Its logits, without gradients.
    Bert(Transformer),
    TrainLstmLm {
        vocab: usize,
        batch: usize,
        len: usize,
        embed: usize,
        hidden: usize,
        layers: usize,
    },
    TrainSeq2seqTransformer(Transformer),
    TrainSeq2seqRnn {
        vocab: usize,
        batch: usize,
        len: usize,
        embed: usize,
        hidden: usize,
    },
    /// Translations of a batch by beam search, all of the longest length.
    Translate {
        #[serde(flatten)]
        sizes: Transformer,
        beam: usize,
        longest: usize,
    },
}

/// The sizes of a transformer; one that translates has as many layers in its encoder as in its decoder.
#[derive(Clone, Copy, Debug, Deserialize)]
#[allow(missing_docs)]
pub struct Transformer {
    pub vocab: usize,
    pub batch: usize,
    pub len: usize,
    pub dim: usize,
    pub heads: usize,
    pub ff: usize,
    pub layers: usize,
}

/// All workloads; every training step a second time with Zipf's ids.
pub fn all() -> Vec<Workload> {
    #[derive(Deserialize)]
    struct File {
        workloads: Vec<Workload>,
    }
    // The file is compiled in, and a test reads it.
    let file: File =
        serde_json::from_str(include_str!("../workloads.json")).expect("workloads.json is well-formed");
    let twice = |w: Workload| match w.is_step() {
        true => vec![w.clone(), Workload { name: format!("{}_zipf", w.name), ids: Ids::Zipf, ..w }],
        false => vec![w],
    };
    file.workloads.into_iter().flat_map(twice).collect()
}

impl Workload {
    /// Whether this is a whole training step.
    pub fn is_step(&self) -> bool {
        self.name.starts_with("train_")
    }

    /// Whether this is the work of a whole program, of which the memory and the gain from threads are measured: a training step, or the
    /// translation of a batch.
    pub fn is_whole(&self) -> bool {
        self.is_step() || matches!(self.kind, Kind::Translate { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_file_is_well_formed() {
        let all = all();
        let names: HashSet<&str> = all.iter().map(|w| w.name.as_str()).collect();
        assert_eq!(names.len(), all.len(), "two workloads have one name");
        for workload in &all {
            let with = format!("{}_zipf", workload.name.trim_end_matches("_zipf"));
            assert_eq!(names.contains(with.as_str()), workload.is_step(), "{}", workload.name);
            assert_eq!(workload.ids == Ids::Zipf, workload.name.ends_with("_zipf"), "{}", workload.name);
        }
        for wanted in [Layout::Nn, Layout::Nt, Layout::Tn] {
            let has = |w: &Workload| matches!(w.kind, Kind::Gemm { layout, .. } if layout == wanted);
            assert!(all.iter().any(has), "no matmul has the layout {wanted:?}");
        }
    }
}

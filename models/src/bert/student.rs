use super::init::dense;
use super::{Bert, BertClassifier, BertOutput};
use crate::{Classifier, Embeds, Words};
use gradus_engine::losses::{hidden_regression, score_regression};
use gradus_engine::nn::Linear;
use gradus_engine::{Mode, Module, Param, Rng, Tensor, Visitor, no_grad};

/// A BERT classifier in training that imitates the layers of a larger BERT, its teacher, and the matrices that only this training
/// needs: W_e and W_h \[D_teacher, D\], where the widths differ.
///
/// Layer m of M imitates layer [g(m)](BertStudent::imitated) of the teacher's N. With x the embeddings and layers of the student and x′ those of
/// the teacher, and a the attention scores before the softmax, the distance is
///
/// MSE(W_e x₀, x′₀) + Σ_m MSE(W_h x_m, x′_g(m)) + Σ_m MSE(a_m, a′_g(m)).
///
/// Source: Jiao et al., "TinyBERT: Distilling BERT for natural language understanding", EMNLP findings 2020, section 3.1, with the
/// layers numbered from 1.
#[derive(Clone, Debug)]
pub struct BertStudent {
    /// The student, all that is kept of it after training.
    pub classifier: BertClassifier,
    embeddings: Option<Linear>,
    hidden: Option<Linear>,
}

impl BertStudent {
    /// A student of a teacher with hidden states of `width`.
    pub fn new(classifier: BertClassifier, width: usize, rng: &mut Rng) -> Self {
        let own = classifier.bert.width();
        let mut projection = || (own != width).then(|| Linear { bias: None, ..dense(own, width, rng) });
        let (embeddings, hidden) = (projection(), projection());
        BertStudent { classifier, embeddings, hidden }
    }

    /// g(m) = m N / M, rounded: the layer of a teacher of N layers that layer m of M imitates; both are numbered from 1.
    pub fn imitated(m: usize, layers: usize, of_teacher: usize) -> usize {
        (2 * m * of_teacher + layers) / (2 * layers)
    }

    /// Logits [B, K], and the distance to the teacher's layers; that of the scores only if `scores`. Nothing is trained in the
    /// teacher, which reads the same pieces in evaluation.
    ///
    /// # Panics
    /// If the teacher has fewer layers or another width than the student was made for; with `scores`, if it has another number
    /// of heads.
    #[track_caller]
    pub fn taught(&self, words: &Words, teacher: &Bert, scores: bool, mode: &mut Mode) -> (Tensor, Tensor) {
        let (logits, own) = self.classifier.read(words, mode);
        let theirs = no_grad(|| teacher.forward(words.ids, None, &words.real(), &mut Mode::Eval));
        let project = |matrix: &Option<Linear>, x: &Tensor| match matrix {
            Some(matrix) => matrix.forward(x),
            None => x.clone(),
        };
        let lengths = words.lengths;
        let embeddings = project(&self.embeddings, &own.layers[0]);
        let mut distance = hidden_regression(&embeddings, &theirs.layers[0], lengths);
        let layers = [&own, &theirs].map(|output: &BertOutput| output.layers.len() - 1);
        assert!(layers[0] <= layers[1], "bert student: {} layers cannot imitate {}", layers[0], layers[1]);
        for m in 1..=layers[0] {
            let g = Self::imitated(m, layers[0], layers[1]);
            let hidden = project(&self.hidden, &own.layers[m]);
            distance = distance + hidden_regression(&hidden, &theirs.layers[g], lengths);
            if scores {
                let a = self.classifier.bert.attention_scores(&own, m);
                let b = no_grad(|| teacher.attention_scores(&theirs, g));
                distance = distance + score_regression(&a, &b, lengths);
            }
        }
        (logits, distance)
    }
}

impl Classifier for BertStudent {
    #[track_caller]
    fn logits(&self, words: &Words, mode: &mut Mode) -> Tensor {
        self.classifier.logits(words, mode)
    }

    #[track_caller]
    fn attentions(&self, words: &Words) -> Vec<Tensor> {
        self.classifier.attentions(words)
    }

    fn reads_from(&self, t: usize) -> Vec<f64> {
        self.classifier.reads_from(t)
    }

    fn student(&self) -> Option<&BertStudent> {
        Some(self)
    }
}

impl Embeds for BertStudent {
    #[track_caller]
    fn embed(&self, words: &Words, mode: &mut Mode) -> Tensor {
        Embeds::embed(&self.classifier, words, mode)
    }

    fn word_table(&self) -> &Param {
        self.classifier.word_table()
    }
}

impl Module for BertStudent {
    fn visit(&self, v: &mut Visitor) {
        v.module("student", &self.classifier);
        v.module("embeddings", &self.embeddings);
        v.module("hidden", &self.hidden);
    }
}

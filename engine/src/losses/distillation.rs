use super::Reduction;
use crate::Tensor;
use crate::nn::Crf;

/// T² KL(p ‖ q) of each row, with p = softmax(teacher / T) and q = softmax(student / T): soft targets, both logits [R, K]. No
/// gradient flows into the teacher's. Its gradient in the student's is T (q − p), so that its size does not depend on T where
/// T is large.
///
/// In f32, the loss is wrong by about 10⁻⁷ T², which from T of some hundreds on is more than the divergence; its gradient is right
/// to 10⁻⁴ at T of 1000.
///
/// Source: Hinton, Vinyals, Dean, "Distilling the knowledge in a neural network", 2015, section 2.
///
/// # Panics
/// If the shapes differ or are not [R, K], or T is not positive.
#[track_caller]
pub fn soft_targets(student: &Tensor, teacher: &Tensor, temperature: f64, reduction: Reduction) -> Tensor {
    check_both("soft targets", student, teacher, 2);
    assert!(temperature > 0.0, "soft targets: the temperature must be above 0, it is {temperature}");
    let log_p = (teacher.detach() / temperature).log_softmax();
    let log_q = (student / temperature).log_softmax();
    reduction.apply(&(divergence(&log_p, &log_q) * (temperature * temperature)))
}

/// ‖student − teacher‖² of each row of logits [R, K]. No gradient flows into the teacher's.
///
/// Source: Tang et al., "Distilling task-specific knowledge from BERT into simple neural networks", 2019, equation 3.
///
/// # Panics
/// If the shapes differ or are not [R, K].
#[track_caller]
pub fn logit_regression(student: &Tensor, teacher: &Tensor, reduction: Reduction) -> Tensor {
    check_both("logit regression", student, teacher, 2);
    reduction.apply(&(student - &teacher.detach()).square().sum(&[1]))
}

/// Mean over tokens of KL(p ‖ q), with p the teacher's and q the CRF's marginals of a token's tags. Emissions [B, T, K], the
/// teacher's log p [B, T, K], lengths [B] (`i64`). No gradient flows into the teacher's.
///
/// # Panics
/// If the shapes do not fit.
#[track_caller]
pub fn token_soft_targets(crf: &Crf, emissions: &Tensor, teacher: &Tensor, lengths: &Tensor) -> Tensor {
    check_both("token soft targets", emissions, teacher, 3);
    let t = emissions.dim(1);
    let real = real_places(t, lengths);
    let zero = Tensor::zeros([], emissions.kind());
    let real_only = |x: &Tensor| real.unsqueeze(2).select(x, &zero);
    let log_q = real_only(&crf.log_marginals(emissions, lengths));
    let rows = divergence(&real_only(&teacher.detach()), &log_q);
    rows.sum_all() / real.to_dtype(emissions.dtype()).sum_all()
}

/// Mean of (student − teacher)² over the real places and D: hidden states [B, T, D], lengths [B] (`i64`). No gradient flows into
/// the teacher's. Without a real place it is 0.
///
/// Source: Jiao et al., "TinyBERT: Distilling BERT for natural language understanding", EMNLP findings 2020, equations 8 and 9.
///
/// # Panics
/// If the shapes do not fit.
#[track_caller]
pub fn hidden_regression(student: &Tensor, teacher: &Tensor, lengths: &Tensor) -> Tensor {
    check_both("hidden regression", student, teacher, 3);
    mean_of_real(&(student - &teacher.detach()), &real_places(student.dim(1), lengths).unsqueeze(2))
}

/// Mean of (student − teacher)² over the heads and the pairs of real places: attention scores before the softmax [B, N, T, T],
/// lengths [B] (`i64`). No gradient flows into the teacher's. Without a real place it is 0.
///
/// Source: Jiao et al. 2020, equation 7.
///
/// # Panics
/// If the shapes do not fit.
#[track_caller]
pub fn score_regression(student: &Tensor, teacher: &Tensor, lengths: &Tensor) -> Tensor {
    check_both("score regression", student, teacher, 4);
    let (b, t) = (student.dim(0), student.dim(3));
    let real = real_places(t, lengths);
    let [from, to] = [real.reshape([b, 1, t, 1]), real.reshape([b, 1, 1, t])];
    mean_of_real(&(student - &teacher.detach()), &from.and(&to))
}

/// A mask [B, T] of the places before the lengths.
fn real_places(t: usize, lengths: &Tensor) -> Tensor {
    Tensor::arange(t).to_device(lengths.device()).reshape([1, t]).lt(&lengths.reshape([lengths.count(), 1]))
}

/// The mean of the squares at real places; `real` broadcasts to the differences.
fn mean_of_real(difference: &Tensor, real: &Tensor) -> Tensor {
    let kind = difference.kind();
    let square = real.select(difference, &Tensor::zeros([], kind)).square();
    let each = difference.count() / real.count().max(1);
    let count = (real.to_dtype(difference.dtype()).sum_all() * each as f64).clamp(1.0, f64::MAX);
    square.sum_all() / count
}

/// Σ p (log p − log q) over the last axis. What has p = 0 counts 0, even where log p is −∞.
#[track_caller]
fn divergence(log_p: &Tensor, log_q: &Tensor) -> Tensor {
    let p = log_p.exp();
    let difference = log_p.clamp(f64::from(f32::MIN), f64::INFINITY) - log_q;
    (p * difference).sum(&[-1])
}

#[track_caller]
fn check_both(loss: &str, student: &Tensor, teacher: &Tensor, rank: usize) {
    let (found, wanted) = (teacher.shape(), student.shape());
    assert!(
        found == wanted && found.rank() == rank,
        "{loss}: the teacher's {found:?} and the student's {wanted:?} must be the same shape of {rank} axes"
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DType, Grad, Param, Rng};

    fn random(shape: [usize; 2], seed: u64) -> Tensor {
        Tensor::normal(shape, 0.0, 2.0, &mut Rng::new(seed)).to_dtype(DType::F64)
    }

    #[test]
    fn soft_targets_have_their_gradient() {
        let (student, teacher) = (Param::new(random([3, 4], 1)), random([3, 4], 2));
        for t in [1.0, 2.5] {
            let loss = soft_targets(&student.tensor(), &teacher, t, Reduction::Sum);
            assert!(loss.item() > 0.0);
            let gradients = loss.backward();
            let Some(Grad::Dense(gradient)) = gradients.of(&student) else { panic!("no dense gradient") };
            let gradient = gradient.to_vec::<f64>();
            let [q, p] = [&student.value(), &teacher].map(|x| (x / t).softmax());
            let expected = ((q - p) * t).to_vec::<f64>();
            assert!(gradient.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-12), "{t}");
        }
        assert!(soft_targets(&teacher, &teacher, 3.0, Reduction::Mean).item().abs() < 1e-15);
    }

    #[test]
    fn known_values() {
        // p = (3/4, 1/4), q = (1/2, 1/2): KL = 3/4 ln 3/2 + 1/4 ln 1/2.
        let teacher = Tensor::from_slice(&[3f64.ln(), 0.0], [1, 2]);
        let student = Tensor::zeros([1, 2], teacher.kind());
        let expected = 0.75 * 1.5f64.ln() + 0.25 * 0.5f64.ln();
        assert!((soft_targets(&student, &teacher, 1.0, Reduction::Mean).item() - expected).abs() < 1e-15);
        let squared = logit_regression(&student, &teacher, Reduction::Mean).item();
        assert!((squared - 3f64.ln().powi(2)).abs() < 1e-15);
        // A class that the teacher excludes counts 0.
        let teacher = Tensor::from_slice(&[0.0, f64::NEG_INFINITY], [1, 2]);
        let excluded = soft_targets(&student, &teacher, 1.0, Reduction::Mean).item();
        assert!((excluded - 2f64.ln()).abs() < 1e-15, "{excluded}");
    }

    #[test]
    fn tokens_are_compared_by_their_marginals() {
        let crf = Crf::new(3, &mut Rng::new(1));
        let emissions = Tensor::normal([2, 4, 3], 0.0, 1.0, &mut Rng::new(2));
        let lengths = Tensor::from_slice(&[4i64, 2], [2]);
        let own = crf.log_marginals(&emissions, &lengths);
        assert!(token_soft_targets(&crf, &emissions, &own, &lengths).item().abs() < 1e-6);
        // Gold tags as a teacher that is certain: the cross-entropy of the marginals.
        let tags = Tensor::from_slice(&[0i64, 2, 1, 1, 2, 0, 0, 0], [2, 4]);
        let certain = tags.one_hot(3, DType::F32).ln();
        let soft = token_soft_targets(&crf, &emissions, &certain, &lengths).item();
        let hard = super::super::token_cross_entropy(&crf, &emissions, &tags, &lengths).item();
        assert!((soft - hard).abs() < 1e-6, "{soft} {hard}");
    }
}

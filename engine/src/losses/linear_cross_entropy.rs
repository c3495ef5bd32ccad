use super::{CrossEntropy, Reduction};
use crate::Tensor;

/// Cross-entropy of the logits x Wᵀ + b, which are never stored as a whole: x [R, D], W [K, D], b [K], labels `i64` [R] → a scalar.
///
/// Equal to [`cross_entropy`](super::cross_entropy) of [`linear`](Tensor::linear), for a K so large that [R, K] fills the memory. The
/// mean is over the rows that are not ignored; it is 0 if all are. There are no class weights.
#[track_caller]
pub fn linear_cross_entropy(
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    labels: &Tensor,
    options: &CrossEntropy,
    reduction: Reduction,
) -> Tensor {
    let sum = x.linear_cross_entropy(weight, bias, labels, options);
    match (reduction, options.ignore) {
        (Reduction::Sum, _) => sum,
        (Reduction::Mean, None) => sum * (1.0 / labels.count().max(1) as f64),
        (Reduction::Mean, Some(ignored)) => {
            let counted =
                labels.ne(&Tensor::full([], ignored as f64, labels.kind())).to_dtype(sum.dtype()).sum_all();
            sum / counted.masked_fill(&counted.eq_scalar(0.0), 1.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::losses::cross_entropy;
    use crate::{DType, Rng};

    #[test]
    fn it_is_the_cross_entropy_of_the_logits() {
        let mut rng = Rng::new(1);
        let normal = |shape: &[usize], rng: &mut Rng| {
            Tensor::normal(shape, 0.0, 1.0, rng).to_dtype(DType::F64).variable()
        };
        let (x, w, b) = (normal(&[300, 4], &mut rng), normal(&[7, 4], &mut rng), normal(&[7], &mut rng));
        let labels = Tensor::from_slice(&(0..300).map(|i| i % 7).collect::<Vec<i64>>(), [300]);
        for reduction in [Reduction::Mean, Reduction::Sum] {
            for (smoothing, ignore) in [(0.0, None), (0.1, Some(3))] {
                let options = CrossEntropy { weights: None, smoothing, ignore };
                let fused = linear_cross_entropy(&x, &w, Some(&b), &labels, &options, reduction);
                let whole = cross_entropy(&x.linear(&w, Some(&b)), &labels, &options, reduction);
                assert!(
                    (fused.item() - whole.item()).abs() < 1e-10 * whole.item(),
                    "{reduction:?} {options:?}"
                );
                let (fused, whole) = (fused.backward(), whole.backward());
                for p in [&x, &w, &b] {
                    let [a, b] = [&fused, &whole].map(|g| g.get(p).unwrap().to_f64());
                    assert!(
                        a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-10),
                        "{reduction:?} {options:?}"
                    );
                }
            }
        }
        let none = CrossEntropy { ignore: Some(2), ..CrossEntropy::default() };
        let twos = Tensor::full([300], 2.0, DType::I64);
        assert_eq!(linear_cross_entropy(&x, &w, None, &twos, &none, Reduction::Mean).item(), 0.0);
    }
}

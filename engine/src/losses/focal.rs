use super::Reduction;
use crate::Tensor;

/// Focal loss: −(1 − p_y)^γ log p_y, from logits [R, K] and labels `i64` [R]; γ = 0 is cross-entropy.
///
/// Source: Lin, Goyal, Girshick, He, Dollár, "Focal loss for dense object detection", ICCV 2017, equation 4; paper,
/// section 3.2.
#[track_caller]
pub fn focal(logits: &Tensor, labels: &Tensor, gamma: f64, reduction: Reduction) -> Tensor {
    super::check_labels("focal", logits, labels);
    let log_p = logits.log_softmax().take_along(&labels.unsqueeze(1)).squeeze(-1);
    reduction.apply(&focal_of(&log_p, gamma))
}

/// −(1 − p)^γ log p of each log-probability, from a softmax or from the marginals of a CRF.
///
/// 1 − p is computed as −expm1(log p): near p = 1 the subtraction would lose all digits.
#[track_caller]
pub fn focal_of(log_p: &Tensor, gamma: f64) -> Tensor {
    assert!(gamma >= 0.0, "focal: γ = {gamma} must not be negative");
    if gamma == 0.0 {
        return log_p.neg();
    }
    // At p = 1 the derivative of the power is infinite for γ < 1 and log p is 0. Clamped above 0, 1 − p passes no gradient.
    let miss = log_p.exp_m1().neg().clamp(f64::from(f32::MIN_POSITIVE), 1.0);
    (miss.powf(gamma) * log_p).neg()
}

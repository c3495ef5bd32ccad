use super::Explained;
use super::explained::{by_word, gradients};

/// a_t = Σ_d x_td ∂F/∂x_td: the first-order estimate of what F loses if the vector of word t becomes 0.
///
/// Source: Shrikumar, Greenside, Shcherbina, Kundaje, "Not just a black box: learning important features through
/// propagating activation differences", 2016, section 2; Ancona, Ceolini, Öztireli, Gross, ICLR 2018, table 1.
pub(super) fn attributions(subject: &dyn Explained) -> Vec<f64> {
    let x = subject.vectors().detach();
    let (_, gradient) = gradients(subject, &x.unsqueeze(0));
    by_word(&(x * gradient.squeeze(0)))
}

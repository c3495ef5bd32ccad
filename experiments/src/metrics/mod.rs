//! Metrics: from gold and predicted to numbers, each equal to its field's reference implementation.
//!
//! | file | holds |
//! | --- | --- |
//! | [`classification`] | accuracy, precision, recall, F1 by class and averaged, as scikit-learn |
//! | [`bootstrap`] | whether two systems differ, by any metric that follows from sums over examples |
//! | [`mcnemar`] | whether two systems are right equally often, exactly |

pub mod bootstrap;
pub mod classification;
pub mod mcnemar;

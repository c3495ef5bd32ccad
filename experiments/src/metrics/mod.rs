//! Metrics: from gold and predicted to numbers, each equal to its field's reference implementation.
//!
//! | file | holds |
//! | --- | --- |
//! | [`classification`] | accuracy, precision, recall, F1 by class and averaged, as scikit-learn |
//! | [`entities`] | precision, recall, F1 by entity, as conlleval, and by plain tag |
//! | [`reading`] | exact match and F1 of answers, as SQuAD's scripts, v1.1 and v2.0 |
//! | [`bootstrap`] | whether two systems differ, by any metric that follows from sums over examples |
//! | [`mcnemar`] | whether two systems are right equally often, exactly |

pub mod bootstrap;
pub mod classification;
pub mod entities;
pub mod mcnemar;
pub mod reading;

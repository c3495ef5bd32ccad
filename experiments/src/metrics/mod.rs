//! Metrics that compare gold and predicted values, each equal to the reference implementation of its field.
//!
//! | file | holds |
//! | --- | --- |
//! | [`classification`] | accuracy, precision, recall, F1 by class and averaged, as scikit-learn |
//! | [`entities`] | precision, recall, F1 by entity, as conlleval, and by plain tag |
//! | [`reading`] | exact match and F1 of answers, as SQuAD's scripts, v1.1 and v2.0 |
//! | [`translation`] | BLEU and chrF, as sacreBLEU |
//! | [`perplexity`](mod@perplexity) | the perplexity of a loss, however large |
//! | [`spearman`](mod@spearman) | Spearman's rank correlation |
//! | [`spanning`] | the tree that distances of words describe |
//! | [`bootstrap`] | whether two systems differ in a metric that is a function of sums over examples |
//! | [`mcnemar`] | whether two systems are right equally often (exact test) |

pub mod bootstrap;
pub mod classification;
pub mod entities;
pub mod mcnemar;
pub mod perplexity;
pub mod reading;
pub mod spanning;
pub mod spearman;
pub mod translation;

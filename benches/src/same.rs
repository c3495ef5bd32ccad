//! Whether three steps without dropout end with the same weights as a peer's, from the same start and on the same batches.
//!
//! Both take these steps by SGD with momentum, as the golden files do, whichever optimizer is timed: its step is
//! proportional to the gradient, so that rounding errors stay small. The first steps of AdamW are the sign of the gradient,
//! so an element whose gradient is almost 0 may move a whole step in the wrong direction. The velocities are compared as well
//! as the weights, because an embedding's gradient may be so small that its sum with a weight keeps only a few of its bits.

use crate::steps::{Batch, Learner};
use anyhow::{Context, Result, ensure};
use gradus_engine::optim::{Optimizer, OptimizerConfig, Rule};
use gradus_engine::state::{StateDict, load_state_dict, read_tensors};
use gradus_engine::{Mode, Tensor};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::Path;

/// The learning rate of these steps.
pub const RATE: f64 = 1e-3;
/// The momentum of these steps.
pub const MOMENTUM: f64 = 0.9;

/// The largest relative difference of a loss that rounding may cause.
const OF_LOSS: f64 = 1e-5;
/// The largest difference of a parameter that rounding may cause, as a share of its change, both as Euclidean norms. Usually
/// it is 10⁻⁶ to 10⁻⁴. But if two windows of a maximum over time differ only by rounding, one sentence's gradient of that
/// maximum goes to the other window: a hundredth of the change of a convolution's weight.
const OF_PARAMETER: f64 = 0.02;
/// The largest difference of one element that rounding may cause, as a share of the largest change within its parameter.
const OF_ELEMENT: f64 = 0.5;

/// The ends of the names of parameters whose true gradient is 0, because they shift all scores of a softmax: their change consists
/// of rounding errors.
const FREE: [&str; 4] = ["wc.bias", "p1.bias", "p2.bias", "self.key.bias"];

/// The distance between the ends of two trainings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Distance {
    /// |ours − theirs| / |theirs| of the loss that differs most.
    pub loss: f64,
    /// The parameter that differs most.
    pub parameter: Parameter,
}

/// The distance between the ends of a parameter, and its element that differs most.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parameter {
    /// The name of the parameter.
    pub name: String,
    /// ‖ours − theirs‖ / ‖theirs − initial‖.
    pub share: f64,
    /// The indices of the element.
    pub index: Vec<usize>,
    /// The element before the steps.
    pub initial: f64,
    /// The element after them, in Gradus.
    pub ours: f64,
    /// The element after them, in the peer.
    pub theirs: f64,
    /// |ours − theirs| divided by the largest |theirs − initial| of all elements.
    pub element_share: f64,
}

impl Distance {
    /// Whether rounding explains the difference.
    pub fn is_rounding(&self) -> bool {
        self.loss < OF_LOSS && self.parameter.excess() < 1.0
    }
}

impl fmt::Display for Distance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Parameter { name, share, index, initial, ours, theirs, element_share } = &self.parameter;
        write!(
            f,
            "the losses differ by {:.1e}, {name} by {share:.1e} of its change; furthest off is {name}{index:?}, which \
             went from {initial} to {ours}, in the peer to {theirs}: {element_share:.1e} of the largest change there",
            self.loss
        )
    }
}

impl Parameter {
    /// Compares a parameter; each of the three slices holds all its elements.
    fn compare(name: &str, shape: &[usize], initial: &[f64], ours: &[f64], theirs: &[f64]) -> Self {
        // Each step rounds the weight itself by half an ulp, in Gradus and in the peer; this is not counted as a difference.
        let apart = |i: usize| {
            let beyond = (ours[i] - theirs[i]).abs() - 3.0 * f64::from(f32::EPSILON) * theirs[i].abs();
            if beyond.is_nan() { f64::INFINITY } else { beyond.max(0.0) }
        };
        let change = |i: usize| (theirs[i] - initial[i]).abs();
        let all = 0..ours.len();
        let norm = |f: &dyn Fn(usize) -> f64| all.clone().map(|i| f(i).powi(2)).sum::<f64>().sqrt();
        let share = |part: f64, whole: f64| if part == 0.0 { 0.0 } else { part / whole };
        let furthest = all.clone().max_by(|&i, &j| apart(i).total_cmp(&apart(j))).unwrap_or(0);
        Parameter {
            name: name.to_owned(),
            share: share(norm(&apart), norm(&change)),
            index: place(furthest, shape),
            initial: initial[furthest],
            ours: ours[furthest],
            theirs: theirs[furthest],
            element_share: share(apart(furthest), all.map(change).fold(0.0, f64::max)),
        }
    }

    /// The difference divided by its limit.
    fn excess(&self) -> f64 {
        let excess = (self.share / OF_PARAMETER).max(self.element_share / OF_ELEMENT);
        if self.share.is_nan() || self.element_share.is_nan() { f64::INFINITY } else { excess }
    }
}

/// The indices of the `i`-th element.
fn place(mut i: usize, shape: &[usize]) -> Vec<usize> {
    let mut indices: Vec<usize> = shape
        .iter()
        .rev()
        .map(|&n| {
            let index = i % n;
            i /= n;
            index
        })
        .collect();
    indices.reverse();
    indices
}

/// Runs the three steps of the file.
///
/// # Errors
/// The file cannot be read or belongs to another model.
pub fn distance(learner: &dyn Learner, file: &Path) -> Result<Distance> {
    let (tensors, _) = read_tensors(file)?;
    let of = |name: &str| tensors.get(name).with_context(|| format!("{}: {name} is missing", file.display()));
    let initial: StateDict =
        tensors.iter().filter_map(|(n, t)| Some((n.strip_prefix("param.")?.to_owned(), t.clone()))).collect();
    load_state_dict(learner.module(), &initial, file)?;
    let targets: Vec<Tensor> = (0..).map_while(|i| tensors.get(&format!("in.target.{i}")).cloned()).collect();
    ensure!(!targets.is_empty(), "{}: the targets are missing", file.display());
    let mut optimizer = Optimizer::new(OptimizerConfig::new(Rule::sgd(MOMENTUM), RATE));
    let mut losses = vec![];
    for i in 0..3 {
        let batch = Batch {
            ids: of(&format!("in.ids.{i}"))?,
            second: tensors.get(&format!("in.second.{i}")),
            targets: &targets,
        };
        let loss = learner.loss(&batch, &mut Mode::Eval);
        losses.push(loss.item());
        optimizer.step(learner.module(), &loss.backward());
    }
    let theirs = of("out.losses")?.to_f64();
    ensure!(theirs.len() == losses.len(), "{}: expected 3 losses, found {}", file.display(), theirs.len());
    let apart = losses.iter().zip(&theirs).map(|(a, b)| (a - b).abs() / b.abs());
    // In this order, NaN is the largest.
    let loss = apart.max_by(f64::total_cmp).unwrap_or(f64::NAN);
    let (velocities, _) = optimizer.state();
    let mut worst: Option<Parameter> = None;
    for (name, param) in
        learner.module().named_params().iter().filter(|(n, _)| !FREE.iter().any(|free| n.ends_with(free)))
    {
        let (value, initial) = (param.value(), of(&format!("param.{name}"))?.to_f64());
        let mut compare = |what: String, file_name: String, initial: &[f64], ours: &Tensor| -> Result<()> {
            let theirs = of(&file_name)?.to_f64();
            let all = ours.count();
            ensure!(
                [initial.len(), theirs.len()] == [all; 2],
                "{}: {file_name} should have {all} elements",
                file.display()
            );
            let found = Parameter::compare(&what, &value.shape(), initial, &ours.to_f64(), &theirs);
            if worst.as_ref().is_none_or(|worst| found.excess() > worst.excess()) {
                worst = Some(found);
            }
            Ok(())
        };
        compare(name.clone(), format!("out.{name}"), &initial, &value)?;
        let ours = velocities.get(&format!("{name}.momentum_buffer"));
        let ours = ours.with_context(|| format!("{name} has no velocity"))?;
        let what = format!("the velocity of {name}");
        compare(what, format!("velocity.{name}"), &vec![0.0; initial.len()], ours)?;
    }
    let parameter = worst.with_context(|| format!("{}: the model has no parameters", file.display()))?;
    Ok(Distance { loss, parameter })
}

#[cfg(test)]
mod tests {
    use super::*;

    const INITIAL: [f64; 6] = [1.0, -2.0, 0.5, 0.25, 0.0, 3.0];

    /// Every element changes by ±0.01 in the peer; `change` gives the values of Gradus.
    fn compared(change: impl Fn(usize, f64) -> f64) -> Parameter {
        let theirs: Vec<f64> = INITIAL.iter().enumerate().map(|(i, x)| x + [0.01, -0.01][i % 2]).collect();
        let ours: Vec<f64> = theirs.iter().enumerate().map(|(i, &x)| change(i, x)).collect();
        Parameter::compare("w", &[2, 3], &INITIAL, &ours, &theirs)
    }

    fn distance(loss: f64, parameter: Parameter) -> Distance {
        Distance { loss, parameter }
    }

    #[test]
    fn rounding_is_no_difference() {
        let same = compared(|_, x| x);
        assert_eq!([same.share, same.element_share], [0.0; 2]);
        // An ulp of each weight.
        assert_eq!(compared(|_, x| x * (1.0 + 1.2e-7)).share, 0.0);
        assert!(distance(2e-7, compared(|_, x| x + 1e-5)).is_rounding());
    }

    #[test]
    fn an_element_that_went_the_other_way_is_named() {
        let apart = compared(|i, x| if i == 4 { -x } else { x });
        assert_eq!((apart.index.as_slice(), apart.ours, apart.theirs), (&[1, 1][..], -0.01, 0.01));
        assert!((apart.element_share - 2.0).abs() < 1e-6 && apart.excess() > 7.9, "{apart:?}");
        let distance = distance(0.0, apart);
        assert!(!distance.is_rounding());
        let text = distance.to_string();
        assert!(text.contains("w[1, 1], which went from 0 to -0.01, in the peer to 0.01"), "{text}");
    }

    #[test]
    fn all_elements_a_little_off_are_another_computation() {
        let apart = compared(|i, x| x + 0.1 * (x - INITIAL[i]));
        assert!((apart.share - 0.1).abs() < 1e-4 && apart.element_share < OF_ELEMENT, "{apart:?}");
        assert!(!distance(0.0, apart).is_rounding());
    }

    #[test]
    fn nan_and_another_loss_are_another_computation() {
        assert!(!distance(0.0, compared(|i, x| if i == 2 { f64::NAN } else { x })).is_rounding());
        for loss in [1e-3, f64::NAN] {
            assert!(!distance(loss, compared(|_, x| x)).is_rounding());
        }
        // The peer's parameter does not change, ours does.
        let moved = Parameter::compare("b", &[1], &[1.0], &[1.1], &[1.0]);
        assert!(!distance(0.0, moved).is_rounding());
    }

    #[test]
    fn places_are_row_major() {
        assert_eq!(place(0, &[2, 3, 4]), [0, 0, 0]);
        assert_eq!(place(23, &[2, 3, 4]), [1, 2, 3]);
        assert_eq!(place(7, &[2, 3, 4]), [0, 1, 3]);
        assert!(place(0, &[]).is_empty());
    }
}

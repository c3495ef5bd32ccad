//! How faithful explanations of a model's outputs are, in the mean over some examples of a split.

use super::task::Task;
use crate::data::{Split, split};
use crate::explain::{Areas, Control, Explanation, Method, Which, control, explain};
use std::collections::BTreeMap;

/// Faithfulness and agreement of methods, in the mean over outputs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faithful {
    /// The number of outputs that were explained.
    pub outputs: usize,
    /// The number of examples of which no output can be explained.
    pub left_out: usize,
    /// The methods that the model allows, then a random order of the words.
    pub methods: Vec<OfMethod>,
}

/// The means of a method.
#[derive(Clone, Debug, PartialEq)]
pub struct OfMethod {
    /// The method; none for a random order of the words.
    pub method: Option<Method>,
    /// The areas under the deletion and the insertion curve.
    pub areas: Areas,
    /// The rank correlation with each other method, over the outputs where it is defined.
    pub agreement: Vec<(Method, f64)>,
}

impl OfMethod {
    /// Its numbers by name: `deletion`, `insertion`, the mean `agreement` and, of each other method, `agreement_METHOD`.
    pub fn numbers(&self) -> BTreeMap<String, f64> {
        let [deletion, insertion] = self.areas;
        let mut numbers =
            BTreeMap::from([("deletion".to_owned(), deletion), ("insertion".into(), insertion)]);
        numbers.extend(mean(self.agreement.iter().map(|(_, rho)| *rho)).map(|rho| ("agreement".into(), rho)));
        numbers
            .extend(self.agreement.iter().map(|(other, rho)| (format!("agreement_{}", other.name()), *rho)));
        numbers
    }
}

/// The examples to explain.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// How many; 0 means all.
    pub limit: usize,
    /// The seed that draws them and the random orders.
    pub seed: u64,
}

/// Explains, for a sample of a split, the outputs of which the model of a task is most certain, by all methods that it allows.
pub(super) fn faithful<T: Task>(
    task: &T,
    model: &T::Model,
    split: Split,
    sample: Sample,
) -> Result<Faithful, String> {
    let mut explained: Vec<(Explanation, Control)> = vec![];
    let (mut left_out, mut why) = (0, String::new());
    for example in split::sample(task.lengths(split).len(), sample.limit, sample.seed) {
        let Some(ask) = task.ask(split, example) else {
            return Err(format!("the task {} has no texts whose outputs can be explained", T::NAME));
        };
        match task.explained(model, &ask, &Which::default()) {
            Ok(outputs) => {
                for output in outputs {
                    let explanation = explain(output.as_ref(), &[])?;
                    let control = control(output.as_ref(), &explanation, sample.seed, example as u64);
                    explained.push((explanation, control));
                }
            }
            Err(fault) => (left_out, why) = (left_out + 1, fault),
        }
    }
    if explained.is_empty() {
        return Err(format!("the {split} split has no example whose output can be explained: {why}"));
    }
    let of = |method: &Option<Method>| OfMethod {
        method: *method,
        areas: [0, 1]
            .map(|curve| mean(areas(&explained, *method).map(|areas| areas[curve])).unwrap_or_default()),
        agreement: agreement(&explained, *method),
    };
    let methods: Vec<Option<Method>> =
        explained[0].0.attributions.iter().map(|a| Some(a.method)).chain([None]).collect();
    Ok(Faithful { outputs: explained.len(), left_out, methods: methods.iter().map(of).collect() })
}

/// The areas of a method, or of the control, for each output.
fn areas(explained: &[(Explanation, Control)], method: Option<Method>) -> impl Iterator<Item = Areas> + '_ {
    explained.iter().filter_map(move |(explanation, control)| match method {
        None => Some(control.areas),
        Some(method) => explanation.attributions.iter().find(|a| a.method == method).map(|a| a.areas),
    })
}

/// The mean rank correlations of a method, or of the control, with the other methods.
fn agreement(explained: &[(Explanation, Control)], method: Option<Method>) -> Vec<(Method, f64)> {
    let with = |other: Method| {
        let of_output = |(explanation, control): &(Explanation, Control)| match method {
            None => control.agreement.iter().find(|(with, _)| *with == other)?.1,
            Some(method) => {
                let pair = |(a, b, _): &&(Method, Method, _)| [(*a, *b), (*b, *a)].contains(&(method, other));
                explanation.agreement.iter().find(pair)?.2
            }
        };
        Some((other, mean(explained.iter().filter_map(of_output))?))
    };
    Method::ALL.into_iter().filter_map(with).collect()
}

/// The mean of some numbers; none without numbers.
fn mean(numbers: impl Iterator<Item = f64>) -> Option<f64> {
    let (n, sum) = numbers.fold((0, 0.0), |(n, sum), x| (n + 1, sum + x));
    (n > 0).then(|| sum / f64::from(n))
}

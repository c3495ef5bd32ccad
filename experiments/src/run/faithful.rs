//! How faithful explanations of a model's outputs are, in the mean over some examples of a split.

use super::task::Task;
use crate::data::{Split, split};
use crate::explain::{Areas, Explanation, Method, Which, explain, random_areas};
use std::collections::BTreeMap;

/// Faithfulness and agreement of methods, in the mean over outputs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faithful {
    /// The number of outputs that were explained.
    pub outputs: usize,
    /// The number of examples of which no output can be explained.
    pub left_out: usize,
    /// The mean probability of the outputs.
    pub probability: f64,
    /// The areas under the deletion and the insertion curve of each method.
    pub areas: BTreeMap<&'static str, Areas>,
    /// The areas of a random order of the words.
    pub random: Areas,
    /// The rank correlation of each pair of methods, over the outputs where it is defined.
    pub agreement: BTreeMap<(&'static str, &'static str), f64>,
}

impl Faithful {
    /// The mean rank correlation of a method with the others; none if it is defined with none of them.
    pub fn agreement_of(&self, method: Method) -> Option<f64> {
        let with = self.agreement.iter().filter(|((a, b), _)| [*a, *b].contains(&method.name()));
        mean(with.map(|(_, rho)| *rho))
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

/// Explains the outputs of which the model of a task is most certain, for a sample of a split, by all methods that it allows.
pub(super) fn faithful<T: Task>(
    task: &T,
    model: &T::Model,
    split: Split,
    sample: Sample,
) -> Result<Faithful, String> {
    let (mut explained, mut random) = (vec![], vec![]);
    let (mut left_out, mut why) = (0, format!("the task {} explains no texts", T::NAME));
    for example in split::sample(task.lengths(split).len(), sample.limit, sample.seed) {
        let Some(ask) = task.ask(split, example) else { return Err(why) };
        match task.explained(model, &ask, &Which::default()) {
            Ok(outputs) => {
                for output in outputs {
                    explained.push(explain(output.as_ref(), &[])?);
                    random.push(random_areas(output.as_ref(), sample.seed, example as u64));
                }
            }
            Err(fault) => (left_out, why) = (left_out + 1, fault),
        }
    }
    match explained.is_empty() {
        true => Err(format!(
            "the {split} split has no example whose output can be explained; of the last one: {why}"
        )),
        false => Ok(Faithful { left_out, ..means(&explained, &random) }),
    }
}

fn means(explained: &[Explanation], random: &[Areas]) -> Faithful {
    let mut areas: BTreeMap<&'static str, Vec<Areas>> = BTreeMap::new();
    let mut agreement: BTreeMap<(&'static str, &'static str), Vec<f64>> = BTreeMap::new();
    for explanation in explained {
        for attribution in &explanation.attributions {
            areas.entry(attribution.method.name()).or_default().push(attribution.areas);
        }
        for (a, b, rho) in &explanation.agreement {
            agreement.entry((a.name(), b.name())).or_default().extend(rho);
        }
    }
    Faithful {
        outputs: explained.len(),
        left_out: 0,
        probability: mean(explained.iter().map(Explanation::probability)).unwrap_or_default(),
        areas: areas.into_iter().map(|(method, areas)| (method, mean_areas(&areas))).collect(),
        random: mean_areas(random),
        agreement: agreement
            .into_iter()
            .filter_map(|(pair, rho)| Some((pair, mean(rho.into_iter())?)))
            .collect(),
    }
}

fn mean_areas(areas: &[Areas]) -> Areas {
    [0, 1].map(|curve| mean(areas.iter().map(|areas| areas[curve])).unwrap_or_default())
}

/// The mean of some numbers; none without numbers.
fn mean(numbers: impl Iterator<Item = f64>) -> Option<f64> {
    let (n, sum) = numbers.fold((0, 0.0), |(n, sum), x| (n + 1, sum + x));
    (n > 0).then(|| sum / n as f64)
}

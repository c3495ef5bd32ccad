use super::agreement::rank_correlation;
use super::attention::MOST_MAPPED;
use super::explained::{removable, scores_with};
use super::faithfulness::{Faithfulness, faithfulness, sigmoid};
use super::{AttentionMap, Explained, Method, attention, gradient_input, integrated, occlusion, rollout};
use crate::data::split::shuffle;
use crate::run::NOT_FINITE;
use std::ops::Range;

/// The explanation of one output.
pub struct Explanation {
    /// What the output is.
    pub what: String,
    /// The words.
    pub tokens: Vec<String>,
    /// The texts that the words come from, if there are several.
    pub parts: Vec<(&'static str, Range<usize>)>,
    /// F(x), the log-odds of the output.
    pub score: f64,
    /// F(x′), the log-odds of the output if all words are unknown.
    pub baseline: f64,
    /// The attributions of each method.
    pub attributions: Vec<Attribution>,
    /// The rank correlation of each pair of methods; none if one of them ranks nothing.
    pub agreement: Vec<(Method, Method, Option<f64>)>,
    /// The attention maps.
    pub attention: Vec<AttentionMap>,
    /// What is missing, and why, one sentence each.
    pub notes: Vec<String>,
}

/// The attributions of a method.
pub struct Attribution {
    /// The method.
    pub method: Method,
    /// One value per word [T].
    pub values: Vec<f64>,
    /// A remark on the values, such as how exact they are; may be empty.
    pub note: String,
    /// The areas under its deletion and its insertion curve.
    pub areas: Areas,
}

/// The area under the probability of the output while words become unknown (deletion), and while they become known (insertion),
/// the most important word first.
pub type Areas = [f64; 2];

impl Explanation {
    /// The probability of the output.
    pub fn probability(&self) -> f64 {
        sigmoid(self.score)
    }

    /// The probability of the output if no word is known.
    pub fn baseline_probability(&self) -> f64 {
        sigmoid(self.baseline)
    }
}

/// Explains an output by the methods that are named; if none is, by all methods that the model allows.
///
/// # Errors
/// A method that needs self-attention, for a model without, and an output that is not a number, each in one sentence.
pub fn explain(subject: &dyn Explained, methods: &[Method]) -> Result<Explanation, String> {
    let attention = subject.attention();
    let attends = attention.iter().any(AttentionMap::is_self_attention);
    let wanted: Vec<Method> = match methods {
        [] => Method::ALL.into_iter().filter(|method| attends || !method.needs_attention()).collect(),
        named => Method::ALL.into_iter().filter(|method| named.contains(method)).collect(),
    };
    if let Some(method) = wanted.iter().find(|method| method.needs_attention() && !attends) {
        return Err(format!(
            "--method {}: the model has no self-attention; choose gradient, integrated or occlusion, or train with \
             --set model.attention_heads=4",
            method.name()
        ));
    }
    let t = subject.tokens().len();
    let ends = scores_with(subject, &[vec![true; t], vec![false; t]]);
    if ends.iter().any(|score| score.is_nan()) {
        return Err(NOT_FINITE.into());
    }
    let attributions: Vec<Attribution> =
        wanted.into_iter().filter_map(|method| attributed(subject, method, ends[0] - ends[1])).collect();
    let agreement = pairs(subject, &attributions);
    let mut notes = vec![];
    if !attends && methods.is_empty() {
        notes.push("The model has no self-attention, so there are no methods by attention.".into());
    }
    let attention = match t {
        0..=MOST_MAPPED => attention,
        _ if attention.is_empty() => attention,
        _ => {
            notes.push(format!(
                "The attention maps are left out: the text has {t} words, at most {MOST_MAPPED} are shown."
            ));
            vec![]
        }
    };
    Ok(Explanation {
        what: subject.what(),
        tokens: subject.tokens().to_vec(),
        parts: subject.parts(),
        score: ends[0],
        baseline: ends[1],
        attributions,
        agreement,
        attention,
        notes,
    })
}

/// The attributions of a method, where `change` is F(x) − F(x′); none for a method that needs attention which the model lacks.
fn attributed(subject: &dyn Explained, method: Method, change: f64) -> Option<Attribution> {
    let (values, note) = match method {
        Method::Gradient => (gradient_input::attributions(subject), String::new()),
        Method::Occlusion => (occlusion::attributions(subject), String::new()),
        Method::Attention => (attention::attributions(subject)?, String::new()),
        Method::Rollout => (rollout::attributions(subject)?, String::new()),
        Method::Integrated => {
            let found = integrated::attributions(subject);
            (found.values.clone(), completeness(&found, change))
        }
    };
    let Faithfulness { deletion, insertion } = faithfulness(subject, &values);
    Some(Attribution { method, values, note, areas: [deletion, insertion] })
}

/// How far the sum of integrated gradients is from the change of F, which is `predicted` where the model predicts.
fn completeness(found: &integrated::Integrated, predicted: f64) -> String {
    let (sum, change): (f64, f64) = (found.values.iter().sum(), found.change);
    let mut reached = format!("{} steps; the sum {sum:.4} is F(x) − F(x′) = {change:.4}", found.steps);
    if (change - predicted).abs() > 1e-3 * change.abs() + 1e-5 {
        reached += &format!(" of layers in f32, which have gradients (in int8 it is {predicted:.4}),");
    }
    // Of a change close to 0, rounding alone is more than 1 %.
    let (only, gap) = if found.complete { ("", found.gap.min(0.01)) } else { (" only", found.gap) };
    match 100.0 * gap {
        gap if gap < 0.05 => format!("{reached} to within less than 0.1 %"),
        gap => format!("{reached}{only} to within {gap:.1} %"),
    }
}

fn pairs(subject: &dyn Explained, attributions: &[Attribution]) -> Vec<(Method, Method, Option<f64>)> {
    let words = removable(subject);
    let of = |(i, a): (usize, &Attribution)| {
        let with = |b: &Attribution| (a.method, b.method, agreement(&words, &a.values, &b.values));
        attributions[i + 1..].iter().map(with).collect::<Vec<_>>()
    };
    attributions.iter().enumerate().flat_map(of).collect()
}

/// The rank correlation of two attributions of these words.
fn agreement(words: &[usize], a: &[f64], b: &[f64]) -> Option<f64> {
    let [a, b] = [a, b].map(|values| words.iter().map(|&word| values[word]).collect::<Vec<f64>>());
    rank_correlation(&a, &b)
}

/// A random order of the words, with which those of the methods are compared.
pub struct Control {
    /// The areas under its deletion and its insertion curve.
    pub areas: Areas,
    /// Its rank correlation with each method; none if the method ranks nothing.
    pub agreement: Vec<(Method, Option<f64>)>,
}

/// The control for the explanation of an output, drawn by the seed.
pub fn control(subject: &dyn Explained, explanation: &Explanation, seed: u64, stream: u64) -> Control {
    let mut order: Vec<f64> = (0..subject.tokens().len()).map(|place| place as f64).collect();
    shuffle(&mut order, seed, stream);
    let words = removable(subject);
    let with = |a: &Attribution| (a.method, agreement(&words, &order, &a.values));
    let Faithfulness { deletion, insertion } = faithfulness(subject, &order);
    Control { areas: [deletion, insertion], agreement: explanation.attributions.iter().map(with).collect() }
}

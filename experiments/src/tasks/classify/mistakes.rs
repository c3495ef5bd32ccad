use super::{Classify, Prediction};
use crate::data::{Example, Split};
use crate::run::Mistake;

/// A wrong prediction. The more probable a wrong label was to the model, the worse it is; where a text may have several,
/// also the less probable a missed one was.
pub(super) fn mistake(task: &Classify, split: Split, example: usize, prediction: &Prediction) -> Mistake {
    let example = &task.data.split(split)[example];
    let severity = severity(task.several(), example, prediction);
    let names = |labels: &[usize]| -> String {
        let names: Vec<&str> = labels.iter().map(|&label| task.data.labels[label].as_str()).collect();
        if names.is_empty() { "no label".into() } else { names.join(", ") }
    };
    Mistake {
        severity,
        degree: format!("{:.1}% sure", 100.0 * severity),
        text: example.text.clone(),
        right: names(&example.labels),
        predicted: names(&prediction.labels),
    }
}

fn severity(several: bool, example: &Example, prediction: &Prediction) -> f64 {
    let Prediction { labels, probabilities } = prediction;
    let p = |label: usize| probabilities.get(label).copied().unwrap_or(0.0);
    let wrong = labels.iter().filter(|label| !example.labels.contains(label)).map(|&label| p(label));
    let missed = example.labels.iter().filter(|label| several && !labels.contains(label));
    wrong.chain(missed.map(|&label| 1.0 - p(label))).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_surer_the_worse() {
        let of = |several, gold: &[usize], labels: &[usize], probabilities: &[f64]| {
            let example = Example { text: String::new(), labels: gold.to_vec() };
            let prediction = Prediction { labels: labels.to_vec(), probabilities: probabilities.to_vec() };
            severity(several, &example, &prediction)
        };
        assert_eq!(of(false, &[0], &[1], &[0.1, 0.7, 0.2]), 0.7);
        assert_eq!(of(true, &[0], &[1], &[0.1, 0.7, 0.2]), 0.9, "label 0 is missed");
        assert_eq!(of(true, &[0, 1], &[0, 1, 2], &[0.9, 0.8, 0.6]), 0.6);
    }
}

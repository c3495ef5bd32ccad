use super::{Attribution, Explanation};
use crate::data::shown;
use std::fmt::Write;

/// An explanation for a person: a table of the words, the areas and the agreement. With colours, before it, the text once for each
/// method, with words against the output on red and words for it on green.
pub fn terminal(explanation: &Explanation, colour: bool) -> String {
    let mut text = format!(
        "{}: probability {:.4}, {:.4} if no word is known\n",
        shown::terminal(&explanation.what),
        explanation.probability(),
        explanation.baseline_probability()
    );
    if colour {
        text.push('\n');
        for attribution in &explanation.attributions {
            let _ = writeln!(text, "{:<11}{}", attribution.method.name(), coloured(explanation, attribution));
        }
    }
    words(&mut text, explanation);
    faithfulness(&mut text, explanation);
    for attribution in explanation.attributions.iter().filter(|a| !a.note.is_empty()) {
        let _ = writeln!(text, "{}: {}", attribution.method.name(), attribution.note);
    }
    for note in &explanation.notes {
        let _ = writeln!(text, "{note}");
    }
    text
}

/// The words, each on a ground whose colour says for or against, and whose strength says how much.
fn coloured(explanation: &Explanation, attribution: &Attribution) -> String {
    let most = largest(&attribution.values);
    let word = |(token, value): (&String, &f64)| {
        let token = shown::terminal(token);
        // Grounds of the 256 colours of terminals, from weak to strong.
        let grounds = if *value < 0.0 { [224, 217, 210, 203] } else { [194, 157, 120, 83] };
        match (4.0 * value.abs() / most).ceil() as usize {
            0 => token.into_owned(),
            strength => format!("\x1b[30;48;5;{}m{token}\x1b[0m", grounds[strength.min(4) - 1]),
        }
    };
    explanation.tokens.iter().zip(&attribution.values).map(word).collect::<Vec<_>>().join(" ")
}

/// The largest |value|; 1 if all are 0.
pub(super) fn largest(values: &[f64]) -> f64 {
    let most = values.iter().fold(0.0f64, |most, value| most.max(value.abs()));
    if most > 0.0 { most } else { 1.0 }
}

/// One line per word.
fn words(text: &mut String, explanation: &Explanation) {
    let tokens: Vec<_> = explanation.tokens.iter().map(|token| shown::terminal(token)).collect();
    let width = tokens.iter().map(|token| token.chars().count()).max().unwrap_or(0).clamp(4, 30);
    let _ = write!(text, "\n{:<width$}", "word");
    for attribution in &explanation.attributions {
        let _ = write!(text, " {:>10}", attribution.method.name());
    }
    text.push('\n');
    for (i, token) in tokens.iter().enumerate() {
        if let Some((name, _)) = explanation.parts.iter().find(|(_, at)| at.start == i) {
            let _ = writeln!(text, "({name})");
        }
        let _ = write!(text, "{token:<width$}");
        for attribution in &explanation.attributions {
            let _ = write!(text, " {:>10.4}", attribution.values[i]);
        }
        text.push('\n');
    }
}

fn faithfulness(text: &mut String, explanation: &Explanation) {
    let _ = writeln!(
        text,
        "\n{:<11} {:>9} {:>9}   area under the probability while words are deleted (less is better), inserted (more is better)",
        "method", "deletion", "insertion"
    );
    for Attribution { method, areas: [deletion, insertion], .. } in &explanation.attributions {
        let _ = writeln!(text, "{:<11} {deletion:>9.4} {insertion:>9.4}", method.name());
    }
    for (a, b, rho) in &explanation.agreement {
        let rho = rho.map_or("not defined".into(), |rho| format!("{rho:.3}"));
        let _ = writeln!(text, "rank correlation of {} and {}: {rho}", a.name(), b.name());
    }
}

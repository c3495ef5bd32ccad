use super::Comparison;
use crate::data::counted::{counted, verb};
use crate::data::shown::terminal;
use crate::metrics::bootstrap::Difference;
use crate::run::{Better, Metric};

/// The comparison as text.
pub(super) fn shown(found: &Comparison) -> String {
    let unit = |name: &str| -> Option<&Metric> { found.units.iter().find(|metric| metric.name == name) };
    let [a, b] = &found.runs;
    let (wide_a, wide_b) = (a.chars().count().max(8), b.chars().count().max(8));
    let changed = if found.unchanged {
        ""
    } else {
        ", which has changed since training (its examples may be among those of training)"
    };
    let mut text = format!(
        "{} of {}{}{changed}\n",
        counted(found.examples, found.counted),
        terminal(&found.data),
        found.split.map_or(String::new(), |split| format!(" ({split})"))
    );
    if !found.note.is_empty() {
        text += &format!("note: {}\n", terminal(&found.note));
    }
    text += &format!("{:<20} {a:>wide_a$} {b:>wide_b$} {:>10}\n", "", "difference");
    for (name, values) in &found.metrics {
        let scale = |value: f64| unit(name).map_or(value, |metric| metric.scaled(value));
        let [x, y] = values.map(scale);
        text += &format!("{name:<20} {x:>wide_a$.2} {y:>wide_b$.2} {:>+10.2}\n", y - x);
    }
    let Difference { difference, interval, p } = found.difference;
    let chosen = unit(&found.metric);
    let scale = |value: f64| chosen.map_or(value, |metric| metric.scaled(value));
    let [d, from, to] = [difference, interval[0], interval[1]].map(scale);
    let smaller = chosen.is_some_and(|metric| metric.better == Better::Smaller);
    let verdict = match (p < 0.05, smaller) {
        (true, false) => "a significant difference",
        (true, true) => "a significant difference; smaller is better",
        (false, _) => "no significant difference",
    };
    text += &format!(
        "\n{}: {d:+.2}, 95 % interval {from:+.2} to {to:+.2}, {} (paired bootstrap, {} resamples): {verdict}\n",
        found.metric,
        probability(p),
        found.resamples
    );
    let [only_a, only_b] = found.only_right;
    text += &format!(
        "{} {} right only in {a}, {only_b} only in {b}: {} (McNemar's exact test)\n\n",
        counted(only_a, found.counted),
        verb(only_a, "is", "are"),
        probability(found.mcnemar_p)
    );
    if found.configuration.is_empty() {
        return text + "the runs do not differ in any setting\n";
    }
    let width = |i: usize, least: usize| {
        let values = found.configuration.values().map(|values| values[i].chars().count());
        values.max().unwrap_or(0).max(least)
    };
    let (wide_a, wide_b) = (width(0, wide_a), width(1, wide_b));
    text += &format!("{:<24} {a:>wide_a$} {b:>wide_b$}\n", "setting");
    for (key, [x, y]) in &found.configuration {
        text += &format!("{key:<24} {:>wide_a$} {:>wide_b$}\n", terminal(x), terminal(y));
    }
    text
}

/// `p = 0.0312`, or `p < 0.0001`.
fn probability(p: f64) -> String {
    if p < 5e-5 { "p < 0.0001".into() } else { format!("p = {p:.4}") }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_small_probability_is_not_shown_as_zero() {
        assert_eq!(
            [4e-12, 4.9e-5, 5e-5, 0.03125, 1.0].map(super::probability).join(", "),
            "p < 0.0001, p < 0.0001, p = 0.0001, p = 0.0312, p = 1.0000"
        );
    }
}

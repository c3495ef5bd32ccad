use super::Comparison;
use crate::commands::columns::columns;
use crate::data::counted::{counted, verb};
use crate::data::shown::terminal;
use crate::metrics::bootstrap::Difference;
use crate::run::Better;

/// The comparison as text.
pub(super) fn shown(found: &Comparison) -> String {
    let [a, b] = found.runs.each_ref().map(String::as_str);
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
    let head = |first: &str| [first, a, b].map(String::from);
    let [first, one, other] = head("");
    let mut rows = vec![[first, one, other, "difference".into()]];
    rows.extend(found.units.iter().map(|metric| {
        let [x, y] = found.metrics[metric.name];
        [metric.name.into(), metric.show(x), metric.show(y), metric.show_difference(y - x)]
    }));
    text += &columns(&rows, [20, 8, 8, 10]);
    text += &tested(found);
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
    let mut rows = vec![head("setting")];
    let values = |(key, values): (&String, &[String; 2])| {
        let [x, y] = values.each_ref().map(|value| terminal(value).into_owned());
        [key.clone(), x, y]
    };
    rows.extend(found.configuration.iter().map(values));
    text + &columns(&rows, [24, 8, 8])
}

/// Whether the runs differ in the metric that is tested.
fn tested(found: &Comparison) -> String {
    let Difference { difference, interval: [from, to], p } = found.difference;
    let name = &found.metric;
    let Some(metric) = found.units.iter().find(|metric| metric.name == name).filter(|_| !p.is_nan()) else {
        return format!("\n{name}: not tested, since no example counts for it\n");
    };
    let smaller = metric.better == Better::Smaller;
    let verdict = match (p < 0.05, smaller) {
        (true, false) => "a significant difference",
        (true, true) => "a significant difference; smaller is better",
        (false, _) => "no significant difference",
    };
    let [d, from, to] = [difference, from, to].map(|value| metric.show_difference(value));
    format!(
        "\n{name}: {d}, 95 % interval {from} to {to}, {} (paired bootstrap, {} resamples): {verdict}\n",
        probability(p),
        found.resamples
    )
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

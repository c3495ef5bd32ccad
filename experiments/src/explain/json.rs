use super::Explanation;
use serde_json::{Value, json};

/// Everything about the explanations of a text's outputs, as one object.
pub fn json(run: &str, text: &str, explanations: &[Explanation]) -> Value {
    json!({ "run": run, "text": text, "outputs": explanations.iter().map(output).collect::<Vec<_>>() })
}

fn output(explanation: &Explanation) -> Value {
    let attribution = |a: &super::Attribution| {
        json!({
            "method": a.method.name(),
            "values": a.values,
            "note": a.note,
            "deletion_area": a.areas[0],
            "insertion_area": a.areas[1],
        })
    };
    let pair = |(a, b, rho): &(super::Method, super::Method, Option<f64>)| json!({ "methods": [a.name(), b.name()], "rank_correlation": rho });
    let map = |map: &super::AttentionMap| {
        json!({
            "name": map.name,
            "rows": [map.rows.start, map.rows.end],
            "columns": [map.columns.start, map.columns.end],
            "heads": map.heads(),
        })
    };
    let part = |(name, at): &(&str, std::ops::Range<usize>)| json!({ "name": name, "start": at.start, "end": at.end });
    json!({
        "output": explanation.what,
        "tokens": explanation.tokens,
        "parts": explanation.parts.iter().map(part).collect::<Vec<_>>(),
        "log_odds": explanation.score,
        "probability": explanation.probability(),
        "baseline_log_odds": explanation.baseline,
        "baseline_probability": explanation.baseline_probability(),
        "attributions": explanation.attributions.iter().map(attribution).collect::<Vec<_>>(),
        "agreement": explanation.agreement.iter().map(pair).collect::<Vec<_>>(),
        "attention": explanation.attention.iter().map(map).collect::<Vec<_>>(),
        "notes": explanation.notes,
    })
}

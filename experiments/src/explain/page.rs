use super::terminal::largest;
use super::{AttentionMap, Attribution, Explanation};
use crate::data::shown;
use serde_json::json;
use std::fmt::Write;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The explanations of a text's outputs as one self-contained HTML page: the words on coloured grounds, tables, and the
/// attention maps, whose layer and head the reader chooses. It loads nothing, and its policy forbids that it could.
pub fn page(run: &str, text: &str, explanations: &[Explanation]) -> String {
    let mut body = format!(
        "<h1>{}</h1><p class=\"soft\">What the model of {} reads from this text. Green words speak for the output, red ones \
         against it.</p>",
        shown::html(text),
        shown::html(run)
    );
    for explanation in explanations {
        section(&mut body, explanation);
    }
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src \
         'unsafe-inline'\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{}</title>\n<style>\n{STYLE}</style></head>\n\
         <body><main>\n{body}\n</main><script>\n{SCRIPT}</script></body></html>\n",
        shown::html(text)
    )
}

fn section(body: &mut String, explanation: &Explanation) {
    let _ = write!(
        body,
        "<section><h2>{}</h2><p class=\"soft\">Probability {:.4}; {:.4} if no word is known.</p>",
        shown::html(&explanation.what),
        explanation.probability(),
        explanation.baseline_probability()
    );
    for attribution in &explanation.attributions {
        words(body, explanation, attribution);
    }
    for note in
        explanation.attributions.iter().map(|a| (a.method.name(), &a.note)).filter(|n| !n.1.is_empty())
    {
        let _ = write!(body, "<p class=\"soft\">{}: {}</p>", note.0, shown::html(note.1));
    }
    table(body, explanation);
    faithfulness(body, explanation);
    if !explanation.attention.is_empty() {
        maps(body, explanation);
    }
    for note in &explanation.notes {
        let _ = write!(body, "<p class=\"soft\">{}</p>", shown::html(note));
    }
    body.push_str("</section>\n");
}

fn words(body: &mut String, explanation: &Explanation, attribution: &Attribution) {
    let most = largest(&attribution.values);
    let _ = write!(body, "<p class=\"words\"><b>{}</b>", attribution.method.name());
    for (token, value) in explanation.tokens.iter().zip(&attribution.values) {
        let ground = if *value < 0.0 { "against" } else { "for" };
        let _ = write!(
            body,
            "<span style=\"background: rgba(var(--{ground}), {:.3})\" title=\"{value:.6}\">{}</span> ",
            0.75 * value.abs() / most,
            shown::html(token)
        );
    }
    body.push_str("</p>");
}

fn table(body: &mut String, explanation: &Explanation) {
    body.push_str("<h3>Attributions</h3><div class=\"scroll\"><table><thead><tr><th>word</th>");
    for attribution in &explanation.attributions {
        let _ = write!(body, "<th>{}</th>", attribution.method.name());
    }
    body.push_str("</tr></thead><tbody>");
    for (i, token) in explanation.tokens.iter().enumerate() {
        if let Some((name, _)) = explanation.parts.iter().find(|(_, at)| at.start == i) {
            let _ = write!(body, "<tr><th class=\"soft\">({name})</th></tr>");
        }
        let _ = write!(body, "<tr><th>{}</th>", shown::html(token));
        for attribution in &explanation.attributions {
            let _ = write!(body, "<td>{:.4}</td>", attribution.values[i]);
        }
        body.push_str("</tr>");
    }
    body.push_str("</tbody></table></div>");
}

fn faithfulness(body: &mut String, explanation: &Explanation) {
    body.push_str(
        "<h3>Faithfulness</h3><p class=\"soft\">The area under the probability while the words that a method ranks first are \
         deleted (less is better) and inserted (more is better).</p><table><thead><tr><th>method</th><th>deletion</th>\
         <th>insertion</th></tr></thead><tbody>",
    );
    for Attribution { method, areas: [deletion, insertion], .. } in &explanation.attributions {
        let _ =
            write!(body, "<tr><th>{}</th><td>{deletion:.4}</td><td>{insertion:.4}</td></tr>", method.name());
    }
    body.push_str("</tbody></table>");
    if explanation.agreement.is_empty() {
        return;
    }
    body.push_str(
        "<h3>Agreement</h3><table><thead><tr><th>methods</th><th>rank correlation</th></tr></thead><tbody>",
    );
    for (a, b, rho) in &explanation.agreement {
        let rho = rho.map_or("not defined".into(), |rho| format!("{rho:.3}"));
        let _ = write!(body, "<tr><th>{} and {}</th><td>{rho}</td></tr>", a.name(), b.name());
    }
    body.push_str("</tbody></table>");
}

fn maps(body: &mut String, explanation: &Explanation) {
    let map = |map: &AttentionMap| {
        json!({
            "name": map.name,
            "rows": [map.rows.start, map.rows.end],
            "columns": [map.columns.start, map.columns.end],
            "heads": map.heads(),
        })
    };
    let maps: Vec<_> = explanation.attention.iter().map(map).collect();
    let tokens: Vec<String> = explanation.tokens.iter().map(|token| shown::terminal(token).into()).collect();
    // In a script, only `<` could end the data.
    let data = shown::json(&json!({ "tokens": tokens, "maps": maps })).replace('<', "\\u003c");
    let _ = write!(
        body,
        "<h3>Attention</h3><p class=\"soft\">Each row shows where a word attends to.</p><div data-maps>\
         <label>Layer <select class=\"layer\"></select></label><label>Head <select class=\"head\"></select></label>\
         <div class=\"scroll\"><noscript>The maps need JavaScript.</noscript></div>\
         <script type=\"application/json\">{data}</script></div>"
    );
}

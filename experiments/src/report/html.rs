//! The report as one self-contained HTML page, with embedded style and plots.

use std::fmt::Write;

use super::Report;
use super::figures::Plot;
use super::section::Section;
use super::table::{Entry, Mark, Table};
use super::verdict::Verdict;
use super::wording::{self, TITLE};
use crate::data::shown;

const STYLE: &str = include_str!("page.css");

/// The whole page.
pub(super) fn page(report: &Report) -> String {
    let mut body = String::new();
    header(&mut body, report);
    for part in &report.sections {
        section(&mut body, part);
    }
    body.push_str("<section id=\"appendix\"><h2>Appendix: every run</h2>");
    for section in &report.sections {
        appendix(&mut body, section);
    }
    body.push_str("</section>");
    document(TITLE, "", &body)
}

/// A page with a title, a body, the style of all reports and additional style rules.
pub(super) fn document(title: &str, more_style: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{}</title>\n<style>\n{STYLE}{more_style}</style></head>\n<body><main>\n{body}\n</main></body></html>\n",
        shown::html(title)
    )
}

fn header(body: &mut String, report: &Report) {
    let _ = write!(body, "<header><h1>{TITLE}</h1>");
    let mut sentences = wording::opening(report).into_iter();
    let lead = sentences.next().unwrap_or_default();
    let _ = write!(body, "<p class=\"lead\">{}</p></header>", shown::html(&lead));
    body.push_str("<nav><div class=\"scroll\"><table class=\"overview\"><thead><tr><th>Study</th><th>Scale and data</th>");
    body.push_str("<th>Runs</th><th>Verdict</th></tr></thead><tbody>");
    for section in &report.sections {
        let _ = write!(
            body,
            "<tr><th><a href=\"#{}\">{}</a></th><td>{}</td><td>{}</td><td>{}</td></tr>",
            section.id,
            shown::html(&section.heading()),
            section.scope().unwrap_or_else(|| "all runs".into()),
            if section.planned > 0 { section.progress() } else { String::new() },
            section.verdict().map(badge).unwrap_or_default()
        );
    }
    body.push_str("</tbody></table></div></nav>");
    for gap in wording::gaps(report) {
        let _ = write!(body, "<p class=\"gap\">{}</p>", shown::html(&gap));
    }
    body.push_str("<details><summary>How claims are judged, and the machine</summary>");
    for sentence in sentences {
        let _ = write!(body, "<p>{}</p>", shown::html(&sentence));
    }
    body.push_str("</details>");
}

fn section(body: &mut String, section: &Section) {
    let _ = write!(body, "<section id=\"{}\"><h2>{}", section.id, shown::html(&section.heading()));
    if let Some(scope) = section.scope() {
        let _ = write!(body, " <span class=\"scope\">{}, {}</span>", scope, section.progress());
    }
    body.push_str("</h2>");
    if let Some(judgement) = &section.judgement {
        let _ = write!(
            body,
            "<p class=\"claim\"><span class=\"who\">The paper</span> {}</p><p class=\"verdict\">{} {}</p>",
            shown::html(section.study.claim),
            badge(judgement.verdict),
            shown::html(&judgement.sentence())
        );
    }
    let judged = section.judgement.is_some();
    let results = section.tables.len() - usize::from(judged);
    for part in &section.tables[..results] {
        body.push_str(&table(part));
    }
    body.push_str("<div class=\"plots\">");
    for plot in &section.plots {
        body.push_str(&figure(&section.heading(), plot));
    }
    body.push_str("</div>");
    if !section.missing.is_empty() {
        body.push_str("<div class=\"gap\">Missing runs:");
        list(body, &section.missing);
        body.push_str("</div>");
    }
    for part in &section.tables[results..] {
        let _ =
            write!(body, "<details><summary>{}</summary>", shown::html(part.caption.trim_end_matches('.')));
        body.push_str(&table(&Table { caption: String::new(), ..part.clone() }));
        body.push_str("</details>");
    }
    if !section.differences.is_empty() {
        body.push_str("<h3>What differs from the paper, and what else to know</h3>");
        list(body, &section.differences);
    }
    body.push_str("</section>\n");
}

fn appendix(body: &mut String, section: &Section) {
    let Some(appendix) = &section.appendix else { return };
    let scope = section.scope().unwrap_or_default();
    let _ = write!(
        body,
        "<details><summary>{} <span class=\"scope\">{scope}</span></summary>",
        shown::html(&section.heading())
    );
    body.push_str(&table(&appendix.table));
    let shared: Vec<String> =
        appendix.shared.iter().map(|setting| format!("<code>{}</code>", shown::html(setting))).collect();
    let _ = write!(
        body,
        "<p class=\"shared\">The same in all of these runs that have the setting: {}</p></details>",
        shared.join(" ")
    );
}

/// A plot with its caption; `of` names what it shows.
pub(super) fn figure(of: &str, plot: &Plot) -> String {
    format!(
        "<figure role=\"img\" aria-label=\"{}\">{}<figcaption>{}</figcaption></figure>",
        shown::html(&format!("{of}: {}", plot.caption)),
        plot.svg,
        shown::html(&plot.caption)
    )
}

fn badge(verdict: Verdict) -> String {
    let class = match verdict {
        Verdict::Held => "held",
        Verdict::DidNotHold => "against",
        Verdict::Undecided => "undecided",
        Verdict::Incomplete => "incomplete",
    };
    format!("<span class=\"badge {class}\">{}</span>", verdict.words())
}

pub(super) fn list(body: &mut String, items: &[String]) {
    body.push_str("<ul>");
    for item in items {
        let _ = write!(body, "<li>{}</li>", shown::html(item));
    }
    body.push_str("</ul>");
}

pub(super) fn table(table: &Table) -> String {
    let mut text = String::from("<div class=\"scroll\"><table>");
    if !table.caption.is_empty() {
        let _ = write!(text, "<caption>{}</caption>", shown::html(&table.caption));
    }
    let head: String = table.head.iter().map(|name| format!("<th>{}</th>", shown::html(name))).collect();
    let _ = write!(text, "<thead><tr>{head}</tr></thead><tbody>");
    for row in &table.rows {
        let mut entries = row.iter();
        let first = entries.next().map(|first| format!("<th>{}</th>", entry(first))).unwrap_or_default();
        let rest: String = entries.map(|e| format!("<td{}>{}</td>", class(e), entry(e))).collect();
        let _ = write!(text, "<tr>{first}{rest}</tr>");
    }
    text.push_str("</tbody></table></div>");
    text
}

/// Opacity of the shade for a share of 1; text stays readable on it.
const DEEPEST: f64 = 0.6;

/// The HTML attributes for the style of an entry.
fn class(entry: &Entry) -> String {
    match entry.mark {
        None if entry.hole => " class=\"hole\"".into(),
        None => String::new(),
        Some(Mark::Best) => " class=\"best\"".into(),
        Some(Mark::Right(share)) => format!(" class=\"right\" style=\"--shade:{:.3}\"", DEEPEST * share),
        Some(Mark::Wrong(share)) => format!(" class=\"wrong\" style=\"--shade:{:.3}\"", DEEPEST * share),
    }
}

fn entry(entry: &Entry) -> String {
    let lines: String =
        entry.lines.iter().map(|line| format!("<small>{}</small>", shown::html(line))).collect();
    let main = shown::html(&entry.main);
    match &entry.anchor {
        Some(anchor) => format!("<a href=\"#{}\">{main}</a>{lines}", shown::html(anchor)),
        None => main + &lines,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_become_markup() {
        let rows = vec![vec![Entry::new("<b>&\"").line("a<b"), Entry::hole()]];
        let text = table(&Table { caption: String::new(), head: vec!["x".into(), "y".into()], rows });
        assert!(
            text.contains("<th>&lt;b&gt;&amp;&quot;<small>a&lt;b</small></th><td class=\"hole\">—</td>"),
            "{text}"
        );
    }
}

//! The report as Markdown; plots are separate files.

use std::fmt::Write;

use super::Report;
use super::section::Section;
use super::table::{Entry, Mark, Table};
use super::wording::{self, TITLE};
use crate::data::shown;

/// The whole page.
pub(super) fn page(report: &Report) -> String {
    let mut page = format!("# {TITLE}\n\n");
    paragraphs(&mut page, &wording::opening(report));
    page.push_str(&table(&wording::overview_table(report)));
    paragraphs(&mut page, &wording::gaps(report));
    for part in &report.sections {
        section(&mut page, part);
    }
    page.push_str("\n## Appendix: every run\n");
    for section in &report.sections {
        let Some(appendix) = &section.appendix else { continue };
        let _ = write!(page, "\n### {}\n\n", title(section));
        page.push_str(&table(&appendix.table));
        let shared = appendix.shared.iter().map(|setting| shown::code(setting)).collect::<Vec<_>>();
        let _ =
            write!(page, "\nThe same in all of these runs that have the setting: {}.\n", shared.join(", "));
    }
    page
}

fn section(page: &mut String, section: &Section) {
    let _ = write!(page, "\n## {}\n\n", title(section));
    if let Some(judgement) = &section.judgement {
        let _ = writeln!(page, "The paper: {}\n", section.study.claim);
        let _ = writeln!(
            page,
            "**{}.** {}\n",
            super::tables::capital(judgement.verdict.words()),
            judgement.sentence()
        );
    }
    for part in &section.tables {
        if !part.caption.is_empty() {
            let _ = writeln!(page, "{}\n", shown::markdown(&part.caption));
        }
        page.push_str(&table(part));
        page.push('\n');
    }
    for plot in &section.plots {
        let _ = writeln!(page, "![{}](plots/{}.svg)\n\n*{}*\n", section.heading(), plot.name, plot.caption);
    }
    list(page, "Missing runs", &section.missing);
    list(page, "What differs from the paper, and what else to know", &section.differences);
}

fn title(section: &Section) -> String {
    match section.scope() {
        Some(scope) => format!("{} ({scope})", section.heading()),
        None => section.heading(),
    }
}

pub(super) fn paragraphs(page: &mut String, sentences: &[String]) {
    for sentence in sentences {
        let _ = writeln!(page, "{}\n", shown::markdown(sentence));
    }
}

fn list(page: &mut String, title: &str, items: &[String]) {
    if items.is_empty() {
        return;
    }
    let _ = writeln!(page, "{title}:\n");
    for item in items {
        let _ = writeln!(page, "- {}", shown::markdown(item));
    }
    page.push('\n');
}

pub(super) fn table(table: &Table) -> String {
    let row = |entries: Vec<String>| format!("| {} |\n", entries.join(" | "));
    let mut text = row(table.head.iter().map(|name| shown::markdown(name)).collect());
    text.push_str(&row(table.head.iter().map(|_| "---".into()).collect()));
    for entries in &table.rows {
        text.push_str(&row(entries.iter().map(entry).collect()));
    }
    text
}

fn entry(entry: &Entry) -> String {
    let main = shown::markdown(&entry.main);
    let main = match entry.mark {
        // Bold text must not start or end with a space.
        Some(Mark::Best | Mark::Right(_)) if !main.trim().is_empty() => format!("**{}**", main.trim()),
        _ => main,
    };
    std::iter::once(main)
        .chain(entry.lines.iter().map(|line| shown::markdown(line)))
        .collect::<Vec<_>>()
        .join("<br>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_keeps_its_columns() {
        let head = vec!["a|b".to_owned(), "c".to_owned()];
        let rows = vec![vec![Entry::new("x_y").line("z"), Entry::hole()]];
        let text = table(&Table { caption: String::new(), head, rows });
        assert_eq!(text, "| a\\|b | c |\n| --- | --- |\n| x\\_y<br>z | — |\n");
    }
}

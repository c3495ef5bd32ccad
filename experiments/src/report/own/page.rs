//! A page independent of its format, and its two formats.

use super::super::figures::Plot;
use super::super::html;
use super::super::markdown as md;
use super::super::table::Table;
use super::out::MADE_BY;
use crate::data::shown;
use std::fmt::Write;

/// Style rules in addition to those of all reports.
const STYLE: &str = include_str!("own.css");

/// A page.
pub(super) struct Page {
    /// Its title.
    pub title: String,
    /// The introductory sentence.
    pub lead: String,
    /// The table before the parts.
    pub overview: Table,
    /// The parts.
    pub parts: Vec<Part>,
}

/// A part of a page.
pub(super) struct Part {
    /// Its anchor.
    pub id: String,
    /// Its heading.
    pub heading: String,
    /// A remark next to the heading.
    pub scope: String,
    /// Its contents.
    pub blocks: Vec<Block>,
}

/// An element of a part.
pub(super) enum Block {
    /// A smaller heading.
    Heading(&'static str),
    /// A sentence.
    Text(String),
    /// A sentence about something that is missing or must be known.
    Gap(String),
    /// Settings.
    Codes(Vec<String>),
    /// A table.
    Table(Table),
    /// A plot. Markdown omits plots: what they show is also in tables.
    Plot(Plot),
    /// Blocks that are hidden until the reader opens them, with a summary.
    Folded(String, Vec<Block>),
}

/// The page as HTML.
pub(super) fn html(page: &Page) -> String {
    let mut body = format!(
        "<header><h1>{}</h1><p class=\"lead\">{}</p></header>",
        shown::html(&page.title),
        shown::html(&page.lead)
    );
    let _ = write!(body, "<nav>{}</nav>", html::table(&page.overview));
    for part in &page.parts {
        let _ = write!(
            body,
            "<section id=\"{}\"><h2>{} <span class=\"scope\">{}</span></h2>",
            part.id,
            shown::html(&part.heading),
            shown::html(&part.scope)
        );
        blocks_as_html(&mut body, &part.heading, &part.blocks);
        body.push_str("</section>\n");
    }
    format!("{MADE_BY}{}", html::document(&page.title, STYLE, &body))
}

fn blocks_as_html(body: &mut String, of: &str, blocks: &[Block]) {
    for block in blocks {
        let _ = match block {
            Block::Heading(text) => write!(body, "<h3>{}</h3>", shown::html(text)),
            Block::Text(text) => write!(body, "<p class=\"claim\">{}</p>", shown::html(text)),
            Block::Gap(text) => write!(body, "<p class=\"gap\">{}</p>", shown::html(text)),
            Block::Codes(settings) => {
                let code = |setting: &String| format!("<code>{}</code>", shown::html(setting));
                let codes: Vec<String> = settings.iter().map(code).collect();
                write!(body, "<p class=\"shared\">{}</p>", codes.join(" "))
            }
            Block::Table(table) => write!(body, "{}", html::table(table)),
            Block::Plot(plot) => write!(body, "{}", html::figure(of, plot)),
            Block::Folded(summary, inner) => {
                let _ = write!(body, "<details><summary>{}</summary>", shown::html(summary));
                blocks_as_html(body, of, inner);
                write!(body, "</details>")
            }
        };
    }
}

/// The page as Markdown.
pub(super) fn markdown(page: &Page) -> String {
    let mut text = format!("{MADE_BY}# {}\n\n", shown::markdown(&page.title));
    md::paragraphs(&mut text, std::slice::from_ref(&page.lead));
    text.push_str(&md::table(&page.overview));
    for part in &page.parts {
        let scope = if part.scope.is_empty() { String::new() } else { format!(" ({})", part.scope) };
        let above = text.trim_end().len();
        text.truncate(above);
        let _ = write!(text, "\n\n## {}\n\n", shown::markdown(&format!("{}{scope}", part.heading)));
        blocks_as_markdown(&mut text, &part.blocks);
    }
    text.trim_end().to_owned() + "\n"
}

fn blocks_as_markdown(text: &mut String, blocks: &[Block]) {
    for block in blocks {
        match block {
            Block::Heading(heading) => drop(write!(text, "### {}\n\n", shown::markdown(heading))),
            Block::Text(sentence) | Block::Gap(sentence) => {
                md::paragraphs(text, std::slice::from_ref(sentence));
            }
            Block::Codes(settings) => {
                let codes: Vec<String> = settings.iter().map(|setting| shown::code(setting)).collect();
                let _ = write!(text, "{}\n\n", codes.join(", "));
            }
            Block::Table(table) => {
                if !table.caption.is_empty() {
                    md::paragraphs(text, std::slice::from_ref(&table.caption));
                }
                let _ = writeln!(text, "{}", md::table(table));
            }
            Block::Plot(_) => {}
            Block::Folded(summary, inner) => {
                if inner.iter().any(|block| !matches!(block, Block::Plot(_))) {
                    md::paragraphs(text, &[format!("{summary}:")]);
                    blocks_as_markdown(text, inner);
                }
            }
        }
    }
}

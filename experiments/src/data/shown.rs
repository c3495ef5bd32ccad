//! Escapes untrusted text for the place where it is shown. Otherwise, a label, a name or a note in someone else's file
//! could change the colours or the title of a terminal, forge lines of output, reverse a name, or put headings, links
//! and images into a report.
//!
//! | function | for |
//! | --- | --- |
//! | [`terminal`] | a line on a terminal, a sentence of an error |
//! | [`tsv`] | a field of a table whose columns are separated by tabs |
//! | [`json`] | a value in JSON, as a field or on a terminal |
//! | [`markdown`], [`code`] | text in a Markdown document; code in it |
//! | [`html`] | text or an attribute in HTML |

use std::borrow::Cow;

/// Whether a character controls the terminal (moves the cursor, ends the line, changes the direction of the text) instead
/// of being shown.
fn acts(c: char) -> bool {
    // C0, DEL and C1; direction marks, embeddings, overrides and isolates; line and paragraph separators.
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether a character ends a line or a cell.
fn breaks(c: char) -> bool {
    matches!(c, '\t'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// The text on one line, with Rust's escapes (`\n`, `\u{1b}`) for control characters.
pub fn terminal(text: &str) -> Cow<'_, str> {
    match text.contains(acts) {
        true => Cow::Owned(text.chars().fold(String::new(), visible)),
        false => Cow::Borrowed(text),
    }
}

fn visible(mut shown: String, c: char) -> String {
    match acts(c) {
        true => shown.extend(c.escape_default()),
        false => shown.push(c),
    }
    shown
}

/// The text as one field: spaces for tabs and line ends, escapes for other control characters.
///
/// A field that begins with `=`, `+`, `-` or `@` is unchanged. A spreadsheet may evaluate it as a formula: import the file
/// with all columns as text.
pub fn tsv(text: &str) -> Cow<'_, str> {
    match text.contains(acts) {
        true => Cow::Owned(one_line(text)),
        false => Cow::Borrowed(text),
    }
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if breaks(c) { ' ' } else { c }).fold(String::new(), visible)
}

/// The same value in JSON on one line, with JSON's escapes for characters that act on a terminal.
pub fn json(value: &serde_json::Value) -> String {
    // JSON itself has escapes for C0 only. None of the other characters stands outside of strings or beyond U+FFFF.
    value.to_string().chars().fold(String::new(), |mut shown, c| {
        match acts(c) {
            true => shown.push_str(&format!("\\u{:04x}", u32::from(c))),
            false => shown.push(c),
        }
        shown
    })
}

/// The text as Markdown that shows exactly these characters, on one line, at any place in a line.
pub fn markdown(text: &str) -> String {
    let text = one_line(text);
    // Four spaces at the start make a block of code.
    let text = text.trim_start();
    let mut shown = String::with_capacity(text.len());
    // At the start of a line a dash, a plus or a number makes a list.
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let marker = text[digits..].chars().next().filter(|c| match digits {
        0 => matches!(c, '-' | '+'),
        _ => matches!(c, '.' | ')'),
    });
    let begins_list = marker.is_some() && text[digits + 1..].chars().next().is_none_or(|c| c == ' ');
    for (i, c) in text.char_indices() {
        let special =
            matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '!' | '#' | '|' | '~' | '&');
        if special || begins_list && i == digits {
            shown.push('\\');
        }
        shown.push(c);
    }
    shown
}

/// The text as code in Markdown, on one line: its fence is longer than any run of backticks inside.
pub fn code(text: &str) -> String {
    let text = one_line(text);
    let (mut longest, mut run) = (0, 0);
    for byte in text.bytes() {
        run = if byte == b'`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest + 1);
    // A parser strips one space at both ends. The spaces keep a backtick at an end apart from the fence, and protect spaces
    // of the text itself.
    let ticks = text.starts_with('`') || text.ends_with('`');
    let spaces = text.starts_with(' ') && text.ends_with(' ');
    let space = if ticks || spaces || text.is_empty() { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

/// The text in HTML, also between double quotation marks.
pub fn html(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => shown.push_str("&amp;"),
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '"' => shown.push_str("&quot;"),
            c if breaks(c) => shown.push(' '),
            c => shown = visible(shown, c),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What an attacker would write.
    const ATTACKS: [&str; 8] = [
        "\u{1b}]0;PWNED\u{7}\u{1b}[31mred",
        "pos\nFAKE LINE",
        "a\u{9b}31mb\u{85}c",
        "invoice\u{202e}cod.exe\u{2066}\u{200f}\u{61c}",
        "E`\n\n# X [a](javascript:x) ![t](http://127.0.0.1/t.png) `<script>alert(1)</script>",
        "a\tb\r\nc | d",
        "\u{2028}- x",
        "    1. code\u{0}\u{7f}",
    ];

    #[test]
    fn a_terminal_gets_escapes() {
        assert_eq!(terminal("\u{1b}[31mé\u{7}\n\t"), "\\u{1b}[31mé\\u{7}\\n\\t");
        assert_eq!(terminal("a\u{9b}b\u{202e}c\u{2069}\u{200f}"), "a\\u{9b}b\\u{202e}c\\u{2069}\\u{200f}");
        for text in ["", "plain", "日本語 é 👩‍👩‍👧 'a' \\n", "عربى"] {
            assert!(matches!(terminal(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }

    #[test]
    fn a_field_stays_a_field() {
        assert_eq!(tsv("a\tb\r\nc\u{1b}"), "a b  c\\u{1b}");
        assert_eq!(tsv("=cmd|' /C calc'!A0"), "=cmd|' /C calc'!A0");
    }

    #[test]
    fn json_stays_the_same_value_on_one_line() {
        let value = serde_json::json!(["x,y", "a\t\"b\"\u{7f}", "\u{9b}31m\u{202e}\u{2028}é😀"]);
        let shown = json(&value);
        assert_eq!(shown, r#"["x,y","a\t\"b\"\u007f","\u009b31m\u202e\u2028é😀"]"#);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
    }

    #[test]
    fn markdown_shows_what_it_gets() {
        for (text, shown) in [
            ("a_b*c|d", "a\\_b\\*c\\|d"),
            ("![t](u) <b> #x > `c` \\ & ~~", "\\!\\[t\\](u) \\<b\\> \\#x \\> \\`c\\` \\\\ \\& \\~\\~"),
            ("one\n\ntwo\u{2028}three", "one  two three"),
            ("\u{1b}[0m", "\\\\u{1b}\\[0m"),
            ("- a", "\\- a"),
            ("+ a", "\\+ a"),
            ("+L2, seed 1", "+L2, seed 1"),
            ("-0.5 and - 1. 2", "-0.5 and - 1. 2"),
            ("12. a", "12\\. a"),
            ("1) a", "1\\) a"),
            ("1.5 ± 0.2", "1.5 ± 0.2"),
            ("     a", "a"),
            ("-", "\\-"),
            ("", ""),
        ] {
            assert_eq!(markdown(text), shown, "{text:?}");
        }
    }

    #[test]
    fn code_ends_where_it_ends() {
        for (text, shown) in [
            ("a = b", "`a = b`"),
            ("a`b", "``a`b``"),
            ("``", "``` `` ```"),
            ("key = ", "`key = `"),
            (" a", "` a`"),
            (" a ", "`  a  `"),
            ("", "`  `"),
            ("E`\n\n# X ``` y", "````E`  # X ``` y````"),
        ] {
            assert_eq!(code(text), shown, "{text:?}");
        }
    }

    #[test]
    fn html_has_no_markup() {
        assert_eq!(html("<b a=\"c\">&\n\u{202e}"), "&lt;b a=&quot;c&quot;&gt;&amp; \\u{202e}");
    }

    #[test]
    fn nothing_acts_anywhere() {
        for text in ATTACKS {
            for shown in [terminal(text).into(), tsv(text).into(), markdown(text), code(text), html(text)] {
                assert!(!shown.contains(acts), "{shown:?}");
            }
            let page = markdown(text);
            assert!(!page.contains("\n") && page.match_indices(['<', '[', '`', '#']).all(|(i, _)| i > 0));
            for (i, _) in page.match_indices(['<', '[', '`', '#', '!']) {
                assert_eq!(&page[i - 1..i], "\\", "{page}");
            }
        }
    }

    proptest! {
        #[test]
        fn whatever_the_text(text: String) {
            let shown = terminal(&text);
            prop_assert!(!shown.contains(acts));
            prop_assert_eq!(terminal(&shown), shown.as_ref(), "twice is once");
            prop_assert!(!tsv(&text).contains(acts) && !markdown(&text).contains(acts) && !html(&text).contains('<'));
            let code = code(&text);
            let fence = code.bytes().take_while(|b| *b == b'`').count();
            let fences = code.split(|c| c != '`').filter(|run| run.len() == fence).count();
            prop_assert_eq!(fences, 2, "{}", code);
        }
    }
}

//! How a label looks to a person.

use unicode_normalization::UnicodeNormalization;

/// Characters without a shape of their own: control characters, soft hyphens, zero-width ones, marks of direction,
/// variation selectors.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{E0000}'..='\u{E0FFF}')
        || (c.is_control() && !c.is_whitespace())
}

/// Whether nothing of a label can be seen.
pub(super) fn is_blank(label: &str) -> bool {
    label.chars().all(|c| c.is_whitespace() || is_invisible(c))
}

/// What a label looks like: composed (NFC), with plain spaces, without what cannot be seen and without quotation marks
/// around it.
pub(super) fn look(label: &str) -> String {
    let seen = label.nfc().filter(|&c| !is_invisible(c)).map(|c| if c.is_whitespace() { ' ' } else { c });
    let seen: String = seen.nfc().collect();
    let quotes =
        |c: char| matches!(c, '"' | '\'' | '`' | '“' | '”' | '‘' | '’' | '«' | '»' | '„') || c == ' ';
    match seen.trim_matches(quotes) {
        "" => seen.clone(),
        inner => inner.into(),
    }
}

/// As [`quoted`], with every character outside ASCII written as its number, so that what differs is seen.
pub(super) fn shown(label: &str) -> String {
    let short: String = label.chars().take(60).flat_map(char::escape_default).collect();
    format!("'{short}'")
}

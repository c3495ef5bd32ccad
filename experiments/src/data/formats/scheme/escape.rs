//! Escapes labels and words for files whose columns are separated by spaces.
//!
//! conlleval and most later scripts split a line at every space, so that the kind `creative work` would be two columns.
//! Such characters are percent-encoded as in a URL: `creative%20work`. A label without them, such as `NAT_REL_POL` or
//! `100%`, is unchanged.

/// A label or word as one column: each white space and control character becomes `%` and two hexadecimal digits for
/// each of its bytes in UTF-8, and so does a `%` that is already followed by two such digits. Different texts are
/// written differently.
pub fn written(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (i, c) in text.char_indices() {
        let reads_as_escape = c == '%' && escaped_byte(&text.as_bytes()[i..]).is_some();
        if c.is_whitespace() || c.is_control() || reads_as_escape {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                out.push_str(&format!("%{byte:02X}"));
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// The inverse of [`written`]. Escapes that are not UTF-8 are left unchanged.
pub fn unwritten(column: &str) -> String {
    let bytes = column.as_bytes();
    let mut out = String::with_capacity(column.len());
    let mut at = 0;
    while let Some(found) = column[at..].find('%') {
        out.push_str(&column[at..at + found]);
        at += found;
        let run: Vec<u8> = bytes[at..].chunks_exact(3).map_while(escaped_byte).collect();
        let end = at + if run.is_empty() { 1 } else { 3 * run.len() };
        match std::str::from_utf8(&run) {
            Ok(text) if !run.is_empty() => out.push_str(text),
            _ => out.push_str(&column[at..end]),
        }
        at = end;
    }
    out.push_str(&column[at..]);
    out
}

/// The byte that an escape such as `%20` at the start of `bytes` stands for.
fn escaped_byte(bytes: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    match bytes {
        [b'%', high, low, ..] => u8::try_from(16 * digit(*high)? + digit(*low)?).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spaces_and_control_characters_are_escaped() {
        for (text, expected) in [
            ("creative work", "creative%20work"),
            ("creative_work", "creative_work"),
            ("a\tb\u{1b}[31m\r\n", "a%09b%1B[31m%0D%0A"),
            ("a\u{a0}b\u{3000}c\u{85}", "a%C2%A0b%E3%80%80c%C2%85"),
            ("100%", "100%"),
            ("5 % 20", "5%20%%2020"),
            ("%20", "%2520"),
            ("%2 0", "%2%200"),
            ("%2x %é", "%2x%20%é"),
            ("北京", "北京"),
            ("", ""),
        ] {
            assert_eq!(written(text), expected, "{text:?}");
            assert_eq!(unwritten(expected), text, "{expected:?}");
        }
        // Columns that `written` never produces: bytes that are not UTF-8.
        for column in ["%FF", "%C2", "%", "%%", "%2", "x%C3%28"] {
            assert_eq!(unwritten(column), column);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_one_column_and_comes_back(text: String, near in "[%20aF \t\u{a0}é]{0,12}") {
            for text in [&text, &near] {
                let column = written(text);
                prop_assert!(!column.contains(char::is_whitespace) && !column.contains(char::is_control));
                prop_assert_eq!(&unwritten(&column), text);
            }
        }

        #[test]
        fn any_column_is_read(near in "[%20aFC3é]{0,12}", text: String) {
            let _ = unwritten(&near);
            let _ = unwritten(&text);
        }
    }
}

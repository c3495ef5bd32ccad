//! The lines of a text from any system: a line ends with LF, CRLF or a single CR.

/// Each line of a text with its number, from 1, and without its end. A line end after the last line does not begin
/// another line.
///
/// Several CRs before one LF are one end: that is what CRLF becomes when a program translates it twice.
pub fn lines(text: &str) -> Lines<'_> {
    Lines { rest: text, number: 0, alone: 0 }
}

/// What [`lines`] returns.
#[derive(Clone, Debug)]
pub struct Lines<'a> {
    rest: &'a str,
    number: usize,
    /// The number of CRs at the start of `rest`, from the next one, that are not followed by an LF. Without this count, a run
    /// of CRs would be searched for an LF from each of them.
    alone: usize,
}

impl<'a> Iterator for Lines<'a> {
    type Item = (usize, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        self.number += 1;
        let end = self.rest.find(['\n', '\r']).unwrap_or(self.rest.len());
        let (line, rest) = self.rest.split_at(end);
        let end = if self.alone > 0 && end == 0 {
            self.alone -= 1;
            1
        } else {
            let returns = rest.bytes().take_while(|&byte| byte == b'\r').count();
            let feed = rest[returns..].starts_with('\n');
            self.alone = if feed { 0 } else { returns.saturating_sub(1) };
            if feed { returns + 1 } else { returns.min(1) }
        };
        self.rest = &rest[end..];
        Some((self.number, line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(text: &str) -> Vec<&str> {
        lines(text).map(|(_, line)| line).collect()
    }

    #[test]
    fn every_usual_end_ends_a_line() {
        for (text, expected) in [
            ("", &[][..]),
            ("a", &["a"]),
            ("a\n", &["a"]),
            ("a\nb\n\nc", &["a", "b", "", "c"]),
            ("a\r\nb\r\n\r\nc\r\n", &["a", "b", "", "c"]),
            ("a\rb\r\rc\r", &["a", "b", "", "c"]),
            ("a\r\r\nb\r\r\n\r\r\nc\r\r\n", &["a", "b", "", "c"]),
            ("a\rb\nc\r\nd", &["a", "b", "c", "d"]),
            ("\r\r\ra\r\rb", &["", "", "", "a", "", "b"]),
            ("\n", &[""]),
            // Other characters that end a line in some programs are text here.
            ("a\u{2028}b\u{85}c\u{b}d\u{c}e", &["a\u{2028}b\u{85}c\u{b}d\u{c}e"]),
        ] {
            assert_eq!(all(text), expected, "{text:?}");
        }
        assert_eq!(lines("a\r\rb").collect::<Vec<_>>(), [(1, "a"), (2, ""), (3, "b")]);
    }

    #[test]
    fn a_run_of_returns_takes_linear_time() {
        let text = "\r".repeat(2_000_000) + "a";
        assert_eq!(lines(&text).last(), Some((2_000_001, "a")));
    }

    proptest! {
        #[test]
        fn lines_without_returns_are_the_standard_librarys(text in "[ab\n]{0,30}") {
            prop_assert_eq!(all(&text), text.lines().collect::<Vec<_>>());
            // Other line ends give the same lines.
            for end in ["\r\n", "\r", "\r\r\n"] {
                let other = text.replace('\n', end);
                prop_assert_eq!(all(&other), all(&text));
            }
        }

        #[test]
        fn no_line_holds_an_end(text: String, mixed in "[a\r\n]{0,20}") {
            for text in [&text, &mixed] {
                prop_assert!(lines(text).all(|(_, line)| !line.contains(['\r', '\n'])));
                let letters = |text: &str| text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect::<String>();
                prop_assert_eq!(all(text).concat(), letters(text));
            }
        }
    }
}

//! Finds the HTML tags in a text.

use std::cell::OnceCell;

/// The elements of the HTML standard and obsolete ones, sorted.
#[rustfmt::skip]
const ELEMENTS: &[&str] = &[
    "a", "abbr", "acronym", "address", "applet", "area", "article", "aside", "audio", "b",
    "base", "basefont", "bdi", "bdo", "big", "blink", "blockquote", "body", "br", "button",
    "canvas", "caption", "center", "cite", "code", "col", "colgroup", "data", "datalist", "dd",
    "del", "details", "dfn", "dialog", "dir", "div", "dl", "dt", "em", "embed",
    "fieldset", "figcaption", "figure", "font", "footer", "form", "frame", "frameset", "h1", "h2",
    "h3", "h4", "h5", "h6", "head", "header", "hgroup", "hr", "html", "i",
    "iframe", "img", "input", "ins", "kbd", "label", "legend", "li", "link", "main",
    "map", "mark", "marquee", "menu", "meta", "meter", "nav", "nobr", "noframes", "noscript",
    "object", "ol", "optgroup", "option", "output", "p", "param", "picture", "pre", "progress",
    "q", "rp", "rt", "ruby", "s", "samp", "script", "search", "section", "select",
    "slot", "small", "source", "span", "strike", "strong", "style", "sub", "summary", "sup",
    "table", "tbody", "td", "template", "textarea", "tfoot", "th", "thead", "time", "title",
    "tr", "track", "tt", "u", "ul", "var", "video", "wbr",
];

/// The tags of one text. Looking up every `<` from left to right takes time linear in the text.
pub(super) struct Tags<'a> {
    text: &'a str,
    /// Where the last `-->` begins. Without it, each unclosed `<!--` would be searched to the end of the text.
    last_comment_end: OnceCell<Option<usize>>,
}

impl<'a> Tags<'a> {
    pub fn new(text: &'a str) -> Self {
        Tags { text, last_comment_end: OnceCell::new() }
    }

    /// Length in bytes of the tag that begins at `at`: a comment, a doctype, or the start or end tag of a known
    /// element. `<3`, `a < b`, `<smile>`, `<user>` and `<john@x.org>` are therefore not tags. The attributes of a
    /// one-letter element must include a value, so that `if a <b and c> d` stays as it is.
    pub fn length_at(&self, at: usize) -> Option<usize> {
        let inside = self.text[at..].strip_prefix('<')?;
        if inside.starts_with("!--") {
            return self.comment_length(at);
        }
        if let Some(declaration) = inside.strip_prefix('!') {
            let (name, rest) = split_name(declaration);
            let end = closing_bracket(rest)?;
            return name.eq_ignore_ascii_case("doctype").then_some(2 + name.len() + end + 1);
        }
        let (slash, inside) = inside.strip_prefix('/').map_or((0, inside), |inside| (1, inside));
        let (name, rest) = split_name(inside);
        if !is_element(name) {
            return None;
        }
        let end = closing_bracket(rest)?;
        let attributes = &rest[..end];
        let separated = attributes.starts_with(|c: char| c.is_ascii_whitespace() || c == '/');
        let plain = attributes.trim_matches(|c: char| c.is_ascii_whitespace() || c == '/').is_empty();
        let valued = attributes.contains('=');
        let allowed = match slash {
            1 => plain,
            _ => plain || separated && (valued || name.len() > 1),
        };
        allowed.then_some(1 + slash + name.len() + end + 1)
    }

    fn comment_length(&self, at: usize) -> Option<usize> {
        // `<!-->` is a comment, so its end may share the two dashes of its start.
        let from = at + "<!".len();
        let last = (*self.last_comment_end.get_or_init(|| self.text.rfind("-->")))?;
        if last < from {
            return None;
        }
        self.text[from..].find("-->").map(|end| from + end + "-->".len() - at)
    }
}

fn split_name(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len()))
}

/// Number of bytes before the first `>`; `None` if a `<` comes first.
fn closing_bracket(text: &str) -> Option<usize> {
    let end = text.find(['<', '>'])?;
    text[end..].starts_with('>').then_some(end)
}

fn is_element(name: &str) -> bool {
    let longest = "blockquote".len();
    !name.is_empty()
        && name.len() <= longest
        && ELEMENTS.binary_search(&name.to_ascii_lowercase().as_str()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_sorted_for_the_search() {
        assert!(ELEMENTS.is_sorted());
        assert!(ELEMENTS.iter().all(|name| is_element(name) && is_element(&name.to_uppercase())));
    }

    #[test]
    fn tags_are_comments_doctypes_and_known_elements() {
        for tag in [
            "<b>",
            "</b>",
            "<br />",
            "<BR/>",
            "<h1>",
            "<br\n>",
            "<p class='x'>",
            "<a href=x>",
            "<td nowrap>",
            "</div >",
            "<!-- <b> is bold -->",
            "<!---->",
            "<!-->",
            "<!DOCTYPE html>",
        ] {
            for after in ["", " -->", ">"] {
                let text = format!("{tag}{after}");
                assert_eq!(Tags::new(&text).length_at(0), Some(tag.len()), "{text}");
            }
        }
        for text in [
            "<smile>",
            "</smile>",
            "<user>",
            "<num>",
            "<john@x.org>",
            "<a@x.org>",
            "<b-c>",
            "<3",
            "< b>",
            "<",
            "<>",
            "</>",
            "<!>",
            "<!b>",
            "<b",
            "<b <i>",
            "<b and c>",
            "</b and c>",
            "<!-- open",
            "<brö>",
            "<doctype>",
        ] {
            assert_eq!(Tags::new(text).length_at(0), None, "{text}");
        }
    }

    #[test]
    fn open_comments_and_tags_take_linear_time() {
        for start in ["<!--", "<b ", "<!doctype ", "</p "] {
            let text = start.repeat(200_000);
            let tags = Tags::new(&text);
            let began = std::time::Instant::now();
            assert!(text.match_indices('<').all(|(at, _)| tags.length_at(at).is_none()));
            assert!(began.elapsed().as_secs() < 5, "{start}");
        }
    }
}

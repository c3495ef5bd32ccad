use regex::Regex;
use std::sync::LazyLock;

/// How a text is split into words before n-grams are counted. Values by different tokenisers are different quantities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tokeniser {
    /// That of the script `mteval-v13a.pl` of NIST, made for European languages: marks of ASCII are words of their own, but a full stop,
    /// a comma and a hyphen beside digits are not.
    #[default]
    Nist13a,
    /// That of `mteval-v14.pl` with its flag for international text: punctuation of Unicode is split off unless it is beside digits, and
    /// symbols are words of their own.
    International,
    /// Characters, for languages without spaces.
    Characters,
}

/// A pattern and what replaces it.
type Rule = (Regex, &'static str);

fn rules(patterns: &[(&str, &'static str)]) -> Vec<Rule> {
    let rule =
        |(pattern, with): &(&str, &'static str)| (Regex::new(pattern).expect("the pattern is valid"), *with);
    patterns.iter().map(rule).collect()
}

/// Marks of ASCII; a full stop or a comma after, then before, anything but a digit; a hyphen after a digit.
static NIST: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    rules(&[
        (r"([\{-\~\[-\` -\&\(-\+\:-\@/])", " $1 "),
        (r"([^0-9])([\.,])", "$1 $2 "),
        (r"([\.,])([^0-9])", " $1 $2"),
        (r"([0-9])(-)", "$1 $2 "),
    ])
});

/// Punctuation after, then before, anything but a number; symbols.
static UNICODE: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    rules(&[(r"(\P{N})(\p{P})", "$1 $2 "), (r"(\p{P})(\P{N})", " $1 $2"), (r"(\p{S})", " $1 ")])
});

impl Tokeniser {
    /// Its name in sacreBLEU.
    pub fn name(self) -> &'static str {
        match self {
            Tokeniser::Nist13a => "13a",
            Tokeniser::International => "intl",
            Tokeniser::Characters => "char",
        }
    }

    /// The words of a text.
    pub fn words(self, text: &str) -> Vec<String> {
        let text = text.trim_end();
        let split = match self {
            Tokeniser::Characters => {
                return text.chars().filter(|c| !is_space(*c)).map(String::from).collect();
            }
            Tokeniser::Nist13a => {
                let plain = text.replace("<skipped>", "").replace("-\n", "").replace('\n', " ");
                let entities = [("&quot;", "\""), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">")];
                let plain = entities.iter().fold(plain, |text, (name, mark)| text.replace(name, mark));
                replaced(&NIST, format!(" {plain} "))
            }
            Tokeniser::International => replaced(&UNICODE, text.to_owned()),
        };
        split.split(is_space).filter(|word| !word.is_empty()).map(String::from).collect()
    }
}

fn replaced(rules: &[Rule], text: String) -> String {
    rules.iter().fold(text, |text, (pattern, with)| pattern.replace_all(&text, *with).into_owned())
}

/// White space as Python's `str.split` has it: that of Unicode, and the separators of ASCII.
pub(super) fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}')
}

//! What a trained model is asked, and for whom its answers are.

/// A text for a trained model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ask {
    /// The text; for a reader, the question.
    pub text: String,
    /// Its words, where it comes split.
    pub words: Option<Vec<String>>,
    /// What the text is about, for a reader.
    pub context: Option<String>,
}

/// For whom an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A program: one JSON object a line.
    Json,
    /// A person at a terminal.
    Colour,
    /// A person elsewhere.
    Plain,
    /// A program that reads columns: a word and its tag a line, a blank line after each text.
    Columns,
}

impl Style {
    /// What stands out in an answer, with its kind if it has one.
    pub fn marked(self, text: &str, kind: &str) -> String {
        match (self, kind) {
            (Style::Colour, "") => format!("\x1b[1m{text}\x1b[0m"),
            (Style::Colour, kind) => {
                // The same kind has the same colour in every line.
                let colour = 31 + kind.bytes().map(usize::from).sum::<usize>() % 6;
                format!("\x1b[1;{colour}m{text}\x1b[0;2m {kind}\x1b[0m")
            }
            (_, "") => text.into(),
            (_, kind) => format!("[{text} {kind}]"),
        }
    }
}

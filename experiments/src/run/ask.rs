//! Inputs of a trained model, and the style of its answers.

/// A text for a trained model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ask {
    /// The text; the question, for a task that answers questions.
    pub text: String,
    /// Its words, if it is already split.
    pub words: Option<Vec<String>>,
    /// The context, for a task that has one.
    pub context: Option<String>,
}

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// For a program: one JSON object per line.
    Json,
    /// For a person at a terminal, with colours.
    Colour,
    /// For a person, without colours.
    Plain,
    /// Columns: one word and its tag per line, a blank line after each text.
    Columns,
}

impl Style {
    /// Highlights a part of an answer, with its kind unless that is empty.
    pub fn marked(self, text: &str, kind: &str) -> String {
        match (self, kind) {
            (Style::Colour, "") => format!("\x1b[1m{text}\x1b[0m"),
            (Style::Colour, kind) => {
                // A kind has the same colour in every line.
                let colour = 31 + kind.bytes().map(usize::from).sum::<usize>() % 6;
                format!("\x1b[1;{colour}m{text}\x1b[0;2m {kind}\x1b[0m")
            }
            (_, "") => text.into(),
            (_, kind) => format!("[{text} {kind}]"),
        }
    }
}

use super::PlaceArgs;
use crate::commands::{self, Format, Input, Predict};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Print labels, entities or answers: for --text, for each line of a file, or of standard input.
#[derive(Args)]
#[command(
    after_help = "Text is split into words as the training data was. In JSON, start and end count Unicode characters (scalar \
                  values) of the text as it was given: text[start:end] in Python is the entity or answer.\n\nExamples:\n  \
                  gradus predict runs/a --text 'a fine film' --json\n  gradus predict runs/b --file words.conll --format \
                  conll\n  gradus predict runs/c --context 'Ada lives in Oslo.' --text 'Where does Ada live?'"
)]
pub(super) struct PredictArgs {
    /// The folder of the run.
    run: PathBuf,
    /// A text; may be repeated.
    #[arg(long, conflicts_with = "file")]
    text: Vec<String>,
    /// A file of texts. Without --text and --file, standard input is read.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// How texts are held: text (one a line), jsonl (objects with "text", or with "question" and "context"), conll (a word
    /// a line, a blank line after each text; the answer has the same form).
    #[arg(long, value_name = "NAME", default_value = "text")]
    format: FormatName,
    /// Texts come split into words: take what spaces separate as it is.
    #[arg(long)]
    tokenized: bool,
    /// For a reader: the text that the questions are about.
    #[arg(long, value_name = "TEXT")]
    context: Option<String>,
    /// Print one JSON object a line.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

#[derive(Clone, Copy, ValueEnum)]
enum FormatName {
    Text,
    Jsonl,
    Conll,
}

impl PredictArgs {
    pub fn run(self) -> anyhow::Result<()> {
        let PredictArgs { run, text, file, format, tokenized, context, json, place } = self;
        let input = match (file, text.is_empty()) {
            (Some(file), _) => Input::File(file),
            (None, true) => Input::StandardInput,
            (None, false) => Input::Given(text),
        };
        let format = match format {
            FormatName::Text => Format::Text,
            FormatName::Jsonl => Format::Jsonl,
            FormatName::Conll => Format::Conll,
        };
        let (place, threads) = place.place();
        commands::predict(Predict { run, input, format, tokenized, context, json, place, threads })
    }
}

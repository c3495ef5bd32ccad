use super::DeviceArgs;
use crate::commands::{self, Format, Input, Predict};
use crate::data::formats::structured;
use crate::run::Search;
use anyhow::bail;
use clap::{Args, ValueEnum, value_parser};
use std::path::PathBuf;

/// Predict labels, entities or answers for texts given by --text, in a file, or on standard input.
#[derive(Args)]
#[command(
    after_help = "Texts are split into words as the training data was. A tagger that was trained on columns of words splits at white space, \
                  and also splits punctuation from words that it does not know, as the columns did, unless a punctuation mark \
                  of the text stands alone between spaces.\n\nIn JSON, start and end count Unicode characters (scalar \
                  values) of the text as given: text[start:end] in Python is the entity or answer. The text of an object with \
                  \"words\" but no \"text\", and of words in columns, is the words joined by single spaces.\n\nWithout --json, entities and answers \
                  stand in brackets, [Oslo LOC]; a bracket or a backslash of the text has a backslash before it. The \
                  labels of a text that may have several are a JSON list, [\"a\",\"b\"]. In columns, white space and control \
                  characters in a word or tag are written as in a URL (%20), and so is a % before two hexadecimal digits (%C3 \
                  becomes %25C3).\n\n\
                  The probability of an answer is that of its first word times that of its last; of a reader with model.no_answer, given that \
                  both agree whether there is an answer. If \"no_answer\" is true, \"answer\" is empty and \
                  \"probability\" is that the context has no answer: 1 for a context without words, which has none. A question \
                  without words is read as one unknown word.\n\n\
                  A translation is one line. With --n-best, each text has a line for each translation, the score before it, and an \
                  empty line after the last one; the score is the log-probability over the length penalty. With --alignment, a line for \
                  each word of a translation shows a block for each word of the source, the higher the more the word attends to it, and \
                  the words that it attends to most; in JSON, each translation has a row of weights for each of its tokens, a column for \
                  each of source_tokens.\n\nExamples:\n  \
                  gradus predict runs/a --text 'a fine film' --json\n  gradus predict runs/b --file words.conll --format \
                  conll\n  gradus predict runs/c --context 'Ada lives in Oslo.' --text 'Where does Ada live?'\n  gradus \
                  predict runs/d --beam 8 --n-best 3 < sentences.txt"
)]
pub(super) struct PredictArgs {
    /// The folder of the run.
    run: PathBuf,
    /// A text; may be repeated. A text with line breaks has one answer.
    #[arg(long, conflicts_with = "file", allow_hyphen_values = true)]
    text: Vec<String>,
    /// A file of texts [default: standard input, unless --text is given].
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// The format of the input: text (one text per line; the default; for a file that is named as another format it is to be given), jsonl
    /// (one object per line, with "text", or with "question" and "context"; "words" lists the words of a text that is already
    /// split), or conll (one word per line and a blank line after each text; the output has the same form).
    #[arg(long, value_name = "NAME")]
    format: Option<FormatName>,
    /// The texts are already split into words by spaces: keep these words as they are.
    #[arg(long)]
    tokenized: bool,
    /// The text that the questions are about, for a run that answers questions.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    context: Option<String>,
    /// How many hypotheses to keep at each step, for a run that searches for its answers, as translation does [default: that of the
    /// run].
    #[arg(long, value_name = "N", value_parser = value_parser!(u16).range(1..=256), allow_negative_numbers = true)]
    beam: Option<u16>,
    /// How much to prefer long hypotheses: the log-probability of n pieces, the one at the end among them, is divided by
    /// ((5 + n) / 6)^A [default: that of the run].
    #[arg(long, value_name = "A", value_parser = penalty, allow_negative_numbers = true)]
    length_penalty: Option<f64>,
    /// How much to prefer hypotheses that leave nothing of the text out: B times the sum of ln(min(a, 1)) is added to the score, with the
    /// attention a that each piece of the text gets in all [default: that of the run].
    #[arg(long, value_name = "B", value_parser = penalty)]
    coverage_penalty: Option<f64>,
    /// Print the N best answers for each text, with their scores; the beam must be as wide, and is widened if it is not given.
    #[arg(long, value_name = "N", value_parser = value_parser!(u16).range(1..=256), allow_negative_numbers = true)]
    n_best: Option<u16>,
    /// Show which words of the text each word of a translation attends to.
    #[arg(long)]
    alignment: bool,
    /// Print one JSON object per line.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: DeviceArgs,
}

#[derive(Clone, Copy, ValueEnum)]
enum FormatName {
    Text,
    Jsonl,
    Conll,
}

impl PredictArgs {
    pub fn run(self) -> anyhow::Result<()> {
        let PredictArgs { run, text, file, format, tokenized, context, json, place, .. } = self;
        let search = Search {
            beam: self.beam.map(usize::from),
            length_penalty: self.length_penalty,
            coverage_penalty: self.coverage_penalty,
            n_best: self.n_best.map(usize::from),
            alignment: self.alignment,
        };
        if let (Some(beam), Some(n)) = (search.beam, search.n_best)
            && beam < n
        {
            bail!("--n-best {n}: expected at most as many as the beam is wide, {beam}; give a wider --beam");
        }
        let input = match (file, text.is_empty()) {
            (Some(file), _) => Input::File(file),
            (None, true) => Input::StandardInput,
            (None, false) => Input::Given(text),
        };
        let format = match (format, &input) {
            (Some(FormatName::Conll), Input::Given(_)) => bail!(
                "--format conll: expected a file, or standard input, with one word per line, found --text; leave one of the two flags \
                 out"
            ),
            (Some(FormatName::Conll), _) if tokenized => {
                bail!("--tokenized: the words of --format conll are split already; leave the flag out")
            }
            (Some(FormatName::Text), _) => Format::Text,
            (Some(FormatName::Jsonl), _) => Format::Jsonl,
            (Some(FormatName::Conll), _) => Format::Conll,
            (None, input) => guessed(input)?,
        };
        let (place, threads) = place.place();
        commands::predict(Predict { run, input, format, tokenized, context, search, json, place, threads })
    }
}

/// The number of a penalty.
fn penalty(text: &str) -> Result<f64, String> {
    let most = Search::MOST_PENALTY;
    let number = text.parse().ok().filter(|number: &f64| (0.0..=most).contains(number));
    number.ok_or_else(|| format!("expected a number from 0 to {most}"))
}

/// The format of an input without `--format`: one text per line, unless the file's name says otherwise.
fn guessed(input: &Input) -> anyhow::Result<Format> {
    let Input::File(path) = input else { return Ok(Format::Text) };
    match structured::extension(path) {
        Some(extension) => bail!(
            "{}: expected one text per line, found the name of a .{extension} file; give --format jsonl or conll for one of \
             these, --format text if each of its lines is a text, or evaluate a file with labels with gradus evaluate RUN \
             --file FILE",
            path.display()
        ),
        None => Ok(Format::Text),
    }
}

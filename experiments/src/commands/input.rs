//! Texts from the command line, from standard input or from a file, as they come.

use crate::run::Ask;
use anyhow::{Context, anyhow, bail};
use serde::Deserialize;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, sync_channel};

/// Where texts come from.
pub enum Input {
    /// From the command line.
    Given(Vec<String>),
    /// From standard input, as it comes.
    StandardInput,
    /// From a file.
    File(PathBuf),
}

/// How an input holds texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A text a line.
    Text,
    /// A JSON object a line: `text` or `question`, and `context` where there is one.
    Jsonl,
    /// Columns: a word a line in the first one, a blank line after each text.
    Conll,
}

/// The longest line that is read, in bytes.
const LONGEST_LINE: u64 = 64 << 20;

/// Lines that wait at most, so that a fast writer does not fill the memory.
const WAITING: usize = 4096;

/// A text, or why it cannot be asked; an error ends the input.
type Line = anyhow::Result<Result<Ask, String>>;

/// Texts in their order.
pub(super) struct Lines {
    first: VecDeque<Line>,
    rest: Option<Receiver<Line>>,
}

impl Lines {
    /// Opens an input.
    pub fn open(input: Input, format: Format) -> anyhow::Result<Self> {
        let (reader, name): (Box<dyn BufRead + Send>, String) = match input {
            Input::Given(texts) => {
                let first = texts.into_iter().map(|text| Ok(ask(&text, format, "--text")));
                return Ok(Lines { first: first.collect(), rest: None });
            }
            Input::StandardInput => (Box::new(BufReader::new(std::io::stdin())), "standard input".into()),
            Input::File(path) => {
                let name = path.display().to_string();
                let found = std::fs::metadata(&path).with_context(|| format!("cannot read {name}"))?;
                if found.is_dir() {
                    bail!("{name}: expected a file of texts, found a folder");
                }
                let file = File::open(&path).with_context(|| format!("cannot read {name}"))?;
                (Box::new(BufReader::new(file)), name)
            }
        };
        let (send, rest) = sync_channel(WAITING);
        std::thread::spawn(move || {
            let mut texts = Texts { reader, name, line: 0, format };
            // The receiver goes when the command ends; then there is nobody to read for.
            while let Some(text) = texts.next() {
                let last = text.is_err();
                if send.send(text).is_err() || last {
                    break;
                }
            }
        });
        Ok(Lines { first: VecDeque::new(), rest: Some(rest) })
    }

    /// The next texts: at least one, and those that are waiting behind it; none at the end.
    pub fn waiting(&mut self, most: usize, bytes: usize) -> Option<Vec<Line>> {
        let mut texts = vec![];
        let mut left = bytes;
        while texts.len() < most && left > 0 {
            let text = match (self.first.pop_front(), &self.rest) {
                (Some(text), _) => text,
                (None, Some(rest)) if texts.is_empty() => rest.recv().ok()?,
                (None, Some(rest)) => match rest.try_recv() {
                    Ok(text) => text,
                    Err(_) => break,
                },
                (None, None) => break,
            };
            let size = |ask: &Ask| ask.text.len() + ask.context.as_ref().map_or(0, String::len);
            left =
                left.saturating_sub(text.as_ref().ok().and_then(|t| t.as_ref().ok()).map_or(1, size).max(1));
            texts.push(text);
        }
        (!texts.is_empty()).then_some(texts)
    }
}

/// Reads texts line by line.
struct Texts {
    reader: Box<dyn BufRead + Send>,
    name: String,
    line: usize,
    format: Format,
}

impl Texts {
    /// The next text; none at the end.
    fn next(&mut self) -> Option<Line> {
        match self.format {
            Format::Text | Format::Jsonl => {
                let line = loop {
                    match self.read_line() {
                        // A blank line holds no object; as text it is a text without words.
                        Ok(Some(line)) if self.format == Format::Jsonl && line.trim().is_empty() => {}
                        Ok(line) => break line?,
                        Err(error) => return Some(Err(error)),
                    }
                };
                Some(Ok(ask(&line, self.format, &format!("{}, line {}", self.name, self.line))))
            }
            Format::Conll => self.sentence(),
        }
    }

    /// The words up to the next blank line.
    fn sentence(&mut self) -> Option<Line> {
        let mut words: Vec<String> = vec![];
        loop {
            let line = match self.read_line() {
                Ok(line) => line,
                Err(error) => return Some(Err(error)),
            };
            let first = line.as_deref().and_then(first_column);
            match (line, first) {
                (_, Some(word)) => words.push(word),
                (None, None) if words.is_empty() => return None,
                (Some(_), None) if words.is_empty() => {}
                (_, None) => break,
            }
        }
        Some(Ok(Ok(Ask { text: words.join(" "), words: Some(words), context: None })))
    }

    /// The next line without its end; none at the end of the input.
    fn read_line(&mut self) -> anyhow::Result<Option<String>> {
        let mut bytes = vec![];
        let read = (&mut self.reader).take(LONGEST_LINE + 1).read_until(b'\n', &mut bytes);
        let read = read.with_context(|| format!("cannot read {}", self.name))?;
        if read == 0 {
            return Ok(None);
        }
        self.line += 1;
        let (name, line) = (&self.name, self.line);
        if bytes.len() as u64 > LONGEST_LINE {
            bail!("{name}, line {line}: expected at most {} MB in a line, found more", LONGEST_LINE >> 20);
        }
        if self.line == 1 && bytes.starts_with(b"\xEF\xBB\xBF") {
            bytes.drain(..3);
        }
        while bytes.last().is_some_and(|byte| [b'\n', b'\r'].contains(byte)) {
            bytes.pop();
        }
        let text = String::from_utf8(bytes).map_err(|e| {
            anyhow!(
                "{name}, line {line}: expected UTF-8, found another byte at column {}",
                e.utf8_error().valid_up_to() + 1
            )
        })?;
        Ok(Some(text))
    }
}

/// The first column of a row; none of a blank line.
fn first_column(line: &str) -> Option<String> {
    let word = match line.split_once('\t') {
        Some((word, _)) => word,
        None => line.split_whitespace().next()?,
    };
    (!word.trim().is_empty()).then(|| word.trim().to_owned())
}

/// A line as what is asked.
fn ask(line: &str, format: Format, place: &str) -> Result<Ask, String> {
    /// An object of JSON lines.
    #[derive(Deserialize)]
    struct Object {
        #[serde(alias = "question")]
        text: String,
        context: Option<String>,
        words: Option<Vec<String>>,
    }
    match format {
        Format::Text => Ok(Ask { text: line.into(), ..Ask::default() }),
        Format::Conll => {
            let words: Vec<String> = line.lines().filter_map(first_column).collect();
            Ok(Ask { text: words.join(" "), words: Some(words), context: None })
        }
        Format::Jsonl => match serde_json::from_str(line) {
            Ok(Object { text, context, words }) => Ok(Ask { text, words, context }),
            Err(fault) => Err(format!(
                "{place}: expected a JSON object with \"text\" (or \"question\" and \"context\"), found {}: {fault}",
                crate::data::error::quoted(line)
            )),
        },
    }
}

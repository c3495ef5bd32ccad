//! The texts to predict, from the command line, standard input or a file, as they arrive.

use crate::data::error::quoted;
use crate::run::{Ask, places};
use anyhow::{Context, anyhow, bail};
use serde::Deserialize;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, sync_channel};

/// The source of the texts.
pub enum Input {
    /// The command line.
    Given(Vec<String>),
    /// Standard input, read as it arrives.
    StandardInput,
    /// A file.
    File(PathBuf),
}

/// The format of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One text per line.
    Text,
    /// One JSON object per line, with `text` or `question`, its `words` or both and, if there is one, `context`.
    Jsonl,
    /// One word per line, in the first column; a blank line after each text.
    Conll {
        /// The column.
        word: usize,
    },
}

/// The longest line, in bytes.
const LONGEST_LINE: u64 = 64 << 20;

/// The most lines to read ahead, so that a fast writer does not fill the memory.
const WAITING: usize = 4096;

/// A text, or why this line holds none; an outer error ends the input.
type Line = anyhow::Result<Result<Ask, String>>;

/// The texts, in order.
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
            let mut texts = Texts { reader, name, line: 0, begun: false, format };
            // The channel closes when the command ends.
            while let Some(text) = texts.next() {
                let last = text.is_err();
                if send.send(text).is_err() || last {
                    break;
                }
            }
        });
        Ok(Lines { first: VecDeque::new(), rest: Some(rest) })
    }

    /// The next text and those that have arrived after it, at most `most` and about `bytes` bytes; none at the end.
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
    /// Whether a line that is not blank was read.
    begun: bool,
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
                        Ok(Some(Ok(line))) if self.format == Format::Jsonl && line.trim().is_empty() => {}
                        Ok(line) => break line?,
                        Err(error) => return Some(Err(error)),
                    }
                };
                let place = format!("{}, line {}", self.name, self.line);
                let first = !std::mem::replace(&mut self.begun, true) && self.format == Format::Jsonl;
                if let Some(other) = line.as_deref().ok().filter(|_| first).and_then(other_json) {
                    return Some(Err(anyhow!("{place}: expected one JSON object per line, found {other}")));
                }
                Some(Ok(line.and_then(|line| ask(&line, self.format, &place))))
            }
            Format::Conll { word } => self.sentence(word),
        }
    }

    /// The words before the next blank line.
    fn sentence(&mut self, column: usize) -> Option<Line> {
        let mut words: Vec<String> = vec![];
        let mut unreadable = None;
        loop {
            let line = match self.read_line() {
                Ok(Some(Err(fault))) => {
                    unreadable = unreadable.or(Some(fault));
                    words.push(String::new());
                    continue;
                }
                Ok(Some(Ok(line))) => Some(line),
                Ok(None) => None,
                Err(error) => return Some(Err(error)),
            };
            if line.as_deref().is_some_and(is_between_words) {
                continue;
            }
            let first = line.as_deref().and_then(|line| word(line, column));
            match (line, first) {
                (_, Some(word)) => words.push(word),
                (None, None) if words.is_empty() => return None,
                (Some(_), None) if words.is_empty() => {}
                (_, None) => break,
            }
        }
        if let Some(fault) = unreadable {
            return Some(Ok(Err(fault)));
        }
        Some(Ok(Ok(Ask::of_words(&words))))
    }

    /// The next line without its line break, or that it is not UTF-8; none at the end of the input.
    fn read_line(&mut self) -> anyhow::Result<Option<Result<String, String>>> {
        let mut bytes = vec![];
        let read = (&mut self.reader).take(LONGEST_LINE + 1).read_until(b'\n', &mut bytes);
        let read = read.with_context(|| format!("cannot read {}", self.name))?;
        if read == 0 {
            return Ok(None);
        }
        self.line += 1;
        let (name, line) = (&self.name, self.line);
        if bytes.len() as u64 > LONGEST_LINE {
            bail!(
                "{name}, line {line}: expected a line of at most {} MB, found a longer one; split the text",
                LONGEST_LINE >> 20
            );
        }
        if self.line == 1 && bytes.starts_with(b"\xEF\xBB\xBF") {
            bytes.drain(..3);
        }
        while bytes.last().is_some_and(|byte| [b'\n', b'\r'].contains(byte)) {
            bytes.pop();
        }
        Ok(Some(String::from_utf8(bytes).map_err(|e| {
            let byte = e.as_bytes()[e.utf8_error().valid_up_to()];
            format!(
                "{name}, line {line}: expected UTF-8, found the byte 0x{byte:02x}; convert the text to UTF-8, for \
                 example with iconv"
            )
        })))
    }
}

/// The word of a row, in a column from 1; none in a blank line. A row that ends before the column is its first word.
fn word(line: &str, column: usize) -> Option<String> {
    let columns: Vec<&str> = match line.contains('\t') {
        true => line.split('\t').collect(),
        false => line.split_whitespace().collect(),
    };
    let word = columns.get(column - 1).or(columns.first())?.trim();
    (!word.is_empty()).then(|| word.to_owned())
}

/// Whether a line stands between words and is none: the start of a document, and in CoNLL-U comments (which have no tabs),
/// ranges of words (`1-2`) and empty nodes (`1.1`).
fn is_between_words(line: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let columns = line.split('\t').count();
    let id = line.split('\t').next().unwrap_or_default();
    let range = id.split_once(['-', '.']).is_some_and(|(a, b)| digits(a) && digits(b));
    let is_comment = line.strip_prefix("# ").is_some_and(|text| text.contains(" = "));
    line.starts_with("-DOCSTART-") || columns == 10 && range || columns == 1 && is_comment
}

/// Parses a line.
fn ask(line: &str, format: Format, place: &str) -> Result<Ask, String> {
    match format {
        Format::Text => Ok(Ask { text: line.into(), ..Ask::default() }),
        Format::Conll { word: column } => {
            let lines = line.lines().filter(|line| !is_between_words(line));
            let words: Vec<String> = lines.filter_map(|line| word(line, column)).collect();
            Ok(Ask::of_words(&words))
        }
        Format::Jsonl => object(line).map_err(|fault| format!("{place}: {fault}")),
    }
}

/// Parses a line of JSON lines.
fn object(line: &str) -> Result<Ask, String> {
    #[derive(Deserialize)]
    struct Object {
        #[serde(alias = "question")]
        text: Option<String>,
        context: Option<String>,
        words: Option<Vec<String>>,
    }
    let expected = "expected a JSON object with \"text\" (or \"question\" and \"context\")";
    let Object { text, context, words } =
        serde_json::from_str(line).map_err(|fault| format!("{expected}, found {}: {fault}", quoted(line)))?;
    let asked = match (text, words) {
        (None, None) => return Err(format!("{expected}, found {}", quoted(line))),
        (Some(text), None) => Ask { text, ..Ask::default() },
        (Some(text), Some(words)) if !text.is_empty() => {
            let found = places(&text, &words).map_err(|(word, rest)| {
                let word = word.map_or("no more words".to_owned(), quoted);
                format!(
                    "expected \"words\" to be the words of \"text\", in order, found {word} where the text has {}; \
                     correct them, or leave \"text\" out",
                    quoted(rest)
                )
            })?;
            Ask { text, words: Some(found), context: None }
        }
        (_, Some(words)) => Ask::of_words(&words),
    };
    Ok(Ask { context, ..asked })
}

/// Why a first line is none of JSON lines; nothing if it may be one.
fn other_json(line: &str) -> Option<&'static str> {
    let value: Result<serde_json::Value, _> = serde_json::from_str(line);
    match value {
        _ if line.trim_start().starts_with('[') => Some(
            "the start of a JSON list; write each of its objects on a line, for example with: jq -c '.[]' FILE",
        ),
        Ok(value) if value.get("data").is_some_and(serde_json::Value::is_array) => Some(
            "a file of SQuAD; evaluate it with gradus evaluate RUN --file FILE, or write each question with its context on a \
             line, for example with: jq -c '.data[].paragraphs[] | .context as $c | .qas[] | {question, context: $c}' FILE",
        ),
        Err(fault) if fault.is_eof() && line.trim_start().starts_with('{') => Some(
            "an object that does not end there; write each object on one line, for example with: jq -c . FILE",
        ),
        Ok(_) | Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8], format: Format) -> Vec<Line> {
        let reader = Box::new(std::io::Cursor::new(bytes.to_vec()));
        let mut texts = Texts { reader, name: "f".into(), line: 0, begun: false, format };
        std::iter::from_fn(|| texts.next()).collect()
    }

    fn told(line: &Line) -> Result<&str, &str> {
        match line {
            Ok(Ok(ask)) => Ok(&ask.text),
            Ok(Err(fault)) => Err(fault),
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn a_line_that_is_not_utf8_fails_alone() {
        let found = all(b"\xEF\xBB\xBFone\r\n\nt\xFFwo\nthree", Format::Text);
        let told: Vec<_> = found.iter().map(told).collect();
        assert_eq!((told[0], told[1], told[3]), (Ok("one"), Ok(""), Ok("three")));
        assert!(
            told[2].unwrap_err().starts_with("f, line 3: expected UTF-8, found the byte 0xff"),
            "{told:?}"
        );
    }

    #[test]
    fn columns_are_sentences_and_one_that_cannot_be_read_fails_alone() {
        let found =
            all(b"\n\nAda B-PER\nsang O\n\n\nb\xFFd O\nx O\n\nOslo\tB-LOC", Format::Conll { word: 1 });
        let told: Vec<_> = found.iter().map(told).collect();
        assert_eq!((told.len(), told[0], told[2]), (3, Ok("Ada sang"), Ok("Oslo")));
        assert!(told[1].unwrap_err().starts_with("f, line 7: expected UTF-8"), "{told:?}");
    }

    #[test]
    fn words_are_where_training_found_them() {
        let text = b"# text = del\n1-2\tdel\t_\t_\t_\t_\t_\t_\t_\t_\n1\tde\t_\t_\t_\t_\t_\t_\t_\t_\n2\tel\t_\t_\t_\t_\t_\t_\t_\t_\n";
        let found = all(text, Format::Conll { word: 2 });
        assert_eq!(found.iter().map(told).collect::<Vec<_>>(), [Ok("de el")]);
        let found = all(b"-DOCSTART- O\n\n# B-X\n1-2 O\n", Format::Conll { word: 1 });
        assert_eq!(found.iter().map(told).collect::<Vec<_>>(), [Ok("# 1-2")]);
    }

    #[test]
    fn objects_have_a_text_or_its_words() {
        let asked = |line: &str| object(line).map(|ask| (ask.text, ask.words));
        let words = "\"words\": [\"a\", \"b\"]";
        let places = |at: [std::ops::Range<usize>; 2]| Some(at.to_vec());
        assert_eq!(asked("{\"text\": \"a  b\"}"), Ok(("a  b".into(), None)));
        assert_eq!(
            asked(&format!("{{\"text\": \"a  b\", {words}}}")),
            Ok(("a  b".into(), places([0..1, 3..4])))
        );
        for text in ["", "\"text\": \"\", ", "\"text\": null, "] {
            assert_eq!(asked(&format!("{{{text}{words}}}")), Ok(("a b".into(), places([0..1, 2..3]))));
        }
        for (text, part) in [
            ("a c b", "found 'b' where the text has 'c b'"),
            ("a b c", "no more words where the text has 'c'"),
        ] {
            let fault = asked(&format!("{{\"text\": \"{text}\", {words}}}")).unwrap_err();
            assert!(fault.contains(part) && fault.ends_with("or leave \"text\" out"), "{fault}");
        }
        assert!(asked("{\"txt\": \"a\"}").unwrap_err().contains("txt"));
    }

    #[test]
    fn other_json_ends_the_input_at_once() {
        for (text, part) in [
            (
                "\n[{\"text\": \"a\"}]\n",
                "f, line 2: expected one JSON object per line, found the start of a JSON list",
            ),
            (
                "{\n \"text\": \"a\"\n}\n",
                "f, line 1: expected one JSON object per line, found an object that does not",
            ),
            (
                "{\"version\": \"1.1\", \"data\": []}",
                "found a file of SQuAD; evaluate it with gradus evaluate",
            ),
        ] {
            let found = all(text.as_bytes(), Format::Jsonl);
            assert!(found[0].as_ref().unwrap_err().to_string().contains(part), "{text}");
        }
        let later = all(b"{\"text\": \"a\"}\n[\n", Format::Jsonl);
        assert!(
            later.len() == 2 && told(&later[1]).unwrap_err().starts_with("f, line 2: expected a JSON object")
        );
    }

    /// There is an answer for each line of text.
    #[test]
    fn fuzz_input() {
        crate::fuzz::run("input", |bytes| {
            let lines = bytes.split_inclusive(|&byte| byte == b'\n').count();
            for format in [Format::Text, Format::Jsonl, Format::Conll { word: 2 }] {
                let mut found = all(bytes, format);
                if let Some(Err(error)) = found.first() {
                    crate::fuzz::check_sentence(&error.to_string());
                    found.clear();
                }
                assert!(found.len() == lines || format != Format::Text && found.len() <= lines);
                found.iter().filter_map(|line| told(line).err()).for_each(crate::fuzz::check_sentence);
            }
        });
    }
}

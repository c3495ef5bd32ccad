//! The texts to predict, from the command line, standard input or a file, as they arrive.

use super::json_lines::{object, other_json};
use crate::data::binary;
use crate::data::encoding::iconv;
use crate::data::formats::conll::{COLUMNS, ReadWords};
use crate::run::Ask;
use anyhow::{Context, anyhow, bail};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
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
    /// One word per line, in the column where training found it; a blank line after each text.
    Conll,
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
    /// Opens an input; `columns` says how words in columns are read.
    pub fn open(input: Input, format: Format, columns: ReadWords) -> anyhow::Result<Self> {
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
                    bail!("{name}: expected a file of texts, found a folder; name one of its files");
                }
                let cannot = || format!("cannot read {name}");
                let mut file = BufReader::with_capacity(1 << 16, File::open(&path).with_context(cannot)?);
                binary::check(&path, file.fill_buf().with_context(cannot)?)?;
                (Box::new(file), name)
            }
        };
        let (send, rest) = sync_channel(WAITING);
        std::thread::spawn(move || {
            let mut texts = Texts { reader, name, line: 0, begun: false, format, columns, header: None };
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
    columns: ReadWords,
    /// The line that names the columns of CoNLL-U Plus.
    header: Option<String>,
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
            Format::Conll => self.sentence(),
        }
    }

    /// The words before the next line that stands between sentences.
    fn sentence(&mut self) -> Option<Line> {
        let mut lines: Vec<(usize, String)> = vec![];
        let mut unreadable = None;
        loop {
            let line = match self.read_line() {
                Ok(Some(Err(fault))) => {
                    unreadable = unreadable.or(Some(fault));
                    continue;
                }
                Ok(Some(Ok(line))) => Some(line),
                Ok(None) => None,
                Err(error) => return Some(Err(error)),
            };
            match line {
                Some(line) if !self.columns.is_between(&line) => {
                    if self.line == 1 && line.starts_with(COLUMNS) {
                        self.header = Some(line.clone());
                    }
                    lines.push((self.line, line));
                    continue;
                }
                None if lines.is_empty() && unreadable.is_none() => return None,
                Some(_) | None => {}
            }
            if let Some(fault) = unreadable {
                return Some(Ok(Err(fault)));
            }
            let header = self.header.iter().map(|header| (1, header.as_str()));
            let rows = header.chain(lines.iter().map(|(number, line)| (*number, line.as_str())));
            match self.columns.of(Path::new(&self.name), rows) {
                Ok(words) if words.is_empty() => lines.clear(),
                Ok(words) => return Some(Ok(Ok(Ask::of_words(&words)))),
                Err(fault) => return Some(Ok(Err(fault.to_string()))),
            }
        }
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
        if self.line == 1 && [b"\xFF\xFE", b"\xFE\xFF"].iter().any(|mark| bytes.starts_with(*mark)) {
            bail!(
                "{name}: expected UTF-8, found UTF-16; convert it, for example with: iconv -f UTF-16 -t UTF-8"
            );
        }
        if self.line == 1 && bytes.starts_with(b"\xEF\xBB\xBF") {
            bytes.drain(..3);
        }
        if self.line == 1 && bytes.iter().filter(|byte| **byte == 0).count() * 3 > bytes.len() {
            let order = if bytes[0] == 0 { "BE" } else { "LE" };
            bail!(
                "{name}: expected UTF-8, found a zero byte beside each character, as in UTF-16; convert it, for example with: \
                 iconv -f UTF-16{order} -t UTF-8"
            );
        }
        while bytes.last().is_some_and(|byte| [b'\n', b'\r'].contains(byte)) {
            bytes.pop();
        }
        Ok(Some(String::from_utf8(bytes).map_err(|e| {
            let valid = e.utf8_error().valid_up_to();
            let (byte, advice) = (e.as_bytes()[valid], iconv(e.as_bytes(), valid));
            format!("{name}, line {line}: expected UTF-8, found the byte 0x{byte:02x}; {advice}")
        })))
    }
}

/// Parses a line.
fn ask(line: &str, format: Format, place: &str) -> Result<Ask, String> {
    match format {
        Format::Text => Ok(Ask { text: line.into(), ..Ask::default() }),
        Format::Jsonl => object(line).map_err(|fault| format!("{place}: {fault}")),
        Format::Conll => Err(format!("{place}: expected lines of words, found a line of text")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::formats::conll::Columns;

    fn all(bytes: &[u8], format: Format) -> Vec<Line> {
        with(bytes, format, ReadWords::default())
    }

    fn with(bytes: &[u8], format: Format, columns: ReadWords) -> Vec<Line> {
        let reader = Box::new(std::io::Cursor::new(bytes.to_vec()));
        let mut texts =
            Texts { reader, name: "f".into(), line: 0, begun: false, format, columns, header: None };
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
        let fault = told[2].unwrap_err();
        assert!(fault.starts_with("f, line 3: expected UTF-8, found the byte 0xff"), "{fault}");
        let western =
            all("un café noir\n".chars().map(|c| c as u8).collect::<Vec<_>>().as_slice(), Format::Text);
        let fault = self::told(&western[0]).unwrap_err();
        assert!(fault.ends_with("for example with: iconv -f WINDOWS-1252 -t UTF-8"), "{fault}");
        let (cyrillic, ..) =
            encoding_rs::WINDOWS_1251.encode("Очень хороший фильм, всем советую посмотреть\n");
        let found = all(&cyrillic, Format::Text);
        let fault = self::told(&found[0]).unwrap_err();
        assert!(fault.ends_with("convert the text to UTF-8, for example with iconv"), "{fault}");
        let wide: Vec<u8> = "\u{feff}a\nb\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let found = all(&wide, Format::Text);
        assert!(found[0].as_ref().unwrap_err().to_string().starts_with("f: expected UTF-8, found UTF-16"));
        for (order, to_bytes) in [("BE", u16::to_be_bytes as fn(u16) -> [u8; 2]), ("LE", u16::to_le_bytes)] {
            let unmarked: Vec<u8> = "a b\nc\n".encode_utf16().flat_map(to_bytes).collect();
            let error = all(&unmarked, Format::Text)[0].as_ref().unwrap_err().to_string();
            assert!(error.ends_with(&format!("iconv -f UTF-16{order} -t UTF-8")), "{error}");
        }
    }

    #[test]
    fn columns_are_sentences_and_one_that_cannot_be_read_fails_alone() {
        let found = all(b"\n\nAda B-PER\nsang O\n\n\nb\xFFd O\nx O\n\nOslo\tB-LOC", Format::Conll);
        let told: Vec<_> = found.iter().map(told).collect();
        assert_eq!((told.len(), told[0], told[2]), (3, Ok("Ada sang"), Ok("Oslo")));
        assert!(told[1].unwrap_err().starts_with("f, line 7: expected UTF-8"), "{told:?}");
    }

    #[test]
    fn words_are_where_training_found_them() {
        let plain = || Some(["NN", "#"].map(String::from).to_vec());
        let of = |word: i64, plain: Option<Vec<String>>, text: &str| {
            let columns = Columns { word, tag: 0, ..Columns::FIRST_AND_LAST };
            let found = with(text.as_bytes(), Format::Conll, ReadWords { columns, plain });
            found.iter().map(|line| told(line).map(String::from).map_err(String::from)).collect::<Vec<_>>()
        };
        let row = |id: &str, word: &str| format!("{id}\t{word}{}\n", "\t_".repeat(8));
        let unions =
            ["# newdoc\n# text = del\n", &row("1-2", "del"), &row("1", "de"), &row("2", "el")].concat();
        let plus =
            "# global.columns = ID FORM NER\n# newdoc\n1-2\tdel\tO\n1\tde\tO\n\n1-2\tdel\tO\n2\tel\tO\n";
        for (word, plain, text, expected) in [
            (2, None, unions.as_str(), &["de el"][..]),
            (2, None, plus, &["de", "el"]),
            (1, None, "-DOCSTART- O\n\n# B-X\n1-2 O\n", &["# 1-2"]),
            (1, None, "# newdoc\n\n# sent_id 1\n# text = a\nAda B-PER\n# O\n", &["Ada #"]),
            (
                1,
                None,
                "#begin document (a); part 000\nAda\n#end document\n#begin document\nb\n",
                &["Ada", "b"],
            ),
            (1, None, "# newdoc\n#\n#now\n", &["# #now"]),
            (1, plain(), "# newdoc\n# NN\nAda NN\n# #\n", &["# Ada #"]),
            (3, None, "Ada\nsang\n", &["Ada sang"]),
        ] {
            let expected: Vec<_> = expected.iter().map(|text| Ok((*text).to_owned())).collect();
            assert_eq!(of(word, plain, text), expected, "{text}");
        }
        for (word, text, part) in [
            (
                1,
                row("1", "Ada").as_str(),
                "f, line 1: expected the word in column 1, as in training, found the ids of CoNLL-U",
            ),
            (1, "a O\n%% a remark\n", "f, line 2: expected 2 columns, found 3 in '%% a remark'"),
            (
                3,
                "a b\n",
                "f, line 1: expected the word in column 3, as in training, found 2 columns in 'a b'",
            ),
        ] {
            let found = of(word, None, text);
            assert!(found[0].as_ref().unwrap_err().starts_with(part), "{found:?}");
        }
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
            for format in [Format::Text, Format::Jsonl, Format::Conll] {
                let mut found = all(bytes, format);
                if let Some(Err(error)) = found.first() {
                    crate::fuzz::check_sentence(error.to_string());
                    found.clear();
                }
                let whole = found.len() == lines
                    || bytes.contains(&0)
                    || bytes.starts_with(b"\xFF\xFE")
                    || bytes.starts_with(b"\xFE\xFF");
                assert!(whole || format != Format::Text && found.len() <= lines);
                found.iter().filter_map(|line| told(line).err()).for_each(crate::fuzz::check_sentence);
            }
        });
    }
}
